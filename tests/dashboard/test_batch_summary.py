"""The end of a batch: what is said to people, what is written down, and odd names on a terminal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.batch_summary import summary_lines
from dashboard.cli import reel
from dashboard.console import print_json, print_table
from ingest.batch_report import BatchReport
from ingest.run import Report

FilmMaker = Callable[..., Path]
COMMAND = [sys.executable, "-m", "dashboard.cli", "ingest", "--detector", "content"]


def test_the_summary_counts_and_lists_failures_with_reason_and_advice() -> None:
    done = Report("/a.mp4", "ingested", 1, 12, "", (), 3723.0, 600.0)
    failed = Report("/x\n.mp4", "failed", None, 0, "it is truncated\nTake it all the same")
    assert summary_lines(BatchReport((done, failed), seconds=1000.0)) == [
        "2 files: 1 ingested, 1 failed, in 0:16:40; 1:02:03 of footage, 3.7 × real time",
        "Failed:",
        r"  /x\n.mp4: it is truncated",
        "    Take it all the same",
    ]


@pytest.mark.parametrize("name", ["report.txt", "gone/report.csv", ""])
def test_a_report_that_could_not_be_written_is_refused_before_the_batch(
    name: str, tmp_path: Path
) -> None:
    target = str(tmp_path / name) if name else ""
    words = ["ingest", "film.mp4", "-w", str(tmp_path / "work"), "--report", target]
    assert CliRunner().invoke(reel, words).exit_code == 2
    assert not (tmp_path / "work").exists()


def test_an_empty_name_is_not_the_current_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(reel, ["ingest", "", "-w", str(tmp_path / "work")])
    assert result.exit_code == 2
    assert "an empty name" in result.output


def test_ctrl_c_leaves_a_report_of_what_was_done(make_film: FilmMaker, tmp_path: Path) -> None:
    films = [str(make_film(f"{n}.mp4", (12, 12 + n))) for n in range(6)]
    report = tmp_path / "report.json"
    batch = subprocess.Popen(
        [*COMMAND, "-w", str(tmp_path), "--report", str(report), *films],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert batch.stderr is not None
    batch.stderr.readline()
    batch.send_signal(signal.SIGINT)
    _, errors = batch.communicate(timeout=600)
    assert batch.returncode == 130
    assert b"Run the same command again to go on" in errors
    document = json.loads(report.read_text())
    assert [row["path"] for row in document["files"] if row["status"] == "ingested"]
    assert {row["path"] for row in document["files"]} == set(films)
    assert document["stopped"] == ("queued" in document["counts"])


def test_odd_names_do_nothing_to_tables_and_terminals(make_film: FilmMaker, tmp_path: Path) -> None:
    make_film("good.mp4", (12,))
    odd = tmp_path / "two\nlines\x1b[2J\u202e.mp4"
    (tmp_path / "good.mp4").rename(odd)
    bad = tmp_path / "bad\r\x9b31m.mp4"
    bad.write_text("no film")
    workspace = ["-w", str(tmp_path / "work")]
    for words in (
        ["ingest", "--detector", "content", str(odd), str(bad)],
        ["media"],
        ["jobs"],
        ["media", "--format", "json"],
        ["jobs", "--format", "json"],
    ):
        result = CliRunner().invoke(reel, [*words, *workspace])
        for wrong in ("\x1b", "\u202e", "\x9b", "\r", "two\nlines"):
            assert wrong not in result.output, (words, wrong, result.output)
    named = CliRunner().invoke(reel, ["shots", str(odd), *workspace])
    assert named.exit_code == 0, "what was shown as escapes is found by its name"


def test_a_table_keeps_a_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "name"), [(1, "a\nb"), (22, "c")])
    assert capsys.readouterr().out.splitlines() == ["id  name", r" 1  a\nb", "22  c"]
    print_json({"name": "\x9b\u2028é"})
    assert json.loads(text := capsys.readouterr().out) == {"name": "\x9b\u2028é"}
    assert r"\u009b\u2028é" in text


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
def test_no_message_of_the_database_shows_its_library(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "catalog.sqlite").write_bytes(b"this is not a database" * 100)
    result = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "media", "-w", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "file is not a database" in result.stderr
    assert "sqlalche" not in result.stderr.lower()
