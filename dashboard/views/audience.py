"""Audience: who watched which title, where they left, and at which shots."""

from typing import Any

import numpy as np
import polars as pl
import streamlit as st

from dashboard import audience_queries as queries
from dashboard.audience_queries import LogFacts, Order
from dashboard.components import audience_charts as figures
from dashboard.components import charts
from dashboard.components.audience_start import Audience, begin, choose_title, marked
from dashboard.components.downloads import draw_downloads
from dashboard.components.figure import draw_figure
from dashboard.components.title_curves import draw_curves, retention_of
from dashboard.wording import SIMULATED, plain
from recsys.audience.report import Retention
from recsys.audience.viewing import CohortUnit
from recsys.errors import NoUsableRows

SHARE = st.column_config.ProgressColumn
ORDERS: dict[Order, str] = {
    "viewers": "Most viewers",
    "trend": "Rising fastest",
    "completion": "Completed most",
    "mean_share": "Watched longest",
}
COHORT_UNITS: dict[CohortUnit, str] = {"week": "Week", "month": "Month", "day": "Day"}
MOST_COMPARED = 5
MOST_COHORTS = 30


def headline(facts: LogFacts) -> None:
    values = {
        "Viewers": f"{facts.viewers:,}",
        "Titles": f"{facts.titles:,}",
        "Plays": f"{facts.plays:,}",
        "Hours watched": "not told" if facts.hours is None else f"{facts.hours:,.0f}",
        "From – to": f"{facts.first} – {facts.last}" if facts.first else "no dates",
    }
    in_a_row(values)


def in_a_row(values: dict[str, str]) -> None:
    """Figures side by side, in as many rows as it takes."""
    with st.container(horizontal=True, gap="medium"):
        for label, value in values.items():
            st.metric(label, value, width="content")


def titles_section(audience: Audience) -> None:
    table = queries.audience_titles(audience.figures)
    search, kind, order = st.columns([3, 2, 2])
    text = search.text_input(
        "Find titles", placeholder="Part of a name", key="titles_text", icon=":material/search:"
    ).strip()
    genres = table["genre"].drop_nulls().unique().sort().to_list()
    genre = kind.selectbox(
        "Genre", genres, index=None, placeholder="Every genre", key="titles_genre",
        disabled=not genres,
    )  # fmt: skip
    by = order.selectbox("Order", ORDERS, format_func=ORDERS.__getitem__, key="titles_order")
    total, shown = queries.title_page(audience.figures, text, genre, by)
    if not total:
        st.info(
            "No title is like that. Clear the search and the genre.", icon=":material/search_off:"
        )
        return
    event = st.dataframe(
        shown.drop("item").with_columns(pl.col("completion", "mean_share", "trend") * 100),
        hide_index=True,
        height=min(40 + 30 * shown.height, 400),
        row_height=30,
        key="titles_table",
        on_select="rerun",
        selection_mode="single-row",
        column_config=TITLE_COLUMNS,
    )
    few = f"The first {shown.height:,} of {total:,} titles. " if total > shown.height else ""
    st.caption(f"{few}Choose a row, then **One title** shows its curves.")
    draw_downloads(table, "titles", key="titles_download", what="All titles")
    if event.selection.rows and event.selection.rows[0] < shown.height:
        st.session_state["title_wanted"] = shown["item"][event.selection.rows[0]]
    names = shown["item"].head(MOST_COMPARED).to_list()
    weeks = queries.viewing_by_week(audience.figures, tuple(names))
    if weeks.is_empty():
        st.info(
            "This log has no timestamps, so there are no trends.", icon=":material/calendar_month:"
        )
        return
    title = marked(
        f"Viewers in each week: the first {len(names)} titles of the list",
        simulated=audience.facts.simulated,
    )
    draw_figure(figures.compared_weeks(weeks, title=title), "viewers by week")
    draw_downloads(weeks, "viewers_by_week", key="weeks_download", what="These weeks")


TITLE_COLUMNS: dict[str, Any] = {
    "title": st.column_config.TextColumn("Title", width="medium"),
    "genre": "Genre",
    "viewers": st.column_config.NumberColumn("Viewers", format="localized"),
    "views": st.column_config.NumberColumn(
        "Views", format="localized", help="Days on which a viewer played it, summed"
    ),
    "completion": SHARE(
        "Completion", format="%.0f %%", min_value=0, max_value=100,
        help="Share of viewers who got to 95 % of its length",
    ),
    "mean_share": SHARE(
        "Mean share watched", format="%.0f %%", min_value=0, max_value=100,
        help="Mean over viewers of the share of the title watched",
    ),
    "trend": st.column_config.NumberColumn(
        "Trend", format="%+.0f %%",
        help="New viewers of the last 14 days against the 14 days before",
    ),
    "simulated": st.column_config.CheckboxColumn("Simulated"),
}  # fmt: skip


def percent(value: float | None, sign: str = "") -> str:
    return "not told" if value is None else f"{value:{sign}.0%}"


