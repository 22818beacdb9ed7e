"""Clicks, gaps and flat tops in a stretch of sound, told from levels of every millisecond. Pure.

A click is what nothing on either side of it let one expect, and over at once; a drum, a knock or a
consonant rings on. A gap begins and ends at once, between sound that is there on both sides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from editing.faults.prediction import likeness
from ingest.media import Floats

Doubles = NDArray[np.float64]
EventKind = Literal["click", "gap", "clipping"]

CONTEXT_MS = 1500
"""Milliseconds around an event that may bear on whether it is one."""
FLOOR = -120.0
"""dBFS; what is below counts as this."""

LEAST_CLICK_DB = 10.0
"""An event from here on; what is a fault is decided where the joins are known."""
_CLICK_NEAR, _CLICK_FAR = 6, 40
"""Milliseconds on either side: what a lossy code smears of a click, and what it is held against."""
_WIDTH_MS, _WIDTH_DB, _WIDTH_PENALTY = 15, 10.0, (0, 0, 6, 10, 14)
"""A click is one millisecond long; what is within 10 dB of it for two or more counts for less."""
_QUIET_CLICK, _HIDING_DB = -66.0, 24.0
"""dBFS; quieter clicks are not heard. What is so far below the sound within 20 ms counts for none,
and each dB less for one."""
_BESIDE_MS = 20
_LONG_MS, _LONG_GUARD_MS, _LONG_SHARE, _RARE_DB = 300, 9, 0.99, 6.0
"""What is usual is also told by so many milliseconds on either side, but for those nearest and
the loudest hundredth: above that a click has to be, but for 6 dB."""

LEAST_GAP_DB = 20.0
_LONGEST_GAP_MS = 1000
_LEAST_GAP_MS = 6
_SIDE_MS = 60
_EDGE_MS = 8
_QUIET_SOUND = -55.0
"""dBFS; a gap in what is quieter is none."""
_DEAD = -90.0
"""dBFS; nothing dies away to less within milliseconds, however its level goes up and down."""
_DEAD_MS, _DEAD_APART_MS, _QUIET_BY_DEAD = 4, 3, -66.0
"""Milliseconds of it that make a gap, with so few of more between; dBFS of the sound beside it."""
_BRINK_MS, _BRINK_STEP, _SMEAR_MS = 10, 14.0, 40
"""At either end of such a gap the mean of 10 ms is 14 dB above the 5 next to it; a lossy code
leaves up to 40 of the gap's milliseconds between the brink and what is dead."""
_CLEARLY_DB = 3.0
"""By which a brink farther away has to be the steeper one."""

_FULL_SCALE = 0.995
_LEAST_FLAT = 4
"""Samples at full scale one after another."""
_TOP_MS, _TOP_SHARE, _LEAST_TOP, _LEAST_TOP_SAMPLES = 20, 0.9, 0.2, 6
"""A top is what reaches 0.9 of the greatest height in 20 ms, if that is 0.2 of full scale, for so
many samples; natural tops are up to 3.9 times as wide as a parabola."""
_FLATNESS = 4.8


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """Something that stands out in the sound; seconds from the programme's first frame."""

    kind: EventKind
    start: float
    end: float
    value: float
    """dB above its surroundings for a click, below them for a gap; samples for clipping."""


@dataclass(frozen=True, slots=True)
class Run:
    """An event in a stretch, in steps of a millisecond."""

    kind: EventKind
    start: int
    end: int
    value: float


def events_in(samples: Floats, step: int) -> list[Run]:
    """All events of a stretch of sound.

    Args:
        samples: `(channels, n)`, full scale at 1.
        step: Samples of a millisecond; `n` is a multiple of it.
    """
    found: list[Run] = []
    same = len(samples) == 2 and np.array_equal(samples[0], samples[1])
    for channel in samples[:1] if same else samples:
        level = levels(channel, step)
        found += [
            *clicks(unexpected(channel, step), level),
            *gaps(level),
            *dead_gaps(level),
            *flat_tops(channel, step),
        ]
    return _merged(found)


def decibels(power: Doubles) -> Doubles:
    """`10 log10(power)`, at least `FLOOR`."""
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10))))


