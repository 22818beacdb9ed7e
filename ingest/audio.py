"""The sound of a film as it is decoded: one pass to loudness, true peak, voice and onsets.

Frames are gathered into blocks of a second, and each second leaves only a few numbers behind.
"""

from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from numpy.typing import NDArray
from scipy.signal import sosfilt

from ingest.loudness import (
    MOMENTARY_STEPS,
    PEAK_HISTORY,
    SHORT_TERM_STEPS,
    Doubles,
    block_energy,
    channel_weights,
    decibels,
    integrated_loudness,
    k_weighting,
    loudness,
    loudness_range,
    true_peaks,
)
from ingest.media import Audio, Floats, Sound
from ingest.onsets import OnsetMeter
from ingest.speech import VOICE_RATE, SpeechMeter, voiced_stretches

_MAX_GAP_SECONDS = 600
_STEPS_A_SECOND = 10


class SoundMeter:
    """Takes a film's audio frames in order and keeps about 100 numbers a second."""

    def __init__(self) -> None:
        self.samples = 0
        self.start: Fraction | None = None
        """Seconds, in the container's time, of the first sample."""
        self._start_samples = 0.0
        self.warnings: list[str] = []
        self._resampler: av.AudioResampler | None = None
        self._arrangement: tuple[str, str, int] | None = None
        """Format, layout and rate of the frames that the resampler takes."""
        self._blocks: _Blocks | None = None

    def push(self, frame: AudioFrame) -> None:
        """Take the next audio frame."""
        if self._blocks is None:
            self._blocks = _Blocks(frame.sample_rate, frame.layout)
            time = frame.time_base * frame.pts if frame.pts is not None and frame.time_base else 0
            self.start = Fraction(time)
            self._start_samples = float(self.start * frame.sample_rate)
        self._fill_gap(frame, self._blocks.rate)
        for part in self._resampled(frame, self._blocks):
            self._take(np.asarray(part.to_ndarray(), np.float64))  # (channels, samples)

    def finish(self, first_picture: Fraction) -> tuple[Audio | None, Sound]:
        """The sound as a whole, and over time.

        Args:
            first_picture: Seconds, in the container's time, of the first video frame.

        Returns:
            None and an empty `Sound` if nothing was decoded.
        """
        if self.start is None or self._blocks is None or self.samples == 0:
            return None, Sound()
        steps, peaks, voice, onsets = self._blocks.finish()
        loudest = float(peaks.max())
        audio = Audio(
            sample_rate=self._blocks.rate,
            channels=self._blocks.channels,
            samples=self.samples,
            offset=self.start - first_picture,
            integrated_lufs=integrated_loudness(block_energy(steps, MOMENTARY_STEPS)),
            layout=self._blocks.layout.name,
            true_peak_dbtp=round(float(decibels(np.array(loudest))), 2) if loudest else None,
            range_lu=loudness_range(block_energy(steps, SHORT_TERM_STEPS)),
        )
        voice_samples = round(Fraction(self.samples * VOICE_RATE, self._blocks.rate))
        sound = Sound(
            levels=loudness(steps).astype(np.float32),
            true_peaks=decibels(peaks).astype(np.float32),
            voice=voice,
            voiced=voiced_stretches(voice, voice_samples),
            onsets=onsets,
        )
        return audio, sound

    def _resampled(self, frame: AudioFrame, blocks: "_Blocks") -> list[AudioFrame]:
        """A frame as samples of the first one's rate and layout, which broadcasts change midway."""
        arrangement = (frame.format.name, frame.layout.name, frame.sample_rate)
        rest: list[AudioFrame] = []
        if arrangement != self._arrangement:
            rest = self._resampler.resample(None) if self._resampler else []
            if self._arrangement is not None:
                self.warnings.append(f"its sound changes to {frame.layout.name} midway")
            fits = arrangement == ("fltp", blocks.layout.name, blocks.rate)  # as most codecs give
            self._resampler = (
                None if fits else av.AudioResampler("dblp", blocks.layout, blocks.rate)
            )
            self._arrangement = arrangement
        return rest + (self._resampler.resample(frame) if self._resampler else [frame])

    def _fill_gap(self, frame: AudioFrame, rate: int) -> None:
        """Put silence where the file has none, so that a sample's number tells its time."""
        if frame.pts is None or frame.time_base is None or self.start is None:
            return
        assert self._blocks is not None
        if (
            frame.time is None
            or frame.time * rate - self._start_samples - self.samples < rate // 30
        ):
            return  # the usual case, told without exact arithmetic
        gap = round((frame.pts * frame.time_base - self.start) * rate) - self.samples
        if rate // 20 < gap < rate * _MAX_GAP_SECONDS:
            self.warnings.append(f"the sound has a gap of {gap / rate:.2f} s")
            for start in range(0, gap, rate):
                self._take(np.zeros((self._blocks.channels, min(rate, gap - start))))

    def _take(self, samples: Doubles) -> None:
        assert self._blocks is not None
        self.samples += samples.shape[1]
        self._blocks.push(samples)


