"""The order of trailers: read from kept alignments, learned by the order head, kept by version."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from dashboard.commands.learning import learn_group
from editing.align.alignment import AlignedEdit, Alignment
from editing.align.signatures import Window
from editing.align.store import save_alignment
from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.label_training import Source
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
    order_scores,
    thinned,
)
from editing.rank.plan import TrainingPlan
from editing.rank.preferences import Preferences
from editing.rank.register import ranker_cards
from editing.rank.store import (
    film_from_catalog,
    load_ranker,
    train_ranker,
    train_ranker_on_labels,
    train_ranker_on_orders,
)
from editing.rank.trailer_order import (
    TrailerOrder,
    film_order_share,
    shots_in_order,
    split_orders,
    told,
    trailer_orders,
)
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.errors import IngestError
from ingest.media import Analysis, Curves, Media, Shot, Transition
from ingest.timecode import FrameRange

Planted = Callable[..., Film]
Ingested = Callable[[str, Film], Media]

TEN_SHOTS = [FrameRange(48 * i, 48 * (i + 1)) for i in range(10)]
QUICK = replace(ORDER_PLAN, steps=10)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def edit(first: int, start: int, end: int, *also_at: FrameRange) -> AlignedEdit:
    """An edit of the film's frames from `start` to `end`, which begins at `first`."""
    return AlignedEdit(
        first=first,
        last=first + end - start - 1,
        source=FrameRange(start, end),
        speed=1.0,
        similarity=0.99,
        confidence=0.9 / (1 + len(also_at)),
        slack=0,
        also_at=also_at,
        fade_in=0,
        fade_out=0,
        mirrored=False,
        crop=Window(0.0, 0.0, 1.0, 1.0),
    )


def alignment(*edits: AlignedEdit, film: str = "film", frames: int = 480) -> Alignment:
    last = max((one.last for one in edits), default=99)
    return Alignment(film, "trailer", frames, last + 1, edits, ())


def showing(shots: Sequence[int], media: Media, trailer: str = "trailer") -> Alignment:
    """A trailer that shows the first 24 frames of each of these shots of an ingested film."""
    edits = [edit(24 * n, 48 * shot, 48 * shot + 24) for n, shot in enumerate(shots)]
    made = alignment(*edits, film=media.fingerprint, frames=media.frames)
    return replace(made, trailer=trailer)


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


# In the catalogue


@pytest.fixture
def films(catalog: Catalog, ingested: Ingested, planted: Planted) -> list[Media]:
    """Three films of 20 shots, and a transformer that was trained on them."""
    films = [ingested(f"f{seed}", planted(20, seed=seed)) for seed in range(3)]
    plan = TrainingPlan(steps=2, order_steps=2)
    train_ranker(catalog, "transformer", [one.id for one in films], seed=1, plan=plan)
    return films


def align_all(catalog: Catalog, films: Sequence[Media]) -> None:
    for number, media in enumerate(films):
        made = showing([7, 2, 11, 5, number], media)
        save_alignment(catalog, media, f"/trailers/{number}.mp4", made)


def ids(films: Sequence[Media]) -> list:
    return [one.id for one in films]


def test_a_kept_alignment_is_a_sequence_of_the_films_shots(
    catalog: Catalog, films: list[Media]
) -> None:
    save_alignment(catalog, films[0], "a.mp4", showing([7, 2, 7, 4], films[0], "a"))
    save_alignment(catalog, films[0], "b.mp4", showing([3], films[0], "b"))  # no order in one shot

    film = film_from_catalog(catalog, films[0])
    orders = trailer_orders(catalog, films[0], film)

    assert [one.shots for one in orders] == [(7, 2, 4)]
    assert told(orders) == "the order of 3 shots in 1 trailer of 1 film"
    assert trailer_orders(catalog, films[1], film_from_catalog(catalog, films[1])) == []


