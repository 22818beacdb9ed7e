"""Backwards, stills, nested sequences and tracks over each other, as other systems write them."""

import json
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from shown_frames import seen, shown

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange import fcpxml_reader
from editing.interchange.edl_reader import read_edl
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.layers import picture_of, seen_through
from editing.interchange.nested import FlatTrack
from editing.interchange.otio_reader import read_otio
from editing.interchange.read_sequence import Edit, ReadSequence
from ingest.timecode import FrameRange

RATE = Fraction(25)


# EDL


def edl(*lines: str) -> ReadSequence:
    return read_edl("\n".join(["TITLE: t", "FCM: NON-DROP FRAME", *lines]), RATE)


def test_an_edl_plays_backwards_by_a_negative_m2() -> None:
    found = edl(
        "001  A  V  C  10:00:00:00 10:00:00:10 01:00:00:00 01:00:00:10",
        "M2   A  -025.0  10:00:00:00",
        "002  A  V  C  10:00:01:00 10:00:01:20 01:00:00:10 01:00:00:20",
        "M2   A  -050.0  10:00:01:00",
    )
    first, second = found.edits
    base = 10 * 3600 * 25
    assert (first.speed, second.speed) == (-1, -2)
    assert shown(first) == [base + 9 - k for k in range(10)]
    assert shown(second) == [base + 44 - 2 * k for k in range(10)]


@pytest.mark.parametrize("source", ["10:00:00:07 10:00:00:17", "10:00:00:07 10:00:00:07"])
def test_an_edl_stands_still_by_an_m2_of_nothing(source: str) -> None:
    found = edl(f"001  A  V  C  {source} 01:00:00:00 01:00:00:10", "M2   A  000.0  10:00:00:07")
    assert shown(found.edits[0]) == [10 * 3600 * 25 + 7] * 10
    assert found.edits[0].speed == 0


def test_a_dissolve_into_and_out_of_a_still_is_read() -> None:
    found = edl(
        "001  A  V  C      10:00:00:00 10:00:00:10 01:00:00:00 01:00:00:10",
        "M2   A  000.0  10:00:00:00",
        "002  A  V  C      10:00:00:10 10:00:00:10 01:00:00:10 01:00:00:10",
        "002  B  V  D 004  10:00:00:00 10:00:00:14 01:00:00:10 01:00:00:24",
    )
    still, after = found.edits
    assert (still.record, still.step) == (FrameRange(0, 12), 0)
    assert (after.record, after.transition) == (FrameRange(12, 24), Transition("dissolve", 2, 2))


# OTIO


def _clip(name: str, first: int, frames: int) -> otio.schema.Clip:
    return otio.schema.Clip(
        name,
        source_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(first, 25), otio.opentime.RationalTime(frames, 25)
        ),
    )


def _timeline(*tracks: otio.schema.Track) -> str:
    timeline = otio.schema.Timeline("t")
    timeline.tracks.extend(tracks)
    return str(timeline.to_json_string())


def _track(*items: object, kind: str = otio.schema.TrackKind.Video) -> otio.schema.Track:
    return otio.schema.Track("t", children=list(items), kind=kind)


def test_otio_plays_backwards_and_stands_still() -> None:
    back, still, half = _clip("A", 100, 10), _clip("B", 50, 8), _clip("C", 60, 10)
    back.effects.append(otio.schema.LinearTimeWarp(time_scalar=-2.0))
    still.effects.append(otio.schema.FreezeFrame())
    half.effects.append(otio.schema.LinearTimeWarp(time_scalar=-0.5))
    first, second, third = read_otio(_timeline(_track(back, still, half))).edits
    assert (first.speed, shown(first)) == (-2, [119 - 2 * k for k in range(10)])
    assert (second.speed, shown(second)) == (0, [50] * 8)
    assert (third.speed, shown(third)) == (
        Fraction(-1, 2),
        [64, 64, 63, 63, 62, 62, 61, 61, 60, 60],
    )


