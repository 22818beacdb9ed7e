"""A cut goes out, is edited elsewhere, and comes back: what changed is told and kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from editing.cut import Cut, Reframe, Slot, SlotSound, Transition
from editing.cut_store import create_cut, cut_versions, load_cut, save_version
from editing.errors import StaleCut, TimelineError
from editing.interchange.edl import write_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.sequence import Sequence
from editing.interchange.timeline import write_otio
from editing.rank.decisions import decisions_of
from editing.rank.store import load_ranker
from editing.reimport import reimport_cut
from editing.run import score_shots, sequence_of
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

SHOTS = (30, 50, 40, 60, 20, 40)
STARTS = (0, 30, 80, 120, 180, 200)
WRITERS: dict[str, Callable[[Sequence], str]] = {
    "otio": write_otio,
    "edl": write_edl,
    "fcp7": write_fcp7xml,
    "fcpxml": write_fcpxml,
}


@pytest.fixture
def film(make_film: Callable[..., Media]) -> Media:
    return make_film("film.mp4", sum(SHOTS), shots=SHOTS, timecode="10:00:00:00")


@pytest.fixture
def sounding(make_film: Callable[..., Media]) -> Media:
    return make_film(
        "film.mov", sum(SHOTS), shots=SHOTS, timecode="10:00:00:00", sound=np.zeros(480_000)
    )


@pytest.fixture
def cut(catalog: Catalog, film: Media) -> Cut:
    return cut_of(catalog, film)


@pytest.fixture
def rich(catalog: Catalog, sounding: Media) -> Cut:
    """Four slots with a dissolve, a J-cut with a crossfade, a gain, a reframing and notes."""
    plain = cut_of(catalog, sounding)
    slots = list(plain.slots)
    slots[1] = replace(
        slots[1],
        transition=Transition("dissolve", 2, 2),
        sound=SlotSound(gain=-3.0),
        note="hold\non her",
    )
    slots[2] = replace(slots[2], sound=SlotSound(3, 167), reframe=Reframe((0.4, 0.5), (0.6, 0.5)))
    slots[3] = replace(slots[3], transition=Transition("dip", 3, 4), note="out")
    return save_version(catalog, replace(plain, slots=tuple(slots)), expected_version=1)


def cut_of(catalog: Catalog, film: Media) -> Cut:
    from editing.assemble.brief import default_brief

    scores = score_shots(catalog, film, "linear")
    ranker = f"linear {load_ranker(catalog, 'linear').version}"
    slots = [slot_of(film.id, shot, 2, 18, scores) for shot in (0, 1, 2, 3)]
    brief = default_brief("rough", Fraction(64, 24), film.rate)
    return create_cut(
        catalog, film, name="film rough", brief=brief, slots=slots, ranker=ranker, author="reel"
    )


def slot_of(media: MediaId, shot: int, start: int, end: int, scores: object = None) -> Slot:
    """A slot of some frames of a shot, counted from the shot's first."""
    span = FrameRange(STARTS[shot] + start, STARTS[shot] + end)
    if scores is None:
        return Slot(media, shot, span, 0.0, ())
    return Slot(media, shot, span, float(scores.values[shot]), scores.reasons(shot))  # type: ignore[attr-defined]


def edited(catalog: Catalog, cut: Cut, slots: list[Slot], target: str, path: Path) -> Path:
    """The timeline of a cut with other slots, as another system would write it."""
    text = WRITERS[target](sequence_of(catalog, replace(cut, slots=tuple(slots))))
    path.write_text(text, encoding="utf-8", newline="")
    return path


def edl_of(folder: Path, *lines: str) -> Path:
    """A CMX3600 list of these lines, as another system would write it."""
    path = folder / "t.edl"
    path.write_text("\n".join(["TITLE: edited", "FCM: NON-DROP FRAME", "", *lines, ""]))
    return path


def clips_of_one_name(make_film: Callable[..., Media], folder: Path) -> list[Media]:
    """Two films of different sizes, each called clip.mp4."""
    made = []
    for place, size in (("a", (64, 48)), ("b", (96, 48))):
        (folder / place).mkdir()
        made.append(
            make_film(f"{place}/clip.mp4", sum(SHOTS), shots=SHOTS, rate=Fraction(24), size=size)
        )
    return made


