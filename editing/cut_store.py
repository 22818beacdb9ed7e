"""Cuts and their versions in the catalogue.

A version is written once and never changed; whoever saves a new one says which it was made from,
and is refused if somebody else was quicker.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from editing.brief_document import brief_document, brief_from_document
from editing.cut import (
    Alternate,
    Brief,
    Cut,
    CutId,
    CutKind,
    Reason,
    Reframe,
    Slot,
    SlotSound,
    Transition,
)
from editing.errors import StaleCut, UnknownCut
from ingest import tables
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class CutSummary:
    """A cut in a list: its latest version, without the slots."""

    id: CutId
    version: int
    media: MediaId
    name: str
    kind: CutKind
    frames: int
    rate: Fraction
    slots: int
    ranker: str
    author: str
    note: str
    created_at: str
    """UTC, ISO 8601; of this version."""


def create_cut(
    catalog: Catalog,
    media: Media,
    *,
    name: str,
    brief: Brief,
    slots: Sequence[Slot],
    ranker: str,
    author: str,
    note: str = "",
    gap: float | None = None,
) -> Cut:
    """Keep a new cut as its version 1.

    Args:
        catalog: Where to.
        media: The film it is cut from; the cut's rate is the film's.
        name: For people.
        brief: What was asked.
        slots: In order.
        ranker: Name and version of what scored the shots.
        author: Who made it.
        note: What to say of this version.
        gap: By what share it is below the best possible at most, if that is known.
    """
    now = _now()
    row = {"media_id": media.id, "name": name, "kind": brief.kind, "created_at": now}
    with catalog.transaction() as connection:
        added = insert(tables.cut).values(row).returning(tables.cut.c.id)
        cut = Cut(
            id=CutId(connection.execute(added).scalar_one()),
            version=1,
            media=media.id,
            name=name,
            kind=brief.kind,
            brief=brief,
            rate=media.rate,
            slots=tuple(slots),
            ranker=ranker,
            author=author,
            note=note,
            created_at=now,
            gap=gap,
        )
        _write_version(connection, cut)
    return cut


def save_version(catalog: Catalog, cut: Cut, *, expected_version: int) -> Cut:
    """Keep a changed cut as the version after `expected_version`.

    Args:
        catalog: Where to.
        cut: As it should be; its `version` and `created_at` are replaced.
        expected_version: The version that the change was made to.

    Returns:
        The cut as it was kept.

    Raises:
        StaleCut: There is a newer version than `expected_version`.
        UnknownCut: There is no such cut.
    """
    with catalog.transaction() as connection:
        latest = _latest_version(connection, cut.id)
        if latest != expected_version:
            raise StaleCut(cut.id, expected_version, latest)
        kept = replace(cut, version=latest + 1, created_at=_now())
        _write_version(connection, kept)
    return kept


def load_cut(catalog: Catalog, cut_id: int, version: int | None = None) -> Cut:
    """A version of a cut, the latest if none is named.

    Raises:
        UnknownCut: There is no such cut or version.
    """
    versions, slots = tables.cut_version, tables.slot
    with catalog.reading() as connection:
        number = _latest_version(connection, cut_id) if version is None else version
        head = connection.execute(
            select(tables.cut.c.media_id, tables.cut.c.name, tables.cut.c.kind, versions)
            .join(versions, versions.c.cut_id == tables.cut.c.id)
            .where(tables.cut.c.id == cut_id, versions.c.version == number)
        ).one_or_none()
        if head is None:
            latest = _latest_version(connection, cut_id)
            raise UnknownCut(f"{cut_id}@{number}", f"its latest version is {latest}")
        rows = connection.execute(
            select(slots)
            .where(slots.c.cut_id == cut_id, slots.c.version == number)
            .order_by(slots.c.idx)
        ).all()
    return _cut_from(head, rows)


def find_cut(catalog: Catalog, wanted: str) -> Cut:
    """The cut that a user names as `ID`, or as `ID@VERSION`.

    Raises:
        UnknownCut: It is not written like that, or there is no such cut or version.
    """
    number, _, version = wanted.partition("@")
    written = number.isdecimal() and (version.isdecimal() or "@" not in wanted)
    if not written or max(len(number), len(version)) > 9:
        raise UnknownCut(repr(wanted), "a cut is named by its number, or by NUMBER@VERSION")
    return load_cut(catalog, int(number), int(version) if version else None)


def list_cuts(catalog: Catalog) -> list[CutSummary]:
    """The latest version of every cut, in the order they were first made."""
    versions, slots = tables.cut_version, tables.slot
    latest = (
        select(versions.c.cut_id, func.max(versions.c.version).label("version"))
        .group_by(versions.c.cut_id)
        .subquery()
    )
    of_it = (slots.c.cut_id == versions.c.cut_id) & (slots.c.version == versions.c.version)
    count = select(func.count()).select_from(slots).where(of_it).scalar_subquery()
    with catalog.reading() as connection:
        rows = connection.execute(
            select(tables.cut.c.media_id, tables.cut.c.name, tables.cut.c.kind, versions)
            .add_columns(count.label("slots"))
            .join(versions, versions.c.cut_id == tables.cut.c.id)
            .join(
                latest,
                (latest.c.cut_id == versions.c.cut_id) & (latest.c.version == versions.c.version),
            )
            .order_by(tables.cut.c.id)
        ).all()
    return [_summary_from(row) for row in rows]


def cut_versions(catalog: Catalog, cut_id: int) -> list[tuple[int, str, str, str]]:
    """Every version of a cut as `(version, author, note, created_at)`, oldest first.

    Raises:
        UnknownCut: There is no such cut.
    """
    versions = tables.cut_version
    columns = (versions.c.version, versions.c.author, versions.c.note, versions.c.created_at)
    with catalog.reading() as connection:
        _latest_version(connection, cut_id)
        rows = connection.execute(
            select(*columns).where(versions.c.cut_id == cut_id).order_by(versions.c.version)
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]


def film_steps(
    catalog: Catalog, rate: Fraction, *versions: Sequence[Slot]
) -> dict[MediaId, Fraction]:
    """Frames of each film of a cut that last as long as a frame of it: see `changes_between`.

    Args:
        catalog: Holds the films.
        rate: The cut's frames per second.
        versions: The slots of its versions that are compared.
    """
    films = {slot.media for slots in versions for slot in slots}
    return {media: catalog.get_media(media).rate / rate for media in films}


def _latest_version(connection: Connection, cut_id: int) -> int:
    versions = tables.cut_version
    query = select(func.max(versions.c.version)).where(versions.c.cut_id == cut_id)
    latest = connection.scalar(query)
    if latest is None:
        raise UnknownCut(str(cut_id), "the catalogue holds none of that number")
    return int(latest)


def _write_version(connection: Connection, cut: Cut) -> None:
    head = {
        "cut_id": cut.id,
        "version": cut.version,
        "author": cut.author,
        "note": cut.note,
        "brief": json.dumps(brief_document(cut.brief)),
        "rate": str(cut.rate),
        "frames": cut.frames,
        "ranker": cut.ranker,
        "created_at": cut.created_at,
        "gap": cut.gap,
    }
    connection.execute(insert(tables.cut_version), [head])
    rows = [_slot_row(cut, index, slot) for index, slot in enumerate(cut.slots)]
    if rows:
        connection.execute(insert(tables.slot), rows)


def _slot_row(cut: Cut, index: int, slot: Slot) -> dict[str, Any]:
    reasons = [[reason.name, reason.value] for reason in slot.reasons]
    alternates = [[a.shot, a.source.start, a.source.end, a.score] for a in slot.alternates]
    return {
        "cut_id": cut.id,
        "version": cut.version,
        "idx": index,
        "media_id": slot.media,
        "shot_idx": slot.shot,
        "source_in": slot.source.start,
        "source_out": slot.source.end,
        "locked": int(slot.locked),
        "score": slot.score,
        "reasons": json.dumps(reasons),
        "alternates": json.dumps(alternates),
        "details": _details(slot),
    }


def _details(slot: Slot) -> str:
    """What most slots have none of, as JSON; the defaults are left out, and empty if all are."""
    details: dict[str, Any] = {}
    if slot.transition is not None:
        details["transition"] = asdict(slot.transition)
    if slot.sound != SlotSound():
        details["sound"] = asdict(slot.sound)
    if slot.reframe is not None:
        details["reframe"] = [slot.reframe.start, slot.reframe.end]
    if slot.note:
        details["note"] = slot.note
    return json.dumps(details) if details else ""


def _cut_from(head: Row[Any], rows: Sequence[Row[Any]]) -> Cut:
    return Cut(
        id=CutId(head.cut_id),
        version=head.version,
        media=MediaId(head.media_id),
        name=head.name,
        kind=head.kind,
        brief=brief_from_document(json.loads(head.brief)),
        rate=Fraction(head.rate),
        slots=tuple(_slot_from(row) for row in rows),
        ranker=head.ranker,
        author=head.author,
        note=head.note,
        created_at=head.created_at,
        gap=head.gap,
    )


def _slot_from(row: Row[Any]) -> Slot:
    details = json.loads(row.details or "{}")
    reframe = details.get("reframe")
    return Slot(
        media=MediaId(row.media_id),
        shot=row.shot_idx,
        source=FrameRange(row.source_in, row.source_out),
        score=row.score,
        reasons=tuple(Reason(name, value) for name, value in json.loads(row.reasons)),
        alternates=tuple(
            Alternate(shot, FrameRange(start, end), score)
            for shot, start, end, score in json.loads(row.alternates)
        ),
        locked=bool(row.locked),
        transition=Transition(**details["transition"]) if "transition" in details else None,
        sound=SlotSound(**details.get("sound", {})),
        reframe=Reframe(tuple(reframe[0]), tuple(reframe[1])) if reframe else None,
        note=details.get("note", ""),
    )


def _summary_from(row: Row[Any]) -> CutSummary:
    return CutSummary(
        id=CutId(row.cut_id),
        version=row.version,
        media=MediaId(row.media_id),
        name=row.name,
        kind=row.kind,
        frames=row.frames,
        rate=Fraction(row.rate),
        slots=row.slots,
        ranker=row.ranker,
        author=row.author,
        note=row.note,
        created_at=row.created_at,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
