"""Ingest: from a path to rows in the catalogue, one file or a batch.

A batch runs each file in a child process, so that one that crashes or hangs fails alone;
the child commits to the catalogue itself, and a killed batch repeats nothing committed.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.catalog import Catalog
from ingest.engine import Outcome, run_in_children
from ingest.errors import UnreadableMedia
from ingest.fingerprint import fingerprint_file
from ingest.media import Media
from ingest.paths import absolute, printable

INGEST_VERSION = "1"
"""Counts up whenever the same file would give another analysis; older ones are then done again."""

MEDIA_SUFFIXES = frozenset(
    (
        *(".3gp", ".asf", ".avi", ".dv", ".flv", ".gxf", ".ivf", ".m2ts", ".m4v", ".mkv", ".mov"),
        *(".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".ts", ".webm", ".wmv"),
    )
)
"""What a folder is searched for. A file that is named itself is tried whatever it is called."""

Status = Literal["ingested", "known", "failed"]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file."""

    path: str
    status: Status
    media: int | None
    """Its id in the catalogue, unless it failed."""
    shots: int
    reason: str
    """Why it failed, or what else a person should know; may be empty."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a batch is ingested."""

    detector: str = "transnet"
    force: bool = False
    """Analyse again what the catalogue already knows."""
    accept_damaged: bool = False
    """Take what decodes of a truncated file."""
    timeout: float = 6 * 3600
    """Seconds that one file may take."""


def ingest_file(
    path: Path,
    catalog: Catalog,
    settings: Settings = Settings(),
    *,
    on_progress: Callable[[float], None] = lambda done: None,
) -> tuple[Media, Status]:
    """Analyse one file in this process and commit what was found.

    A file whose content is known, by the same detector and version, is not analysed again; if it
    has moved, the catalogue learns where it is now.

    Raises:
        UnreadableMedia: It cannot be read; nothing is committed.
        MissingWeights: A network's weights are not installed.
    """
    fingerprint = fingerprint_file(path)
    known = catalog.find_fingerprint(fingerprint)
    done_with = (settings.detector, INGEST_VERSION)
    if known and not settings.force and catalog.ingest_version(known.id) == done_with:
        on_progress(1.0)
        here = str(absolute(path))
        if known.path != here and not _holds(known.path, fingerprint):
            catalog.move_media(known.id, absolute(path))
        return catalog.get_media(known.id), "known"
    from ingest.analysis import analyse

    analysis = analyse(
        path,
        fingerprint=fingerprint,
        detector=settings.detector,
        accept_damaged=settings.accept_damaged,
        on_progress=on_progress,
    )
    return catalog.commit_analysis(analysis, version=INGEST_VERSION), "ingested"


def ingest_batch(
    paths: Iterable[Path],
    catalog_folder: Path,
    settings: Settings,
    *,
    jobs: int = 1,
    on_progress: Callable[[str, float], None] = lambda path, done: None,
) -> Iterator[Report]:
    """Ingest many files, each in a child process; a bad one is reported and the rest go on.

    Args:
        paths: Files, and folders that are searched for media.
        catalog_folder: Where the catalogue is.
        settings: How.
        jobs: How many files at a time.
        on_progress: Called with a file's path and the share of it that is done.

    Yields:
        A report for each file, as it ends.
    """
    files, unreadable = find_media_files(paths)
    with Catalog(catalog_folder) as catalog:
        for path, reason in unreadable:
            catalog.record_failure(path, reason)
            yield Report(printable(str(path)), "failed", None, 0, reason)
        tasks = [(str(path), (str(path), str(catalog_folder), settings)) for path in files]
        for outcome in run_in_children(
            ingest_in_child, tasks, jobs=jobs, timeout=settings.timeout, on_progress=on_progress
        ):
            yield _report(outcome, catalog)


def ingest_in_child(
    path: str, catalog_folder: str, settings: Settings, on_progress: Callable[[float], None]
) -> dict[str, object]:
    """Ingest one file; what comes back is plain data, fit to be sent between processes."""
    with Catalog(Path(catalog_folder)) as catalog:
        media, status = ingest_file(Path(path), catalog, settings, on_progress=on_progress)
        known_as = "" if media.path == str(absolute(Path(path))) else f"the same as {media.path}"
        reason = "; ".join([known_as, *media.warnings] if known_as else media.warnings)
        shots = len(catalog.shots(media.id))
    return {"status": status, "media": media.id, "shots": shots, "reason": reason}


def find_media_files(paths: Iterable[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The media files that `paths` name, once each and in order; and what could not be searched."""
    files: dict[Path, None] = {}
    unreadable: list[tuple[Path, str]] = []

    def note(error: OSError) -> None:
        unreadable.append((Path(error.filename), f"the folder cannot be read ({error.strerror})"))

    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises where it may not look)
            files.setdefault(path)
            continue
        for folder, subfolders, names in os.walk(path, onerror=note):
            subfolders.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in MEDIA_SUFFIXES and not name.startswith("."):
                    files.setdefault(Path(folder) / name)
    return list(files), unreadable


def _holds(path: str, fingerprint: str) -> bool:
    """Whether the file at `path` still has the content that was ingested."""
    try:
        return fingerprint_file(path) == fingerprint
    except UnreadableMedia:
        return False


def _report(outcome: Outcome, catalog: Catalog) -> Report:
    if outcome.error is not None:
        catalog.record_failure(absolute(Path(outcome.name)), outcome.error)
        return Report(printable(outcome.name), "failed", None, 0, printable(outcome.error))
    result = outcome.result
    return Report(
        outcome.name, result["status"], result["media"], result["shots"], result["reason"]
    )
