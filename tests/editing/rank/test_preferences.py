"""Preferences: where they come from, how they are mixed, and that a network learns them."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from editing.cut import Alternate, Brief, Cut, CutId, Slot
from editing.cut_store import create_cut, save_version
from editing.errors import ModelError
from editing.rank.decisions import decisions_of, preferences_of_editors
from editing.rank.film import Film
from editing.rank.label_training import LABEL_PLAN, Source, mixed, train_on_preferences
from editing.rank.networks import NETWORKS, NetworkRanker
from editing.rank.preferences import (
    Preferences,
    agreement,
    bradley_terry_loss,
    pairs_of_labels,
    split_preferences,
)
from editing.rank.store import film_from_catalog
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

M = MediaId(1)
QUICK = replace(LABEL_PLAN, steps=10)


def slot(shot: int, *, alternates: tuple[int, ...] = (), locked: bool = False) -> Slot:
    frames = FrameRange(48 * shot, 48 * shot + 24)
    others = tuple(Alternate(other, FrameRange(0, 24), 0.0) for other in alternates)
    return Slot(M, shot, frames, 1.0, (), others, locked)


def cut(*slots: Slot, version: int = 1) -> Cut:
    brief = Brief("trailer", 24 * len(slots), 12, 48, Fraction(1), 0.9)
    return Cut(
        *(CutId(1), version, M, "a cut", "trailer", brief, Fraction(24), slots),
        *("linear 1", "editor", "", "2026-01-01T00:00:00+00:00"),
    )


def preferences(film: Film, *pairs: tuple[int, int], source: str = "editors") -> Preferences:
    first, second = np.array(pairs).T
    return Preferences(film, first, second, np.ones(len(pairs)), source)


def test_a_replaced_slot_says_that_the_new_shot_beats_the_old() -> None:
    versions = [cut(slot(1), slot(2), slot(3)), cut(slot(1), slot(7), slot(3))]

    assert list(decisions_of(versions)) == [(M, 7, 2, 1.0)]


def test_of_slots_assembled_anew_around_a_locked_one_only_that_one_was_decided() -> None:
    versions = [cut(slot(1), slot(2), slot(3)), cut(slot(4), slot(7, locked=True), slot(5))]

    assert list(decisions_of(versions)) == [(M, 7, 2, 1.0)]


def test_a_locked_slot_beats_its_alternates_once() -> None:
    kept = slot(2, alternates=(5, 6), locked=True)
    versions = [cut(slot(1), slot(2, alternates=(5, 6))), cut(slot(1), kept), cut(slot(1), kept)]

    assert list(decisions_of(versions)) == [(M, 2, 5, 0.25), (M, 2, 6, 0.25)]


def test_a_rejected_slot_is_beaten_by_those_that_stayed() -> None:
    versions = [cut(slot(1), slot(2), slot(3)), cut(slot(1), slot(3))]

    assert list(decisions_of(versions)) == [(M, 1, 2, 0.25), (M, 3, 2, 0.25)]


def test_a_cut_that_came_back_locked_tells_of_all_that_was_replaced_and_taken_away() -> None:
    """Slot 2 was replaced by shot 7, slot 4 taken away, and slot 1 moved to the end."""
    versions = [
        cut(slot(1), slot(2), slot(3), slot(4)),
        cut(slot(7, locked=True), slot(3, locked=True), slot(1, locked=True)),
    ]

    assert list(decisions_of(versions)) == [
        (M, 7, 2, 1.0),
        *((M, stayed, 4, pytest.approx(0.5 / 3)) for stayed in (1, 3, 7)),
    ]


def test_slots_that_an_assembly_let_go_of_are_nobodys_decision() -> None:
    versions = [cut(slot(1), slot(2), slot(3)), cut(slot(1, locked=True), slot(5))]

    assert list(decisions_of(versions)) == []


def test_what_the_assembly_chose_is_nobodys_decision() -> None:
    assert list(decisions_of([cut(slot(1, alternates=(2, 3)))])) == []


def test_preferences_are_read_from_the_versions_of_cuts(
    catalog: Catalog, ingested: Callable[[str, Film], Media], planted: Callable[..., Film]
) -> None:
    media = ingested("f1", planted(20))
    draft = cut(slot(1), slot(2))
    first = create_cut(
        catalog,
        media,
        name="a cut",
        brief=draft.brief,
        slots=[replace(one, media=media.id) for one in draft.slots],
        ranker="linear",
        author="reel",
    )
    slots = (first.slots[0], replace(slot(9), media=media.id))
    save_version(catalog, replace(first, slots=slots, author="ed"), expected_version=1)

    film = film_from_catalog(catalog, media)
    (found,) = preferences_of_editors(catalog, {media.id: film})
    assert (found.preferred.tolist(), found.other.tolist()) == ([9], [2])
    assert found.source == "editors"


def test_labels_become_pairs_in_which_the_higher_is_preferred(planted: Callable[..., Film]) -> None:
    labels = np.array([2.0, np.nan, 1.0, 2.0, 9.0])
    weights = np.array([1.0, 1.0, 0.5, 1.0, 0.0])
    found = pairs_of_labels(planted(5), labels, weights, "audience")

    pairs = set(zip(found.preferred.tolist(), found.other.tolist(), strict=True))
    assert pairs == {(0, 2), (3, 2)}  # 1 is unknown, 4 weighs nothing, 0 and 3 are alike
    assert found.weights.tolist() == [0.5, 0.5]


def test_of_too_many_pairs_some_are_drawn(planted: Callable[..., Film]) -> None:
    labels = np.arange(50.0)
    found = pairs_of_labels(planted(50), labels, np.ones(50), "audience", most=100)

    assert len(found.weights) == 100
    assert (labels[found.preferred] > labels[found.other]).all()
    assert len(set(zip(found.preferred.tolist(), found.other.tolist(), strict=True))) == 100


def test_the_bradley_terry_loss_by_hand() -> None:
    """Scores 1 and 0: preferring the first costs log(1 + e^-1), the second log(1 + e)."""
    scores = torch.tensor([1.0, 0.0])
    loss = bradley_terry_loss(
        scores, torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([3.0, 1.0])
    )

    assert float(loss) == pytest.approx((3 * np.log1p(np.exp(-1)) + np.log1p(np.exp(1))) / 4)


def test_agreement_is_the_share_ordered_alike_and_a_tie_is_half(
    planted: Callable[..., Film],
) -> None:
    pairs = preferences(planted(5), (0, 1), (1, 2), (3, 4))

    assert agreement(np.array([2.0, 1.0, 5.0, 3.0, 3.0]), pairs) == pytest.approx(0.5)


def test_every_source_counts_as_much_as_it_is_said_to(planted: Callable[..., Film]) -> None:
    one, other = planted(10), planted(10, seed=1)
    editors = Source("editors", (preferences(one, (0, 1)),), 2.0)
    audience = Source(
        "audience",
        (preferences(one, (2, 3), (4, 5)), preferences(other, *[(i, 9) for i in range(8)])),
    )

    totals = [float(pairs.weights.sum()) for pairs in mixed([editors, audience])]

    assert totals == pytest.approx([2.0, 0.5, 0.5])


def test_a_pair_has_both_its_shots_on_one_side_of_the_split(planted: Callable[..., Film]) -> None:
    film = planted(40)
    known = pairs_of_labels(film, np.arange(40.0), np.ones(40), "audience")
    split = split_preferences([known], torch.Generator().manual_seed(3))
    (training,), (held_out,) = split.training, split.validation

    inside = {*held_out.preferred.tolist(), *held_out.other.tolist()}
    assert len(inside) == 8  # a fifth of 40
    assert not inside & {*training.preferred.tolist(), *training.other.tolist()}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns_what_is_preferred_and_holds_it_on_films_it_never_saw(
    name: str, planted: Callable[..., Film]
) -> None:
    """The brighter shot is preferred; agreement by chance is a half."""
    films = [planted(30, seed=seed) for seed in range(8)]
    luma = [film.measures.column("luma") for film in films]
    known = [
        pairs_of_labels(film, values, np.ones(30), "editors")
        for film, values in zip(films, luma, strict=True)
    ]
    plan = replace(LABEL_PLAN, steps=150)
    made = train_on_preferences(name, [Source("editors", tuple(known))], seed=1, plan=plan)

    assert made.validation["agreement"] > 0.8
    assert made.held_out == "the pairs of 2 held-out films"


@pytest.mark.parametrize("name", NETWORKS)
def test_taken_further_only_the_last_layers_of_a_network_change(
    name: str, planted: Callable[..., Film]
) -> None:
    source = Source("editors", (preferences(planted(20), (0, 1), (2, 3)),))
    first = train_on_preferences(name, [source], seed=1, plan=QUICK)
    start = NetworkRanker(name, "1", first.space, first.network)
    before = {key: value.clone() for key, value in first.network.state_dict().items()}

    further = train_on_preferences(name, [source], seed=2, start=start, plan=QUICK)

    after = further.network.state_dict()
    changed = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"head", "direct"}
    same = first.network.state_dict()
    assert all(torch.equal(before[key], same[key]) for key in before)  # the old one is untouched


def test_nothing_preferred_is_nothing_to_learn(planted: Callable[..., Film]) -> None:
    film = planted(10)
    alike = pairs_of_labels(film, np.ones(10), np.ones(10), "audience")

    with pytest.raises(ModelError, match="no shot is preferred to another"):
        train_on_preferences("lstm", [Source("audience", (alike,))], seed=0)


@pytest.mark.parametrize("pair", [(0, 0), (0, 10), (-1, 0)])
def test_a_pair_of_shots_that_cannot_be_is_refused(
    pair: tuple[int, int], planted: Callable[..., Film]
) -> None:
    with pytest.raises(ValueError, match=r"itself|has not"):
        preferences(planted(10), pair)
