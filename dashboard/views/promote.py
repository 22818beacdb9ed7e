"""Promote: whom to show a title, what to show a segment, which cut for which segment.

The only thing that is handed over is the campaign file, by `dashboard.campaigns`.
"""

from functools import partial
from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import audience_queries as queries
from dashboard import segment_queries
from dashboard.audience_answers import look_up
from dashboard.audience_question import Question
from dashboard.campaigns import FileKind, hand_over_campaign
from dashboard.components import audience_charts as figures
from dashboard.components.audience_start import Audience, begin, choose_title, marked, sentence
from dashboard.components.downloads import draw_downloads
from dashboard.components.figure import draw_figure
from dashboard.components.fitting_cuts import draw_fitting_cuts
from dashboard.components.working import worked_out
from dashboard.visitor import visitor
from dashboard.wording import plain
from recsys.audience.promotion import DAYS, Draw, group_sizes, smallest_lift
from recsys.current import current_folder
from recsys.errors import NoModel, NoUsableRows

SHOWN_TITLES = 15
SHOWN_USERS = 200
MIME = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def segments_answer(audience: Audience) -> Path | None:
    return worked_out(
        audience.workspace, Question("segments"), state=audience.state,
        saying="Grouping the users", icon="groups",
    )  # fmt: skip


def title_section(audience: Audience) -> None:
    """A title: the segments that take to it, then its campaign."""
    item = choose_title(audience, "promoted_title", label="Title to promote")
    if item is None:
        return
    name = queries.title_names(audience.figures)[item]
    folder = segments_answer(audience)
    if folder is not None:
        segments_for(audience, folder, item, name)
    st.divider()
    st.header("Campaign", anchor=False)
    try:
        model = current_folder(audience.workspace.recommenders).name
    except NoModel as error:
        st.info(plain(sentence(f"{error}")), icon=":material/model_training:")
        return
    question = Question("campaign", item=item, recommender=model, days=DAYS)
    asked = st.session_state.setdefault("campaigns_asked", set())
    begun = look_up(audience.workspace, question, state=audience.state)
    if question.name not in asked and begun.folder is None and begun.progress is None:
        st.caption(
            "Ranks everyone who has not played the title, by a model like the recommender in use, "
            f"and measures on the log's last {DAYS} days how those like them responded. The model "
            "is fitted twice for it."
        )
        if not st.button("Rank the audience", type="primary", icon=":material/campaign:"):
            return
        asked.add(question.name)
    plan = worked_out(
        audience.workspace, question, state=audience.state,
        saying=f"Ranking the audience of {plain(name)}", icon="campaign",
    )  # fmt: skip
    if plan is not None:
        title_campaign(audience, plan, folder, item, name)


def segments_for(audience: Audience, folder: Path, item: str, name: str) -> None:
    known = segment_queries.segments(folder)
    table = segment_queries.segments_of_title(folder, item)
    if known.responses is None:
        st.info(plain(sentence(f"{known.summary['no_responses']}.")), icon=":material/groups:")
        return
    if table.is_empty():
        st.info(
            f"{plain(name)} was not played before the log's last {DAYS} days, so no segment's "
            "response to it can be measured.", icon=":material/groups:",
        )  # fmt: skip
        return
    if len(known.names) == 1:
        st.caption(plain(f"One segment: {known.summary['reason']}."))
    title = marked(
        f"Who comes to {name}: first plays within {DAYS} days, by segment",
        simulated=audience.facts.simulated,
    )
    chart = figures.intervals(
        table, "segment", "expected_response", title=title,
        axis="Expected response (% of those who have not played it)", form=".1%",
    )  # fmt: skip
    draw_figure(chart, f"segments for {name}")
    response_table(table)
    draw_downloads(table, f"segments_{item}", key="title_segments", what="These segments")


def response_table(table: pl.DataFrame) -> None:
    percent = pl.col("expected_response", "low", "high") * 100
    form = st.column_config.NumberColumn
    st.dataframe(
        table.with_columns(percent),
        hide_index=True,
        row_height=30,
        column_config={
            "rank": form("Rank", width="small"),
            "item": None,
            "title": st.column_config.TextColumn("Title", width="medium"),
            "segment": st.column_config.TextColumn("Segment", width="medium"),
            "expected_response": form("Expected response", format="%.1f %%"),
            "low": form("95 % from", format="%.1f %%"),
            "high": form("to", format="%.1f %%"),
            "lift": form("Against all", format="%.2f×", help="Over the response of all users"),
            "came": form("Came", format="localized", help="In the days that were measured"),
            "then": form("Of", format="localized", help="Who had not played it then"),
            "now": form("Users now", format="localized", help="Who have not played it to this day"),
        },
    )


def settings(key: str, names: list[str] | None, most: int) -> tuple[str | None, int | None, Draw]:
    """Which users, how many, and which share of them is held out."""
    left, middle, right = st.columns(3)
    segment = None
    if names is not None:
        segment = left.selectbox(
            "Only users of", [None, *names], key=f"{key}_segment",
            format_func=lambda name: "all segments" if name is None else name,
        )  # fmt: skip
    size = middle.number_input(
        "Users at most", 1, max(most, 1), value=None, placeholder="all", key=f"{key}_size"
    )
    share = right.slider(
        "Held out", 0, 50, 10, format="%d %%", key=f"{key}_hold_out",
        help="Not shown the title, so that its effect can be measured against them.",
    )  # fmt: skip
    return segment, None if size is None else int(size), Draw(share / 100)


