"""Recommendations: try them as somebody, see why, change them by rules, compare models.

Rules are kept by `dashboard.business_rules`, evaluations begun by `dashboard.model_comparison`.
"""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import streamlit as st

from dashboard import audience_queries as queries
from dashboard import recommendation_queries as lists
from dashboard.audience_answers import look_up
from dashboard.audience_question import Question
from dashboard.business_rules import parse_rules, rules_text, save_rules
from dashboard.components import audience_charts as figures
from dashboard.components.audience_start import Audience, begin, marked, sentence
from dashboard.components.downloads import draw_downloads
from dashboard.components.figure import draw_figure
from dashboard.components.working import worked_out
from dashboard.model_comparison import (
    evaluation_figures,
    read_evaluation,
    start_evaluation,
    validation_figures,
)
from dashboard.people import NotAllowed
from dashboard.recommendation_queries import Asked
from dashboard.sources import tree_state
from dashboard.visitor import visitor
from dashboard.wording import SIMULATED, moment, plain
from recsys.errors import ForgottenUser, NoModel, UnusableRules
from recsys.rules import Occasion, Rule

MODELS = ("popularity", "transitions", "knn", "ease", "als", "sasrec", "stack")
MOST_PICKED = 20


def choose_whose(audience: Audience) -> tuple[Asked, int]:
    """A user of the log or a made-up history, and how many titles are wanted."""
    as_user, made_up = "A user", "A made-up history"
    left, middle, right = st.columns([2, 4, 1], vertical_alignment="bottom")
    kind = left.segmented_control(
        "Try as", [as_user, made_up], default=as_user, key="try_as", required=True
    )
    k = int(right.number_input("Titles", 1, 50, 10, key="how_many"))
    if kind == made_up:
        names = queries.title_names(audience.figures)
        options = list(names)[:200]
        options += [item for item in st.session_state.get("made_up", []) if item not in options]
        watched = middle.multiselect(
            "Watched, oldest first", options, format_func=names.__getitem__, key="made_up",
            max_selections=MOST_PICKED, placeholder="Pick titles",
        )  # fmt: skip
        return Asked(watched=tuple(watched)), k
    known = queries.users(audience.workspace.logs, state=audience.state)
    user = middle.selectbox(
        "User", known, accept_new_options=True, key="user",
        help="Some of the users; type the name of any other one.",
    )  # fmt: skip
    return Asked(user=user or ""), k


def try_section(audience: Audience, asked: Asked, k: int) -> None:
    logs, recommenders = audience.workspace.logs, audience.workspace.recommenders
    state = tree_state(recommenders)
    found = lists.served(logs, recommenders, asked, k, log_state=audience.state, state=state)
    _, card = queries.recommender(recommenders, state=state)
    mark = SIMULATED if found.simulated else ""
    st.caption(
        f"Ranked by **{plain(found.source)}**; recommender *{plain(card['model'])}*, trained "
        f"{moment(card['trained_at'])} UTC {mark}"
    )
    if not found.known and asked.user:
        st.warning(f"User {plain(asked.user)} is not in the log; this is what is popular.")
    elif not found.known:
        st.caption("Nothing is picked yet, so this is what is popular.")
    table = pl.DataFrame(
        [
            {**{name: row[name] for name in ("rank", "item", "title", "score")},
             "because": "; ".join(f"{r['title']} {r['share']:.0%}" for r in row["because"])}
            for row in found.recommendations
        ],
        schema=_LIST,
    )  # fmt: skip
    st.markdown("**To watch next**")
    st.dataframe(
        table,
        hide_index=True,
        row_height=30,
        column_order=("rank", "title", "score", "because"),
        column_config={
            "rank": st.column_config.NumberColumn("Rank", width="small"),
            "title": st.column_config.TextColumn("Title", width="medium"),
            "score": st.column_config.NumberColumn(
                "Score", format="%.3f", help="Comparable within this list only"
            ),
            "because": st.column_config.TextColumn("Because of", width="large"),
        },
    )
    exact = "how the score adds up" if found.exact else "what the score loses without the title"
    if found.known:
        st.caption(f"Because of: watched titles that speak for it, with their part of {exact}.")
    draw_downloads(table, "recommendations", key="list_download", what="This list")
    if asked.user and found.known:
        with st.expander("Watched so far", icon=":material/history:"):
            history_table(queries.history(logs, asked.user, state=audience.state))


