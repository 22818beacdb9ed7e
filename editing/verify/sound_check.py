"""The sound of a delivered file: its loudness, its peaks, and whether it is the cut's own.

Each channel is looked at second by second: where it lies by its correlation with the mix, how loud
it is by its level, and where 20 ms of it are missing.
"""

from dataclasses import dataclass

import av
import numpy as np
from av.audio.frame import AudioFrame

from editing.finish.mix import Mix
from editing.finish.sound_meter import ProgrammeMeter
from editing.verify.finding import Check
from ingest.media import Floats

_FURTHEST = 0.1
"""Seconds to either side that the sound is looked for."""
_OFF = 0.002
"""Seconds by which it may be off."""
_LEAST_CORRELATION = 0.5
_QUIET = 1e-3
"""RMS below which nothing is compared: -60 dBFS."""
_HEARD = 0.03
"""RMS that is heard where there should be silence, whatever the loudness was made: -30 dBFS."""
_LEAST_SECONDS = 0.1
"""What is left at the end and shorter is not compared."""
_MOST_LOUDER = 1.0
"""Decibels by which sound may be louder or quieter if its loudness was not to be changed."""
_MOST_APART = 3.0
"""Decibels by which one channel may be louder than the other against the mix."""
_BLOCK = 0.02
"""Seconds; the shortest dropout that is looked for."""
_GONE = 0.1
"""Share of its level that a block has left if it is missing; a limiter takes less."""
_LOUD_BLOCK = 0.3
"""Share of the level of its second above which a block is looked at."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A channel of a second against the mix."""

    off: float
    """Seconds, late if above 0."""
    correlation: float
    gain: float
    """Its level by that of the mix."""
    gone: int | None
    """The sample from which 20 ms are missing."""
    gains: Floats
    """Decibels, of each 20 ms by the mix; NaN where they are quiet."""


