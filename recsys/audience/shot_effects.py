"""Which shots of a title lose viewers, or win them back for another look, beyond chance.

Each shot is held against the others. Leaving is expected to follow a smooth trend over the title's
time, and seeing again to be as frequent everywhere; shots that stand out are left out of what is
expected of the others. All tests of a title are one family, by Benjamini and Hochberg.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import binom

from recsys.audience.retention import wilson_interval
from recsys.audience.viewing import Viewing
from recsys.interactions import Ints

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FALSE_DISCOVERIES = 0.01
"""Of the shots that are told to stand out, the share that may on average be there by chance."""
FEWEST_VIEWERS = 5
"""A shot that fewer left, or saw again, is not told to stand out, however unlikely it is."""
SEEN = 0.5
"""A viewer has seen a shot who played at least this share of it."""
FEWEST_FOR_TREND = 50
"""With fewer viewers who left, leaving is expected to be as frequent everywhere."""
ROUNDS = 10
RANGES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class ShotEffect:
    """What one shot does to its viewers."""

    shot: int
    """Its place among the shots that were handed over, from 0."""
    start: float
    end: float
    """Seconds."""
    watching: int
    """Viewers who got to its first instant and beyond."""
    left: int
    """Of these, who left before its end."""
    left_low: float
    left_high: float
    """95 % interval of the share who left (Wilson)."""
    expected_left: float
    """How many would leave if the shot were like the others."""
    left_q: float
    """The smallest share of false discoveries at which it would be told to lose viewers."""
    seen: int
    """Viewers who saw it."""
    again: int
    """Of these, who saw it again."""
    again_low: float
    again_high: float
    """95 % interval of the share who saw it again (Wilson)."""
    expected_again: float
    again_q: float
    loses: bool
    """More leave than chance explains."""
    wins_back: bool
    """More see it again than chance explains."""


def shot_effects(
    starts: Doubles, ends: Doubles, viewing: Viewing, level: float = FALSE_DISCOVERIES
) -> list[ShotEffect]:
    """Test each shot for leaving and for seeing again.

    A viewer who leaves at an instant leaves in the shot that holds it; a cut belongs to the shot
    that begins there. Given how many left in all, the number in one shot is binomial, its chance
    being the shot's share of the seconds watched, weighted by the trend (J. Przyborowski and H.
    Wilenski, 1940); likewise for those who saw a shot again, by the shot's share of those who saw
    it. The tests are one-sided and 2 × shots in number.

    Args:
        starts: `(shots,)`, seconds, rising.
        ends: `(shots,)`, seconds, each after its start; shots may not overlap.
        viewing: Of the title.
        level: The share of false discoveries, 0 to 1.

    Raises:
        ValueError: The shots are not in order, overlap or are empty.
    """
    if len(starts) != len(ends) or not (starts < ends).all() or (starts[1:] < ends[:-1]).any():
        raise ValueError("shots must be in order of time, each of some length, none over another")
    exposure = _seconds_watched(starts, ends, viewing.reached)
    left = _left_within(starts, ends, viewing)
    seen, again = _seen_and_again(starts, ends, viewing)
    loses = wins = np.zeros(len(starts), np.bool_)
    for _ in range(ROUNDS):
        weight = exposure * _trend((starts + ends) / 2, exposure, left, ~loses)
        p_left, expected_left = _excess(left, weight, ~loses)
        p_again, expected_again = _excess(again, seen.astype(np.float64), ~wins)
        q = benjamini_hochberg(np.concatenate((p_left, p_again)))
        q_left, q_again = q[: len(starts)], q[len(starts) :]
        before = (loses, wins)
        loses = (q_left <= level) & (left >= FEWEST_VIEWERS)
        wins = (q_again <= level) & (again >= FEWEST_VIEWERS)
        if (loses == before[0]).all() and (wins == before[1]).all():
            break
    watching = len(viewing.reached) - np.searchsorted(np.sort(viewing.reached), starts, "right")
    left_low, left_high = wilson_interval(left, watching)
    again_low, again_high = wilson_interval(again, seen)
    columns = {
        "shot": np.arange(len(starts)),
        "start": starts,
        "end": ends,
        "watching": watching,
        "left": left,
        "left_low": left_low,
        "left_high": left_high,
        "expected_left": expected_left,
        "left_q": q_left,
        "seen": seen,
        "again": again,
        "again_low": again_low,
        "again_high": again_high,
        "expected_again": expected_again,
        "again_q": q_again,
        "loses": loses,
        "wins_back": wins,
    }
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [ShotEffect(**dict(zip(columns, row, strict=True))) for row in rows]


def benjamini_hochberg(p: Doubles) -> Doubles:
    """Each test's q: the smallest level at which it would be a discovery.

    Y. Benjamini and Y. Hochberg, Controlling the False Discovery Rate, 1995: of the p in rising
    order, `q[i] = min over j >= i of p[j] * tests / j`, at most 1.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return q