_LIST = {
    "rank": pl.Int64,
    "item": pl.String,
    "title": pl.String,
    "score": pl.Float64,
    "because": pl.String,
}


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


def rules_section(audience: Audience, asked: Asked, k: int) -> None:
    person = visitor()
    left, right = st.columns([2, 3], gap="medium")
    with left:
        text = st.text_area(
            "Rules (TOML)", rules_text(audience.workspace), height=360, key="rules_text",
            help="The kinds and their fields are in docs/recommender.md.",
        )  # fmt: skip
        region = st.text_input("Region", key="rules_region", placeholder="as in the rules: DE")
        day = st.date_input("Day", datetime.now(UTC).date(), key="rules_day")
        if st.button(
            "Keep these rules", disabled=not person.may("editor"), icon=":material/save:",
            key="rules_keep",
        ):  # fmt: skip
            try:
                count = save_rules(person, audience.workspace, text)
            except (NotAllowed, UnusableRules) as error:
                st.error(plain(f"{error}"), icon=":material/error:")
            else:
                st.toast(f"{count} rule{'s' * (count != 1)} kept", icon=":material/check:")
        told = "`reel recsys recommend --rules rules.toml` takes the same file."
        st.caption(told if person.may("editor") else "Keeping rules is for editors.")
    with right:
        try:
            rules = parse_rules(text)
        except UnusableRules as error:
            st.error(plain(f"{error}"), icon=":material/rule:")
            return
        preview(audience, asked, rules, Occasion(day, region.strip() or None), k)


def preview(
    audience: Audience, asked: Asked, rules: list[Rule], occasion: Occasion, k: int
) -> None:
    logs, recommenders = audience.workspace.logs, audience.workspace.recommenders
    table = lists.rule_changes(
        logs, recommenders, asked, rules, occasion=occasion, k=k,
        log_state=audience.state, state=tree_state(recommenders),
    )  # fmt: skip
    touched = table.filter(pl.col("rules") != "")
    left_out = table.filter(pl.col("after").is_null()).height
    st.markdown(
        f"**What {len(rules)} rule{'s' * (len(rules) != 1)} change{'s' * (len(rules) == 1)}** for "
        f"{plain(asked.name)}: {touched.height} title{'s' * (touched.height != 1)} touched, "
        f"{left_out} out of the list"
    )
    shown = table.with_columns(
        pl.when(pl.col("after").is_null())
        .then(pl.lit("out"))
        .when(pl.col("before").is_null())
        .then(pl.lit("new"))
        .when(pl.col("before") > pl.col("after"))
        .then(pl.lit("up"))
        .when(pl.col("before") < pl.col("after"))
        .then(pl.lit("down"))
        .otherwise(pl.lit("as before"))
        .alias("change")
    )
    st.dataframe(
        shown,
        hide_index=True,
        row_height=30,
        column_order=("after", "before", "title", "change", "rules"),
        column_config={
            "after": st.column_config.NumberColumn("After", width="small"),
            "before": st.column_config.NumberColumn("Before", width="small"),
            "title": st.column_config.TextColumn("Title", width="medium"),
            "change": "Change",
            "rules": st.column_config.TextColumn("By rule", width="medium"),
        },
    )
    draw_downloads(shown, "rule_changes", key="rules_download", what="This preview")


