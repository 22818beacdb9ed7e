"""The catalogue: which footage is known, its shots, and where its arrays are.

One SQL database and a folder of arrays. A media is committed whole, in one transaction after
its arrays are on disk, so whoever reads sees all of it or none of it.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from ingest import tables
from ingest.arrays import read_array, write_array
from ingest.database import open_database
from ingest.errors import (
    AmbiguousMedia,
    CatalogError,
    NotIngested,
    UnknownMedia,
    UnreadableMedia,
)
from ingest.fingerprint import fingerprint_file
from ingest.media import (
    Audio,
    Colour,
    Curves,
    Embeddings,
    Media,
    MediaId,
    Shot,
    ShotMeasures,
    Sound,
    Transition,
)
from ingest.paths import absolute, printable
from ingest.timecode import FrameRange

_FRAME_TIMES, _MEASURES, _CURVES, _LOUDNESS = "frame_times", "measures", "curves", "loudness"
_EMBEDDINGS, _SHOT_SCORES = "embeddings", "transition_scores"
_PICTURE_FRAMES = "picture_frames"
_SOUND = ("levels", "true_peaks", "voice", "voiced", "onsets")
"""The arrays of `Sound`, each of a kind of its own: `sound_levels`, …"""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one pass over a file found, before it has an id in a catalogue."""

    media: Media
    """Its `id` is not yet one of the catalogue's."""
    detector: str
    shots: tuple[Shot, ...]
    frame_times: NDArray[np.int64]
    """`(frames,)`, PTS of every frame in decode order."""
    measures: ShotMeasures
    curves: Curves
    embeddings: tuple[Embeddings, ...]
    transition_scores: NDArray[np.float32]
    """`(frames,)`, the detector's score that a transition happens at each frame."""
    thumbnails: tuple[bytes, ...]
    """A JPEG for each shot."""
    sound: Sound = field(default_factory=Sound)
    picture_frames: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """`(shots,)`, the frame that each thumbnail and embedding was made of; empty if not known."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be ingested, and why."""

    path: str
    reason: str
    failed_at: str


