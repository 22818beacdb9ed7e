"""What was found about a film, written into the catalogue.

A media is committed whole, in one transaction after its arrays are on disk, so whoever reads sees
all of it or none of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, insert, select, update

from ingest import derived_files, tables
from ingest.catalog import Catalog
from ingest.errors import CatalogError, NotIngested
from ingest.media import Analysis, Embeddings, Media, MediaId
from ingest.rows import media_row, shot_row


def commit_analysis(catalog: Catalog, analysis: Analysis, *, version: str) -> Media:
    """Write all that was found about one file, replacing what was known of the same content.

    Files go to disk first, under names that hold the content's fingerprint; the rows follow
    in one transaction. What an older analysis left is removed last. What does not depend on
    the analysis stays: a proxy, and, if the shots' pictures are the same frames as before,
    the embeddings by other models.
    """
    kept = _embeddings_to_keep(catalog, analysis, version)
    files = derived_files.write_arrays(catalog.folder, analysis, version) + kept
    fingerprint = analysis.media.fingerprint
    values = media_row(analysis.media) | {
        "detector": analysis.detector,
        "ingest_version": version,
        "ingested_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "thumbnails": derived_files.write_thumbnails(catalog.folder, analysis),
    }
    if analysis.proxy:
        values["proxy"] = derived_files.take_over_proxy(catalog.folder, analysis.proxy, fingerprint)
    with catalog.transaction() as connection:
        media_id, old_thumbnails = _write_media(connection, values)
        connection.execute(delete(tables.shot).where(tables.shot.c.media_id == media_id))
        connection.execute(
            insert(tables.shot), [shot_row(media_id, shot) for shot in analysis.shots]
        )
        old = set(_array_paths(connection, media_id))
        connection.execute(
            delete(tables.array_file).where(tables.array_file.c.media_id == media_id)
        )
        connection.execute(insert(tables.array_file), [f | {"media_id": media_id} for f in files])
        connection.execute(
            delete(tables.failure).where(tables.failure.c.path == analysis.media.path)
        )
    for path in old - {f["path"] for f in files}:
        (catalog.folder / path).unlink(missing_ok=True)
    if old_thumbnails not in (None, values["thumbnails"]):
        derived_files.remove_thumbnails(catalog.folder, old_thumbnails)
    return catalog.get_media(media_id)


def add_embeddings(catalog: Catalog, media_id: MediaId, embeddings: Embeddings) -> None:
    """Add the embeddings of one more model, or replace those that this model made before.

    Raises:
        ValueError: They are not one vector a shot.
    """
    media, detector = catalog.get_media(media_id), catalog.ingest_version(media_id)[0]
    shots = catalog.shot_count().get(media_id, 0)
    if len(embeddings.vectors) != shots:
        raise ValueError(f"{len(embeddings.vectors)} vectors do not fit {shots} shots")
    array = derived_files.embeddings_array(embeddings)
    row = derived_files.write_named_array(catalog.folder, media.fingerprint, detector, array)
    of_model = (
        (tables.array_file.c.media_id == media_id)
        & (tables.array_file.c.kind == derived_files.EMBEDDINGS)
        & (tables.array_file.c.model == embeddings.model)
    )
    with catalog.transaction() as connection:
        old = connection.scalars(select(tables.array_file.c.path).where(of_model)).all()
        connection.execute(delete(tables.array_file).where(of_model))
        connection.execute(insert(tables.array_file), [row | {"media_id": media_id}])
    for path in set(old) - {row["path"]}:
        (catalog.folder / path).unlink(missing_ok=True)


def _embeddings_to_keep(catalog: Catalog, analysis: Analysis, version: str) -> list[dict[str, Any]]:
    """The rows, less the media, of embeddings by other models that still hold."""
    known = catalog.find_fingerprint(analysis.media.fingerprint)
    if known is None or catalog.ingest_version(known.id) != (analysis.detector, version):
        return []
    try:
        same = np.array_equal(catalog.picture_frames(known.id), analysis.picture_frames)
    except (CatalogError, NotIngested):
        return []
    if not same or not len(analysis.picture_frames):
        return []
    files = tables.array_file.c
    query = select(files.kind, files.model, files.version, files.path).where(
        files.media_id == known.id,
        files.kind == derived_files.EMBEDDINGS,
        files.model.not_in([e.model for e in analysis.embeddings]),
    )
    with catalog.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def _write_media(connection: Connection, values: dict[str, Any]) -> tuple[MediaId, str | None]:
    """Add or update a media; gives its id, and where its thumbnails were before."""
    media = tables.media
    same = media.c.fingerprint == values["fingerprint"]
    known = connection.execute(select(media).where(same)).one_or_none()
    if known is None:
        added = insert(media).values(values).returning(media.c.id)
        return MediaId(connection.execute(added).scalar_one()), None
    if known.frames != values["frames"]:  # a proxy of other frames is none of this analysis
        values = {"proxy": None} | values
    connection.execute(update(media).where(same).values(values))
    return MediaId(known.id), known.thumbnails or derived_files.first_thumbnails(known.fingerprint)


def _array_paths(connection: Connection, media_id: MediaId) -> Sequence[str]:
    query = select(tables.array_file.c.path).where(tables.array_file.c.media_id == media_id)
    return connection.scalars(query).all()
