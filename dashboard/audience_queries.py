"""What the pages show of an audience: the viewing log and the recommender, read into tables.

Each query is cached on its arguments alone; `state` changes with the files that it reads. Logs and
models are kept in memory once, the newest only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from recsys.audience.report import Retention, retention, segment_users
from recsys.audience.segments import Segmentation
from recsys.audience.titles import title_table
from recsys.forgetting import refuse_forgotten
from recsys.interactions import played
from recsys.models.model import Recommender, read_card
from recsys.models.registry import load_model
from recsys.run import load_log, load_titles
from recsys.serving import Served, current_folder, serve
from recsys.viewing_log import ITEM, TIMESTAMP, USER, WATCHED_SECONDS, is_simulated

MOST_USERS = 2000
"""Users that a page offers to choose from; others can be typed."""


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


@st.cache_resource(max_entries=1, show_spinner="Reading the viewing log…")
def viewing_log(logs: Path, *, state: str) -> pl.DataFrame:
    """The imported log; whoever uses it may not change it.

    Raises:
        NoLog: Nothing was imported.
    """
    return load_log(logs)


@st.cache_data(max_entries=4, show_spinner=False)
def log_facts(logs: Path, *, state: str) -> LogFacts:
    """The log at a glance; NoLog if there is none."""
    log = viewing_log(logs, state=state)
    day = pl.col(TIMESTAMP).dt.date().cast(pl.String)
    told = pl.col(WATCHED_SECONDS).count() > 0
    facts = played(log).select(
        plays=pl.len(),
        viewers=pl.col(USER).n_unique(),
        titles=pl.col(ITEM).n_unique(),
        hours=pl.when(told).then(pl.col(WATCHED_SECONDS).sum() / 3600),
        first=day.min(),
        last=day.max(),
    )
    return LogFacts(**facts.row(0, named=True), simulated=is_simulated(log))


@st.cache_data(max_entries=4, show_spinner=False)
def audience_titles(logs: Path, *, state: str) -> pl.DataFrame:
    """Each title's audience, as `recsys.audience.titles.title_table` gives it."""
    return title_table(viewing_log(logs, state=state), load_titles(logs))


@st.cache_data(max_entries=64, show_spinner=False)
def viewing_by_week(logs: Path, item: str, *, state: str) -> pl.DataFrame:
    """How many viewers a title had in each week: `week, viewers`; empty without timestamps."""
    plays = played(viewing_log(logs, state=state)).filter(
        (pl.col(ITEM) == item) & pl.col(TIMESTAMP).is_not_null()
    )
    week = pl.col(TIMESTAMP).dt.truncate("1w").dt.date().alias("week")
    return plays.group_by(week).agg(pl.col(USER).n_unique().alias("viewers")).sort("week")


@st.cache_data(max_entries=64, show_spinner=False)
def title_retention(logs: Path, item: str, *, state: str) -> Retention:
    """Which seconds of a title were watched, and watched again.

    Raises:
        NoUsableRows: The log does not tell positions for it.
    """
    return retention(logs, item)


@st.cache_data(max_entries=4, show_spinner="Grouping the users…")
def segments(logs: Path, *, state: str) -> Segmentation:
    """Users grouped by what they watch; NoUsableRows if there are too few."""
    return segment_users(viewing_log(logs, state=state), load_titles(logs))


@st.cache_data(max_entries=4, show_spinner=False)
def users(logs: Path, *, state: str) -> list[str]:
    """The users with the most plays, most first, at most `MOST_USERS`."""
    plays = played(viewing_log(logs, state=state))
    counts = plays.group_by(USER).len().sort("len", USER, descending=[True, False])
    return counts.head(MOST_USERS)[USER].to_list()


@st.cache_data(max_entries=64, show_spinner=False)
def history(logs: Path, user: str, *, state: str) -> pl.DataFrame:
    """The titles that a user played, latest first: `title, genre, last, hours`."""
    plays = played(viewing_log(logs, state=state)).filter(pl.col(USER) == user)
    named = plays.join(load_titles(logs).select(ITEM, "title", "genre"), on=ITEM, how="left")
    return (
        named.group_by(pl.col("title").fill_null(pl.col(ITEM)), "genre")
        .agg(
            pl.col(TIMESTAMP).max().dt.date().alias("last"),
            (pl.col(WATCHED_SECONDS).sum() / 60).alias("minutes"),
        )
        .sort("last", "title", descending=[True, False], nulls_last=True)
    )


@st.cache_resource(max_entries=1, show_spinner="Loading the recommender…")
def recommender(recommenders: Path, *, state: str) -> tuple[Recommender, Mapping[str, Any]]:
    """The recommender in use, and its card; NoModel if none was trained."""
    folder = current_folder(recommenders)
    return load_model(folder), read_card(folder)


@st.cache_data(max_entries=64, show_spinner=False)
def recommendations(
    logs: Path, recommenders: Path, user: str, k: int, *, log_state: str, state: str
) -> Served:
    """The titles that a user has not seen and would most likely watch, best first.

    Raises:
        NoModel: None was trained.
        ForgottenUser: The user was removed from the log.
    """
    refuse_forgotten(logs, user)
    model, card = recommender(recommenders, state=state)
    return serve(model, card, load_titles(logs), user, k=k)
