"""What the pages show of cuts, read from the catalogue; and the exports made from them.

Each query is cached on its arguments alone, and one of them is the catalogue's state.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import streamlit as st

from dashboard.sources import open_catalog
from dashboard.wording import moment
from editing.cut import Cut, Slot
from editing.cut_store import cut_versions, list_cuts, load_cut
from editing.interchange.sequence import Sequence
from editing.rank.store import DEFAULT_RANKER, ranker_cards
from editing.run import EXPORT_SUFFIXES, ExportFormat, export_cut, sequence_of


@dataclass(frozen=True, slots=True)
class Render:
    """An MP4 in the workspace's folder of renders."""

    name: str
    made: int
    """Nanoseconds since 1970; changes when it is rendered anew."""


@st.cache_data(max_entries=8, show_spinner=False)
def cut_table(folder: Path, *, state: str) -> pl.DataFrame:
    """A row a cut in its latest version, the newest first: `id, name, film, kind, …`."""
    catalog = open_catalog(folder)
    films = {media.id: media.name for media in catalog.media()}
    rows = [
        {
            "id": int(cut.id),
            "name": cut.name,
            "film": films[cut.media],
            "kind": cut.kind,
            "seconds": float(cut.frames / cut.rate),
            "frames": cut.frames,
            "slots": cut.slots,
            "ranker": cut.ranker,
            "version": cut.version,
            "author": cut.author,
            "made": moment(cut.created_at),
            "note": cut.note,
        }
        for cut in reversed(list_cuts(catalog))
    ]
    return pl.DataFrame(rows)


@st.cache_data(max_entries=32, show_spinner=False)
def cut(folder: Path, cut_id: int, version: int | None, *, state: str) -> Cut:
    """A version of a cut, the latest if None; UnknownCut if there is none."""
    return load_cut(open_catalog(folder), cut_id, version)


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


@st.cache_data(max_entries=32, show_spinner=False)
def export(folder: Path, cut_id: int, version: int, target: ExportFormat, *, state: str) -> bytes:
    """A version of a cut as a timeline for another editing system, as `reel export` writes it.

    Raises:
        TimelineError: The format cannot hold the cut.
    """
    catalog = open_catalog(folder)
    with TemporaryDirectory() as temporary:
        output = Path(temporary) / f"cut{EXPORT_SUFFIXES[target]}"
        export_cut(catalog, load_cut(catalog, cut_id, version), target, output)
        return output.read_bytes()


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
