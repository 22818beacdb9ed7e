"""`reel check` and `reel repair` on a kept cut."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.cut_store import find_cut, save_version
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

SHOTS = (30, 50, 40, 60, 20, 40)
SECOND_SHOT = 30
Run = Callable[..., Result]


@pytest.fixture
def run(catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path) -> Run:
    """Runs `reel …` over a workspace whose cut 1 begins two frames before shot 1 in version 2."""
    make_film("film.mp4", sum(SHOTS), shots=SHOTS, timecode="10:00:00:00")

    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(reel, [*words, "-w", str(tmp_path / "workspace")])
        assert result.exit_code == status, result.output
        return result

    run("cut", "trailer", "film.mp4", "--seconds", "3.5")
    cut = find_cut(catalog, "1")
    flashing = replace(cut.slots[0], shot=1, source=FrameRange(SECOND_SHOT - 2, SECOND_SHOT + 40))
    rest = [slot for slot in cut.slots if slot.shot > 1]
    save_version(catalog, replace(cut, slots=(flashing, *rest)), expected_version=1)
    return run


def test_an_error_is_told_with_its_timecode_and_in_the_exit_status(run: Run) -> None:
    told = run("check", "1", status=1).stdout
    assert "1 error" in told
    assert "01:00:00:00" in told
    (fault,) = [
        fault
        for fault in json.loads(run("check", "1", "--format", "json", status=1).stdout)
        if fault["severity"] == "error"
    ]
    assert (fault["kind"], fault["slot"], fault["frame"]) == ("flash", 0, 0)
    assert (fault["value"], fault["threshold"], fault["unit"]) == (2, 3, "frames")


def test_a_repair_is_a_new_version_without_the_fault(run: Run, catalog: Catalog) -> None:
    told = run("repair", "1").stdout
    assert "slot 1: slipped, 2 frames later; gone: 2 frames of the shot before" in told
    assert "kept as cut 1@3" in told
    latest = find_cut(catalog, "1")
    assert latest.slots[0].source == FrameRange(SECOND_SHOT, SECOND_SHOT + 42)
    assert latest.frames == find_cut(catalog, "1@2").frames
    run("check", "1")


def test_a_cut_without_faults_gets_no_new_version(run: Run, catalog: Catalog) -> None:
    run("repair", "1")
    again = json.loads(run("repair", "1", "--format", "json").stdout)
    assert again["repairs"] == []
    assert find_cut(catalog, "1").version == again["version"] == 3
