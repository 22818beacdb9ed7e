"""Hostile and broken timelines: refused in a moment and little memory, by line or element."""

import json
import resource
import subprocess
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
import pytest

from editing.errors import TimelineError
from editing.interchange.otio_reader import read_otio
from editing.interchange.reading import read_timeline
from editing.interchange.timeline import write_otio

sys.path.insert(0, str(Path(__file__).parent))

from counted_calls import calls_of
from probes import PROBES, RATES, sequence_of

RATE = Fraction(25)
MEMORY = 600_000_000
"""Bytes that reading may take on top of the program."""
READ = (
    "import resource, sys; from fractions import Fraction; from pathlib import Path\n"
    "from editing.errors import TimelineError\n"
    "from editing.interchange.reading import read_timeline\n"
    "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
    "try:\n    read_timeline(Path(sys.argv[1]), Fraction(25)); print('read')\n"
    "except TimelineError as error:\n    print(error)\n"
    "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)"
)


def read_apart(path: Path) -> str:
    """What reading says, in a process of its own whose processor time and memory are measured."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-2000:]
    told, memory = done.stdout.rsplit("\n", 2)[:2]
    assert int(memory) < MEMORY
    assert after.ru_utime - before.ru_utime < 60
    return told


def test_an_edl_of_100_megabytes_is_refused(tmp_path: Path) -> None:
    line = "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
    path = tmp_path / "huge.edl"
    path.write_text(line * (100_000_000 // len(line)))
    assert "more than the 64,000,000 bytes" in read_apart(path)


def test_an_edl_of_thousands_of_events_is_told_by_its_line(tmp_path: Path) -> None:
    """Each event lies over the one before it; the first of them is named, not the last."""
    line = "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
    path = tmp_path / "large.edl"
    path.write_text("TITLE: x\nFCM: NON-DROP FRAME\n" + line * 5000)
    with pytest.raises(TimelineError, match="line 4: the event overlaps that of line 3 by 25 fr"):
        read_timeline(path, RATE)


def test_an_edl_of_more_events_than_any_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editing.interchange.edl_events._MAX_EVENTS", 3)
    line = "001  A        V     C        10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00\n"
    path = tmp_path / "long.edl"
    path.write_text("TITLE: x\nFCM: NON-DROP FRAME\n" + line * 5)
    with pytest.raises(TimelineError, match="line 6: more than 3 events; no more are read"):
        read_timeline(path, RATE)


def test_deep_json_never_reaches_the_parser_that_it_would_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.otio"
    path.write_text('{"a":' * 2_000_000)
    assert "nested too deep" in read_apart(path)
    path.write_text(
        "{" + '"OTIO_SCHEMA": "Timeline.1", "metadata": ' + '{"a":' * 900 + "1" + "}" * 901
    )
    assert read_apart(path).startswith(f"{path}: ")


def test_stacks_within_stacks_are_refused_by_name() -> None:
    inner = otio.schema.Stack("inner")
    for _ in range(200):
        outer = otio.schema.Stack("outer")
        outer.append(inner)
        inner = outer
    timeline = otio.schema.Timeline("nested")
    timeline.tracks.append(inner)
    with pytest.raises(TimelineError, match="a Stack among the tracks is not read"):
        read_otio(timeline.to_json_string())


@pytest.mark.parametrize("opening", ["<fcpxml version='1.10'>", "<xmeml>"])
def test_an_xml_bomb_is_refused_before_it_grows(tmp_path: Path, opening: str) -> None:
    entities = '<!ENTITY a0 "lollollollol">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    name = opening[1:-1].partition(" ")[0]
    path = tmp_path / "bomb.xml"
    path.write_text(f"<!DOCTYPE {name} [{entities}]>{opening}&a9;</{name}>")
    assert "declares an entity, 'a0'; such files are refused" in read_apart(path)


def test_deep_xml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.xml"
    path.write_text("<xmeml>" + "<a>" * 1_000_000)
    assert "<a> lies in more than 200 other elements" in read_apart(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"TITLE: x\nFCM: NON-DROP FRAME\n* FROM CLIP NAME: caf\xe9\n", r"line 3: .* is 0xe9"),
        (b"\xff\xfeT\x00I\x00", "line 1: not text in UTF-8: byte 0 is 0xff"),
        (b"\x00" * 100, "line 1: not a part of an EDL"),
        (b"", "holds no event"),
        (b"{}", "an OTIO file of a thing without a schema, not of a timeline"),
        (b'{"OTIO_SCHEMA": "Timeline.1", "name": 7}', "the timeline lacks tracks"),
        (b"[1, 2]", "line 1: not a part of an EDL"),
        (b"<xmeml><sequence/></xmeml>", "<sequence> lacks <rate>"),
        (b"<html></html>", "<html>, not of <xmeml>"),
    ],
)
def test_what_is_no_timeline_is_refused_by_file_and_place(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "t"
    path.write_bytes(content)
    with pytest.raises(TimelineError, match=complaint) as told:
        read_timeline(path, RATE)
    assert f"{told.value}".startswith(str(path))


def test_a_device_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="/dev/zero is not a file"):
        read_timeline(Path("/dev/zero"), RATE)
    with pytest.raises(TimelineError, match="is not a file"):
        read_timeline(tmp_path, RATE)


def _otio(change: "dict[str, object] | None" = None, **clip: object) -> str:
    """An OTIO timeline whose first clip is otherwise."""
    rate, mark = RATES["25"]
    document = json.loads(write_otio(sequence_of(rate, mark, PROBES["dissolve with handles"])))
    document["tracks"]["children"][0]["children"][0] |= clip
    return json.dumps(document | (change or {}))


def _range(start: float, frames: float, rate: float = 25.0) -> dict[str, object]:
    time_of = lambda value: {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}  # noqa: E731
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time_of(start), "duration": time_of(frames)}


def _speed(schema: str, scalar: float) -> dict[str, object]:
    return {
        **{"OTIO_SCHEMA": schema, "name": "", "effect_name": schema, "metadata": {}},
        **{"enabled": True, "time_scalar": scalar},
    }


@pytest.mark.parametrize(
    ("clip", "complaint"),
    [
        ({"source_range": _range(100, -5)}, "track V1, item 1 'cam A.mov' lasts -5 frames"),
        ({"source_range": _range(100, 0)}, "track V1, item 1 'cam A.mov' lasts 0 frames"),
        ({"source_range": _range(-9, 40)}, "item 1 'cam A.mov' begins at frame -9 of its source"),
        ({"source_range": _range(0.5, 40)}, "item 1 .*: 0.5 is not a whole number of frames"),
        ({"source_range": _range(0, 40, 0.0)}, r"0\.0 frames per second are no rate"),
        ({"source_range": _range(0, 40, -25.0)}, r"-25\.0 frames per second are no rate"),
        ({"source_range": None, "media_references": {}}, "it does not say how long it is"),
        ({"enabled": False}, "item 1 'cam A.mov' is disabled"),
        ({"effects": [_speed("TimeEffect.1", 0.0)]}, "a TimeEffect that is no constant speed"),
        ({"effects": [_speed("LinearTimeWarp.1", 1e6)]}, r"a speed of 1e\+06 is not read"),
    ],
)
def test_an_otio_clip_that_cannot_be_is_named(clip: dict[str, object], complaint: str) -> None:
    with pytest.raises(TimelineError, match=complaint):
        read_otio(_otio(**clip))


def test_a_clip_whose_media_is_missing_keeps_its_name() -> None:
    """Offline: other systems write a missing reference; the clip's own name tells the film."""
    found = read_otio(_otio(media_references={}, active_media_reference_key="DEFAULT_MEDIA"))
    assert found.track("V1")[0].name == "cam A.mov"


def test_reading_a_long_timeline_takes_work_in_step_with_its_length() -> None:
    rate, mark = RATES["25"]
    piece, calls = PROBES["gain"][0], list[int]()
    for count in (100, 400):
        text = write_otio(sequence_of(rate, mark, [piece] * count))
        calls.append(calls_of(partial(read_otio, text)))
    assert calls[0] > 100 * 10  # each of the clips takes some
    assert calls[1] < 5 * calls[0]
