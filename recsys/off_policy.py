"""What another way of choosing titles would have earned, from a log of what was shown.

Inverse propensity scoring (D. Horvitz, D. Thompson 1952), its self-normalised form (A. Swaminathan,
T. Joachims, NeurIPS 2015) and the doubly robust estimate (M. Dudík, J. Langford, L. Li, ICML 2011).
All need that whatever the other way may show had some chance of being shown.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.evaluation import Estimate
from recsys.metrics import Doubles


@dataclass(frozen=True, slots=True)
class Value:
    """The mean reward of an impression under the other policy, by three estimates."""

    ips: Estimate
    """Unbiased; wide where propensities are small."""
    snips: Estimate
    """Narrower, and biased by little."""
    doubly_robust: Estimate | None
    """Unbiased if either propensities or predictions are right; None without predictions."""
    impressions: int
    effective: float
    """`sum(w)² / sum(w²)`: so many impressions of the other policy say as much."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's rewards, learned elsewhere than on the log that is looked at."""

    shown: Doubles
    """`(impressions,)`: of what was shown."""
    target: Doubles
    """`(impressions,)`: the mean over what the other policy would show there."""


def policy_value(
    reward: Doubles,
    propensity: Doubles,
    target: Doubles,
    *,
    predictions: Predictions | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Value:
    """Estimate the value of a policy from what another one logged.

    Args:
        reward: `(impressions,)`, such as 1 for a click and 0 for none.
        propensity: `(impressions,)`, in (0, 1]: with which chance what was shown was chosen.
        target: `(impressions,)`, in [0, 1]: with which chance the other policy would show it.
        predictions: For the doubly robust estimate.
        resamples: Draws of the bootstrap over impressions, for the 95 % intervals.
        seed: Of the bootstrap.

    Raises:
        ValueError: Shapes differ, a chance is out of its range, or no weight is above 0.
    """
    _check(reward, propensity, target)
    weight = target / propensity
    columns = [weight * reward, weight]
    if predictions is not None:
        columns.append(predictions.target + weight * (reward - predictions.shown))
    table = np.stack(columns, axis=1)  # (impressions, 2 or 3)
    chance = np.random.default_rng(seed)
    count = len(reward)
    even = np.full(count, 1 / count)
    means = np.stack([chance.multinomial(count, even) @ table / count for _ in range(resamples)])
    centre = table.mean(axis=0)
    robust = None if predictions is None else _estimate(centre[2], means[:, 2])
    return Value(
        ips=_estimate(centre[0], means[:, 0]),
        snips=_estimate(centre[0] / centre[1], means[:, 0] / np.maximum(means[:, 1], 1e-12)),
        doubly_robust=robust,
        impressions=count,
        effective=float(weight.sum() ** 2 / (weight**2).sum()),
    )


@dataclass(frozen=True, slots=True)
class DrawnList:
    """A list drawn by chance, so that what was not best has its turn and can be learned about."""

    order: npt.NDArray[np.int64]
    """`(k,)`: places in the ranking it was drawn from, 0 the best."""
    propensity: Doubles
    """`(k,)`, in (0, 1]: with which chance each was drawn for its place, given those above it."""


def draw_list(
    scores: Doubles, k: int, temperature: float, chance: np.random.Generator
) -> DrawnList:
    """Draw a list from a ranking, place by place, by a softmax over what is left.

    R. Plackett, The Analysis of Permutations, 1975. Scores are standardised first, so that a
    temperature means the same for every model; at 0 the ranking itself comes back, for sure.

    Args:
        scores: `(candidates,)`, best first.
        k: At most so many places.
        temperature: >= 0; larger is nearer to even chances.
        chance: Where the draws come from.
    """
    if temperature < 0:
        raise ValueError(f"need temperature >= 0, got {temperature}")
    k = min(k, len(scores))
    if temperature == 0:
        return DrawnList(np.arange(k), np.ones(k))
    spread = float(scores.std()) or 1.0
    left = scores / spread
    order, propensity = np.empty(k, np.int64), np.empty(k)
    for place in range(k):
        with np.errstate(over="ignore"):  # at next to no temperature the best is sure
            odds = np.exp((left - left.max()) / temperature)  # of what is left, so none vanish
        odds /= odds.sum()
        order[place] = chance.choice(len(odds), p=odds)
        propensity[place] = odds[order[place]]
        left[order[place]] = -np.inf
    return DrawnList(order, propensity)


def _estimate(value: float, draws: Doubles) -> Estimate:
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def _check(reward: Doubles, propensity: Doubles, target: Doubles) -> None:
    if not (reward.shape == propensity.shape == target.shape) or reward.ndim != 1:
        shapes = f"{reward.shape}, {propensity.shape}, {target.shape}"
        raise ValueError(f"reward, propensity and target need one value an impression: {shapes}")
    if not len(reward) or propensity.min() <= 0 or propensity.max() > 1:
        raise ValueError("a propensity is the chance of what was shown, above 0 and at most 1")
    if target.min() < 0 or target.max() > 1 or target.max() == 0:
        raise ValueError("the target's chances lie in [0, 1], and some are above 0")
