"""Segments: groups of users who watch alike, what sets each apart, and whether its users stay."""

from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import segment_queries
from dashboard.audience_question import Question
from dashboard.components import audience_charts as figures
from dashboard.components.audience_start import Audience, begin, marked, sentence
from dashboard.components.downloads import draw_downloads
from dashboard.components.figure import draw_figure
from dashboard.components.working import worked_out
from dashboard.segment_answers import KnownSegments
from dashboard.views import PROMOTE
from dashboard.wording import plain

KINDS = {"genre": "Genres", "title": "Titles", "part of day": "Parts of the day (UTC)",
         "device": "Devices"}  # fmt: skip


def overview(known: KnownSegments) -> str:
    """The table of segments; the one that is chosen in it."""
    apart = known.traits.filter(pl.col("apart") & (pl.col("lift") > 1))
    words = apart.with_columns(
        told=pl.col("name") + pl.col("lift").map_elements(lambda x: f" ×{x:.1f}", pl.String)
    )
    named = words.group_by("place", maintain_order=True).agg(pl.col("told").head(4).str.join(", "))
    table = known.table.join(named, on="place", how="left").drop("place")
    shown = table.with_columns(pl.col("share", "stay", "stay_low", "stay_high", "chance") * 100)
    form = st.column_config.NumberColumn
    event = st.dataframe(
        shown,
        hide_index=True,
        row_height=30,
        key="segments_table",
        on_select="rerun",
        selection_mode="single-row",
        column_order=("segment", "users", "share", "told", "stay", "stay_low", "stay_high",
                      "chance"),
        column_config={
            "segment": st.column_config.TextColumn("Segment", width="medium"),
            "users": form("Users", format="localized"),
            "share": st.column_config.ProgressColumn(
                "Share of users", format="%.0f %%", min_value=0, max_value=100
            ),
            "told": st.column_config.TextColumn("Set apart by", width="large"),
            "stay": form(
                "Stay", format="%.0f %%",
                help="Share of its users whom a later period places in it again",
            ),
            "stay_low": form("95 % from", format="%.0f %%"),
            "stay_high": form("to", format="%.0f %%"),
            "chance": form("By chance", format="%.0f %%", help="If users were placed anew"),
        },
    )  # fmt: skip
    draw_downloads(table, "segments", key="segments_download", what="These segments")
    rows = [row for row in event.selection.rows if row < len(known.names)]
    if rows and rows[0] != st.session_state.get("segment_row"):
        st.session_state["segment"] = known.names[rows[0]]
    st.session_state["segment_row"] = rows[0] if rows else None
    chosen: str = st.selectbox("Segment", known.names, key="segment")
    return chosen


def stability(known: KnownSegments, *, simulated: bool) -> None:
    told = known.table.drop_nulls("stay")
    if told.is_empty():
        st.caption(
            "Whether users stay in their segments was not measured: it takes two segments or more, "
            "timestamps, and users with enough titles in both halves of the log."
        )
        return
    table = told.select("segment", "stay", low="stay_low", high="stay_high")
    chart = figures.intervals(
        table, "segment", "stay",
        title=marked("Users whom a later period places in their segment again",
                     simulated=simulated),
        axis="Stay (% of the segment's users)", form=".0%",
    )  # fmt: skip
    draw_figure(chart, "segments over time")
    every = known.summary["steadiness"]
    if every:
        st.caption(
            f"Of all users {every['share']:.0%} ({every['low']:.0%} to {every['high']:.0%}) stay; "
            f"by chance {every['chance']:.0%} would."
        )


def portrait(known: KnownSegments, segment: str, *, simulated: bool) -> None:
    """What a segment does more, or less, than everyone."""
    place = known.names.index(segment)
    traits = known.traits.filter((pl.col("place") == place) & (pl.col("low") > 0))
    if traits.is_empty():
        st.info("Too few of its users do the same for anything to be told of them.",
                icon=":material/groups:")  # fmt: skip
        return
    kinds = [kind for kind in KINDS if kind in traits["kind"].to_list()]
    for column, kind in zip(st.columns(2) * 2, kinds, strict=False):
        rows = traits.filter(pl.col("kind") == kind).head(10)
        chart = figures.intervals(
            rows, "name", "lift",
            title=marked(f"{KINDS[kind]} against everyone", simulated=simulated),
            axis="Lift (times everyone's share)", form=".2~f", reference=1.0, logarithmic=True,
        )  # fmt: skip
        with column:
            draw_figure(chart, f"{segment} {kind}")
    st.caption(
        "Dots are the segment's share over everyone's, with 95 % intervals; 1 is like everyone. "
        "Titles and genres describe the groups: they were made to differ in them."
    )
    draw_downloads(traits.drop("place"), "segment_portrait", key="traits_download",
                   what="Its portrait")  # fmt: skip


def show(audience: Audience, folder: Path) -> None:
    known = segment_queries.segments(folder)
    simulated = audience.facts.simulated
    if len(known.names) == 1:
        st.info(
            f"All {known.table['users'][0]:,} users are one group: "
            f"{plain(known.summary['reason'])}. "
            "Campaigns can still be made, for everyone, on the page Promote.",
            icon=":material/groups:",
        )
    else:
        st.caption(
            f"{plain(sentence(known.summary['reason']))}. Users were grouped by what a model "
            f"learned of their viewing; silhouette {known.summary['silhouette']:.2f} (−1 to 1)."
        )
    segment = overview(known)
    st.header(plain(segment), anchor=False)
    portrait(known, segment, simulated=simulated)
    if len(known.names) > 1:
        st.header("Over time", anchor=False)
        stability(known, simulated=simulated)
    st.page_link(f"views/{PROMOTE.file}", label="Promote to a segment", icon=":material/campaign:")


audience = begin("Segments")
found = worked_out(
    audience.workspace, Question("segments"), state=audience.state, saying="Grouping the users",
    icon="groups",
)  # fmt: skip
if found is not None:
    show(audience, found)
