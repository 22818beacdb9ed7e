"""Loudness and true peak of a programme as its samples come, in bounded memory.

The formulas are those of `ingest/loudness.py`: ITU-R BS.1770-4, by whole steps of 100 ms.
"""

import numpy as np
from scipy.signal import sosfilt

from ingest.loudness import (
    MOMENTARY_STEPS,
    PEAK_HISTORY,
    Doubles,
    block_energy,
    channel_weights,
    decibels,
    integrated_loudness,
    k_weighting,
    true_peaks,
)
from ingest.media import Floats

HOP = 64
"""Samples that share one peak: 1.3 ms at 48 kHz."""
_NAMES = {1: ("FC",), 2: ("FL", "FR")}


class ProgrammeMeter:
    """Takes samples in order and keeps 80 bytes a second, and 4 bytes a hop if asked to."""

    def __init__(self, sample_rate: int, channels: int, *, hops: bool = False) -> None:
        """Measure sound of a rate that is a multiple of 10, in 1 or 2 channels.

        Args:
            sample_rate: Samples per second.
            channels: 1 or 2.
            hops: Whether to keep the peak of every `HOP` samples, for a limiter.
        """
        self._step = sample_rate // 10
        self._block = self._step * HOP  # whole steps and whole hops
        self._sos, self._weights = k_weighting(sample_rate), channel_weights(_NAMES[channels])
        self._state = np.zeros((2, channels, 2))
        self._before = np.zeros((channels, PEAK_HISTORY), np.float32)
        self._waiting = [np.zeros((channels, 0), np.float32)]
        self._count = 0
        self._energies: list[Doubles] = []
        self._keep_hops = hops
        self._hops: list[Floats] = []
        self.samples = 0
        """Taken so far, in each channel."""
        self.peak = 0.0
        """The greatest true peak so far, 1 for full scale; whole only after `finish`."""

    def push(self, samples: Floats) -> None:
        """Take the next samples, `(channels, n)`."""
        self.samples += samples.shape[1]
        self._waiting.append(samples)
        self._count += samples.shape[1]
        if self._count >= self._block:
            gathered = np.concatenate(self._waiting, axis=1)
            whole = self._count // self._block * self._block
            for start in range(0, whole, self._block):
                self._measure(gathered[:, start : start + self._block])
            self._waiting, self._count = [gathered[:, whole:]], self._count - whole

    def finish(self) -> tuple[float | None, float | None]:
        """Integrated loudness in LUFS and true peak in dBTP; None where all is silence."""
        rest = np.concatenate(self._waiting, axis=1)
        after = np.zeros((len(rest), PEAK_HISTORY), np.float32)
        if rest.shape[1]:
            self._measure(rest)
        self.peak = max(
            self.peak, float(true_peaks(np.concatenate([self._before, after], 1)).max())
        )
        self._waiting, self._count = [rest[:, :0]], 0
        energies = np.concatenate([np.zeros(0), *self._energies])
        loudness = integrated_loudness(block_energy(energies, MOMENTARY_STEPS))
        return loudness, float(decibels(np.array(self.peak))) if self.peak else None

    def hop_peaks(self) -> Floats:
        """`(hops,)`: the true peak within each hop, or within 12 samples of it; after `finish`."""
        peaks = np.concatenate([np.zeros(0, np.float32), *self._hops])
        beside = np.pad(peaks, 1)  # the filter of a true peak is 12 samples long
        return np.asarray(np.maximum(np.maximum(beside[:-2], beside[2:]), peaks))

    def _measure(self, samples: Floats) -> None:
        weighted, self._state = sosfilt(self._sos, samples, axis=1, zi=self._state)
        energy = self._weights @ (weighted**2)  # (n,)
        steps = len(energy) // self._step
        if steps:
            self._energies.append(energy[: steps * self._step].reshape(steps, -1).mean(axis=1))
        heard = np.concatenate([self._before, samples], axis=1)
        peaks = true_peaks(heard)
        self._before = heard[:, -PEAK_HISTORY:].astype(np.float32)
        self.peak = max(self.peak, float(peaks.max()))
        if self._keep_hops:
            padded = np.pad(peaks, (0, -len(peaks) % HOP))
            self._hops.append(padded.reshape(-1, HOP).max(axis=1))