def test_learning_orders_adds_a_version_with_the_same_scores_and_the_old_one_stays(
    catalog: Catalog, films: list[Media]
) -> None:
    align_all(catalog, films[:2])
    before = load_ranker(catalog, "transformer")
    film = film_from_catalog(catalog, films[0])

    card = train_ranker_on_orders(catalog, ids(films), seed=3, plan=QUICK)

    assert card.version != before.version
    assert card.started_from == before.version
    assert card.learned_from == ("the order of 10 shots in 2 trailers of 2 films",)
    assert card.trained_on == ("f0", "f1")  # the third has no trailer
    assert card.held_out == "1 trailer of 1 held-out film"
    assert set(card.validation) == {
        *("order", "untrained order", "order as in the film", "order by chance")
    }
    assert card.seed == 3
    assert {one.version for one in ranker_cards(catalog)} == {card.version, before.version}
    latest = load_ranker(catalog, "transformer")
    assert isinstance(latest, NetworkRanker)
    assert isinstance(before, NetworkRanker)
    assert latest.version == card.version
    assert (latest.score(film).values == before.score(film).values).all()
    both = [order_scores(one.network, one.space, film, [7], [2, 3]) for one in (latest, before)]
    assert both[0].tolist() != both[1].tolist()


def test_trailers_that_were_learned_from_once_are_not_known_when_they_are_held_out(
    catalog: Catalog, films: list[Media]
) -> None:
    """Again from the result, or from what labels made of it, the head begins as films taught it."""
    align_all(catalog, films)
    first = train_ranker_on_orders(catalog, ids(films), seed=3, plan=QUICK)
    again = train_ranker_on_orders(catalog, ids(films), seed=3, plan=QUICK)
    assert again.version == first.version
    assert again.started_from == first.started_from

    labelled = train_ranker_on_labels(
        catalog,
        "transformer",
        [prefer(catalog, films[0])],
        [films[0].id],
        seed=1,
        start=first.version,
        plan=replace(QUICK, steps=2),
    )
    last = train_ranker_on_orders(catalog, ids(films), seed=3, plan=QUICK)

    assert last.started_from == labelled.version
    assert last.validation == first.validation
    heads = [
        order_head(load_ranker(catalog, f"transformer@{card.version}").network).state_dict()  # type: ignore[attr-defined]
        for card in (first, last)
    ]
    assert all(torch.equal(value, heads[1][name]) for name, value in heads[0].items())


def prefer(catalog: Catalog, media: Media) -> Source:
    film = film_from_catalog(catalog, media)
    pairs = Preferences(film, np.array([0, 4]), np.array([1, 3]), np.ones(2), "")
    return Source("editors", (pairs,))


def test_with_no_alignment_kept_the_command_to_make_one_is_told(
    catalog: Catalog, films: list[Media]
) -> None:
    with pytest.raises(ModelError, match="Align one: reel learn align FILM TRAILER"):
        train_ranker_on_orders(catalog, ids(films), seed=1, plan=QUICK)
    assert len(ranker_cards(catalog)) == 1


def test_without_a_transformer_the_command_that_trains_one_is_told(catalog: Catalog) -> None:
    with pytest.raises(ModelError, match="reel learn train --model transformer"):
        train_ranker_on_orders(catalog, [], seed=1)


def test_a_film_that_the_catalogue_has_not_is_refused(catalog: Catalog, films: list[Media]) -> None:
    align_all(catalog, films)
    with pytest.raises(IngestError, match="99"):
        train_ranker_on_orders(catalog, [*ids(films), 99], seed=1, plan=QUICK)  # type: ignore[list-item]


def test_shots_that_were_found_anew_are_those_that_are_learned(
    catalog: Catalog, films: list[Media], planted: Planted
) -> None:
    """20 shots of 48 frames become 10 of 96: what began in 7, 2 and 4 begins in 3, 1 and 2."""
    save_alignment(catalog, films[0], "a.mp4", showing([7, 2, 4], films[0]))
    cut_anew(catalog, films[0], planted(10))

    (order,) = trailer_orders(catalog, films[0], film_from_catalog(catalog, films[0]))

    assert order.shots == (3, 1, 2)


