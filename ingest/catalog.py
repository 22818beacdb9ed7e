"""The catalogue: which footage is known, its shots, and where its arrays are.

One SQL database and a folder of arrays. `ingest.commit` writes what was found about a film.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from ingest import derived_files, tables
from ingest.arrays import read_array
from ingest.database import (
    CHANGED,
    in_words,
    named_url,
    open_database,
    plain_reason,
    read_only_url,
)
from ingest.errors import CatalogError, NotIngested, UnknownMedia
from ingest.lookup import named_media
from ingest.media import (
    DEFAULT_MODEL,
    Curves,
    Embeddings,
    Media,
    MediaId,
    Shot,
    ShotMeasures,
    Signatures,
    Sound,
)
from ingest.paths import printable
from ingest.rows import media_from, shot_from

_COMPUTE_EMBEDDINGS = "Compute them: reel ingest --embedding MODEL FILE"


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be ingested, and why."""

    path: str
    reason: str
    failed_at: str


class Catalog:
    """A folder with the database and `arrays/`, `thumbnails/`, `proxies/`; a context manager."""

    def __init__(self, folder: Path, *, url: str | None = None) -> None:
        """Open the catalogue in `folder`, making it if need be.

        Args:
            folder: Holds the arrays, and the SQLite database unless `url` names another.
            url: An SQLAlchemy URL, `postgresql+psycopg://…` for a team.

        Raises:
            CatalogError: The folder cannot be used, or its database not be read.
        """
        self.folder = folder
        try:
            url = url or named_url(folder)
            if url:
                folder.mkdir(parents=True, exist_ok=True)
            self.engine = open_database(url) if url else _open_embedded(folder)
        except (OSError, DatabaseError) as error:
            reason = plain_reason(error)
            raise CatalogError(f"{folder} cannot be used as a catalogue: {reason}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the database connections."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction that writes, alone from its beginning; an exception rolls it back."""
        with in_words(self.folder), self.engine.begin() as connection:
            yield connection
        if self.engine.dialect.name != "sqlite":
            (self.folder / CHANGED).touch()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for reading, which waits for no writer."""
        with (
            in_words(self.folder),
            self.engine.connect().execution_options(reading=True) as connection,
        ):
            yield connection

    # Media

    def media(self) -> list[Media]:
        """Every media, in the order they were first ingested."""
        with self.reading() as connection:
            rows = connection.execute(select(tables.media).order_by(tables.media.c.id)).all()
        return [media_from(row) for row in rows]

    def get_media(self, media_id: int) -> Media:
        """The media with this id.

        Raises:
            UnknownMedia: There is none.
        """
        with self.reading() as connection:
            row = connection.execute(
                select(tables.media).where(tables.media.c.id == media_id)
            ).one_or_none()
        if row is None:
            raise UnknownMedia(str(media_id), len(self.media()))
        return media_from(row)

    def find_media(self, wanted: str) -> Media:
        """The media that a user names by its id, its path, or its file name if only one has it.

        Raises:
            UnknownMedia: None fits.
            AmbiguousMedia: A name fits several files.
        """
        return named_media(wanted, self.media())

    def find_fingerprint(self, fingerprint: str) -> Media | None:
        """The media with this content, wherever its file was."""
        with self.reading() as connection:
            row = connection.execute(
                select(tables.media).where(tables.media.c.fingerprint == fingerprint)
            ).one_or_none()
        return None if row is None else media_from(row)

    def ingest_version(self, media_id: MediaId) -> tuple[str, str]:
        """With which detector, and which version of ingest, this media was analysed."""
        columns = (tables.media.c.detector, tables.media.c.ingest_version)
        with self.reading() as connection:
            row = connection.execute(select(*columns).where(tables.media.c.id == media_id)).one()
        return row[0], row[1]

    def move_media(self, media_id: MediaId, path: Path) -> None:
        """Note that a file known by its content now is at `path`."""
        with self.transaction() as connection:
            connection.execute(
                update(tables.media).where(tables.media.c.id == media_id).values(path=str(path))
            )
            connection.execute(delete(tables.failure).where(tables.failure.c.path == str(path)))

    # Proxies

    def proxy_draft(self, fingerprint: str) -> Path:
        """A name to write the proxy of a film to, until `commit_analysis` or `add_proxy`."""
        return derived_files.proxy_draft(self.folder, fingerprint)

    def add_proxy(self, media_id: MediaId, draft: Path) -> Path:
        """Take over a finished proxy of a known film; gives where it is now."""
        fingerprint = self.get_media(media_id).fingerprint
        place = derived_files.take_over_proxy(self.folder, draft, fingerprint)
        with self.transaction() as connection:
            connection.execute(
                update(tables.media).where(tables.media.c.id == media_id).values(proxy=place)
            )
        return self.folder / place

    def proxy(self, media: Media) -> Path | None:
        """The review proxy of a film: its frame `n` is the film's frame `n`, the first at time 0.

        Returns:
            None if the film has none, or its file is gone.
        """
        with self.reading() as connection:
            place = connection.scalar(
                select(tables.media.c.proxy).where(tables.media.c.id == media.id)
            )
        return self.folder / place if place and (self.folder / place).is_file() else None

    # Shots and what was measured of them

    def shots(self, media_id: MediaId) -> list[Shot]:
        """The shots of a media, in order; together they tile it."""
        query = select(tables.shot).where(tables.shot.c.media_id == media_id)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(tables.shot.c.idx)).all()
        return [shot_from(row) for row in rows]

    def shot_count(self) -> dict[int, int]:
        """How many shots each media has, by its id."""
        count = select(tables.shot.c.media_id, func.count()).group_by(tables.shot.c.media_id)
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(count)}

    def frame_times(self, media_id: MediaId) -> NDArray[np.int64]:
        """PTS of every frame in decode order, `(frames,)`, in ticks of `time_base`."""
        return self._array(media_id, derived_files.FRAME_TIMES)[0]

    def measures(self, media_id: MediaId) -> ShotMeasures:
        """The named measures of every shot."""
        values, names, _ = self._array(media_id, derived_files.MEASURES)
        return ShotMeasures(tuple(names.split(",")), np.asarray(values))

    def curves(self, media_id: MediaId) -> Curves:
        """Measures of every frame, and loudness every 100 ms."""
        values, names, _ = self._array(media_id, derived_files.CURVES)
        loudness = self._array(media_id, derived_files.LOUDNESS)[0]
        return Curves(tuple(names.split(",")), np.asarray(values), np.asarray(loudness))

    def sound(self, media_id: MediaId) -> Sound:
        """Loudness, true peak, voice and onsets over the film."""
        names = derived_files.SOUND
        return Sound(
            **{name: np.asarray(self._array(media_id, f"sound_{name}")[0]) for name in names}
        )

    def picture_frames(self, media_id: MediaId) -> NDArray[np.int64]:
        """The frame that each shot's thumbnail and embedding was made of, `(shots,)`."""
        return self._array(media_id, derived_files.PICTURE_FRAMES)[0]

    def signatures(self, media_id: MediaId) -> Signatures:
        """The film's picture signatures, four a second.

        Raises:
            NotIngested: It was ingested before there were any.
        """
        frames = self._array(media_id, derived_files.SIGNATURE_FRAMES)[0]
        return Signatures(frames, self._array(media_id, derived_files.SIGNATURES)[0])

    def signature_values(self) -> Iterator[tuple[MediaId, NDArray[np.uint64]]]:
        """The signatures of every film that has some, `(n,)`, without their frames."""
        files = tables.array_file.c
        query = select(files.media_id, files.path).where(files.kind == derived_files.SIGNATURES)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(files.media_id)).all()
        for media_id, path in rows:
            yield MediaId(media_id), read_array(self.folder / path)

    def embedding_models(self, media_id: MediaId) -> dict[str, str]:
        """The models by which this media has embeddings, with the version of each."""
        files = tables.array_file.c
        query = select(files.model, files.version).where(
            files.media_id == media_id, files.kind == derived_files.EMBEDDINGS
        )
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.order_by(files.model))}

    def embeddings(self, media_id: MediaId, model: str | None = None) -> Embeddings:
        """One vector of unit length per shot.

        Args:
            media_id: Whose.
            model: By which model. If None, `DEFAULT_MODEL`, or the only one there is; which of
                several others is never guessed.

        Raises:
            NotIngested: This media has none by that model.
        """
        known = tuple(self.embedding_models(media_id))
        model = model or (known[0] if len(known) == 1 else DEFAULT_MODEL)
        if model not in known:
            others = f" (but by {', '.join(known)})" if known else ""
            name = self.get_media(media_id).name
            raise NotIngested(name, f"embeddings {model}{others}", _COMPUTE_EMBEDDINGS)
        values, name, version = self._array(media_id, derived_files.EMBEDDINGS, model)
        return Embeddings(name, version, np.asarray(values))

    def transition_scores(self, media_id: MediaId) -> NDArray[np.float32]:
        """The detector's score of every frame, `(frames,)`, in [0, 1] for TransNetV2."""
        return self._array(media_id, derived_files.SHOT_SCORES)[0]

    def thumbnail(self, media: Media, shot: int) -> Path:
        """Where the JPEG of a shot is."""
        query = select(tables.media.c.thumbnails).where(tables.media.c.id == media.id)
        with self.reading() as connection:
            place = connection.scalar(query)
        place = place or derived_files.first_thumbnails(media.fingerprint)
        return self.folder / place / derived_files.thumbnail_name(shot)

    # Failures

    def record_failure(self, path: Path, reason: str) -> None:
        """Note that a file could not be ingested, replacing what was noted of it before."""
        name = printable(str(path))
        row = {"path": name, "reason": printable(reason), "failed_at": _now()}
        with self.transaction() as connection:
            connection.execute(delete(tables.failure).where(tables.failure.c.path == name))
            connection.execute(insert(tables.failure), [row])

    def forget_failure(self, path: Path) -> None:
        """Note that a file which failed before is in the catalogue all the same."""
        mine = tables.failure.c.path == printable(str(path))
        with self.reading() as connection:
            noted = connection.execute(select(tables.failure.c.path).where(mine)).first()
        if noted:
            with self.transaction() as connection:
                connection.execute(delete(tables.failure).where(mine))

    def failures(self) -> list[Failure]:
        """The files that could not be ingested, latest first."""
        query = select(tables.failure).order_by(tables.failure.c.failed_at.desc())
        with self.reading() as connection:
            return [Failure(*row) for row in connection.execute(query)]

    # Arrays

    def sweep(self, *, older_than: float = 3600.0) -> list[Path]:
        """Remove the files that writers left when they were killed.

        Those are half-written files, and arrays, thumbnails and proxies that no row names. A
        writer is never still for long, so only what is older than `older_than` seconds is
        touched.

        Returns:
            What was removed.
        """
        return derived_files.remove_leftovers(self.folder, self._named, older_than=older_than)

    def _named(self) -> set[str]:
        """The paths that rows name, relative to the folder."""
        columns = (tables.array_file.c.path, tables.media.c.proxy, tables.media.c.thumbnails)
        with self.reading() as connection:
            return {path for c in columns for path in connection.scalars(select(c)) if path}

    def _array(
        self, media_id: MediaId, kind: str, model: str | None = None
    ) -> tuple[NDArray[Any], str, str]:
        query = select(tables.array_file).where(
            tables.array_file.c.media_id == media_id, tables.array_file.c.kind == kind
        )
        if model is not None:
            query = query.where(tables.array_file.c.model == model)
        with self.reading() as connection:
            row = connection.execute(query.order_by(tables.array_file.c.model)).first()
        if row is None:
            raise NotIngested(self.get_media(media_id).name, f"{kind} {model or ''}".strip())
        return read_array(self.folder / row.path), row.model, row.version


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _open_embedded(folder: Path) -> Engine:
    """The SQLite database of a folder, made if need be; only to be read where that is all one may.

    Raises:
        OSError: It is not there and cannot be made.
    """
    file = folder / "catalog.sqlite"
    if file.exists() and not (_writable(file) and _writable(folder)):
        return open_database(read_only_url(file), read_only=True)
    folder.mkdir(parents=True, exist_ok=True)
    return open_database(f"sqlite:///{file}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
