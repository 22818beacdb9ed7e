"""The benchmark's library in small: good and bad films in one folder, and what is said of each."""

from pathlib import Path

from benchmarks.library import BAD, GOOD, unexpected, write_library
from ingest.batch import Machines, ingest_batch
from ingest.batch_report import BatchReport
from ingest.run import Settings

SOME = {
    *("h264.mp4", "variable.mkv", "b_frames.avi", "new\nline.mp4"),
    *("text.mp4", "cut_off.ts", "cut_off_index.mp4", "playlist.mp4", "vast_picture.avi"),
    *("only_sound.mp4", "loop.mp4", "pipe.mp4"),
}


def test_a_library_with_bad_files_is_ingested_and_every_failure_has_its_reason(
    tmp_path: Path,
) -> None:
    (tmp_path / "footage").mkdir()
    wanted = write_library(tmp_path / "footage", SOME)
    assert wanted.keys() == SOME
    settings = Settings(detector="content")
    reports = ingest_batch([tmp_path / "footage"], tmp_path / "work", settings, Machines(jobs=2))
    document = BatchReport(tuple(reports)).as_json()
    assert unexpected(document, wanted) == []
    assert document["counts"] == {"ingested": 4, "failed": 8}


def test_the_library_has_fifty_files_and_tells_what_is_not_as_known() -> None:
    assert len(GOOD) + len(BAD) >= 50
    row = {"path": "/x/a.mp4", "status": "failed", "reason": "it is truncated"}
    assert unexpected({"files": [row]}, {"a.mp4": "truncated"}) == []
    assert unexpected({"files": [row]}, {"a.mp4": ""}) == ["'a.mp4' is failed: it is truncated"]
    assert "another reason" in unexpected({"files": [row]}, {"a.mp4": "empty"})[0]
    assert "not in the report" in unexpected({"files": []}, {"a.mp4": ""})[0]
    assert "no file of the library" in unexpected({"files": [row]}, {})[0]
