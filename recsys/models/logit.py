"""A conditional logit: the chance that a user's next title is one of several, by a few weights.

D. McFadden, Conditional Logit Analysis of Qualitative Choice Behavior, 1974, with a penalty on the
squares of the weights. Where trees learn the fashions of the days they were shown, this cannot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from recsys.interactions import Floats
from recsys.metrics import Doubles, Hits


@dataclass(frozen=True, slots=True)
class Logit:
    """`value = (features - mean) / spread @ weights`; shares of `exp(value)` are chances."""

    weights: Doubles
    """`(features,)`."""
    mean: Doubles
    """`(features,)`."""
    spread: Doubles
    """`(features,)`, > 0."""

    def check(self, features: int) -> None:
        """A ValueError if these are not the numbers of a logit over so many features."""
        parts = (self.weights, self.mean, self.spread)
        if any(part.shape != (features,) or not np.isfinite(part).all() for part in parts):
            raise ValueError("the weights do not fit the features")
        if (self.spread <= 0).any():
            raise ValueError("a feature has no spread")

    def values(self, features: Floats) -> Doubles:
        """`(…, features)` to `(…,)`; higher is better."""
        scaled = self.weights / self.spread
        return np.asarray(features @ scaled.astype(np.float32) - self.mean @ scaled, np.float64)


def fit_logit(rows: Sequence[Floats], labels: Sequence[Hits], penalty: float) -> Logit:
    """The weights under which what was chosen is likeliest, less `penalty * weights²`.

    Of a user with several choices each counts for an equal part, so that all users count alike.

    Args:
        rows: For each user `(candidates, features)`.
        labels: For each user `(candidates,)`, True for what was chosen; some are.
        penalty: > 0, on features of variance 1.
    """
    if penalty <= 0:
        raise ValueError(f"need penalty > 0, got {penalty}")
    table = np.concatenate(rows).astype(np.float64)
    mean, spread = table.mean(axis=0), table.std(axis=0)
    spread[spread < 1e-6 * np.maximum(np.abs(mean), 1)] = 1.0  # the same everywhere: no weight
    table = ((table - mean) / spread).astype(np.float32)
    counts = np.array([len(row) for row in rows])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    owner = np.repeat(np.arange(len(rows)), counts)
    chosen = np.concatenate([label / label.sum() for label in labels])
    users = len(rows)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        value = (table @ weights.astype(np.float32)).astype(np.float64)
        value -= np.maximum.reduceat(value, starts)[owner]
        power = np.exp(value)
        total = np.add.reduceat(power, starts)
        unlikely = -(chosen * (value - np.log(total)[owner])).sum() / users
        slope = table.T @ ((power / total[owner] - chosen) / users).astype(np.float32)
        squares = penalty * float(weights @ weights)
        return unlikely + squares, slope.astype(np.float64) + 2 * penalty * weights

    begin = np.zeros(table.shape[1])
    found = optimize.minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return Logit(np.asarray(found.x, np.float64), mean, spread)
