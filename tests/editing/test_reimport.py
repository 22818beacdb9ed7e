"""A cut goes out, is edited elsewhere, and comes back: what changed is told and kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from editing.cut import Cut, Slot
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
def cut(catalog: Catalog, film: Media) -> Cut:
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
    timeline = tmp_path / "t.edl"
    timeline.write_text(
        "TITLE: edited\nFCM: NON-DROP FRAME\n\n"
        "001  FILM     V     C        10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16\n"
        "002  FILM     V     C        10:00:01:08 10:00:02:00 01:00:01:00 01:00:01:16\n"
        "003  FILM     A     C        10:00:01:04 10:00:02:00 01:00:00:20 01:00:01:16\n"
    )
    found = reimport_cut(catalog, cut, timeline, author="Ada", save=False)
    assert found.remarks == (
        "8 frames of black before edit 2 are left out",
        "A1: 1 edit elsewhere than the picture's; sound is not taken over",
    )


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
        ("FILM V D 010 10:00:00:02 10:00:00:18 01:00:00:00 01:00:00:16", "only cuts are read"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    catalog: Catalog, cut: Cut, tmp_path: Path, event: str, reason: str
) -> None:
    timeline = tmp_path / "t.edl"
    timeline.write_text(f"TITLE: edited\nFCM: NON-DROP FRAME\n\n001  {event}\n")
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
