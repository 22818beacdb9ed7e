"""The sound of a delivered file: its loudness, its peaks, and whether it lies where it should."""

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
        self.seconds_compared = 0
        self._worst: tuple[float, float, int] | None = None
        """Seconds off, correlation and first sample of what is furthest off."""

    def push(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", self._mix.layout, self._rate)
        for part in self._resampler.resample(frame):
            self._take(np.asarray(part.to_ndarray(), np.float32))

    def finish(self, target: float | None, tolerance: float, limit: float | None) -> list[Check]:
        """What was found.

        Args:
            target: LUFS; None for any.
            tolerance: LU either way.
            limit: dBTP; None for any.
        """
        for part in self._resampler.resample(None) if self._resampler else ():
            self._take(np.asarray(part.to_ndarray(), np.float32))
        loudness, peak = self._meter.finish()
        found = "silence" if loudness is None else f"{loudness:.1f} LUFS"
        wanted = "" if target is None else f"{target:.0f} ± {tolerance:g} LUFS"
        right = None
        if target is not None:
            right = loudness is not None and abs(loudness - target) <= tolerance
        checks = [self._in_place(), Check("loudness", right, found, wanted)]
        found = "silence" if peak is None else f"{peak:.1f} dBTP"
        right = None if limit is None else peak is None or peak <= limit + 0.005
        checks.append(
            Check("true peak", right, found, "" if limit is None else f"at most {limit:g} dBTP")
        )
        return checks

    def _take(self, samples: Floats) -> None:
        self._meter.push(samples)
        self._waiting.append(samples)
        self._count += samples.shape[1]
        if self._count >= self._rate:
            heard = np.concatenate(self._waiting, axis=1)
            self._compare(heard)
            self._compared += heard.shape[1]
            self._waiting, self._count = [], 0

    def _compare(self, heard: Floats) -> None:
        """Look for the mix in what was heard, about where it should be."""
        expected = self._mix.read(self._compared, heard.shape[1]).mean(axis=0)
        came = heard.mean(axis=0)
        if np.sqrt(np.mean(expected**2)) < _QUIET:
            return
        size = 1 << (2 * len(came) - 1).bit_length()
        spectrum = np.fft.rfft(came, size) * np.conj(np.fft.rfft(expected, size))
        curve = np.fft.irfft(spectrum, size)
        reach = round(_FURTHEST * self._rate)
        near = np.concatenate([curve[-reach:], curve[: reach + 1]])
        lag = int(np.argmax(near)) - reach
        scale = float(np.linalg.norm(came) * np.linalg.norm(expected)) or 1.0
        found = (abs(lag) / self._rate, float(near.max()) / scale, self._compared)
        self.seconds_compared += 1
        if self._worst is None or _badness(found) > _badness(self._worst):
            self._worst = found

    def _in_place(self) -> Check:
        wanted = f"the cut's own, within {1000 * _OFF:g} ms"
        if self._worst is None:
            return Check("sound", None, "nothing loud enough to compare", wanted)
        off, correlation, start = self._worst
        frame = int(start / self._rate * float(self._mix.programme.cut.rate))
        if correlation < _LEAST_CORRELATION:
            words = (
                f"other sound from {start / self._rate:.1f} s on (correlation {correlation:.2f})"
            )
            return Check("sound", False, words, wanted, frame)
        words = f"off by at most {1000 * off:.1f} ms in {self.seconds_compared} places"
        return Check("sound", off <= _OFF, words, wanted, None if off <= _OFF else frame)


def _badness(found: tuple[float, float, int]) -> tuple[bool, float]:
    return found[1] < _LEAST_CORRELATION, found[0]
