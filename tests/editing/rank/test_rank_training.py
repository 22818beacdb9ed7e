"""Training without labels: it finds planted scenes, and finds them again by the same seed."""

from collections.abc import Callable
from math import exp, sqrt

import numpy as np
import pytest
import torch

from editing.errors import ModelError
from editing.rank.examples import examples_of, mean_reward, split_films
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import NETWORKS, config_for, new_network
from editing.rank.plan import TrainingPlan
from editing.rank.policy import policy_loss
from editing.rank.reward import Reward
from editing.rank.training import train_network
from editing.rank.transformer import rotate

QUICK = TrainingPlan(steps=4, check_every=2, order_steps=2)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_reward_of_three_shots_by_hand() -> None:
    """Shots 0 and 1 are equal, shot 2 at a right angle: cosine 0, distance sqrt 2."""
    reward = Reward.of(np.array([[1, 0], [1, 0], [0, 1]], np.float32))

    assert reward(torch.tensor([0, 1])) == pytest.approx(0 + exp(-sqrt(2) / 3))
    assert reward(torch.tensor([0, 2])) == pytest.approx(1 + exp(0))
    assert reward(torch.tensor([2])) == pytest.approx(0 + exp(-2 * sqrt(2) / 3))


def test_a_ranking_is_judged_by_its_best_shots() -> None:
    reward = Reward.of(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))

    assert reward.of_ranking(np.array([4.0, 1.0, 3.0, 2.0]), [0.5]) == pytest.approx(2)  # 0 and 2
    assert reward.of_ranking(np.array([4.0, 3.0, 2.0, 1.0]), [0.5]) < 1  # 0 and 1, which are alike
    assert reward.of_uniform([0.5]) == pytest.approx(2)  # 1 and 3


def test_the_policy_learns_which_shots_to_pick() -> None:
    """Of 5 shots, 3 are alike: descending the loss alone, the odd two come to be picked first."""
    reward = Reward.of(np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 2]])
    scores = torch.zeros(5, requires_grad=True)
    draws = generator()
    for _ in range(200):
        (gradient,) = torch.autograd.grad(policy_loss(scores, reward, 8, draws), scores)
        scores.data -= 0.1 * gradient

    assert set(scores.detach().argsort(descending=True)[:2].tolist()) <= {0, 1, 2, 3, 4}
    assert min(scores[3], scores[4]) > scores[:3].median()
    assert reward.of_ranking(scores.detach().numpy()) > reward.of_random(draws)


@pytest.mark.parametrize("name", NETWORKS)
def test_training_beats_chance_and_the_untrained_on_films_it_never_saw(
    name: str, planted: Callable[..., Film]
) -> None:
    seen = [planted(seed=seed) for seed in range(10)]
    unseen = [planted(seed=seed) for seed in range(100, 106)]

    plan = TrainingPlan(steps=500, check_every=25, smoothing=3, order_steps=0)
    trained = train_network(name, seen, seed=1, plan=plan)
    fresh = [new_network(name, trained.config, generator(seed)) for seed in range(8)]

    examples = examples_of(unseen, trained.space, 512, torch.device("cpu"))
    chance = np.mean([Reward.of(f.embeddings.vectors).of_random(generator()) for f in unseen])
    untrained = np.mean(
        [mean_reward(network, examples) for network in fresh]
    )  # one alone may be lucky
    assert mean_reward(trained.network, examples) > untrained + 0.05
    assert mean_reward(trained.network, examples) > chance + 0.05
    assert trained.validation["reward"] > trained.validation["random"]
    assert set(trained.validation) == {"reward", "untrained", "random", "uniform", "linear"}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_seed_gives_the_same_network_and_another_seed_another(
    name: str, planted: Callable[..., Film]
) -> None:
    one, two, other = (
        train_network(name, [planted()], seed=seed, plan=QUICK).network.state_dict()
        for seed in (3, 3, 4)
    )

    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_training_leaves_the_process_as_it_was(planted: Callable[..., Film]) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train_network("lstm", [planted(20)], seed=0, plan=QUICK)

    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_training_stops_when_validation_no_longer_improves(planted: Callable[..., Film]) -> None:
    heard: list[float] = []
    plan = TrainingPlan(patience=6, check_every=3, smoothing=1)
    training = train_network("lstm", [planted()], seed=0, plan=plan, on_progress=heard.append)

    assert 3 * (len(heard) - 1) == training.step + 6
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_of_one_film_a_fifth_is_held_out_in_one_piece(planted: Callable[..., Film]) -> None:
    film = planted(60)
    for seed in range(20):
        split = split_films([film], generator(seed))
        (held,) = split.validation
        seen = {p for part in split.training for p in part.position.tolist()}

        assert held.shots == 12
        assert np.allclose(np.diff(held.position), 1 / 60, atol=1e-6)  # neighbours
        assert not seen & set(held.position.tolist())
        assert len(seen) >= 60 - 12 - 4  # a side of fewer than 5 shots is too short to learn from


