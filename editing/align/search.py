"""The lines of a trailer: seeds grown one after the other, until every moment is accounted for."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from editing.align.growth import grow
from editing.align.lines import Comparison, Line
from editing.align.seeds import Seed
from editing.align.segmentation import Stretch

_BUCKET = 8
"""Frames of the trailer that share their attempts."""
_ATTEMPTS = 4
"""Seeds of one bucket that are grown at most."""
_SAME_PLACE = 1.0
"""Seconds of the film between a seed and a line that make it a seed of that line."""
_GOOD = 0.8
"""Mean correlation of a line about a moment that makes other seeds of it superfluous."""
_JOINED = 4
"""Frames of the trailer between two stretches that may still be one."""
_MEETS = 2.0
"""Frames of the film by which two stretches that are one may disagree."""
_RIVALS = 3
"""Other places that are looked at for one stretch."""


def search_lines(
    comparison: Comparison,
    seeds: Sequence[Seed],
    *,
    on_progress: Callable[[float], None] = lambda done: None,
) -> list[Line]:
    """Grow seeds to lines, the likeliest first; those that a line accounts for are left out.

    At most `_ATTEMPTS` for every `_BUCKET` frames of the trailer, whatever the film's length.
    """
    lines: list[Line] = []
    attempts: Counter[int] = Counter()
    for number, seed in enumerate(seeds):
        bucket = round(seed.moment / comparison.trailer.frame_seconds) // _BUCKET
        if attempts[bucket] < _ATTEMPTS and not _accounted(comparison, lines, seed):
            attempts[bucket] += 1
            line = grow(comparison, seed)
            if line is not None:
                lines.append(line)
        on_progress((number + 1) / len(seeds))
    return lines


def join(comparison: Comparison, stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches, with those made one that follow each other in the film as in the trailer."""
    joined: list[Stretch] = []
    for stretch in stretches:
        before = joined[-1] if joined else None
        if before is None or not _continues(comparison, before, stretch):
            joined.append(stretch)
            continue
        longer = max(before, stretch, key=lambda one: one.last - one.first)
        line = replace(longer.line, first=before.first, last=stretch.last)
        line = comparison.fit_time(line, line.first, line.last, 2.0)
        total = before.evidence + stretch.evidence
        joined[-1] = Stretch(line, before.first, stretch.last, total)
    return joined


def rivals(comparison: Comparison, seeds: Sequence[Seed], stretch: Stretch) -> list[Line]:
    """Other places in the film that a stretch of the trailer looks as much like.

    Those that come near what `stretch` has itself are not rivals but part of its slack.
    """
    step = comparison.trailer.frame_seconds
    middle = (stretch.first + stretch.last) / 2 * step
    near = [s for s in seeds if stretch.first <= s.moment / step <= stretch.last]
    near = [s for s in near if not _of_line(stretch.line, s, 2 * _SAME_PLACE)]
    near.sort(key=lambda s: (-round(s.score, 1), abs(s.moment - middle)))
    least = _similarity(comparison, stretch.line, stretch)
    found: list[Line] = []
    looked_at: list[float] = []
    for seed in near:
        start = seed.place - seed.speed * seed.moment
        if any(abs(start - other) < 2 * _SAME_PLACE for other in looked_at):
            continue
        if len(looked_at) == _RIVALS:
            break
        looked_at.append(start)
        line = grow(comparison, seed)
        if line is None or _overlap(comparison, line, stretch):
            continue
        if 1 - _similarity(comparison, line, stretch) <= 1.3 * (1 - least) + 0.01:
            found.append(line)
    return found


def _accounted(comparison: Comparison, lines: Sequence[Line], seed: Seed) -> bool:
    frame = round(seed.moment / comparison.trailer.frame_seconds)
    first, last = max(0, frame - 3), min(comparison.trailer.frames - 1, frame + 3)
    for line in lines:
        if line.first <= frame <= line.last and (
            _of_line(line, seed, _SAME_PLACE) or comparison.along(line, first, last).mean() > _GOOD
        ):
            return True
    return False


def _of_line(line: Line, seed: Seed, seconds: float) -> bool:
    place = line.offset + line.speed * seed.moment
    return line.mirrored == seed.mirrored and abs(place - seed.place) < seconds


def _continues(comparison: Comparison, before: Stretch, after: Stretch) -> bool:
    a, b = before.line, after.line
    if after.first - before.last > _JOINED or (a.mirrored, a.shown) != (b.mirrored, b.shown):
        return False
    ends = np.array([before.first, after.last])
    apart = comparison.positions(a, ends) - comparison.positions(b, ends)
    return bool(np.abs(apart).max() <= _MEETS)


def _similarity(comparison: Comparison, line: Line, stretch: Stretch) -> float:
    return float(comparison.along(line, stretch.first, stretch.last).mean())


def _overlap(comparison: Comparison, line: Line, stretch: Stretch) -> bool:
    ends = np.array([stretch.first, stretch.last])
    ours, theirs = comparison.positions(stretch.line, ends), comparison.positions(line, ends)
    return bool(theirs[0] <= ours[1] and ours[0] <= theirs[1])
