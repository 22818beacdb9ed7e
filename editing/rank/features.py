"""A film's features as a network reads them, and the feature space that they belong to.

Everything is relative to the film itself, so that a dark film's darkest shot is dark and not just
another dark one. A missing measure is marked in a channel of its own, never passed off as average.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.errors import ModelError
from editing.rank.film import Film
from editing.rank.likeness import LIKENESSES, likenesses

OUTLIER = 3.0
"""Standard deviations; a measure further from its film's mean counts as this far."""

PICTURE_VARIANCE = 4.0
"""A picture counts as so many measures: its 1,280 numbers would drown them, and be learned by
heart. Chosen on validation films (`benchmarks/ranking.py`)."""

PICTURE, LENGTH, PLACE, OTHER = "picture content", "length", "place in the film", "other measures"
LIKENESS = "likeness to other shots"
WITHIN_FILM = LIKENESSES + 1
"""The last columns of an encoded shot: what is true of it only in this film, its place the last."""
SCENE, APART = "the scene it is in", "what sets it apart in its scene"
"""What the picture tells, in two."""
SCENE_SHOTS = 2
"""On both sides of a shot: how far its scene is taken to reach."""
GROUP_OF = {
    "luma": "light and colour",
    "contrast": "light and colour",
    "colourfulness": "light and colour",
    "sharpness": "sharpness",
    "motion": "motion",
    "loudness": "sound",
    "loudness_max": "sound",
    "short_term_max": "sound",
    "true_peak": "sound",
    "silence": "sound",
    "speech": "speech",
    "onset": "music and rhythm",
    "pulse": "music and rhythm",
    "pan": "camera movement",
    "tilt": "camera movement",
    "zoom": "camera movement",
    "shake": "camera movement",
    "faces": "people",
    "face_height": "people",
}
"""Under which name, in words for people, each measure is explained."""


