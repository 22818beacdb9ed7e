"""Growing a line from its seed: as far over the trailer as the film goes along."""

from dataclasses import replace

import numpy as np

from editing.align.lines import SPEED_BOUNDS, Comparison, Line, evidence
from editing.align.seeds import Seed
from ingest.media import Floats

ROUND_SPEEDS = (1.0, 0.5, 2.0, 0.75, 1.5, 0.8, 1.25, 24 / 25, 25 / 24)
"""What an editor is likely to have set; taken where no frame contradicts it."""
_HALF = 0.25
"""Seconds of the trailer before and after a seed that the first fit is made to."""
_WORTH = 0.6
"""Mean correlation of a first fit below which a seed comes to nothing."""
_HOPELESS = 0.4
"""The same before its time is fitted."""
_LONGEST = 120.0
"""Seconds of the trailer that one line may hold on either side of its seed."""
_ROOM = 1.0
"""Seconds of the film over which a line has to have room for other places to be tried."""
_PLACES = 7
"""Places that are tried."""
_SLACK = 1.5
"""Frames of the film by which the ends of a line may be off when its speed is rounded."""


def grow(comparison: Comparison, seed: Seed) -> Line | None:
    """The line that a seed belongs to, with the stretch of the trailer that it holds for.

    Returns:
        None if a closer look at the seed finds nothing.
    """
    found = _first_fit(comparison, seed)
    if found is None:
        return None
    line = _spread(comparison, found)
    for _ in range(2):  # a crop that was fitted at a wrong place may have held the line there
        line = comparison.fit_place(line)
        line = comparison.fit_time(line, line.first, line.last, 2.5)
        line = comparison.fit_crop(line, line.first, line.last, 0.02)
    line = _spread(comparison, line)
    line = comparison.fit_time(line, line.first, line.last, 1.5)
    return round_speed(comparison, line)


def _spread(comparison: Comparison, line: Line) -> Line:
    """A line held for as long as the film goes along with it."""
    middle = (line.first + line.last) // 2
    seen = comparison.seen(line.shown)
    longest = round(_LONGEST / comparison.trailer.frame_seconds)
    fitted = line.last - line.first + 1
    while True:
        length = line.last - line.first + 1
        first = max(0, line.first - length // 2 - 2, middle - longest)
        last = min(len(seen) - 1, line.last + length // 2 + 2, middle + longest)
        line = comparison.fit_time(line, first, last, 2.0)
        if length >= 2 * fitted:
            line, fitted = comparison.fit_crop(line, line.first, line.last, 0.02), length
        said = evidence(comparison.along(line, first, last), seen[first : last + 1])
        grown = _widest(said, middle - first)
        line = replace(line, first=first + grown[0], last=first + grown[1])
        if line.last - line.first + 1 <= length * 1.1:
            return line


def settle(comparison: Comparison, line: Line) -> Line:
    """The line at the best place of a shot that hardly moves, each tried with a crop of its own.

    Where the camera creeps, a wrong crop makes up for a wrong place, so that neither can be found
    without the other. A line whose shot moves is left as it is.
    """
    low, high = comparison.alike(line)
    ends = comparison.positions(line, np.array([line.first, line.last]))
    step = comparison.film.frame_seconds
    if high - low - float(ends[1] - ends[0]) < _ROOM / step:
        return line
    tried = [line]
    begins, ceases = comparison.trailer.seconds[[line.first, line.last]]
    for speed in dict.fromkeys((1.0, line.speed)):
        last = comparison.film.seconds_at(high) - speed * float(ceases - begins)
        for start in np.linspace(comparison.film.seconds_at(low), last, _PLACES):
            placed = replace(line, speed=speed, offset=float(start) - speed * float(begins))
            placed = comparison.fit_crop(placed, line.first, line.last, 0.03)
            tried.append(comparison.fit_time(placed, line.first, line.last, 2.5))
    best = max(tried, key=lambda one: float(comparison.along(one, one.first, one.last).mean()))
    best = comparison.fit_place(best)
    best = comparison.fit_crop(best, line.first, line.last, 0.02)
    best = comparison.fit_time(best, line.first, line.last, 2.5)
    before, after = (
        float(comparison.along(one, line.first, line.last).mean()) for one in (line, best)
    )
    return round_speed(comparison, best) if after > before else line


def round_speed(comparison: Comparison, line: Line) -> Line:
    """The line at a speed that an editor would set, if the frames agree as well as before."""
    frames = np.arange(line.first, line.last + 1)
    before = float(comparison.along(line, line.first, line.last).mean())
    lasts = comparison.trailer.seconds[line.last + 1] - comparison.trailer.seconds[line.first]
    for speed in ROUND_SPEEDS:
        drift = abs(speed - line.speed) * lasts / 2 / comparison.film.frame_seconds
        if drift > (_SLACK if speed == 1 else _SLACK / 2):
            continue
        middle = float(comparison.trailer.seconds[frames].mean())
        offset = line.offset + (line.speed - speed) * middle
        tried = [
            replace(line, speed=speed, offset=offset + step * comparison.film.frame_seconds)
            for step in np.arange(-1.5, 1.51, 0.25)
        ]
        scores = [float(comparison.along(one, line.first, line.last).mean()) for one in tried]
        i = int(np.argmax(scores))
        bearable = 1.1 if speed == 1 else 1.03
        if 1 - scores[i] <= bearable * (1 - before) + 0.001:
            return tried[i]
    return line


def _first_fit(comparison: Comparison, seed: Seed) -> Line | None:
    """A line over a short run about a seed; None as soon as it is plain that there is none."""
    step = comparison.trailer.frame_seconds
    middle, half = round(seed.moment / step), max(3, round(_HALF / step))
    first, last = max(0, middle - half), min(comparison.trailer.frames - 1, middle + half)
    frames = np.arange(first, last + 1)
    speed = float(np.clip(seed.speed, *SPEED_BOUNDS))
    crops = comparison.first_crop(seed.shown)
    line = Line(
        seed.place - speed * seed.moment, speed, seed.shown, crops[0], seed.mirrored, first, last
    )
    places = [comparison.best_place(line, frames[::2], crop) for crop in crops]
    best = int(np.argmax([score for _, score in places]))
    line = replace(line, crop=crops[best], offset=line.offset + places[best][0])
    line = comparison.fit_crop(line, first, last, 0.05)
    if comparison.along(line, first, last).mean() < _HOPELESS:
        return None
    line = comparison.fit_time(line, first, last, 3.0)
    line = comparison.fit_crop(line, first, last, 0.03)
    line = comparison.fit_time(line, first, last, 2.0)
    return line if comparison.along(line, first, last).mean() >= _WORTH else None


def _widest(said: Floats, middle: int) -> tuple[int, int]:
    """The range about `middle`, ends inclusive, whose evidence adds up to most."""
    before = np.cumsum(said[: middle + 1][::-1])
    after = np.cumsum(said[middle:])
    return middle - int(np.argmax(before)), middle + int(np.argmax(after))
