"""The report of a batch: a row for each file with its full reason, whole on disk or not there."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.batch import ingest_batch
from ingest.batch_report import COLUMNS, BatchReport, reports_of, write_report
from ingest.run import Report, Settings

FilmMaker = Callable[..., Path]

DONE = Report("/a.mp4", "ingested", 1, 12, "no sound", ("no sound",), 60.0, 20.0)
KNOWN = Report("/b.mp4", "known", 2, 3, "", (), 600.0, 0.1)
FAILED = Report("/c.mp4", "failed", None, 0, "/c.mp4: it is truncated\nTake it: --accept-damaged")
BATCH = BatchReport((DONE, KNOWN, FAILED), ("/d.mp4",), 30.0)


def test_a_batch_adds_up_what_it_did_and_not_what_was_known() -> None:
    assert BATCH.counts == {"ingested": 1, "known": 1, "failed": 1, "queued": 1}
    assert BATCH.film_seconds == 60
    assert BATCH.speed == 60 / 30
    assert BatchReport((KNOWN,), seconds=5.0).speed is None


def test_a_row_tells_reason_and_advice_apart_and_does_not_repeat_the_path() -> None:
    done, _, failed, left = BATCH.rows()
    assert (done["warnings"], done["reason"]) == (["no sound"], "")
    assert (failed["reason"], failed["advice"]) == ("it is truncated", "Take it: --accept-damaged")
    assert (left["status"], left["path"]) == ("queued", "/d.mp4")


def test_both_kinds_of_report_hold_the_same_rows(tmp_path: Path) -> None:
    for name in ("r.csv", "r.JSON"):
        write_report(tmp_path / name, BATCH)
    document = json.loads((tmp_path / "r.JSON").read_text())
    assert document["counts"] == BATCH.counts
    assert (document["times_real_time"], document["stopped"]) == (2.0, True)
    with (tmp_path / "r.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS == tuple(document["files"][0])
    assert [row["path"] for row in table] == [row["path"] for row in document["files"]]
    assert [row["reason"] for row in table] == [row["reason"] for row in document["files"]]
    assert {p.name for p in tmp_path.iterdir()} == {"r.csv", "r.JSON"}


def test_a_name_cannot_break_a_table_or_become_a_formula(tmp_path: Path) -> None:
    name = '/x/two\nlines, "quoted" \x1b[31m.mp4'
    formula = Report(name, "failed", None, 0, "=HYPERLINK(1)")
    write_report(tmp_path / "r.csv", BatchReport((formula, DONE)))
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [name, "/a.mp4"]
    assert rows[0]["reason"] == "'=HYPERLINK(1)"


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old")
    broken = BatchReport((Report("/a.mp4", "ingested", 1, 1, "", (), object(), 0.0),))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        write_report(tmp_path / "r.json", broken)
    assert (tmp_path / "r.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_files_that_were_not_come_to_are_left() -> None:
    assert reports_of([DONE], ["/a.mp4", "/e.mp4"], 1.0).left == ("/e.mp4",)


def test_a_batch_reports_how_long_film_and_work_were(make_film: FilmMaker, tmp_path: Path) -> None:
    (report,) = ingest_batch(
        [make_film(sound_hz=None)], tmp_path / "work", Settings(detector="content")
    )
    assert report.film_seconds == 2.0
    assert report.seconds > 0
    assert report.remarks == ("no sound",)
