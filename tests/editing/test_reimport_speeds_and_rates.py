"""A timeline comes back with speeds, tracks over each other, and films of other rates."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from click.testing import CliRunner

from dashboard import cut_edits
from dashboard.cli import reel
from editing.assemble.brief import default_brief
from editing.cut import Cut, Slot, Transition
from editing.cut_store import create_cut, cut_versions, save_version
from editing.errors import TimelineError
from editing.faults.timeline_check import check_timeline
from editing.interchange.edl import write_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.sequence import Sequence
from editing.interchange.timeline import write_otio
from editing.rank.store import load_ranker
from editing.reimport import reimport_cut
from editing.relink.run import relink_cut
from editing.run import sequence_of
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange, frame_to_timecode

SHOTS = (40, 40, 40)
WRITERS: dict[str, Callable[[Sequence], str]] = {
    "otio": write_otio,
    "edl": write_edl,
    "fcp7": write_fcp7xml,
    "fcpxml": write_fcpxml,
}


def slot(media: MediaId, shot: int, start: int, frames: int) -> Slot:
    begin = 40 * shot + start
    return Slot(media, shot, FrameRange(begin, begin + frames), 0.0, ())


@pytest.fixture
def film(make_film: Callable[..., Media]) -> Media:
    sound = np.zeros(300_000)
    return make_film("film.mov", 120, shots=SHOTS, timecode="10:00:00:00", sound=sound)


@pytest.fixture
def fast(make_film: Callable[..., Media]) -> Media:
    """50 frames a second, where the cut has 24."""
    name, rate = "fast.mov", Fraction(50)
    return make_film(
        name, 120, shots=SHOTS, timecode="11:00:00:00", rate=rate, sound=np.zeros(200_000)
    )


@pytest.fixture
def cut(catalog: Catalog, film: Media) -> Cut:
    brief = default_brief("rough", Fraction(2), film.rate)
    ranker = f"linear {load_ranker(catalog, 'linear').version}"
    slots = [slot(film.id, shot, 4, 16) for shot in range(3)]
    return create_cut(
        catalog, film, name="film rough", brief=brief, slots=slots, ranker=ranker, author="reel"
    )


def edl_of(*lines: str) -> str:
    return "\n".join(["TITLE: edited", "FCM: NON-DROP FRAME", *lines]) + "\n"


def test_a_slot_that_was_reversed_or_frozen_or_sped_up_is_told_so(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = tmp_path / "t.edl"
    timeline.write_text(
        edl_of(
            "001  FILM  V  C  10:00:00:04 10:00:00:20 01:00:00:00 01:00:00:16",
            "M2   FILM  -024.0  10:00:00:04",
            "002  FILM  V  C  10:00:02:00 10:00:02:01 01:00:00:16 01:00:01:08",
            "M2   FILM  000.0  10:00:02:00",
            "003  FILM  V  C  10:00:03:12 10:00:04:20 01:00:01:08 01:00:02:00",
            "M2   FILM  048.0  10:00:03:12",
        )
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert [change.words for change in found.changes] == [
        "slot 1: reversed",
        "slot 2: slipped, 4 frames later, frozen",
        "slot 3: at 2 times its speed",
    ]
    assert [one.source for one in found.after.slots] == [
        FrameRange(4, 20),
        FrameRange(48, 64),
        FrameRange(84, 100),
    ]
    assert found.remarks[:3] == (
        "edit 1 at 01:00:00:00 plays backwards (-100%); a cut has no speeds, so it takes 16 "
        "frames forwards from the earliest on",
        "edit 2 at 01:00:00:16 stands still; a cut has no still frames, so it takes 16 frames "
        "from frame 48 on",
        "edit 3 at 01:00:01:08 plays 32 frames in 16 (200%); a cut has no speeds, so it takes 16 "
        "frames from the first on",
    )


def test_a_still_of_the_last_frame_takes_the_frames_up_to_it(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = tmp_path / "t.edl"
    timeline.write_text(
        edl_of(
            "001  FILM  V  C  10:00:04:23 10:00:05:00 01:00:00:00 01:00:00:16",
            "M2   FILM  000.0  10:00:04:23",
        )
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.after.slots[0].source == FrameRange(104, 120)


def test_a_speed_alone_is_told_but_makes_no_version(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    """Played backwards the slots are those of the cut, which has no way to say it."""
    lines = []
    for number, one in enumerate(cut.slots):
        ends = (one.source.start, one.source.end)
        start, end = (frame_to_timecode(864_000 + frame, Fraction(24)) for frame in ends)
        places = (86_400 + 16 * n for n in (number, number + 1))
        record = " ".join(frame_to_timecode(frame, Fraction(24)) for frame in places)
        lines.append(f"00{number + 1}  FILM  B  C  {start} {end} {record}")
        lines.append(f"M2   FILM  -024.0  {start}")
    timeline = tmp_path / "t.edl"
    timeline.write_text(edl_of(*lines))
    found = reimport_cut(catalog, cut, timeline, author="Ada")
    assert {change.words.partition(": ")[2] for change in found.changes} == {"reversed"}
    assert not found.saved
    assert len(cut_versions(catalog, cut.id)) == 1
    assert found.remarks[-1].startswith("only speeds changed, and a cut has none: there is no new")
    shared = ["-w", str(tmp_path / "workspace")]
    said = CliRunner().invoke(reel, ["import", str(cut.id), str(timeline), *shared])
    assert "there is no new version" in said.stderr
    timeline.write_text(write_edl(sequence_of(catalog, cut)))
    unchanged = reimport_cut(catalog, cut, timeline, author="Ada")
    assert not any("only speeds" in told for told in unchanged.remarks)


def test_a_difference_is_told_in_frames_of_the_cut_whatever_the_rates_of_its_films(
    catalog: Catalog, cut: Cut, fast: Media, tmp_path: Path
) -> None:
    """25 frames of a film at 50 are 12 of a cut at 24; a film's rate is looked up for any diff."""
    mixed = replace(cut, slots=(cut.slots[0], slot(fast.id, 1, 3, 24)))
    save_version(catalog, mixed, expected_version=1)
    shorter = replace(mixed, slots=(cut.slots[0], slot(fast.id, 1, 28, 12)))
    save_version(catalog, shorter, expected_version=2)
    shared = ["-w", str(tmp_path / "workspace")]
    said = CliRunner().invoke(reel, ["cut", "diff", "1@2", "1@3", *shared])
    assert "slot 2: trimmed by 12 frames at its beginning" in said.stdout
    assert cut_edits.told(catalog, mixed, shorter.slots) == (
        "slot 2: trimmed by 12 frames at its beginning"
    )


