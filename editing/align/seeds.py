"""Where in a film a moment of a trailer may be from: every place in the film is looked at.

For each moment, a run of the trailer's signatures is laid over the film's at each place, speed
and crop; what fits best is a seed. With T sampled frames of a trailer, F of a film, C crops and
144 cells this is `2 T F C 144` multiplications; memory is bounded by the block of film.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.align.pictures import SmallFilm
from editing.align.signatures import COARSE, Window, level, mirror, shrink
from editing.align.windows import crops
from ingest.media import Floats

FILM_STEP = 1 / 8
"""Seconds from one sample of the film to the next."""
TRAILER_STEP = 1 / 12
"""Seconds from one sample of the trailer to the next."""
SPEEDS = (0.5, 0.71, 1.0, 1.41, 2.0)
REACH = 3
"""Samples of the trailer before and after a moment that are laid over the film with it."""
BEST = 5
"""Seeds kept of each moment."""
_LEAST = 0.42
"""Mean correlation of a run that is worth a closer look."""
_APART = 4
"""Samples of the film between two seeds of one moment."""
_BLOCK = 1024
"""Samples of the film that are compared at a time."""


@dataclass(frozen=True, slots=True, order=True)
class Seed:
    """A moment of the trailer and a place in the film where it may be from."""

    score: float
    """Mean correlation of the run, -1 to 1."""
    moment: float
    """Seconds into the trailer."""
    place: float
    """Seconds into the film."""
    speed: float
    mirrored: bool
    shown: int
    """Which of the trailer's windows was compared."""


def find_seeds(
    film: SmallFilm,
    film_window: Window,
    trailer: SmallFilm,
    windows: tuple[tuple[Window, ...], NDArray[np.int64]],
    *,
    on_progress: Callable[[float], None] = lambda done: None,
) -> list[Seed]:
    """The likeliest places of every moment of a trailer, the likeliest first.

    Args:
        film: Where from.
        film_window: Its picture without bars.
        trailer: What for.
        windows: The trailer's pictures without bars, and which one each frame has.
        on_progress: Called with the share that is done, 0 to 1.
    """
    moments, places = _samples(trailer, TRAILER_STEP), _samples(film, FILM_STEP)
    ratio = _spacing(trailer, moments) / _spacing(film, places)
    reach = int(np.ceil(REACH * max(SPEEDS) * ratio)) + _APART + 1
    readings = _readings(film, film_window, trailer, moments, windows)
    best = _Best(len(moments))
    for start in range(0, len(places), _BLOCK):
        first = max(0, start - reach)
        block = places[first : start + _BLOCK + reach]
        pictures = np.asarray(film.pictures[block])
        for reading in readings:
            similar = np.zeros((2, len(moments), len(block)), np.float32)
            for window in reading.crops:
                looked = level(shrink(pictures, window, COARSE)).T
                for turned in (0, 1):
                    found = reading.signatures[turned] @ looked
                    similar[turned][reading.rows] = np.maximum(similar[turned][reading.rows], found)
            for turned in (0, 1):
                for speed in SPEEDS:
                    runs = _run_scores(similar[turned], speed * ratio)
                    best.offer(runs, first, start, (speed, bool(turned), reading.shown))
        on_progress(min(1.0, (start + _BLOCK) / len(places)))
    return sorted(best.seeds(trailer.seconds[moments], film.seconds[places]), reverse=True)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Some moments of a trailer, seen through one of its windows."""

    shown: int
    rows: NDArray[np.int64]
    """Which moments."""
    signatures: tuple[Floats, Floats]
    """As they are and mirrored, each `(rows, cells)`."""
    crops: list[Window]
    """What of the film they may be."""


def _readings(
    film: SmallFilm,
    film_window: Window,
    trailer: SmallFilm,
    moments: NDArray[np.int64],
    windows: tuple[tuple[Window, ...], NDArray[np.int64]],
) -> list[_Reading]:
    """Each moment through its own window, and all through the whole picture.

    What looks like bars may be in the film itself.
    """
    readings = []
    for number, window in enumerate(windows[0]):
        rows = np.flatnonzero((windows[1][moments] == number) | (number == 0))
        if len(rows):
            pictures = np.asarray(trailer.pictures[moments[rows]])
            plain = level(shrink(pictures, window, COARSE))
            shape = trailer.aspect * window.width / window.height
            found = crops(film_window, film.aspect, shape)
            readings.append(_Reading(number, rows, (plain, mirror(plain, COARSE)), found))
    return readings


def _samples(film: SmallFilm, step: float) -> NDArray[np.int64]:
    """Frames about `step` seconds apart, at one step throughout."""
    stride = max(1, round(step / film.frame_seconds))
    return np.arange(0, film.frames, stride)


def _spacing(film: SmallFilm, samples: NDArray[np.int64]) -> float:
    """Seconds from one sample to the next."""
    stride = int(samples[1] - samples[0]) if len(samples) > 1 else 1
    return stride * film.frame_seconds


def _run_scores(similar: Floats, slope: float) -> Floats:
    """The mean of `similar` along runs of a slope, centred on each cell.

    What of a run lies outside counts 0, so one at the very edge is worth less.
    """
    total = np.zeros_like(similar)
    rows, columns = similar.shape
    for step in range(-REACH, REACH + 1):
        shift = round(step * slope)
        r0, r1 = max(0, -step), min(rows, rows - step)
        c0, c1 = max(0, -shift), min(columns, columns - shift)
        if r0 < r1 and c0 < c1:
            total[r0:r1, c0:c1] += similar[r0 + step : r1 + step, c0 + shift : c1 + shift]
    return total / np.float32(2 * REACH + 1)


_How = tuple[float, bool, int]
"""Speed, whether mirrored, and which window."""


class _Best:
    """The best seeds of every moment so far."""

    def __init__(self, moments: int) -> None:
        self._kept: list[list[tuple[float, int, _How]]] = [[] for _ in range(moments)]
        """Score, sample of the film and how, of each moment, the best first."""

    def offer(self, runs: Floats, first: int, start: int, how: _How) -> None:
        """Take the peaks along the film of a block whose column 0 is film sample `first`.

        Only columns from sample `start` to `start + _BLOCK` are this block's own.
        """
        peaks = runs >= _LEAST
        for step in range(1, _APART + 1):
            peaks[:, step:] &= runs[:, step:] >= runs[:, :-step]
            peaks[:, :-step] &= runs[:, :-step] > runs[:, step:]
        peaks[:, : start - first] = False
        peaks[:, start - first + _BLOCK :] = False
        rows, columns = np.nonzero(peaks)
        for row, column, score in zip(rows, columns, runs[rows, columns], strict=True):
            self._keep(self._kept[row], float(score), int(column) + first, how)

    @staticmethod
    def _keep(kept: list[tuple[float, int, _How]], score: float, place: int, how: _How) -> None:
        """Add a seed, unless one of the same moment and place is as good."""
        near = [k for k in kept if abs(k[1] - place) <= _APART and k[2][1:] == how[1:]]
        if any(k[0] >= score for k in near):
            return
        for other in near:
            kept.remove(other)
        kept.append((score, place, how))
        kept.sort(key=lambda one: -one[0])
        del kept[BEST:]

    def seeds(self, moments: NDArray[np.float64], places: NDArray[np.float64]) -> list[Seed]:
        """All that were kept; `moments` and `places` are the seconds of the samples."""
        return [
            Seed(score, float(moments[row]), float(places[place]), *how)
            for row, kept in enumerate(self._kept)
            for score, place, how in kept
        ]
