"""Retention and rewatch curves: which seconds of a title its viewers saw, and saw again.

Pure functions over position ranges; intervals are Wilson's. A second counts as played when its
middle was.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import binom, norm

from recsys.interactions import Ints

Doubles = npt.NDArray[np.float64]

VIEWERS_AT_ONCE = 2048
"""Bounds memory: a two-hour film takes 2048 × 7200 × 4 bytes, 59 MB."""


@dataclass(frozen=True, slots=True)
class RetentionCurve:
    """One title, second by second; each array is `(seconds,)`, its index the second."""

    viewers: int
    """Who played any of the title."""
    watched: Ints
    """Of these, who played the second at least once."""
    again: Ints
    """Of these, who played it at least twice."""

    def retention(self) -> tuple[Doubles, Doubles, Doubles]:
        """The share of viewers who played the second: value, low and high of the 95 % interval."""
        return self.watched / max(self.viewers, 1), *wilson_interval(self.watched, self.viewers)

    def rewatch(self) -> tuple[Doubles, Doubles, Doubles]:
        """The share of those who played the second who played it again: value, low, high."""
        return self.again / np.maximum(self.watched, 1), *wilson_interval(self.again, self.watched)

    def table(self) -> pl.DataFrame:
        """A row for each second, with both curves, their intervals and their counts."""
        retention, low, high = self.retention()
        rewatch, rewatch_low, rewatch_high = self.rewatch()
        return pl.DataFrame(
            {
                "second": np.arange(len(self.watched)),
                "watched": self.watched,
                "retention": retention,
                "retention_low": low,
                "retention_high": high,
                "again": self.again,
                "rewatch": rewatch,
                "rewatch_low": rewatch_low,
                "rewatch_high": rewatch_high,
            }
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a title where more leave, or play again, than chance would have it."""

    start: int
    end: int
    """Seconds, half-open."""
    share: float
    """Of those who got there, who left or played again; of a stretch, at its strongest second."""


def retention_curve(viewer: Ints, start: Doubles, end: Doubles, duration: float) -> RetentionCurve:
    """Count, for each second, who played it and who played it again.

    Args:
        viewer: `(ranges,)`, numbers of viewers from 0, none left out.
        start: `(ranges,)`, seconds; each range is `start <= t < end`.
        end: `(ranges,)`, seconds.
        duration: Seconds; the last second may be a part of one.
    """
    seconds = max(int(np.ceil(duration - 0.5)), 1)
    first = np.clip(np.ceil(start - 0.5), 0, seconds).astype(np.int64)
    stop = np.clip(np.ceil(end - 0.5), first, seconds).astype(np.int64)
    viewers = int(viewer.max()) + 1 if len(viewer) else 0
    watched = np.zeros(seconds, np.int64)
    again = np.zeros(seconds, np.int64)
    for begin in range(0, viewers, VIEWERS_AT_ONCE):
        rows = (viewer >= begin) & (viewer < begin + VIEWERS_AT_ONCE)
        steps = np.zeros((min(VIEWERS_AT_ONCE, viewers - begin), seconds + 1), np.int32)
        np.add.at(steps, (viewer[rows] - begin, first[rows]), 1)
        np.add.at(steps, (viewer[rows] - begin, stop[rows]), -1)
        plays = np.cumsum(steps[:, :-1], axis=1, dtype=np.int32)  # (viewers, seconds)
        watched += (plays >= 1).sum(axis=0)
        again += (plays >= 2).sum(axis=0)
    return RetentionCurve(viewers, watched, again)


def wilson_interval(
    successes: Ints, trials: Ints | int, level: float = 0.95
) -> tuple[Doubles, Doubles]:
    """The interval of a share; 0 to 1 where there were no trials.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927:
    `(p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)`.
    """
    z = float(norm.ppf((1 + level) / 2))
    n = np.maximum(np.asarray(trials, np.float64), 1e-9)
    share = successes / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    spread = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(middle - spread, 0, 1), np.clip(middle + spread, 0, 1)


def drop_offs(curve: RetentionCurve, error: float = 0.01) -> list[Moment]:
    """Where more viewers leave at once than the title's mean loss explains, strongest first.

    Each second's loss is held against the mean loss of all seconds by a binomial test; `error` is
    divided by the number of seconds (Bonferroni), so a title without a drop-off shows one in
    `error` of cases at most.
    """
    before, after = curve.watched[:-1], curve.watched[1:]
    lost = np.maximum(before - after, 0)
    found = _beyond_chance(lost, before, error)
    shares = lost / np.maximum(before, 1)
    moments = [Moment(int(s) + 1, int(s) + 2, float(shares[s])) for s in np.flatnonzero(found)]
    return sorted(moments, key=lambda moment: -moment.share)


def rewatched_stretches(curve: RetentionCurve, error: float = 0.01) -> list[Moment]:
    """Where more viewers play again than the title's mean rewatch explains, strongest first.

    Tested as `drop_offs`; neighbouring seconds are joined.
    """
    found = _beyond_chance(curve.again, curve.watched, error)
    shares = curve.again / np.maximum(curve.watched, 1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], found, [False])).astype(np.int8)))
    moments = [
        Moment(int(start), int(end), float(shares[start:end].max()))
        for start, end in edges.reshape(-1, 2)
    ]
    return sorted(moments, key=lambda moment: -moment.share)


def _beyond_chance(count: Ints, trials: Ints, error: float) -> npt.NDArray[np.bool_]:
    if not len(count) or not trials.sum():
        return np.zeros(len(count), np.bool_)
    typical = count.sum() / trials.sum()
    chance = binom.sf(count - 1, trials, typical)  # of a count so high or higher
    return np.asarray((count > 0) & (chance < error / len(count)))