def overlaid(catalog: Catalog, cut: Cut, path: Path) -> Path:
    """An OTIO timeline of a cut with 6 frames of shot 2 over the first slot, from frame 5 on."""
    timeline = otio.adapters.read_from_string(write_otio(sequence_of(catalog, cut)))
    first = next(iter(timeline.video_tracks()[0].find_clips()))
    over = first.deepcopy()
    start = first.source_range.start_time + otio.opentime.RationalTime(90, 24)
    over.source_range = otio.opentime.TimeRange(start, otio.opentime.RationalTime(6, 24))
    gap = otio.schema.Gap(duration=otio.opentime.RationalTime(5, 24))
    timeline.tracks.append(otio.schema.Track("V2", children=[gap, over], kind="Video"))
    path.write_text(timeline.to_json_string())
    return path


def test_of_tracks_over_each_other_what_is_seen_comes_back(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    path = overlaid(catalog, cut, tmp_path / "t.otio")
    found = reimport_cut(catalog, cut, path, author="Ada", save=False)
    assert [change.words for change in found.changes] == [
        "slot 1: trimmed by 11 frames at its end",
        "slot 2: added",
        "slot 3: added, split off slot 1",
        "slot 2: kept",
        "slot 3: kept",
    ]
    assert [one.sound.lead for one in found.after.slots] == [0] * 5
    assert found.remarks == (
        "the timeline has 2 video tracks; what is seen of them is taken",
        "edits 1, 3 go with one piece of sound; what is heard of it between them is not kept",
        "edit 2 has no sound in step with it; a cut's slots keep theirs",
    )


def test_a_picture_that_was_only_split_keeps_its_sound_and_nothing_is_told(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = tmp_path / "t.edl"
    timeline.write_text(
        edl_of(
            "001  FILM  V  C  10:00:00:04 10:00:00:12 01:00:00:00 01:00:00:08",
            "002  FILM  V  C  10:00:00:12 10:00:00:20 01:00:00:08 01:00:00:16",
            "003  FILM  A  C  10:00:00:04 10:00:00:20 01:00:00:00 01:00:00:16",
        )
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.remarks == ()
    assert [one.sound.lead for one in found.after.slots] == [0, 0]
    assert [change.words for change in found.changes][:2] == [
        "slot 1: trimmed by 8 frames at its end",
        "slot 2: added, split off slot 1",
    ]


def test_a_check_of_such_a_timeline_looks_at_what_is_seen(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    checked = check_timeline(overlaid(catalog, cut, tmp_path / "t.otio"), catalog)
    assert (checked.events, checked.looked_at) == (5, 5)
    assert checked.remarks == (
        "the timeline has 2 video tracks; what is seen of them is taken",
        "some of the timeline's sound does not go with its picture, and is not listened to",
    )


@pytest.mark.parametrize("target", WRITERS)
def test_a_film_of_another_rate_that_an_editor_brings_in_comes_back_frame_for_frame(
    catalog: Catalog, cut: Cut, fast: Media, tmp_path: Path, target: str
) -> None:
    """And goes out again: the next export and import of what came back change nothing."""
    new = slot(fast.id, 1, 3, 10)
    mixed = Transition("dissolve", 2, 3)
    slots = (cut.slots[0], new, replace(cut.slots[2], transition=mixed))
    path = tmp_path / "t"
    edited = replace(cut, slots=slots)
    path.write_text(WRITERS[target](sequence_of(catalog, edited)), encoding="utf-8", newline="")
    found = reimport_cut(catalog, cut, path, author="Ada")
    assert [one.source for one in found.after.slots] == [one.source for one in slots]
    assert [change.words for change in found.changes] == [
        "slot 1: kept",
        "slot 2: replaced",
        "slot 3: a dissolve of 5 frames before it",
    ]
    text = WRITERS[target](sequence_of(catalog, found.after))
    path.write_text(text, encoding="utf-8", newline="")
    again = reimport_cut(catalog, found.after, path, author="Ada")
    assert {change.kind for change in again.changes} == {"kept"}


@pytest.mark.parametrize("target", WRITERS)
def test_a_trim_of_a_film_of_another_rate_is_told_in_frames_of_the_cut(
    catalog: Catalog, cut: Cut, fast: Media, tmp_path: Path, target: str
) -> None:
    mixed = replace(cut, slots=(cut.slots[0], slot(fast.id, 1, 3, 12)))
    mixed = save_version(catalog, mixed, expected_version=1)
    shorter = slot(fast.id, 1, 3, 9)
    path = tmp_path / "t"
    text = WRITERS[target](sequence_of(catalog, replace(mixed, slots=(mixed.slots[0], shorter))))
    if target == "edl":  # other systems leave out comments that they do not know
        text = "\n".join(line for line in text.splitlines() if "SOURCE RATE" not in line)
    path.write_text(text, encoding="utf-8", newline="")
    found = reimport_cut(catalog, mixed, path, author="Ada", save=False)
    assert found.changes[1].words == "slot 2: trimmed by 3 frames at its end"


def test_a_film_whose_rate_the_timeline_tells_otherwise_is_told(
    catalog: Catalog, cut: Cut, fast: Media, tmp_path: Path
) -> None:
    timeline = tmp_path / "t.edl"
    timeline.write_text(
        edl_of(
            "001  X  V  C  11:00:00:04 11:00:00:20 01:00:00:00 01:00:00:16",
            "* FROM CLIP NAME: fast.mov",
        )
    )
    complaint = r"'fast.mov', which runs at 24\.000 .* fast.mov of the catalogue at 50\.000"
    with pytest.raises(TimelineError, match=complaint):
        reimport_cut(catalog, cut, timeline, author="Ada")


def test_the_commands_export_and_import_a_cut_of_two_rates(
    catalog: Catalog, cut: Cut, fast: Media, tmp_path: Path
) -> None:
    mixed = replace(cut, slots=(cut.slots[0], slot(fast.id, 1, 3, 12)))
    save_version(catalog, mixed, expected_version=1)
    out = tmp_path / "t.edl"
    shared = ["-w", str(tmp_path / "workspace")]
    told = CliRunner().invoke(
        reel, ["export", str(cut.id), "--to", "edl", "--output", str(out), *shared]
    )
    assert told.exit_code == 0, told.output
    assert "slot 2: source timecode counts at the film's own rate (fast.mov of 50)" in told.output
    told = CliRunner().invoke(reel, ["import", str(cut.id), str(out), "--dry-run", *shared])
    assert told.exit_code == 0, told.output
    assert "2 kept" in told.output


def test_what_an_export_does_not_hold_is_told_to_programs_with_its_slots(
    catalog: Catalog, cut: Cut, fast: Media, tmp_path: Path
) -> None:
    save_version(
        catalog,
        replace(cut, slots=(cut.slots[0], slot(fast.id, 1, 3, 12))),
        expected_version=1,
    )
    out = tmp_path / "t.edl"
    words = [*("export", str(cut.id), "--to", "edl", "--output", str(out), "--format", "json")]
    told = CliRunner().invoke(reel, [*words, "-w", str(tmp_path / "workspace")])
    document = json.loads(told.stdout)
    (remark,) = document.pop("remarks")
    assert document == {"output": str(out), "format": "edl", "events": 2, "frames": 28}
    assert remark["slots"] == [2]
    assert remark["words"].startswith("slot 2: source timecode counts at the film's own rate")


def test_relinking_asks_for_the_frames_of_a_film_at_its_own_rate(
    catalog: Catalog, cut: Cut, fast: Media
) -> None:
    """Ten frames at 24 from frame 43 of 50 a second on: the last shows frame 43 + 9 * 50 / 24."""
    mixed = replace(cut, slots=(cut.slots[0], slot(fast.id, 1, 3, 10)))
    matches, _ = relink_cut(catalog, mixed, Path(fast.path).parent)
    assert [match.wanted.used for match in matches] == [FrameRange(4, 20), FrameRange(43, 63)]
    assert [match.status for match in matches] == ["matched", "matched"]
