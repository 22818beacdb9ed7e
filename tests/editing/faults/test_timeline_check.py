"""Timelines of films on disk: what is there is decoded, what is not is told event by event."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from editing.errors import TimelineError
from editing.faults import timeline_check
from editing.faults.timeline_check import check_timeline
from ingest.catalog import Catalog

from .conftest import drifting, hum

EDL = """TITLE: two films
FCM: NON-DROP FRAME

001  FILM     AA/V  C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: film.mov
002  GONE     V     C        00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00
* FROM CLIP NAME: gone.mov
003  OTHER    AA/V  C        00:00:01:00 00:00:02:00 01:00:02:00 01:00:03:00
* FROM CLIP NAME: other.mov
"""


@pytest.fixture
def timeline(write_pictures: Callable[..., Path], tmp_path: Path) -> Path:
    """A second each of film.mov, of one that is gone, and of other.mov with a flash at frame 30."""
    write_pictures(drifting(), hum())
    flashed = drifting(seed=4)
    flashed[30:32] = drifting(2, seed=9, spot=12)
    write_pictures(flashed, hum(), "other.mov")
    path = tmp_path / "cut.edl"
    path.write_text(EDL)
    return path


def test_events_that_are_there_are_checked_and_the_others_told(
    timeline: Path, catalog: Catalog
) -> None:
    """Frame 30 of other.mov is the sixth of event 3, which begins at frame 48 of the timeline."""
    checked = check_timeline(timeline, catalog, rate=Fraction(24))
    assert (checked.events, checked.looked_at) == (3, 2)
    assert [(f.kind, f.slot, f.frame) for f in checked.faults] == [
        ("offline", 1, 24),
        ("flash", 2, 54),
    ]
    assert checked.clock.timecode(54) == "01:00:02:06"


def test_an_event_past_the_end_of_its_film_is_told(timeline: Path, catalog: Catalog) -> None:
    timeline.write_text(
        EDL.replace("00:00:01:00 00:00:02:00 01:00:02", "00:00:02:00 00:00:03:00 01:00:02")
    )
    faults = check_timeline(timeline, catalog, rate=Fraction(24)).faults
    assert ("length", 2) in [(fault.kind, fault.slot) for fault in faults]


def test_frames_that_an_earlier_event_has_shown_are_told_at_their_frame(
    timeline: Path, catalog: Catalog
) -> None:
    """Event 3 now shows frames 12 to 35 of film.mov, of which event 1 has shown those up to 23."""
    again = "FILM     AA/V  C        00:00:00:12 00:00:01:12 01:00:02:00 01:00:03:00"
    lines = EDL.replace(
        "OTHER    AA/V  C        00:00:01:00 00:00:02:00 01:00:02:00 01:00:03:00", again
    )
    timeline.write_text(lines.replace("other.mov", "film.mov"))
    checked = check_timeline(timeline, catalog, rate=Fraction(24))
    (fault,) = [fault for fault in checked.faults if fault.kind == "repeat"]
    assert (fault.slot, fault.frame, fault.value) == (2, 48, 12)
    assert fault.words == "12 frames that event 1 has shown"


def test_a_timeline_of_more_events_than_are_looked_at_is_refused(
    timeline: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_check, "_MOST_EVENTS", 2)
    with pytest.raises(TimelineError, match="3 events of picture; up to 2 are looked at"):
        check_timeline(timeline, catalog, rate=Fraction(24))


@pytest.mark.parametrize("name", ["cut", "cut.txt", "cut.xml", "cut.mov"])
def test_an_edl_is_one_whatever_its_name_is(timeline: Path, tmp_path: Path, name: str) -> None:
    timeline.rename(tmp_path / name)
    words = ["check", str(tmp_path / name), "-q", "-w", str(tmp_path / "ws")]
    assert "2 of 3 events decoded" in CliRunner().invoke(reel, [*words, "--rate", "24"]).stdout
    told = CliRunner().invoke(reel, words).exception
    assert "is an EDL, which does not tell its frame rate" in str(told)


@pytest.mark.parametrize("name", ["film.edl", "film.xml", "film.otio", "film.fcp7", "film"])
def test_a_film_is_one_whatever_its_name_is(timeline: Path, tmp_path: Path, name: str) -> None:
    film = (tmp_path / "film.mov").rename(tmp_path / name)
    result = CliRunner().invoke(reel, ["check", str(film), "-q", "-w", str(tmp_path / "ws")])
    assert f"{name}, 60 frames" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("cut.fcp7", "<xmeml version='5'></xmeml>", "<xmeml> holds 0 sequences"),
        ("cut", "<?xml version='1.0'?><fcpxml version='1.10'></fcpxml>", "holds 0 projects"),
        ("cut.json", '{"OTIO_SCHEMA": "Clip.1"}', "an OTIO file of a Clip"),
        ("page.mov", "<html></html>", "an XML document of <html>"),
        ("clips.txt", "Heading\nFIELD_DELIM\tTABS\n", "an ALE, which lists clips"),
        ("cut.fcp7", "\ufeff<xmeml></xmeml>", "holds 0 sequences"),
    ],
)
def test_what_is_in_a_file_tells_what_it_is(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    words = ["check", str(tmp_path / name), "-q", "-w", str(tmp_path / "ws")]
    assert complaint in str(CliRunner().invoke(reel, words).exception)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("<xmeml></xmeml>".encode("utf-16"), "not text in UTF-8"),
        (b"PK\x03\x04 and so on \0", "a zip archive"),
        (b"\x1f\x8b\x08\0", "packed with gzip"),
    ],
)
def test_a_timeline_that_is_packed_or_in_other_letters_is_told_so(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    (tmp_path / "cut.prproj").write_bytes(content)
    words = ["check", str(tmp_path / "cut.prproj"), "-q", "-w", str(tmp_path / "ws")]
    assert complaint in str(CliRunner().invoke(reel, words).exception)


def test_an_edl_without_a_rate_is_refused_with_what_to_do(timeline: Path, catalog: Catalog) -> None:
    with pytest.raises(TimelineError, match="--rate"):
        check_timeline(timeline, catalog)


CONFORMED = """TITLE: 24 in 25
FCM: NON-DROP FRAME
* SOURCE RATE: OTHER 24
* SOURCE RATE: FILM 24