def test_of_several_films_whole_ones_are_held_out(planted: Callable[..., Film]) -> None:
    films = [planted(20, seed=seed) for seed in range(6)]
    split = split_films([*films, planted(2)], generator())

    assert len(split.validation) == 2  # a fifth of 6, rounded up; the film of 2 shots is left out
    assert len(split.training) == 4
    assert not {id(f) for f in split.training} & {id(f) for f in split.validation}


def test_a_film_too_short_to_hold_out_from_says_so(planted: Callable[..., Film]) -> None:
    training = train_network("lstm", [planted(6)], seed=0, plan=QUICK)

    assert training.held_out.startswith("the training shots themselves")


@pytest.mark.parametrize("shots", [[], [1], [1, 4]])
def test_films_too_short_to_choose_from_are_refused(
    shots: list[int], planted: Callable[..., Film]
) -> None:
    with pytest.raises(ModelError, match="at least 5 shots"):
        train_network("lstm", [planted(n) for n in shots], seed=0)


def test_films_of_different_features_are_refused(planted: Callable[..., Film]) -> None:
    with pytest.raises(ModelError, match="was made for"):
        train_network("lstm", [planted(dim=32), planted(dim=16)], seed=0, plan=QUICK)


def test_duplicate_shots_train_without_complaint(planted: Callable[..., Film]) -> None:
    film = planted(30)
    film.embeddings.vectors[:] = film.embeddings.vectors[0]
    for name in NETWORKS:
        network = train_network(name, [film], seed=0, plan=QUICK).network
        assert all(weight.isfinite().all() for weight in network.parameters())


def test_long_films_are_trained_on_in_pieces(planted: Callable[..., Film]) -> None:
    plan = TrainingPlan(steps=4, window=16, order_steps=2)
    whole = train_network("transformer", [planted(100)], seed=0, plan=QUICK)
    pieces = train_network("transformer", [planted(100)], seed=0, plan=plan)

    assert pieces.config == whole.config


def test_attention_depends_on_how_many_shots_lie_between() -> None:
    """The product of a rotated query and key is the same wherever the pair lies."""
    query, key = torch.randn(2, 8, generator=generator())
    q, k = rotate(query.expand(40, 8)), rotate(key.expand(40, 8))  # (40, 8): alike at each shot
    products = q @ k.T

    for apart in (0, 1, 7):
        diagonal = products.diagonal(apart)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4)
    assert not torch.isclose(products[0, 0], products[0, 7], atol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_five_thousand_shots_are_scored(name: str, planted: Callable[..., Film]) -> None:
    film = planted(5000)
    space = FeatureSpace.of(film)
    network = new_network(name, config_for(name, space), generator())

    with torch.inference_mode():
        scores = network(space.encode(film)[None])

    assert scores.shape == (1, 5000)
    assert scores.isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shot_is_scored_from_what_surrounds_it(name: str, planted: Callable[..., Film]) -> None:
    """Changing the last shot changes the first one's score: both ways are read."""
    film = planted(30)
    space = FeatureSpace.of(film)
    network = new_network(name, config_for(name, space), generator())
    encoded = space.encode(film)
    changed = encoded.clone()
    changed[-1] += 1
    with torch.inference_mode():
        before, after = network(torch.stack([encoded, changed]))  # (30,) each

    assert before[0] != after[0]
    assert before[-1] != after[-1]
