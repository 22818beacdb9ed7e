"""What the pages show of cuts, read from the catalogue; and the exports made from them.

Each query is cached on its arguments alone, and one of them is the catalogue's state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st
from sqlalchemy import ColumnElement, func, select

from dashboard.sources import open_catalog
from dashboard.wording import moment
from editing.approvals import Approval, approvals_of
from editing.assemble.why import Choice
from editing.cut import Cut, Reason, Slot
from editing.cut_store import cut_versions, film_steps, load_cut
from editing.errors import EditError, TimelineError
from editing.faults.finding import Fault
from editing.faults.of_cut import check_cut
from editing.frame_grid import FrameGrid
from editing.interchange.sequence import Sequence
from editing.rank.register import ranker_cards
from editing.rank.store import DEFAULT_RANKER
from editing.run import EXPORT_SUFFIXES, ExportFormat, sequence_of, timeline_text, why_shot
from editing.slot_edits import frames_around
from ingest import tables
from ingest.catalog import Catalog
from ingest.errors import NotIngested
from ingest.media import MediaId, Shot


@dataclass(frozen=True, slots=True)
class Render:
    """An MP4 in the workspace's folder of renders."""

    name: str
    made: int
    """Nanoseconds since 1970; changes when it is rendered anew."""


@dataclass(frozen=True, slots=True)
class CutRow:
    """A cut in a list: its latest version, and the picture that stands for it."""

    id: int
    name: str
    film: str
    kind: str
    seconds: float
    frames: int
    slots: int
    version: int
    author: str
    made: str
    note: str
    approved_by: str
    """Who approved the latest version first; empty if nobody did."""
    media: int
    """Of the first slot, as is `shot`."""
    shot: int


@dataclass(frozen=True, slots=True)
class CutFilter:
    """Which cuts a list shows."""

    text: str = ""
    """Part of the name of a cut or of its film, in any case."""
    kind: str | None = None
    approved: bool | None = None
    """Whether the latest version is."""
    media: int | None = None
    """Of which film."""


@st.cache_data(max_entries=32, show_spinner=False)
def cut_page(
    folder: Path, wanted: CutFilter, *, start: int, count: int, state: str
) -> tuple[int, list[CutRow]]:
    """How many cuts there are by a filter, and `count` of them from `start`, the newest first."""
    cut, version, slot = tables.cut.c, tables.cut_version.c, tables.slot.c
    newest, counted = tables.cut_version.alias("newest").c, tables.slot.alias("counted").c
    latest = select(func.max(newest.version)).where(newest.cut_id == cut.id).scalar_subquery()
    joined = tables.cut.join(
        tables.cut_version, (version.cut_id == cut.id) & (version.version == latest)
    ).join(tables.media, tables.media.c.id == cut.media_id)
    slots = select(func.count(counted.idx)).where(
        counted.cut_id == cut.id, counted.version == version.version
    )
    first = select(func.min(tables.approval.c.id)).where(*_approving()).scalar_subquery()
    given = tables.approval.alias("given").c
    conditions = _conditions(wanted)
    columns = (
        *(cut.id, cut.name, tables.media.c.path, cut.kind, version.frames, version.rate),
        *(version.version, version.author, version.created_at, version.note),
        *(slot.media_id.label("media"), slot.shot_idx.label("shot")),
        slots.scalar_subquery().label("slots"),
        select(given.name).where(given.id == first).scalar_subquery().label("approved_by"),
    )
    shown = (slot.cut_id == cut.id) & (slot.version == version.version) & (slot.idx == 0)
    query = select(*columns).select_from(joined.outerjoin(tables.slot, shown))
    query = query.where(*conditions).order_by(cut.id.desc()).limit(count).offset(start)
    with open_catalog(folder).reading() as connection:
        total = connection.scalar(select(func.count()).select_from(joined).where(*conditions))
        rows = [_cut_row(row._mapping) for row in connection.execute(query)]
    return int(total or 0), rows


def _approving() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """That an approval is of the version of a cut that a list shows."""
    given, version = tables.approval.c, tables.cut_version.c
    return given.cut_id == version.cut_id, given.version == version.version