class _Blocks:
    """Gathers sound into blocks of a second, and measures each."""

    def __init__(self, rate: int, layout: AudioLayout) -> None:
        self.rate, self.layout, self.channels = rate, layout, layout.nb_channels
        self._weights = channel_weights([channel.name for channel in layout.channels])
        self._sos = k_weighting(rate)
        self._state = np.zeros((2, self.channels, 2))
        self._before = np.zeros((self.channels, PEAK_HISTORY))
        self._gathered: list[Doubles] = []
        self._count = 0
        self._steps = 0
        """Whole steps that have been measured."""
        self._first = 0
        """The number of the first sample after them."""
        self._energy_waiting: Doubles = np.zeros(0)
        self._peaks_waiting: Floats = np.zeros(0, np.float32)
        self._energies: list[Doubles] = []
        self._peaks: list[Floats] = []
        self._to_voice = av.AudioResampler("fltp", "mono", VOICE_RATE)
        self._speech, self._onsets = SpeechMeter(), OnsetMeter()

    def push(self, samples: Doubles) -> None:
        self._gathered.append(samples)
        self._count += samples.shape[1]
        if self._count >= self.rate:
            self._measure()

    def finish(self) -> tuple[Doubles, Floats, Floats, Floats]:
        """Energy and peak of each whole 100 ms, score of each chunk of speech, onset strengths."""
        if self._count:
            self._measure()
        for part in self._to_voice.resample(None):
            self._hear(part)
        if not self._energies and len(self._energy_waiting):  # less than one step in all
            self._energies.append(self._energy_waiting.mean(keepdims=True))
            self._peaks.append(self._peaks_waiting.max(keepdims=True))
        energies = np.concatenate([np.zeros(0), *self._energies])
        peaks = np.concatenate([np.zeros(0, np.float32), *self._peaks])
        if len(peaks) and len(self._peaks_waiting):  # the part of a step at the end
            peaks[-1] = max(peaks[-1], self._peaks_waiting.max())
        return energies, peaks, self._speech.finish(), self._onsets.finish()

    def _measure(self) -> None:
        samples = np.nan_to_num(np.concatenate(self._gathered, axis=1), posinf=0, neginf=0)
        self._gathered, self._count = [], 0
        weighted, self._state = sosfilt(self._sos, samples, axis=1, zi=self._state)
        energy = np.concatenate([self._energy_waiting, self._weights @ weighted**2])  # (n,)
        heard = np.concatenate([self._before, samples], axis=1)
        peaks = np.concatenate([self._peaks_waiting, true_peaks(heard)])  # (n,)
        self._before = heard[:, -PEAK_HISTORY:]
        self._keep_steps(energy, peaks)
        frame = AudioFrame.from_ndarray(samples, "dblp", self.layout)
        frame.sample_rate = self.rate
        for part in self._to_voice.resample(frame):
            self._hear(part)

    def _keep_steps(self, energy: Doubles, peaks: Floats) -> None:
        """Reduce all whole steps; a rate that 10 does not divide has steps of two lengths."""
        last = (self._first + len(energy)) * _STEPS_A_SECOND // self.rate
        edges = -(-np.arange(self._steps, last + 1) * self.rate // _STEPS_A_SECOND) - self._first
        if last > self._steps:
            used = int(edges[-1])
            lengths = np.diff(edges)
            self._energies.append(np.add.reduceat(energy[:used], edges[:-1]) / lengths)
            self._peaks.append(np.maximum.reduceat(peaks[:used], edges[:-1]))
            energy, peaks, self._first = energy[used:], peaks[used:], self._first + used
            self._steps = last
        self._energy_waiting, self._peaks_waiting = energy, peaks

    def _hear(self, part: AudioFrame) -> None:
        mono: NDArray[np.float32] = part.to_ndarray()[0]
        self._speech.push(mono)
        self._onsets.push(mono)