def title_section(audience: Audience) -> None:
    wanted = st.session_state.pop("title_wanted", None)
    if wanted is not None:
        st.session_state["title"] = wanted
    item = choose_title(audience, "title")
    if item is None:
        return
    row = queries.audience_titles(audience.figures).row(
        by_predicate=pl.col("item") == item, named=True
    )
    mark = f" {SIMULATED}" if row["simulated"] else ""
    st.header(f"{plain(row['title'])}{mark}", anchor=False)
    values = {
        "Viewers": f"{row['viewers']:,}",
        "Views": f"{row['views']:,}",
        "Completion": percent(row["completion"]),
        "Mean share watched": percent(row["mean_share"]),
        "Two-week trend": percent(row["trend"], "+"),
    }
    in_a_row(values)
    try:
        found = retention_of(audience, item)
    except NoUsableRows as error:
        st.info(plain(f"{error}."), icon=":material/timeline:")
    else:
        draw_curves(audience, found)
        cohorts_of(audience, found)
    weeks_of(audience, item, simulated=bool(row["simulated"]))


def cohorts_of(audience: Audience, found: Retention) -> None:
    st.markdown("**Cohorts**: viewers by when they first watched it")
    unit = st.segmented_control(
        "Cohorts by", COHORT_UNITS, format_func=COHORT_UNITS.__getitem__, default="week",
        key="cohort_unit", label_visibility="collapsed",
    )  # fmt: skip
    table = queries.cohort_table(
        audience.workspace.logs, found.item, found.title, unit or "week",
        log_end=audience.facts.log_end, state=audience.state,
    )  # fmt: skip
    if table.is_empty():
        st.info(
            "This log has no timestamps, so there are no cohorts.", icon=":material/calendar_month:"
        )
        return
    names = table["cohort"].unique(maintain_order=True)
    shown = table.filter(pl.col("cohort").is_in(names.tail(MOST_COHORTS).to_list()))
    title = marked("How far each cohort watches", simulated=found.simulated)
    chart = figures.cohort_heatmap(shown, title=title)
    draw_figure(chart, f"cohorts {found.title}")
    if len(names) > MOST_COHORTS:
        st.caption(f"The newest {MOST_COHORTS} of {len(names)} cohorts; the download has them all.")
    draw_downloads(table, f"cohorts_{found.item}", key="cohort_download", what="These cohorts")


def weeks_of(audience: Audience, item: str, *, simulated: bool) -> None:
    weeks = queries.viewing_by_week(audience.figures, (item,))
    if weeks.is_empty():
        st.info("This log has no timestamps.", icon=":material/calendar_month:")
        return
    draw_figure(charts.viewing(weeks, simulated=simulated), f"weeks {item}")
    draw_downloads(weeks, f"weeks_{item}", key="week_download", what="Each week")


def compare_section(audience: Audience) -> None:
    names = queries.title_names(audience.figures)
    options = list(names)[:200]
    for extra in (st.session_state.get("title"), *st.session_state.get("compared", [])):
        if extra in names and extra not in options:
            options.append(extra)
    picked = st.multiselect(
        "Titles to compare", options, default=options[:2], format_func=names.__getitem__,
        max_selections=MOST_COMPARED, key="compared",
        help="The most viewed titles, and the one chosen in One title.",
    )  # fmt: skip
    if len(picked) < 2:
        st.info("Choose two titles or more.", icon=":material/compare_arrows:")
        return
    table = queries.audience_titles(audience.figures)
    rows = table.filter(pl.col("item").is_in(picked))
    st.dataframe(
        rows.drop("item").with_columns(pl.col("completion", "mean_share", "trend") * 100),
        hide_index=True, row_height=30, column_config=TITLE_COLUMNS,
    )  # fmt: skip
    parts, without = [], []
    for item in picked:
        try:
            parts.append(by_part(names[item], retention_of(audience, item)))
        except NoUsableRows:
            without.append(names[item])
    simulated = audience.facts.simulated
    if parts:
        curves_table = pl.concat(parts)
        title = marked("Retention over each title's length", simulated=simulated)
        chart = figures.compared_retention(curves_table, title=title)
        draw_figure(chart, "retention compared")
        draw_downloads(curves_table, "retention_compared", key="compared_download",
                       what="These curves")  # fmt: skip
    if without:
        told = f"The log tells no positions of: {', '.join(without)}."
        st.info(plain(told), icon=":material/timeline:")
    weeks = queries.viewing_by_week(audience.figures, tuple(picked))
    if not weeks.is_empty():
        title = marked("Viewers in each week", simulated=simulated)
        drawn = figures.compared_weeks(weeks, title=title)
        draw_figure(drawn, "weeks compared")
        draw_downloads(weeks, "weeks_compared", key="compared_weeks_download", what="These weeks")


def by_part(title: str, found: Retention) -> pl.DataFrame:
    """The curve at every hundredth of a title: `title, part, retention, low, high`."""
    value, low, high = found.curve.retention()
    at = np.minimum((np.arange(101) / 100 * len(value)).astype(np.int64), len(value) - 1)
    return pl.DataFrame(
        {
            "title": [title] * len(at),
            "part": np.arange(101) / 100,
            "retention": value[at],
            "low": low[at],
            "high": high[at],
        }
    )


SECTIONS = {"Titles": titles_section, "One title": title_section, "Compare": compare_section}

audience = begin("Audience")
headline(audience.facts)
tabs = st.tabs(list(SECTIONS), key="section", on_change="rerun")
for tab, draw in zip(tabs, SECTIONS.values(), strict=True):
    if tab.open:
        with tab:
            draw(audience)