def levels(samples: Floats, step: int) -> Doubles:
    """dBFS of each millisecond, `(n // step,)`."""
    whole = samples[: len(samples) // step * step].astype(np.float64)
    return decibels((whole.reshape(-1, step) ** 2).mean(axis=1))


def unexpected(samples: Floats, step: int) -> Doubles:
    """dBFS of what is most like a click in each millisecond, `(n // step,)`."""
    whole = likeness(samples[: len(samples) // step * step], step).astype(np.float64)
    return decibels(np.abs(whole).max(axis=0).reshape(-1, step).max(axis=1) ** 2)


def clicks(high: Doubles, level: Doubles) -> Iterator[Run]:
    """Peaks of what was not to be expected that are over at once, and rare.

    The measure is the peak above the loudest of the 34 ms before and after it, 6 ms away (a tenth
    of those may be louder still), less a penalty for what lasts longer than a millisecond; or, if
    that is less, above the loudest of 0.3 s on both sides, but for a hundredth, and 6 dB more; or
    above the level of the sound within 20 ms, and 24 dB more.

    Args:
        high: As `unexpected` gives it.
        level: As `levels` gives it, as long.
    """
    if len(high) < 2 * _CLICK_FAR + 1:
        return
    padded = np.pad(high, _CLICK_FAR, mode="reflect")
    windows = sliding_window_view(padded, 2 * _CLICK_FAR + 1)
    peaks = high > np.maximum(np.append(-np.inf, high[:-1]), np.append(high[1:], -np.inf) - 1e-9)
    candidates = np.flatnonzero(peaks & (high > _QUIET_CLICK))
    if not len(candidates):
        return
    near = windows[candidates]  # (peaks, 2 far + 1)
    before = near[:, : _CLICK_FAR - _CLICK_NEAR + 1]
    after = near[:, _CLICK_FAR + _CLICK_NEAR :]
    around = np.maximum(np.quantile(before, 0.9, axis=1), np.quantile(after, 0.9, axis=1))
    above = high[candidates] - np.maximum(around, _QUIET_CLICK - 10)
    beside = near[:, _CLICK_FAR - _WIDTH_MS : _CLICK_FAR + _WIDTH_MS + 1]
    drop = np.minimum(_WIDTH_DB, 0.6 * np.maximum(above, 0))  # in noise all is near the peak
    width = (beside >= (high[candidates] - drop)[:, None]).sum(axis=1)
    above -= np.array(_WIDTH_PENALTY)[np.minimum(width, len(_WIDTH_PENALTY) - 1)]
    highest = high[candidates] >= near[
        :, _CLICK_FAR - _CLICK_NEAR : _CLICK_FAR + _CLICK_NEAR + 1
    ].max(axis=1)
    for place, value in zip(candidates[highest].tolist(), above[highest].tolist(), strict=True):
        whole = _CLICK_FAR <= place < len(high) - _CLICK_FAR  # else a side is not known
        if value < LEAST_CLICK_DB or not whole:
            continue
        peak = float(high[place])
        heard = peak - _beside(level, place) + _HIDING_DB
        least = min(value, peak - _usual(high, place) + _RARE_DB, heard)
        if least >= LEAST_CLICK_DB:
            yield Run("click", place, place + 1, least)


def _beside(level: Doubles, place: int) -> float:
    """dBFS of the louder of the 20 ms before and after a place, but for those nearest."""
    power = 10 ** (level[place - _BESIDE_MS : place + _BESIDE_MS + 1] / 10)
    sides = power[: _BESIDE_MS - 2].mean(), power[_BESIDE_MS + 4 :].mean()
    return float(decibels(np.array(max(sides))))


def _usual(high: Doubles, place: int) -> float:
    """What is usual within 0.3 s of a place: nearly the greatest."""
    around = high[max(0, place - _LONG_MS) : place - _LONG_GUARD_MS + 1]
    after = high[place + _LONG_GUARD_MS : place + _LONG_MS + 1]
    return float(np.quantile(np.concatenate([around, after]), _LONG_SHARE))


def gaps(level: Doubles) -> Iterator[Run]:
    """Where sound is gone for a moment, and was not dying away before.

    The measure is how far the loudest millisecond of the gap, but for a tenth of them, lies below
    the quieter of the 60 ms before and after.
    """
    power = 10 ** (level / 10)
    sums = np.concatenate([[0.0], np.cumsum(power)])

    def mean_level(start: int, end: int) -> float:
        start, end = max(0, start), min(len(level), end)
        if end - start < _EDGE_MS // 2:
            return FLOOR
        return float(decibels(np.array((sums[end] - sums[start]) / (end - start))))

    if len(level) <= 2 * _SIDE_MS:
        return
    earlier = decibels((sums[_SIDE_MS:-1] - sums[: -1 - _SIDE_MS]) / _SIDE_MS)
    drops = (level[_SIDE_MS:] <= earlier - LEAST_GAP_DB) & (earlier >= _QUIET_SOUND)
    past = 0
    for start in (np.flatnonzero(drops) + _SIDE_MS).tolist():
        if start < past:
            continue
        bottom = mean_level(start - _SIDE_MS, start) - LEAST_GAP_DB
        louder = level[start : start + _LONGEST_GAP_MS] > bottom
        if not louder.any():  # it dies away here, and may still break off later
            continue
        past = start + int(louder.argmax())
        run = _judged_gap(level, start, past, mean_level)
        if run is not None:
            yield run


def _judged_gap(
    level: Doubles, start: int, end: int, mean_level: Callable[[int, int], float]
) -> Run | None:
    """A stretch that is quieter than what was before it, if it is a gap."""
    before, after = mean_level(start - _SIDE_MS, start), mean_level(end, end + _SIDE_MS)
    sides = min(before, after)
    if end - start < _LEAST_GAP_MS or sides < _QUIET_SOUND:
        return None
    abrupt = (
        mean_level(start - _EDGE_MS, start) > before - 8
        and mean_level(end, end + _EDGE_MS) > after - 10
    )
    inside = float(np.quantile(level[start:end], 0.9))
    below, dead = sides - inside, inside <= _DEAD
    return Run("gap", start, end, below) if (abrupt or dead) and below >= LEAST_GAP_DB else None


def dead_gaps(level: Doubles) -> Iterator[Run]:
    """Where for some milliseconds there is no sound at all, that goes and comes back at once.

    The measure is how far the loudest of those milliseconds lies below the quieter of the 10 ms
    before and after the gap.
    """
    power = 10 ** (level / 10)
    last_end = 0
    dead = _runs(level <= _DEAD, 1)
    apart = dead[1:, 0] - dead[:-1, 1] > _DEAD_APART_MS
    starts = dead[:, 0][np.append(True, apart)] if len(dead) else dead[:, 0]
    ends = dead[:, 1][np.append(apart, True)] if len(dead) else dead[:, 1]
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if not _DEAD_MS <= last - first <= _LONGEST_GAP_MS or first < last_end:
            continue
        start, before = _brink(level[:first][::-1], power[:first][::-1])
        end, after = _brink(level[last:], power[last:])
        start, end = first - start, last + end
        sides = min(before, after)
        if sides >= _QUIET_BY_DEAD and _LEAST_GAP_MS <= end - start <= _LONGEST_GAP_MS:
            last_end = end
            yield Run("gap", start, end, sides - float(np.median(level[first:last])))


def _brink(level: Doubles, power: Doubles) -> tuple[int, float]:
    """Where, from a dead place away, the sound is there at once, and its dBFS; -120 if nowhere."""
    best, found, heard = _BRINK_STEP, 0, FLOOR
    for at in range(min(_SMEAR_MS, len(level) - _BRINK_MS) + 1):
        beside = float(decibels(power[at : at + _BRINK_MS].mean()))
        step = beside - float(level[max(0, at - 6) : max(0, at - 1)].max(initial=_DEAD))
        if step >= best:
            best, found, heard = step + _CLEARLY_DB, at, beside
    return found, heard


def flat_tops(samples: Floats, step: int) -> Iterator[Run]:
    """Where the tops of the sound are cut off, at full scale or below; within 20 ms one event.

    A top that was cut off is flat for as long as its flanks would have gone on rising, also after
    a lossy code has roughened it, or a gain has lowered it.
    """
    full = _runs(np.abs(samples) >= _FULL_SCALE, _LEAST_FLAT)
    start = end = longest = 0
    for a, b in np.array(sorted([*full.tolist(), *_cut_tops(samples, step).tolist()])).reshape(
        -1, 2
    ):
        if longest and a - end > 20 * step:
            yield Run("clipping", start // step, end // step + 1, longest)
            longest = 0
        start = start if longest else int(a)
        end, longest = max(end, int(b)), max(longest, int(b - a))
    if longest:
        yield Run("clipping", start // step, end // step + 1, longest)


def _cut_tops(samples: Floats, step: int) -> NDArray[np.int64]:
    """Tops that are far flatter than their flanks are steep: `(tops, 2)`, first and past the last.

    A parabola that enters its top with a slope `s` and rises by `h` is `4 h / s` samples wide.
    """
    size = _TOP_MS * step
    height = np.abs(samples[: len(samples) // size * size]).astype(np.float64)
    ceiling = np.repeat(height.reshape(-1, size).max(axis=1, initial=0), size)
    runs = _runs((height >= _TOP_SHARE * ceiling) & (ceiling >= _LEAST_TOP), _LEAST_TOP_SAMPLES)
    runs = runs[(runs[:, 0] >= 2) & (runs[:, 1] < len(height) - 1)]
    if not len(runs):
        return runs
    first, last = runs[:, 0], runs[:, 1]
    tops = np.maximum.reduceat(height, runs.reshape(-1))[::2]
    rise = tops - _TOP_SHARE * ceiling[first]
    into, out = height[first] - height[first - 2], height[last - 1] - height[last + 1]
    slope = np.minimum(into, out) / 2
    return runs[(last - first) * slope >= 4 * _FLATNESS * np.maximum(rise, 1e-4)]


def _runs(mask: NDArray[np.bool_], least: int) -> NDArray[np.int64]:
    """Where a mask is true for so many samples or more: `(runs, 2)`, first and past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    pairs = edges.reshape(-1, 2)
    return pairs[pairs[:, 1] - pairs[:, 0] >= least]


def _merged(runs: list[Run]) -> list[Run]:
    """Events of all channels; of those of one kind that overlap, the strongest."""
    kept: list[Run] = []
    for run in sorted(runs, key=lambda one: -one.value):
        reach = 3 if run.kind == "click" else 0
        if not any(
            run.kind == other.kind
            and run.start < other.end + reach
            and other.start < run.end + reach
            for other in kept
        ):
            kept.append(run)
    return kept
