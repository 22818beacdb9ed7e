"""The order of trailers: read from alignments, learned by the order head."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import NetworkRanker, config_for, new_network
from editing.rank.order_training import (
    ORDER_PLAN,
    UNCHECKED_STEPS,
    order_plan,
    train_order,
)
from editing.rank.ordering import (
    chance_of,
    next_shot_share,
    order_head,
    thinned,
)
from editing.rank.trailer_order import (
    TrailerOrder,
    film_order_share,
    shots_in_order,
    split_orders,
)
from ingest.timecode import FrameRange

from .made_alignments import alignment, edit

Planted = Callable[..., Film]

TEN_SHOTS = [FrameRange(48 * i, 48 * (i + 1)) for i in range(10)]
QUICK = replace(ORDER_PLAN, steps=10)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# What an alignment says of order


def test_shots_come_in_the_order_in_which_the_trailer_shows_them() -> None:
    """Shot 7, then 2, then 4."""
    made = alignment(edit(0, 340, 360), edit(20, 100, 130), edit(50, 200, 210))
    assert shots_in_order(made, TEN_SHOTS) == [7, 2, 4]


def test_edits_within_one_shot_are_one() -> None:
    """Two pieces of shot 7, frames 336 to 383, one after the other."""
    made = alignment(edit(0, 340, 350), edit(10, 360, 380), edit(30, 100, 130))
    assert shots_in_order(made, TEN_SHOTS) == [7, 2]


def test_a_shot_that_comes_again_counts_where_it_comes_first() -> None:
    made = alignment(edit(0, 340, 360), edit(20, 100, 130), edit(50, 345, 360))
    assert shots_in_order(made, TEN_SHOTS) == [7, 2]


def test_an_edit_over_several_shots_gives_them_in_film_order() -> None:
    """Frames 90 to 199: six of shot 1, all of 2 and 3, eight of 4; then back to shot 0."""
    made = alignment(edit(0, 90, 200), edit(110, 0, 20))
    assert shots_in_order(made, TEN_SHOTS) == [1, 2, 3, 4, 0]


def test_a_sliver_of_a_shot_is_not_shown() -> None:
    """Frames 93 to 143: three of shot 1, then all of shot 2."""
    made = alignment(edit(0, 93, 144), edit(51, 0, 20))
    assert shots_in_order(made, TEN_SHOTS) == [2, 0]


def test_an_edit_that_could_be_of_another_shot_tells_nothing() -> None:
    unsure = edit(0, 340, 360, FrameRange(20, 40))
    sure = edit(20, 100, 120, FrameRange(115, 135))  # elsewhere in the same shot
    assert shots_in_order(alignment(unsure, sure), TEN_SHOTS) == [2]


@given(
    st.lists(
        st.tuples(st.integers(0, 478), st.integers(1, 200)).map(
            lambda place: FrameRange(place[0], min(480, place[0] + place[1]))
        ),
        max_size=12,
    )
)
def test_no_shot_is_told_twice_and_all_are_of_the_film(places: list[FrameRange]) -> None:
    made = alignment(*[edit(24 * n, one.start, one.end) for n, one in enumerate(places)])
    found = shots_in_order(made, TEN_SHOTS)
    assert len(set(found)) == len(found)
    assert set(found) <= set(range(10))


@pytest.mark.parametrize("shots", [(), (3,), (3, 4, 3), (3, 10), (-1, 3)])
def test_an_order_is_of_several_shots_of_its_film(shots: tuple[int, ...], planted: Planted) -> None:
    with pytest.raises(ValueError, match=r"an order is of|are not all of a film of 10 shots"):
        TrailerOrder(planted(10), shots)


# What is held out, and what a guess is compared with


def orders_of(planted: Planted, *trailers: int) -> list[TrailerOrder]:
    """One film for each number, with so many trailers."""
    films = [planted(10, seed=seed) for seed in range(len(trailers))]
    counted = zip(films, trailers, strict=True)
    return [TrailerOrder(film, (1, 0, 2)) for film, count in counted for _ in range(count)]


def test_no_film_has_trailers_on_both_sides(planted: Planted) -> None:
    for seed in range(8):
        split = split_orders(orders_of(planted, 2, 2, 2, 2, 2, 2), generator(seed))
        assert (len(split.training), len(split.validation)) == (8, 4)
        learned = {id(order.film) for order in split.training}
        assert not learned & {id(order.film) for order in split.validation}
        assert split.held_out == "4 trailers of 2 held-out films"


def test_of_one_film_a_trailer_is_held_out(planted: Planted) -> None:
    split = split_orders(orders_of(planted, 3), generator())
    assert (len(split.training), len(split.validation)) == (2, 1)
    assert "of the same film" in split.held_out


def test_of_a_single_trailer_nothing_is_held_out(planted: Planted) -> None:
    split = split_orders(orders_of(planted, 1), generator())
    assert (len(split.training), len(split.validation)) == (1, 0)
    assert split.held_out == "nothing: the only trailer was learned from"


def test_film_order_guesses_the_next_shot_of_the_film_that_is_left(planted: Planted) -> None:
    film = planted(10)
    assert film_order_share([TrailerOrder(film, (1, 4, 6, 9))]) == 1
    # Of 6, 1, 4, 9 it guesses 1, then 9, then 4: one of three is right.
    assert film_order_share([TrailerOrder(film, (6, 1, 4, 9))]) == pytest.approx(1 / 3)
    assert film_order_share([TrailerOrder(film, (2, 1)), TrailerOrder(film, (1, 2))]) == 0.5


@given(st.integers(2, 30), st.integers(0, 1000))
def test_a_thinned_sequence_keeps_half_or_more_in_order(shots: int, seed: int) -> None:
    drawn = thinned(torch.arange(shots)[:, None], generator(seed))[..., 0]
    assert max(2, shots / 2) <= drawn.shape[1] <= shots
    assert bool((drawn.diff(dim=1) > 0).all())


# Learning


def hidden_order(film: Film, seed: int, count: int = 14) -> TrailerOrder:
    """A trailer of shots drawn anywhere, the darkest first; each film's own shots decide."""
    chosen = np.random.default_rng(seed).choice(film.shots, count, replace=False)
    luma = film.measures.column("luma")[chosen]
    return TrailerOrder(film, tuple(int(shot) for shot in chosen[np.argsort(luma)]))


