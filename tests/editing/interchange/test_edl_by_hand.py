"""EDLs of other systems, made by hand: what they say is read, and what is not kept is told."""

from fractions import Fraction

import pytest

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.edl_reader import read_edl
from editing.interchange.read_sequence import Edit
from editing.interchange.sequence import Marker
from ingest.timecode import FrameRange

FILM = Fraction(24)
HEAD = "TITLE: by hand\nFCM: NON-DROP FRAME\n\n"


def read(events: str, rate: Fraction = FILM) -> list[Edit]:
    return list(read_edl(HEAD + events, rate).track("V1"))


def test_a_dissolve_with_both_lines_names_both_clips_and_is_centred() -> None:
    """A runs to 01:00:01:00 and 12 frames on; B's first frame shows at 01:00:01:00."""
    first, second = read(
        "001  A001     V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
        "002  A001     V     C        10:00:01:00 10:00:01:00 01:00:01:00 01:00:01:00\n"
        "002  B002     V     D    024 20:00:00:00 20:00:03:00 01:00:01:00 01:00:04:00\n"
        "* BLEND, DISSOLVE\n* FROM CLIP NAME: bell.mov\n* TO CLIP NAME: harbour.mov\n"
    )
    hour = 24 * 3600
    assert (first.name, first.reel, first.record) == ("A001", "A001", FrameRange(0, 36))
    assert first.source == FrameRange(10 * hour, 10 * hour + 36)
    assert (second.name, second.record) == ("harbour.mov", FrameRange(36, 96))
    assert second.source == FrameRange(20 * hour + 12, 20 * hour + 72)
    assert second.transition == Transition("dissolve", 12, 12)


def test_a_dissolve_from_a_clip_that_has_no_event_of_its_own() -> None:
    first, second = read(
        "001  A001     V     C        10:00:01:00 10:00:01:00 01:00:00:00 01:00:00:00\n"
        "001  B002     V     D    010 20:00:00:00 20:00:03:00 01:00:00:00 01:00:03:00\n"
        "* FROM CLIP NAME: bell.mov\n"
    )
    assert (first.name, first.source.frames, first.record) == ("bell.mov", 5, FrameRange(0, 5))
    assert second.transition == Transition("dissolve", 5, 5)


def test_events_may_stand_in_any_order() -> None:
    """A C-mode list: in the order of the sources."""
    names = [
        edit.name
        for edit in read(
            "002  A        V     C        10:00:00:00 10:00:01:00 01:00:01:00 01:00:02:00\n"
            "001  B        V     C        20:00:00:00 20:00:01:00 01:00:00:00 01:00:01:00\n"
        )
    ]
    assert names == ["B", "A"]


def test_black_is_a_gap_and_fades_are_to_and_from_it() -> None:
    found = read_edl(
        HEAD + "001  BL       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
        "002  BL       V     C        00:00:00:00 00:00:00:00 01:00:01:00 01:00:01:00\n"
        "002  A        V     D    012 10:00:00:00 10:00:01:00 01:00:01:00 01:00:02:00\n"
        "003  A        V     C        10:00:01:00 10:00:01:00 01:00:02:00 01:00:02:00\n"
        "003  BL       V     D    010 00:00:00:00 00:00:00:10 01:00:02:00 01:00:02:10\n"
        "004  B        V     C        20:00:00:00 20:00:01:00 01:00:02:10 01:00:03:10\n"
        "005  B        V     C        20:00:01:00 20:00:01:00 01:00:03:10 01:00:03:10\n"
        "005  BL       V     D    006 00:00:00:00 00:00:01:00 01:00:03:10 01:00:04:10\n",
        FILM,
    )
    first, second = found.track("V1")
    assert (first.record, first.transition) == (FrameRange(24, 58), Transition("dip", 0, 12))
    assert (second.record, second.transition) == (FrameRange(58, 88), Transition("dip", 10, 0))
    assert found.remarks == (
        "V1: the edit of 'B' fades to black over its last 6 frames, which is not kept",
    )


def test_speeds_wipes_markers_and_split_sound() -> None:
    found = read_edl(
        HEAD + "001  A        V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:01:00\n"
        "M2   A        048.0                10:00:00:00\n"
        "* LOC: 01:00:00:05 RED     wave & smile\n"
        "002  A        V     C        10:00:02:00 10:00:02:00 01:00:01:00 01:00:01:00\n"
        "002  B        V     W001 008 20:00:00:00 20:00:01:00 01:00:01:00 01:00:02:00\n"
        "003  B        AA    C        20:00:00:00 20:00:00:20 01:00:01:04 01:00:02:00\n"
        "SPLIT:    AUDIO DELAY=  00:00:00:04\n",
        FILM,
    )
    first, second = found.track("V1")
    assert (first.speed, first.record) == (2, FrameRange(0, 28))
    assert first.source.frames == 48 + 8
    assert second.transition == Transition("dissolve", 4, 4)
    assert found.track("A2")[0].record == FrameRange(28, 48)
    assert found.markers == (Marker(5, "wave & smile"),)
    assert found.remarks == (
        "line 10 is left aside: 'SPLIT:    AUDIO DELAY=  00:00:00:04'",
        "line 8: a wipe is read as a dissolve",
    )


def test_an_m2_line_counts_where_the_event_names_as_many_frames_as_it_lasts() -> None:
    found = read_edl(
        HEAD + "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
        "M2   A        012.0                10:00:00:00\n",
        FILM,
    )
    assert found.edits[0].source.frames == 12
    assert "the event names 24 frames of source and its M2 line asks for 12" in found.remarks[0]


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        (
            "001  A        V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:01:00\n"
            "M2   A        012.0                10:00:00:00\n",
            "line 4: 48 frames of source in 24 of record, and the M2 line says 12 frames a second",
        ),
        (
            "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
            "002  A        V     C        10:00:01:00 10:00:01:00 01:00:02:00 01:00:02:00\n"
            "002  B        V     D    008 20:00:00:00 20:00:01:00 01:00:01:00 01:00:02:00\n",
            "line 6: the event does not begin where the line before it says",
        ),
        (
            "001  A        V     C        10:00:00:00 10:00:00:00 01:00:01:00 01:00:01:00\n",
            "event 001: an event without a frame",
        ),
        (
            "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
            "002  B        V     D    024 20:00:00:00 20:00:01:00 01:00:01:00 01:00:02:00\n"
            "* JOIN: 024\n",
            "line 5: the transition leaves nothing of its event",
        ),
        (
            "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
            "002  B        V     D    008 20:00:00:00 20:00:01:00 01:00:01:00 01:00:02:00\n"
            "* JOIN: 009\n",
            "line 5: a JOIN of 9 in a dissolve of 8 frames",
        ),
        (
            "001  BL       V     C        00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00\n",
            "holds nothing but black",
        ),
        (
            "001  BL       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
            "002  BL       V     D    008 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00\n",
            "line 5: a transition from nothing that is before it",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_line(events: str, complaint: str) -> None:
    with pytest.raises(TimelineError, match=complaint):
        read(events)
