"""What a ranker sees of a film, and what it gives back: one score a shot, in parts that add up."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.media import Embeddings, Floats, ShotMeasures


@dataclass(frozen=True, slots=True)
class Film:
    """The shots of one film, in order."""

    embeddings: Embeddings
    """Vectors `(shots, dim)`."""
    measures: ShotMeasures
    """Values `(shots, names)`; NaN where a shot has no such measure."""
    seconds: Floats
    """`(shots,)`, above 0."""
    position: Floats
    """`(shots,)`, in [0, 1): where each shot begins in the film."""

    def __post_init__(self) -> None:
        shots = len(self.seconds)
        shapes = (self.embeddings.vectors.shape, self.measures.values.shape, self.position.shape)
        if shots < 1 or any(shape[0] != shots for shape in shapes):
            raise ValueError(f"features of {shapes} do not fit {shots} shots")
        if not np.isfinite(self.embeddings.vectors).all():
            raise ValueError("embeddings hold NaN or infinity; ingest the film again")

    @property
    def shots(self) -> int:
        """How many shots; at least 1."""
        return len(self.seconds)


@dataclass(frozen=True, slots=True)
class ShotScores:
    """A score for every shot, and the parts that it is the sum of."""

    values: NDArray[np.float64]
    """`(shots,)`; higher is better."""
    part_names: tuple[str, ...]
    """In words for people."""
    parts: NDArray[np.float64]
    """`(shots, parts)`; each row sums to its value within 1e-6."""

    def __post_init__(self) -> None:
        if self.parts.shape != (len(self.values), len(self.part_names)):
            raise ValueError(f"{self.parts.shape = } does not fit {len(self.values)} shots")
        worst = float(np.abs(self.parts.sum(axis=1) - self.values).max(initial=0.0))
        if not worst <= 1e-6:
            raise ValueError(f"the parts miss the scores by {worst}")


class Ranker(Protocol):
    """Anything that scores the shots of a film."""

    @property
    def name(self) -> str:
        """`linear`, `lstm`, `transformer`."""
        ...

    @property
    def version(self) -> str:
        """Which one: two that score differently differ in it."""
        ...

    def score(self, film: Film) -> ShotScores:
        """Score every shot of `film`.

        Raises:
            ModelError: The ranker was made for other features.
        """
        ...
