"""The sound of a timeline is listened to as the timeline cuts it, not as its picture is cut."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from editing.faults.finding import Fault
from editing.faults.timeline_check import CheckedTimeline, check_timeline
from ingest.catalog import Catalog

from .conftest import drifting, hum

EVENT = "{number}  FILM     {track}     C        {source} {record}\n* FROM CLIP NAME: film.mov\n"


@pytest.fixture
def film(write_pictures: Callable[..., Path], tmp_path: Path) -> Path:
    """film.mov of 60 frames, whose hum does not go on from frame 24 to frame 31."""
    write_pictures(drifting(), hum())
    return tmp_path


def edl(folder: Path, *events: tuple[str, int, int, int]) -> Path:
    """Events of a track, source frames from and to, and record frame, all within two seconds."""
    path = folder / "cut.edl"
    lines = ["TITLE: sound\nFCM: NON-DROP FRAME\n"]
    for number, (track, start, end, at) in enumerate(events, start=1):
        source = f"{code(start, 0)} {code(end, 0)}"
        record = f"{code(at, 1)} {code(at + end - start, 1)}"
        lines.append(EVENT.format(number=f"{number:03}", track=track, source=source, record=record))
    path.write_text("".join(lines))
    return path


def code(frame: int, hours: int) -> str:
    return f"{hours:02}:00:{frame // 24:02}:{frame % 24:02}"


def otio(folder: Path, between: list[dict[str, Any]], fade_ms: int) -> Path:
    """Frames 0 to 23, then 31 to 54, and the same of sound with something between."""

    def time(frame: int) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "value": frame, "rate": 24.0}

    def clip(start: int) -> dict[str, Any]:
        return {
            "OTIO_SCHEMA": "Clip.2",
            "name": "film.mov",
            "source_range": {
                "OTIO_SCHEMA": "TimeRange.1",
                "start_time": time(start),
                "duration": time(24),
            },
            "metadata": {"reelroom": {"gain": 0.0, "fade_ms": fade_ms if start else 0}},
        }

    for one in between:
        one.update(in_offset=time(2), out_offset=time(2))
    tracks = [
        {"OTIO_SCHEMA": "Track.1", "kind": kind, "children": [clip(0), *mix, clip(31)]}
        for kind, mix in (("Video", []), ("Audio", between))
    ]
    stack = {"OTIO_SCHEMA": "Stack.1", "children": tracks}
    path = folder / "cut.otio"
    path.write_text(json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "cut", "tracks": stack}))
    return path


def checked(path: Path, catalog: Catalog) -> tuple[CheckedTimeline, list[int]]:
    found = check_timeline(path, catalog, rate=Fraction(24))
    clicks: list[Fault] = [fault for fault in found.faults if fault.kind == "click"]
    return found, [fault.frame for fault in clicks]


def test_a_hard_cut_that_clicks_is_told_and_what_the_format_cannot_hold(
    film: Path, catalog: Catalog
) -> None:
    found, clicks = checked(edl(film, ("B", 0, 24, 0), ("B", 31, 55, 24)), catalog)
    assert clicks == [24]
    told = "an EDL holds no crossfades of sound, so its joins are listened to as hard cuts: 1 click"
    assert f"{told} there" in found.remarks


def test_sound_that_runs_on_past_the_cut_of_the_picture_clicks_where_it_is_cut_itself(
    film: Path, catalog: Catalog
) -> None:
    """An L-cut: the picture is cut at 24, the sound six frames later."""
    pictures = ("V", 0, 24, 0), ("V", 31, 55, 24)
    found, clicks = checked(edl(film, *pictures, ("A", 0, 30, 0), ("A", 37, 55, 30)), catalog)
    assert clicks == [30]
    assert found.remarks == ()


def test_a_picture_over_the_sound_of_another_makes_no_click(film: Path, catalog: Catalog) -> None:
    """Frames 31 to 36 are seen over the sound of frames 12 to 17, which runs on below them."""
    pictures = ("V", 0, 12, 0), ("V", 31, 37, 12), ("V", 18, 42, 18)
    found, clicks = checked(edl(film, *pictures, ("A", 0, 42, 0)), catalog)
    assert clicks == []
    told = "some of the timeline's sound does not go with its picture, and is not listened to"
    assert found.remarks == (told,)


def test_a_crossfade_of_the_timeline_is_heard(film: Path, catalog: Catalog) -> None:
    mix = {"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve"}
    assert checked(otio(film, [mix], 0), catalog)[1] == []


@pytest.mark.parametrize(("fade_ms", "clicks"), [(0, [24]), (12, [])])
def test_a_crossfade_too_short_for_frames_is_heard_as_the_master_format_tells_it(
    film: Path, catalog: Catalog, fade_ms: int, clicks: list[int]
) -> None:
    """12 ms is a third of a frame: OTIO has no transition of it, but its milliseconds."""
    assert checked(otio(film, [], fade_ms), catalog)[1] == clicks


def test_sounds_that_lead_past_each_other_are_told_and_heard_with_the_picture(
    film: Path, catalog: Catalog
) -> None:
    """The sound of the third picture begins before that of the second, which there is none of."""
    pictures = ("V", 0, 24, 0), ("V", 31, 35, 24), ("V", 40, 55, 28)
    sounds = ("A", 0, 20, 0), ("A", 32, 55, 20)
    found, _ = checked(edl(film, *pictures, *sounds), catalog)
    assert any("listened to as cut with the picture" in told for told in found.remarks)
