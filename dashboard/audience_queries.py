"""What the pages show of an audience: tables of the viewing log, read as far as they are shown.

Nothing here holds the log. What needs all of it was worked out before
(`dashboard.audience_answers`); the rest is a scan of the log's parts for one title or one user.
Each query is cached on its arguments alone; `state` changes with the files that it reads.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl
import streamlit as st

from dashboard.sources import open_catalog
from dashboard.title_films import NamedFilm, films_of
from recsys.audience.report import Retention
from recsys.audience.retention import drop_offs, rewatched_stretches
from recsys.audience.viewing import Cohort, CohortUnit, cohorts, viewing_of
from recsys.current import current_folder
from recsys.errors import NoUsableRows
from recsys.logs.store import LogStore
from recsys.models.card import read_card
from recsys.models.model import Recommender
from recsys.models.registry import load_model
from recsys.viewing_log import (
    CLICK,
    DURATION_SECONDS,
    FROM_SECONDS,
    GENRE,
    ITEM,
    SIMULATED,
    TIMESTAMP,
    TITLE,
    TO_SECONDS,
    USER,
    WATCHED_SECONDS,
    is_simulated,
)

MOST_USERS = 500
"""Users that a page offers to choose from; others can be typed."""
MOST_TITLES = 200
"""Rows of a table of titles on a page; a search finds the others, downloads have all."""
_VIEWED = (USER, CLICK, TIMESTAMP, FROM_SECONDS, TO_SECONDS, DURATION_SECONDS, SIMULATED)

Order = Literal["viewers", "completion", "mean_share", "trend"]


@dataclass(frozen=True, slots=True)
class LogFacts:
    """A log at a glance."""

    plays: int
    viewers: int
    titles: int
    hours: float | None
    """Watched in all; None where the log does not tell."""
    first: str | None
    """The day of the first play, `2025-01-06`; None in a log without timestamps."""
    last: str | None
    simulated: bool
    """Whether any row was simulated."""
    log_end: str | None = None
    """When the last play ended, ISO 8601; None in a log without timestamps."""


@st.cache_data(max_entries=4, show_spinner=False)
def log_facts(figures: Path) -> LogFacts:
    """The log at a glance, from the folder of its figures."""
    facts = json.loads((figures / "facts.json").read_text("utf-8"))
    return LogFacts(**{**facts, "simulated": bool(facts["simulated"])})


@st.cache_data(max_entries=2, show_spinner=False)
def audience_titles(figures: Path) -> pl.DataFrame:
    """Each title's audience, as `recsys.audience.titles.title_table` gives it."""
    return pl.read_parquet(figures / "titles.parquet")


@st.cache_data(max_entries=64, show_spinner=False)
def title_page(
    figures: Path, text: str, genre: str | None, order: Order, count: int = MOST_TITLES
) -> tuple[int, pl.DataFrame]:
    """How many titles there are by a search, and the first `count` of them, highest first."""
    table = audience_titles(figures)
    if text:
        sought = pl.col("title").str.to_lowercase().str.contains(text.lower(), literal=True)
        table = table.filter(sought | pl.col("item").str.contains(text, literal=True))
    if genre:
        table = table.filter(pl.col("genre") == genre)
    ordered = table.sort(order, "item", descending=[True, False], nulls_last=True)
    return table.height, ordered.head(count)


@st.cache_data(max_entries=2, show_spinner=False)
def title_names(figures: Path) -> dict[str, str]:
    """The name of each item that was played, those with the most viewers first."""
    return dict(audience_titles(figures).select("item", "title").iter_rows())


@st.cache_data(max_entries=64, show_spinner=False)
def viewing_by_week(figures: Path, items: tuple[str, ...]) -> pl.DataFrame:
    """How many viewers titles had in each week: `item, title, week, viewers`."""
    weeks = pl.scan_parquet(figures / "weeks.parquet").filter(pl.col(ITEM).is_in(list(items)))
    names = title_names(figures)
    titled = weeks.collect().with_columns(pl.col(ITEM).replace_strict(names).alias("title"))
    return titled.select("item", "title", "week", "viewers").sort("item", "week")


@st.cache_data(max_entries=2, show_spinner=False)
def named_films(catalog: Path, *, state: str) -> list[NamedFilm]:
    """Every film of the catalogue, by name; none where there is no catalogue."""
    return films_of(open_catalog(catalog)) if state else []


