"""Which original a proxy is linked to, and why others are not: by facts that can be read off."""

from dataclasses import replace
from fractions import Fraction

import pytest

from editing.interchange.sequence import SourceFile
from editing.relink.matching import Match, Wanted, match_originals
from editing.relink.originals import Original
from ingest.media import MediaId
from ingest.timecode import FrameRange

HOUR = 24 * 3600
PROXY = SourceFile(
    *("A001C003_proxy.mp4", "A001", "/proxies/A001C003_proxy.mp4", Fraction(24), 240, HOUR, False),
    *(640, 360, 2, 48_000),
)
CAMERA = Original(
    replace(PROXY, name="A001C003.mov", path="/rushes/A001C003.mov", width=1920, height=1080),
    coded=True,
    size_bytes=10,
)
WANTED = Wanted(MediaId(1), PROXY, coded=True, used=FrameRange(20, 200))


def camera(**changes: object) -> Original:
    """The original, otherwise."""
    coded = bool(changes.pop("coded", True))
    return Original(replace(CAMERA.file, **changes), coded, 10)  # type: ignore[arg-type]


def match(*originals: Original, wanted: Wanted = WANTED) -> Match:
    return match_originals([wanted], originals)[0]


def test_the_original_is_found_by_all_that_speaks_for_it() -> None:
    other = camera(name="A001C004.mov", path="/rushes/A001C004.mov", start=2 * HOUR)
    found = match(other, CAMERA)
    assert (found.status, found.original, found.shift) == ("matched", CAMERA, 0)
    assert set(found.by) == {"timecode", "reel", "frame count", "name"}
    assert found.remarks == ()


def test_an_original_that_begins_earlier_is_linked_by_its_timecode() -> None:
    """The camera rolled 48 frames before the proxy begins: its frame 48 is the proxy's first."""
    longer = camera(start=HOUR - 48, frames=400)
    found = match(longer)
    assert (found.status, found.shift) == ("matched", 48)
    assert found.remarks == ("it has 160 frames more than the proxy",)


def test_timecode_goes_on_past_midnight() -> None:
    day = 24 * HOUR
    wanted = replace(WANTED, file=replace(PROXY, start=5))
    assert match(camera(start=day - 10, frames=300), wanted=wanted).shift == 15


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rate": Fraction(25)}, "it runs at 25 frames a second, the proxy at 24 frames a second"),
        ({"rate": Fraction(24000, 1001)}, "it runs at 23.976 frames a second, the proxy at 24"),
        ({"reel": "B002"}, "its reel is B002, the proxy's A001"),
        ({"drop": True}, "one of the two timecodes is drop-frame, the other is not"),
        ({"start": HOUR + 30}, "it lacks 10 of the frames that the cut asks for, from 01:00:00:20"),
        ({"frames": 190}, "it lacks 10 of the frames that the cut asks for, from 01:00:00:20"),
        ({"start": 5 * HOUR}, "it lacks 180 of the frames that the cut asks for"),
        ({"coded": False, "start": 0, "frames": 250}, "it carries no timecode, and it has 250 fr"),
    ],
)
def test_an_original_that_would_go_wrong_is_missing_with_the_reason(
    changes: dict[str, object], why: str
) -> None:
    found = match(camera(**changes))
    assert (found.status, found.original) == ("missing", None)
    assert found.remarks[0].startswith("A001C003.mov: ")
    assert why in found.remarks[0]


def test_two_originals_that_are_as_likely_are_ambiguous() -> None:
    copy = camera(path="/backup/A001C003.mov")
    found = match(CAMERA, copy)
    assert (found.status, found.original) == ("ambiguous", None)
    assert [told.split(" ")[0] for told in found.remarks] == [CAMERA.file.path, copy.file.path]


def test_the_reel_decides_before_the_name() -> None:
    """Two cameras have a file of one name; a proxy that says its reel is of that camera."""
    nameless = camera(reel="", path="/b/A001C003.mov")
    assert match(nameless, CAMERA).original == CAMERA


def test_chance_is_not_evidence() -> None:
    """Both begin at the same timecode, and nothing else speaks for it."""
    wanted = replace(WANTED, file=replace(PROXY, reel="", name="interview.mp4"))
    found = match(camera(reel="", name="bell.mov", frames=900), wanted=wanted)
    assert found.status == "missing"
    assert found.remarks == ("bell.mov: only its timecode speaks for it",)


def test_without_timecode_name_and_frame_count_decide() -> None:
    wanted = replace(WANTED, coded=False, file=replace(PROXY, start=0, reel=""))
    found = match(camera(), wanted=wanted)
    assert (found.status, found.shift, set(found.by)) == ("matched", 0, {"name", "frame count"})
    assert match(camera(frames=241), wanted=wanted).status == "missing"


def test_a_named_original_is_checked_all_the_same() -> None:
    odd = camera(name="x.mov", path="/rushes/x.mov", reel="")
    named = {MediaId(1): "/rushes/x.mov"}
    found = match_originals([WANTED], [CAMERA, odd], named)[0]
    assert (found.original, found.by[0]) == (odd, "map")
    slow = replace(odd, file=replace(odd.file, rate=Fraction(25)))
    assert match_originals([WANTED], [CAMERA, slow], named)[0].status == "missing"


def test_differences_that_do_not_stop_a_link_are_told() -> None:
    found = match(camera(channels=8, sample_rate=96_000, width=2048, height=858))
    assert found.status == "matched"
    assert found.remarks == (
        "it has 8 channels of sound, the proxy 2",
        "its sound is of 96,000 Hz, the proxy's of 48,000",
        "its picture is 2048x858, the proxy's 640x360: another shape",
    )