class SoundCheck:
    """Takes the sound of a file in order, and mixes the cut's own beside it."""

    def __init__(self, mix: Mix) -> None:
        """Compare with a mix that has sound."""
        self._mix = mix
        self._rate = mix.sample_rate or 48_000
        self._meter = ProgrammeMeter(self._rate, mix.channels)
        self._resampler: av.AudioResampler | None = None
        self._waiting: list[Floats] = []
        self._count = self._compared = 0
        self.places = 0
        """Seconds of channels that were compared."""
        self._worst = 0.0
        """Seconds that sound is off at most."""
        self._wrong: tuple[int, str] | None = None
        """The first sample of what is wrong first, and what it is."""

    def push(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", self._mix.layout, self._rate)
        for part in self._resampler.resample(frame):
            self._take(np.asarray(part.to_ndarray(), np.float32))

    def finish(self) -> list[Check]:
        """What was found, after the last frame."""
        for part in self._resampler.resample(None) if self._resampler else ():
            self._take(np.asarray(part.to_ndarray(), np.float32))
        left = self._mix.samples - self._compared
        if min(left, self._count) >= _LEAST_SECONDS * self._rate:  # AAC rounds the end up
            self._compare(np.concatenate(self._waiting, axis=1)[:, :left])
        loudness, peak = self._meter.finish()
        return [self._in_place(), self._loudness(loudness), self._peak(peak)]

    def _take(self, samples: Floats) -> None:
        self._meter.push(samples)
        self._waiting.append(samples)
        self._count += samples.shape[1]
        while self._count >= self._rate:
            heard = np.concatenate(self._waiting, axis=1)
            self._compare(heard[:, : self._rate])
            self._compared += self._rate
            self._waiting, self._count = [heard[:, self._rate :]], self._count - self._rate

    def _compare(self, heard: Floats) -> None:
        """Compare a second from `_compared` on with the mix, channel by channel."""
        expected = self._mix.read(self._compared, heard.shape[1])
        found: list[_Heard] = []
        for came, asked in zip(heard, expected, strict=True):
            if _level(asked) >= _QUIET:
                found.append(self._against(came, asked))
            elif _level(came) >= _HEARD:
                self._note(0, "sound where the cut is silent")
        self.places += len(found)
        for one in found:
            if one.correlation < _LEAST_CORRELATION:
                self._note(0, f"other sound (correlation {one.correlation:.2f})")
            elif abs(one.off) > _OFF:
                self._note(0, f"sound {1000 * abs(one.off):.1f} ms {_late(one.off)}")
            elif one.gone is not None:
                self._note(one.gone, "20 ms or more of sound missing")
            self._worst = max(self._worst, abs(one.off))
        self._compare_levels([one for one in found if one.correlation >= _LEAST_CORRELATION])

    def _compare_levels(self, found: list[_Heard]) -> None:
        """Find a loudness that nobody asked for, and channels that were not made louder alike."""
        if self._mix.programme.delivery.peak_limit is None:
            gains = [20 * float(np.log10(max(one.gain, 1e-6))) for one in found]
            furthest = max(gains, key=abs, default=0.0)
            if abs(furthest) > _MOST_LOUDER:
                louder = "louder" if furthest > 0 else "quieter"
                self._note(0, f"sound {abs(furthest):.1f} dB {louder}")
        if len(found) > 1:
            apart = found[0].gains - found[1].gains  # a limiter holds both back at once
            apart = apart[np.isfinite(apart)]
            if len(apart) and abs(float(np.median(apart))) > _MOST_APART:
                more = abs(float(np.median(apart)))
                self._note(0, f"one channel {more:.1f} dB louder than the other")

    def _against(self, came: Floats, asked: Floats) -> _Heard:
        """Look for a channel of the mix in what was heard, about where it should be."""
        size = 1 << (2 * len(came) - 1).bit_length()
        spectrum = np.fft.rfft(came, size) * np.conj(np.fft.rfft(asked, size))
        curve = np.fft.irfft(spectrum, size)
        reach = round(_FURTHEST * self._rate)
        near = np.concatenate([curve[-reach:], curve[: reach + 1]])
        lag = int(np.argmax(near)) - reach
        scale = float(np.linalg.norm(came) * np.linalg.norm(asked)) or 1.0
        gain = _level(came) / _level(asked)
        block = round(_BLOCK * self._rate)
        count = len(came) // block
        levels = [
            np.sqrt(np.mean(one[: count * block].reshape(count, block) ** 2, axis=1))
            for one in (came, asked)
        ]
        loud = levels[1] >= max(3 * _QUIET, _LOUD_BLOCK * _level(asked))
        gone = np.flatnonzero(loud & (levels[0] < _GONE * gain * levels[1]))
        first = int(gone[0]) * block if len(gone) else None
        gains = np.full(count, np.nan, np.float32)
        gains[loud] = 20 * np.log10(np.maximum(levels[0][loud], 1e-6) / levels[1][loud])
        return _Heard(lag / self._rate, float(near.max()) / scale, gain, first, gains)

    def _note(self, start: int, words: str) -> None:
        """What is wrong from a sample of this second on, if nothing was wrong before."""
        if self._wrong is None:
            self._wrong = self._compared + start, words

    def _in_place(self) -> Check:
        wanted = f"the cut's own, within {1000 * _OFF:g} ms"
        if self._wrong is not None:
            start, words = self._wrong
            frame = int(start / self._rate * float(self._mix.programme.cut.rate))
            return Check(
                "sound", False, f"{words}, from {start / self._rate:.2f} s on", wanted, frame
            )
        if not self.places:
            return Check("sound", None, "nothing loud enough to compare", wanted)
        words = f"off by at most {1000 * self._worst:.1f} ms in {self.places} places"
        return Check("sound", True, words, wanted)

    def _loudness(self, loudness: float | None) -> Check:
        target = self._mix.programme.delivery.target
        found = "silence" if loudness is None else f"{loudness:.1f} LUFS"
        if target is None:
            return Check("loudness", None, found)
        wanted = f"{target.lufs:.0f} ± {target.tolerance:g} LUFS"
        if loudness is None and not self.places:
            return Check("loudness", None, "silence, as the cut", wanted)
        right = loudness is not None and abs(loudness - target.lufs) <= target.tolerance
        return Check("loudness", right, found, wanted)

    def _peak(self, peak: float | None) -> Check:
        limit = self._mix.programme.delivery.peak_limit
        found = "silence" if peak is None else f"{peak:.1f} dBTP"
        if limit is None:
            return Check("true peak", None, found)
        right = peak is None or peak <= limit + 0.005
        return Check("true peak", right, found, f"at most {limit:g} dBTP")


def _level(samples: Floats) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(samples**2)))


def _late(off: float) -> str:
    return "late" if off > 0 else "early"
