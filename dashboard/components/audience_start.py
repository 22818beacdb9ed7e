"""How every page on the audience begins: its heading, what it rests on, which title is meant."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import audience_queries as queries
from dashboard.audience_answers import row_count
from dashboard.audience_queries import LogFacts
from dashboard.audience_question import Question
from dashboard.components.working import worked_out
from dashboard.settings import Workspace
from dashboard.sources import load_workspace, tree_state
from dashboard.wording import SIMULATED, plain

FEW_TITLES = 200


@dataclass(frozen=True, slots=True)
class Audience:
    """The imported log, as a page reads it."""

    workspace: Workspace
    state: str
    """Of the folder of logs."""
    figures: Path
    """The folder of what was counted."""
    facts: LogFacts


def begin(title: str) -> Audience:
    """Write the heading; the page ends here where nothing was imported or counted yet."""
    workspace = load_workspace()
    state = tree_state(workspace.logs)
    rows = row_count(workspace.logs)
    if not rows:
        st.title(title)
        st.info(
            "No viewing log yet. Import one with `reel logs import FILE`, its titles with "
            "`reel logs titles FILE`, then train a recommender with `reel recsys train`.",
            icon=":material/groups:",
        )
        st.stop()
    heading = st.empty()
    heading.title(title)
    figures = worked_out(
        workspace, Question("figures"), state=state, saying=f"Counting {rows:,} rows",
        icon="groups",
    )  # fmt: skip
    if figures is None:
        st.stop()
    facts = queries.log_facts(figures)
    if facts.simulated:
        heading.title(f"{title} {SIMULATED}")
        st.caption(
            "The viewing log in this workspace was made by a simulator. No figure on this page is "
            "of a real audience."
        )
    return Audience(workspace, state, figures, facts)


def sentence(text: str) -> str:
    """The text with a capital at its beginning, and all else as it is."""
    return f"{text[:1].upper()}{text[1:]}"


def marked(title: str, *, simulated: bool) -> str:
    """The title of a chart, which says so where its data are simulated."""
    return f"{title} (simulated)" if simulated else title


def choose_title(audience: Audience, key: str, *, label: str = "Title") -> str | None:
    """The item of the title that a person chooses; of many titles, those that a search finds.

    Args:
        audience: As `begin` gives it.
        key: Of the choice, in the session.
        label: Of the choice.
    """
    names = queries.title_names(audience.figures)
    if len(names) <= FEW_TITLES:
        return st.selectbox(label, names, format_func=names.__getitem__, key=key)
    search, choice = st.columns([2, 3], vertical_alignment="bottom")
    text = search.text_input(
        "Find a title", placeholder="Part of its name", key=f"{key}_text", icon=":material/search:"
    )
    total, found = queries.title_page(audience.figures, text.strip(), None, "viewers")
    shown = found["item"].to_list()
    kept = st.session_state.get(key)
    if kept in names and kept not in shown and not text.strip():
        shown = [kept, *shown]
    if not shown:
        st.info(f"No title is named like “{plain(text.strip())}”.", icon=":material/search_off:")
        return None
    more = f", the {len(shown):,} most viewed of {total:,}" if total > len(shown) else ""
    picked: str | None = choice.selectbox(
        f"{label}{more}", shown, format_func=names.__getitem__, key=key
    )
    return picked