def compare_section(audience: Audience) -> None:
    recommenders = audience.workspace.recommenders
    _, card = queries.recommender(recommenders, state=tree_state(recommenders))
    told = validation_figures(card)
    st.markdown("**As training judged them**, on the newest part of the log it learned from")
    if told.is_empty():
        st.caption("The card of the recommender in use tells no figures of validation.")
    else:
        chart = figures.intervals(
            told, "model", "value", title=marked(
                "Models on validation", simulated=audience.facts.simulated
            ), axis="NDCG (0 to 1)", form=".4~f",
        )  # fmt: skip
        draw_figure(chart, "models on validation")
        st.caption(plain(f"The best setting of each. {card.get('reason', '')}."))
        draw_downloads(told, "validation", key="validation_download", what="These figures")
    st.divider()
    evaluation(audience)


def evaluation(audience: Audience) -> None:
    """Judge models anew; the first that is picked is held against each other one."""
    st.markdown(
        "**Judged anew**: each fitted on the older four fifths of the log, asked on the rest"
    )
    picked = st.multiselect(
        "Models", MODELS, default=["popularity", "knn", "ease"], key="judged_models"
    )
    if not picked:
        st.info("Choose models to judge.", icon=":material/balance:")
        return
    person = visitor()
    question = Question("evaluation", models=tuple(picked))
    begun = look_up(audience.workspace, question, state=audience.state)
    if begun.folder is None and begun.progress is None and not begun.refused:
        if st.button(
            "Judge them", disabled=not person.may("editor"), icon=":material/balance:",
            type="primary", key="judge",
        ):  # fmt: skip
            start_evaluation(person, audience.workspace, question, state=audience.state)
        elif not begun.broken:
            if not person.may("editor"):
                st.caption("Judging takes minutes of the machine; it is for editors.")
            return
    folder = worked_out(
        audience.workspace, question, state=audience.state, saying="Judging models",
        icon="balance",
    )  # fmt: skip
    if folder is not None:
        judged(read_evaluation(folder), simulated=audience.facts.simulated)


def judged(told: dict[str, Any], *, simulated: bool) -> None:
    table = evaluation_figures(told)
    metric = f"ndcg@{told['k']}"
    shown = table.filter(pl.col("metric") == metric).sort("value", descending=True)
    users = max((one["users"] for one in told["models"]), default=0)
    chart = figures.intervals(
        shown, "model", "value", title=marked(
            f"Models on the newest part of the log, {users:,} users", simulated=simulated
        ), axis=f"NDCG@{told['k']} (0 to 1)", form=".4~f",
    )  # fmt: skip
    draw_figure(chart, "models judged")
    st.caption(f"{plain(told['rule'])}. 95 % intervals by a bootstrap over users.")
    for note in told["notes"]:
        st.caption(plain(f"Note: {note}."))
    differences = pl.DataFrame(told["differences"])
    if not differences.is_empty():
        st.markdown("**Differences**, on the same users")
        st.dataframe(
            differences, hide_index=True, row_height=30,
            column_order=("first", "other", "value", "low", "high", "p_value"),
            column_config={
                "first": "Model", "other": "less",
                "value": st.column_config.NumberColumn("Difference", format="%+.4f"),
                "low": st.column_config.NumberColumn("95 % from", format="%+.4f"),
                "high": st.column_config.NumberColumn("to", format="%+.4f"),
                "p_value": st.column_config.NumberColumn("p", format="%.3f"),
            },
        )  # fmt: skip
    draw_downloads(table, "evaluation", key="evaluation_download", what="All metrics")


audience = begin("Recommendations")
try:
    queries.recommender(
        audience.workspace.recommenders, state=tree_state(audience.workspace.recommenders)
    )
except NoModel as error:
    st.info(plain(sentence(f"{error}.")), icon=":material/model_training:")
    st.stop()
first, second, third = st.tabs(
    ["Try them", "Rules", "Models"], key="recommendations_section", on_change="rerun"
)
if first.open or second.open:
    with first if first.open else second:
        asked, k = choose_whose(audience)
        try:
            (try_section if first.open else rules_section)(audience, asked, k)
        except ForgottenUser as error:
            st.info(plain(sentence(f"{error}.")), icon=":material/person_off:")
if third.open:
    with third:
        compare_section(audience)
