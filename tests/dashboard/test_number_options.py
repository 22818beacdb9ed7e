"""Options that take a number refuse what cannot be counted with."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import reel


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1"])
@pytest.mark.parametrize(
    "words",
    [
        ("ingest", "film.mp4", "--still"),
        ("ingest", "film.mp4", "--timeout"),
        ("ingest", "film.mp4", "--memory"),
        ("ingest", "film.mp4", "--cpus"),
        ("ingest", "film.mp4", "--gpus"),
        ("recsys", "train", "--minutes"),
        ("recsys", "recommend", "--user", "u", "--explore"),
        ("audience", "retention", "t", "--resume-hours"),
    ],
)
def test_what_is_no_number_in_the_range_is_refused(
    tmp_path: Path, words: tuple[str, ...], value: str
) -> None:
    """nan compares with nothing, so a plain range lets it through."""
    done = CliRunner().invoke(reel, [*words, value, "-w", str(tmp_path)])
    assert done.exit_code == 2
    assert f"Invalid value for '{words[-1]}'" in done.stderr


def test_a_budget_that_is_no_number_is_refused(tmp_path: Path) -> None:
    for name in ("videos.h5", "splits.json"):
        (tmp_path / name).touch()
    files = ["--dataset", str(tmp_path / "videos.h5"), "--splits", str(tmp_path / "splits.json")]
    done = CliRunner().invoke(reel, ["rank", "benchmark", *files, "--budget", "nan"])
    assert done.exit_code == 2
    assert "Invalid value for '--budget'" in done.stderr
