"""How much further things moved at once than just before and after: frames are missing. Pure."""

from collections.abc import Sequence

import numpy as np

from editing.faults.tracked_motion import Picture, TrackedMotion

BESIDE = (4, 2)
"""Pictures looked at before the one that stands out, and after it."""
_STEP, _POINTS = 0.5, 8
"""Pixels of 256 across that points move at once, and how many have to."""
NEAREST, _FARTHEST = 1.6, 6.5
"""How many times as far as beside that is: with less the motion is uneven, with more it is another
one."""
_EVEN = 0.5
"""By how much of the greater the steps just before and after may differ, and the two before."""


def displacement_ratio(pictures: Sequence[Picture]) -> float:
    """How far things moved from the fourth of seven pictures to the fifth, by the steps beside.

    2 is what one missing frame leaves in an even motion.

    Args:
        pictures: Seven, grey, 256 pixels wide, in order.

    Returns:
        NaN where too little moves, or the steps beside are not of one motion.
    """
    home = BESIDE[0] - 1
    motion = TrackedMotion.of(pictures, home)
    if motion is None:
        return float("nan")
    middles = dict[int, float]()
    for at in (home, home + 2, home - 1, home - 2, home + 3):
        shares = motion.shares(at, least=_STEP)
        if len(shares) >= _POINTS:
            middles[at] = float(np.median(shares))
        if at in (home, home + 2) and not 1 / _FARTHEST <= middles.get(at, 0.0) <= 1 / NEAREST:
            return float("nan")
    last, then, earlier = middles[home], middles[home + 2], middles.get(home - 1)
    if earlier is None or not (_alike(last, then) and _alike(last, earlier)):
        return float("nan")
    before = float(np.median([last, earlier, middles.get(home - 2, last)]))
    after = float(np.median([then, middles.get(home + 3, then)]))
    if not all(1 / _FARTHEST <= share <= 1 / NEAREST for share in (before, after)):
        return float("nan")
    return 2 / (before + after)


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= _EVEN * max(one, other)
