"""The films of a library, filtered, sorted and counted by the database, a page at a time.

A page never asks for all films, so ten thousand are shown as quickly as ten.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import streamlit as st
from sqlalchemy import ColumnElement, Row, case, func, select

from dashboard.sources import open_catalog
from dashboard.wording import moment
from ingest import tables
from ingest.errors import IngestError
from ingest.media import Media, MediaId
from ingest.rows import media_from

Order = Literal["name", "newest", "longest", "shortest", "most shots", "largest file"]
ORDERS: tuple[Order, ...] = get_args(Order)
Length = Literal["under 10 minutes", "10 to 60 minutes", "over an hour"]
LENGTHS: dict[Length, tuple[float, float]] = {
    "under 10 minutes": (0, 600),
    "10 to 60 minutes": (600, 3600),
    "over an hour": (3600, float("inf")),
}
"""In seconds: from, and up to."""
Picture = Literal["below 720 lines", "720 lines", "1080 lines", "2160 lines and more"]
PICTURES: dict[Picture, tuple[int, int]] = {
    "below 720 lines": (0, 720),
    "720 lines": (720, 1080),
    "1080 lines": (1080, 2160),
    "2160 lines and more": (2160, 1_000_000),
}
"""Of the shorter side, in pixels: from, and up to."""
Trait = Literal["sound", "a timecode", "warnings", "a review proxy", "a cut"]
TRAITS: tuple[Trait, ...] = get_args(Trait)

_SHADOW = 0.15
"""Mean brightness, 0 to 1, below which a picture is too dark to stand for a film."""


@dataclass(frozen=True, slots=True)
class FilmFilter:
    """Which films a list shows; what is None does not matter."""

    text: str = ""
    """Part of the file's name or folder, in any case."""
    length: Length | None = None
    picture: Picture | None = None
    rate: str | None = None
    """As the catalogue writes it: `24000/1001`."""
    having: tuple[Trait, ...] = ()
    lacking: tuple[Trait, ...] = ()


@dataclass(frozen=True, slots=True)
class FilmRow:
    """A film in a list."""

    media: Media
    shots: int
    cuts: int
    ingested: str
    """UTC, to the minute."""


@st.cache_data(max_entries=8, show_spinner=False)
def film_count(folder: Path, *, state: str) -> int:
    """How many films there are."""
    with open_catalog(folder).reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.media)) or 0)


@st.cache_data(max_entries=8, show_spinner=False)
def rates(folder: Path, *, state: str) -> list[str]:
    """The frame rates that films have, as the catalogue writes them, the lowest first."""
    with open_catalog(folder).reading() as connection:
        found = connection.scalars(select(tables.media.c.rate).distinct()).all()
    return sorted(found, key=Fraction)


@st.cache_data(max_entries=32, show_spinner=False)
def film_page(
    folder: Path, wanted: FilmFilter, order: Order, *, start: int, count: int, state: str
) -> tuple[int, list[FilmRow]]:
    """How many films there are by a filter, and `count` of them from `start` on, in order."""
    media = tables.media
    seconds = _seconds(rates(folder, state=state))
    conditions = _conditions(wanted, seconds)
    shots, cuts = _shots(), _cuts()
    name = func.lower(_name())
    orders: dict[Order, ColumnElement[Any]] = {
        "name": name,
        "newest": media.c.ingested_at.desc(),
        "longest": seconds.desc(),
        "shortest": seconds,
        "most shots": shots.desc(),
        "largest file": media.c.size_bytes.desc(),
    }
    query = select(media, shots.label("shots"), cuts.label("cuts")).where(*conditions)
    query = query.order_by(orders[order], name, media.c.id).limit(count).offset(start)
    with open_catalog(folder).reading() as connection:
        total = connection.scalar(select(func.count()).select_from(media).where(*conditions))
        rows = connection.execute(query).all()
    return int(total or 0), [_film_row(row) for row in rows]


@st.cache_data(max_entries=512, show_spinner=False)
def poster(folder: Path, media_id: int, fingerprint: str, shots: int) -> int:
    """The shot whose picture stands for a film: the most colourful that is not dark.

    Not of the first and last tenth, where logos and titles are. The middle one where ingest
    measured no colour.
    """
    try:
        measures = open_catalog(folder).measures(MediaId(media_id))
        colour, light = measures.column("colourfulness"), measures.column("luma")
    except (IngestError, ValueError):
        return shots // 2
    edge = len(colour) // 10
    fit = np.nan_to_num(np.where(light >= _SHADOW, colour, -1), nan=-1)[edge : len(colour) - edge]
    return int(fit.argmax()) + edge if len(fit) else shots // 2


def _name() -> ColumnElement[str]:
    """The file's name: the path without all that ends in its last slash."""
    path = tables.media.c.path
    folder = func.rtrim(path, func.replace(path, "/", ""))
    return func.replace(path, folder, "")


def _seconds(known: list[str]) -> ColumnElement[Any]:
    """How long a film is by its frames; a rate is written as a fraction, so it is looked up."""
    rate = case({written: float(Fraction(written)) for written in known}, value=tables.media.c.rate)
    return tables.media.c.frames / rate if known else tables.media.c.frames * 1.0


def _shots() -> ColumnElement[int]:
    """How many shots a film has: one more than the index of its last one."""
    of_it = tables.shot.c.media_id == tables.media.c.id
    last = select(func.max(tables.shot.c.idx)).where(of_it).scalar_subquery()
    return func.coalesce(last + 1, 0)


def _cuts() -> ColumnElement[int]:
    of_it = tables.cut.c.media_id == tables.media.c.id
    return select(func.count()).select_from(tables.cut).where(of_it).scalar_subquery()


def _conditions(wanted: FilmFilter, seconds: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    media = tables.media.c
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        found.append(media.path.icontains(wanted.text, autoescape=True))
    if wanted.length:
        least, most = LENGTHS[wanted.length]
        found += [seconds >= least] + [seconds < most] * (most < float("inf"))
    if wanted.picture:
        low, high = PICTURES[wanted.picture]
        side = case((media.width < media.height, media.width), else_=media.height)
        found += [side >= low, side < high]
    if wanted.rate:
        found.append(media.rate == wanted.rate)
    traits: dict[Trait, ColumnElement[bool]] = {
        "sound": media.audio.is_not(None),
        "a timecode": media.start_timecode.is_not(None),
        "warnings": media.warnings != "[]",
        "a review proxy": media.proxy.is_not(None),
        "a cut": select(tables.cut.c.id).where(tables.cut.c.media_id == media.id).exists(),
    }
    found += [traits[trait] for trait in wanted.having]
    found += [~traits[trait] for trait in wanted.lacking]
    return found


def _film_row(row: Row[Any]) -> FilmRow:
    return FilmRow(media_from(row), row.shots, row.cuts, moment(row.ingested_at))
