"""Timelines of films on disk: what is there is decoded, what is not is told event by event."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from editing.errors import TimelineError
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


def test_an_edl_without_a_rate_is_refused_with_what_to_do(timeline: Path, catalog: Catalog) -> None:
    with pytest.raises(TimelineError, match="--rate"):
        check_timeline(timeline, catalog)


def test_the_command_fails_for_a_timeline_with_media_that_is_gone(
    timeline: Path, tmp_path: Path
) -> None:
    words = ["check", str(timeline), "--rate", "24", "-q", "-w", str(tmp_path / "ws")]
    result = CliRunner().invoke(reel, words)
    assert result.exit_code == 1
    assert "gone.mov" in result.stdout
    assert "2 of 3 events decoded" in result.stdout
