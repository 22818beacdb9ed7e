"""The order head: it learns a planted rule of order, and holds it on films it never saw."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import Network, config_for, new_network
from editing.rank.ordering import (
    OrderObjective,
    chance_of,
    next_shot_share,
    order_scores,
    runs_of,
)
from editing.rank.plan import TrainingPlan
from editing.rank.training import fit, train_network
from ingest.threads import one_thread


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def brightening(planted: Callable[..., Film], seed: int) -> Film:
    """A film whose shots, all else being chance, grow brighter from the first to the last."""
    film = planted(40, seed=seed)
    luma = film.measures.names.index("luma")
    film.measures.values[:, luma] = np.sort(film.measures.values[:, luma])
    return film


def taught(films: list[Film], held_out: list[Film], steps: int = 120) -> Network:
    space = FeatureSpace.of(films[0])
    network = new_network("transformer", config_for("transformer", space), generator())
    plan = replace(TrainingPlan(order_steps=steps).for_order(), learning_rate=3e-3)
    objective = OrderObjective.of_films(
        network,
        [space.encode(film) for film in films],
        [space.encode(film) for film in held_out],
        plan=plan,
        generator=generator(1),
    )
    with one_thread():
        fit(objective, plan=plan, seed=1, generator=generator(1))
    return network


def test_a_planted_rule_of_order_is_learned_from_films_alone(
    planted: Callable[..., Film],
) -> None:
    films = [brightening(planted, seed) for seed in range(6)]
    network = taught(films[:5], films[5:])
    unseen = [brightening(planted, seed) for seed in range(100, 106)]
    space = FeatureSpace.of(films[0])

    runs = [runs_of(space.encode(film), generator(seed)) for seed, film in enumerate(unseen)]
    share = np.mean([next_shot_share(network.order, run) for run in runs])  # type: ignore[union-attr, arg-type]

    assert share > chance_of(12) + 0.2  # chance is 0.19
    film = unseen[0]
    chances = order_scores(network, space, film, [5, 10], [38, 15, 30])
    assert chances.argmax() == 1  # the next brighter one
    assert np.exp(chances).sum() == pytest.approx(1)


def test_the_place_in_the_film_gives_nothing_away(planted: Callable[..., Film]) -> None:
    """Two films with the same shots, one of them told backwards, are ordered alike."""
    film = planted(20)
    backwards = replace(film, position=film.position[::-1].copy())
    space = FeatureSpace.of(film)
    network = new_network("transformer", config_for("transformer", space), generator())

    one = order_scores(network, space, film, [3, 4], [5, 6, 7])
    other = order_scores(network, space, backwards, [3, 4], [5, 6, 7])

    assert one.tolist() == other.tolist()


def test_what_comes_next_depends_on_what_is_placed(planted: Callable[..., Film]) -> None:
    film = planted(20)
    space = FeatureSpace.of(film)
    network = new_network("transformer", config_for("transformer", space), generator())

    scores = [
        order_scores(network, space, film, placed, [5, 6]) for placed in ([], [1], [2], [2, 1])
    ]

    assert len({tuple(row.tolist()) for row in scores}) == 4


def test_a_blind_guess_finds_one_of_those_left() -> None:
    assert chance_of(3) == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_an_lstm_cannot_tell_orders_and_says_who_can(planted: Callable[..., Film]) -> None:
    film = planted(20)
    space = FeatureSpace.of(film)
    network = new_network("lstm", config_for("lstm", space), generator())

    with pytest.raises(ModelError, match="a transformer can"):
        order_scores(network, space, film, [0], [1])


@pytest.mark.parametrize(("placed", "candidates"), [([0], []), ([20], [1]), ([0], [-1])])
def test_shots_that_a_film_has_not_cannot_come_next(
    placed: list[int], candidates: list[int], planted: Callable[..., Film]
) -> None:
    film = planted(20)
    space = FeatureSpace.of(film)
    network = new_network("transformer", config_for("transformer", space), generator())

    with pytest.raises(ValueError, match="cannot come next in a film of 20 shots"):
        order_scores(network, space, film, placed, candidates)


def test_training_without_labels_tells_how_well_the_next_shot_is_guessed(
    planted: Callable[..., Film],
) -> None:
    plan = TrainingPlan(steps=2, order_steps=4)
    figures = train_network("transformer", [planted(40)], seed=0, plan=plan).validation

    assert 0 <= figures["order"] <= 1
    assert 0 < figures["order by chance"] < 1
