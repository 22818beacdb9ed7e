"""Faults for the review page: what ingest told at once, then what the decode showed."""

import os
import shutil
import time
from pathlib import Path

import pytest

from dashboard.cut_fault_queue import stage_of
from dashboard.cut_faults import FOLDER, begin_repair, known_faults, repair_state
from dashboard.people import NotAllowed, Person
from dashboard.settings import Workspace
from editing.cut_store import load_cut, save_version
from editing.errors import StaleCut
from ingest.catalog import Catalog

ANA = Person("Ana", "editor")
LONG = 60.0  # seconds that no decode of a few frames takes


def test_what_ingest_told_is_shown_until_the_decode_is_there(flashing: Workspace) -> None:
    at_once = known_faults(flashing, 1, 2, patience=0)
    assert (at_once.how, "flash" in {f.kind for f in at_once.faults}) == ("catalogue", True)
    assert at_once.progress is not None
    assert at_once.words.startswith("By what ingest measured")

    then = known_faults(flashing, 1, 2, patience=LONG)
    assert (then.how, then.progress) == ("decoded", None)
    assert [f.frame for f in then.faults if f.kind == "flash"] == [
        f.frame for f in at_once.faults if f.kind == "flash"
    ]
    assert known_faults(flashing, 1, 2, patience=0) == then  # kept: nothing is decoded again


def test_a_film_that_is_gone_is_named_and_nothing_decoded(flashing: Workspace) -> None:
    with Catalog(flashing.catalog) as catalog:
        media = catalog.get_media(load_cut(catalog, 1).media)
        catalog.move_media(media.id, Path(media.path).with_name("gone.mp4"))
    known = known_faults(flashing, 1, 2, patience=LONG)
    assert (known.how, known.progress) == ("catalogue", None)
    assert "gone.mp4 is not where it was" in known.words
    assert "flash" in {fault.kind for fault in known.faults}


def test_a_film_that_was_written_since_is_decoded_again_and_the_old_answer_removed(
    flashing: Workspace, tmp_path: Path
) -> None:
    own = tmp_path / "own.mp4"
    with Catalog(flashing.catalog) as catalog:
        media = catalog.get_media(load_cut(catalog, 1).media)
        shutil.copy(media.path, own)
        catalog.move_media(media.id, own)
    assert known_faults(flashing, 1, 2, patience=LONG).how == "decoded"
    (before,) = (flashing.root / FOLDER).glob("*.json")

    os.utime(own, (1, 1))

    assert known_faults(flashing, 1, 2, patience=0).how == "catalogue"
    assert known_faults(flashing, 1, 2, patience=LONG).how == "decoded"
    (after,) = (flashing.root / FOLDER).glob("*.json")
    assert after != before
    assert sorted((flashing.root / FOLDER).iterdir()) == [after]  # no draft, no progress


@pytest.mark.parametrize("kept", ['{"faults": [{"kind": "flash", "colour": 3}]}', "{", "[]"])
def test_an_answer_that_another_version_of_the_program_kept_is_worked_out_anew(
    flashing: Workspace, kept: str
) -> None:
    first = known_faults(flashing, 1, 2, patience=LONG)
    (place,) = (flashing.root / FOLDER).glob("*.json")
    deadline = time.monotonic() + LONG
    while stage_of(place) != "none":  # its process has told, and has still to end
        assert time.monotonic() < deadline
        time.sleep(0.05)
    place.write_text(kept)

    assert known_faults(flashing, 1, 2, patience=LONG) == first


def test_an_answer_of_another_search_is_not_shown(
    flashing: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_faults(flashing, 1, 2, patience=LONG).how == "decoded"
    monkeypatch.setattr("dashboard.cut_faults.search_identity", lambda: "a later one")
    assert known_faults(flashing, 1, 2, patience=0).how == "catalogue"


def test_a_repair_is_a_version_of_who_asked_and_says_how_it_looked(flashing: Workspace) -> None:
    place = begin_repair(ANA, flashing, 1, 2)
    state = repair_state(place, patience=LONG)
    assert state.version == 3
    assert "2 frames" in state.words
    assert state.words.endswith("(decoded)")
    assert "flash" not in {fault.kind for fault in state.left}
    with Catalog(flashing.catalog) as catalog:
        after = load_cut(catalog, 1)
    assert (after.version, after.author) == (3, "Ana")
    assert after.frames == after.brief.frames


def test_a_repair_of_a_version_that_was_changed_meanwhile_is_refused(flashing: Workspace) -> None:
    with Catalog(flashing.catalog) as catalog:
        save_version(catalog, load_cut(catalog, 1), expected_version=2)
    with pytest.raises(StaleCut):
        repair_state(begin_repair(ANA, flashing, 1, 2), patience=LONG)


def test_whoever_is_no_editor_repairs_nothing(flashing: Workspace) -> None:
    with pytest.raises(NotAllowed):
        begin_repair(Person("Vi", "viewer"), flashing, 1, 2)
