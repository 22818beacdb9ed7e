"""The frame rate of a file, told from the times of its frames rather than from its header."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

STANDARD_RATES = tuple(
    Fraction(rate)
    for rate in (
        *("24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001"),
        *("60", "12", "25/2", "15000/1001", "15", "10", "120000/1001", "120", "100"),
    )
)


def frame_rate(
    pts: NDArray[np.int64], time_base: Fraction, claimed: Fraction | None
) -> tuple[Fraction, bool]:
    """The rate of the frame grid, and whether the frames leave it.

    A rate is constant if every frame lies within one tick of its place on the grid, or within
    0.5 ms where ticks are finer; what a header claims is tried first, then the standard rates.

    Args:
        pts: `(frames,)`, increasing; in ticks.
        time_base: Seconds per tick.
        claimed: What the header says, in frames per second.

    Returns:
        The rate, and True if it varies: then it is the standard rate nearest to that of the most
        usual interval, or that rate itself where no standard one is within 1 %.
    """
    average = _average_rate(pts, time_base)
    if average is None:
        return (_nearest(claimed) if claimed else Fraction(25)), False
    standard = sorted(STANDARD_RATES, key=lambda rate: abs(rate - average))[:2]
    for rate in ([claimed] if claimed else []) + [*standard, average]:
        if _fits(pts, time_base, rate):
            return rate, False
    usual = _usual_rate(pts, time_base)
    if claimed and abs(claimed - usual) <= usual / 500:
        usual = claimed
    return _nearest(usual), True


def _usual_rate(pts: NDArray[np.int64], time_base: Fraction) -> Fraction:
    """The rate of the most usual interval: the mean of those about the median one."""
    steps = np.diff(pts)
    median = float(np.quantile(steps, 0.5, method="lower"))  # one of them, so `about` holds it
    about = steps[np.abs(steps - median) <= max(1.5, median / 50)]
    return len(about) / (int(about.sum()) * time_base)


def _average_rate(pts: NDArray[np.int64], time_base: Fraction) -> Fraction | None:
    if len(pts) < 2 or pts[-1] <= pts[0]:
        return None
    return (len(pts) - 1) / (int(pts[-1] - pts[0]) * time_base)


def _fits(pts: NDArray[np.int64], time_base: Fraction, rate: Fraction) -> bool:
    grid = np.arange(len(pts)) * float(1 / (rate * time_base))
    tolerance = max(1.0, float(Fraction(1, 2000) / time_base))
    return bool(np.abs((pts - pts[0]) - grid).max() <= tolerance)


def _nearest(rate: Fraction) -> Fraction:
    best = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return best if abs(best - rate) <= rate / 100 else rate.limit_denominator(1001)