class Catalog:
    """A folder with the database, `arrays/` and `thumbnails/`; use it as a context manager."""

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
            folder.mkdir(parents=True, exist_ok=True)
            self.engine = open_database(url or f"sqlite:///{folder / 'catalog.sqlite'}")
        except (OSError, DatabaseError) as error:
            raise CatalogError(f"{folder} cannot be used as a catalogue: {error}") from error

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
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for reading, which waits for no writer."""
        with self.engine.connect().execution_options(reading=True) as connection:
            yield connection

    # Media

    def media(self) -> list[Media]:
        """Every media, in the order they were first ingested."""
        with self.reading() as connection:
            rows = connection.execute(select(tables.media).order_by(tables.media.c.id)).all()
        return [_media_from(row) for row in rows]

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
        return _media_from(row)

    def find_media(self, wanted: str) -> Media:
        """The media that a user names by its id, its path, or its file name if only one has it.

        Raises:
            UnknownMedia: None fits.
            AmbiguousMedia: A name fits several files.
        """
        known = self.media()
        resolved = absolute(wanted)
        by_id = [m for m in known if str(m.id) == wanted]
        by_path = [m for m in known if m.path in (wanted, str(resolved))]
        by_name = [m for m in known if m.name == wanted]
        if by_id:
            return by_id[0]
        if by_path:
            return self._there_now(resolved, by_path)
        if len({m.path for m in by_name}) == 1:
            return self._there_now(Path(by_name[0].path), by_name)
        if by_name:
            raise AmbiguousMedia(wanted, tuple(f"{m.id}  {m.path}" for m in by_name))
        copy = _content_of(resolved, known)
        if copy is None:
            raise UnknownMedia(wanted, len(known))
        return copy

    @staticmethod
    def _there_now(path: Path, media: list[Media]) -> Media:
        """Of the media that were ingested from one path: what is there now, else the latest."""
        now = _content_of(path, media) if len(media) > 1 else None
        return now or media[-1]

    def find_fingerprint(self, fingerprint: str) -> Media | None:
        """The media with this content, wherever its file was."""
        with self.reading() as connection:
            row = connection.execute(
                select(tables.media).where(tables.media.c.fingerprint == fingerprint)
            ).one_or_none()
        return None if row is None else _media_from(row)

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

    def commit_analysis(self, analysis: Analysis, *, version: str) -> Media:
        """Write all that was found about one file, replacing what was known of the same content.

        Arrays and thumbnails go to disk first, under names that hold the content's fingerprint;
        the rows follow in one transaction. What an older analysis left is removed last.
        """
        files = self._write_arrays(analysis, version)
        self._write_thumbnails(analysis)
        with self.transaction() as connection:
            media_id = _write_media(connection, analysis, version)
            connection.execute(delete(tables.shot).where(tables.shot.c.media_id == media_id))
            connection.execute(
                insert(tables.shot), [_shot_row(media_id, shot) for shot in analysis.shots]
            )
            old = set(_array_paths(connection, media_id))
            connection.execute(
                delete(tables.array_file).where(tables.array_file.c.media_id == media_id)
            )
            connection.execute(
                insert(tables.array_file), [f | {"media_id": media_id} for f in files]
            )
            connection.execute(
                delete(tables.failure).where(tables.failure.c.path == analysis.media.path)
            )
        for path in old - {f["path"] for f in files}:
            (self.folder / path).unlink(missing_ok=True)
        return self.get_media(media_id)

    def add_embeddings(self, media_id: MediaId, embeddings: Embeddings) -> None:
        """Add the embeddings of one more model, or replace those that this model made before.

        Raises:
            ValueError: They are not one vector a shot.
        """
        media, detector = self.get_media(media_id), self.ingest_version(media_id)[0]
        shots = self.shot_count().get(media_id, 0)
        if len(embeddings.vectors) != shots:
            raise ValueError(f"{len(embeddings.vectors)} vectors do not fit {shots} shots")
        model, version = embeddings.model, embeddings.version
        row = self._write_array(media, detector, (_EMBEDDINGS, model, version, embeddings.vectors))
        of_model = (
            (tables.array_file.c.media_id == media_id)
            & (tables.array_file.c.kind == _EMBEDDINGS)
            & (tables.array_file.c.model == model)
        )
        with self.transaction() as connection:
            old = connection.scalars(select(tables.array_file.c.path).where(of_model)).all()
            connection.execute(delete(tables.array_file).where(of_model))
            connection.execute(insert(tables.array_file), [row | {"media_id": media_id}])
        for path in set(old) - {row["path"]}:
            (self.folder / path).unlink(missing_ok=True)

    # Shots and what was measured of them

    def shots(self, media_id: MediaId) -> list[Shot]:
        """The shots of a media, in order; together they tile it."""
        query = select(tables.shot).where(tables.shot.c.media_id == media_id)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(tables.shot.c.idx)).all()
        return [_shot_from(row) for row in rows]

    def shot_count(self) -> dict[int, int]:
        """How many shots each media has, by its id."""
        count = select(tables.shot.c.media_id, func.count()).group_by(tables.shot.c.media_id)
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(count)}

    def frame_times(self, media_id: MediaId) -> NDArray[np.int64]:
        """PTS of every frame in decode order, `(frames,)`, in ticks of `time_base`."""
        return self._array(media_id, _FRAME_TIMES)[0]

    def measures(self, media_id: MediaId) -> ShotMeasures:
        """The named measures of every shot."""
        values, names, _ = self._array(media_id, _MEASURES)
        return ShotMeasures(tuple(names.split(",")), np.asarray(values))

    def curves(self, media_id: MediaId) -> Curves:
        """Measures of every frame, and loudness every 100 ms."""
        values, names, _ = self._array(media_id, _CURVES)
        loudness = self._array(media_id, _LOUDNESS)[0]
        return Curves(tuple(names.split(",")), np.asarray(values), np.asarray(loudness))

    def sound(self, media_id: MediaId) -> Sound:
        """Loudness, true peak, voice and onsets over the film."""
        return Sound(
            **{name: np.asarray(self._array(media_id, f"sound_{name}")[0]) for name in _SOUND}
        )

    def picture_frames(self, media_id: MediaId) -> NDArray[np.int64]:
        """The frame that each shot's thumbnail and embedding was made of, `(shots,)`."""
        return self._array(media_id, _PICTURE_FRAMES)[0]

    def embeddings(self, media_id: MediaId, model: str | None = None) -> Embeddings:
        """One vector of unit length per shot; by `model`, or by the one model there is.

        Raises:
            NotIngested: This media has none by that model.
        """
        values, name, version = self._array(media_id, _EMBEDDINGS, model)
        return Embeddings(name, version, np.asarray(values))

    def transition_scores(self, media_id: MediaId) -> NDArray[np.float32]:
        """The detector's score of every frame, `(frames,)`, in [0, 1] for TransNetV2."""
        return self._array(media_id, _SHOT_SCORES)[0]

    def thumbnail(self, media: Media, shot: int) -> Path:
        """Where the JPEG of a shot is."""
        return self.folder / "thumbnails" / media.fingerprint / f"{shot:05d}.jpg"

    # Failures

    def record_failure(self, path: Path, reason: str) -> None:
        """Note that a file could not be ingested, replacing what was noted of it before."""
        name = printable(str(path))
        row = {"path": name, "reason": printable(reason), "failed_at": _now()}
        with self.transaction() as connection:
            connection.execute(delete(tables.failure).where(tables.failure.c.path == name))
            connection.execute(insert(tables.failure), [row])

    def failures(self) -> list[Failure]:
        """The files that could not be ingested, latest first."""
        query = select(tables.failure).order_by(tables.failure.c.failed_at.desc())
        with self.reading() as connection:
            return [Failure(*row) for row in connection.execute(query)]

    # Arrays

    def sweep(self, *, older_than: float = 3600.0) -> list[Path]:
        """Remove the files that writers left when they were killed.

        Those are half-written files, and arrays that no row names. A writer needs them for a few
        seconds, so only what is older than `older_than` seconds is touched.

        Returns:
            What was removed.
        """
        latest = time.time() - older_than
        arrays, thumbnails = self.folder / "arrays", self.folder / "thumbnails"
        found = [*arrays.glob("*/*.npy"), *thumbnails.glob("*/*.writing")]
        old = [path for path in found if _modified(path) < latest]
        if old:
            with self.reading() as connection:
                named = set(connection.scalars(select(tables.array_file.c.path)))
            old = [p for p in old if p.relative_to(self.folder).as_posix() not in named]
        for path in old:
            path.unlink(missing_ok=True)
        return old

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

    def _write_arrays(self, analysis: Analysis, version: str) -> list[dict[str, Any]]:
        measures, curves = analysis.measures, analysis.curves
        arrays: list[tuple[str, str, str, NDArray[Any]]] = [
            (_FRAME_TIMES, "pts", version, analysis.frame_times),
            (_MEASURES, ",".join(measures.names), version, measures.values),
            (_CURVES, ",".join(curves.frame_names), version, curves.frame_values),
            (_LOUDNESS, "ebu-r128", version, curves.loudness),
            (_SHOT_SCORES, analysis.detector, version, analysis.transition_scores),
            (_PICTURE_FRAMES, "sharpest", version, analysis.picture_frames),
            *((f"sound_{name}", "1", version, getattr(analysis.sound, name)) for name in _SOUND),
        ]
        arrays += [(_EMBEDDINGS, e.model, e.version, e.vectors) for e in analysis.embeddings]
        return [self._write_array(analysis.media, analysis.detector, array) for array in arrays]

    def _write_array(
        self, media: Media, detector: str, array: tuple[str, str, str, NDArray[Any]]
    ) -> dict[str, Any]:
        """Write one `(kind, model, version, values)` to disk; gives its row, less the media."""
        kind, model, version, values = array
        label = kind if kind in (_MEASURES, _CURVES) else f"{kind}-{model}"
        path = Path("arrays") / media.fingerprint / f"{label}-{version}-{detector}.npy"
        write_array(self.folder / path, values)
        return {"kind": kind, "model": model, "version": version, "path": path.as_posix()}

    def _write_thumbnails(self, analysis: Analysis) -> None:
        for index, jpeg in enumerate(analysis.thumbnails):
            path = self.thumbnail(analysis.media, index)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".writing")
            temporary.write_bytes(jpeg)
            temporary.replace(path)