def test_a_stack_within_a_track_is_laid_flat() -> None:
    """Of the stack, 10 frames from its frame 5 on: A, with B over its frames 8 to 11."""
    stack = otio.schema.Stack("scene")
    stack.append(_track(_clip("A", 0, 30)))
    gap = otio.schema.Gap(source_range=_clip("", 0, 8).source_range)
    stack.append(_track(gap, _clip("B", 70, 4)))
    stack.append(_track(_clip("S", 0, 30), kind=otio.schema.TrackKind.Audio))
    stack.source_range = _clip("", 5, 10).source_range
    found = read_otio(_timeline(_track(_clip("X", 9, 3), stack, _clip("Y", 0, 2))))
    assert [(e.name, e.source, e.record) for e in found.edits] == [
        ("X", FrameRange(9, 12), FrameRange(0, 3)),
        ("A", FrameRange(5, 8), FrameRange(3, 6)),
        ("B", FrameRange(70, 74), FrameRange(6, 10)),
        ("A", FrameRange(12, 15), FrameRange(10, 13)),
        ("Y", FrameRange(0, 2), FrameRange(13, 15)),
    ]


def test_a_stack_that_cannot_be_laid_flat_is_told() -> None:
    stack = otio.schema.Stack("scene")
    stack.append(_track(_clip("A", 0, 6), _clip("B", 0, 6)))
    mix = otio.schema.Transition(
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(2, 25),
        out_offset=otio.opentime.RationalTime(2, 25),
    )
    stack.source_range = _clip("", 3, 8).source_range
    into = read_otio(_timeline(_track(_clip("X", 9, 9), mix, stack)))
    assert into.edits[1].transition == Transition("dissolve", 2, 2)
    stack.source_range = _clip("", 7, 4).source_range  # two frames before it A shows, not B
    with pytest.raises(TimelineError, match="item 3 'scene': the transition at its end shows more"):
        read_otio(_timeline(_track(_clip("X", 9, 9), mix.deepcopy(), stack.deepcopy())))
    stack.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    with pytest.raises(TimelineError, match="item 1 'scene' has effects as a whole"):
        read_otio(_timeline(_track(stack.deepcopy())))


def test_a_track_of_otio_that_is_disabled_is_left_aside() -> None:
    document = json.loads(_timeline(_track(_clip("A", 0, 6)), _track(_clip("B", 0, 6))))
    document["tracks"]["children"][1]["enabled"] = False
    found = read_otio(json.dumps(document))
    assert [edit.name for edit in found.edits] == ["A"]
    assert found.remarks == ("track V2 is disabled and left aside",)


def test_otio_media_of_another_rate_counts_by_its_available_range() -> None:
    """Frame 40 of the timeline's 25 is 1.6 s, frame 80 of the file's 50."""
    clip = _clip("A", 40, 10)
    clip.media_reference = otio.schema.ExternalReference(
        "A.mov",
        otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, 50), otio.opentime.RationalTime(900, 50)
        ),
    )
    (edit,) = read_otio(_timeline(_track(clip))).edits
    assert (edit.conform, edit.source) == (2, FrameRange(80, 100))


def test_otio_lengths_of_other_rates_are_taken_to_whole_frames_without_drifting() -> None:
    """Ten clips of one frame at 24 in a timeline of 25: 10 frames are 10.417 of its own."""
    items = []
    for number in range(10):
        clip = _clip("A", number, 1)
        clip.source_range = otio.opentime.TimeRange(
            otio.opentime.RationalTime(number, 24), otio.opentime.RationalTime(1, 24)
        )
        items.append(clip)
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(_track(*items, _clip("B", 0, 5)))
    with pytest.raises(
        TimelineError, match=r"2 rates, 24\.000, 25\.000, and its global_start_time"
    ):
        read_otio(timeline.to_json_string())
    timeline.global_start_time = otio.opentime.RationalTime(90_000, 25)
    found = read_otio(timeline.to_json_string())
    assert found.rate == 25
    assert [e.record.start for e in found.edits[:10]] == [round(k * 25 / 24) for k in range(10)]
    assert found.edits[10].record == FrameRange(10, 15)
    assert "lasts 1.042 frames of the timeline" in found.remarks[0]


