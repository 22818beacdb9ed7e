"""Edits of slots: alternates stay as long as their slot, and sound stays within its shot."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.cut import Alternate, Reason, Reframe, Slot, SlotSound, Transition
from editing.errors import EditError
from editing.interchange.conform import shown_frame, shown_frames
from editing.slot_edits import LONGEST_NOTE, frames_around, move, note, remove, slip, swap, trim
from ingest.media import MediaId
from ingest.timecode import FrameRange

SPAN = FrameRange(100, 160)


def slot(shot: int, **changes: object) -> Slot:
    """Frames 20 to 39 of a shot of 60 that begins at 100 times its number."""
    plain = Slot(MediaId(1), shot, FrameRange(100 * shot + 20, 100 * shot + 40), 1.0, ())
    return replace(plain, **changes)


def alternate(shot: int) -> Alternate:
    return Alternate(shot, FrameRange(100 * shot + 20, 100 * shot + 40), 0.5)


def reasons(found: Alternate) -> tuple[Reason, ...]:
    return (Reason("all", found.score),)


SLOTS = (slot(0), slot(1, alternates=(alternate(5), alternate(6), alternate(7))), slot(2))
ROOMS = {5: FrameRange(500, 560), 6: FrameRange(618, 640)}


def test_alternates_are_shortened_about_their_middle() -> None:
    cut = trim(SLOTS, 1, SPAN, head=-4, tail=-2)
    assert [a.source for a in cut[1].alternates] == [
        FrameRange(100 * shot + 23, 100 * shot + 37) for shot in (5, 6, 7)
    ]


def test_alternates_are_lengthened_within_their_room_or_go() -> None:
    """Shot 5 has 60 frames; shot 6 has 22, too few for 24; of shot 7 nothing is known."""
    assert [a.source for a in trim(SLOTS, 1, SPAN, head=2, tail=2, rooms=ROOMS)[1].alternates] == [
        FrameRange(518, 542)
    ]
    both = trim(SLOTS, 1, SPAN, head=1, tail=1, rooms=ROOMS)[1].alternates
    assert [a.source for a in both] == [FrameRange(519, 541), FrameRange(618, 640)]


@given(st.integers(-15, 20), st.integers(-15, 20))
def test_every_alternate_is_as_long_as_its_slot(head: int, tail: int) -> None:
    try:
        cut = trim(SLOTS, 1, SPAN, head=head, tail=tail, rooms=ROOMS)
    except EditError:
        assert head + tail + 20 < 1 or head > 20 or tail > 20
        return
    for one in cut[1].alternates:
        assert one.source.frames == cut[1].source.frames
        assert ROOMS.get(one.shot, one.source).contains(one.source)


def test_a_swap_leaves_the_old_shot_as_an_alternate_and_what_was_its_own_behind() -> None:
    framed = replace(
        SLOTS[1],
        reframe=Reframe((0.3, 0.5), (0.4, 0.5)),
        sound=SlotSound(lead=5, fade_ms=10, gain=3.0),
        transition=Transition("dissolve", 2, 2),
        note="the hero",
    )
    ran_on = replace(SLOTS[2], sound=SlotSound(lead=-4, fade_ms=10))
    _, new, following = swap((SLOTS[0], framed, ran_on), 1, reasons)
    assert (new.shot, new.locked, new.alternates[0].shot) == (5, True, 1)
    assert (new.reframe, new.sound) == (None, SlotSound())
    assert (new.transition, new.note) == (framed.transition, "the hero")
    assert following.sound == SlotSound(lead=0, fade_ms=10)
    assert new.source.frames == framed.source.frames


def test_a_swap_after_a_trim_keeps_the_new_length() -> None:
    short = trim(SLOTS, 1, SPAN, head=-8, tail=0)
    assert swap(short, 1, reasons)[1].source.frames == 12


def test_sound_comes_back_within_a_shot_that_is_trimmed_or_slipped() -> None:
    """A slot at frames 120 to 139 of 100 to 159, led by 15 and running on by 18."""
    led = replace(SLOTS[1], sound=SlotSound(lead=9))
    ran_on = replace(SLOTS[2], sound=SlotSound(lead=-18))
    slots = (SLOTS[0], led, ran_on)
    assert slip(slots, 1, SPAN, -15)[1].sound.lead == 5
    assert slip(slots, 1, SPAN, 15)[2].sound.lead == -5
    assert [s.sound.lead for s in slip(slots, 1, SPAN, 1)] == [0, 9, -18]


def test_frames_of_a_trim_are_the_cuts_whatever_the_films_rate() -> None:
    """A film of 50 in a cut of 25: 20 frames from 110 on show up to 148, of 100 to 159."""
    slots = (replace(SLOTS[1], source=FrameRange(110, 130)),)
    twice = Fraction(2)
    assert frames_around(slots[0].source, SPAN, twice) == (5, 5)
    assert trim(slots, 0, SPAN, head=4, tail=0, step=twice)[0].source == FrameRange(102, 126)
    assert trim(slots, 0, SPAN, head=-4, tail=5, step=twice)[0].source == FrameRange(118, 139)
    assert slip(slots, 0, SPAN, 5, twice)[0].source == FrameRange(120, 140)
    with pytest.raises(EditError, match="5 frames before slot 1 and 5 after"):
        trim(slots, 0, SPAN, head=0, tail=6, step=twice)


def test_alternates_and_leads_of_a_film_of_another_rate_stay_within_their_shot() -> None:
    """40 frames of the film are 20 of the cut."""
    one = Alternate(5, FrameRange(510, 530), 0.5)
    slots = (
        replace(SLOTS[1], source=FrameRange(110, 130), alternates=(one,), sound=SlotSound(lead=5)),
        replace(SLOTS[2], sound=SlotSound(lead=-9)),
    )
    rooms = {5: FrameRange(508, 556)}
    made = trim(slots, 0, SPAN, head=3, tail=0, rooms=rooms, step=Fraction(2))
    assert [a.source for a in made[0].alternates] == [FrameRange(508, 531)]  # shows up to 552
    assert [s.sound.lead for s in made] == [2, -5]
    assert trim(slots, 0, SPAN, head=5, tail=0, rooms=rooms, step=Fraction(2))[0].alternates == ()


@given(
    st.fractions(Fraction(1, 4), 4, max_denominator=1001),
    *(st.integers(-15, 40) for _ in range(2)),
)
def test_a_trim_of_one_end_leaves_the_other_and_the_shot_is_never_left(
    step: Fraction, head: int, tail: int
) -> None:
    slots, span = (replace(SLOTS[1], alternates=()),), FrameRange(30, 260)
    old = slots[0].source
    try:
        new = trim(slots, 0, span, head=head, tail=tail, step=step)[0].source
    except EditError:
        first, last = old.start - head * step, old.start + (old.frames + tail) * step
        assert head + tail + 20 < 1 or first < span.start or last > span.end - step / 2 - 1
        return
    assert span.contains(shown_frames(new.start, new.frames, step))
    assert new.frames == 20 + head + tail
    end, was = (shown_frame(s.start, s.frames, step) for s in (new, old))
    assert abs(new.start - (old.start - head * step)) <= Fraction(1, 2)
    assert abs(end - was - tail * step) <= Fraction(3, 2)


def test_where_other_slots_meet_the_sound_meets_with_them() -> None:
    slots = tuple(slot(n, sound=SlotSound(lead=n)) for n in range(5))
    assert [s.sound.lead for s in remove(slots, 1)] == [0, 0, 3, 4]
    assert [s.sound.lead for s in move(slots, 1, 3)] == [0, 0, 3, 0, 0]
    assert [s.sound.lead for s in move(slots, 3, 1)] == [0, 0, 0, 2, 0]
    assert [s.sound.lead for s in move(slots, 2, 2)] == [0, 1, 2, 3, 4]


def test_a_note_is_written_and_taken_away() -> None:
    noted = note(SLOTS, 0, " wide enough? ")
    assert noted[0].note == "wide enough?"
    assert not noted[0].locked
    assert note(noted, 0, "") == SLOTS
    with pytest.raises(EditError, match="500 characters at most"):
        note(SLOTS, 0, "x" * (LONGEST_NOTE + 1))
