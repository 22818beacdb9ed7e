"""A cut that is as long as its brief asks stays so: what one slot gains another gives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.cut import Alternate, Slot, SlotSound
from editing.faults.repair import possible_repairs, repair_faults
from editing.faults.search import find_faults
from ingest.timecode import FrameRange

from .test_cut_faults import FILM, LENGTH, film, slot, slots_of_any_kind


def whole(shot: int) -> Slot:
    """A shot from its first frame to its last: it cannot be slipped."""
    return Slot(FILM, shot, FrameRange(LENGTH * shot, LENGTH * (shot + 1)), 0.0, ())


def kept_as_long(slots: list[Slot], seen: object) -> tuple[list[Slot], list[str]]:
    after, done = repair_faults(
        slots,
        {FILM: seen},  # type: ignore[dict-item]
        least_frames=10,
        reasons=lambda *_: (),
        keep_length=True,
    )
    assert sum(s.source.frames for s in after) == sum(s.source.frames for s in slots)
    return list(after), [repair.words for repair in done]


def test_a_word_in_a_whole_shot_is_finished_by_moving_the_join() -> None:
    """Slot 2 begins at 12 s within a word that lasts until 12.2 s, and fills its shot: so it begins
    four frames later, where 40 ms are lost, and the slot before ends four frames later."""
    slots = [slot(0, 20, 60), whole(3)]
    seen = film(voiced=np.array([[11.8, 12.2]]))  # shot 3 begins at 12 s
    (fault,) = find_faults(slots, {FILM: seen})
    assert (fault.kind, fault.slot, fault.words) == ("word", 1, "speech began before the cut")
    after, (words,) = kept_as_long(slots, seen)
    assert (
        words == "slot 1: 4 frames more at its end, and 4 frames fewer at the beginning of slot 2"
    )
    assert [s.source for s in after] == [FrameRange(20, 64), FrameRange(304, 400)]


def test_a_locked_neighbour_gives_nothing_and_another_slot_does() -> None:
    slots = [slot(0), replace(slot(1), locked=True), whole(3), slot(5)]
    seen = film(voiced=np.array([[11.8, 12.2]]))
    after, (words,) = kept_as_long(slots, seen)
    assert (
        words == "slot 3: 4 frames off its beginning, and 4 frames more at the beginning of slot 4"
    )
    assert after[1] == slots[1]


def test_what_would_need_another_length_is_left_and_says_so() -> None:
    """The only slot is a whole shot: no other can give or take a frame."""
    slots, seen = [whole(3)], film(voiced=np.array([[11.8, 12.2]]))
    assert kept_as_long(slots, seen) == (slots, [])
    faults = find_faults(slots, {FILM: seen})
    (told,) = possible_repairs(slots, {FILM: seen}, faults, least_frames=10, keep_length=True)
    assert "at the cut's length of 100 frames" in told.obstacle
    (free,) = possible_repairs(slots, {FILM: seen}, faults, least_frames=10)
    assert (free.remedy, free.obstacle) == ("slot 1: 4 frames off its beginning", "")


def test_a_slot_too_short_to_be_seen_is_made_as_long_as_the_brief_has_slots() -> None:
    slots = [slot(0), slot(2, 40, 42), slot(4)]
    after, (words,) = kept_as_long(slots, film())
    assert (
        words == "slot 2: 8 frames more at its end, and 8 frames fewer at the beginning of slot 3"
    )
    assert after[1].source == FrameRange(240, 250)


def test_an_alternate_of_another_length_is_fitted_to_the_slot() -> None:
    """Shot 5 was kept at 20 frames, 530 to 549; the slot has 40: ten more on either side."""
    same = np.eye(8, dtype=np.float32)[[0, 1, 2, 0, 4, 5, 6, 7]]
    like = replace(slot(3), alternates=(Alternate(5, FrameRange(530, 550), 0.7),))
    after, _ = kept_as_long([slot(0), like], film(vectors=same))
    assert (after[1].shot, after[1].source) == (5, FrameRange(520, 560))


def test_a_frame_less_of_a_fault_does_not_mend_it() -> None:
    """Slot 3 shows all of slot 1 again: it is slipped until three frames are shown."""
    slots = [slot(0, 0, 20), slot(2), slot(0, 0, 20)]
    _, (words,) = kept_as_long(slots, film())
    assert words == "slot 3: slipped, 17 frames later"


def test_the_sound_of_a_locked_slot_is_left_alone_when_the_one_before_is_trimmed() -> None:
    """A longer lead than the slot before leaves room for would be cut back: so nothing is done."""
    slots = [slot(1, 90, 103), replace(slot(3), locked=True, sound=SlotSound(lead=6))]
    after, _ = kept_as_long(slots, film())
    assert after[1] == slots[1]


@given(slots_of_any_kind, st.lists(st.floats(4, 26), min_size=0, max_size=3, unique=True))
@settings(deadline=None, max_examples=15)
def test_repair_at_a_cut_s_length_keeps_it_and_locked_slots_and_brings_no_fault(
    slots: list[Slot], speech: list[float]
) -> None:
    seen = film(voiced=np.array([[s, s + 1.0] for s in sorted(speech)]).reshape(-1, 2))
    before = find_faults(slots, {FILM: seen})
    after, _ = kept_as_long(slots, seen)
    kinds = [(fault.kind, fault.slot) for fault in before]
    for fault in find_faults(after, {FILM: seen}):
        assert (fault.kind, fault.slot) in kinds
        kinds.remove((fault.kind, fault.slot))
    for old, new in zip(slots, after, strict=True):
        assert new == old or not old.locked


@pytest.mark.parametrize("far", [0, 300])
def test_frames_that_another_slot_gives_come_from_its_own_shot(far: int) -> None:
    slots = [slot(0, 20, 60), whole(3), slot(5)]
    after, _ = kept_as_long(slots, film(voiced=np.array([[11.8, 12.2]]) + far))
    for one in after:
        assert LENGTH * one.shot <= one.source.start < one.source.end <= LENGTH * (one.shot + 1)
