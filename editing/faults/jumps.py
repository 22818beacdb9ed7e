"""Where a picture is another moment of the set-up before it, and no join was told there. Pure.

A jump changes the picture, or some part of it, far more than the motion before and after does.
"""

from typing import NamedTuple

import numpy as np

from editing.faults.features import AGREEING
from editing.faults.picture_meter import PictureMeasures
from ingest.media import Floats

SAME_SETUP = 0.68
"""Likeness of the pictures on both sides of a join from which on they are of one set-up."""
_SURE_SETUP = 0.8
"""Where features of the pictures are there and none agree, their parts have to be so much alike:
skies and meadows are like each other."""
_SAME_STRUCTURE, _MOVED_SETUP = 0.65, 0.4
"""Correlation of the whole pictures from which on they are of one set-up too, if their parts are as
alike as the second."""
_STEP, _RATIO, _PEAK = 1.0, 2.5, 2.05
_BLOCK, _LEAST_BLOCK, _LEAST_BLOCK_RATIO = 25.0, 15.0, 1.5
"""A jump changes the picture, or one field of it, so much of 255, so many times the usual, and so
many times what changes just before and after it; and some field by at least so much."""
_BESIDE_LETTERS = 2.0
"""Where letters come or go, some field beside them changes by so many times the usual as well."""
_STILL_RATIO, _STILL_PEAK = 8.0, 4.0
"""Where next to nothing moves, a field that changes by the least is enough, if it is so many times
the usual and what changes beside it."""


class SameSetup(NamedTuple):
    """How sure it is that a picture is of the set-up of the one before."""

    value: float
    threshold: float
    """From which value on it is."""
    unit: str


def is_jump(seen: PictureMeasures, at: int) -> bool:
    """Whether frame `at` is another moment of what was before it, rather than the next one."""
    step, block = np.nan_to_num(seen["step_1"]), np.nan_to_num(seen["block"])
    usual, besides = _usual(block, at), float(seen["besides"][at])
    if besides < max(_LEAST_BLOCK, _BESIDE_LETTERS * usual):
        return False  # a title or caption came or went, and the rest goes on
    if block[at] < max(_LEAST_BLOCK, _LEAST_BLOCK_RATIO * usual):
        return False
    return (
        _stands_out(step, at, (_STEP, _RATIO, _PEAK))
        or _stands_out(block, at, (_BLOCK, _RATIO, _PEAK))
        or _stands_out(block, at, (_LEAST_BLOCK, _STILL_RATIO, _STILL_PEAK))
    )


def setup_of(seen: PictureMeasures, at: int, *, told: bool) -> SameSetup:
    """How like the set-up of frame `at` is to that before it, and from where on it is the same.

    By parts that may have moved a little, and by features that agree on one move of the camera.
    Where no join was told, pictures that are alike as they are, in their whole, are of one set-up
    too.
    """
    setup = float(np.nan_to_num(seen["setup"][at], nan=-1.0))
    structure = float(np.nan_to_num(seen["structure"][at], nan=-1.0))
    agreeing = float(seen["agreeing"][at])
    if agreeing >= AGREEING and setup < SAME_SETUP:
        return SameSetup(agreeing, AGREEING, "features that agree")
    if not told and _MOVED_SETUP <= setup < SAME_SETUP:
        return SameSetup(structure, _SAME_STRUCTURE, "likeness")
    sure = _SURE_SETUP if told and agreeing < AGREEING else SAME_SETUP
    return SameSetup(setup, sure, "likeness")


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
