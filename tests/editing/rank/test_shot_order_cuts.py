"""Cuts in a learned order: the same slots, put where the order head holds them likeliest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from dashboard.commands.editing import cut_group
from editing.align.alignment import AlignedEdit, Alignment
from editing.align.signatures import Window
from editing.align.store import save_alignment
from editing.assemble.brief import default_brief
from editing.cut_store import load_cut
from editing.errors import ModelError
from editing.rank.arrangement import arranged
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import NetworkRanker, config_for, new_network
from editing.rank.order_training import ORDER_PLAN
from editing.rank.ordering import order_scores
from editing.rank.plan import TrainingPlan
from editing.rank.store import (
    film_from_catalog,
    load_ranker,
    train_ranker,
    train_ranker_on_orders,
)
from editing.revision import resolve_cut, save_slots
from editing.run import suggest_cut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.threads import one_thread

Planted = Callable[..., Film]


@pytest.fixture(autouse=True)
def on_one_thread() -> Iterator[None]:
    """Networks this small only wait for other threads."""
    with one_thread():
        yield


def transformer_for(film: Film, seed: int = 0) -> NetworkRanker:
    space, generator = FeatureSpace.of(film), torch.Generator().manual_seed(seed)
    network = new_network("transformer", config_for("transformer", space), generator)
    return NetworkRanker("transformer", "untaught", space, network)


def chance(ranker: NetworkRanker, film: Film, shots: Sequence[int]) -> float:
    """The logarithm of the chance of an order, one next shot after the other."""
    left, total = list(shots), 0.0
    for place, shot in enumerate(shots):
        scores = order_scores(ranker.network, ranker.space, film, shots[:place], left)
        total += scores[left.index(shot)]
        left.remove(shot)
    return total


@pytest.mark.parametrize("seed", [0, 1])
def test_a_beam_that_holds_everything_finds_the_likeliest_of_all_orders(
    seed: int, planted: Planted
) -> None:
    film = planted(20, seed=seed)
    ranker, shots = transformer_for(film, seed), [3, 17, 8, 11]

    found = [shots[place] for place in arranged(ranker, film, shots, beam=24)]

    best = max(permutations(shots), key=lambda order: chance(ranker, film, order))
    assert found == list(best)


def test_a_beam_of_one_takes_the_likeliest_next_shot_each_time(planted: Planted) -> None:
    film = planted(20)
    ranker, left, placed = transformer_for(film), [3, 17, 8, 11, 2], []
    found = arranged(ranker, film, left, beam=1)
    expected = list(left)
    while left:
        scores = order_scores(ranker.network, ranker.space, film, placed, left)
        placed.append(left.pop(int(scores.argmax())))

    assert [expected[place] for place in found] == placed


@pytest.mark.parametrize("shots", [[], [4], list(range(20))])
def test_an_arrangement_has_every_shot_once_and_is_the_same_each_time(
    shots: list[int], planted: Planted
) -> None:
    film = planted(20)
    ranker = transformer_for(film)
    found = arranged(ranker, film, shots)
    assert sorted(found) == list(range(len(shots)))
    assert arranged(ranker, film, shots) == found


@pytest.mark.parametrize("shots", [[1, 1], [20], [-1, 2]])
def test_only_shots_of_the_film_can_be_arranged_and_each_once(
    shots: list[int], planted: Planted
) -> None:
    film = planted(20)
    with pytest.raises(ValueError, match="are not shots of a film of 20"):
        arranged(transformer_for(film), film, shots)


# In the catalogue


@pytest.fixture
def film(catalog: Catalog, make_film: Callable[..., Media]) -> Media:
    """Twenty seconds in twelve shots of 40 frames; a transformer has been trained on it."""
    film = make_film("film.mp4", 480, shots=(40,) * 12)
    plan = TrainingPlan(steps=2, order_steps=2)
    train_ranker(catalog, "transformer", [film.id], seed=1, plan=plan)
    return film


def teach_backwards(catalog: Catalog, film: Media) -> str:
    """Learn from a trailer that tells the film backwards; gives the version."""
    edits = [
        AlignedEdit(
            first=40 * n,
            last=40 * n + 39,
            source=shot.span,
            speed=1.0,
            similarity=0.99,
            confidence=0.9,
            slack=0,
            also_at=(),
            fade_in=0,
            fade_out=0,
            mirrored=False,
            crop=Window(0.0, 0.0, 1.0, 1.0),
        )
        for n, shot in enumerate(reversed(catalog.shots(film.id)))
    ]
    made = Alignment(film.fingerprint, "t", film.frames, film.frames, tuple(edits), ())
    save_alignment(catalog, film, "trailer.mp4", made)
    plan = replace(ORDER_PLAN, steps=60, patience=60, learning_rate=3e-3)
    return train_ranker_on_orders(catalog, [film.id], seed=1, plan=plan).version


def test_a_cut_in_learned_order_has_the_same_slots_and_says_whose_order_it_is(
    catalog: Catalog, film: Media
) -> None:
    version = teach_backwards(catalog, film)
    brief = default_brief("trailer", Fraction(8), film.rate)
    plain = suggest_cut(catalog, film, brief)

    cut = suggest_cut(catalog, film, brief, order="learned")

    assert cut.slots != plain.slots
    assert set(cut.slots) == set(plain.slots)
    assert cut.ranker == plain.ranker
    assert f"its order is that of transformer {version}, not the film's" in cut.note
    assert "order" not in plain.note
    shots = [slot.shot for slot in plain.slots]
    assert shots == sorted(shots)
    taught = load_ranker(catalog, f"transformer@{version}")
    assert isinstance(taught, NetworkRanker)
    places = arranged(taught, film_from_catalog(catalog, film), shots)
    assert [slot.shot for slot in cut.slots] == [shots[place] for place in places]
    assert load_cut(catalog, cut.id) == cut


def test_a_transformer_that_no_trailer_taught_gives_no_order(catalog: Catalog, film: Media) -> None:
    brief = default_brief("trailer", Fraction(8), film.rate)
    for ranker in ("linear", "transformer"):
        with pytest.raises(ModelError, match="Teach it: reel learn order"):
            suggest_cut(catalog, film, brief, ranker, order="learned")


def test_the_command_arranges_a_trailer(catalog: Catalog, film: Media, tmp_path: Path) -> None:
    version = teach_backwards(catalog, film)
    workspace = tmp_path / "there"
    workspace.mkdir()
    catalog.folder.rename(workspace / "catalog")

    words = ("trailer", "film.mp4", "--seconds", "8", "--order", "learned", "-w", str(workspace))
    result = CliRunner().invoke(cut_group, words)

    assert result.exit_code == 0, result.output
    assert f"its order is that of transformer {version}" in result.stderr


def test_a_cut_that_is_assembled_anew_keeps_its_order_and_locked_slots_theirs(
    catalog: Catalog, film: Media
) -> None:
    version = teach_backwards(catalog, film)
    brief = default_brief("trailer", Fraction(8), film.rate)
    cut = suggest_cut(catalog, film, brief, order="learned")
    assert cut.brief.order == f"transformer {version}"

    again = resolve_cut(catalog, cut, author="Ada")
    assert [slot.shot for slot in again.slots] == [slot.shot for slot in cut.slots]
    assert f"its order is that of transformer {version}" in again.note
    assert again.gap == pytest.approx(cut.gap)

    shown = [slot.shot for slot in cut.slots]
    against = sorted(range(len(shown)), key=lambda place: shown[place])[:2]
    first, second = (cut.slots[place] for place in sorted(against, key=lambda p: shown[p]))
    locked = tuple(replace(slot, locked=True) for slot in (first, second))
    held = save_slots(catalog, again, locked, author="Ada", note="two, in the order of the film")
    assert held.gap is None
    solved = resolve_cut(catalog, held, author="Ada")
    kept = [slot.shot for slot in solved.slots if slot.locked]
    assert kept == [first.shot, second.shot]
    assert solved.frames == brief.frames
    assert load_cut(catalog, solved.id) == solved


def test_a_cut_whose_order_nobody_can_tell_any_more_says_so(catalog: Catalog, film: Media) -> None:
    cut = suggest_cut(catalog, film, default_brief("trailer", Fraction(8), film.rate))
    lost = replace(cut, brief=replace(cut.brief, order="transformer 99"))
    with pytest.raises(ModelError, match="99"):
        resolve_cut(catalog, lost, author="Ada")
