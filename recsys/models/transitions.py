"""Counts of what was watched after what: the strong baseline of logs whose order says much.

A first-order Markov chain with skips, as in R. He, J. McAuley, Fusing Similarity Models with Markov
Chains, ICDM 2016, section II, but counted instead of learned; the popularity discount is that of
M. Deshpande, G. Karypis, Item-Based Top-N Recommendation Algorithms, 2004, equation 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from recsys.context import Context
from recsys.interactions import Floats, Interactions, Ints, history_matrix, recency_weights
from recsys.models.model import Progress, Recommender, State


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
        for name, value in (("decay", self.decay), ("forget", self.forget)):
            if not 0 < value <= 1:
                raise ValueError(f"need 0 < {name} <= 1, got {value}")


class TransitionsModel(Recommender):
    """`scores = recent history @ steps / plays ** discount`.

    `steps[i, j]` is how often j followed i, near steps weighing most, over the plays of i.
    """

    name = "transitions"
    config_type = TransitionsConfig
    scoring_fields: ClassVar[frozenset[str]] = frozenset({"forget", "discount"})
    exact_reasons = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        self.steps = count_steps(interactions, self.config.window, self.config.decay)
        self.plays = np.bincount(interactions.item, minlength=len(self.items)).astype(np.float32)
        on_progress(1.0)

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


def count_steps(interactions: Interactions, window: int, decay: float) -> "sparse.csr_array":
    """`(items, items)`, float32: how often the second came after the first, within a window.

    A step over g places counts `decay ** (g - 1)`.
    """
    size, user, item = len(interactions.items), interactions.user, interactions.item
    total = sparse.csr_array((size, size), dtype=np.float32)
    for gap in range(1, min(window, len(item) - 1) + 1):
        same = user[gap:] == user[:-gap]
        if not same.any():
            break
        values = np.full(int(same.sum()), decay ** (gap - 1), np.float32)
        places = (item[:-gap][same], item[gap:][same])
        total = total + sparse.csr_array((values, places), shape=(size, size))
    return total
