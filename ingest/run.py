"""Ingest of one file: from a path to rows in the catalogue, here or in a child process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ingest.catalog import Catalog
from ingest.errors import UnreadableMedia
from ingest.fingerprint import fingerprint_file
from ingest.limits import GIBIBYTE, Limits
from ingest.media import Media
from ingest.paths import absolute

INGEST_VERSION = "2"
"""Counts up whenever the same file would give another analysis; older ones are then done again."""

Status = Literal["ingested", "known", "failed", "cancelled", "busy"]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file."""

    path: str
    status: Status
    media: int | None
    """Its id in the catalogue, if it was ingested or is known."""
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
    memory: float = 6.0
    """GiB that one file may take, beyond what the program itself does."""

    @property
    def limits(self) -> Limits:
        """What the process that reads a file is bound to."""
        return Limits(seconds=self.timeout, memory=round(self.memory * GIBIBYTE))


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


def ingest_in_child(
    path: str,
    catalog_folder: str,
    settings: Mapping[str, Any],
    on_progress: Callable[[float], None],
) -> dict[str, object]:
    """Ingest one file; all that goes in and comes back is plain, fit to be sent to processes.

    `settings` holds the fields of `Settings`.
    """
    with Catalog(Path(catalog_folder)) as catalog:
        media, status = ingest_file(
            Path(path), catalog, Settings(**settings), on_progress=on_progress
        )
        known_as = "" if media.path == str(absolute(Path(path))) else f"the same as {media.path}"
        reason = "; ".join([known_as, *media.warnings] if known_as else media.warnings)
        shots = len(catalog.shots(media.id))
    return {"status": status, "media": media.id, "shots": shots, "reason": reason}


def _holds(path: str, fingerprint: str) -> bool:
    """Whether the file at `path` still has the content that was ingested."""
    try:
        return fingerprint_file(path) == fingerprint
    except UnreadableMedia:
        return False
