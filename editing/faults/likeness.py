"""How pictures hang together: one set-up seen again, or a motion that jumps ahead.

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
_LEAST_MOTION = 0.25
"""Pixels of 128 across that things have to move in a frame for a jump to be told from noise."""
_LEAST_MOVING, _EVEN = 0.15, 0.35
"""Share of the picture that has to move; and by which share of it the motion may change."""
_FLOW_WIDTH = 128


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


def displacement_ratio(pictures: Sequence[Picture]) -> float:
    """How far things moved between the middle two of four pictures, by the steps around.

    2 is what one missing frame leaves in an even motion. By dense optical flow (DIS; Kroeger and
    others, Fast optical flow using dense inverse search, 2016) of the parts that move.

    Args:
        pictures: Four, grey, in order.

    Returns:
        NaN where too little moves, or the steps around are not of one motion.
    """
    size = (_FLOW_WIDTH, max(16, round(pictures[0].shape[0] * _FLOW_WIDTH / pictures[0].shape[1])))
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    steps = [
        np.asarray(flow.calc(a, b, np.zeros((*a.shape, 2), np.float32)))  # (h, w, 2)
        for a, b in pairwise(small)
    ]
    lengths = [np.hypot(step[..., 0], step[..., 1]) for step in steps]
    moving = lengths[1] > max(2 * _LEAST_MOTION, float(np.quantile(lengths[1], 0.6)))
    if moving.mean() < _LEAST_MOVING:
        return float("nan")
    first, middle, last = (np.median(step[moving], axis=0) for step in steps)
    usual = (first + last) / 2
    length = float(np.hypot(*usual))
    apart = float(np.hypot(*(first - last)))
    if length < _LEAST_MOTION or apart > _EVEN * length:
        return float("nan")
    return float(middle @ usual) / length**2