def _content_of(path: Path, media: list[Media]) -> Media | None:
    """Which of `media` has the content of the file at `path`; it is read only if the size fits."""
    try:
        size = path.stat().st_size
        fits = [m for m in media if m.size_bytes == size]
        fingerprint = fingerprint_file(path) if fits else ""
    except (OSError, ValueError, UnreadableMedia):
        return None
    return next((m for m in fits if m.fingerprint == fingerprint), None)


def _modified(path: Path) -> float:
    """When a file was last written, in seconds; a file that is gone was never old."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write_media(connection: Connection, analysis: Analysis, version: str) -> MediaId:
    values = _media_row(analysis.media) | {
        "detector": analysis.detector,
        "ingest_version": version,
        "ingested_at": _now(),
    }
    fingerprint = tables.media.c.fingerprint == analysis.media.fingerprint
    known = connection.scalar(select(tables.media.c.id).where(fingerprint))
    if known is None:
        added = insert(tables.media).values(values).returning(tables.media.c.id)
        return MediaId(connection.execute(added).scalar_one())
    connection.execute(update(tables.media).where(fingerprint).values(values))
    return MediaId(known)


def _array_paths(connection: Connection, media_id: MediaId) -> Sequence[str]:
    query = select(tables.array_file.c.path).where(tables.array_file.c.media_id == media_id)
    return connection.scalars(query).all()


def _media_row(media: Media) -> dict[str, Any]:
    audio = media.audio and asdict(media.audio) | {"offset": str(media.audio.offset)}
    return {
        "fingerprint": media.fingerprint,
        "path": media.path,
        "size_bytes": media.size_bytes,
        "container": media.container,
        "codec": media.codec,
        "width": media.width,
        "height": media.height,
        "rotation": media.rotation,
        "rate": str(media.rate),
        "variable_rate": int(media.variable_rate),
        "time_base": str(media.time_base),
        "start_pts": media.start_pts,
        "frames": media.frames,
        "duration": None if media.duration is None else str(media.duration),
        "start_timecode": media.start_timecode,
        "audio": json.dumps(audio) if audio else None,
        "colour": json.dumps(asdict(media.colour)) if media.colour else None,
        "warnings": json.dumps(media.warnings),
    }


def _media_from(row: Row[Any]) -> Media:
    values: Mapping[Any, Any] = row._mapping
    audio = json.loads(values["audio"]) if values["audio"] else None
    plain = ("path", "fingerprint", "size_bytes", "container", "codec", "width", "height")
    more = ("rotation", "start_pts", "frames", "start_timecode")
    return Media(
        id=MediaId(values["id"]),
        **{name: values[name] for name in plain + more},
        rate=Fraction(values["rate"]),
        variable_rate=bool(values["variable_rate"]),
        time_base=Fraction(values["time_base"]),
        duration=Fraction(values["duration"]) if values["duration"] else None,
        audio=audio and Audio(**(audio | {"offset": Fraction(audio["offset"])})),
        colour=Colour(**json.loads(values["colour"])) if values["colour"] else None,
        warnings=tuple(json.loads(values["warnings"])),
    )


def _shot_row(media_id: MediaId, shot: Shot) -> dict[str, Any]:
    return {
        "media_id": media_id,
        "idx": shot.index,
        "start_frame": shot.span.start,
        "end_frame": shot.span.end,
        "transition_kind": shot.transition_in.kind,
        "transition_first": shot.transition_in.first_frame,
        "transition_last": shot.transition_in.last_frame,
        "confidence": shot.transition_in.confidence,
    }


def _shot_from(row: Row[Any]) -> Shot:
    span = FrameRange(row.start_frame, row.end_frame)
    transition = Transition(
        row.transition_kind, row.transition_first, row.transition_last, row.confidence
    )
    return Shot(MediaId(row.media_id), row.idx, span, transition)
