from dataclasses import replace
from fractions import Fraction

import pytest

from editing.cut import Brief, Cut, CutId, Reframe, Slot, SlotSound, Transition
from ingest.media import MediaId
from ingest.timecode import FrameRange

BRIEF = Brief("trailer", 30, 5, 15, Fraction(9, 10), 0.9)


@pytest.fixture
def cut() -> Cut:
    """Three slots of ten frames, from frames 100, 200 and 300 of a film."""
    slots = tuple(
        Slot(MediaId(1), i, FrameRange(100 * i + 100, 100 * i + 110), 0.0, ()) for i in range(3)
    )
    return Cut(
        CutId(1), 1, MediaId(1), "a", "trailer", BRIEF, Fraction(24), slots, "linear 1", "", "", ""
    )


def with_slot(cut: Cut, number: int, **fields: object) -> Cut:
    slots = list(cut.slots)
    slots[number] = replace(slots[number], **fields)  # type: ignore[arg-type]
    return replace(cut, slots=tuple(slots))


def test_a_dissolve_shows_frames_beyond_the_join_on_both_sides(cut: Cut) -> None:
    mixed = with_slot(cut, 1, transition=Transition("dissolve", 3, 4))
    shown = [mixed.picture_range(number) for number in range(3)]
    assert shown == [FrameRange(100, 114), FrameRange(197, 210), FrameRange(300, 310)]
    assert mixed.frames == 30


def test_a_dip_to_black_needs_no_handles(cut: Cut) -> None:
    dipped = with_slot(cut, 1, transition=Transition("dip", 3, 4))
    assert [dipped.picture_range(n) for n in range(3)] == [s.source for s in cut.slots]


def test_sound_that_leads_is_taken_from_the_slot_before(cut: Cut) -> None:
    early = with_slot(cut, 1, sound=SlotSound(lead=4))
    assert early.sound_range(0) == FrameRange(100, 106)
    assert early.sound_range(1) == FrameRange(196, 210)
    late = with_slot(cut, 1, sound=SlotSound(lead=-4))
    assert late.sound_range(0) == FrameRange(100, 114)
    assert late.sound_range(1) == FrameRange(204, 210)


def test_the_first_sound_has_nothing_to_lead_into(cut: Cut) -> None:
    assert with_slot(cut, 0, sound=SlotSound(lead=4)).sound_range(0) == FrameRange(100, 110)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (-1, 3), (3, -1)])
def test_a_transition_has_frames(before: int, after: int) -> None:
    with pytest.raises(ValueError, match="frames is none"):
        Transition("dissolve", before, after)


@pytest.mark.parametrize("fields", [{"fade_ms": -1}, {"fade_ms": 1001}, {"gain": 21.0}])
def test_sound_keeps_its_limits(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"lies|lasts"):
        SlotSound(**fields)  # type: ignore[arg-type]


def test_the_middle_of_a_frame_lies_in_the_picture() -> None:
    with pytest.raises(ValueError, match="within the picture"):
        Reframe((0.5, 0.5), (1.1, 0.5))
