"""iALS: factors of users and items by alternating least squares over implicit feedback.

Y. Hu, Y. Koren, C. Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008.
Fitted by the library `implicit`; users are folded in here, by the paper's equation 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from recsys.context import Context
from recsys.interactions import Floats, Interactions, Ints, check_decay, recency_weights
from recsys.models.model import Progress, Recommender, State, quiet


@dataclass(frozen=True, slots=True)
class AlsConfig:
    """Size, strength and length of an ALS model."""

    embedding_size: int = 32
    reg: float = 1.0
    """L2 penalty on the factors."""
    alpha: float = 4.0
    """How much more a watched title weighs than one not watched: `1 + alpha` to 1."""
    decay: float = 1.0
    """What a title weighs against the next newer one when a history is scored, in (0, 1]."""
    epochs: int = 15
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        check_decay(decay=self.decay)


class AlsModel(Recommender):
    """`scores = user factors @ item factors`, the user's factors solved from the history."""

    name = "als"
    config_type = AlsConfig
    scoring_fields: ClassVar[frozenset[str]] = frozenset({"decay"})
    exact_reasons = True

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> "AlsModel":
        """Goes on from these factors for a third of the epochs; new titles begin at chance."""
        other = type(self)(self.config)
        other._remember(interactions)
        chance = np.random.default_rng(self.config.seed)
        size = self.factors.shape[1]
        factors = chance.normal(0, 0.01, (len(other.items), size)).astype(np.float32)
        number = {item: place for place, item in enumerate(self.items)}
        for place, item in enumerate(other.items):
            if item in number:
                factors[place] = self.factors[number[item]]
        other.factors = factors
        other._squares = other._penalised_squares()
        users = other.represent(interactions.histories())
        other._solve(interactions, -(-self.config.epochs // 3), (users, factors), on_progress)
        return other

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        self._solve(interactions, self.config.epochs, None, on_progress)

    def _solve(
        self,
        interactions: Interactions,
        epochs: int,
        start: tuple[Floats, Floats] | None,
        on_progress: Progress,
    ) -> None:
        """Alternate, from the factors of users and items if given, else from chance."""
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        # One BLAS thread: implicit has threads of its own, and warns if BLAS starts more in each.
        with threadpool_limits(1, user_api="blas"):
            solver = AlternatingLeastSquares(
                factors=self.config.embedding_size,
                regularization=self.config.reg,
                alpha=1.0,  # the confidences are handed over as they are
                iterations=epochs,
                num_threads=self.config.threads,
                random_state=self.config.seed,
            )
            if start is not None:
                solver.user_factors, solver.item_factors = start
            confidence = interactions.matrix() * np.float32(1 + self.config.alpha)
            solver.fit(
                sparse.csr_matrix(confidence),
                show_progress=False,
                callback=lambda epoch, *_: on_progress((epoch + 1) / epochs),
            )
        self.factors = np.asarray(solver.item_factors, np.float32)
        self._squares = self._penalised_squares()

    def represent(self, histories: Sequence[Ints]) -> Floats:
        """The factors that fit each history best, `(histories, embedding_size)`.

        `(YᵀY + alpha Σ w y yᵀ + reg I)⁻¹ (1 + alpha) Σ w y`, the sums over the history's items, `w`
        by their recency; with a decay of 1 all `w` are 1, and it is the paper's equation.
        """
        alpha = self.config.alpha
        size = self.factors.shape[1]
        users = np.empty((len(histories), size), np.float32)
        for row, history in enumerate(histories):
            watched = self.factors[history]  # (history, dim)
            weighed = watched * recency_weights(len(history), self.config.decay)[:, None]
            squares = self._squares + alpha * (watched.T @ weighed)
            users[row] = np.linalg.solve(squares, (1 + alpha) * weighed.sum(axis=0))
        return users

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """Each title's part of the user's factors, times each item's; they add up to the scores.

        Hu, Koren, Volinsky 2008, section 5: given the history, the score is linear in its titles.
        """
        watched = self.factors[history]  # (history, dim)
        recency = recency_weights(len(history), self.config.decay)[:, None]
        squares = self._squares + self.config.alpha * (watched.T @ (watched * recency))
        parts = np.linalg.solve(squares, (1 + self.config.alpha) * (watched * recency).T)
        return np.asarray(parts.T @ self.factors[items].T, np.float32)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        return np.asarray(self.represent(histories) @ self.factors.T, np.float32)

    def _state(self) -> State:
        return {"factors": self.factors}

    def _restore(self, state: State) -> None:
        if state["factors"].shape != (len(self.items), self.config.embedding_size):
            raise ValueError("the factors do not fit the items")
        self.factors = state["factors"]
        self._squares = self._penalised_squares()

    def _penalised_squares(self) -> Floats:
        size = self.factors.shape[1]
        squares = self.factors.T @ self.factors + self.config.reg * np.eye(size)
        return np.asarray(squares, np.float32)