def _excess(count: Ints, weight: Doubles, typical: Flags) -> tuple[Doubles, Doubles]:
    """For each shot, the chance of so many or more, and how many the typical others lead to."""
    others = typical.copy()
    total = count[others].sum() + np.where(others, 0, count)
    weights = weight[others].sum() + np.where(others, 0, weight)
    share = np.divide(weight, weights, out=np.zeros_like(weight), where=weights > 0)
    chance = np.where(count > 0, binom.sf(count - 1, total, share), 1.0)
    rest = np.maximum(weights - weight, 1e-12)
    expected = np.where(weights - weight > 0, (total - count) * weight / rest, 0.0)
    return chance, expected


def _trend(middle: Doubles, exposure: Doubles, left: Ints, typical: Flags) -> Doubles:
    """`(shots,)`: how fast viewers leave over the title's time, but for a factor.

    A Poisson regression of leaving on time and its square, with the seconds watched as exposure,
    over the typical shots; flat where too few left to tell, or where it does not settle.
    """
    use = typical & (exposure > 0)
    flat = np.ones(len(middle))
    if left[use].sum() < FEWEST_FOR_TREND or use.sum() < 6:
        return flat
    x = (middle - middle.mean()) / max(np.ptp(middle) / 2, 1e-9)
    design = np.column_stack((flat, x, x**2))  # (shots, 3)
    rate = left[use].sum() / exposure[use].sum()
    beta = np.array([np.log(rate), 0.0, 0.0])
    for _ in range(25):  # Newton's steps
        mean = exposure[use] * np.exp(np.clip(design[use] @ beta, -50, 50))
        slope = design[use].T @ (left[use] - mean)
        curvature = design[use].T @ (design[use] * mean[:, None]) + 1e-6 * np.eye(3)
        step = np.linalg.solve(curvature, slope)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            fitted: Doubles = np.exp(np.clip(design @ beta - beta[0], -20, 20))
            return fitted
    return flat


def _seconds_watched(starts: Doubles, ends: Doubles, reached: Doubles) -> Doubles:
    """`(shots,)`: the seconds of a shot before the position that each viewer reached, summed."""
    ordered = np.sort(reached)
    sums = np.concatenate(([0.0], np.cumsum(ordered)))

    def before(when: Doubles) -> Doubles:
        place = np.searchsorted(ordered, when)
        return np.asarray(sums[place] + when * (len(ordered) - place), np.float64)

    return before(ends) - before(starts)


def _left_within(starts: Doubles, ends: Doubles, viewing: Viewing) -> Ints:
    where = viewing.reached[viewing.left]
    shot = np.searchsorted(starts, where, side="right") - 1
    inside = (shot >= 0) & (where < ends[np.maximum(shot, 0)])
    return np.bincount(shot[inside], minlength=len(starts)).astype(np.int64)


def _seen_and_again(starts: Doubles, ends: Doubles, viewing: Viewing) -> tuple[Ints, Ints]:
    """How many viewers played `SEEN` of each shot once, and how many once more."""
    order = np.lexsort((viewing.start, viewing.viewer))
    viewer, start, end = viewing.viewer[order], viewing.start[order], viewing.end[order]
    covered = _covered_before(viewer, end)
    # What of a range lies beyond all earlier ones of its viewer is new; the rest is seen again.
    fresh = (np.maximum(start, covered), end)
    repeat = (start, np.minimum(end, covered))
    seen = np.zeros(len(starts), np.int64)
    again = np.zeros(len(starts), np.int64)
    edges = [0, *(np.flatnonzero(np.diff(viewer)) + 1).tolist(), len(viewer)]
    enough = SEEN * (ends - starts)
    begin = 0
    while begin < len(edges) - 1:
        stop = begin + 1  # whole viewers, as many as fit
        while stop < len(edges) - 1 and edges[stop + 1] - edges[begin] <= RANGES_AT_ONCE:
            stop += 1
        rows = slice(edges[begin], edges[stop])
        whose = viewer[rows] - viewer[rows][0]
        for counts, (lows, highs) in ((seen, fresh), (again, repeat)):
            length = np.minimum(highs[rows, None], ends) - np.maximum(lows[rows, None], starts)
            played = np.zeros((int(whose[-1]) + 1, len(starts)))
            np.add.at(played, whose, np.maximum(length, 0))  # (ranges, shots) to (viewers, shots)
            np.add(counts, (played >= enough).sum(axis=0), out=counts)
        begin = stop
    return seen, again


def _covered_before(viewer: Ints, end: Doubles) -> Doubles:
    """`(ranges,)`: the furthest end of the viewer's earlier ranges; before all time if none is."""
    table = pl.DataFrame({"viewer": viewer, "end": end})
    covered = pl.col("end").cum_max().shift(1).over("viewer").fill_null(-np.inf)
    return np.asarray(table.select(covered).to_series().to_numpy(), np.float64)
