"""What is heard on both sides of a join: whether the sound jumps, and whether a word is cut. Pure.

A word that ends by itself dies away over some tens of milliseconds. One that is cut is there at
full strength up to the join, and what it is made of is gone at the next sample; often the cut
also leaves a jump that nothing before it let one expect.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from editing.faults.prediction import residual, treble
from ingest.media import Floats
from ingest.speech import CHUNK, VOICE_RATE

Doubles = NDArray[np.float64]
Side = Literal["before", "after"]

AROUND_SECONDS = 0.25
"""Of sound on either side of a join that is listened to."""

WORD_VOICE = 0.4
"""Mean score of the voice in the clearest moments on the side of a word that is cut."""
WORD_FALL, WORD_FALL_AT_JUMP, WORD_JUMP = 20.0, 6.0, 2.0
"""dB by which three bands of a voice are gone beyond a join: alone, and where the sound jumps by
the third."""
NOBODY = 0.5
"""Mean score of the voice beyond a join below which nobody speaks on there: a word is then cut by
any fall of `WORD_FALL_AT_JUMP` that is more than usual about the join."""
_STILL_DB = -20.0
"""Level just before a cut, against the loud moments of the voice: a word that has ended is less."""
_LEAST_LEVEL = -50.0
"""dBFS of the voice in its loud moments; a quieter one is hardly heard."""

_WINDOW_MS, _GUARD_MS, _INSIDE = 20, 2, 8
"""Length of what is compared; what is left out at the join; how many lengths of one side."""
_BANDS = (150, 300, 450, 600, 800, 1000, 1250, 1500, 1850, 2250, 2750, 3400)
"""Hz; edges of the bands of a voice, a little wider than a third of an octave."""
_STRONGEST = 3
_JUMP_MS, _NEAR_MS, _FAR_MS = 2, 3, 40
_USUAL = 0.9
"""The share of the changes on both sides of a join that are no greater than what is usual."""
_CLEAREST, _BEFORE_CHUNKS, _AFTER_CHUNKS, _LATE_CHUNKS = 4, 8, 11, 4
"""Chunks of the voice's score that are averaged, of so many before and after a join: the network
takes longer to tell that somebody has begun, and four chunks to tell that nobody goes on."""


@dataclass(frozen=True, slots=True)
class JoinSound:
    """What is heard at a join; each pair is the side before it, then the side after."""

    second: float
    """When it is, from the programme's first frame."""
    jump: float
    """dB of the error of prediction at the join above that on both sides; 16 for a click."""
    fall: tuple[float, float]
    """dB by which the three bands of a voice that change most are stronger here than beyond."""
    still: tuple[float, float]
    """dB of the last 20 ms here, of the bands of a voice, above the loud moments of the side."""
    level: tuple[float, float]
    """dBFS of the bands of a voice in those loud moments."""
    usual: float = 0.0
    """dB by which three bands fall or rise from one 20 ms to the next on either side: nine tenths
    of the times no more."""


