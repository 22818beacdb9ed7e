"""What most users came to lately: the baseline that every model must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.context import Context
from recsys.interactions import Floats, Interactions, Ints
from recsys.models.model import Progress, Recommender, State, popularity


@dataclass(frozen=True, slots=True)
class PopularityConfig:
    """How popularity is counted."""

    window_days: float | None = None
    """Days before the log's last interaction; None counts the whole log."""


class PopularityModel(Recommender):
    """The same list for everyone, but for what each user has seen."""

    name = "popularity"
    config_type = PopularityConfig
    exact_reasons = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        self._counts = popularity(interactions, self.config.window_days)
        on_progress(1.0)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        return np.tile(self._counts, (len(histories), 1))

    def contributions(self, history: Ints, items: Ints, context: Context | None = None) -> Floats:
        """Nothing that the user watched speaks for what is popular."""
        return np.zeros((len(history), len(items)), np.float32)

    def _state(self) -> State:
        return {"counts": self._counts}

    def _restore(self, state: State) -> None:
        if state["counts"].shape != (len(self.items),):
            raise ValueError("the counts do not fit the items")
        self._counts = state["counts"]
