"""Titles that share an audience: item to item similarity, the nearest few of each kept.

B. Sarwar et al., Item-Based Collaborative Filtering Recommendation Algorithms, WWW 2001; the
shrinkage is that of R. Bell, Y. Koren, Scalable Collaborative Filtering, ICDM 2007, section 2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

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
from recsys.models.model import Progress, Recommender, State

ROWS = 1024
"""Titles whose similarities to all are held at once."""


@dataclass(frozen=True, slots=True)
class NeighboursConfig:
    """How many neighbours, and how much evidence a similarity needs."""

    neighbours: int = 200
    """The most similar titles that each title keeps."""
    shrink: float = 20.0
    """Added to the denominator of the cosine, so that few shared users say little; >= 0."""
    decay: float = 1.0
    """What a title of a history weighs against the next newer one, in (0, 1]."""

    def __post_init__(self) -> None:
        check_decay(decay=self.decay)


class NeighboursModel(Recommender):
    """`scores = history @ similarity`, each title's similarity to its nearest neighbours."""

    name = "knn"
    config_type = NeighboursConfig
    scoring_fields: ClassVar[frozenset[str]] = frozenset({"decay"})
    exact_reasons = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        watched = interactions.matrix()
        self.similarity = nearest(watched, self.config.neighbours, self.config.shrink, on_progress)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        watched = history_matrix(histories, len(self.items), self.config.decay)
        return np.asarray((watched @ self.similarity).toarray(), np.float32)

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """Each title's recency times its similarity to each item; they add up to the scores."""
        recency = recency_weights(len(history), self.config.decay)
        return np.asarray(recency[:, None] * self.similarity[history].toarray()[:, items])

    def _state(self) -> State:
        return {
            "values": self.similarity.data,
            "columns": self.similarity.indices,
            "starts": self.similarity.indptr,
        }

    def _restore(self, state: State) -> None:
        size = len(self.items)
        if len(state["starts"]) != size + 1:
            raise ValueError("the similarities do not fit the items")
        self.similarity = sparse.csr_array(
            (state["values"], state["columns"], state["starts"]), shape=(size, size)
        )
        self.similarity.check_format()


def nearest(
    watched: "sparse.csr_array", neighbours: int, shrink: float, on_progress: Progress
) -> "sparse.csr_array":
    """Shrunk cosines of the columns, the largest of each row kept: `(items, items)`.

    `shared / (sqrt(users of i * users of j) + shrink)`, 0 where i = j.

    Args:
        watched: `(users, items)` of 0 and 1.
        neighbours: At least 1.
        shrink: >= 0.
        on_progress: Called with the share of titles done.
    """
    items = watched.shape[1]
    by_item = sparse.csr_array(watched.T)
    lengths = np.sqrt(np.asarray(watched.sum(axis=0), np.float32))
    kept = []
    for begin in range(0, items, ROWS):
        shared = sparse.csr_array(by_item[begin : begin + ROWS] @ watched)
        rows = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
        columns = shared.indices
        values = shared.data / (lengths[begin + rows] * lengths[columns] + shrink)
        values[columns == begin + rows] = 0
        order = np.lexsort((columns, -values, rows))  # of equals, the lower number first
        place = np.arange(len(rows)) - np.repeat(shared.indptr[:-1], np.diff(shared.indptr))
        best = order[(place < neighbours) & (values[order] > 0)]
        places = (rows[best], columns[best])
        kept.append(sparse.csr_array((values[best], places), shape=(shared.shape[0], items)))
        on_progress(min(begin + ROWS, items) / items)
    return sparse.csr_array(sparse.vstack(kept, format="csr", dtype=np.float32))
