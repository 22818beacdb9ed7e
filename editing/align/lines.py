"""From a seed to a line: exactly when in the film each frame of a stretch of the trailer is.

A line says `film seconds = offset + speed * trailer seconds`, seen through one crop of the film.
It is fitted to a short run about the seed, then to ever longer ones as long as they agree.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editing.align.pictures import SmallFilm
from editing.align.signatures import COARSE, FINE, Window, level, mirror, shrink
from editing.align.windows import crops
from ingest.media import Floats

UNRELATED = 0.55
"""The correlation at which it is as likely as not that two frames are the same picture."""
_BLOCK = 2048
"""Frames whose signatures are made at a time."""
_AROUND = 0.4
"""Seconds of the film about a seed that are searched first."""
_ALIKE = 0.1
"""Correlation that may be lost over a stretch of film for it to be searched as a whole."""
_FARTHEST = 30.0
"""Seconds of the film, before and after a seed, that are searched at most."""
_SAMPLES = 6
"""Frames that a crop is fitted to."""
_PLACED = 64
"""Frames of a line that are compared when it is placed anew."""
_CHANCE = 0.2
"""A correlation that any two pictures may have; below it, less says no more."""
_IDLE = 3e-4
"""Mean correlation that a change of speed by a frame has to be worth."""
_FINEST = 0.006
"""Of the picture: the least step in the search for a crop."""
_NARROWEST = 0.3
"""Of the picture: the least side of a crop."""
_CHANGES = (
    *((1, 0, 1, 0), (-1, 0, -1, 0), (0, 1, 0, 1), (0, -1, 0, -1)),  # moved
    *((1, 1, -1, -1), (-1, -1, 1, 1)),  # nearer, farther
    *((1, 0, -1, 0), (-1, 0, 1, 0), (0, 1, 0, -1), (0, -1, 0, 1)),  # of another shape
)
"""Ways to move the left, top, right and bottom edge of a crop by a step."""
_CLEARLY = 1.015
"""How many times less of the variance a speed has to leave unexplained to be preferred to 1."""
SPEED_BOUNDS = (0.4, 2.5)
"""Seconds of the film in a second of the trailer."""
_SPEEDS = np.unique(np.append(np.exp(np.arange(np.log(0.4), np.log(2.5), 0.05)), [0.5, 1.0, 2.0]))
"""Speeds at which a line is placed anew: 5 % apart, and the usual ones."""


@dataclass(frozen=True, slots=True)
class Line:
    """The stretch of a trailer from frame `first` to `last`, and where in the film it is."""

    offset: float
    """Seconds into the film at the trailer's start."""
    speed: float
    """Seconds of the film in a second of the trailer."""
    shown: int
    """Which window of the trailer is compared."""
    crop: Window
    """What of the film's picture is seen through it."""
    mirrored: bool
    first: int
    last: int
    """Inclusive."""

    def film_seconds(self, trailer_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """When in the film an instant of the trailer is."""
        return np.asarray(self.offset + self.speed * trailer_seconds, dtype=np.float64)


def evidence(similar: Floats, seen: NDArray[np.bool_]) -> Floats:
    """What correlations say for a line: above 0 for it, below 0 against it.

    `log((1 - u**2) / (1 - z**2))`, by how much the film's frame explains the variance of the
    trailer's better than `UNRELATED` does; below that, a steeper line. A flat frame says little.

    Args:
        similar: `(frames,)`, z, in [-1, 1].
        seen: `(frames,)`, false where the trailer's frame is flat.
    """
    z = np.clip(similar, -0.995, 0.995)
    above = np.log((1 - UNRELATED**2) / (1 - z**2))
    below = 4 * (z - UNRELATED)
    return np.where(seen, np.where(z > UNRELATED, above, below), -0.05).astype(np.float32)


class Comparison:
    """Compares the frames of one trailer with those of one film, as finely as need be."""

    def __init__(
        self, film: SmallFilm, film_window: Window, trailer: SmallFilm, windows: tuple[Window, ...]
    ) -> None:
        self.film, self.film_window = film, film_window
        self.trailer, self.windows = trailer, windows
        self._signatures: dict[tuple[int, bool], Floats] = {}

    def trailer_signatures(self, shown: int, *, mirrored: bool) -> Floats:
        """Of every frame of the trailer, `(frames, cells)`."""
        key = (shown, mirrored)
        if key not in self._signatures:
            if mirrored:
                self._signatures[key] = mirror(self.trailer_signatures(shown, mirrored=False), FINE)
            else:
                window, pictures = self.windows[shown], self.trailer.pictures
                self._signatures[key] = np.concatenate(
                    [
                        level(shrink(np.asarray(pictures[start : start + _BLOCK]), window, FINE))
                        for start in range(0, len(pictures), _BLOCK)
                    ]
                )
        return self._signatures[key]

    def seen(self, shown: int) -> NDArray[np.bool_]:
        """`(frames,)`: which of the trailer's frames are not flat."""
        return np.asarray(self.trailer_signatures(shown, mirrored=False).any(axis=1))

    def positions(self, line: Line, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """At which of the film's frames, with fractions, a line has frames of the trailer."""
        return self.film.frame_at(line.film_seconds(self.trailer.seconds[frames]))

    def along(self, line: Line, first: int, last: int) -> Floats:
        """The correlation of each frame of the trailer with the line's frame of the film.

        0 where the line has left the film.
        """
        frames = np.arange(first, last + 1)
        at = self.positions(line, frames)
        table, start = self._table(line, frames, at, 0)
        return _interpolated(table, at - start)

    def fit_time(self, line: Line, first: int, last: int, drift: float) -> Line:
        """The offset and the speed near those of `line` by which the frames agree best.

        Args:
            line: Where to begin.
            first: Frame of the trailer.
            last: Frame of the trailer, inclusive.
            drift: Frames of the film by which either end may be moved.
        """
        frames = np.arange(first, last + 1)
        at = self.positions(line, frames)
        margin = int(np.ceil(drift)) + 1
        table, start = self._table(line, frames, at, margin)
        steps = np.arange(-drift, drift + 0.01, 0.5)
        share = (frames - first) / max(1, last - first)
        best, chosen = -np.inf, (0.0, 0.0)
        for head in steps:
            moved = head * (1 - share)[None] + steps[:, None] * share[None] + (at - start)[None]
            scores = np.maximum(_interpolated(table, moved), _CHANCE).mean(axis=1)
            scores -= _IDLE * (np.abs(head - steps) + 0.1 * np.abs(head + steps))
            i = int(scores.argmax())
            if scores[i] > best:
                best, chosen = float(scores[i]), (float(head), float(steps[i]))
        return self._moved(line, frames[[0, -1]], chosen)

    def fit_crop(self, line: Line, first: int, last: int, step: float) -> Line:
        """The crop near that of `line` through which the frames agree best: a pattern search.

        Args:
            line: Where to begin.
            first: Frame of the trailer.
            last: Frame of the trailer, inclusive.
            step: Of the picture; the first step, which is halved down to `_FINEST`.
        """
        frames = np.unique(np.linspace(first, last, _SAMPLES).round().astype(np.int64))
        nearest = np.clip(np.round(self.positions(line, frames)), 0, self.film.frames - 1)
        pictures = np.asarray(self.film.pictures[nearest.astype(np.int64)])
        wanted = self.trailer_signatures(line.shown, mirrored=line.mirrored)[frames]

        def score(crop: Window) -> float:
            return float(np.vdot(level(shrink(pictures, crop, FINE)), wanted)) / len(frames)

        best, crop = score(line.crop), line.crop
        while step > _FINEST:
            before = best
            for change in _CHANGES:
                tried = _changed(crop, change, step)
                found = score(tried) if tried is not None else -1.0
                if found > best + 1e-4:
                    best, crop = found, tried or crop
            if best <= before:
                step /= 2
        return replace(line, crop=crop)

    def moved(self, line: Line, first: int, last: int, seconds: float) -> Floats:
        """The mean correlation of frames of the trailer with a line moved along the film.

        Returns:
            `(2 * moves + 1,)`, moved by a frame of the film from one to the next, `seconds` both
            ways; the middle is the line itself.
        """
        frames = np.arange(first, last + 1)
        count = int(np.ceil(seconds / self.film.frame_seconds))
        at = np.round(self.positions(line, frames)).astype(np.int64)
        wanted = self.trailer_signatures(line.shown, mirrored=line.mirrored)[frames]
        span = int(at.min()) - count, int(at.max()) + count
        table, low = self._products(wanted, span, line.crop, FINE)
        columns = (at - low)[:, None] + np.arange(-count, count + 1)
        scores = np.take_along_axis(table, columns, axis=1).mean(axis=0)
        return np.asarray(scores, dtype=np.float32)

    def first_crop(self, shown: int) -> list[Window]:
        """The crops that the trailer's window may be."""
        window = self.windows[shown]
        shape = self.trailer.aspect * window.width / window.height
        return crops(self.film_window, self.film.aspect, shape)

    def best_place(
        self, line: Line, frames: NDArray[np.int64], crop: Window
    ) -> tuple[float, float]:
        """How far to move a line along the film, in seconds, for a crop; and the mean correlation.

        A rough comparison, of `COARSE` cells, within `_AROUND` of the line.
        """
        step = self.film.frame_seconds
        count = int(np.ceil(_AROUND / step))
        pictures = np.asarray(self.trailer.pictures[frames])
        plain = level(shrink(pictures, self.windows[line.shown], COARSE))
        wanted = mirror(plain, COARSE) if line.mirrored else plain
        at = np.round(self.positions(line, frames)).astype(np.int64)
        table, low = self._products(wanted, (int(at.min()) - count, int(at.max()) + count), crop)
        moves = np.arange(-count, count + 1)
        columns = (at - low)[:, None] + moves[None]
        scores = np.take_along_axis(table, columns, axis=1).mean(axis=0)
        i = int(np.argmax(scores))
        return float(moves[i] * step), float(scores[i])

    def fit_place(self, line: Line) -> Line:
        """The best of all places and speeds as far as the film looks alike about a line.

        In a shot that hardly moves many lines agree nearly as well as the right one, and none of
        them lies next to it. A speed of 1 is kept if no other is better by `_CLEARLY`.
        """
        length = line.last - line.first + 1
        frames = np.unique(
            np.linspace(line.first, line.last, min(length, _PLACED)).round().astype(np.int64)
        )
        wanted = self.trailer_signatures(line.shown, mirrored=line.mirrored)[frames]
        low, high = self.alike(line)
        table, low = self._products(wanted, (low, high), line.crop, FINE)
        seconds = self.trailer.seconds[frames] - self.trailer.seconds[frames[0]]
        steps = seconds / self.film.frame_seconds  # frames of the film at speed 1
        best: dict[float, tuple[float, int]] = {}
        for speed in _SPEEDS:
            room = table.shape[1] - 1 - int(np.ceil(speed * steps[-1]))
            if room < 0:
                continue
            columns = np.round(speed * steps).astype(np.int64)[:, None] + np.arange(room + 1)
            scores = np.take_along_axis(table, columns, axis=1).mean(axis=0)
            i = int(scores.argmax())
            best[float(speed)] = (float(scores[i]), i)
        if not best:
            return line
        chosen = max(best, key=lambda speed: best[speed][0])
        if 1.0 in best and 1 - best[1.0][0] <= _CLEARLY * (1 - best[chosen][0]) + 0.0005:
            chosen = 1.0
        start = self.film.seconds_at(low + best[chosen][1])
        begins = float(self.trailer.seconds[frames[0]])
        return replace(line, speed=chosen, offset=start - chosen * begins)

    def alike(self, line: Line) -> tuple[int, int]:
        """First and last frame of the film as far as it looks like what a line has of it."""
        frames = np.unique(np.linspace(line.first, line.last, 8).round().astype(np.int64))
        some = self.trailer_signatures(line.shown, mirrored=line.mirrored)[frames]
        at = self.positions(line, frames)
        step = round(_AROUND / self.film.frame_seconds)
        low, high = int(at.min()) - step, int(at.max()) + step
        farthest = round(_FARTHEST / self.film.frame_seconds)
        best = float(self._products(some, (low, high), line.crop, FINE)[0].max())
        bounds = (max(0, low - farthest), min(self.film.frames - 1, high + farthest))

        def like(frame: int) -> bool:
            table, _ = self._products(some, (frame, frame), line.crop, FINE)
            return float(table.max()) >= best - _ALIKE

        while low > bounds[0] and like(low):
            low -= step
        while high < bounds[1] and like(high):
            high += step
        return low, high

    def _products(
        self,
        wanted: Floats,
        span: tuple[int, int],
        crop: Window,
        cells: tuple[int, int] = COARSE,
    ) -> tuple[Floats, int]:
        """Correlations of signatures with the film's frames from `span[0]` to `span[1]`.

        Returns:
            `(signatures, film frames)`, 0 outside the film; and the first of these film frames.
        """
        low, high = span
        inside = np.arange(max(0, low), min(self.film.frames - 1, high) + 1)
        table = np.zeros((len(wanted), high - low + 1), np.float32)
        if len(inside):
            looked = level(shrink(np.asarray(self.film.pictures[inside]), crop, cells))
            table[:, inside - low] = wanted @ looked.T
        return table, low

    def _table(
        self, line: Line, frames: NDArray[np.int64], at: NDArray[np.float64], margin: int
    ) -> tuple[Floats, int]:
        """Correlations of frames of the trailer with all of the film's about a line.

        Returns:
            `(frames, film frames)`, 0 outside the film; and the first of these film frames.
        """
        span = int(np.floor(at.min())) - margin, int(np.ceil(at.max())) + margin + 1
        wanted = self.trailer_signatures(line.shown, mirrored=line.mirrored)[frames]
        return self._products(wanted, span, line.crop, FINE)

    def _moved(self, line: Line, ends: NDArray[np.int64], by: tuple[float, float]) -> Line:
        """A line through its ends moved by frames of the film."""
        seconds = self.trailer.seconds[ends]
        film = line.film_seconds(seconds) + np.array(by) * self.film.frame_seconds
        apart = float(seconds[1] - seconds[0])
        speed = float(film[1] - film[0]) / apart if apart else line.speed
        speed = float(np.clip(speed, *SPEED_BOUNDS))
        middle = (float(film.mean()), float(seconds.mean()))
        return replace(line, speed=speed, offset=middle[0] - speed * middle[1])


def _interpolated(table: Floats, at: NDArray[np.float64]) -> Floats:
    """`table[row, at]` between columns; `at` is `(..., rows)`."""
    at = np.clip(at, 0, table.shape[1] - 1)
    low = np.minimum(at.astype(np.int64), max(0, table.shape[1] - 2))
    part = (at - low).astype(np.float32)
    rows = np.arange(table.shape[0])
    high = np.minimum(low + 1, table.shape[1] - 1)
    return np.asarray(table[rows, low] * (1 - part) + table[rows, high] * part, dtype=np.float32)


def _changed(crop: Window, change: tuple[int, int, int, int], step: float) -> Window | None:
    """A crop with its edges moved; None where the picture has no room for it."""
    left, top, right, bottom = (step * by for by in change)
    x0, y0 = max(0.0, crop.left + left), max(0.0, crop.top + top)
    x1, y1 = min(1.0, crop.right + right), min(1.0, crop.bottom + bottom)
    changed = Window(x0, y0, x1 - x0, y1 - y0)
    room = changed.width > _NARROWEST and changed.height > _NARROWEST
    return changed if room and changed != crop else None
