"""How pictures hang together: one set-up seen again, or a fade.

Looked at only where a change stands out. Pure.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_COLUMNS, _ROWS = 5, 3
"""Parts of the picture that are looked for in the other one."""
_REACH = 0.08
"""How far a part may have moved, as a share of the picture's width."""
_FLAT = 4.0
"""Standard deviation, of 255, below which a part shows nothing that could be found again."""
_LEAST_PARTS = 4
_SHIFTED = 0.5
"""Share of a change from which on it is a shift of the whole picture."""


def setup_likeness(before: Picture, after: Picture) -> float:
    """How like two pictures are, part by part, if each part may have moved a little; -1 to 1.

    The median of the best normalised correlation of each part of the earlier picture within its
    neighbourhood in the later one: high for one set-up at two moments, whatever moved in it.

    Args:
        before: `(height, width)` grey.
        after: The same size.

    Returns:
        NaN if there are too few parts with anything in them.
    """
    height, width = before.shape
    high, wide, reach = height // (_ROWS + 1), width // (_COLUMNS + 1), round(_REACH * width)
    found: list[float] = []
    for y in np.linspace(0, height - high, _ROWS).astype(int):
        for x in np.linspace(0, width - wide, _COLUMNS).astype(int):
            part = before[y : y + high, x : x + wide]
            if part.std() < _FLAT:
                continue
            top, left = max(0, y - reach), max(0, x - reach)
            around = after[top : y + high + reach, left : x + wide + reach]
            if around.std() < _FLAT:
                found.append(0.0)
                continue
            found.append(float(cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED).max()))
    return float(np.median(found)) if len(found) >= _LEAST_PARTS else float("nan")


def steadiness(pictures: Sequence[Picture]) -> float:
    """How like the last change of four pictures is to the first, if they do not move; -1 to 1.

    A fade or dissolve adds the same to each picture, so its changes are alike: the correlation of
    the two differences. What moves changes other places each time, but for a smooth picture that
    moves slowly; so a change that one shift of the whole picture explains (least squares on its
    gradient; Lucas and Kanade, An iterative image registration technique, 1981) counts as none.

    Args:
        pictures: Four, grey, in order.

    Returns:
        NaN where nothing changes.
    """
    first, _, last = (b.astype(np.float64) - a for a, b in pairwise(pictures))
    product = float(np.sqrt((first**2).sum() * (last**2).sum()))
    if product == 0:
        return float("nan")
    if _shifted_share(pictures[2].astype(np.float64), last) > _SHIFTED:
        return 0.0
    return float((first * last).sum()) / product


def _shifted_share(before: NDArray[np.float64], change: NDArray[np.float64]) -> float:
    """The share of a change that one shift of the whole picture explains, 0 to 1."""
    down, right = np.gradient(before)
    slopes = np.stack([down.ravel(), right.ravel()], axis=1)  # (pixels, 2)
    shift, *_ = np.linalg.lstsq(slopes.T @ slopes, slopes.T @ change.ravel(), rcond=None)
    left = change.ravel() - slopes @ shift
    return 1 - float((left**2).sum()) / float((change**2).sum())
