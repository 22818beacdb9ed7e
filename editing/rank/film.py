"""What a ranker sees of a film, and what it gives back: one score a shot, in parts that add up."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from editing.cut import Reason
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
        if not (np.isfinite(self.seconds).all() and (self.seconds > 0).all()):
            raise ValueError(f"every shot lasts above 0 seconds, got {self.seconds.min()}")
        if not ((self.position >= 0) & (self.position < 1)).all():
            raise ValueError("every position lies in [0, 1)")

    @property
    def shots(self) -> int:
        """How many shots; at least 1."""
        return len(self.seconds)

    def part(self, start: int, stop: int) -> "Film":
        """Shots `start, …, stop - 1`; their positions stay those in the whole film."""
        rows = slice(start, stop)
        return Film(
            replace(self.embeddings, vectors=self.embeddings.vectors[rows]),
            replace(self.measures, values=self.measures.values[rows]),
            self.seconds[rows],
            self.position[rows],
        )


@dataclass(frozen=True, slots=True)
class ShotScores:
    """A score for every shot, and the parts that it is the sum of."""

    values: NDArray[np.float64]
    """`(shots,)`; higher is better."""
    part_names: tuple[str, ...]
    """In words for people."""
    parts: NDArray[np.float64]
    """`(shots, parts)`; each row sums to its value within 1e-6."""
    unmeasured: NDArray[np.bool_] | None = None
    """`(shots, parts)`: where a part's measures do not exist for the shot; None for nowhere."""

    def __post_init__(self) -> None:
        shape = (len(self.values), len(self.part_names))
        if self.parts.shape != shape:
            raise ValueError(f"{self.parts.shape = } does not fit {len(self.values)} shots")
        if self.unmeasured is not None and self.unmeasured.shape != shape:
            raise ValueError(f"{self.unmeasured.shape = } does not fit parts of {shape}")
        worst = float(np.abs(self.parts.sum(axis=1) - self.values).max(initial=0.0))
        if not worst <= 1e-6:
            raise ValueError(f"the parts miss the scores by {worst}")

    def reasons(self, shot: int) -> tuple[Reason, ...]:
        """The parts of one shot's score, the weightiest first; they sum to its score.

        A part whose measures the shot does not have says so in its name.
        """
        missing = np.zeros_like(self.parts, bool) if self.unmeasured is None else self.unmeasured
        return tuple(
            Reason(
                self.part_names[i] + (" (not measured)" if missing[shot, i] else ""),
                float(self.parts[shot, i]),
            )
            for i in np.argsort(-np.abs(self.parts[shot]), kind="stable")
        )


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
