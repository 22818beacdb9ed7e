"""Counts of what was watched after what: the strong baseline of logs whose order says much.

A first-order Markov chain with skips, as in R. He, J. McAuley, Fusing Similarity Models with Markov
Chains, ICDM 2016, section II, but counted instead of learned; the popularity discount is that of
M. Deshpande, G. Karypis, Item-Based Top-N Recommendation Algorithms, 2004, equation 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from recsys.context import Context
from recsys.interactions import (
    Floats,
    Interactions,
    Ints,
    check_decay,
    history_matrix,
    recency_weights,
)
from recsys.models.changes import changes_since, users_and_items
from recsys.models.model import Progress, Recommender, State, quiet

_ROUNDING = 1e-5
"""A count that is smaller is none: the smallest step of a window counts more."""


@dataclass(frozen=True, slots=True)
class TransitionsConfig:
    """How far a step reaches, and what it weighs."""

    window: int = 10
    """A title counts as followed by the next so many titles of the same user."""
    decay: float = 0.8
    """What a follower weighs against one that came a place earlier, in (0, 1]."""
    forget: float = 0.8
    """What a title of a history weighs against the next newer one, in (0, 1]."""
    discount: float = 0.5
    """A title's score is divided by its plays to this power; 0 favours what is popular."""

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError(f"need window >= 1, got {self.window}")
        check_decay(decay=self.decay, forget=self.forget)


class TransitionsModel(Recommender):
    """`scores = recent history @ steps / plays ** discount`.

    `steps[i, j]` is how often j followed i, near steps weighing most, over the plays of i.
    """

    name = "transitions"
    config_type = TransitionsConfig
    scoring_fields: ClassVar[frozenset[str]] = frozenset({"forget", "discount"})
    exact_reasons = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        user, item = interactions.user, interactions.item
        self.steps = self._count(user, item)
        self.plays = np.bincount(interactions.item, minlength=len(self.items)).astype(np.float32)
        on_progress(1.0)

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> Self:
        """Counts anew only what users watched whose histories changed."""
        changes = changes_since(self, interactions)
        if changes is None:  # a title is gone
            return self.refitted(interactions, on_progress)
        other = type(self)(self.config)
        other._remember(interactions)
        old, size = self.steps.tocoo(), len(other.items)
        places = (changes.place[old.row], changes.place[old.col])
        steps = sparse.csr_array((old.data.astype(np.float64), places), shape=(size, size))
        plays = np.zeros(size, np.float64)
        plays[changes.place] = self.plays
        for histories, sign in ((changes.after, 1), (changes.before, -1)):
            user, item = users_and_items(histories)
            steps = steps + sign * other._count(user, item)
            plays += sign * np.bincount(item, minlength=size)
        steps.data[np.abs(steps.data) < _ROUNDING] = 0  # what was taken away again
        steps.eliminate_zeros()
        other.steps, other.plays = steps.astype(np.float32), plays.astype(np.float32)
        on_progress(1.0)
        return other

    def _count(self, user: Ints, item: Ints) -> "sparse.csr_array":
        return count_steps(user, item, len(self.items), self.config.window, self.config.decay)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        recent = [history[-self.config.window :] for history in histories]
        watched = history_matrix(recent, len(self.items), self.config.forget)
        over = 1 / np.maximum(self.plays, 1)
        scores = (watched @ sparse.diags_array(over) @ self.steps).toarray()
        # A title that no step leads to still has a place: after the others, by its plays.
        scores += np.float32(1e-6) * self.plays / self.plays.max()
        return np.asarray(scores * over**self.config.discount, np.float32)

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """Each title's recency times its steps to each item, over the plays.

        They add up to the scores, but for the millionth that parts titles no step leads to.
        """
        parts = np.zeros((len(history), len(items)), np.float32)
        recent = history[-self.config.window :]
        recency = recency_weights(len(recent), self.config.forget) / self.plays[recent]
        over = np.maximum(self.plays[items], 1) ** -self.config.discount
        parts[-len(recent) :] = recency[:, None] * self.steps[recent].toarray()[:, items] * over
        return parts

    def _state(self) -> State:
        return {
            "plays": self.plays,
            "values": self.steps.data,
            "columns": self.steps.indices,
            "starts": self.steps.indptr,
        }

    def _restore(self, state: State) -> None:
        size = len(self.items)
        if state["plays"].shape != (size,) or len(state["starts"]) != size + 1:
            raise ValueError("the counts do not fit the items")
        self.plays = state["plays"]
        self.steps = sparse.csr_array(
            (state["values"], state["columns"], state["starts"]), shape=(size, size)
        )
        self.steps.check_format()


def count_steps(user: Ints, item: Ints, size: int, window: int, decay: float) -> "sparse.csr_array":
    """`(items, items)`, float32: how often the second came after the first, within a window.

    A step over g places counts `decay ** (g - 1)`.

    Args:
        user: `(plays,)`, those of one user side by side.
        item: `(plays,)`, a user's oldest first.
        size: How many items there are.
        window: Places that a step may go over.
        decay: In (0, 1].
    """
    total = sparse.csr_array((size, size), dtype=np.float32)
    for gap in range(1, min(window, len(item) - 1) + 1):
        same = user[gap:] == user[:-gap]
        if not same.any():
            break
        values = np.full(int(same.sum()), decay ** (gap - 1), np.float32)
        places = (item[:-gap][same], item[gap:][same])
        total = total + sparse.csr_array((values, places), shape=(size, size))
    return total