def test_features_of_other_shots_than_the_catalogue_has_are_refused(
    catalog: Catalog, films: list[Media], planted: Planted
) -> None:
    align_all(catalog, films)
    before = film_from_catalog(catalog, films[0])
    cut_anew(catalog, films[0], planted(10))

    with pytest.raises(ModelError, match=r"f0\.mp4 has 10 shots and features of 20"):
        trailer_orders(catalog, films[0], before)


def cut_anew(catalog: Catalog, media: Media, film: Film) -> None:
    """Put a film into the catalogue again, as if its cuts had been found elsewhere."""
    length = media.frames // film.shots
    spans = [FrameRange(length * i, length * (i + 1)) for i in range(film.shots)]
    starts = [
        Transition("cut" if one.start else "start", one.start, one.start, 1.0) for one in spans
    ]
    both = zip(spans, starts, strict=True)
    analysis = Analysis(
        media=media,
        detector="other",
        shots=tuple(Shot(media.id, index, *pair) for index, pair in enumerate(both)),
        frame_times=np.arange(100, 100 + media.frames),
        measures=film.measures,
        curves=Curves(("luma",), np.zeros((media.frames, 1), np.float32), np.zeros(1, np.float32)),
        embeddings=(film.embeddings,),
        transition_scores=np.zeros(media.frames, np.float32),
        thumbnails=(),
    )
    commit_analysis(catalog, analysis, version="1")


def test_a_film_that_has_other_frames_than_when_it_was_aligned_is_refused_by_name(
    catalog: Catalog, films: list[Media], ingested: Ingested, planted: Planted
) -> None:
    align_all(catalog, films)
    ingested("f1", planted(18, seed=1))  # the same content, decoded to fewer frames

    with pytest.raises(ModelError, match=r"f1\.mp4 has 864 frames now, and had 960 .*/1\.mp4"):
        train_ranker_on_orders(catalog, ids(films), seed=1, plan=QUICK)
    assert len(ranker_cards(catalog)) == 1


def test_a_film_with_other_features_is_refused_by_name(
    catalog: Catalog, films: list[Media], ingested: Ingested, planted: Planted
) -> None:
    other = ingested("other", planted(20, dim=16))
    align_all(catalog, [*films, other])

    with pytest.raises(ModelError, match=r"other\.mp4 cannot be learned from"):
        train_ranker_on_orders(catalog, ids([*films, other]), seed=1, plan=QUICK)


def learn_order(catalog: Catalog, tmp_path: Path, *words: str) -> Result:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    catalog.folder.rename(workspace / "catalog")
    return CliRunner().invoke(learn_group, ["order", *words, "-w", str(workspace)])


def test_the_command_tells_what_was_learned_and_how_well(
    catalog: Catalog, films: list[Media], tmp_path: Path
) -> None:
    align_all(catalog, films)
    result = learn_order(catalog, tmp_path, "--seed", "4", "--format", "json", "-q")

    assert result.exit_code == 0, result.output
    card = json.loads(result.stdout)
    assert card["model"] == "transformer"
    assert card["films"] == 3
    assert card["seed"] == 4
    assert card["learned_from"] == ["the order of 14 shots in 3 trailers of 3 films"]
    assert set(card["validation"]) >= {"order", "order by chance"}


def test_the_command_says_that_one_trailer_leaves_nothing_to_validate_by(
    catalog: Catalog, films: list[Media], tmp_path: Path
) -> None:
    align_all(catalog, films[:1])
    result = learn_order(catalog, tmp_path, "--media", "f0.mp4", "--media", "f1.mp4")

    assert result.exit_code == 0, result.output
    assert "no validation: held out was nothing: the only trailer was learned from" in result.stdout
    assert "left out, for no trailer's order is known: f1.mp4" in result.stderr
    (card,) = [
        one
        for one in (tmp_path / "workspace").rglob("card.json")
        if json.loads(one.read_text())["learned_from"]
    ]
    kept = json.loads(card.read_text())
    assert kept["validation"] == {}
    assert kept["held_out"] == "nothing: the only trailer was learned from"
    assert kept["plan"]["steps"] == UNCHECKED_STEPS
