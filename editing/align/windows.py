"""Which part of a picture is shown: black bars, and the crops a trailer may show a film in."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from editing.align.pictures import SmallFilm
from editing.align.signatures import Window

ZOOMS = (1.0, 1.12, 1.25)
"""How much larger a trailer may show the film; between these, the comparison bears it."""
_STEP = 0.1
"""Of the picture: how far apart crops of one zoom lie at most."""
_EXACTLY, _AT_LEAST = 0.04, 0.25
"""Shares of the frames that have to have bars of one size, and those or larger black edges: the
edges of a dark scene or a title are neither so steady nor so frequent."""
_GRID = 72
"""Rows that bars are told in."""
_ASPECT_TOLERANCE = 0.03
"""Bars are told so roughly that shapes closer than this are one."""


def active_windows(film: SmallFilm) -> tuple[tuple[Window, ...], NDArray[np.int64]]:
    """The picture without its bars, for each frame; a trailer may change them on the way.

    Returns:
        The windows there are, the first the whole picture; and `(frames,)`, which one each
        frame has: of those that are usual in the film, the smallest that loses no light.
    """
    lit = np.isfinite(film.edges[:, 0])
    across = np.minimum(film.edges[:, 0], film.edges[:, 1])  # bars are alike on both sides
    along = np.minimum(film.edges[:, 2], film.edges[:, 3])
    bars = np.round(np.stack([across, along], axis=1) * _GRID)
    counts = Counter(map(tuple, bars[lit].astype(int).tolist()))
    usual = {
        (high, wide)
        for (high, wide), n in counts.items()
        if n >= _EXACTLY * lit.sum()
        and (lit & (bars >= (high, wide)).all(axis=1)).sum() >= _AT_LEAST * lit.sum()
        and 2 * max(high, wide) < _GRID
    }
    kinds = sorted({(0, 0), *usual}, key=lambda bar: (bar[0] + bar[1], bar))
    which = np.zeros(film.frames, dtype=np.int64)
    for number, (high, wide) in enumerate(kinds):
        which[lit & (bars >= (high, wide)).all(axis=1)] = number
    return tuple(_within(*kind) for kind in kinds), which


def film_window(film: SmallFilm) -> Window:
    """The picture of a whole film without its bars: what is black in nearly every frame."""
    lit = film.edges[np.isfinite(film.edges[:, 0])]
    if not len(lit):
        return Window(0.0, 0.0, 1.0, 1.0)
    edges = np.round(np.quantile(lit, 0.05, axis=0) * _GRID)
    high, wide = int(min(edges[0], edges[1])), int(min(edges[2], edges[3]))
    return _within(high, wide) if 2 * max(high, wide) < _GRID else Window(0.0, 0.0, 1.0, 1.0)


def crops(film: Window, film_aspect: float, shown_aspect: float) -> list[Window]:
    """The crops of a film that a trailer of another shape may show: `ZOOMS`, and places.

    Args:
        film: The film's picture without bars.
        film_aspect: Width by height of the film's whole picture.
        shown_aspect: Width by height of what the trailer shows, without bars.
    """
    aspect = film_aspect * film.width / film.height
    wide, high = min(1.0, shown_aspect / aspect), min(1.0, aspect / shown_aspect)
    wide, high = (1.0 if side > 1 - _ASPECT_TOLERANCE else side for side in (wide, high))
    found = []
    for zoom in ZOOMS:
        width, height = wide / zoom, high / zoom
        for left in _places(1 - width):
            for top in _places(1 - height):
                found.append(
                    Window(
                        film.left + left * film.width,
                        film.top + top * film.height,
                        width * film.width,
                        height * film.height,
                    )
                )
    return found


def _places(room: float) -> NDArray[np.float64]:
    """Offsets over `room`, each in the middle of its part of at most `_STEP`."""
    count = max(1, int(np.ceil(room / _STEP - 1e-9)))
    return (np.arange(count) + 0.5) / count * room


def _within(high: int, wide: int) -> Window:
    top, left = high / _GRID, wide / _GRID
    return Window(left, top, 1 - 2 * left, 1 - 2 * top)
