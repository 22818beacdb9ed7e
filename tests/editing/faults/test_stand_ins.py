"""A slot that none of its alternates mends is filled with another shot that the brief allows."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from editing.assemble.footage import Footage
from editing.cut import Alternate, Brief, Exclusion, Slot
from editing.faults.repair import repair_faults
from editing.faults.stand_ins import stand_ins
from editing.rank.film import ShotScores
from editing.slot_edits import Slots
from ingest.timecode import FrameRange

from .test_cut_faults import FILM, LENGTH, SHOTS, film, slot

WORTH = (5.0, 1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0)
"""Of the eight shots of `film`."""
BRIEF = Brief("trailer", 80, 10, 60, Fraction(1), max_similarity=0.9)


def footage(**changes: object) -> Footage:
    seen = film()
    values = np.array(WORTH)
    plain = Footage(
        *(FILM, seen.rate, seen.frames, seen.shots, np.zeros(seen.frames), seen.vectors),
        ShotScores(values, ("all",), values[:, None]),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def shots(slots: Slots, place: int, brief: Brief = BRIEF, **changes: object) -> list[int]:
    return [found.shot for found in stand_ins(footage(**changes), brief, slots, place)]


def test_shots_that_nothing_shows_stand_in_best_first_and_as_long_as_the_slot() -> None:
    """Out of the film's order, so that any of the eight may: not 6 and 3, which are there."""
    slots = (slot(6), slot(3))
    assert shots(slots, 1) == [2, 4, 0, 7, 5, 1]
    assert {a.source.frames for a in stand_ins(footage(), BRIEF, slots, 1)} == {40}


def test_a_cut_in_the_film_s_order_stays_in_it() -> None:
    assert shots((slot(1), slot(3), slot(6)), 1) == [2, 4, 5]


def test_an_alternate_of_the_slot_is_no_stand_in() -> None:
    """It was tried already."""
    known = replace(slot(3), alternates=(Alternate(2, slot(2).source, 9.0),))
    assert 2 not in shots((slot(6), known), 1)


def test_what_the_brief_says_holds_for_a_stand_in() -> None:
    slots = (slot(6), slot(3))
    barred = (Exclusion(FrameRange(LENGTH * 2, LENGTH * 3), "violence"),)
    assert 2 not in shots(slots, 1, replace(BRIEF, exclude=barred))
    assert max(shots(slots, 1, replace(BRIEF, spoiler_free=Fraction(1, 2)))) < SHOTS // 2
    assert shots(slots, 1, replace(BRIEF, handle=31)) == []  # 38 of 100 frames are left
    assert shots(slots, 1, replace(BRIEF, max_shot=30)) == []
    asked_for = (slot(3).source,)
    assert shots(slots, 1, replace(BRIEF, include=asked_for)) == []


def test_a_shot_that_looks_like_one_in_the_cut_does_not_stand_in() -> None:
    alike = np.eye(SHOTS, dtype=np.float32)[[0, 1, 6, 3, 4, 5, 6, 7]]
    assert 2 not in shots((slot(6), slot(3)), 1, vectors=alike)


def repaired(slots: list[Slot]) -> tuple[Slots, list[str]]:
    after, done = repair_faults(
        slots,
        {FILM: film(vectors=np.eye(SHOTS, dtype=np.float32)[[0, 1, 2, 0, 4, 5, 6, 7]])},
        least_frames=10,
        reasons=lambda *_: (),
        keep_length=True,
        stand_ins=lambda now, place: stand_ins(footage(), BRIEF, now, place),
    )
    return after, [repair.words for repair in done]


def test_two_shots_of_one_setup_are_parted_by_a_shot_that_was_no_alternate() -> None:
    """Shots 3 and 0 look the same; the best of the others is shot 2."""
    after, words = repaired([slot(3), slot(0)])
    assert words == ["slot 2: filled with shot 2"]
    assert [one.shot for one in after] == [3, 2]
    assert [one.source.frames for one in after] == [40, 40]
    assert after[1].alternates[0] == Alternate(0, slot(0).source, 0.0)


def test_an_alternate_goes_before_any_stand_in() -> None:
    like = replace(slot(0), alternates=(Alternate(5, slot(5).source, 3.0),))
    assert repaired([slot(3), like])[1] == ["slot 2: filled with its alternate, shot 5"]


def test_a_locked_slot_is_filled_with_nothing() -> None:
    both = [replace(slot(shot), locked=True) for shot in (3, 0)]
    assert repaired(both) == (tuple(both), [])


@given(st.permutations(range(SHOTS)), st.integers(1, 4), st.integers(10, 60))
def test_a_stand_in_is_never_in_the_cut_and_always_as_long_as_its_slot(
    order: list[int], count: int, frames: int
) -> None:
    slots = tuple(slot(shot, 20, 20 + frames) for shot in order[:count])
    for place in range(count):
        found = stand_ins(footage(), BRIEF, slots, place)
        assert {a.shot for a in found}.isdisjoint(order[:count])
        assert all(a.source.frames == frames for a in found)
        assert all(film().shots[a.shot].contains(a.source) for a in found)  # type: ignore[union-attr]
