"""The transparent ranker: a weighted sum of standardised measures, every weight in plain sight.

It learns nothing, needs no checkpoint and takes whatever measures there are, so it is the
baseline for the networks and what they fall back on. No film-position term: with no trailers to
learn one from it would be a guess, and how late a shot may be is for a brief's spoiler limit.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from editing.rank.features import standardise
from editing.rank.film import Film, ShotScores
from editing.rank.likeness import likeness_to_all, unit_rows
from ingest.media import Floats

MEASURE_WEIGHTS: Mapping[str, float] = {
    "motion": 0.6,
    "loudness_max": 0.4,
    "sharpness": 0.3,
    "colourfulness": 0.3,
    "contrast": 0.2,
    "luma": 0.2,
}
"""Eventful, clear, bright shots first. `loudness` is left out: `loudness_max` tells the same."""

WORDS: Mapping[str, str] = {
    "luma": "brightness",
    "loudness": "loudness",
    "loudness_max": "loudest moment",
}
"""What people call a measure, where its own name would puzzle them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much one standard deviation of each term adds to a score. 0 leaves a term out."""

    representative: float = 1.0
    """Mean cosine similarity to the film's other shots."""
    distinct: float = 0.7
    """1 less the cosine similarity to the most similar other shot."""
    length: float = 0.5
    """`min(1, seconds / readable_seconds)`, not standardised: a longer shot can be trimmed."""
    readable_seconds: float = 1.5
    """Above 0; a shot as long as this loses nothing by its length."""
    measures: Mapping[str, float] = field(default_factory=lambda: dict(MEASURE_WEIGHTS))
    """By name; a measure without a weight here counts for nothing."""

    def __post_init__(self) -> None:
        if not self.readable_seconds > 0:
            raise ValueError(f"readable_seconds is above 0, got {self.readable_seconds}")


@dataclass(frozen=True, slots=True)
class LinearRanker:
    """Scores a shot by a sum of terms, each a weight times what was measured."""

    weights: Weights = field(default_factory=Weights)
    name: str = "linear"

    @property
    def version(self) -> str:
        """The hash of the weights: other weights are another version."""
        text = json.dumps(asdict(self.weights), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def score(self, film: Film) -> ShotScores:
        """Score every shot of `film`, whatever its features; a missing measure adds nothing."""
        weights = self.weights
        similarity = np.stack(_similarities(film.embeddings.vectors), axis=1)
        pictured, _ = standardise(similarity * [1.0, -1.0])
        terms: dict[str, NDArray[np.float64]] = {
            "representative of the film": weights.representative * pictured[:, 0],
            "unlike any other shot": weights.distinct * pictured[:, 1],
            "long enough to read": weights.length
            * np.minimum(1.0, film.seconds / weights.readable_seconds),
        }
        missing = [np.zeros(film.shots, bool)] * len(terms)
        for measure, weight in weights.measures.items():
            if weight:
                scores, absent = _measure(film, measure)
                terms[WORDS.get(measure, measure)] = weight * scores
                missing.append(absent)
        parts = np.stack(list(terms.values()), axis=1)
        return ShotScores(parts.sum(axis=1), tuple(terms), parts, np.stack(missing, axis=1))


def _measure(film: Film, name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if name not in film.measures.names:
        return np.zeros(film.shots), np.ones(film.shots, bool)
    scores, missing = standardise(film.measures.column(name)[:, None])
    return scores[:, 0], missing[:, 0]


def _similarities(vectors: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and greatest cosine similarity of each shot to the film's others, `(shots,)` each.

    0 for a film's only shot.
    """
    before, after, mean = likeness_to_all(unit_rows(vectors))
    greatest = np.maximum(before, after)
    return mean, np.where(np.isfinite(greatest), greatest, 0.0)
