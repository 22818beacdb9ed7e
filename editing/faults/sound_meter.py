"""What the search for faults keeps of the sound of a programme: events, and a few numbers a second.

Levels of every millisecond are looked at in stretches of ten seconds and let go; what stands out
in them (clicks, gaps, flat tops) is kept with its measure, to be judged when the joins are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray
from scipy.signal import sosfilt

from editing.faults.join_sound import AROUND_SECONDS, JoinSound, listen
from editing.faults.sound_events import CONTEXT_MS, SoundEvent, decibels, events_in
from ingest.growing import GrowingArray
from ingest.loudness import k_weighting
from ingest.media import Floats
from ingest.speech import VOICE_RATE, SpeechMeter

Doubles = NDArray[np.float64]

LEVELS_A_SECOND = 50
_STRETCH_MS = 10_000


@dataclass(frozen=True, slots=True)
class SoundMeasures:
    """What was kept of the sound; seconds count from the programme's first frame."""

    events: tuple[SoundEvent, ...] = ()
    """In order."""
    energy: Doubles = field(default_factory=lambda: np.zeros(0))
    """`(steps,)`, K-weighted, of each fiftieth of a second; -0.691 + 10 log10 gives LUFS."""
    level: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(steps,)`, dBFS of the louder channel in each fiftieth of a second; -120 for silence."""
    voice: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """`(chunks,)` as `ingest.speech` gives it; empty where nobody asked for it."""
    seconds: float = 0.0
    """How long it is."""
    joins: tuple[JoinSound, ...] = ()
    """What is heard at the joins that the meter was told of, in order; not at those near an end."""

    def loudness(self, start: float, end: float) -> float:
        """Mean loudness from one second to another, LUFS; -inf for silence, NaN for none."""
        first = ceil(start * LEVELS_A_SECOND - 1e-6)  # whole steps only, so that none is of both
        last = floor(end * LEVELS_A_SECOND + 1e-6)  # sides of a join
        heard = self.energy[max(0, first) : max(0, last)]
        if not len(heard):
            return float("nan")
        with np.errstate(divide="ignore"):
            return float(-0.691 + 10 * np.log10(heard.mean()))


class SoundMeter:
    """Takes the sound of a programme in order."""

    def __init__(
        self, rate: int, channels: int, *, voice: bool = False, joins: Sequence[float] = ()
    ) -> None:
        """Start on a programme's first sample.

        Args:
            rate: Samples per second.
            channels: How many each push brings.
            voice: Whether to tell where somebody speaks.
            joins: Seconds at which one piece meets the next, where that is known already.
        """
        self.rate, self.channels, self.samples = rate, channels, 0
        self._step = max(1, rate // 1000)
        """Samples of a millisecond, or nearly."""
        self._waiting: NDArray[np.float32] = np.zeros((channels, 0), np.float32)
        """What is no whole stretch yet, after what was looked at and is its context."""
        self._first = 0
        """The number of the first sample of it."""
        self._events: list[SoundEvent] = []
        self._moments = tuple(joins)
        self._joins: list[JoinSound] = []
        self._sos, self._state = k_weighting(rate), np.zeros((2, channels, 2))
        self._energy: GrowingArray[np.float64] = GrowingArray(np.float64)
        self._level: GrowingArray[np.float32] = GrowingArray(np.float32)
        self._rest: NDArray[np.float32] = np.zeros((channels, 0), np.float32)
        """What is no whole step of a fiftieth of a second yet."""
        self._speech = SpeechMeter() if voice else None
        self._to_voice = av.AudioResampler("fltp", "mono", VOICE_RATE) if voice else None

    def push(self, samples: Floats) -> None:
        """Take the next samples, `(channels, n)`, full scale at 1."""
        if not samples.shape[1]:
            return
        clean = np.nan_to_num(samples, posinf=0, neginf=0).astype(np.float32)
        self.samples += clean.shape[1]
        self._rest = np.concatenate([self._rest, clean], axis=1)
        if self._rest.shape[1] >= self.rate:
            self._measure_levels()
        self._waiting = np.concatenate([self._waiting, clean], axis=1)
        if self._waiting.shape[1] >= (_STRETCH_MS + 2 * CONTEXT_MS) * self._step:
            self._look(at_end=False)
        if self._speech is not None:
            self._hear(clean)

    def finish(self) -> SoundMeasures:
        """All that was kept."""
        self._measure_levels()
        self._look(at_end=True)
        voice = np.zeros(0, np.float32)
        if self._speech is not None and self._to_voice is not None:
            for part in self._to_voice.resample(None):
                self._speech.push(np.asarray(part.to_ndarray()[0], np.float32))
            voice = self._speech.finish()
        return SoundMeasures(
            events=tuple(sorted(self._events, key=lambda event: event.start)),
            energy=self._energy.values,
            level=self._level.values,
            voice=voice,
            seconds=self.samples / self.rate,
            joins=tuple(sorted(self._joins, key=lambda join: join.second)),
        )

    def _look(self, *, at_end: bool) -> None:
        """Look for events in what waits; of what was looked at, its last part stays as context."""
        count = self._waiting.shape[1] // self._step
        own_start = 0 if self._first == 0 else CONTEXT_MS
        own_end = count if at_end else count - CONTEXT_MS
        for run in events_in(self._waiting[:, : count * self._step], self._step):
            if own_start <= run.start < own_end:
                start, end = (
                    (self._first + step * self._step) / self.rate for step in (run.start, run.end)
                )
                self._events.append(SoundEvent(run.kind, start, end, run.value))
        self._listen(own_start, own_end)
        used = max(0, own_end - CONTEXT_MS) * self._step
        self._waiting, self._first = self._waiting[:, used:], self._first + used

    def _listen(self, own_start: int, own_end: int) -> None:
        """Listen to the joins from one millisecond of what waits to another."""
        reach = round(AROUND_SECONDS * self.rate)
        for second in self._moments:
            at = round(second * self.rate) - self._first
            if own_start <= at // self._step < own_end:
                begin = max(0, at - reach)
                mono = self._waiting[:, begin : at + reach].mean(axis=0)
                heard = listen(mono, self.rate, at - begin, second=second)
                self._joins += [] if heard is None else [heard]

    def _measure_levels(self) -> None:
        """Reduce whole steps to their energy, K-weighted and of the louder channel."""
        done = len(self._level)
        begun = -(-done * self.rate // LEVELS_A_SECOND)
        last = (begun + self._rest.shape[1]) * LEVELS_A_SECOND // self.rate
        if last <= done:
            return
        edges = -(-np.arange(done, last + 1) * self.rate // LEVELS_A_SECOND) - begun
        used, lengths = self._rest[:, : edges[-1]], np.diff(edges)
        weighted, self._state = sosfilt(self._sos, used, axis=1, zi=self._state)
        self._energy.extend(np.add.reduceat((weighted**2).sum(axis=0), edges[:-1]) / lengths)
        power = np.add.reduceat(used.astype(np.float64) ** 2, edges[:-1], axis=1) / lengths
        self._level.extend(decibels(power.max(axis=0)))
        self._rest = self._rest[:, edges[-1] :]

    def _hear(self, samples: Floats) -> None:
        assert self._to_voice is not None
        assert self._speech is not None
        layout = "mono" if self.channels == 1 else "stereo"
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
        frame.sample_rate = self.rate
        for part in self._to_voice.resample(frame):
            self._speech.push(np.asarray(part.to_ndarray()[0], np.float32))
