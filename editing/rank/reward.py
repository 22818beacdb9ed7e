"""How good a selection of shots is without labels: it is diverse, and the film is like it.

The reward of Zhou, Qiao and Xiang, "Deep Reinforcement Learning for Unsupervised Video
Summarization with Diversity-Representativeness Reward", AAAI 2018 (DR-DSN), equations 3 to 7,
over shots where they have frames. Without their rule that frames far apart always differ (eq. 4,
lambda): two alike shots are one too many in a cut, wherever in the film they lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.rank.likeness import unit_rows
from ingest.media import Floats

BUDGETS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of a film's shots for which a ranking is judged; one alone would be a lucky draw."""


@dataclass(frozen=True, slots=True)
class Reward:
    """The reward of selections from one film."""

    similarity: Tensor
    """`(shots, shots)`, cosine."""
    distance: Tensor
    """`(shots, shots)`, Euclidean, between unit vectors."""

    @classmethod
    def of(cls, vectors: Floats) -> Self:
        """For the embeddings of a film's shots, `(shots, dim)`."""
        rows = torch.from_numpy(unit_rows(vectors))
        similarity = rows @ rows.T
        return cls(similarity, (2 - 2 * similarity).clamp(min=0).sqrt())

    def __call__(self, selection: Tensor) -> float:
        """Diversity + representativeness (eq. 7), in [0, 3] of a selection's distinct indices.

        Diversity (eq. 3) is the mean of 1 - cosine over pairs of selected shots, 0 for one shot
        alone; representativeness (eq. 5) is `exp(-mean distance)` from every shot of the film to
        the nearest selected one.
        """
        count = len(selection)
        alike = self.similarity[selection][:, selection]  # (count, count)
        pairs = max(1, count * (count - 1))
        diversity = 1 - (alike.sum() - alike.trace()) / pairs if count > 1 else torch.tensor(0.0)
        nearest = self.distance[selection].amin(dim=0)  # (shots,)
        return float(diversity + torch.exp(-nearest.mean()))

    def of_ranking(self, scores: NDArray[np.floating], budgets: Sequence[float] = BUDGETS) -> float:
        """Mean reward of a film's best-scored shots, over the budgets; ties go to the earlier."""
        order = torch.from_numpy(np.argsort(-np.asarray(scores, np.float64), kind="stable"))
        return float(np.mean([self(order[: ceil(len(order) * b)]) for b in budgets]))

    def of_random(self, generator: torch.Generator, draws: int = 50) -> float:
        """Mean reward of rankings drawn at random."""
        shots = len(self.similarity)
        rankings = [torch.rand(shots, generator=generator).numpy() for _ in range(draws)]
        return float(np.mean([self.of_ranking(ranking) for ranking in rankings]))

    def of_uniform(self, budgets: Sequence[float] = BUDGETS) -> float:
        """Mean reward of shots picked at even distances: the middles of equal parts of a film."""
        shots = len(self.similarity)
        counts = [ceil(shots * share) for share in budgets]
        picks = [((torch.arange(n) + 0.5) * shots / n).long() for n in counts]
        return float(np.mean([self(pick) for pick in picks]))
