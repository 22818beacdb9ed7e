"""The matrix: each thing that a sequence can hold, at each rate, through each format and back.

Written, read by a parser that shares nothing with the writer, and compared frame by frame. What a
format does not hold is said here, so that a loss that is not known fails.
"""

import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import carried_table
import probes
from probes import CHANNELS, FORMATS, ODD_PROBES, PROBES, RATES, Piece, dip, dissolve

from editing.interchange.sequence import Sequence
from editing.interchange.timeline import write_otio

NOT_HELD = {
    "otio": set[str](),
    "edl": {"path", "gain", "crossfade"},
    "fcp7": set[str](),
    "fcpxml": {"crossfade"},
}
"""What is lost of a sequence that has it; see `probes.lost`."""


@cache
def outcome(format_name: str, rate_name: str) -> dict[str, tuple[str, ...]]:
    """What each probe loses."""
    rate, mark = RATES[rate_name]
    lost = {}
    for name, pieces in (PROBES | ODD_PROBES).items():
        sequence = probes.sequence_of(rate, mark, pieces, channels=CHANNELS.get(name, 2))
        found = probes.read_back(sequence, format_name)
        assert found.format == format_name
        assert not found.remarks, (name, found.remarks)
        lost[name] = tuple(probes.lost(sequence, found, format_name))
    return lost


@pytest.mark.parametrize("rate_name", RATES)
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_format_loses_nothing_but_what_it_cannot_hold(format_name: str, rate_name: str) -> None:
    for name, lost in outcome(format_name, rate_name).items():
        if (format_name, name) == ("edl", "four channels"):
            assert "sound" in lost
            continue
        assert set(lost) <= NOT_HELD[format_name], (name, lost)


def test_what_a_format_is_said_not_to_hold_is_really_lost() -> None:
    for format_name, missing in NOT_HELD.items():
        lost = {one for told in outcome(format_name, "25").values() for one in told}
        assert missing <= lost


def test_the_table_in_the_docs_is_what_was_found() -> None:
    """Written by `python tests/editing/interchange/carried_table.py`."""
    found = {
        format_name: {
            name: {rate: outcome(format_name, rate)[name] for rate in RATES}
            for name in PROBES | ODD_PROBES
        }
        for format_name in FORMATS
    }
    assert carried_table.table(found) in carried_table.DOCS.read_text(encoding="utf-8"), (
        "docs/formats.md is out of date: python tests/editing/interchange/carried_table.py"
    )


lengths = st.integers(14, 90)


@st.composite
def sequences(draw: st.DrawFn) -> Sequence:
    """Any mix of what is probed: each piece long enough for the transitions at its ends."""
    rate, mark = draw(st.sampled_from(sorted(RATES.values())))
    pieces: list[Piece] = []
    for number in range(draw(st.integers(1, 6))):
        gap = draw(st.sampled_from([0, 0, 0, 5]))
        speed = Fraction(1)
        joined = bool(number) and not gap and pieces[-1].speed == 1
        into, lead, frames = None, 0, draw(lengths)
        if joined:
            sides = draw(st.tuples(st.integers(0, 7), st.integers(0, 7)))
            kind = draw(st.sampled_from([None, dissolve, dip]))
            into = kind(*sides) if kind and sum(sides) else None
            lead = draw(st.sampled_from([0, 0, -4, 6])) if not pieces[-1].silent else 0
        elif draw(st.booleans()):
            into = dip(0, draw(st.integers(1, 6)))
        if into is None and not lead and draw(st.integers(0, 5)) == 0:
            speed, frames = (
                Fraction(draw(st.sampled_from([2, 3])), draw(st.sampled_from([1, 4]))),
                28,
            )
        pieces.append(
            Piece(
                *(draw(st.integers(20, 9000)), frames, draw(st.integers(0, 1)), gap, into, lead),
                gain=draw(st.sampled_from([0.0, -3.5, 6.0])),
                fade_ms=draw(st.sampled_from([0, 0, 10, 200])) if joined else 0,
                speed=speed,
                note=draw(st.sampled_from(["", "", "see & hear", "été ☀"])),
                silent=not lead and draw(st.integers(0, 6)) == 0,
            )
        )
    return probes.sequence_of(rate, mark, _without_orphans(pieces))


def _without_orphans(pieces: list[Piece]) -> list[Piece]:
    """No sound runs on into a piece whose own is silent or at another speed."""
    from dataclasses import replace

    kept: list[Piece] = []
    for number, piece in enumerate(pieces):
        before = pieces[number - 1] if number else None
        alone = before is None or before.silent or before.speed != 1 or piece.speed != 1
        mixed = piece.transition if before is None or before.speed == 1 else None
        kept.append(replace(piece, lead=0 if alone else piece.lead, transition=mixed))
    return kept


@pytest.mark.parametrize("format_name", FORMATS)
def test_any_sequence_survives(format_name: str) -> None:
    @given(sequences())
    @settings(deadline=None, max_examples=40)
    def check(sequence: Sequence) -> None:
        found = probes.read_back(sequence, format_name)
        assert set(probes.lost(sequence, found, format_name)) <= NOT_HELD[format_name]

    check()


def test_otio_tells_how_many_channels_its_one_track_of_sound_has() -> None:
    rate, mark = RATES["25"]
    for channels in (1, 2, 4):
        sequence = probes.sequence_of(rate, mark, PROBES["gain"], channels=channels)
        timeline = otio.adapters.read_from_string(write_otio(sequence))
        told = {
            clip.media_reference.metadata["reelroom"]["audio_channels"]
            for clip in timeline.audio_tracks()[0].find_clips()
        }
        assert told == {channels}


def test_otio_itself_reads_the_transitions_speeds_and_markers() -> None:
    """OpenTimelineIO is the independent reader of its own format."""
    rate, mark = RATES["23.976"]
    pieces = [
        *PROBES["dissolve with handles"],
        *PROBES["double speed"],
        Piece(50, 20, note="look"),
    ]
    timeline = otio.adapters.read_from_string(write_otio(probes.sequence_of(rate, mark, pieces)))
    video = timeline.video_tracks()[0]
    mixes = [item for item in video if isinstance(item, otio.schema.Transition)]
    assert [(m.in_offset.value, m.out_offset.value) for m in mixes] == [(12, 12)]
    assert mixes[0].transition_type == otio.schema.TransitionTypes.SMPTE_Dissolve
    ranges = [timeline.range_of_child(clip) for clip in video.find_clips()]
    assert [r.start_time.value for r in ranges] == [0, 40, 90, 114, 123]
    warped = [clip.effects[0].time_scalar for clip in video.find_clips() if clip.effects]
    assert warped == [2.0]
    assert [(m.name, m.marked_range.start_time.value) for m in timeline.tracks.markers] == [
        ("look", 123)
    ]
