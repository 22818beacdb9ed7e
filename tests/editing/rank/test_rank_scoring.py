"""The linear scorer: every term can be worked out by hand."""

import numpy as np
import pytest

from editing.rank.features import OUTLIER, standardise
from editing.rank.film import Film
from editing.rank.scoring import LinearRanker, Weights
from ingest.media import Embeddings, ShotMeasures

TWO_ALIKE_AND_ONE_NOT = np.array([[1, 0], [1, 0], [0, 1]], np.float32)


def film(
    vectors: np.ndarray = TWO_ALIKE_AND_ONE_NOT,
    seconds: float = 2.0,
    **measures: list[float],
) -> Film:
    shots = len(vectors)
    values = np.array([*measures.values()], np.float32).reshape(len(measures), shots).T
    return Film(
        Embeddings("e", "1", vectors),
        ShotMeasures(tuple(measures), values),
        np.full(shots, seconds, np.float32),
        (np.arange(shots) / shots).astype(np.float32),
    )


def part(ranker: LinearRanker, scored: Film, name: str) -> list[float]:
    scores = ranker.score(scored)
    return scores.parts[:, scores.part_names.index(name)].tolist()


def test_the_shot_like_most_others_is_representative_and_the_odd_one_distinct() -> None:
    """Mean cosine to the others is 1/2, 1/2, 0: z-scores are 1/sqrt 2, 1/sqrt 2, -sqrt 2."""
    ranker = LinearRanker(Weights(representative=1.0, distinct=10.0))
    z = [2**-0.5, 2**-0.5, -(2**0.5)]

    assert part(ranker, film(), "representative of the film") == pytest.approx(z)
    assert part(ranker, film(), "unlike any other shot") == pytest.approx([-10 * x for x in z])


def test_a_measure_counts_by_its_weight_in_standard_deviations() -> None:
    ranker = LinearRanker(Weights(measures={"motion": 0.5}))

    found = part(ranker, film(motion=[1.0, 2.0, 3.0]), "motion")

    assert found == pytest.approx([-0.5 * 1.5**0.5, 0, 0.5 * 1.5**0.5])


def test_a_missing_measure_adds_nothing_and_is_named_so() -> None:
    scores = LinearRanker(Weights(measures={"motion": 1.0, "faces": 1.0})).score(
        film(motion=[1.0, np.nan, 3.0])
    )
    silent = {reason.name: reason.value for reason in scores.reasons(1)}
    whole = {reason.name for reason in scores.reasons(0)}

    assert silent["motion (not measured)"] == 0
    assert silent["faces (not measured)"] == 0
    assert "motion" in whole


def test_only_a_shot_too_short_to_read_loses_by_its_length() -> None:
    ranker = LinearRanker(Weights(length=1.0, readable_seconds=2.0))

    assert part(ranker, film(seconds=1.0), "long enough to read") == [0.5] * 3
    assert part(ranker, film(seconds=90.0), "long enough to read") == [1.0] * 3


def test_a_films_only_shot_is_neither_representative_nor_distinct() -> None:
    scores = LinearRanker().score(film(np.array([[1, 0]], np.float32)))

    assert scores.values.tolist() == [Weights().length]


def test_blocks_of_shots_make_no_difference() -> None:
    """600 shots are more than one block; the representativeness is that of the whole matrix."""
    vectors = np.random.default_rng(0).normal(size=(600, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    mean = ((vectors @ vectors.T).sum(axis=1) - 1) / 599

    found = part(LinearRanker(), film(vectors), "representative of the film")

    expected = np.clip((mean - mean.mean()) / mean.std(), -OUTLIER, OUTLIER)
    assert found == pytest.approx(expected.tolist(), abs=1e-4)


def test_other_weights_are_another_version() -> None:
    assert LinearRanker().version == LinearRanker(Weights()).version
    assert LinearRanker().version != LinearRanker(Weights(distinct=0.0)).version


def test_standardising_leaves_out_what_is_missing_and_keeps_outliers_near() -> None:
    column = np.array([[1.0], [3.0], [np.nan], [-np.inf]])
    scores, missing = standardise(column)
    far, _ = standardise(np.array([[0.0]] * 99 + [[1e6]]))

    assert scores[:, 0].tolist() == [-1, 1, 0, 0]
    assert missing[:, 0].tolist() == [False, False, True, True]
    assert far.max() == OUTLIER


def test_a_measure_that_does_not_vary_tells_nothing() -> None:
    scores, _ = standardise(np.full((5, 1), 0.1, np.float32))

    assert (scores == 0).all()
