"""Black bars: which part of the picture is active in each shot.

Told from the small picture (256 pixels wide) a few times a second, so to about half a per cent
of the picture's width.
"""

import numpy as np
from numpy.typing import NDArray

from ingest.media import Floats

BAR_MEASURES = ("bar_top", "bar_bottom", "bar_left", "bar_right")
_BLACK = 24
"""Of 255: an edge row or column whose brightest pixel is no brighter may be a bar."""


def black_edges(grey: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """How far a picture is black from each of its edges: top, bottom, left, right.

    Args:
        grey: `(height, width)`.

    Returns:
        Shares of the height and of the width, in [0, 1); NaN for a picture that is all black.
    """
    rows, columns = grey.max(axis=1) > _BLACK, grey.max(axis=0) > _BLACK
    if not rows.any():
        nothing = float("nan")
        return nothing, nothing, nothing, nothing
    height, width = grey.shape
    return (
        int(rows.argmax()) / height,
        int(rows[::-1].argmax()) / height,
        int(columns.argmax()) / width,
        int(columns[::-1].argmax()) / width,
    )


def shot_bars(edges: Floats) -> Floats:
    """`BAR_MEASURES` of one shot: what is black in every sampled frame of it.

    A bar stays black; a dark corner seldom does for a whole shot, but in a night scene it may.

    Args:
        edges: `(samples, 4)`, of `black_edges`.

    Returns:
        `(4,)`, shares of the height and of the width; 0 for no bar, NaN for a shot in black.
    """
    seen = edges[np.isfinite(edges[:, 0])]
    return seen.min(axis=0) if len(seen) else np.full(len(BAR_MEASURES), np.nan, np.float32)
