"""Loudness of a film's sound as it is decoded: momentary every 100 ms, and integrated.

EBU R128 / ITU-R BS.1770-4: K-weighting, 400 ms blocks, channel weights, two gates.
"""

from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray
from scipy.signal import sosfilt

from ingest.media import Audio, Floats

_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_MAX_GAP_SECONDS = 600


class LoudnessMeter:
    """Takes a film's audio frames in order and keeps only block energies: 10 numbers a second."""

    def __init__(self) -> None:
        self.samples = 0
        self.start: Fraction | None = None
        """Seconds, in the container's time, of the first sample."""
        self.warnings: list[str] = []
        self._rate = 0
        self._channels = 0
        self._resampler: av.AudioResampler | None = None
        self._sos: NDArray[np.float64] | None = None
        self._state: NDArray[np.float64] | None = None
        self._pending = np.zeros((0, 0))
        self._steps: list[float] = []
        """Weighted mean square of each 100 ms."""

    def push(self, frame: AudioFrame) -> None:
        """Take the next audio frame."""
        if self._resampler is None:
            self._begin(frame)
        assert self._resampler is not None
        self._fill_gap(frame)
        for part in self._resampler.resample(frame):
            self._measure(part.to_ndarray().astype(np.float64))  # (channels, samples)

    def finish(self, first_picture: Fraction) -> tuple[Audio | None, Floats]:
        """The sound as a whole, and its momentary loudness.

        Args:
            first_picture: Seconds, in the container's time, of the first video frame.

        Returns:
            None if nothing was decoded, and `(blocks,)` in LUFS: block `i` covers the 400 ms from
            `i / 10` seconds after the first sample.
        """
        if self.start is None or self.samples == 0:
            return None, np.zeros(0, np.float32)
        blocks = momentary_energy(np.array(self._steps))
        audio = Audio(
            sample_rate=self._rate,
            channels=self._channels,
            samples=self.samples,
            offset=self.start - first_picture,
            integrated_lufs=integrated_loudness(blocks),
        )
        return audio, loudness(blocks).astype(np.float32)

    def _begin(self, frame: AudioFrame) -> None:
        self._rate, self._channels = frame.sample_rate, frame.layout.nb_channels
        self._resampler = av.AudioResampler("dblp", frame.layout, frame.sample_rate)
        self._sos = k_weighting(frame.sample_rate)
        self._state = np.zeros((2, self._channels, 2))
        self._pending = np.zeros((self._channels, 0))
        time = frame.time_base * frame.pts if frame.pts is not None and frame.time_base else 0
        self.start = Fraction(time)

    def _fill_gap(self, frame: AudioFrame) -> None:
        """Put silence where the file has none, so that a sample's number tells its time."""
        if frame.pts is None or frame.time_base is None or self.start is None:
            return
        due = round((frame.pts * frame.time_base - self.start) * self._rate)
        gap = due - self.samples
        if self._rate // 20 < gap < self._rate * _MAX_GAP_SECONDS:
            self.warnings.append(f"the sound has a gap of {gap / self._rate:.2f} s")
            self._measure(np.zeros((self._channels, gap)))

    def _measure(self, samples: NDArray[np.float64]) -> None:
        self.samples += samples.shape[1]
        weighted, self._state = sosfilt(self._sos, samples, axis=1, zi=self._state)
        pending = np.concatenate([self._pending, weighted], axis=1)
        step = round(self._rate / 10)
        whole = pending.shape[1] // step
        blocks = pending[:, : whole * step].reshape(self._channels, whole, step)  # (C, steps, step)
        energy = channel_weights(self._channels) @ (blocks**2).mean(axis=2)  # (steps,)
        self._steps.extend(energy.tolist())
        self._pending = pending[:, whole * step :]


def k_weighting(rate: int) -> NDArray[np.float64]:
    """The K-weighting filter as second-order sections `(2, 6)`, for any sample rate.

    ITU-R BS.1770-4, annex 1, gives the two stages at 48 kHz; here their analogue prototypes
    are warped to `rate` (De Man, Evaluation of implementations of the EBU R128, 2018).
    """
    k, vh = np.tan(np.pi * 1681.974450955533 / rate), 10 ** (3.999843853973347 / 20)
    quality = 0.7071752369554196
    shelf_b = vh**0.4996667741545416 * k / quality
    a0 = 1 + k / quality + k * k
    shelf = [vh + shelf_b + k * k, 2 * (k * k - vh), vh - shelf_b + k * k]
    shelf += [a0, 2 * (k * k - 1), 1 - k / quality + k * k]
    k, quality = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    a1 = 1 + k / quality + k * k
    high_pass = [a1, -2 * a1, a1, a1, 2 * (k * k - 1), 1 - k / quality + k * k]
    return np.array([[x / a0 for x in shelf], [x / a1 for x in high_pass]])


def channel_weights(channels: int) -> NDArray[np.float64]:
    """BS.1770 weights, `(channels,)`: the low-frequency channel of 5.1 out, the surrounds 1.41."""
    if channels == 6:
        return np.array([1, 1, 1, 0, 1.41, 1.41])
    return np.ones(channels)


def momentary_energy(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean energy of each 400 ms block from that of 100 ms steps; shorter sound is one block."""
    if len(steps) < 4:
        return steps.mean(keepdims=True) if len(steps) else np.zeros(0)
    return np.convolve(steps, np.full(4, 0.25), mode="valid")


def loudness(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy in LUFS: `-0.691 + 10 log10(energy)`; -inf for digital silence."""
    with np.errstate(divide="ignore"):
        lufs: NDArray[np.float64] = -0.691 + 10 * np.log10(energy)
    return lufs


def integrated_loudness(energy: NDArray[np.float64]) -> float | None:
    """Gated loudness of a whole programme, BS.1770-4 section 5; None if all is below the gate."""
    loud = energy[loudness(energy) > _ABSOLUTE_GATE]
    if len(loud) == 0:
        return None
    gate = float(loudness(loud.mean(keepdims=True))[0]) + _RELATIVE_GATE
    kept = loud[loudness(loud) > gate]
    return round(float(loudness(kept.mean(keepdims=True))[0]), 2)
