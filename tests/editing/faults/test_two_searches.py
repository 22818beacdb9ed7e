"""What ingest told of a cut and what its decode showed, as one report."""

from dataclasses import replace
from fractions import Fraction

from editing.cut import Brief, Cut, CutId, Slot
from editing.faults.finding import Fault, Kind
from editing.faults.two_searches import as_one

from .test_cut_faults import FILM, RATE, changed, film, slot


def cut_of(slots: list[Slot]) -> Cut:
    frames = sum(one.source.frames for one in slots)
    brief = Brief("rough", frames, 1, frames, Fraction(1), 1.0)
    return Cut(
        *(CutId(1), 1, FILM, "cut", "rough", brief, RATE, tuple(slots), "linear 1", "a", "", "")
    )


def fault(kind: Kind, frame: int, frames: int = 1, number: int = 0) -> Fault:
    return Fault(kind, number, frame, 30.0, 24.0, "dB", f"a {kind}", frames)


CUT = cut_of([slot(0), slot(2), slot(4)])  # joins at 40 and 80


def test_what_both_tell_is_told_once() -> None:
    one = fault("flash", 40, 2, 1)
    assert as_one([one], [replace(one, words="seen")], CUT, {FILM: film()}) == [one]


def test_a_hold_of_the_film_that_the_decode_does_not_take_for_a_fault_is_none() -> None:
    held = fault("freeze", 50, 14, 1)
    assert as_one([held], [], CUT, {FILM: film()}) == []
    seen = replace(held, frame=52)
    assert as_one([held], [seen], CUT, {FILM: film()}) == [seen]  # its frames are the exact ones


def test_black_at_the_edge_of_a_slot_stays_whatever_the_decode_says() -> None:
    edge, inside = fault("black", 40, 3, 1), fault("black", 55, 3, 1)
    assert as_one([edge, inside], [], CUT, {FILM: film()}) == [edge]


def test_frames_left_out_at_a_join_are_how_it_is_cut_and_missing_within_a_slot_are_a_fault() -> (
    None
):
    at_join, within = fault("dropped", 41, number=1), fault("dropped", 60, number=1)
    assert as_one([], [at_join, within], CUT, {FILM: film()}) == [within]


def test_a_gap_at_a_join_is_a_dropout_only_where_the_film_has_sound_beyond_it() -> None:
    """Two frames from the join on; before slot 2, at 8.8 s of the film, it sounds, or is silent."""
    gap = fault("dropout", 40, 2, 1)
    assert as_one([], [gap], CUT, {FILM: film()}) == [gap]
    silent = film(energy=changed(film().energy, slice(80, 88), 0.0))
    assert as_one([], [gap], CUT, {FILM: silent}) == []


def test_a_long_gap_at_a_join_is_the_film_s_silence() -> None:
    assert as_one([], [fault("dropout", 40, 12, 1)], CUT, {FILM: film()}) == []
    within = fault("dropout", 50, 12, 1)
    assert as_one([], [within], CUT, {FILM: film()}) == [within]