@st.cache_data(max_entries=16, show_spinner=False)
def title_retention(
    logs: Path, item: str, title: str, *, log_end: str | None, state: str
) -> Retention:
    """Which seconds of a title were watched, and watched again.

    Raises:
        NoUsableRows: The log does not tell positions for it.
    """
    store = LogStore(logs)
    rows = store.collect(store.scan().filter(pl.col(ITEM) == item).select(_VIEWED))
    ended = None if log_end is None else datetime.fromisoformat(log_end)
    viewing = viewing_of(rows, ended)
    if viewing is None:
        raise NoUsableRows(f"the retention of {title}", "the log tells no positions of its plays")
    curve = viewing.curve()
    return Retention(
        item=item,
        title=title,
        simulated=is_simulated(rows),
        curve=curve,
        drop_offs=drop_offs(curve),
        rewatched=rewatched_stretches(curve),
        viewing=viewing,
        cohorts=[],
    )


@st.cache_data(max_entries=16, show_spinner=False)
def retention_table(
    logs: Path, item: str, title: str, *, log_end: str | None, state: str
) -> pl.DataFrame:
    """A row for each second of a title, as `Retention.table` gives them."""
    return title_retention(logs, item, title, log_end=log_end, state=state).table()


@st.cache_data(max_entries=16, show_spinner=False)
def cohort_table(
    logs: Path, item: str, title: str, unit: CohortUnit, *, log_end: str | None, state: str
) -> pl.DataFrame:
    """The viewers of a title by when they first came, and how far they watched.

    A row for each cohort and each twentieth of the title: `cohort, viewers, part, second,
    still_watching, low, high`; `part` is 0 to 1.
    """
    found = title_retention(logs, item, title, log_end=log_end, state=state)
    rows = [_cohort_rows(one) for one in cohorts(found.viewing, unit)]
    return pl.concat(rows) if rows else pl.DataFrame(schema=_COHORTS)


_COHORTS = pl.Schema(
    {
        "cohort": pl.String(),
        "viewers": pl.Int64(),
        "part": pl.Float64(),
        "second": pl.Float64(),
        "still_watching": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)


def _cohort_rows(cohort: Cohort) -> pl.DataFrame:
    parts = pl.Series([n / 20 for n in range(20)])
    seconds = parts * cohort.viewing.duration
    value, low, high = cohort.viewing.survival().at(seconds.to_numpy())
    return pl.DataFrame(
        {
            "cohort": [cohort.begins] * len(parts),
            "viewers": [len(cohort.viewing.reached)] * len(parts),
            "part": parts,
            "second": seconds,
            "still_watching": value,
            "low": low,
            "high": high,
        },
        schema=_COHORTS,
    )


@st.cache_data(max_entries=4, show_spinner=False)
def users(logs: Path, *, state: str) -> list[str]:
    """Some users of the log, at most `MOST_USERS`, by name; only a part of the log is read."""
    store = LogStore(logs)
    plays = store.scan().filter(pl.col(CLICK).fill_null(True)).select(USER)
    return store.collect(plays.head(20 * MOST_USERS).unique().sort(USER).head(MOST_USERS))[
        USER
    ].to_list()


@st.cache_data(max_entries=64, show_spinner=False)
def history(logs: Path, user: str, *, state: str) -> pl.DataFrame:
    """The titles that a user played, latest first: `title, genre, last, minutes`."""
    store = LogStore(logs)
    theirs = (pl.col(USER) == user) & pl.col(CLICK).fill_null(True)
    plays = store.collect(store.scan().filter(theirs).select(ITEM, TIMESTAMP, WATCHED_SECONDS))
    named = plays.join(store.titles().select(ITEM, TITLE, GENRE), on=ITEM, how="left")
    return (
        named.group_by(pl.col(TITLE).fill_null(pl.col(ITEM)), GENRE)
        .agg(
            pl.col(TIMESTAMP).max().dt.date().alias("last"),
            (pl.col(WATCHED_SECONDS).sum() / 60).alias("minutes"),
        )
        .sort("last", TITLE, descending=[True, False], nulls_last=True)
    )


@st.cache_resource(max_entries=1, show_spinner="Loading the recommender…")
def recommender(recommenders: Path, *, state: str) -> tuple[Recommender, Mapping[str, Any]]:
    """The recommender in use, and its card; NoModel if none was trained."""
    folder = current_folder(recommenders)
    return load_model(folder), read_card(folder)