def transformer_for(film: Film) -> NetworkRanker:
    space = FeatureSpace.of(film)
    network = new_network("transformer", config_for("transformer", space), generator())
    return NetworkRanker("transformer", "untaught", space, network)


def test_a_hidden_order_is_learned_better_than_film_order_and_chance_on_films_never_seen(
    planted: Planted,
) -> None:
    orders = [hidden_order(planted(40, seed=seed), seed) for seed in range(10)]
    unseen = [hidden_order(planted(40, seed=seed), seed) for seed in range(100, 108)]
    start = transformer_for(orders[0].film)

    made = train_order(start, start, orders, seed=1, plan=order_plan(len(orders)))

    head = order_head(made.network)
    encoded = [made.space.encode(one.film)[list(one.shots)][None] for one in unseen]
    learned = np.array([next_shot_share(head, sequence) for sequence in encoded])
    in_film_order = np.array([film_order_share([one]) for one in unseen])
    assert learned.mean() > chance_of(14) + 0.2
    assert learned.mean() > in_film_order.mean() + 0.2
    figures = made.validation
    assert figures["order"] > max(v for name, v in figures.items() if name != "order")


def test_only_the_order_head_moves_and_the_start_stays_as_it_is(planted: Planted) -> None:
    orders = [hidden_order(planted(20, seed=seed), seed) for seed in range(3)]
    start = transformer_for(orders[0].film)
    before = {name: value.clone() for name, value in start.network.state_dict().items()}

    made = train_order(start, start, orders, seed=1, plan=QUICK)

    after = made.network.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved
    assert all(name.startswith("order.") for name in moved)
    assert all(
        torch.equal(value, start.network.state_dict()[name]) for name, value in before.items()
    )


def test_a_training_that_was_cut_off_comes_to_the_same_head(
    planted: Planted, tmp_path: Path
) -> None:
    def stop(done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    orders = [hidden_order(planted(20, seed=seed), seed) for seed in range(3)]
    start = transformer_for(orders[0].film)
    plan = replace(QUICK, steps=12, check_every=2, keep_every=1)
    whole = train_order(start, start, orders, seed=1, plan=plan)
    with pytest.raises(KeyboardInterrupt):
        train_order(
            start, start, orders, seed=1, plan=plan, state_folder=tmp_path, on_progress=stop
        )
    assert list(tmp_path.glob("*.safetensors"))

    resumed = train_order(start, start, orders, seed=1, plan=plan, state_folder=tmp_path)

    assert resumed.step == whole.step
    found = resumed.network.state_dict()
    assert all(
        torch.equal(value, found[name]) for name, value in whole.network.state_dict().items()
    )


def test_one_trailer_is_learned_from_in_few_steps_and_has_no_figures(planted: Planted) -> None:
    assert order_plan(1).steps == UNCHECKED_STEPS < order_plan(2).steps
    order = hidden_order(planted(20), 0)
    start = transformer_for(order.film)

    made = train_order(start, start, [order], seed=1, plan=QUICK)

    assert made.validation == {}
    assert made.held_out == "nothing: the only trailer was learned from"


def test_an_lstm_learns_no_orders(planted: Planted) -> None:
    order = hidden_order(planted(20), 0)
    space = FeatureSpace.of(order.film)
    lstm = NetworkRanker(
        "lstm", "1", space, new_network("lstm", config_for("lstm", space), generator())
    )
    with pytest.raises(ModelError, match="cannot tell orders; a transformer can"):
        train_order(lstm, lstm, [order], seed=1, plan=QUICK)
