"""Repairs that are no slip: gain, crossfade, a longer slot, another shot; and cuts gone stale."""

from dataclasses import replace

import numpy as np
import pytest

from editing.cut import Alternate, Reason, Slot, SlotSound
from editing.errors import EditError
from editing.faults.film import Blemish
from editing.faults.finding import Fault
from editing.faults.repair import (
    FADE_MS,
    LONGER_FADE_MS,
    as_shown,
    crossfade_clicks,
    possible_repairs,
    repair_faults,
)
from editing.faults.search import find_faults
from ingest.timecode import FrameRange

from .test_cut_faults import FILM, changed, faults_of, film, slot


def click(frame: int) -> Fault:
    return Fault("click", 1, frame, 30, 14, "dB", "a click at the join")


def test_a_click_at_a_join_gets_a_crossfade_and_one_elsewhere_none() -> None:
    slots = [slot(0), slot(1)]  # 40 frames each
    after, (repair,) = crossfade_clicks(slots, [click(40)])
    assert after == (slots[0], replace(slots[1], sound=SlotSound(fade_ms=FADE_MS)))
    assert repair.faults == (click(40),)
    assert crossfade_clicks(slots, [click(41)]) == (tuple(slots), [])
    longer, _ = crossfade_clicks(after, [click(40)])  # it clicks all the same
    assert longer[1].sound.fade_ms == LONGER_FADE_MS
    assert crossfade_clicks(longer, [click(40)]) == (longer, [])


def test_a_crossfade_of_a_locked_slot_stays() -> None:
    half_locked = [slot(0), replace(slot(1), locked=True)]
    assert crossfade_clicks(half_locked, [click(40)]) == (tuple(half_locked), [])


def test_a_join_of_two_locked_slots_gets_no_crossfade() -> None:
    locked = [replace(slot(i), locked=True) for i in (0, 1)]
    assert crossfade_clicks(locked, [click(40)]) == (tuple(locked), [])


def test_a_step_of_loudness_is_evened_out_by_half_of_it() -> None:
    """Shot 0 at -23 LUFS, shot 1 at -9: 14 LU, of which 12 would be a fault; 7 are left."""
    louder = film(energy=changed(film().energy, slice(40, None), 10**-0.9))
    after, (repair,) = repair_faults(
        [slot(0), slot(1)], {FILM: louder}, least_frames=10, reasons=lambda *_: ()
    )
    assert after[1].sound.gain == pytest.approx(-7)
    assert repair.words == "slot 2: a gain of -7.0 dB"
    assert faults_of(list(after), louder) == []


def test_an_alternate_that_is_taken_has_its_reasons_and_the_old_shot_becomes_one() -> None:
    same = np.eye(8, dtype=np.float32)[[0, 1, 2, 0, 4, 5, 6, 7]]
    like = replace(slot(3), alternates=(Alternate(5, slot(5).source, 0.7),))
    why = (Reason("motion", 0.7),)
    after, _ = repair_faults(
        [slot(0), like], {FILM: film(vectors=same)}, least_frames=10, reasons=lambda *_: why
    )
    assert (after[1].shot, after[1].reasons, after[1].locked) == (5, why, False)
    assert after[1].alternates == (Alternate(3, slot(3).source, 0.0),)


def test_words_cut_at_the_very_beginning_and_end_of_a_cut_are_found() -> None:
    """Slot 1 is 0.8 to 2.4 s of the film, slot 2 is 4.8 to 6.4 s."""
    spoken = film(voiced=np.array([[0.5, 1.2], [6.0, 6.9]]))
    first, last = faults_of([slot(0), slot(1)], spoken)
    assert (first.kind, first.slot, first.frame) == ("word", 0, 0)
    assert (last.kind, last.slot, last.frame) == ("word", 1, 79)


def test_a_blemish_of_the_film_is_avoided_by_the_smallest_slip() -> None:
    flaw = Blemish("dropout", FrameRange(57, 59), 40, 24, "dB", "the sound is gone for 40 ms")
    seen = film(blemishes=(flaw,))
    (fault,) = faults_of([slot(0), slot(1)], seen)
    assert (fault.kind, fault.slot, fault.frame, fault.frames) == ("dropout", 0, 37, 2)
    after, (repair,) = repair_faults(
        [slot(0), slot(1)], {FILM: seen}, least_frames=10, reasons=lambda *_: ()
    )
    assert after[0] == slot(0, 17, 57)
    assert repair.words == "slot 1: slipped, 3 frames earlier"


def test_where_a_repair_was_refused_the_next_one_is_tried() -> None:
    flaw = Blemish("dropout", FrameRange(57, 59), 40, 24, "dB", "the sound is gone for 40 ms")
    slots, films = [slot(0), slot(1)], {FILM: film(blemishes=(flaw,))}
    refused: set[tuple[int, Slot]] = set()
    tried = []
    for _ in range(3):
        after, (repair,) = repair_faults(
            slots, films, least_frames=10, reasons=lambda *_: (), refused=frozenset(refused)
        )
        tried.append(after[0].source)
        refused.add((repair.slot, as_shown(repair.after)))
    assert tried[:2] == [FrameRange(17, 57), FrameRange(16, 56)]
    assert len(set(tried)) == 3


def test_what_would_repair_a_fault_is_told_and_nothing_changed() -> None:
    slots = [slot(0), slot(2, -2, 40)]
    told = possible_repairs(slots, {FILM: film()}, faults_of(slots, film()), least_frames=10)
    assert [fault.remedy for fault in told] == ["slot 2: slipped, 2 frames later"]


def test_a_short_slot_that_fills_its_shot_is_made_longer() -> None:
    """Three frames of shot 2 between others: with one more it is seen."""
    short = Slot(FILM, 2, FrameRange(230, 233), 0.0, ())
    after, (repair,) = repair_faults(
        [slot(0), short, slot(4)], {FILM: film()}, least_frames=1, reasons=lambda *_: ()
    )
    assert after[1].source == FrameRange(230, 234)
    assert repair.words == "slot 2: 1 frame more at its end"


@pytest.mark.parametrize(
    "stale", [replace(slot(0), shot=8), Slot(FILM, 7, FrameRange(790, 810), 0.0, ())]
)
def test_a_cut_older_than_its_films_ingest_is_refused_with_the_slot(stale: Slot) -> None:
    with pytest.raises(EditError, match=r"slot 2 is of shot .* since it was ingested again"):
        find_faults([slot(1), stale], {FILM: film()})


def test_two_pieces_of_one_shot_are_joined_so_that_nothing_between_them_is_gone() -> None:
    """Frames 230 to 239 are left out; the second piece begins there, and is as long as before."""
    pieces = [slot(0), slot(2, 0, 30), slot(2, 40, 60)]
    after, (repair,) = repair_faults(
        pieces, {FILM: film()}, least_frames=10, reasons=lambda *_: (), keep_length=True
    )
    assert repair.words == "slot 3: moved to where slot 2 ends"
    assert [one.source for one in after[1:]] == [FrameRange(200, 230), FrameRange(230, 250)]


def test_where_the_second_piece_stays_the_first_is_moved_up_to_it() -> None:
    pieces = [slot(0), slot(2, 10, 40), replace(slot(2, 50, 70), locked=True)]
    after, (repair,) = repair_faults(
        pieces, {FILM: film()}, least_frames=10, reasons=lambda *_: (), keep_length=True
    )
    assert repair.words == "slot 2: moved to where slot 3 begins"
    assert after[1].source == FrameRange(220, 250)