@pytest.mark.parametrize("target", WRITERS)
def test_what_the_editor_changed_is_told_and_kept(
    catalog: Catalog, film: Media, cut: Cut, tmp_path: Path, target: str
) -> None:
    first, second, _, fourth = cut.slots
    trimmed = replace(first, source=FrameRange(first.source.start, first.source.end - 3))
    timeline = edited(
        catalog, cut, [fourth, trimmed, second, slot_of(film.id, 5, 4, 9)], target, tmp_path / "t"
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada")
    assert [change.words for change in found.changes] == [
        "slot 4: moved to 1",
        "slot 1: trimmed by 3 frames at its end",
        "slot 2: kept",
        "slot 3: replaced, now slot 4",
    ]
    kept = load_cut(catalog, cut.id)
    assert kept == found.after
    assert (kept.version, kept.author) == (2, "Ada")
    assert kept.note == "from t: 1 kept, 2 changed, 1 replaced"
    assert [slot.source for slot in kept.slots] == [
        fourth.source,
        trimmed.source,
        second.source,
        FrameRange(204, 209),
    ]
    assert all(slot.locked for slot in kept.slots)
    new = kept.slots[-1]
    assert sum(reason.value for reason in new.reasons) == pytest.approx(new.score)
    assert new.reasons
    assert kept.slots[0].reasons == fourth.reasons


def test_rankers_learn_from_a_slot_that_was_replaced(
    catalog: Catalog, film: Media, cut: Cut, tmp_path: Path
) -> None:
    slots = [*cut.slots[:3], slot_of(film.id, 5, 4, 9)]
    reimport_cut(catalog, cut, edited(catalog, cut, slots, "edl", tmp_path / "t.edl"), author="Ada")
    pairs = list(decisions_of([load_cut(catalog, cut.id, version) for version in (1, 2)]))
    assert (film.id, 5, 3, 1.0) in pairs


@pytest.mark.parametrize("target", WRITERS)
def test_joins_sound_and_notes_come_back_as_they_were(
    catalog: Catalog, rich: Cut, tmp_path: Path, target: str
) -> None:
    timeline = edited(catalog, rich, list(rich.slots), target, tmp_path / "t")
    found = reimport_cut(catalog, rich, timeline, author="Ada")
    assert (found.remarks, found.saved) == ((), False)
    assert {change.kind for change in found.changes} == {"kept"}
    assert [replace(slot, locked=False) for slot in found.after.slots] == list(rich.slots)


@pytest.mark.parametrize("target", WRITERS)
def test_what_changed_at_the_joins_is_told_and_kept(
    catalog: Catalog, rich: Cut, tmp_path: Path, target: str
) -> None:
    slots = list(rich.slots)
    slots[1] = replace(slots[1], transition=Transition("dissolve", 1, 4), note="")
    slots[2] = replace(slots[2], sound=replace(slots[2].sound, lead=-2))
    slots[3] = replace(slots[3], transition=None)
    timeline = edited(catalog, rich, slots, target, tmp_path / "t")
    found = reimport_cut(catalog, rich, timeline, author="Ada")
    assert [change.words for change in found.changes] == [
        "slot 1: kept",
        "slot 2: a dissolve of 5 frames before it, its note taken away",
        "slot 3: its sound 2 frames behind its picture",
        "slot 4: a hard cut before it",
    ]
    assert found.saved
    assert load_cut(catalog, rich.id) == found.after
    kept = found.after.slots
    assert kept[1].transition == Transition("dissolve", 1, 4)
    assert (kept[2].sound, kept[2].reframe) == (SlotSound(-2, 167), rich.slots[2].reframe)


def test_a_speed_is_told_by_its_edit_and_the_slot_lasts_as_long(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = edl_of(
        tmp_path,
        "001  FILM     V     C        10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16",
        "002  FILM     V     C        10:00:01:08 10:00:02:00 01:00:00:16 01:00:01:00",
        "M2   FILM     048.0                10:00:01:08",
        "* LOC: 01:00:00:20 RED     too fast?",
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.remarks == (
        "edit 2 at 01:00:00:16 plays 16 frames in 8 (200%); a cut has no speeds, so it takes 8 "
        "frames from the first on",
        "the marker at 01:00:00:20 is kept as the note of slot 2",
    )
    assert found.after.slots[1].source == FrameRange(32, 40)
    assert found.after.slots[1].note == "too fast?"


def test_two_films_of_one_name_are_told_apart_by_their_paths_or_reels(
    catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path
) -> None:
    films = clips_of_one_name(make_film, tmp_path)
    cut = cut_of(catalog, films[0])
    mixed = replace(cut, slots=(cut.slots[0], replace(cut.slots[1], media=films[1].id)))
    mixed = save_version(catalog, mixed, expected_version=1)
    for target in WRITERS:
        first, second = mixed.slots
        shorter = replace(second, source=FrameRange(second.source.start, second.source.end - 1))
        timeline = edited(catalog, mixed, [first, shorter], target, tmp_path / "t")
        found = reimport_cut(catalog, mixed, timeline, author="Ada", save=False)
        assert [slot.media for slot in found.after.slots] == [films[0].id, films[1].id]
        assert [change.kind for change in found.changes] == ["kept", "changed"]


def test_one_of_two_films_of_a_name_that_nothing_tells_apart_has_to_be_named(
    catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path
) -> None:
    films = clips_of_one_name(make_film, tmp_path)
    cut = cut_of(catalog, films[0])
    timeline = edl_of(
        tmp_path,
        "001  X V C 00:00:00:02 00:00:00:18 01:00:00:00 01:00:00:16",
        "* FROM CLIP NAME: clip.mp4",
    )
    with pytest.raises(
        TimelineError, match=r"edit 1 is of 'clip.mp4', which could be any of .*b/cl"
    ):
        reimport_cut(catalog, cut, timeline, author="Ada")
    found = reimport_cut(
        catalog, cut, timeline, author="Ada", save=False, named={"clip.mp4": f"{films[1].id}"}
    )
    assert found.after.slots[0].media == films[1].id


def test_media_that_was_renamed_is_found_by_reel_or_by_stem_or_named(
    catalog: Catalog, film: Media, cut: Cut, tmp_path: Path
) -> None:
    timeline = edited(catalog, cut, list(cut.slots[:2]), "edl", tmp_path / "t.edl")
    text = timeline.read_text()
    for changed in (
        text.replace("film.mp4", "Final Film_v2.mov"),  # the reel stayed
        text.replace("film.mp4", "FILM.mxf").replace("  FILM ", "  A001 "),  # the stem stayed
    ):
        timeline.write_text(changed)
        found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
        assert [slot.media for slot in found.after.slots] == [film.id] * 2
    timeline.write_text(text.replace("film.mp4", "x.mov").replace("  FILM ", "  A001 "))
    with pytest.raises(
        TimelineError, match=r"edit 1 is of 'x.mov', which is no film .*--is 'x.mov'"
    ):
        reimport_cut(catalog, cut, timeline, author="Ada")
    found = reimport_cut(
        catalog, cut, timeline, author="Ada", save=False, named={"x.mov": "film.mp4"}
    )
    assert [slot.media for slot in found.after.slots] == [film.id] * 2


def test_a_transition_that_a_film_is_too_short_for_is_refused(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = edl_of(
        tmp_path,
        "001  FILM V C 10:00:00:00 10:00:01:00 01:00:00:00 01:00:01:00",
        "002  FILM V C 10:00:01:00 10:00:01:00 01:00:01:00 01:00:01:00",
        "002  FILM V D 010 10:00:00:00 10:00:01:00 01:00:01:00 01:00:02:00",
        "* JOIN: 010",
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.after.slots[1].transition == Transition("dissolve", 10, 0)
    timeline.write_text(timeline.read_text().replace("10:00:00:00 10:00:01:00 01:00:00:00 01:00:01",
                        "10:00:09:00 10:00:10:00 01:00:00:00 01:00:01").replace(
                        "10:00:01:00 10:00:01:00", "10:00:10:00 10:00:10:00"))  # fmt: skip
    with pytest.raises(TimelineError, match="edit 1 asks for frames 216 to 249 of film"):
        reimport_cut(catalog, cut, timeline, author="Ada", save=False)


def test_a_timeline_that_nobody_changed_makes_no_version(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = edited(catalog, cut, list(cut.slots), "fcp7", tmp_path / "t.xml")
    found = reimport_cut(catalog, cut, timeline, author="Ada")
    assert {change.kind for change in found.changes} == {"kept"}
    assert not found.saved
    assert len(cut_versions(catalog, cut.id)) == 1


def test_a_dry_run_only_tells(catalog: Catalog, cut: Cut, tmp_path: Path) -> None:
    timeline = edited(catalog, cut, list(cut.slots[1:]), "edl", tmp_path / "t.edl")
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.changes[0].words == "slot 1: removed"
    assert len(cut_versions(catalog, cut.id)) == 1


def test_a_cut_that_moved_on_meanwhile_is_not_overwritten(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    save_version(catalog, replace(cut, author="Bob"), expected_version=1)
    timeline = edited(catalog, cut, list(cut.slots[1:]), "edl", tmp_path / "t.edl")
    with pytest.raises(StaleCut):
        reimport_cut(catalog, cut, timeline, author="Ada")
    assert [row[1] for row in cut_versions(catalog, cut.id)] == ["reel", "Bob"]


def test_gaps_and_sound_that_is_cut_elsewhere_are_told(
    catalog: Catalog, cut: Cut, tmp_path: Path
) -> None:
    timeline = edl_of(
        tmp_path,
        "001  FILM     V     C        10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16",
        "002  FILM     V     C        10:00:01:08 10:00:02:00 01:00:01:00 01:00:01:16",
        "003  FILM     A     C        10:00:01:04 10:00:02:00 01:00:00:20 01:00:01:16",
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.remarks == (
        "8 frames of black before edit 2 are left out, at 01:00:00:16",
        "edit 1 has no sound in step with it; a cut's slots keep theirs",
    )
    assert [slot.sound.lead for slot in found.after.slots] == [0, 4]


def test_a_new_shot_without_a_score_is_told(catalog: Catalog, film: Media, cut: Cut) -> None:
    timeline = Path(film.path).with_name("t.edl")
    gone = replace(cut, ranker="lstm 7", slots=cut.slots[:3])
    edited(catalog, cut, [*cut.slots[:3], slot_of(film.id, 5, 4, 9)], "edl", timeline)
    found = reimport_cut(catalog, gone, timeline, author="Ada", save=False)
    assert found.remarks[0].startswith("new shots of film.mp4 have no score: ")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (
            "STRANGER V C 10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16",
            "no film of the catalogue",
        ),
        ("FILM V C 10:00:09:20 10:00:10:12 01:00:00:00 01:00:00:16", "which has 240"),
        ("FILM A C 10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16", "0 video tracks"),
        ("FILM V K 010 10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16", "cuts, and dissolves"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    catalog: Catalog, cut: Cut, tmp_path: Path, event: str, reason: str
) -> None:
    timeline = edl_of(tmp_path, f"001  {event}")
    with pytest.raises(TimelineError, match=reason):
        reimport_cut(catalog, cut, timeline, author="Ada")
    assert len(cut_versions(catalog, cut.id)) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{", b"<xmeml", b"GIF89a", b"[]"])
def test_a_file_that_is_no_timeline_is_refused(
    catalog: Catalog, cut: Cut, tmp_path: Path, content: bytes
) -> None:
    timeline = tmp_path / "t"
    timeline.write_bytes(content)
    with pytest.raises(TimelineError, match=str(timeline)):
        reimport_cut(catalog, cut, timeline, author="Ada")


def test_the_command_tells_in_words_and_in_json(catalog: Catalog, cut: Cut, tmp_path: Path) -> None:
    timeline = edited(catalog, cut, list(cut.slots[:3]), "otio", tmp_path / "t.otio")
    words = [*("import", str(cut.id), str(timeline)), "-w", str(tmp_path / "workspace")]
    told = CliRunner().invoke(reel, [*words, "--dry-run"])
    assert told.exit_code == 0, told.output
    assert "cut 1@1: 3 kept, 1 removed" in told.output
    assert "slot 4: removed" in told.output
    kept = json.loads(CliRunner().invoke(reel, [*words, "--format", "json", "--quiet"]).stdout)
    assert (kept["cut"], kept["from_version"], kept["version"]) == (1, 1, 2)
    assert [change["kind"] for change in kept["changes"]] == ["kept"] * 3 + ["removed"]
