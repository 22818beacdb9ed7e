"""Training on labels: masked, weighted, seeded, resumed, and stopped by what was held out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from editing.errors import ModelError
from editing.rank.film import Film
from editing.rank.networks import NETWORKS
from editing.rank.supervised import (
    Labelled,
    SupervisedPlan,
    SupervisedTraining,
    ranking_loss,
    regression_loss,
    train_supervised,
)

MakeFilm = Callable[..., Film]
QUICK = SupervisedPlan(epochs=3)
SHOTS = 24


@pytest.fixture
def films(planted: MakeFilm) -> list[Film]:
    return [planted(SHOTS, seed=seed, dim=8) for seed in range(5)]


def motion(film: Film) -> np.ndarray:
    """Labels that one measure tells exactly."""
    return film.measures.column("motion").astype(np.float64)


def held_out(film: Film) -> list[Labelled]:
    return [Labelled(film, motion(film), np.ones(film.shots))]


def train(films: list[Film], **options: object) -> SupervisedTraining:
    settings = {"validation": held_out(films[-1]), "seed": 0, "plan": QUICK} | options
    return train_supervised(films[:-1], [motion(f) for f in films[:-1]], **settings)


def same_weights(a: SupervisedTraining, b: SupervisedTraining) -> bool:
    others = b.network.state_dict()
    return all(torch.equal(value, others[name]) for name, value in a.network.state_dict().items())


def test_losses_by_hand() -> None:
    scores, targets = torch.tensor([1.0, 0.0, 5.0]), torch.tensor([0.0, 2.0, float("nan")])
    weights = torch.tensor([1.0, 3.0, 0.0])

    assert regression_loss(scores, targets, weights).item() == pytest.approx((1 * 1 + 3 * 4) / 4)
    wrong_way = np.log(1 + np.exp(1.0))  # the second matters more and scores 1 less
    assert ranking_loss(scores, targets, weights).item() == pytest.approx(wrong_way)


def test_a_shot_without_a_label_teaches_nothing() -> None:
    targets = torch.tensor([0.0, 1.0, float("nan")])
    for loss in (regression_loss, ranking_loss):
        scores = torch.tensor([0.5, 0.0, 0.0], requires_grad=True)
        loss(scores, targets, torch.tensor([1.0, 1.0, 0.0])).backward()
        assert scores.grad is not None
        assert scores.grad[:2].abs().min() > 0
        assert scores.grad[2] == 0


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("loss", ["regression", "ranking"])
def test_a_network_learns_what_labels_tell(name: str, loss: str, planted: MakeFilm) -> None:
    films = [planted(30, seed=seed, dim=8) for seed in range(7)]
    made = train(films, name=name, plan=SupervisedPlan(epochs=14, loss=loss, learning_rate=5e-3))
    unseen = planted(40, seed=99, dim=8)

    (judge,) = held_out(unseen)

    assert judge.tau(made.scores(unseen)) > 0.5
    assert made.validation["tau"] > made.validation["untrained"]
    assert made.held_out == "1 films held out"


def test_the_epoch_that_is_kept_is_the_best_by_validation(films: list[Film]) -> None:
    made = train(films, plan=SupervisedPlan(epochs=6))
    taus = [tau for _, tau in made.history]

    assert made.validation["tau"] == max(taus)
    assert made.step == 1 + int(np.argmax(taus))
    (judge,) = held_out(films[-1])
    assert judge.tau(made.scores(films[-1])) == pytest.approx(max(taus), abs=0.02)


def test_training_ends_when_validation_no_longer_rises(films: list[Film]) -> None:
    """Labels to stop by that are the opposite of those to learn: it only gets worse."""
    opposite = [replace(held_out(films[-1])[0], labels=-motion(films[-1]))]
    made = train(
        films, validation=opposite, plan=SupervisedPlan(epochs=30, patience=2, learning_rate=5e-3)
    )

    assert len(made.history) == made.step + 2 < 30


def test_the_same_seed_gives_the_same_network(films: list[Film]) -> None:
    assert same_weights(train(films, seed=3), train(films, seed=3))
    assert not same_weights(train(films, seed=3), train(films, seed=4))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not(
    name: str, films: list[Film], tmp_path: Path
) -> None:
    plan, state = SupervisedPlan(epochs=5, patience=5), tmp_path / "deep" / "state.safetensors"
    whole = train(films, name=name, plan=plan)

    def cut_off(done: float) -> None:
        if done >= 2 / 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(films, name=name, plan=plan, state_file=state, on_progress=cut_off)
    resumed = train(films, name=name, plan=plan, state_file=state)

    assert resumed.history == whole.history
    assert resumed.step == whole.step
    assert same_weights(resumed, whole)


def test_a_finished_training_is_not_done_again(films: list[Film], tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    first = train(films, state_file=state)
    written = state.stat().st_mtime_ns

    again = train(films, state_file=state)

    assert same_weights(first, again)
    assert state.stat().st_mtime_ns == written


def test_a_training_does_not_go_on_from_another_or_from_a_damaged_one(
    films: list[Film], tmp_path: Path
) -> None:
    state = tmp_path / "state.safetensors"
    train(films, state_file=state)

    with pytest.raises(ModelError, match="another seed"):
        train(films, seed=1, state_file=state)
    with pytest.raises(ModelError, match="other films, labels"):
        train(films, weights=[np.full(SHOTS, 2.0)] * 4, state_file=state)
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"(?s)cannot go on from .*Remove the file"):
        train(films, state_file=state)


def test_an_unknown_label_and_one_of_no_weight_are_the_same(films: list[Film]) -> None:
    """Whatever stands where the weight is 0, NaN or nonsense, the network comes out the same."""
    labels = [motion(film) for film in films[:-1]]
    unknown = [np.where(np.arange(SHOTS) % 3 == 0, np.nan, row) for row in labels]
    nonsense = [np.where(np.arange(SHOTS) % 3 == 0, 1e6, row) for row in labels]
    weights = [np.where(np.arange(SHOTS) % 3 == 0, 0.0, 1.0)] * len(labels)
    options = {"validation": held_out(films[-1]), "seed": 0, "plan": QUICK}

    a = train_supervised(films[:-1], unknown, **options)
    b = train_supervised(films[:-1], nonsense, weights, **options)

    assert same_weights(a, b)


def test_a_film_without_labels_is_no_harm(films: list[Film]) -> None:
    labels = [motion(film) for film in films[:-1]]
    options = {"validation": held_out(films[-1]), "seed": 0, "plan": QUICK}
    nothing = np.full(SHOTS, np.nan)

    with_it = train_supervised([*films[:-1], films[0]], [*labels, nothing], **options)

    assert same_weights(with_it, train_supervised(films[:-1], labels, **options))


def test_a_long_film_is_learned_in_pieces_and_scored_whole(planted: MakeFilm) -> None:
    films = [planted(50, seed=seed, dim=8) for seed in range(3)]
    made = train(films, plan=SupervisedPlan(epochs=2, window=16))

    assert made.scores(films[0]).shape == (50,)


def test_labels_that_tell_nothing_apart_are_refused(films: list[Film]) -> None:
    flat = [np.ones(SHOTS)] * 4
    with pytest.raises(ModelError, match="nothing to learn"):
        train_supervised(films[:-1], flat, validation=held_out(films[-1]), seed=0)
    with pytest.raises(ModelError, match="nothing to stop by"):
        train(films, validation=[Labelled(films[-1], np.ones(SHOTS), np.ones(SHOTS))])
    with pytest.raises(ModelError, match="nothing to stop by"):
        train(films, validation=[])


def test_films_of_other_features_are_refused(films: list[Film], planted: MakeFilm) -> None:
    other = planted(SHOTS, seed=9, dim=16)
    with pytest.raises(ModelError, match="was made for"):
        train([*films[:-1], other, films[-1]])


@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        (np.ones(3), np.ones(SHOTS)),
        (np.ones(SHOTS), np.ones(3)),
        (np.full(SHOTS, np.inf), np.ones(SHOTS)),
        (np.ones(SHOTS), np.full(SHOTS, -1.0)),
        (np.ones(SHOTS), np.full(SHOTS, np.nan)),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    labels: np.ndarray, weights: np.ndarray, films: list[Film]
) -> None:
    with pytest.raises(ValueError, match=r"label|weight|fit"):
        Labelled(films[0], labels, weights)


def test_no_training_follows_an_impossible_plan() -> None:
    for wrong in ({"epochs": 0}, {"patience": 0}, {"window": 1}, {"loss": "guess"}):
        with pytest.raises(ValueError, match=r"training|loss"):
            SupervisedPlan(**wrong)
