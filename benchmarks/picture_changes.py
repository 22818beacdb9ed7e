"""What is done to a 4:2:0 picture to plant a fault, and how much one differs from the next."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.footage_stretches import Yuv

_SEEN_WIDTH, _FIELD = 256, 8
_DIFFERS, _FIELD_DIFFERS = 0.35, 3.0
"""Of 255, at 256 pixels across: what a picture and one of its fields of 8 by 8 change by, at least,
for anybody to see it."""


def resized(picture: Yuv, size: tuple[int, int]) -> Yuv:
    """A 4:2:0 picture at the size of another's array, `(width, height * 3 / 2)`."""
    width, rows = size
    bgr = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
    scaled = cv2.resize(bgr, (width, rows * 2 // 3), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_BGR2YUV_I420), np.uint8)


def gained(picture: Yuv, gain: float) -> Yuv:
    """Brighter or darker by a factor."""
    rows = picture.shape[0] * 2 // 3
    changed = picture.copy()
    luma = 16 + (picture[:rows].astype(np.float32) - 16) * gain
    changed[:rows] = np.clip(luma, 16, 235).astype(np.uint8)
    return changed


def tinted(picture: Yuv, shift: int) -> Yuv:
    """Bluer by so many steps of chroma, and as much less red."""
    rows = picture.shape[0] * 2 // 3
    changed = picture.copy().astype(np.int16)
    half = (picture.shape[0] - rows) // 2
    changed[rows : rows + half] += shift
    changed[rows + half :] -= shift
    return np.asarray(np.clip(changed, 16, 240), np.uint8)


def barred(picture: Yuv, share: float, *, sides: bool) -> Yuv:
    """With black bars, each of a share of the height, or of the width if on the `sides`."""
    rows = picture.shape[0] * 2 // 3
    width = picture.shape[1]
    changed = picture.copy()
    luma = changed[:rows]
    chroma = changed[rows:].reshape(2, rows // 2, width // 2)
    for plane, black in ((luma, 16), (chroma[0], 128), (chroma[1], 128)):
        view = plane.T if sides else plane
        depth = round(len(view) * share)
        view[:depth] = black
        view[len(view) - depth :] = black
    return changed


def motion(pictures: list[Yuv]) -> NDArray[np.float64]:
    """Mean change of each picture since the one before, of 255."""
    found = [0.0]
    found += [change(before, after) for before, after in pairwise(pictures)]
    return np.array(found)


def change(before: Yuv, after: Yuv) -> float:
    """Mean change of one picture to the next, of 255."""
    rows = before.shape[0] * 2 // 3
    return float(cv2.norm(after[:rows], before[:rows], cv2.NORM_L1)) / before[:rows].size


def differs(before: Yuv, after: Yuv) -> bool:
    """Whether one picture can be told from another by eye: in its mean, and somewhere in it.

    Both are made small first, which takes the noise of a camera away.
    """
    rows, width = before.shape[0] * 2 // 3, before.shape[1]
    size = (_SEEN_WIDTH, max(_FIELD, round(rows * _SEEN_WIDTH / width)))
    one, other = (
        cv2.resize(picture[:rows], size, interpolation=cv2.INTER_AREA).astype(np.float32)
        for picture in (before, after)
    )
    change = cv2.absdiff(one, other)
    fields = (size[0] // _FIELD, size[1] // _FIELD)
    most = float(cv2.resize(change, fields, interpolation=cv2.INTER_AREA).max())
    return float(change.mean()) >= _DIFFERS and most >= _FIELD_DIFFERS
