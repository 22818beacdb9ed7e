"""Whatever the film, every ranker's parts add up to its scores, and say what they claim to."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from editing.errors import ModelError
from editing.rank.explanation import INTERPLAY, explain
from editing.rank.features import APART, SCENE, FeatureSpace
from editing.rank.film import Film, Ranker, ShotScores
from editing.rank.networks import NETWORKS, NetworkRanker, config_for, new_network
from editing.rank.scoring import LinearRanker
from ingest.media import Embeddings, ShotMeasures

MEASURES = ("luma", "motion", "loudness", "loudness_max", "speech")
ODD = (np.nan, np.inf, -np.inf, 0.0, 1e30)


def ranker(name: str, film: Film) -> Ranker:
    """A ranker of that name, fit for `film`; a network has random weights."""
    if name == "linear":
        return LinearRanker()
    space = FeatureSpace.of(film)
    generator = torch.Generator().manual_seed(7)
    return NetworkRanker(name, "1", space, new_network(name, config_for(name, space), generator))


@st.composite
def films(draw: st.DrawFn) -> Film:
    """Films of 1 to 500 shots, with duplicates, missing, infinite and constant measures."""
    shots = draw(st.sampled_from([1, 2, 3, 17, 500]) | st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vectors = rng.normal(size=(shots, 8))
    if draw(st.booleans()):
        vectors[:] = vectors[rng.integers(0, shots, shots)]  # duplicates
    if draw(st.booleans()):
        vectors[0] = 0
    names = draw(st.lists(st.sampled_from(MEASURES), unique=True))
    values = rng.normal(size=(shots, len(names)))
    for column in range(len(names)):
        odd = draw(st.sampled_from(ODD))
        values[rng.random(shots) < draw(st.sampled_from([0, 0.3, 1])), column] = odd
    return Film(
        Embeddings("e", "1", vectors.astype(np.float32)),
        ShotMeasures(tuple(names), values.astype(np.float32)),
        rng.uniform(0.04, 600, shots).astype(np.float32),
        np.sort(rng.random(shots)).astype(np.float32) * np.float32(0.999),
    )


@pytest.mark.parametrize("name", ["linear", *NETWORKS])
@given(film=films())
@settings(max_examples=20, deadline=None)
def test_parts_add_up_to_scores_of_any_film(name: str, film: Film) -> None:
    scores = ranker(name, film).score(film)

    assert np.isfinite(scores.values).all()
    np.testing.assert_allclose(scores.parts.sum(axis=1), scores.values, rtol=0, atol=1e-6)
    for shot in {0, film.shots - 1}:
        reasons = scores.reasons(shot)
        assert sum(reason.value for reason in reasons) == pytest.approx(scores.values[shot])


def test_leaving_groups_out_finds_the_parts_of_a_function_known_by_heart() -> None:
    """f = a + 10 b + a b at each shot: a's part is a + ab/2 and b's 10 b + ab/2."""
    encoded = torch.tensor([[1.0, 2.0], [-1.0, 3.0]])

    values, parts = explain(
        lambda x: x[..., 0] + 10 * x[..., 1] + x[..., 0] * x[..., 1],
        encoded,
        torch.zeros(2),
        columns(encoded, "ab"),
    )

    assert values.tolist() == [1 + 20 + 2, -1 + 30 - 3]
    assert parts["a"].tolist() == [1 + 2 / 2, -1 - 3 / 2]
    assert parts["b"].tolist() == [20 + 2 / 2, 30 - 3 / 2]
    assert parts[INTERPLAY].tolist() == [0, 0]


def test_what_three_groups_do_only_together_is_nobodys() -> None:
    def all_three(x: Tensor) -> Tensor:
        return x.prod(dim=-1)

    twos = torch.full((1, 3), 2.0)
    _, parts = explain(all_three, twos, torch.zeros(3), columns(twos, "abc"))

    assert [parts[g].item() for g in "abc"] == [4, 4, 4]  # half of 8: it is lost without any one
    assert parts[INTERPLAY].item() == 8 - 3 * 4


def test_a_group_the_network_ignores_has_no_part() -> None:
    encoded = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    _, parts = explain(lambda x: x[..., 0] ** 2, encoded, torch.zeros(2), columns(encoded, "ab"))

    assert (parts["b"] == 0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_measure_that_no_shot_has_counts_for_nothing(
    name: str, planted: Callable[..., Film]
) -> None:
    film = planted(12)
    film.measures.values[:, -2:] = np.nan  # a film without sound
    scores = ranker(name, film).score(film)
    sound = scores.part_names.index("sound")

    assert np.abs(scores.parts[:, sound]).max() < 1e-5
    assert "sound (not measured)" in [reason.name for reason in scores.reasons(0)]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_missing_measure_is_not_taken_for_an_average_one(
    name: str, planted: Callable[..., Film]
) -> None:
    film, gap = planted(12), planted(12)
    film.measures.values[3, -2:] = film.measures.values[:, -2:].mean(axis=0)
    gap.measures.values[3, -2:] = np.nan
    used = ranker(name, film)

    assert used.score(film).values[3] != used.score(gap).values[3]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_film_of_other_features_is_refused(name: str, planted: Callable[..., Film]) -> None:
    used = ranker(name, planted())
    for other in (planted(dim=16), without_measure(planted(), "motion")):
        with pytest.raises(ModelError, match="was made for 32 numbers of planted 1"):
            used.score(other)


@pytest.mark.parametrize("name", NETWORKS)
def test_more_measures_in_another_order_change_nothing(
    name: str, planted: Callable[..., Film]
) -> None:
    film = planted(12)
    backwards = film.measures.values[:, ::-1]
    values = np.concatenate([np.ones((12, 1), np.float32), backwards], axis=1)
    names = ("faces", *film.measures.names[::-1])
    shuffled = Film(film.embeddings, ShotMeasures(names, values), film.seconds, film.position)
    used = ranker(name, film)

    assert (used.score(film).values == used.score(shuffled).values).all()


def test_reasons_come_with_the_weightiest_first() -> None:
    scores = ShotScores(np.array([1.0]), ("a", "b"), np.array([[-1.0, 2.0]]))

    assert [(reason.name, reason.value) for reason in scores.reasons(0)] == [
        ("b", 2.0),
        ("a", -1.0),
    ]


def test_a_picture_is_told_in_two_its_scene_and_what_sets_it_apart(
    planted: Callable[..., Film],
) -> None:
    """The third of five shots differs from four alike: a fifth of the difference is its scene's."""
    film = planted(5)
    film.embeddings.vectors[:] = film.embeddings.vectors[0]
    film.embeddings.vectors[2] = -film.embeddings.vectors[0]
    space = FeatureSpace.of(film)
    encoded = space.encode(film)
    told = space.contributions(encoded - space.level(encoded))

    assert torch.allclose(sum(told.values()), encoded - space.level(encoded), atol=1e-5)  # type: ignore[arg-type]
    centre = encoded[2, :32]
    others = encoded[0, :32]
    assert torch.allclose(told[SCENE][2, :32], (4 * others + centre) / 5, atol=1e-5)
    assert torch.allclose(told[APART][2, :32], 4 * (centre - others) / 5, atol=1e-5)


@given(film=films())
@settings(max_examples=20, deadline=None)
def test_whatever_is_told_of_a_film_adds_up_to_it(film: Film) -> None:
    space = FeatureSpace.of(film)
    encoded = space.encode(film)
    told = torch.stack([*space.contributions(encoded - space.level(encoded)).values()]).sum(dim=0)

    assert torch.allclose(told, encoded - space.level(encoded), atol=1e-4)


def columns(encoded: Tensor, names: str) -> dict[str, Tensor]:
    """Each column as a contribution of its own."""
    return {name: encoded * torch.eye(len(names))[i] for i, name in enumerate(names)}


def without_measure(film: Film, name: str) -> Film:
    names = tuple(n for n in film.measures.names if n != name)
    values = np.stack([film.measures.column(n) for n in names], axis=1)
    return Film(film.embeddings, ShotMeasures(names, values), film.seconds, film.position)
