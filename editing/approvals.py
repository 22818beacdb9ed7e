"""Who approved which version of a cut, and when.

Only the latest version can be approved, and an approval is of that version alone: whatever is
changed afterwards is a new version that nobody has approved yet. One that is withdrawn is kept
apart, with who took it back and when.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from editing.cut import CutId
from editing.errors import EditError, StaleCut, UnknownCut
from ingest import tables
from ingest.catalog import Catalog

LONGEST_NAME = 100
"""Characters."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word that a version of a cut is good."""

    cut: CutId
    version: int
    name: str
    """Who approved it."""
    approved_at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An approval that somebody took back."""

    cut: CutId
    version: int
    name: str
    """Who had approved it."""
    approved_at: str
    """UTC, ISO 8601."""
    withdrawn_by: str
    withdrawn_at: str
    """UTC, ISO 8601."""


def approve(catalog: Catalog, cut_id: int, version: int, name: str) -> Approval:
    """Approve the latest version of a cut; the same person's second approval changes nothing.

    Args:
        catalog: Holds the cut.
        cut_id: Which cut.
        version: The version that was looked at.
        name: Of the person, 1 to 100 characters.

    Raises:
        EditError: The name is empty or too long.
        StaleCut: The cut has a newer version than the one that was looked at.
        UnknownCut: There is no such cut.
    """
    name = _checked(name)
    with catalog.transaction() as connection:
        latest = _latest_version(connection, cut_id)
        if latest != version:
            raise StaleCut(cut_id, version, latest)
        known = _approvals(connection, cut_id, version, name)
        if known:
            return known[0]
        now = _now()
        row = {"cut_id": cut_id, "version": version, "name": name, "approved_at": now}
        connection.execute(insert(tables.approval), [row])
    return Approval(CutId(cut_id), version, name, now)


def withdraw(catalog: Catalog, cut_id: int, version: int, name: str, *, by: str) -> Withdrawal:
    """Take back what somebody approved; of any version, and it may be approved again.

    Args:
        catalog: Holds the cut.
        cut_id: Which cut.
        version: The version that was approved.
        name: Who approved it.
        by: Who takes it back, 1 to 100 characters.

    Raises:
        EditError: They had not approved it, or `by` is empty or too long.
    """
    name, by = " ".join(name.split()), _checked(by)
    columns = tables.approval.c
    of_it = (columns.cut_id == cut_id) & (columns.version == version) & (columns.name == name)
    with catalog.transaction() as connection:
        known = _approvals(connection, cut_id, version, name)
        if not known:
            raise EditError(
                f"{name} has not approved version {version} of cut {cut_id}.\n"
                f"See who has: reel cut approvals {cut_id}"
            )
        taken = Withdrawal(CutId(cut_id), version, name, known[0].approved_at, by, _now())
        row = {"cut_id": cut_id, "version": version, "name": name, "withdrawn_by": by}
        row |= {"approved_at": taken.approved_at, "withdrawn_at": taken.withdrawn_at}
        connection.execute(delete(tables.approval).where(of_it))
        connection.execute(insert(tables.withdrawn_approval), [row])
    return taken


def withdrawals_of(catalog: Catalog, cut_id: int) -> list[Withdrawal]:
    """What was taken back of all versions of a cut, in that order."""
    columns = tables.withdrawn_approval.c
    query = select(
        *(columns.cut_id, columns.version, columns.name, columns.approved_at),
        *(columns.withdrawn_by, columns.withdrawn_at),
    )
    with catalog.reading() as connection:
        rows = connection.execute(query.where(columns.cut_id == cut_id).order_by(columns.id))
        return [Withdrawal(*row) for row in rows]


def approvals_of(catalog: Catalog, cut_id: int) -> list[Approval]:
    """The approvals of all versions of a cut that stand, oldest first; none of an unknown cut."""
    with catalog.reading() as connection:
        return _approvals(connection, cut_id)


def _approvals(
    connection: Connection, cut_id: int, version: int | None = None, name: str | None = None
) -> list[Approval]:
    columns = tables.approval.c
    query = select(columns.cut_id, columns.version, columns.name, columns.approved_at)
    query = query.where(columns.cut_id == cut_id)
    if version is not None:
        query = query.where(columns.version == version, columns.name == name)
    return [Approval(*row) for row in connection.execute(query.order_by(columns.id))]


def _latest_version(connection: Connection, cut_id: int) -> int:
    versions = tables.cut_version.c
    latest = connection.scalar(select(func.max(versions.version)).where(versions.cut_id == cut_id))
    if latest is None:
        raise UnknownCut(str(cut_id), "the catalogue holds none of that number")
    return int(latest)


def _checked(name: str) -> str:
    """A person's name, its spaces made single."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise EditError(f"an approval needs a name of 1 to {LONGEST_NAME} characters")
    return name


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