# FCPXML

_FCPXML = """<fcpxml version="1.13"><resources>
<format id="r1" frameDuration="1/25s" width="64" height="48"/>
<asset id="a" name="A" start="0s" duration="40s" hasVideo="1" hasAudio="1" audioChannels="1"
 format="r1"><media-rep src="file:///A.mov"/></asset>
<asset id="b" name="B" start="0s" duration="40s" hasVideo="1" format="r1">
 <media-rep src="file:///B.mov"/></asset>
<asset id="m" name="M" start="0s" duration="90s" hasAudio="1" audioChannels="2">
 <media-rep src="file:///M.wav"/></asset>
<media id="c" name="scene"><sequence format="r1" tcStart="100s"><spine>
 <asset-clip ref="a" offset="100s" start="1s" duration="1s"/>
 <asset-clip ref="b" offset="101s" start="2s" duration="1s"/></spine></sequence></media>
</resources><project><sequence format="r1"><spine>{}</spine></sequence></project></fcpxml>"""


def fcpxml(spine: str) -> ReadSequence:
    return read_fcpxml(_FCPXML.format(spine))


def test_fcpxml_plays_backwards_and_stands_still_by_its_time_map() -> None:
    points = '<timeMap><timept time="{}s" value="{}s"/><timept time="{}s" value="{}s"/></timeMap>'
    found = fcpxml(
        f'<asset-clip ref="b" start="0s" duration="10/25s">{points.format(0, 10, 10, 0)}'
        f'</asset-clip><asset-clip ref="b" start="0s" duration="10/25s">{points.format(0, 3, 9, 3)}'
        "</asset-clip>"
    )
    back, still = found.edits
    assert (back.speed, shown(back)) == (-1, [249 - k for k in range(10)])
    assert (still.speed, shown(still)) == (0, [75] * 10)


def test_a_compound_clip_is_laid_flat() -> None:
    found = fcpxml('<ref-clip ref="c" start="2515/25s" duration="20/25s"/>')
    assert [(e.track, e.name, e.source, e.record) for e in found.edits] == [
        ("V1", "A.mov", FrameRange(40, 50), FrameRange(0, 10)),
        ("V1", "B.mov", FrameRange(50, 60), FrameRange(10, 20)),
        ("A1", "A.mov", FrameRange(40, 50), FrameRange(0, 10)),
    ]


