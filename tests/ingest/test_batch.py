"""A batch: bad files are reported and the rest go on; nothing committed is done again or lost."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.batch import Machines, ingest_batch
from ingest.catalog import Catalog
from ingest.engines.executor import Outcome, Work
from ingest.engines.local import LocalExecutor
from ingest.errors import AmbiguousMedia, UnknownMedia
from ingest.files import find_media_files
from ingest.limits import Limits
from ingest.run import Settings

FilmMaker = Callable[..., Path]
QUICK = Settings(detector="content", timeout=600)


def test_bad_files_are_reported_and_the_rest_are_ingested(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    good, mute = make_film("good.mp4"), make_film("mute.mp4", sound_hz=None)
    (tmp_path / "text.mp4").write_text("no film")
    reports = {
        Path(r.path).name: r
        for r in ingest_batch(
            [tmp_path, tmp_path / "gone.mp4"], tmp_path / "work", QUICK, Machines(jobs=2)
        )
    }
    assert {name: r.status for name, r in reports.items()} == {
        "good.mp4": "ingested",
        "mute.mp4": "ingested",
        "text.mp4": "failed",
        "gone.mp4": "failed",
    }
    assert "not a media file" in reports["text.mp4"].reason
    with Catalog(tmp_path / "work") as catalog:
        assert {m.path for m in catalog.media()} == {str(good.resolve()), str(mute.resolve())}
        assert {Path(f.path).name for f in catalog.failures()} == {"text.mp4", "gone.mp4"}


def test_a_second_run_repeats_nothing_and_a_moved_file_is_known_again(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    film = make_film("film.mp4")
    (first,) = ingest_batch([film], tmp_path / "work", QUICK)
    moved = film.rename(tmp_path / "renamed.mp4")
    (second,) = ingest_batch([moved], tmp_path / "work", QUICK)
    assert (first.status, second.status) == ("ingested", "known")
    assert first.media == second.media
    with Catalog(tmp_path / "work") as catalog:
        assert [m.path for m in catalog.media()] == [str(moved.resolve())]


def test_another_detector_or_force_analyses_again_under_the_same_id(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    film = make_film("film.mp4")
    batches = [QUICK, Settings(detector="adaptive"), Settings(detector="adaptive", force=True)]
    reports = [next(iter(ingest_batch([film], tmp_path / "work", s))) for s in batches]
    assert [r.status for r in reports] == ["ingested"] * 3
    assert {r.media for r in reports} == {reports[0].media}
    with Catalog(tmp_path / "work") as catalog:
        media = catalog.media()[0]
        assert catalog.ingest_version(media.id)[0] == "adaptive"
        known = {
            catalog.folder / p.relative_to(catalog.folder) for p in catalog.folder.rglob("*.npy")
        }
        assert all("adaptive" in p.name for p in known), "arrays of the older analysis are removed"


def test_a_file_that_failed_and_was_mended_is_no_failure_any_more(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    path.write_text("not yet")
    list(ingest_batch([path], tmp_path / "work", QUICK))
    make_film("film.mp4")
    list(ingest_batch([path], tmp_path / "work", QUICK))
    with Catalog(tmp_path / "work") as catalog:
        assert catalog.failures() == []


def test_a_file_that_was_committed_before_its_process_died_is_no_failure_after_the_next_run(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    film = make_film("film.mp4")
    list(ingest_batch([film], tmp_path / "work", QUICK))
    with Catalog(tmp_path / "work") as catalog:
        catalog.record_failure(film.resolve(), "its process died (killed by signal 9)")
    (report,) = ingest_batch([film], tmp_path / "work", QUICK)
    with Catalog(tmp_path / "work") as catalog:
        assert (report.status, catalog.failures()) == ("known", [])


def test_folders_are_searched_in_order_for_media_only(tmp_path: Path) -> None:
    for name in ("b/2.MOV", "a/1.mp4", "a/notes.txt", "a/.hidden.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files, unreadable = find_media_files([tmp_path, tmp_path / "a/1.mp4"])
    assert [str(f.relative_to(tmp_path)) for f in files] == ["a/1.mp4", "b/2.MOV"]
    assert unreadable == []


def test_an_unreadable_folder_is_reported() -> None:
    closed = Path(tempfile.mkdtemp())  # in a folder that anybody may enter
    closed.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may read anything, so look as somebody else
    try:
        _, unreadable = find_media_files([closed])
    finally:
        if root:
            os.seteuid(0)
        closed.rmdir()
    assert [reason for _, reason in unreadable] == ["the folder cannot be read (Permission denied)"]


def test_media_are_found_by_id_path_or_name(make_film: FilmMaker, tmp_path: Path) -> None:
    film = make_film("film.mp4")
    (report,) = ingest_batch([film], tmp_path / "work", QUICK)
    with Catalog(tmp_path / "work") as catalog:
        for wanted in (str(report.media), str(film), "film.mp4"):
            assert catalog.find_media(wanted).id == report.media
        with pytest.raises(UnknownMedia, match="no media 'other' among the 1"):
            catalog.find_media("other")


def run_in_children(
    work: Work,
    *tasks: tuple[str, tuple[Any, ...]],
    jobs: int = 1,
    seconds: float = 30,
) -> list[Outcome]:
    executor = LocalExecutor(work, jobs=jobs, limits=Limits(seconds=seconds))
    for name, arguments in tasks:
        executor.submit(name, *arguments)
    return list(executor.as_completed())


def die(_on_progress: Callable[[float], None]) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def hang(_on_progress: Callable[[float], None]) -> dict[str, Any]:
    time.sleep(60)
    return {}


def answer(number: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
    on_progress(0.5)
    return {"twice": 2 * number}


def test_a_child_that_crashes_fails_alone() -> None:
    (crashed,) = run_in_children(die, ("bad", ()))
    assert crashed.error == "its process died (killed by signal 11)"
    outcomes = run_in_children(answer, ("a", (1,)), ("b", (2,)), jobs=2)
    assert {o.name: o.result for o in outcomes} == {"a": {"twice": 2}, "b": {"twice": 4}}


def test_a_child_that_hangs_is_stopped_at_the_limit() -> None:
    (stopped,) = run_in_children(hang, ("slow", ()), seconds=0.5)
    assert stopped.error == "it took longer than the limit of 0.5 s and was stopped (see --timeout)"


def test_a_batch_killed_half_way_goes_on_where_it_was(make_film: FilmMaker, tmp_path: Path) -> None:
    films = [make_film(f"{n}.mp4", (24, 24 + n)) for n in range(6)]
    work = tmp_path / "work"
    command = [sys.executable, "-m", "dashboard.cli", "ingest", "--detector", "content", "-q"]
    batch = subprocess.Popen([*command, "-w", str(tmp_path / "ws"), *map(str, films)])
    work = tmp_path / "ws" / "catalog"
    deadline = time.monotonic() + 600
    while count_media(work) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    batch.kill()
    batch.wait()
    done = count_media(work)
    assert done >= 2
    statuses = [r.status for r in ingest_batch(films, work, QUICK)]
    assert statuses.count("known") >= done
    with Catalog(work) as catalog:
        assert len(catalog.media()) == 6
        for media in catalog.media():
            assert len(catalog.shots(media.id)) == len(catalog.embeddings(media.id).vectors) == 2


def count_media(folder: Path) -> int:
    if not (folder / "catalog.sqlite").exists():
        return 0
    with Catalog(folder) as catalog:
        return len(catalog.media())


def test_odd_names_fail_alone_and_leave_the_batch_whole(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    make_film("odd/good.mp4")
    (folder / "loop.mp4").symlink_to(folder / "loop.mp4")
    os.mkfifo(folder / "pipe.mp4")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.mp4")).write_text("no film")
    reports = {r.path: r for r in ingest_batch([folder], tmp_path / "work", QUICK)}
    assert [r.status for r in reports.values()].count("ingested") == 1
    assert len(reports) == 4
    assert "pipe or a device" in reports[str(folder / "pipe.mp4")].reason
    assert "\\xff\\xfe.mp4" in "".join(reports)  # printable on any terminal


def test_a_film_that_changed_at_its_place_is_found_as_it_is_now(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    film = make_film("film.mp4", (24, 24))
    (first,) = ingest_batch([film], tmp_path / "work", QUICK)
    kept = film.rename(tmp_path / "kept.mp4")
    make_film("film.mp4", (24, 30))
    (second,) = ingest_batch([film], tmp_path / "work", QUICK)
    with Catalog(tmp_path / "work") as catalog:
        assert catalog.find_media(str(film)).id == second.media != first.media
    (moved,) = ingest_batch([kept], tmp_path / "work", QUICK)
    assert (moved.status, moved.media, moved.reason) == ("known", first.media, "")
    with Catalog(tmp_path / "work") as catalog:
        assert catalog.find_media(str(kept)).id == first.media


def test_a_copy_is_found_by_its_path_and_a_shared_name_is_told(
    make_film: FilmMaker, tmp_path: Path
) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
    film, other = make_film("a/x.mp4", (24,)), make_film("b/x.mp4", (24, 24))
    copy = tmp_path / "c" / "copy.mp4"
    copy.write_bytes(film.read_bytes())
    ids = [r.media for r in ingest_batch([film, other, copy], tmp_path / "work", QUICK)]
    with Catalog(tmp_path / "work") as catalog:
        assert catalog.find_media(str(copy)).id == ids[0]
        with pytest.raises(AmbiguousMedia, match="name of several media"):
            catalog.find_media("x.mp4")
