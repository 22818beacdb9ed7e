"""What changes in a picture besides letters that come or go: a title is no jump. Pure."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_Fields = NDArray[np.float32]

_FIELD, _STROKE = 8, 5
"""Pixels of 256 across: of a field, and within which a letter has both its white and its edge."""
_RISE, _CONTRAST = 40.0, 80.0
"""Of 255: letters raise the contrast within a stroke, in the mean of a field, by so much and to so
much at least. Whoever moves takes as much away elsewhere."""
_LEAST, _FILLED, _HIGHEST = 2, 0.5, 0.4
"""Fields of a text; the share of the box around it that they fill, and of the picture's height that
it may take."""


def besides_letters(before: Picture, after: Picture) -> float:
    """How much the field that changed most did, of those beside letters that came or went.

    Args:
        before: `(height, width)` grey, 256 pixels wide.
        after: The same size.

    Returns:
        Mean absolute difference of a field of 8 by 8, 0 to 255; NaN where no letters were seen.
    """
    height, width = before.shape
    size = (max(1, width // _FIELD), max(1, height // _FIELD))
    old, new = (_in_fields(_contrast(picture), size) for picture in (before, after))
    came = (new - old >= _RISE) & (new >= _CONTRAST)
    went = (old - new >= _RISE) & (old >= _CONTRAST)
    letters, others = (came, went) if came.sum() > went.sum() else (went, came)
    if others.any() or not _is_text(letters):
        return float("nan")
    change = _in_fields(cv2.absdiff(after, before).astype(np.float32), size)
    reach = cv2.dilate(letters.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return float(change[~reach].max(initial=0.0))


def _is_text(letters: NDArray[np.bool_]) -> bool:
    """Whether fields lie together in a box that is wider than it is high."""
    if letters.sum() < _LEAST:
        return False
    rows, columns = np.nonzero(letters)
    high, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    filled = float(letters.sum()) >= _FILLED * high * wide
    return filled and wide > high and high <= _HIGHEST * len(letters)


def _contrast(picture: Picture) -> _Fields:
    """The brightest less the darkest of the pixels around each."""
    around = np.ones((_STROKE, _STROKE), np.uint8)
    return np.asarray(cv2.dilate(picture, around).astype(np.float32) - cv2.erode(picture, around))


def _in_fields(values: _Fields, size: tuple[int, int]) -> _Fields:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
