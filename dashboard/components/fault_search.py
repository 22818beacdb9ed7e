"""The faults of a cut on a page: what is known of them now, and how far the search for more is."""

import streamlit as st

from dashboard import cut_queries
from dashboard.cut_faults import KnownFaults, known_faults
from dashboard.guard import told_errors
from dashboard.review_state import look_at_repair
from dashboard.settings import Workspace
from editing.cut import Cut

SECONDS_BETWEEN_LOOKS = 2.0
_WAITING = "Waiting for the search of another cut to end…"
_PATIENCE = 0.3
"""Seconds that a page waits for a decode before it shows what ingest measured."""


def shown_faults(workspace: Workspace, cut: Cut, *, state: str) -> KnownFaults:
    """The faults of a version of a cut: by what ingest measured, or decoded where that was asked.

    Args:
        workspace: Holds the cut.
        cut: The version.
        state: Of the catalogue.
    """
    if not was_asked(cut):
        faults, unknown = cut_queries.faults(workspace.catalog, cut.id, cut.version, state=state)
        if unknown:
            return KnownFaults(words=f"Faults were not looked for: {unknown}")
        return KnownFaults(tuple(faults), "catalogue", "By what ingest measured")
    key = (cut.id, cut.version, state)
    kept: tuple[object, KnownFaults] | None = st.session_state.get("review_faults")
    if kept is not None and kept[0] == key and kept[1].progress is None:
        return kept[1]
    again: bool = st.session_state.pop("review_decode_again", False)
    known = known_faults(workspace, cut.id, cut.version, patience=_PATIENCE, again=again)
    st.session_state["review_faults"] = (key, known)
    return known


def was_asked(cut: Cut) -> bool:
    """Whether a visitor wants this version decoded."""
    asked: set[tuple[int, int]] = st.session_state.get("review_decode", set())
    return (int(cut.id), cut.version) in asked


def ask_for_decode(cut: Cut) -> None:
    """Have every frame and sample of this version looked at; it takes a while."""
    asked: set[tuple[int, int]] = st.session_state.get("review_decode", set())
    st.session_state["review_decode"] = asked | {(int(cut.id), cut.version)}


def try_again() -> None:
    """Have what came to grief begun anew."""
    st.session_state.pop("review_faults", None)
    st.session_state["review_decode_again"] = True


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def draw_search(workspace: Workspace, cut: Cut) -> None:
    """Draw how far the decode of a cut is; the page is drawn again when it has ended."""
    with told_errors("Review"):
        known = known_faults(workspace, cut.id, cut.version, patience=0)
        if known.progress is None:
            st.rerun()
        words = f"Looking at every frame and sample… {known.progress:.0%}"
        st.progress(known.progress, _WAITING if known.waiting else words)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS / 2)
def draw_repair() -> None:
    """Draw how far a repair is; the page is drawn again when it has ended."""
    with told_errors("Review"):
        state = look_at_repair()
        if state is None or state.progress is None:
            st.rerun()
        words = f"Repairing… {state.progress:.0%}"
        st.progress(state.progress, _WAITING if state.waiting else words)