def test_the_edits_of_compound_clips_count_towards_what_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three edits within it and the same three of it, however little is shown of many others."""
    whole = '<ref-clip ref="c" start="2515/25s" duration="20/25s"/>'
    monkeypatch.setattr(fcpxml_reader, "_MAX_EDITS", 6)
    assert len(fcpxml(whole).edits) == 3
    monkeypatch.setattr(fcpxml_reader, "_MAX_EDITS", 5)
    with pytest.raises(TimelineError, match="past 5 edits"):
        fcpxml(whole)


def test_connected_clips_lie_on_tracks_above_and_sound_below_on_tracks_of_its_own() -> None:
    """At frame 10 of A, which begins at its second 2, B is connected for 5 frames, music at 0."""
    found = fcpxml(
        '<asset-clip ref="a" start="2s" duration="1s">'
        '<asset-clip ref="b" lane="1" offset="60/25s" start="4s" duration="5/25s"/>'
        '<asset-clip ref="m" lane="-1" offset="2s" start="0s" duration="1s"/>'
        '<title ref="t" lane="2" offset="2s" duration="1s"/></asset-clip>'
    )
    assert {(e.track, e.name, e.source.start, e.record) for e in found.edits} == {
        ("V1", "A.mov", 50, FrameRange(0, 25)),
        ("V2", "B.mov", 100, FrameRange(10, 15)),
        ("A1", "A.mov", 50, FrameRange(0, 25)),
        ("A2", "M.wav", 0, FrameRange(0, 25)),
        ("A3", "M.wav", 0, FrameRange(0, 25)),
    }
    assert found.remarks == ("1 <title> left aside",)
    edits, _ = picture_of(found)
    assert [(e.name, e.record) for e in edits] == [
        ("A.mov", FrameRange(0, 10)),
        ("B.mov", FrameRange(10, 15)),
        ("A.mov", FrameRange(15, 25)),
    ]


def test_a_secondary_storyline_is_read_in_its_own_time() -> None:
    found = fcpxml(
        '<gap duration="2s"><spine lane="1" offset="10/25s"><asset-clip ref="b" offset="0s" '
        'start="1s" duration="4/25s"/><gap duration="2/25s"/><asset-clip ref="b" start="2s" '
        'duration="3/25s"/></spine></gap><asset-clip ref="b" duration="1s"/>'
    )
    upper = [(e.source, e.record) for e in found.track("V2")]
    assert upper == [
        (FrameRange(25, 29), FrameRange(10, 14)),
        (FrameRange(50, 53), FrameRange(16, 19)),
    ]


# What is laid flat, by any picture


@st.composite
def layers(draw: st.DrawFn) -> list[list[Edit]]:
    tracks = []
    for number in range(draw(st.integers(1, 4))):
        end, edits = 0, []
        for _ in range(draw(st.integers(0, 6))):
            start = end + draw(st.integers(0, 8))
            end = start + draw(st.integers(1, 12))
            source = FrameRange(first := draw(st.integers(0, 500)), first + end - start)
            edits.append(Edit(f"V{number + 1}", f"f{number}", source, FrameRange(start, end)))
        tracks.append(edits)
    return tracks


@given(layers())
def test_what_is_laid_flat_is_what_the_topmost_clip_shows(tracks: list[list[Edit]]) -> None:
    flat = seen_through(tracks, "V1", str)
    wanted: dict[int, tuple[str, int]] = {}
    for track in tracks:
        wanted |= seen(track)
    assert seen(flat) == wanted
    assert all(a.record.end <= b.record.start for a, b in pairwise(flat))


@given(layers(), st.integers(0, 60), st.integers(1, 60), st.integers(0, 200))
@settings(deadline=None)
def test_a_window_shows_the_same_frames_elsewhere(
    tracks: list[list[Edit]], first: int, frames: int, at: int
) -> None:
    span = FrameRange(first, first + frames)
    found = FlatTrack(tracks[0]).window(span, at, track="V1", where="it")
    wanted = {
        r - first + at: one for r, one in seen(tracks[0]).items() if span.start <= r < span.end
    }
    assert seen(found) == wanted


def test_a_transition_that_an_upper_clip_hides_in_part_is_told_and_a_hidden_one_is_gone() -> None:
    mixed = Transition("dissolve", 5, 5)
    lower = [
        Edit("V1", "a", FrameRange(0, 20), FrameRange(0, 20)),
        Edit("V1", "b", FrameRange(50, 70), FrameRange(20, 40), mixed),
    ]

    def over(start: int, end: int) -> list[Edit]:
        return [Edit("V2", "c", FrameRange(0, end - start), FrameRange(start, end))]

    with pytest.raises(TimelineError, match="the transition into the clip of 'b' at 20 is partly"):
        seen_through([lower, over(18, 30)], "V1", str)
    hidden = seen_through([lower, over(10, 30)], "V1", str)
    assert [edit.transition for edit in hidden] == [None, None, None]
    clear = seen_through([lower, over(26, 30)], "V1", str)
    assert [edit.transition for edit in clear] == [None, mixed, None, None]
