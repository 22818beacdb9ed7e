"""Where a picture is another moment of the set-up before it, and no join was told there. Pure.

A jump changes the picture, or some part of it, far more than the motion before and after does.
"""

import numpy as np

from editing.faults.picture_meter import PictureMeasures
from ingest.media import Floats

SAME_SETUP = 0.68
"""Likeness of the pictures on both sides of a join from which on they are of one set-up."""
_SAME_STRUCTURE, _MOVED_SETUP = 0.65, 0.4
"""Correlation of the whole pictures from which on they are of one set-up too, if their parts are as
alike as the second."""
_STEP, _RATIO, _PEAK = 1.0, 2.5, 2.05
_BLOCK, _LEAST_BLOCK, _LEAST_BLOCK_RATIO = 25.0, 15.0, 1.5
"""A jump changes the picture, or one field of it, so much of 255, so many times the usual, and so
many times what changes just before and after it; and some field by at least so much."""
_STILL_RATIO, _STILL_PEAK = 8.0, 4.0
"""Where next to nothing moves, a field that changes by the least is enough, if it is so many times
the usual and what changes beside it."""


def is_jump(seen: PictureMeasures, at: int) -> bool:
    """Whether frame `at` is another moment of what was before it, rather than the next one."""
    step, block = np.nan_to_num(seen["step_1"]), np.nan_to_num(seen["block"])
    if block[at] < max(_LEAST_BLOCK, _LEAST_BLOCK_RATIO * _usual(block, at)):
        return False
    return (
        _stands_out(step, at, (_STEP, _RATIO, _PEAK))
        or _stands_out(block, at, (_BLOCK, _RATIO, _PEAK))
        or _stands_out(block, at, (_LEAST_BLOCK, _STILL_RATIO, _STILL_PEAK))
    )


def setup_of(seen: PictureMeasures, at: int, *, told: bool) -> tuple[float, float]:
    """How like the set-up of frame `at` is to that before it, and from where on it is the same.

    By parts that may have moved. Where no join was told a camera may have moved too far for them;
    then pictures that are alike as they are, in their whole, are of one set-up too.
    """
    setup = float(np.nan_to_num(seen["setup"][at], nan=-1.0))
    structure = float(np.nan_to_num(seen["structure"][at], nan=-1.0))
    if not told and _MOVED_SETUP <= setup < SAME_SETUP:
        return structure, _SAME_STRUCTURE
    return setup, SAME_SETUP


def _stands_out(values: Floats, at: int, limits: tuple[float, float, float]) -> bool:
    """Whether one value is far above those around, and those just beside it are not."""
    least, ratio, peak = limits
    beside = np.concatenate([values[max(0, at - 3) : at], values[at + 1 : at + 4]])
    change = float(values[at])
    return (
        len(beside) >= 3
        and change >= least
        and change >= ratio * _usual(values, at)
        and change >= peak * float(beside.max(initial=0))
    )


def _usual(values: Floats, at: int, reach: int = 8) -> float:
    around = np.concatenate([values[max(0, at - reach) : at], values[at + 1 : at + 1 + reach]])
    return float(np.median(around)) if len(around) else 0.0
