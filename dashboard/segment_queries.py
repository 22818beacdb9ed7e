"""What the pages show of segments and campaigns, kept as long as their answers are the same."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from dashboard.cut_taste import FittingCuts, fitting_cuts, titles_with_films
from dashboard.segment_answers import (
    KnownSegments,
    read_segments,
    users_to_show_title,
    users_to_show_titles,
)
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from dashboard.title_films import read_links
from recsys.audience.promotion import Draw
from recsys.logs.store import LogStore


@st.cache_data(max_entries=2, show_spinner=False)
def segments(folder: Path) -> KnownSegments:
    """The segments, from the folder of their answer."""
    return read_segments(folder)


@st.cache_data(max_entries=64, show_spinner=False)
def segments_of_title(folder: Path, item: str) -> pl.DataFrame:
    """The segments for a title, highest expected response first; empty if not measured."""
    responses = segments(folder).responses
    return pl.DataFrame() if responses is None else responses.of_title(item)


@st.cache_data(max_entries=32, show_spinner=False)
def titles_for_segment(logs: Path, folder: Path, segment: str, *, state: str) -> pl.DataFrame:
    """The titles for a segment, highest expected response first; NoUsableRows if not measured."""
    responses = segments(folder).required_responses()
    return responses.titles(segment, LogStore(logs).titles())


@st.cache_data(max_entries=4, show_spinner=False)
def segment_users(
    logs: Path,
    folder: Path,
    segment: str,
    *,
    titles: int,
    size: int | None,
    draw: Draw,
    state: str,
) -> pl.DataFrame:
    """Who of a segment is to be shown which title; NoUsableRows if responses are not measured."""
    return users_to_show_titles(
        logs, segments(folder), segment, titles=titles, size=size, draw=draw
    )


@st.cache_data(max_entries=4, show_spinner=False)
def campaign_plan(folder: Path) -> dict[str, Any]:
    """`days, base_rate, model, bands` of a title's campaign."""
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text("utf-8"))
    return plan


@st.cache_data(max_entries=4, show_spinner=False)
def title_users(
    folder: Path, of_segments: Path | None, segment: str | None, size: int | None, draw: Draw
) -> pl.DataFrame:
    """Who is to be shown a title."""
    members = None if of_segments is None else segments(of_segments).members()
    return users_to_show_title(
        pl.read_parquet(folder / "users.parquet"), members, segment=segment, size=size, draw=draw
    )


@st.cache_data(max_entries=16, show_spinner="Looking through the shots…")
def cuts_for_segment(
    root: Path, folder: Path, segment: str, *, state: str, catalog_state: str, links_state: str
) -> FittingCuts:
    """Which cuts and shots fit a segment.

    Raises:
        NoUsableRows: No title is a film with embeddings, or too few of its users watched one.
    """
    workspace = Workspace(root)
    catalog, store = open_catalog(workspace.catalog), LogStore(workspace.logs)
    titles = titles_with_films(catalog, store, read_links(workspace))
    return fitting_cuts(catalog, store, titles, segment, segments(folder).users_of(segment))