def title_campaign(
    audience: Audience, plan: Path, of_segments: Path | None, item: str, name: str
) -> None:
    told = segment_queries.campaign_plan(plan)
    bands = pl.DataFrame(told["bands"]).with_row_index("band", 1)
    title = marked(
        f"How users like them came to {name} within {told['days']} days",
        simulated=audience.facts.simulated,
    )
    shown = bands.with_columns(
        label=pl.format("band {} · {} users", "band", "users"), rate=pl.col("rate")
    )
    chart = figures.intervals(
        shown, "label", "rate", title=title, axis="Response (% of the band)", form=".1%",
        reference=told["base_rate"],
    )  # fmt: skip
    draw_figure(chart, f"campaign {name}")
    st.caption(
        f"Band 1 is ranked highest, by {plain(told['model'])}; the dashed line is everyone's "
        f"{told['base_rate']:.1%}. It is what happens without a campaign."
    )
    draw_downloads(bands, f"bands_{item}", key="bands_download", what="These bands")
    names = None if of_segments is None else segment_queries.segments(of_segments).names
    segment, size, draw = settings("title_campaign", names, audience.facts.viewers)
    users = segment_queries.title_users(plan, of_segments, segment, size, draw)
    hand_over(users, f"campaign_{item}", "title_file")


def hand_over(users: pl.DataFrame, name: str, key: str) -> None:
    """What the campaign is like, its first users, and the file."""
    if users.is_empty():
        st.info("Nobody is left for this campaign. Choose another segment or title.",
                icon=":material/person_off:")  # fmt: skip
        return
    target, held_out = group_sizes(users)
    rates = users["expected_response"].to_numpy()
    lift = smallest_lift(users)
    values = {
        "To be shown it": f"{target:,}",
        "Held out": f"{held_out:,}",
        "Expected response": f"{rates.mean():.1%}",
        "Smallest effect told": "none" if lift is None else f"{lift:.1%}",
    }
    for place, (label, value) in zip(st.columns(len(values)), values.items(), strict=True):
        place.metric(label, value)
    st.caption(
        "The smallest effect is the difference between both groups that a test would find in four "
        "of five campaigns."
    )
    person = visitor()
    allowed = person.may("editor")

    kinds: tuple[FileKind, ...] = ("csv", "parquet")
    with st.container(horizontal=True):
        for kind in kinds:
            st.download_button(
                f"Campaign file ({kind.upper() if kind == 'csv' else 'Parquet'})",
                partial(hand_over_campaign, person, users, kind), f"{name}.{kind}", MIME[kind],
                key=f"{key}_{kind}", disabled=not allowed, icon=":material/download:",
                type="primary" if kind == "csv" else "secondary", on_click="ignore",
            )  # fmt: skip
    if not allowed:
        st.caption("Campaign files name people; handing them over is for editors.")
        return
    with st.expander(f"The first {min(users.height, SHOWN_USERS)} of {users.height:,} users"):
        st.dataframe(users.head(SHOWN_USERS), hide_index=True, row_height=30)


def segment_section(audience: Audience) -> None:
    """A segment: the titles it takes to, then its campaign."""
    folder = segments_answer(audience)
    if folder is None:
        return
    known = segment_queries.segments(folder)
    if len(known.names) == 1:
        st.info(plain(f"One segment: {known.summary['reason']}."), icon=":material/groups:")
    segment = st.selectbox("Segment", known.names, key="promoted_segment")
    try:
        ranked = segment_queries.titles_for_segment(
            audience.workspace.logs, folder, segment, state=audience.state
        )
    except NoUsableRows as error:
        st.info(plain(sentence(f"{error}.")), icon=":material/groups:")
        return
    shown = ranked.head(SHOWN_TITLES)
    title = marked(
        f"What {segment} come to: first plays within {DAYS} days, the first {shown.height} titles",
        simulated=audience.facts.simulated,
    )
    chart = figures.intervals(
        shown, "title", "expected_response", title=title,
        axis="Expected response (% of those who have not played it)", form=".1%",
    )  # fmt: skip
    draw_figure(chart, f"titles for {segment}")
    response_table(ranked.head(100))
    draw_downloads(ranked, "titles_for_segment", key="segment_titles", what="All titles")
    st.divider()
    st.header("Campaign", anchor=False)
    count = st.number_input(
        "Titles to show", 1, max(1, min(50, ranked.height)), min(5, ranked.height),
        key="segment_titles_count", help="Each user gets the best of these not yet played.",
    )  # fmt: skip
    _, size, draw = settings("segment_campaign", None, audience.facts.viewers)
    users = segment_queries.segment_users(
        audience.workspace.logs, folder, segment, titles=int(count), size=size, draw=draw,
        state=audience.state,
    )  # fmt: skip
    hand_over(users, "campaign_segment", "segment_file")


def cut_section(audience: Audience) -> None:
    """A segment: the cuts and shots that fit its taste."""
    folder = segments_answer(audience)
    if folder is None:
        return
    known = segment_queries.segments(folder)
    segment = st.selectbox("Segment", known.names, key="cut_segment")
    draw_fitting_cuts(audience, folder, segment)


SECTIONS = {"A title": title_section, "A segment": segment_section, "Cuts": cut_section}

audience = begin("Promote")
tabs = st.tabs(list(SECTIONS), key="promote_section", on_change="rerun")
for tab, draw_section in zip(tabs, SECTIONS.values(), strict=True):
    if tab.open:
        with tab:
            draw_section(audience)
