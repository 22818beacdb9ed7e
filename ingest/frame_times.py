"""Frame times that increase: what a decoder gives in the order of display, put right if need be.

Frames come in the order in which they are shown, whatever a container says of their times; so the
n-th frame has the n-th time. No I/O.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RESTART_SECONDS = 2
"""A time that lies so far before an earlier one is of a clock that was set back."""

OUT_OF_ORDER = "its frames' times are out of order and were sorted"
RESTARTED = "its clock is set back on the way; the frames go on at the frame rate"
REPEATED = "frames whose times do not increase"


def mend_times(
    pts: NDArray[np.int64], time_base: Fraction, rate: Fraction
) -> tuple[NDArray[np.int64], list[str]]:
    """Make the times of a film's frames increase strictly.

    AVI has no times of its own, so H.264 with B frames comes out of it with the times of another
    frame nearby: sorting gives each its own. A recording may restart its clock: then what follows
    is shifted to begin one frame after what came before. Times that are left equal go a tick apart.

    Args:
        pts: `(frames,)`, at least one; in ticks, in the order of display.
        time_base: Seconds a tick.
        rate: Frames a second, about.

    Returns:
        The times, `(frames,)`, strictly increasing; and what was wrong with them, for people.
    """
    if (np.diff(pts) > 0).all():
        return pts, []
    remarks = []
    far, step = round(RESTART_SECONDS / time_base), max(1, round(1 / (rate * time_base)))
    restarts = np.flatnonzero(np.diff(pts) < -far) + 1
    if len(restarts):
        pts = _without_restarts(pts, restarts, step)
        remarks.append(RESTARTED)
    if (np.diff(pts) < 0).any():
        pts = np.sort(pts)
        remarks.append(OUT_OF_ORDER)
    if (np.diff(pts) == 0).any():
        count = np.arange(len(pts))
        pts = np.maximum.accumulate(pts - count) + count
        remarks.append(REPEATED)
    return pts, remarks


def _without_restarts(
    pts: NDArray[np.int64], restarts: NDArray[np.intp], step: int
) -> NDArray[np.int64]:
    """Shift what follows each restart to begin one step after the latest time before it."""
    mended, latest = pts.copy(), int(pts[0])
    for start, jump in pairwise([0, *restarts.tolist()]):
        latest = max(latest, int(mended[start:jump].max()))
        mended[jump:] += latest + step - int(mended[jump])
    return mended
