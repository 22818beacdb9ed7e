"""Kill -9 at any moment: nothing committed is lost or repeated, and nothing is half-written."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from ingest import tables
from ingest.arrays import write_array
from ingest.batch import Machines, ingest_batch
from ingest.catalog import Catalog
from ingest.jobs import JobStore
from ingest.run import Settings
from ingest.video import open_container

FilmMaker = Callable[..., Path]
QUICK = Settings(detector="content", proxies=True, timeout=600)
KILLS = 4
SEED = 7


def contents(folder: Path) -> dict[str, Any]:
    """All that a catalogue holds, save ids and times of day, which differ between any two runs."""
    with Catalog(folder) as catalog, catalog.reading() as connection:
        media = {row.id: row for row in connection.execute(select(tables.media))}
        names = {media_id: row.fingerprint for media_id, row in media.items()}
        rows = {
            table.name: sorted(
                (names[row.media_id], *(v for k, v in row._mapping.items() if k != "media_id"))
                for row in connection.execute(select(table))
            )
            for table in (tables.shot, tables.array_file)
        }
        rows["media"] = sorted(
            tuple(str(v) for k, v in row._mapping.items() if k not in ("id", "ingested_at"))
            for row in media.values()
        )
        rows["failure"] = [tuple(r) for r in connection.execute(select(tables.failure))]
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for kind in ("arrays", "thumbnails", "proxies")
            for path in (folder / kind).rglob("*")
            if path.is_file()
        }
    return rows | {"files": files}


def committed(folder: Path) -> dict[str, str]:
    """Each media by its content, with when it was committed; checks that it is whole."""
    if not (folder / "catalog.sqlite").exists():
        return {}
    with Catalog(folder) as catalog, catalog.reading() as connection:
        for media in catalog.media():
            shots = catalog.shots(media.id)
            assert shots[-1].span.end == media.frames == len(catalog.frame_times(media.id))
            assert len(catalog.embeddings(media.id).vectors) == len(shots)
            assert len(catalog.measures(media.id).values) == len(shots)
            assert all(catalog.thumbnail(media, s.index).stat().st_size for s in shots)
            proxy = catalog.proxy(media)
            assert proxy is not None
            with open_container(proxy) as whole:
                assert sum(1 for _ in whole.decode(video=0)) == media.frames
        columns = (tables.media.c.fingerprint, tables.media.c.ingested_at)
        return {row[0]: row[1] for row in connection.execute(select(*columns))}


def run_batch(films: list[str], folder: str) -> None:
    for _report in ingest_batch(map(Path, films), Path(folder), QUICK, Machines(jobs=2)):
        pass


def workers(batch: ForkServerProcess) -> list[int]:
    """The processes that read files: what the fork server that the batch began has forked."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it has ended
    return [pid for pid, parent in parents.items() if parents.get(parent) == batch.pid]


def test_killing_workers_and_batches_at_random_changes_nothing_in_the_end(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    films = [str(make_film(f"{n}.mp4", (12, 12 + n), size=(64, 48))) for n in range(3)]
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    run_batch(films[:1], str(undisturbed))  # which also warms the fork server up
    began = time.monotonic()
    run_batch(films, str(undisturbed))
    usual = time.monotonic() - began

    rng = random.Random(SEED)
    context = multiprocessing.get_context("forkserver")
    before: dict[str, str] = {}
    struck = 0
    for number in range(KILLS):
        batch = context.Process(target=run_batch, args=(films, str(disturbed)))
        batch.start()
        while batch.exitcode is None and not workers(batch):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, min(usual, 3.0)))
        at_work = workers(batch)
        struck += bool(at_work)
        victims = at_work if number % 2 else []
        for victim in victims:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(victim, signal.SIGKILL)
        if not victims:
            batch.kill()
        batch.join(600)
        assert batch.exitcode is not None
        now = committed(disturbed)
        assert now.items() >= before.items(), "what was committed stays, and is not done again"
        before = now
    for orphan in workers(batch):
        with suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    assert struck > 0, "something was at work when it was struck, or this shows nothing"
    assert len(before) > 0, "the kills left something done, or they show nothing"
    run_batch(films, str(disturbed))
    with Catalog(disturbed) as catalog:
        catalog.sweep(older_than=0)
        assert {job.state for job in JobStore(catalog).all()} == {"done"}
    assert contents(disturbed) == contents(undisturbed)


@pytest.fixture
def leftovers(tmp_path: Path) -> dict[str, Path]:
    """What killed writers leave: half an array, half a thumbnail, an array that no row names."""
    left = {
        "half array": tmp_path / "arrays" / "ab" / ".writing-x.npy",
        "half thumbnail": tmp_path / "thumbnails" / "ab" / "00000.writing",
        "unnamed array": tmp_path / "arrays" / "ab" / "curves-0-content.npy",
    }
    for path in left.values():
        write_array(path, np.zeros(1))
    return left


def test_old_leftovers_are_swept_and_what_is_being_written_is_not(
    leftovers: dict[str, Path], tmp_path: Path
) -> None:
    with Catalog(tmp_path) as catalog:
        assert catalog.sweep() == []
        for path in leftovers.values():
            os.utime(path, (1, 1))
        assert set(catalog.sweep()) == set(leftovers.values())
        assert not any(path.exists() for path in leftovers.values())


def test_a_named_array_is_never_swept(make_film: FilmMaker, tmp_path: Path) -> None:
    list(ingest_batch([make_film()], tmp_path / "work", QUICK))
    files = [p for p in (tmp_path / "work").rglob("*") if p.is_file() and "sqlite" not in p.name]
    for path in files:
        os.utime(path, (1, 1))
    with Catalog(tmp_path / "work") as catalog:
        assert catalog.sweep() == []
    assert committed(tmp_path / "work")
