"""Audience: who watched what, where they left, and what to show them next. Reads, never writes."""

from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import audience_queries as queries
from dashboard.audience_queries import LogFacts
from dashboard.components import charts
from dashboard.sources import load_workspace, tree_state
from dashboard.wording import SIMULATED, clock, moment
from recsys.audience.report import Retention
from recsys.audience.segments import Favourite
from recsys.errors import ForgottenUser, NoLog, NoModel, NoUsableRows

SHARE = st.column_config.ProgressColumn


def headline(facts: LogFacts) -> None:
    st.title("Audience " + SIMULATED if facts.simulated else "Audience")
    if facts.simulated:
        st.caption(
            "The viewing log in this workspace was made by a simulator. No figure on this page is "
            "of a real audience."
        )
    figures = {
        "Viewers": f"{facts.viewers:,}",
        "Titles": f"{facts.titles:,}",
        "Plays": f"{facts.plays:,}",
        "Hours watched": "not told" if facts.hours is None else f"{facts.hours:,.0f}",
        "From – to": f"{facts.first} – {facts.last}" if facts.first else "no dates",
    }
    for place, (label, value) in zip(st.columns([1, 1, 1, 1, 2]), figures.items(), strict=True):
        place.metric(label, value)


def titles_table(titles: pl.DataFrame) -> None:
    percent = pl.col("completion", "mean_share", "trend") * 100
    st.dataframe(
        titles.drop("item").with_columns(percent),
        hide_index=True,
        height=248,
        row_height=30,
        column_config={
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
        },
    )  # fmt: skip


def moments(found: Retention) -> None:
    lines = [
        f"- **{moment.share:.0%}** of those watching leave at **{clock(moment.start)}**"
        for moment in found.drop_offs[:5]
    ] + [
        f"- **{clock(moment.start)} – {clock(moment.end)}** is watched again by up to "
        f"**{moment.share:.0%}** of those who saw it"
        for moment in found.rewatched[:5]
    ]
    if lines:
        st.markdown("What stands out, beyond chance:\n" + "\n".join(lines))
    else:
        st.caption("No second of this title stands out beyond chance.")


def titles_tab(logs: Path, state: str) -> None:
    titles = queries.audience_titles(logs, state=state)
    titles_table(titles)
    names = dict(titles.select("item", "title").iter_rows())
    item = st.selectbox("Title", names, format_func=names.__getitem__, key="title")
    row = titles.row(by_predicate=pl.col("item") == item, named=True)
    mark = f" {SIMULATED}" if row["simulated"] else ""
    st.subheader(f"{row['title']}{mark}", anchor=False)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        weeks = queries.viewing_by_week(logs, item, state=state)
        if weeks.is_empty():
            st.info("This log has no timestamps.", icon=":material/calendar_month:")
        else:
            st.altair_chart(charts.viewing(weeks, simulated=row["simulated"]))
    try:
        found = queries.title_retention(logs, item, state=state)
    except NoUsableRows as error:
        left.info(f"{error}.", icon=":material/timeline:")
        return
    curve = found.curve.table()
    left.altair_chart(charts.retention(curve, found))
    left.altair_chart(charts.rewatch(curve, found))
    with right:
        moments(found)


def recommendations_tab(logs: Path, recommenders: Path, state: str) -> None:
    model_state = tree_state(recommenders)
    known = queries.users(logs, state=state)
    pick, count = st.columns([3, 1])
    user = pick.selectbox(
        "User", known, accept_new_options=True, key="user",
        help="Users by how much they watch; type the name of any other one.",
    )  # fmt: skip
    k = count.number_input("How many titles", 1, 50, 10, key="how_many")
    try:
        served = queries.recommendations(
            logs, recommenders, user, int(k), log_state=state, state=model_state
        )
    except NoModel as error:
        st.info(f"{error}.".capitalize(), icon=":material/model_training:")
        return
    except ForgottenUser as error:
        st.info(f"{error}.".capitalize(), icon=":material/person_off:")
        return
    _, card = queries.recommender(recommenders, state=model_state)
    mark = SIMULATED if served.simulated else ""
    st.caption(
        f"Ranked by **{served.source}**; recommender *{card['model']}*, trained "
        f"{moment(card['trained_at'])} UTC {mark}"
    )
    if not served.known:
        st.warning(f"User {user} is not in the log; this is what is popular.")
    suggested, seen = st.columns(2, gap="medium")
    with suggested:
        st.markdown("**To watch next**")
        recommendation_table(pl.DataFrame(served.recommendations))
    with seen:
        st.markdown("**Watched so far**")
        history_table(queries.history(logs, user, state=state))


def recommendation_table(rows: pl.DataFrame) -> None:
    st.dataframe(
        rows,
        hide_index=True,
        row_height=30,
        column_order=("rank", "title", "score"),
        column_config={
            "rank": st.column_config.NumberColumn("Rank", width="small"),
            "title": st.column_config.TextColumn("Title", width="medium"),
            "score": st.column_config.NumberColumn(
                "Score", format="%.3f", help="Comparable within this list only"
            ),
        },
    )


def history_table(rows: pl.DataFrame) -> None:
    st.dataframe(
        rows,
        hide_index=True,
        row_height=30,
        height=min(340, 40 + 30 * max(1, rows.height)),
        column_config={
            "title": st.column_config.TextColumn("Title", width="medium"),
            "genre": "Genre",
            "last": st.column_config.DateColumn("Last watched"),
            "minutes": st.column_config.NumberColumn("Minutes", format="%.0f"),
        },
    )


def favourites(found: list[Favourite]) -> str:
    return ", ".join(f"{one.name} ×{one.lift:.1f}" for one in found[:3] if one.lift > 1)


def segments_tab(logs: Path, state: str) -> None:
    try:
        found = queries.segments(logs, state=state)
    except NoUsableRows as error:
        st.info(f"{error}.".capitalize(), icon=":material/groups:")
        return
    rows = [
        {
            "segment": segment.name,
            "users": segment.size,
            "share": segment.share * 100,
            "genres": favourites(segment.genres),
            "titles": favourites(segment.titles),
        }
        for segment in found.segments
    ]
    st.dataframe(
        pl.DataFrame(rows),
        hide_index=True,
        column_config={
            "segment": st.column_config.TextColumn("Segment", width="medium"),
            "users": st.column_config.NumberColumn("Users", format="localized"),
            "share": SHARE("Share of users", format="%.0f %%", min_value=0, max_value=100),
            "genres": st.column_config.TextColumn("Genres watched more than by others"),
            "titles": st.column_config.TextColumn("Titles watched more than by others"),
        },
    )
    st.caption(
        "Users grouped by k-means over what a model learned of their viewing. ×2.0 is watched "
        f"twice as much as by everyone. Silhouette {found.silhouette:.2f} (−1 to 1)."
    )


workspace = load_workspace()
logs, state = workspace.logs, tree_state(workspace.logs)
try:
    facts = queries.log_facts(logs, state=state)
except NoLog:
    st.title("Audience")
    st.info(
        "No viewing log yet. Import one with `reel logs import FILE`, then train a recommender "
        "with `reel recsys train`.",
        icon=":material/groups:",
    )
    st.stop()

headline(facts)
titles_page, recommendations_page, segments_page = st.tabs(
    ["Titles", "Recommendations", "Segments"], key="section", on_change="rerun"
)
if titles_page.open:
    with titles_page:
        titles_tab(logs, state)
if recommendations_page.open:
    with recommendations_page:
        recommendations_tab(logs, workspace.recommenders, state)
if segments_page.open:
    with segments_page:
        segments_tab(logs, state)
