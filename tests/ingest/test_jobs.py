"""Jobs: one a path, owned by a live batch, taken up again from a dead one, cancelled by anybody."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from ingest.batch import failed_files, ingest_batch
from ingest.catalog import Catalog
from ingest.dropfolder import DropFolder
from ingest.errors import UnknownJob
from ingest.jobs import JobStore
from ingest.run import Settings
from ingest.tables import job as jobs

FilmMaker = Callable[..., Path]
QUICK = Settings(detector="content", timeout=600)


def become(catalog: Catalog, pid: int, seen_at: str = "2999-01-01T00:00:00+00:00") -> None:
    """Have all jobs belong to a batch of this process id."""
    with catalog.transaction() as connection:
        connection.execute(update(jobs).values({"pid": pid, "seen_at": seen_at}))


def test_a_batch_records_what_became_of_each_file(make_film: FilmMaker, tmp_path: Path) -> None:
    film, text = make_film(), tmp_path / "text.mp4"
    text.write_text("no film")
    for _ in range(2):
        list(ingest_batch([film, text], tmp_path / "work", QUICK))
    with Catalog(tmp_path / "work") as catalog:
        done, failed = JobStore(catalog).all()
    assert (done.path, done.state, done.progress, done.attempts) == (str(film), "done", 1.0, 2)
    assert (failed.path, failed.state, failed.attempts) == (str(text), "failed", 2)
    assert "not a media file" in failed.reason
    assert failed_files(tmp_path / "work") == [text]
    assert failed_files(tmp_path / "work", [tmp_path / "elsewhere"]) == []


def test_a_job_of_a_dead_batch_is_stale_and_taken_and_one_of_a_live_batch_is_not(
    tmp_path: Path,
) -> None:
    with Catalog(tmp_path) as catalog:
        store = JobStore(catalog)
        (job,) = store.queue(["/a.mp4"])[0].values()
        store.start(job)
        become(catalog, os.getppid())
        assert store.all()[0].shown_state == "running"
        taken, busy = store.queue(["/a.mp4"])
        assert (taken, [j.id for j in busy.values()]) == ({}, [job])

        become(catalog, os.getppid(), seen_at="2020-01-01T00:00:00+00:00")
        assert [j.shown_state for j in store.all("stale")] == ["stale"], "silent for too long"
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        become(catalog, gone.pid)
        assert store.all()[0].shown_state == "stale", "its process is not there"
        assert store.queue(["/a.mp4"]) == ({"/a.mp4": job}, {})


def test_a_job_is_cancelled_once(tmp_path: Path) -> None:
    with Catalog(tmp_path) as catalog:
        store = JobStore(catalog)
        (job,) = store.queue(["/a.mp4"])[0].values()
        store.cancel(job)
        assert store.cancelled([job]) == {job}
        with pytest.raises(UnknownJob, match=f"job {job}: it is cancelled already"):
            store.cancel(job)
        with pytest.raises(UnknownJob, match="there is none"):
            store.cancel(99)


def test_a_running_batch_drops_a_cancelled_file(make_film: FilmMaker, tmp_path: Path) -> None:
    films = [make_film("a.mp4"), make_film("b.mp4", (12, 30)), make_film("c.mp4", (12, 40))]
    statuses = {}
    for report in ingest_batch(films, tmp_path / "work", QUICK):
        statuses[Path(report.path).name] = report.status
        if report.path == str(films[0]):
            with Catalog(tmp_path / "work") as catalog:
                store = JobStore(catalog)
                store.cancel(next(j.id for j in store.all() if j.path == str(films[2])))
    assert statuses == {"a.mp4": "ingested", "b.mp4": "ingested", "c.mp4": "cancelled"}


def test_ctrl_c_keeps_what_is_done_and_queues_the_rest(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    films = [str(make_film(f"{n}.mp4", (12, 12 + n))) for n in range(6)]
    command = [sys.executable, "-m", "dashboard.cli", "ingest", "--detector", "content"]
    batch = subprocess.Popen(
        [*command, "-w", str(tmp_path), *films], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert batch.stderr is not None
    first = batch.stderr.readline().decode()
    assert first.startswith("[1/6] ingested: ")
    batch.send_signal(signal.SIGINT)
    _, errors = batch.communicate(timeout=600)
    assert batch.returncode == 130
    assert b"Run the same command again to go on" in errors
    assert b"Traceback" not in errors
    with Catalog(tmp_path / "catalog") as catalog:
        states = {job.state for job in JobStore(catalog).all()}
        assert states == {"done", "queued"}
        assert catalog.media()


def test_a_dropped_file_is_taken_once_it_has_been_still(tmp_path: Path) -> None:
    folder, film = DropFolder([tmp_path], still_seconds=5), tmp_path / "film.mp4"
    film.write_bytes(b"a")
    assert folder.take(0) == []
    film.write_bytes(b"ab")
    assert folder.take(4) == []
    assert folder.take(8) == []
    assert folder.take(9) == [film]
    assert folder.take(100) == []
    film.write_bytes(b"another")
    assert (folder.take(101), folder.take(106)) == ([], [film])


def test_a_watching_batch_takes_what_arrives(make_film: FilmMaker, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    folder = DropFolder([tmp_path / "drop"], still_seconds=0.2)
    make_film("drop/a.mp4")
    batch = ingest_batch([], tmp_path / "work", QUICK, drop_folder=folder)
    assert next(batch).status == "ingested"
    make_film("drop/b.mp4", (12, 13))
    began = time.monotonic()
    assert Path(next(batch).path).name == "b.mp4"
    assert time.monotonic() - began < 600
    batch.close()