def _conditions(wanted: CutFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        name, path = tables.cut.c.name, tables.media.c.path
        found.append(
            name.icontains(wanted.text, autoescape=True)
            | path.icontains(wanted.text, autoescape=True)
        )
    if wanted.kind:
        found.append(tables.cut.c.kind == wanted.kind)
    if wanted.media is not None:
        found.append(tables.cut.c.media_id == wanted.media)
    if wanted.approved is not None:
        approved = select(tables.approval.c.id).where(*_approving()).exists()
        found.append(approved if wanted.approved else ~approved)
    return found


def _cut_row(row: Mapping[Any, Any]) -> CutRow:
    return CutRow(
        id=row["id"],
        name=row["name"],
        film=row["path"].replace("\\", "/").rsplit("/", 1)[-1],
        kind=row["kind"],
        seconds=float(row["frames"] / Fraction(row["rate"])),
        frames=row["frames"],
        slots=row["slots"],
        version=row["version"],
        author=row["author"],
        made=moment(row["created_at"]),
        note=row["note"],
        approved_by=row["approved_by"] or "",
        media=row["media"] or 0,
        shot=row["shot"] or 0,
    )


@st.cache_data(max_entries=32, show_spinner=False)
def cut(folder: Path, cut_id: int, version: int | None, *, state: str) -> Cut:
    """A version of a cut, the latest if None; UnknownCut if there is none."""
    return load_cut(open_catalog(folder), cut_id, version)


@st.cache_data(max_entries=8, show_spinner=False)
def newest_cut(folder: Path, *, state: str) -> int | None:
    """The id of the cut that was made last; None where there is none."""
    with open_catalog(folder).reading() as connection:
        found: int | None = connection.scalar(select(func.max(tables.cut.c.id)))
    return found


def latest_version(folder: Path, cut_id: int) -> int | None:
    """The number of a cut's latest version, asked anew each time; None if there is no such cut."""
    versions = tables.cut_version.c
    query = select(func.max(versions.version)).where(versions.cut_id == cut_id)
    with open_catalog(folder).reading() as connection:
        found: int | None = connection.scalar(query)
    return found


@st.cache_data(max_entries=32, show_spinner=False)
def sequence(folder: Path, cut_id: int, version: int, *, state: str) -> Sequence:
    """A version of a cut with its source and record timecodes.

    Raises:
        TimelineError: Its films have different rates, or it is empty.
    """
    catalog = open_catalog(folder)
    return sequence_of(catalog, load_cut(catalog, cut_id, version))


@st.cache_data(max_entries=32, show_spinner=False)
def versions(folder: Path, cut_id: int, *, state: str) -> pl.DataFrame:
    """A row a version, the newest first: `version, author, note, made, created_at`."""
    rows = [
        {"version": number, "author": author, "note": note, "made": moment(at), "created_at": at}
        for number, author, note, at in reversed(cut_versions(open_catalog(folder), cut_id))
    ]
    return pl.DataFrame(rows)


@st.cache_data(max_entries=32, show_spinner=False)
def approvals(folder: Path, cut_id: int, *, state: str) -> list[Approval]:
    """The approvals of all versions of a cut, oldest first."""
    return approvals_of(open_catalog(folder), cut_id)


@st.cache_data(max_entries=32, show_spinner=False)
def faults(folder: Path, cut_id: int, version: int, *, state: str) -> tuple[list[Fault], str]:
    """The faults of a version of a cut by what ingest measured.

    And why there are none if they could not be looked for.
    """
    catalog = open_catalog(folder)
    try:
        return list(check_cut(catalog, load_cut(catalog, cut_id, version), decode=False).faults), ""
    except (EditError, NotIngested) as error:
        return [], f"{error}"


@st.cache_data(max_entries=32, show_spinner=False)
def room(folder: Path, cut_id: int, version: int, *, state: str) -> list[tuple[int, int]]:
    """Of each slot, how many of the cut's frames its shot has before and after it."""
    catalog = open_catalog(folder)
    cut = load_cut(catalog, cut_id, version)
    slots, steps = cut.slots, film_steps(catalog, cut.rate, cut.slots)
    films = {one: _shots_on_grid(catalog, one) for one in dict.fromkeys(s.media for s in slots)}
    rooms = []
    for slot in slots:
        shots, grid = films[slot.media]
        span = grid.span(shots[slot.shot].span) if slot.shot < len(shots) else None
        before, after = (
            (0, 0) if span is None else frames_around(slot.source, span, steps[slot.media])
        )
        rooms.append((max(0, before), max(0, after)))
    return rooms


def _shots_on_grid(catalog: Catalog, media: MediaId) -> tuple[list[Shot], FrameGrid]:
    film = catalog.get_media(media)
    return catalog.shots(film.id), FrameGrid.of(catalog, film)


@st.cache_data(max_entries=64, show_spinner=False)
def why(folder: Path, cut_id: int, version: int, shot: int) -> tuple[Choice, tuple[Reason, ...]]:
    """Whether the brief of a cut chooses a shot, what would turn that, and the shot's score.

    Raises:
        EditingError: The film has no such shot, the ranker is gone, or no cut keeps the brief.
    """
    catalog = open_catalog(folder)
    return why_shot(catalog, load_cut(catalog, cut_id, version), shot)


def reasons(slots: tuple[Slot, ...]) -> pl.DataFrame:
    """The parts of every slot's score: `slot, part, value`."""
    rows = [
        {"slot": number, "part": reason.name, "value": reason.value}
        for number, slot in enumerate(slots, start=1)
        for reason in slot.reasons
    ]
    return pl.DataFrame(rows, schema={"slot": pl.Int64, "part": pl.String, "value": pl.Float64})


@st.cache_data(max_entries=8, show_spinner=False)
def ranker_names(folder: Path, *, state: str) -> list[str]:
    """The rankers that can score shots here: the linear one, and each that was trained."""
    trained = dict.fromkeys(card.name for card in ranker_cards(open_catalog(folder)))
    return [DEFAULT_RANKER, *trained]


def export(folder: Path, cut_id: int, version: int, target: ExportFormat, *, state: str) -> bytes:
    """A version of a cut as a timeline for another editing system, as `reel export` writes it.

    Raises:
        TimelineError: The format cannot hold the cut.
    """
    made = _exports(folder, cut_id, version, state=state)[target]
    if isinstance(made, TimelineError):
        raise made
    return made


@st.cache_data(max_entries=32, show_spinner=False)
def _exports(
    folder: Path, cut_id: int, version: int, *, state: str
) -> dict[ExportFormat, bytes | TimelineError]:
    """A version of a cut in every format: what all of them need is worked out once."""
    catalog = open_catalog(folder)
    try:
        found = sequence_of(catalog, load_cut(catalog, cut_id, version), check=True)
    except TimelineError as error:
        return dict.fromkeys(EXPORT_SUFFIXES, error)
    made: dict[ExportFormat, bytes | TimelineError] = {}
    for target in EXPORT_SUFFIXES:
        try:
            made[target] = timeline_text(found, target).encode("utf-8")
        except TimelineError as error:
            made[target] = error
    return made


def render_name(cut: Cut) -> str:
    """What the dashboard calls the render of a version of a cut."""
    return f"{cut.kind}-{cut.id}-v{cut.version}.mp4"


def find_render(renders: Path, cut: Cut, made: pl.DataFrame) -> Render | None:
    """The render of this version of a cut, if there is one.

    Either as the dashboard names it, or `KIND-ID.mp4`, as `reel demo` does, if it was written
    while this version was the latest.

    Args:
        renders: The workspace's folder of renders.
        cut: A version of a cut.
        made: The cut's `versions`.
    """
    own = renders / render_name(cut)
    if own.is_file():
        return Render(own.name, own.stat().st_mtime_ns)
    plain = renders / f"{cut.kind}-{cut.id}.mp4"
    if not plain.is_file():
        return None
    written = plain.stat().st_mtime
    known = [row["version"] for row in made.iter_rows(named=True) if _at(row) <= written]
    is_it = bool(known) and max(known) == cut.version
    return Render(plain.name, plain.stat().st_mtime_ns) if is_it else None


def _at(row: dict[str, str]) -> float:
    return datetime.fromisoformat(row["created_at"]).timestamp()
