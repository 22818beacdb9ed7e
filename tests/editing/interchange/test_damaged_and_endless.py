"""Damaged timelines, and such as would take for ever: refused, or read in time with their size."""

import json
from typing import Any

import pytest

from editing.errors import TimelineError
from editing.interchange import layers
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.layers import picture_of
from editing.interchange.nested import FlatTrack
from editing.interchange.otio_reader import read_otio
from editing.interchange.read_sequence import Edit
from ingest.timecode import FrameRange

RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
CODE = f"<timecode>{RATE}<string>00:00:00:00</string><displayformat>NDF</displayformat></timecode>"


def time(frame: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": frame, "rate": 24.0}


def clip(name: str, start: int, frames: int, **more: Any) -> dict[str, Any]:
    span = {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}
    return {"OTIO_SCHEMA": "Clip.2", "name": name, "source_range": span, **more}


def timeline(*tracks: list[dict[str, Any]]) -> str:
    made = [
        {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": children} for children in tracks
    ]
    stack = {"OTIO_SCHEMA": "Stack.1", "children": made}
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "x", "tracks": stack})


@pytest.mark.parametrize("key", [{}, [], 3, None])
def test_a_key_of_a_reference_that_is_no_name_names_none(key: object) -> None:
    references = {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "a.mov"}}
    damaged = clip("b", 0, 9, media_references=references, active_media_reference_key=key)
    (edit,) = read_otio(timeline([damaged])).edits
    assert (edit.name, edit.path) == ("b", "")


@pytest.mark.parametrize("below", [False, True])
def test_a_dissolve_longer_than_the_timeline_before_it_is_laid_flat_without_an_accident(
    below: bool,
) -> None:
    mix = {"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve"}
    mix |= {"in_offset": time(100), "out_offset": time(5)}
    mixed, plain = [clip("a", 0, 2), mix, clip("b", 9, 30)], [clip("c", 0, 10)]
    read = read_otio(timeline(*((mixed, plain) if below else (plain, mixed))))
    if below:
        edits, _ = picture_of(read)
        assert [(e.name, e.record.start, e.record.end) for e in edits] == [
            ("c", 0, 10),
            ("b", 10, 32),
        ]
    else:
        assert [e.name for e in picture_of(read)[0]] == ["a", "b"]


def nested(clips: int, shown: int) -> str:
    """A sequence of so many clips of a frame, shown a frame at a time by so many clips."""

    def item(number: int, what: str) -> str:
        first = number % clips
        places = f"<start>{number}</start><end>{number + 1}</end><in>{first}</in>"
        return f"<clipitem>{RATE}{places}<out>{first + 1}</out>{what}</clipitem>"

    def sequence(name: str, items: list[str]) -> str:
        media = f"<media><video><track>{''.join(items)}</track></video></media>"
        return f'<sequence id="{name}"><name>x</name>{RATE}{CODE}{media}</sequence>'

    file = f'<file id="f"><name>a.mov</name>{RATE}{CODE}</file>'
    inner = sequence("in", [item(n, '<file id="f"/>' if n else file) for n in range(clips)])
    outer = [item(n, '<sequence id="in"/>' if n else inner) for n in range(shown)]
    return f'<xmeml version="5">{sequence("out", outer)}</xmeml>'


def test_a_nested_sequence_is_laid_flat_once_however_often_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """200 clips shown by 200: each window trims what it shows, and nothing else is looked at."""
    asked = list[FrameRange]()
    plain = Edit.trimmed

    def trimmed(edit: Edit, record: FrameRange) -> Edit:
        asked.append(record)
        return plain(edit, record)

    built = list[int]()
    make = FlatTrack.__init__

    def counted(track: FlatTrack, edits: list[Edit]) -> None:
        built.append(len(edits))
        make(track, edits)

    monkeypatch.setattr(Edit, "trimmed", trimmed)
    monkeypatch.setattr(FlatTrack, "__init__", counted)
    found = read_fcp7xml(nested(200, 200))
    assert [edit.source.start for edit in found.edits] == list(range(200))
    assert (len(asked), built) == (200, [200])


def test_more_clips_on_more_tracks_than_a_person_makes_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five tracks of 10 clips: the lowest four are looked at under 10 + 20 + 30 + 40 clips."""
    tracks = [[clip("a", 0, 1) for _ in range(10)] for _ in range(5)]
    for track, children in enumerate(tracks):  # none over another
        gap = {"OTIO_SCHEMA": "Gap.1", "source_range": clip("", 0, 10 * track)["source_range"]}
        children[:0] = [gap] * (track > 0)
    read = read_otio(timeline(*tracks))
    monkeypatch.setattr(layers, "_MOST_LOOKED_AT", 100)
    assert len(picture_of(read)[0]) == 50
    monkeypatch.setattr(layers, "_MOST_LOOKED_AT", 99)
    with pytest.raises(TimelineError, match="5 tracks of picture with so many clips"):
        picture_of(read)
