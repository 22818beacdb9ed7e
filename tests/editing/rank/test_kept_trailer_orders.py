"""The order of trailers whose alignments a catalogue keeps: learned, told and refused."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from dashboard.commands.learning import learn_group
from editing.align.store import save_alignment
from editing.errors import ModelError
from editing.rank.film import Film
from editing.rank.label_training import Source
from editing.rank.networks import NetworkRanker
from editing.rank.order_training import (
    ORDER_PLAN,
    UNCHECKED_STEPS,
)
from editing.rank.ordering import (
    order_head,
    order_scores,
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
    told,
    trailer_orders,
)
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.errors import IngestError
from ingest.media import Analysis, Curves, Media, Shot, Transition
from ingest.timecode import FrameRange

from .made_alignments import showing

Planted = Callable[..., Film]
Ingested = Callable[[str, Film], Media]

QUICK = replace(ORDER_PLAN, steps=10)


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
