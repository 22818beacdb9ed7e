"""`reel jobs`: where its options go, so that none is left out of account."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import reel
from ingest.catalog import Catalog


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    with Catalog(tmp_path / "catalog"):
        return tmp_path


@pytest.mark.parametrize("words", [["jobs"], ["jobs", "list"]])
def test_options_of_the_list_go_at_its_end(words: list[str], workspace: Path) -> None:
    result = CliRunner().invoke(reel, [*words, "--format", "json", "-w", str(workspace)])
    assert (result.exit_code, result.stdout) == (0, "[]\n")


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "json", "list"],
        ["--state", "failed", "list"],
        ["-w", "WORKSPACE", "list"],
        ["-w", "WORKSPACE", "cancel", "1"],  # or a job of the default workspace would be cancelled
    ],
)
def test_options_before_list_or_cancel_are_refused(words: list[str], workspace: Path) -> None:
    words = [str(workspace) if word == "WORKSPACE" else word for word in words]
    result = CliRunner().invoke(reel, ["jobs", *words])
    assert result.exit_code == 2
    assert "options go after the word" in result.stderr
