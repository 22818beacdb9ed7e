"""What a batch says while it runs: a line for each file, and an honest time left."""

from pathlib import Path

import pytest

from dashboard.batch_display import BatchDisplay
from dashboard.console import Console
from ingest.run import Report


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files of 100, 100 and 200 bytes."""
    sizes = {"a.mp4": 100, "b.mp4": 100, "c.mp4": 200}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    return [tmp_path / name for name in sizes]


def test_the_time_left_goes_by_bytes_and_leaves_out_what_was_known(files: list[Path]) -> None:
    display = BatchDisplay(Console(quiet=True), clock=(clock := Clock()))
    display.expect(files)
    assert display.seconds_left() is None
    display.show(Report(str(files[0]), "known", 1, 2, ""))
    assert display.seconds_left() is None, "a known file takes no time and tells none"
    clock.now = 10.0
    display.advance(str(files[1]), 0.5)
    assert display.seconds_left() == 10 * (300 - 50) / 50


def test_each_file_has_a_line_and_a_failure_even_if_quiet(
    files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for quiet in (False, True):
        display = BatchDisplay(Console(quiet), clock=Clock())
        display.expect(files)
        display.show(Report(str(files[0]), "ingested", 1, 2, ""))
        display.show(Report(str(files[1]), "failed", None, 0, "it holds no video"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"[1/3] ingested: {files[0]}, 2 shots")
    assert lines[1].startswith(f"[2/3] failed: {files[1]}: it holds no video")
    assert len(lines) == 3
    assert "failed" in lines[2]