001  FILM     AA/V  C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: film.mov
002  OTHER    AA/V  C        00:00:01:00 00:00:02:00 01:00:01:00 01:00:02:00
* FROM CLIP NAME: other.mov
"""


def kinds_at(path: Path, catalog: Catalog, rate: int) -> list[tuple[str, int, int]]:
    checked = check_timeline(path, catalog, rate=Fraction(rate))
    return [(fault.kind, fault.slot, fault.frame) for fault in checked.faults]


def test_a_film_of_another_rate_is_looked_at_as_the_render_conforms_it(
    timeline: Path, catalog: Catalog
) -> None:
    """Record frame k of event 2 shows frame 24 + 24k/25, to the nearest, so the flash that is at
    frame 30 comes at k = 6 (29.76) and frame 31 at k = 7 (30.72)."""
    timeline.write_text(CONFORMED)
    checked = check_timeline(timeline, catalog, rate=Fraction(25))
    assert (checked.events, checked.looked_at) == (2, 2)
    errors = [(f.kind, f.slot, f.frame, f.frames) for f in checked.faults if f.severity == "error"]
    assert errors == [("flash", 1, 31, 2)]


def test_a_film_of_another_rate_split_where_it_runs_on_has_no_fault_there(
    timeline: Path, catalog: Catalog
) -> None:
    """24 in 60: frame 4 (10 record frames later) is where the first piece of frame 0 runs on to."""
    events = (
        "001  FILM     V     C        00:00:00:00 00:00:00:04 01:00:00:00 01:00:00:10\n"
        "* FROM CLIP NAME: film.mov\n"
        "002  FILM     V     C        00:00:00:04 00:00:01:00 01:00:00:10 01:00:01:00\n"
        "* FROM CLIP NAME: film.mov\n"
    )
    timeline.write_text(CONFORMED[: CONFORMED.index("001")] + events)
    assert "repeat" not in {kind for kind, _, _ in kinds_at(timeline, catalog, 60)}
    assert "jump cut" not in {kind for kind, _, _ in kinds_at(timeline, catalog, 60)}


def test_frames_shown_again_of_a_film_of_another_rate_are_counted_as_its_own(
    timeline: Path, catalog: Catalog
) -> None:
    """50 record frames at 50 show frames 0 to 24 (23.52 is 24), and the next 50 begin at 12."""
    events = CONFORMED.replace("OTHER    AA/V  C        00:00:01:00 00:00:02:00", "{}")
    again = events.format("FILM     AA/V  C        00:00:00:12 00:00:01:12")
    timeline.write_text(again.replace("other.mov", "film.mov"))
    checked = check_timeline(timeline, catalog, rate=Fraction(50))
    (fault,) = [fault for fault in checked.faults if fault.kind == "repeat"]
    assert (fault.slot, fault.frame, fault.value) == (1, 50, 12)


def test_a_timeline_that_takes_a_film_for_another_rate_is_told_so(
    timeline: Path, catalog: Catalog
) -> None:
    timeline.write_text(CONFORMED.replace("* SOURCE RATE: OTHER 24\n", ""))
    checked = check_timeline(timeline, catalog, rate=Fraction(25))
    (fault,) = [fault for fault in checked.faults if fault.kind == "offline"]
    assert fault.words == "other.mov runs at 24.000, and the timeline takes it for 25.000"


@pytest.mark.parametrize(
    ("speed", "source", "words"),
    [
        ("048.0", "00:00:00:00 00:00:02:00", "plays other.mov at 2 times its speed"),
        ("-024.0", "00:00:01:00 00:00:02:00", "plays other.mov backwards"),
        ("000.0", "00:00:01:00 00:00:01:00", "stands still on a frame of other.mov"),
    ],
)
def test_an_event_of_another_speed_is_no_fault_and_what_was_not_looked_at_is_told(
    timeline: Path, catalog: Catalog, speed: str, source: str, words: str
) -> None:
    lines = EDL.replace("00:00:01:00 00:00:02:00 01:00:02", f"{source} 01:00:02")
    timeline.write_text(f"{lines}M2   OTHER    {speed}   00:00:01:00\n")
    checked = check_timeline(timeline, catalog, rate=Fraction(24))
    assert [(fault.kind, fault.slot) for fault in checked.faults] == [("offline", 1)]
    assert checked.looked_at == 1
    told = f"event 3 {words}: neither its 24 frames nor its sound and joins were looked at"
    assert told in checked.remarks


def test_an_event_of_another_speed_past_the_end_of_its_film_is_a_fault(
    timeline: Path, catalog: Catalog
) -> None:
    lines = EDL.replace("00:00:01:00 00:00:02:00 01:00:02", "00:00:01:00 00:00:03:00 01:00:02")
    timeline.write_text(f"{lines}M2   OTHER    048.0   00:00:01:00\n")
    assert ("length", 2, 48) in kinds_at(timeline, catalog, 24)


def test_a_dissolve_from_a_film_that_has_ended_is_looked_at_as_a_cut(
    timeline: Path, catalog: Catalog
) -> None:
    """film.mov has 60 frames, and the dissolve asks for 4 beyond them."""
    timeline.write_text(
        "TITLE: x\nFCM: NON-DROP FRAME\n"
        "001  FILM     V     C        00:00:01:12 00:00:02:08 01:00:00:00 01:00:00:20\n"
        "* FROM CLIP NAME: film.mov\n"
        "002  FILM     V     C        00:00:02:08 00:00:02:08 01:00:00:20 01:00:00:20\n"
        "002  OTHER    V     D    008 00:00:00:20 00:00:01:16 01:00:00:20 01:00:01:16\n"
        "* FROM CLIP NAME: film.mov\n* TO CLIP NAME: other.mov\n* JOIN: 004\n"
    )
    checked = check_timeline(timeline, catalog, rate=Fraction(24))
    assert checked.looked_at == 2
    assert any("lack frames for the dissolve into event 2" in told for told in checked.remarks)


def test_a_bundle_of_final_cut_pro_is_checked_by_the_document_within(tmp_path: Path) -> None:
    bundle = tmp_path / "harbour.fcpxmld"
    bundle.mkdir()
    words = ["check", str(bundle), "-q", "-w", str(tmp_path / "ws")]
    empty = CliRunner().invoke(reel, words)
    assert "harbour.fcpxmld is not a file" in str(empty.exception)
    (bundle / "Info.fcpxml").write_text('<fcpxml version="1.10"></fcpxml>')
    found = CliRunner().invoke(reel, words)
    assert found.exit_code == 1
    assert "project" in str(found.exception)


def test_the_command_fails_for_a_timeline_with_media_that_is_gone(
    timeline: Path, tmp_path: Path
) -> None:
    words = ["check", str(timeline), "--rate", "24", "-q", "-w", str(tmp_path / "ws")]
    result = CliRunner().invoke(reel, words)
    assert result.exit_code == 1
    assert "gone.mov" in result.stdout
    assert "2 of 3 events decoded" in result.stdout
