"""Ingest of one file: from a path to rows in the catalogue, here or in a child process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ingest.catalog import Catalog
from ingest.commit import add_embeddings, commit_analysis
from ingest.errors import UnreadableMedia
from ingest.fingerprint import fingerprint_file
from ingest.limits import GIBIBYTE, Limits
from ingest.media import DEFAULT_MODEL, Media
from ingest.paths import absolute

if TYPE_CHECKING:
    from ingest.features import ImageModel

INGEST_VERSION = "5"
"""Counts up whenever the same file would give another analysis; older ones are then done again."""

Progress = Callable[[float], None]
Status = Literal["ingested", "known", "failed", "cancelled", "busy", "queued"]


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
    remarks: tuple[str, ...] = ()
    """Of a file that is in the catalogue: what a person should know, one by one."""
    film_seconds: float = 0.0
    """How long the film lasts; 0 if it is not in the catalogue."""
    seconds: float = 0.0
    """How long its ingest took."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a batch is ingested."""

    detector: str = "cascade"
    force: bool = False
    """Analyse again what the catalogue already knows."""
    accept_damaged: bool = False
    """Take what decodes of a truncated file."""
    embedding: str = DEFAULT_MODEL
    """Which model's embeddings are wanted, as `ingest.features.make_image_model` takes it."""
    proxies: bool = False
    """Write a review proxy of each film."""
    timeout: float = 6 * 3600
    """Seconds that one file may take."""
    memory: float = 6.0
    """GiB that one file may take, beyond what the program itself does."""
    decoder_threads: int = 0
    """On which a film is decoded; 0 lets FFmpeg choose."""

    @property
    def limits(self) -> Limits:
        """What the process that reads a file is bound to."""
        return Limits(seconds=self.timeout, memory=round(self.memory * GIBIBYTE))


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file that could be read."""

    media: Media
    status: Status
    remarks: tuple[str, ...] = ()
    """What a person should know, beyond the warnings of the media."""


def ingest_file(
    path: Path,
    catalog: Catalog,
    settings: Settings = Settings(),
    *,
    on_progress: Progress = lambda done: None,
) -> Ingested:
    """Analyse one file in this process and commit what was found.

    A file whose content is known, by the same detector and version, is not analysed again: it
    only gets the embeddings or the proxy that it lacks. If it has moved, the catalogue learns
    where it is now.

    Raises:
        UnreadableMedia: It cannot be read; nothing is committed.
        MissingWeights: A network's weights are not installed.
        ModelUnusable: There is no such model for embeddings.
    """
    fingerprint = fingerprint_file(path)
    known = catalog.find_fingerprint(fingerprint)
    done_with = (settings.detector, INGEST_VERSION)
    if known and not settings.force and catalog.ingest_version(known.id) == done_with:
        remarks = _complete(path, catalog, known, settings, on_progress)
        on_progress(1.0)
        here = str(absolute(path))
        if known.path != here and not _holds(known.path, fingerprint):
            catalog.move_media(known.id, absolute(path))
        catalog.forget_failure(absolute(path))
        return Ingested(catalog.get_media(known.id), "known", tuple(remarks))
    wants_proxy = settings.proxies and (
        known is None or settings.force or catalog.proxy(known) is None
    )
    return _analyse(
        path, catalog, settings, fingerprint, wants_proxy=wants_proxy, on_progress=on_progress
    )


def _analyse(
    path: Path,
    catalog: Catalog,
    settings: Settings,
    fingerprint: str,
    *,
    wants_proxy: bool,
    on_progress: Progress,
) -> Ingested:
    """Read a film from its beginning to its end, and commit all that was found."""
    from ingest.analysis import analyse
    from ingest.duplicates import remarks_on
    from ingest.features import make_image_model
    from ingest.proxy import ProxyWriter

    with ProxyWriter(catalog.proxy_draft(fingerprint)) as proxy:
        analysis = analyse(
            path,
            fingerprint=fingerprint,
            detector=settings.detector,
            model=make_image_model(settings.embedding),
            accept_damaged=settings.accept_damaged,
            decoder_threads=settings.decoder_threads,
            proxy=proxy if wants_proxy else None,
            on_progress=on_progress,
        )
        media = commit_analysis(catalog, analysis, version=INGEST_VERSION)
    remarks = [f"no review proxy: {proxy.failure}"] if proxy.failure else []
    return Ingested(media, "ingested", (*remarks, *remarks_on(catalog, media)))


def _complete(
    path: Path, catalog: Catalog, media: Media, settings: Settings, on_progress: Progress
) -> list[str]:
    """Add the embeddings and the proxy that are asked for and that a known film lacks."""
    remarks = []
    model = _missing_model(catalog, media, settings.embedding)
    if model is not None:
        from ingest.reembed import embed_again

        frames = catalog.picture_frames(media.id).tolist()
        embeddings = embed_again(path, frames, model, on_progress=on_progress)
        add_embeddings(catalog, media.id, embeddings)
        remarks.append(f"embeddings by {model.name} added")
    if settings.proxies and catalog.proxy(media) is None:
        from ingest.proxy import make_proxy

        draft = catalog.proxy_draft(media.fingerprint)
        failure = make_proxy(path, draft, catalog.frame_times(media.id), on_progress=on_progress)
        if not failure:
            catalog.add_proxy(media.id, draft)
        remarks.append(f"no review proxy: {failure}" if failure else "review proxy added")
    return remarks


def _missing_model(catalog: Catalog, media: Media, name: str) -> "ImageModel | None":
    """The model, if this film has no embeddings by its very weights."""
    known = catalog.embedding_models(media.id)
    if name == DEFAULT_MODEL and name in known:
        return None  # its weights change with the version of ingest only
    from ingest.features import make_image_model

    model = make_image_model(name)
    return None if known.get(model.name) == model.version else model


def ingest_in_child(
    path: str,
    catalog_folder: str,
    settings: Mapping[str, Any],
    on_progress: Progress,
) -> dict[str, object]:
    """Ingest one file; all that goes in and comes back is plain, fit to be sent to processes.

    `settings` holds the fields of `Settings`.
    """
    from ingest.threads import one_thread

    with one_thread(), Catalog(Path(catalog_folder)) as catalog:
        done = ingest_file(Path(path), catalog, Settings(**settings), on_progress=on_progress)
        media = done.media
        known_as = "" if media.path == str(absolute(Path(path))) else f"the same as {media.path}"
        remarks = [text for text in (known_as, *done.remarks, *media.warnings) if text]
        shots = len(catalog.shots(media.id))
    known = {"media": media.id, "shots": shots, "film_seconds": float(media.seconds)}
    return {"status": done.status, "remarks": remarks, **known}


def _holds(path: str, fingerprint: str) -> bool:
    """Whether the file at `path` still has the content that was ingested."""
    try:
        return fingerprint_file(path) == fingerprint
    except UnreadableMedia:
        return False
