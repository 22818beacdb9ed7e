"""Films made of real shots, and what they are worth by a hidden function of each shot in context.

A film is a string of runs of neighbouring shots of the ingested films, so that scenes stay scenes.
Shots of test films come from other parts of the footage than those that were learned from.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from editing.rank.features import standardise
from editing.rank.film import Film
from editing.rank.likeness import likenesses, unit_rows

Doubles = NDArray[np.float64]
Truth = Literal["context", "own"]
NOISE = 0.3
"""Standard deviations of the hidden function, added to it."""
_RUN = (3, 9)
_ROUND = (0, 2, 0, 1)
"""Which of the pools the runs of a film go to, by turns."""
_MEASURES = ("luma", "motion", "sharpness", "colourfulness", "contrast")


@dataclass(frozen=True, slots=True)
class Pools:
    """Runs of shots that films are made of."""

    training: tuple[Film, ...]
    validation: tuple[Film, ...]
    test: tuple[Film, ...]


def pools_of(films: Sequence[Film], longest: int = 9) -> Pools:
    """Cut `films` into runs of up to `longest` shots, and share them out by turns."""
    runs: list[list[Film]] = [[], [], []]
    for film in films:
        edges = [*range(0, film.shots, longest), film.shots]
        for i, (start, stop) in enumerate(pairwise(edges)):
            runs[_ROUND[i % len(_ROUND)]].append(film.part(start, stop))
    return Pools(*(tuple(one) for one in runs))


def film_of(runs: Sequence[Film], shots: int, rng: np.random.Generator) -> Film:
    """A film of `shots` shots: pieces of random runs, one after another."""
    pieces: list[Film] = []
    while sum(piece.shots for piece in pieces) < shots:
        run = runs[int(rng.integers(len(runs)))]
        length = min(run.shots, int(rng.integers(*_RUN)))
        start = int(rng.integers(run.shots - length + 1))
        pieces.append(run.part(start, start + length))
    first = pieces[0]
    joined = [np.concatenate(arrays)[:shots] for arrays in zip(*map(_arrays, pieces), strict=True)]
    return Film(
        replace(first.embeddings, vectors=joined[0]),
        replace(first.measures, values=joined[1]),
        joined[2],
        (np.arange(shots) / shots).astype(np.float32),
    )


def worth(film: Film, truth: Truth, seed: int) -> Doubles:
    """`(shots,)`: what each shot is worth by the hidden function of that seed, plus noise.

    `own` is a weighted sum of the shot's own measures, as the linear scorer's is. `context` is how
    far its measures lie from those of its neighbours, and how unlike the four shots before it is.
    """
    rng = np.random.default_rng([seed, 1])
    weights = rng.normal(size=len(_MEASURES))
    values, _ = standardise(np.stack([film.measures.column(m) for m in _MEASURES], axis=1))
    if truth == "context":
        around = (np.roll(values, 1, axis=0) + np.roll(values, -1, axis=0)) / 2
        around[0], around[-1] = values[1], values[-2]
        values = np.concatenate([values - around, novelty(film)[:, None]], axis=1)
        weights = np.append(weights, 2.0)
    exact = standardise((values @ weights)[:, None])[0][:, 0]
    content = zlib.crc32(film.measures.values.tobytes())  # other noise for every film
    noise: Doubles = np.random.default_rng([seed, 2, content]).normal(size=film.shots)
    return exact + NOISE * noise


def novelty(film: Film) -> Doubles:
    """`(shots,)`: 1 less the greatest cosine similarity to the four shots before, standardised."""
    rows = unit_rows(film.embeddings.vectors).astype(np.float64)
    alike = rows @ rows.T
    nearest = [alike[t, max(0, t - 4) : t].max(initial=-1.0) for t in range(film.shots)]
    scores, _ = standardise(1 - np.array(nearest)[:, None])
    return scores[:, 0]


def fitted_linear(
    training: Sequence[tuple[Film, Doubles]],
    validation: Sequence[tuple[Film, Doubles]],
    columns: Callable[[Film], Doubles],
) -> tuple[Doubles, float]:
    """The linear scorer's form with learned weights: ridge regression on `columns` of each shot.

    Returns:
        Weights of the columns, and the penalty that was best on `validation`.
    """
    x = np.concatenate([columns(film) for film, _ in training])
    y = np.concatenate([standardise(labels[:, None])[0][:, 0] for _, labels in training])
    best: tuple[float, float, Doubles] | None = None
    for penalty in (0.1, 1.0, 10.0, 100.0, 1000.0):
        weights: Doubles = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
        fits = [np.corrcoef(columns(film) @ weights, labels)[0, 1] for film, labels in validation]
        if best is None or float(np.mean(fits)) > best[0]:
            best = (float(np.mean(fits)), penalty, weights)
    assert best is not None
    return best[2], best[1]


def own_columns(film: Film) -> Doubles:
    """`(shots, columns)`: every measure and the length, standardised, and the place in the film."""
    values, _ = standardise(film.measures.values)
    length, _ = standardise(np.log(film.seconds.astype(np.float64))[:, None])
    return np.concatenate(
        [values, length, 2 * film.position[:, None].astype(np.float64) - 1], axis=1
    )


def likeness_columns(film: Film) -> Doubles:
    """`own_columns` and how like the shot is to others: all that the networks read but pictures."""
    alike, _ = standardise(likenesses(film.embeddings.vectors))
    return np.concatenate([own_columns(film), alike], axis=1)


def _arrays(film: Film) -> tuple[NDArray[np.float32], ...]:
    return film.embeddings.vectors, film.measures.values, film.seconds, film.position
