"""From an audience to labels: which shots held the viewers, and which were watched again.

A retention curve falls whatever is shown, so a shot is compared with the fall that its moment of
the film lets expect, never with the curve's height. Plain arrays in; where they come from is not
this module's business.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

SMOOTHING_SHARE = 0.15
"""Of the film: how near a shot is to count for what is usual around another."""
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class AudienceLabels:
    """What an audience says of each shot."""

    labels: Doubles
    """`(shots,)`, above 0 for a shot that held more, or was watched more, than was to be expected;
    NaN where the curve does not reach or too few were left."""
    weights: Doubles
    """`(shots,)`, 0 to 1: how far the label can be relied on; 0 where it is NaN."""


def labels_from_retention(
    seconds: Doubles,
    watching: Doubles,
    starts: Doubles,
    ends: Doubles,
    *,
    viewers: float,
) -> AudienceLabels:
    """Which shots kept the viewers that they had.

    The hazard of a shot is the rate at which those who saw it begin left within it,
    `log(S(start) / S(end)) / (end - start)`, with S the share still watching; what is expected is
    the median hazard of the shots around it, weighing seconds and nearness (`SMOOTHING_SHARE`).
    A label is `expected - hazard`, over the standard error that so many viewers leave it:
    `z = (expected - hazard) * length / sqrt(expected leavers) * viewers at its start`, with at
    least one leaver expected; a weight is `z`'s reliability, `n / (n + 1)` of the `n` leavers
    expected (or seen, if more).

    Args:
        seconds: `(T,)`, rising; moments of the film.
        watching: `(T,)`, in [0, 1]: the share of viewers still watching; where it rises (people who
            skip ahead) it counts as level.
        starts: `(shots,)`, seconds; each shot begins here.
        ends: `(shots,)`, seconds; after `starts`.
        viewers: How many began to watch, above 0.

    Raises:
        ValueError: The arrays are not like that.
    """
    _check(seconds, watching, starts, ends)
    if not (watching >= 0).all() or not (watching <= 1).all():
        raise ValueError("a share still watching lies in [0, 1]")
    if not viewers > 0:
        raise ValueError(f"there are above 0 viewers, got {viewers}")
    left = np.minimum.accumulate(watching)
    inside = (starts >= seconds[0]) & (ends <= seconds[-1])
    first, last = np.interp(starts, seconds, left), np.interp(ends, seconds, left)
    known = inside & (first * viewers >= 1) & (last > 0)
    length = ends - starts
    fall = np.zeros(len(starts))
    fall[known] = np.log(first[known] / last[known])
    expected = _around(fall, length, (starts + ends) / 2, known) * length  # (shots,), log ratio
    leavers = np.maximum(expected * first * viewers, 1.0)  # (shots,)
    z = (expected - fall) * first * viewers / np.sqrt(leavers)
    seen = np.maximum(expected, fall) * first * viewers
    return AudienceLabels(np.where(known, z, np.nan), np.where(known, seen / (seen + 1), 0.0))


def labels_from_plays(
    seconds: Doubles, plays: Doubles, starts: Doubles, ends: Doubles
) -> AudienceLabels:
    """Which shots were watched again.

    Plays fall over a film as viewers leave, so a shot's mean plays are compared with those of the
    shots around it (their median, as above): a label is `log(plays / expected)`; a weight is
    `n / (n + 10)` of the mean number of plays, if `plays` counts them.

    Args:
        seconds: `(T,)`, rising; moments of the film.
        plays: `(T,)`, at least 0: how often each moment was played.
        starts: `(shots,)`, seconds.
        ends: `(shots,)`, seconds; after `starts`.

    Raises:
        ValueError: The arrays are not like that.
    """
    _check(seconds, plays, starts, ends)
    if not (plays >= 0).all():
        raise ValueError("a number of plays is at least 0")
    known = (starts >= seconds[0]) & (ends <= seconds[-1])
    length = ends - starts
    whole = np.concatenate([[0.0], np.cumsum(np.diff(seconds) * (plays[1:] + plays[:-1]) / 2)])
    until = np.stack([_integral(edge, seconds, plays, whole) for edge in (starts, ends)])
    mean = (until[1] - until[0]) / length  # (shots,)
    expected = _around(mean * length, length, (starts + ends) / 2, known)
    known &= expected > 0
    ratio = (mean + 0.5) / (np.where(known, expected, 1) + 0.5)  # half a play keeps 0 finite
    return AudienceLabels(
        np.where(known, np.log(ratio), np.nan), np.where(known, mean / (mean + 10), 0.0)
    )


def _integral(edges: Doubles, seconds: Doubles, values: Doubles, whole: Doubles) -> Doubles:
    """The area under the piecewise linear curve up to each edge."""
    at = np.clip(np.searchsorted(seconds, edges, side="right") - 1, 0, len(seconds) - 1)
    height = np.interp(edges, seconds, values)
    area: Doubles = whole[at] + (edges - seconds[at]) * (values[at] + height) / 2
    return area


def _around(amount: Doubles, length: Doubles, middle: Doubles, known: NDArray[np.bool_]) -> Doubles:
    """`(shots,)`: what is usual a second in the film around each shot.

    The median of the shots' own rates, weighing their length and a Gaussian of how near they are:
    a mean would make a shot look good because its neighbour is bad.
    """
    usual = np.zeros(len(amount))
    rows = np.flatnonzero(known)
    if not len(rows):
        return usual
    rate = amount[rows] / length[rows]
    rows, rate = rows[np.argsort(rate, kind="stable")], np.sort(rate, kind="stable")
    edges = (middle[rows] - length[rows] / 2).min(), (middle[rows] + length[rows] / 2).max()
    width = max(SMOOTHING_SHARE * float(edges[1] - edges[0]), 1e-9)
    for start in range(0, len(amount), _BLOCK):
        apart = (middle[start : start + _BLOCK, None] - middle[rows]) / width  # (block, K)
        nearness = np.maximum(np.exp(-(apart**2) / 2), 1e-12) * length[rows]
        share = np.cumsum(nearness, axis=1)
        usual[start : start + _BLOCK] = rate[(share < share[:, -1:] / 2).sum(axis=1)]
    return usual


def _check(seconds: Doubles, curve: Doubles, starts: Doubles, ends: Doubles) -> None:
    if seconds.ndim != 1 or len(seconds) < 2 or curve.shape != seconds.shape:
        raise ValueError(f"{seconds.shape} moments and {curve.shape} values are no curve")
    if not all(np.isfinite(a).all() for a in (seconds, curve, starts, ends)):
        raise ValueError("a curve and the edges of shots hold no NaN and no infinity")
    if not (np.diff(seconds) > 0).all():
        raise ValueError("the moments of a curve rise")
    if starts.shape != ends.shape or starts.ndim != 1 or not (ends > starts).all():
        raise ValueError("every shot ends after it starts")
