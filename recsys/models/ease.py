"""EASE: a linear model from items to items with a closed form.

H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, equations 4 to 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy.linalg import lapack

from recsys.context import Context
from recsys.errors import CatalogueTooLarge
from recsys.interactions import (
    Floats,
    Interactions,
    Ints,
    check_decay,
    history_matrix,
    recency_weights,
)
from recsys.models.changes import changes_since
from recsys.models.model import Progress, Recommender, State, quiet

MOST_ITEMS = 20_000
"""The table takes items² × 4 bytes: 1.6 GB here, and three times that while it is inverted."""


_MOST_CHANGED = 0.1
"""Changed users for each item, up to which an update costs less than solving anew."""


@dataclass(frozen=True, slots=True)
class EaseConfig:
    """What EASE is tuned by."""

    reg: float = 250.0
    """L2 penalty on the weights, > 0; in units of users per item."""
    decay: float = 1.0
    """What a title of a history weighs against the next newer one, in (0, 1]; 1 is the paper's."""

    def __post_init__(self) -> None:
        check_decay(decay=self.decay)


class EaseModel(Recommender):
    """`scores = history @ weights`, the weights' diagonal 0 so that no item explains itself.

    The weights are learned from whole histories. A decay below 1 lets the newest titles of a
    history say more when it is scored: the closed form itself knows nothing of order.
    """

    name = "ease"
    config_type = EaseConfig
    scoring_fields: ClassVar[frozenset[str]] = frozenset({"decay"})
    exact_reasons = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        if len(interactions.items) > MOST_ITEMS:
            raise CatalogueTooLarge(self.name, len(interactions.items), MOST_ITEMS)
        watched = interactions.matrix()
        counts = (watched.T @ watched).toarray()  # (items, items), users who watched both
        self.weights, self.scale = ease_weights(counts, self.config.reg)
        on_progress(1.0)

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """Brings the inverse up to date by the histories that changed (Woodbury's identity).

        Where so many changed that solving anew costs less, it is solved anew.
        """
        changes = changes_since(self, interactions)
        size = len(interactions.items)
        if changes is None or len(changes.after) > size * _MOST_CHANGED:
            return self.refitted(interactions, on_progress)
        other = type(self)(self.config)
        other._remember(interactions)
        inverse = np.zeros((size, size), np.float32)
        np.fill_diagonal(inverse, 1 / self.config.reg)  # of titles that nobody had watched
        known = self.weights * -self.scale
        np.fill_diagonal(known, self.scale)
        inverse[np.ix_(changes.place, changes.place)] = known
        rows = history_matrix([*changes.after, *changes.before], size)
        signs = np.repeat([1.0, -1.0], len(changes.after))
        turned = np.asarray(rows @ inverse, np.float64)  # (changed, items)
        inner = np.diag(signs) + np.asarray(rows @ turned.T, np.float64).T
        solved = np.linalg.solve(inner, turned).astype(np.float32)
        inverse -= turned.T.astype(np.float32) @ solved
        other.weights, other.scale = _weights_of(inverse)
        on_progress(1.0)
        return other

    def _score(self, histories: Sequence[Ints]) -> Floats:
        watched = history_matrix(histories, len(self.items), self.config.decay)
        return np.asarray(watched @ self.weights, np.float32)

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """Each title's recency times its weight to each item; they add up to the scores."""
        recency = recency_weights(len(history), self.config.decay)
        return np.asarray(recency[:, None] * self.weights[np.ix_(history, items)], np.float32)

    def _state(self) -> State:
        return {"weights": self.weights, "scale": self.scale}

    def _restore(self, state: State) -> None:
        if state["weights"].shape != (len(self.items), len(self.items)):
            raise ValueError("the weights do not fit the items")
        if state["scale"].shape != (len(self.items),):
            raise ValueError("the scale does not fit the items")
        self.weights, self.scale = state["weights"], state["scale"]


def ease_weights(counts: Floats, reg: float) -> tuple[Floats, Floats]:
    """The closed form: with `P = (XᵀX + reg I)⁻¹`, `-P[i, j] / P[j, j]`, and 0 where i = j.

    Args:
        counts: `(items, items)`, `XᵀX` for `X` the `(users, items)` of 0 and 1; not changed.
        reg: > 0, so that the inverse exists.

    Returns:
        `(items, items)`, column j predicts item j from the others; and `(items,)`, the diagonal of
        P, with which P can be had again.
    """
    if reg <= 0:
        raise ValueError(f"need reg > 0, got {reg}")
    gram = counts.astype(np.float32)
    gram[np.diag_indices_from(gram)] += reg
    # Symmetric, so its transpose is itself in the order that LAPACK may overwrite.
    factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1)
    if failed:
        raise ValueError(f"XᵀX + {reg} I has no inverse in single precision; take a larger reg")
    lower, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    return _weights_of(inverse)


def _weights_of(inverse: Floats) -> tuple[Floats, Floats]:
    """The weights, and the diagonal of the inverse."""
    scale = np.diag(inverse).astype(np.float32)
    weights = inverse / -scale  # broadcasts over rows: column j by P[j, j]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, np.float32), scale
