"""Where the eye goes in a picture: faces, what moves, and what stands out from around it.

Contrast is the difference of a place from its surroundings at a coarser scale (the intensity
channel of Itti, Koch and Niebur, A model of saliency-based visual attention, 1998); motion is the
change from the picture before, above what all of the picture changes by. Faces outweigh both.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Axis = int
"""0 for the height, 1 for the width."""

CELLS = 96
"""Rows or columns that a picture is brought to."""
_MOTION, _CONTRAST, _FACES = 3.0, 1.0, 6.0
"""How much each kind weighs."""


def salience(pictures: Sequence[NDArray[np.uint8]], faces: Sequence[Doubles], axis: int) -> Doubles:
    """How much of each picture's salience lies in each row or column, `(pictures, CELLS)`.

    Each picture's sums to 1; that of an even one is even.

    Args:
        pictures: `(height, width)` of brightness, in order, of one shot; all of one size.
        faces: Of each, `(n, 4)`: left, top, right, bottom, as shares of the picture.
        axis: 1 to tell columns, 0 rows.
    """
    small = [
        cv2.resize(picture, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
        for picture in pictures
    ]
    found = []
    for number, picture in enumerate(small):
        before = small[number - 1] if number else small[min(1, len(small) - 1)]
        total = _CONTRAST * _standing_out(picture) + _MOTION * _moving(picture, before)
        profile = total.mean(axis=1 - axis)
        profile = profile / profile.sum() if profile.sum() > 1e-9 else np.full(CELLS, 1 / CELLS)
        profile = profile + _FACES * _faces(faces[number], axis)
        found.append(profile / profile.sum())
    return np.array(found)


def _standing_out(picture: Doubles) -> Doubles:
    around = cv2.GaussianBlur(picture, (0, 0), CELLS / 8)
    near = cv2.GaussianBlur(picture, (0, 0), 1)
    difference: Doubles = np.abs(near - around)
    return np.where(difference > 0.02, difference, 0.0)  # noise of the codec is no contrast


def _moving(picture: Doubles, before: Doubles) -> Doubles:
    change = np.abs(picture - before)
    above: Doubles = np.maximum(0.0, change - np.median(change) - 0.02)
    return above


def _faces(boxes: Doubles, axis: int) -> Doubles:
    """`(CELLS,)`, sums to 1 if there are faces: larger ones count more."""
    profile = np.zeros(CELLS)
    for box in boxes:
        first, last = box[1 - axis], box[3 - axis]
        a, b = int(np.clip(first * CELLS, 0, CELLS - 1)), int(np.clip(last * CELLS, 1, CELLS))
        profile[a : max(b, a + 1)] += box[3] - box[1]
    total = profile.sum()
    result: Doubles = profile / total if total else profile
    return result