def standardise(values: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Standard deviations above the film's mean, and where there is no value to measure.

    `z = (x - mean) / deviation` over the finite values of each column, kept within `±OUTLIER`;
    0 where a column does not vary, and where the value is NaN or infinite.

    Args:
        values: `(shots, columns)`.

    Returns:
        `(shots, columns)` z-scores, and `(shots, columns)`, true where the value is missing.
    """
    missing = ~np.isfinite(values)
    known = np.where(missing, 0, values).astype(np.float64)
    count = np.maximum((~missing).sum(axis=0), 1)
    mean = known.sum(axis=0) / count
    centred = np.where(missing, 0, known - mean)
    deviation = np.sqrt((centred**2).sum(axis=0) / count)
    varies = deviation > 1e-6 * np.maximum(np.abs(mean), 1e-6)  # above float32's rounding
    scores = np.clip(centred / np.where(varies, deviation, 1), -OUTLIER, OUTLIER)
    return np.where(varies, scores, 0.0), missing


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """Which features a network was made for."""

    embedding_model: str
    embedding_version: str
    embedding_dim: int
    measures: tuple[str, ...]

    @classmethod
    def of(cls, film: Film) -> Self:
        """The space that `film` lies in."""
        embeddings = film.embeddings
        dim = embeddings.vectors.shape[1]
        return cls(embeddings.model, embeddings.version, dim, film.measures.names)

    def check(self, film: Film) -> None:
        """Make sure that `film` has these features; more measures than these do no harm.

        Raises:
            ModelError: It has others.
        """
        found = FeatureSpace.of(film)
        lacks = [name for name in self.measures if name not in found.measures]
        if found._embedding() == self._embedding() and not lacks:
            return
        raise ModelError(
            f"the ranker was made for {self}, and the film has {found}.\n"
            "Train a ranker on this film's features, ingest the film with those of the ranker, "
            "or use the linear scorer, which takes any"
        )

    def columns(self) -> int:
        """How many numbers `encode` gives a shot."""
        return self.embedding_dim + 2 * len(self.measures) + 1 + WITHIN_FILM

    def groups(self, picture_dim: int | None = None) -> dict[str, list[int]]:
        """The columns of `encode` by what they tell of, in words for people.

        Args:
            picture_dim: How many columns the picture has, if it was narrowed.
        """
        first, count = picture_dim or self.embedding_dim, len(self.measures)
        groups = {PICTURE: list(range(first))}
        for i, name in enumerate(self.measures):
            group = groups.setdefault(GROUP_OF.get(name, OTHER), [])
            group += [first + i, first + count + i]
        length = first + 2 * count
        alike = list(range(length + 1, length + WITHIN_FILM))
        return groups | {LENGTH: [length], LIKENESS: alike, PLACE: [length + WITHIN_FILM]}

    def contributions(self, beyond: Tensor, picture_dim: int | None = None) -> dict[str, Tensor]:
        """What each thing that can be told of a shot adds to the average shot of its film.

        The groups of columns, with the picture in two: `SCENE` is the mean picture of the shots
        around, and `APART` what differs from it.

        Args:
            beyond: `(shots, columns)`: an encoded film less its `level`, or any linear map of the
                pictures in it.
            picture_dim: How many columns the picture has, if it was narrowed.

        Returns:
            For each name `(shots, columns)`; together they are `beyond`.
        """
        parts: dict[str, Tensor] = {}
        for name, columns in self.groups(picture_dim).items():
            parts[name] = torch.zeros_like(beyond)
            parts[name][:, columns] = beyond[:, columns]
        picture = parts.pop(PICTURE)
        scene = _around(picture, SCENE_SHOTS)
        return {SCENE: scene, APART: picture - scene} | parts

    def unmeasured(self, film: Film) -> dict[str, NDArray[np.bool_]]:
        """For each group of measures: `(shots,)`, true where a shot has none of them."""
        groups: dict[str, NDArray[np.bool_]] = {}
        for name in self.measures:
            missing = ~np.isfinite(film.measures.column(name))
            group = GROUP_OF.get(name, OTHER)
            groups[group] = groups.get(group, np.True_) & missing
        return groups

    def encode(self, film: Film) -> Tensor:
        """What a network reads: `(shots, columns)`.

        In order: the embedding less the film's mean one, scaled so that all its numbers together
        vary by `PICTURE_VARIANCE`; each measure, standardised; 1 for each measure that the shot
        has; the standardised logarithm of the length; its likenesses to other shots, standardised;
        the place in the film from -1 (first frame) to 1.

        Raises:
            ModelError: The film has other features.
        """
        self.check(film)
        vectors = film.embeddings.vectors.astype(np.float64)
        centred = vectors - vectors.mean(axis=0)
        spread = np.sqrt((centred**2).mean())
        scale = np.sqrt(PICTURE_VARIANCE / vectors.shape[1])
        picture = centred / spread * scale if spread > 1e-6 else np.zeros_like(centred)
        chosen = [film.measures.names.index(name) for name in self.measures]
        measured, missing = standardise(film.measures.values[:, chosen])
        length, _ = standardise(np.log(film.seconds.astype(np.float64))[:, None])
        place = 2 * film.position[:, None] - 1
        alike, _ = standardise(likenesses(film.embeddings.vectors))
        columns = np.concatenate([picture, measured, ~missing, length, alike, place], axis=1)
        return torch.from_numpy(columns.astype(np.float32))

    def level(self, encoded: Tensor) -> Tensor:
        """The average shot of an encoded film, `(columns,)`: what a shot is compared with."""
        average = encoded.mean(dim=0)
        average[-1] = 0.0  # the middle of the film
        return average

    def _embedding(self) -> tuple[str, str, int]:
        return self.embedding_model, self.embedding_version, self.embedding_dim

    def __str__(self) -> str:
        return (
            f"{self.embedding_dim} numbers of {self.embedding_model} {self.embedding_version} "
            f"and the measures {', '.join(self.measures) or '(none)'}"
        )


def _around(rows: Tensor, reach: int) -> Tensor:
    """The mean of each row and up to `reach` neighbours on both sides, `(shots, columns)`."""
    sums = torch.cat([torch.zeros_like(rows[:1]), rows.double().cumsum(dim=0)])  # (T + 1, C)
    place = torch.arange(len(rows), device=rows.device)
    first, last = (place - reach).clamp(min=0), (place + reach + 1).clamp(max=len(rows))
    return ((sums[last] - sums[first]) / (last - first)[:, None]).to(rows.dtype)
