"""Kaplan-Meier: how many last how long, where some were not watched to their end.

Pure functions; Greenwood's variance, and intervals on the scale of log(-log(survival)), which stay
between 0 and 1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from recsys.interactions import Ints

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """The share that lasts beyond each time; each array is `(times,)`."""

    times: Doubles
    """Those at which something ended, rising."""
    at_risk: Ints
    """Who had lasted until then and was still watched."""
    ended: Ints
    """For whom it ended at that time."""
    survival: Doubles
    """The share that lasts beyond the time, 0 to 1."""
    standard_error: Doubles
    """Greenwood's."""
    low: Doubles
    high: Doubles

    def at(self, when: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """The share that lasts beyond each moment: value, low and high; 1 before the first end."""
        place = np.searchsorted(self.times, when, side="right")
        value, low, high = (
            np.concatenate(([1.0], steps))[place] for steps in (self.survival, self.low, self.high)
        )
        return value, low, high


def kaplan_meier(
    lasted: Doubles, ended: npt.NDArray[np.bool_], level: float = 0.95
) -> SurvivalCurve:
    """The survival curve of some that ended and some that were only watched for a while.

    E. L. Kaplan and P. Meier, Nonparametric Estimation from Incomplete Observations, 1958: the
    product over times of `1 - ended / at_risk`. Variance: M. Greenwood, 1926. Interval:
    `survival ** exp(± z * se / (survival * log survival))`, J. D. Kalbfleisch and R. L. Prentice,
    The Statistical Analysis of Failure Time Data, 1980. Once all have ended, at 0, the interval is
    from 0 to where it was before.

    Args:
        lasted: `(subjects,)`, >= 0.
        ended: `(subjects,)`; False where the end was not seen: it lasted at least so long.
        level: Of the interval, 0 to 1.

    Raises:
        ValueError: The lengths differ, or a time is negative or no number.
    """
    if len(lasted) != len(ended):
        raise ValueError(f"{len(lasted)} times and {len(ended)} ends")
    if len(lasted) and not (np.isfinite(lasted).all() and lasted.min() >= 0):
        raise ValueError("times must be finite numbers, 0 or more")
    times, counts = np.unique(lasted[ended], return_counts=True)
    at_risk = len(lasted) - np.searchsorted(np.sort(lasted), times, side="left")
    survival = np.cumprod(1 - counts / np.maximum(at_risk, 1)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        summed = np.cumsum(counts / (at_risk * (at_risk - counts)))
        error = np.where(survival > 0, survival * np.sqrt(summed), 0.0)
        spread = float(norm.ppf((1 + level) / 2)) * np.sqrt(summed) / np.abs(np.log(survival))
        low, high = survival ** np.exp(spread), survival ** np.exp(-spread)
    gone = survival <= 0
    before = high[~gone][-1] if (~gone).any() else 1.0
    return SurvivalCurve(
        times=times,
        at_risk=at_risk.astype(np.int64),
        ended=counts.astype(np.int64),
        survival=survival,
        standard_error=error,
        low=np.where(gone, 0.0, low),
        high=np.where(gone, before, high),
    )
