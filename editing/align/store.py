"""Alignments in the catalogue: what trailers of its films show, for training to learn from."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from editing.align.alignment import Alignment
from editing.align.document import from_json, to_json
from editing.align.labels import labels_from_alignment
from ingest import tables
from ingest.catalog import Catalog
from ingest.media import Floats, Media
from ingest.paths import printable


@dataclass(frozen=True, slots=True)
class StoredAlignment:
    """An alignment that the catalogue keeps."""

    trailer_path: str
    """Where the trailer's file was."""
    made_at: str
    """UTC, ISO 8601."""
    alignment: Alignment


def save_alignment(catalog: Catalog, media: Media, trailer_path: str, made: Alignment) -> None:
    """Keep what a trailer shows of a film, in place of what was kept of the two before.

    Raises:
        ValueError: It is of another film.
    """
    if made.film != media.fingerprint:
        raise ValueError(f"the alignment is of film {made.film}, not of {media.name}")
    table = tables.alignment
    of_both = (table.c.media_id == media.id) & (table.c.trailer_fingerprint == made.trailer)
    row = {
        "media_id": media.id,
        "trailer_fingerprint": made.trailer,
        "trailer_path": printable(trailer_path),
        "document": to_json(made),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with catalog.transaction() as connection:
        connection.execute(delete(table).where(of_both))
        connection.execute(insert(table), [row])


def alignments_of(catalog: Catalog, media: Media) -> list[StoredAlignment]:
    """What is known of trailers of a film, the oldest first.

    Raises:
        AlignmentError: One was written by a later version of this program.
    """
    table = tables.alignment
    query = select(table.c.trailer_path, table.c.made_at, table.c.document)
    with catalog.reading() as connection:
        rows = connection.execute(query.where(table.c.media_id == media.id).order_by(table.c.id))
        return [StoredAlignment(path, made, from_json(text)) for path, made, text in rows]


def trailer_labels(
    catalog: Catalog, media: Media, *, binary: bool = False
) -> list[tuple[Floats, Floats]]:
    """For each known trailer of a film, the labels and weights of the film's shots.

    They are made of the shots that the catalogue has now; see `labels_from_alignment`.
    """
    shots = [shot.span for shot in catalog.shots(media.id)]
    return [
        labels_from_alignment(one.alignment, shots, binary=binary)
        for one in alignments_of(catalog, media)
    ]