def listen(samples: Floats, rate: int, at: int, *, second: float = 0.0) -> JoinSound | None:
    """Measure the sound at a join.

    Args:
        samples: `(n,)` mono, full scale at 1; a quarter of a second on both sides of the join.
        rate: Samples per second, 8000 or more.
        at: The first sample after the join.
        second: When the join is.

    Returns:
        None where a side is shorter than 0.18 s.
    """
    step = max(1, rate // 1000)
    reach = (_GUARD_MS + _WINDOW_MS * _INSIDE) * step
    if at < reach or len(samples) - at < reach:
        return None
    before = _windows(samples[:at][::-1], step, rate)
    after = _windows(samples[at:], step, rate)
    sides, levels, still = (before, after), list[float](), list[float]()
    for side in sides:
        total = _decibels(side.sum(axis=1))
        levels.append(float(np.quantile(total, 0.75)))
        still.append(float(total[0]) - levels[-1])
    change = _decibels(before[0]) - _decibels(after[0])
    falls = [float(np.sort(change * sign)[-_STRONGEST:].mean()) for sign in (1, -1)]
    return JoinSound(
        second,
        _jump(samples, step, at),
        (falls[0], falls[1]),
        (still[0], still[1]),
        (levels[0], levels[1]),
        _usual(before, after),
    )


def word_cut(heard: JoinSound, voice: Floats, side: Side) -> float | None:
    """Whether a word is cut at a join on one side of it: it was being said, and is gone.

    Args:
        heard: By `listen`.
        voice: `(chunks,)` of the programme, 32 ms each, as `ingest.speech` scores them.
        side: On which the word is heard.

    Returns:
        The score of the voice there, `WORD_VOICE` or more; None where no word is cut.
    """
    i = 0 if side == "before" else 1
    score = voice_beside(voice, heard.second, side)
    alone = voice_beyond(voice, heard.second, side) < NOBODY and heard.fall[i] >= heard.usual
    gone = heard.fall[i] >= WORD_FALL or (
        heard.fall[i] >= WORD_FALL_AT_JUMP and (heard.jump >= WORD_JUMP or alone)
    )
    said = heard.still[i] >= _STILL_DB and heard.level[i] >= _LEAST_LEVEL
    return score if gone and said and score >= WORD_VOICE else None


def voice_beside(voice: Floats, second: float, side: Side) -> float:
    """Mean score of the voice in its four clearest chunks on one side of a moment; 0 without any.

    Args:
        voice: `(chunks,)` as `ingest.speech` gives it.
        second: From the first chunk.
        side: Of that moment.
    """
    at = int(second * VOICE_RATE / CHUNK)
    if side == "before":
        near = voice[max(0, at - _BEFORE_CHUNKS) : at]
    else:
        near = voice[at + 1 : at + 1 + _AFTER_CHUNKS]
    return float(np.sort(near)[-_CLEAREST:].mean()) if len(near) else 0.0


def voice_beyond(voice: Floats, second: float, side: Side) -> float:
    """Mean score of the voice where, beyond a moment, a word would have gone on; 0 at an end.

    Args:
        voice: `(chunks,)` as `ingest.speech` gives it.
        second: From the first chunk.
        side: On which a word is heard; the other is looked at.
    """
    at = int(second * VOICE_RATE / CHUNK)
    if side == "after":
        beyond = voice[max(0, at - _BEFORE_CHUNKS) : at]
    else:
        beyond = voice[at + _LATE_CHUNKS : at + _LATE_CHUNKS + _BEFORE_CHUNKS]
    return float(beyond.mean()) if len(beyond) else 0.0


def _usual(before: Doubles, after: Doubles) -> float:
    """What three bands fall or rise by, on both sides of a join, from one window to the next."""
    changes = [np.diff(_decibels(side), axis=0) for side in (before, after)]
    both = np.concatenate([sign * change for change in changes for sign in (1, -1)])
    return float(np.quantile(np.sort(both, axis=1)[:, -_STRONGEST:].mean(axis=1), _USUAL))


def _windows(samples: Floats, step: int, rate: int) -> Doubles:
    """Power in the bands of a voice, from the join away, `(windows, bands)`."""
    size = _WINDOW_MS * step
    first = _GUARD_MS * step
    cut = samples[first : first + _INSIDE * size].reshape(_INSIDE, size).astype(np.float64)
    weights = np.hanning(size + 2)[1:-1]
    length = 1 << (4 * size - 1).bit_length()
    power = 2 * np.abs(np.fft.rfft(cut * weights, length, axis=1)) ** 2
    power /= length * (weights**2).sum()  # a sum over all frequencies is the mean square
    hertz = np.fft.rfftfreq(length, 1 / rate)
    edges = np.searchsorted(hertz, _BANDS)
    return np.add.reduceat(power, edges, axis=1)[:, :-1] + 1e-13


def _jump(samples: Floats, step: int, at: int) -> float:
    error = np.abs(residual(treble(samples), step)).astype(np.float64)
    peak = float(error[max(0, at - _JUMP_MS * step) : at + _JUMP_MS * step].max())
    far, near = _FAR_MS * step, _NEAR_MS * step
    sides = (error[at - far : at - near], error[at + near : at + far])
    usual = max(
        float(np.quantile(side[: len(side) // step * step].reshape(-1, step).max(axis=1), 0.9))
        for side in sides
    )
    return float(20 * np.log10((peak + 1e-7) / (usual + 1e-7)))


def _decibels(power: Doubles) -> Doubles:
    return np.asarray(10 * np.log10(power))
