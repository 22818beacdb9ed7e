"""A batch: many files through an engine, a job for each, and a report as each ends.

The process that reads a file commits it to the catalogue itself, so a killed batch repeats nothing
that was committed; a bad file is reported and the rest go on.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ingest.catalog import Catalog
from ingest.dropfolder import DropFolder
from ingest.engines import make_executor
from ingest.engines.executor import Listener, Outcome
from ingest.files import find_media_files
from ingest.jobs import BEAT_SECONDS, JobStore
from ingest.paths import absolute, printable
from ingest.run import Report, Settings, ingest_in_child

_TICK_SECONDS = 0.5
"""How often a batch looks for cancelled jobs."""


@dataclass(frozen=True, slots=True)
class Machines:
    """Where a batch runs."""

    engine: str = "local"
    """One of `ingest.engines.ENGINES`."""
    jobs: int = 1
    """Files at a time on this machine; on Ray the cluster's processors decide."""
    cpus: float = 1.0
    """On Ray: processors that each file asks for."""
    gpus: float = 0.0
    """On Ray: GPUs that each file asks for."""
    address: str | None = None
    """On Ray: of the cluster; None for the one that Ray finds, or a new one on this machine."""

    @property
    def decoder_threads(self) -> int:
        """One where other films keep the processors busy: a film's own threads cost CPU time."""
        return 1 if self.jobs > 1 or self.engine == "ray" else 0


@dataclass(frozen=True, slots=True)
class Watcher:
    """What a batch tells while it works."""

    on_files: Callable[[list[Path]], None] = lambda files: None
    """Called with the files that are to be done, at the beginning and as more arrive."""
    on_progress: Callable[[str, float], None] = lambda path, done: None
    """Called with a file's path and the share of it that is done, 0 to 1."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked twice a second; if so, `KeyboardInterrupt` is raised where nothing is half begun."""


def ingest_batch(
    paths: Iterable[Path],
    catalog_folder: Path,
    settings: Settings,
    machines: Machines = Machines(),
    *,
    drop_folder: DropFolder | None = None,
    watcher: Watcher = Watcher(),
) -> Iterator[Report]:
    """Ingest many files, each in a child process; a bad one is reported and the rest go on.

    Args:
        paths: Files, and folders that are searched for media.
        catalog_folder: Where the catalogue is.
        settings: How.
        machines: Where.
        drop_folder: If given, the batch takes what arrives in it, and does not end by itself.
        watcher: Told of files and of progress.

    Yields:
        A report for each file, as it ends. If the caller stops early, or is interrupted, what is
        under way is stopped, and its jobs are queued for another time.
    """
    with Catalog(catalog_folder) as catalog:
        catalog.sweep()
        yield from _Batch(catalog, settings, machines, watcher).run(paths, drop_folder)


def failed_files(catalog_folder: Path, under: Iterable[Path] = ()) -> list[Path]:
    """The paths that failed before, in order; those among or below `under`, if any are given."""
    with Catalog(catalog_folder) as catalog:
        failed = sorted(Path(failure.path) for failure in catalog.failures())
    places = [absolute(place) for place in under]
    return [p for p in failed if not places or any(p.is_relative_to(place) for place in places)]


class _Batch:
    """One run over files, and the jobs it owns."""

    def __init__(
        self, catalog: Catalog, settings: Settings, machines: Machines, watcher: Watcher
    ) -> None:
        self.catalog, self.watcher = catalog, watcher
        self.settings = replace(settings, decoder_threads=machines.decoder_threads)
        self.store = JobStore(catalog)
        self.jobs: dict[str, int] = {}
        self.progress: dict[str, float] = {}
        self.begun: dict[str, float] = {}
        self.last_beat = time.monotonic()
        self.executor = make_executor(
            machines.engine,
            ingest_in_child,
            jobs=machines.jobs,
            limits=settings.limits,
            listener=Listener(self._on_start, self._on_progress),
            cpus=machines.cpus,
            gpus=machines.gpus,
            address=machines.address,
        )

    def run(self, paths: Iterable[Path], drop_folder: DropFolder | None) -> Iterator[Report]:
        files, unreadable = find_media_files(paths)
        try:
            for path, reason in unreadable:
                self.catalog.record_failure(absolute(path), reason)
                yield Report(printable(str(path)), "failed", None, 0, reason)
            yield from self._take_in(files)
            while self.executor.under_way or drop_folder:
                if drop_folder:
                    yield from self._take_in(drop_folder.take(time.monotonic()))
                    if not self.executor.under_way:
                        time.sleep(_TICK_SECONDS)
                for outcome in self.executor.as_completed(_TICK_SECONDS):
                    yield self._end(outcome)
                    if self.watcher.should_stop():
                        break
                if self.watcher.should_stop():
                    raise KeyboardInterrupt
                self._look_around()
        finally:
            self.executor.close()
            self.store.release()

    def _take_in(self, files: list[Path]) -> Iterator[Report]:
        """Queue a job for each file; those that another batch is at work on are only reported."""
        named = {
            printable(str(absolute(path))): path
            for path in reversed(files)
            if str(path) not in self.jobs
        }
        if not named:
            return
        taken, busy = self.store.queue(reversed(named))
        self.watcher.on_files([named[resolved] for resolved in [*taken, *busy]])
        for resolved, job in taken.items():
            path = str(named[resolved])
            self.jobs[path] = job
            self.executor.submit(path, path, str(self.catalog.folder), asdict(self.settings))
        for resolved, other in busy.items():
            reason = f"another batch is at work on it: process {other.pid} on {other.host}"
            yield Report(printable(str(named[resolved])), "busy", None, 0, reason)

    def _on_start(self, path: str) -> None:
        self.begun[path] = time.monotonic()
        self.store.start(self.jobs[path])

    def _on_progress(self, path: str, done: float) -> None:
        self.progress[path] = done
        self.watcher.on_progress(path, done)

    def _look_around(self) -> None:
        """Stop what was cancelled, and say that this batch lives."""
        cancelled = self.store.cancelled(self.jobs.values())
        for path in [p for p, job in self.jobs.items() if job in cancelled]:
            self.executor.cancel(path)
        if self.progress or time.monotonic() - self.last_beat > BEAT_SECONDS:
            self.store.beat({self.jobs[path]: done for path, done in self.progress.items()})
            self.progress.clear()
            self.last_beat = time.monotonic()

    def _end(self, outcome: Outcome) -> Report:
        job = self.jobs.pop(outcome.name)
        self.progress.pop(outcome.name, None)
        now = time.monotonic()
        took = round(now - self.begun.pop(outcome.name, now), 3)
        if outcome.error is None:
            result = outcome.result
            remarks = tuple(map(printable, result["remarks"]))
            reason = "; ".join(remarks)
            self.store.finish(job, "done", reason)
            return Report(
                *(printable(outcome.name), result["status"], result["media"], result["shots"]),
                *(reason, remarks, result["film_seconds"], took),
            )
        name, reason = printable(outcome.name), printable(outcome.error)
        if outcome.cancelled:
            self.store.finish(job, "cancelled", reason)
            return Report(name, "cancelled", None, 0, reason, seconds=took)
        self.catalog.record_failure(absolute(Path(outcome.name)), reason)
        self.store.finish(job, "failed", reason)
        return Report(name, "failed", None, 0, reason, seconds=took)
