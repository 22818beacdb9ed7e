"""Versions of a cut from the command line: listed, compared, and taken back."""

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

SHOTS = (30, 50, 40, 60, 20, 40)


@pytest.fixture
def run(catalog: Catalog, make_film: Callable[..., Media], tmp_path: Path) -> Callable[..., Result]:
    """Runs a command over a workspace whose cut 1 has lost its first slot in version 2."""
    make_film("film.mp4", sum(SHOTS), shots=SHOTS)

    def run(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(reel, [*words, "-w", str(tmp_path / "workspace")])
        assert result.exit_code == status, result.output
        return result

    run("cut", "trailer", "film.mp4", "--seconds", "3.5")
    cut = find_cut(catalog, "1")
    shorter = replace(cut, slots=cut.slots[1:], author="Ada", note="starts later")
    save_version(catalog, shorter, expected_version=1)
    return run


def test_versions_are_listed_with_author_and_note(run: Callable[..., Result]) -> None:
    first, second = json.loads(run("cut", "versions", "1", "--format", "json").stdout)
    assert (first["version"], first["author"]) == (1, "reel")
    assert (second["version"], second["author"], second["note"]) == (2, "Ada", "starts later")
    assert "starts later" in run("cut", "versions", "1").stdout


def test_a_difference_is_told_in_both_directions(run: Callable[..., Result]) -> None:
    assert "slot 1: removed" in run("cut", "diff", "1@1", "1@2").stdout
    changes = json.loads(run("cut", "diff", "1@2", "1@1", "--format", "json").stdout)
    assert changes[0]["kind"] == "added"
    assert {change["kind"] for change in changes[1:]} == {"kept"}
    assert "nothing changed" in run("cut", "diff", "1", "1@2").stderr


def test_undo_brings_a_version_back_as_the_latest(
    run: Callable[..., Result], catalog: Catalog
) -> None:
    run("cut", "undo", "1")
    assert find_cut(catalog, "1").slots == find_cut(catalog, "1@1").slots
    assert find_cut(catalog, "1").version == 3
    run("cut", "undo", "1@2")
    latest = find_cut(catalog, "1")
    assert (latest.version, latest.note) == (4, "version 2 again")
    assert latest.slots == find_cut(catalog, "1@2").slots


def test_there_is_nothing_before_the_first_version(run: Callable[..., Result]) -> None:
    run("cut", "trailer", "film.mp4", "--seconds", "3.5")
    assert "one version" in run("cut", "undo", "2", status=2).stderr


def test_the_gap_to_the_best_cut_is_told_until_somebody_changes_it(
    run: Callable[..., Result],
) -> None:
    document = json.loads(run("cut", "show", "1@1", "--format", "json").stdout)
    assert 0 <= document["gap"] < 0.01
    run("cut", "lock", "1", "1")
    assert json.loads(run("cut", "show", "1", "--format", "json").stdout)["gap"] is None
