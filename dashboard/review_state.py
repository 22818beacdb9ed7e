"""What a review page keeps for one visitor: the slot that is chosen, the version that is looked at,
who they are, and what became of the last change.

A visitor stays on the version that is on their screen until they ask for a newer one, so that a
change is always made to what they saw.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard.cut_edits import Edit, make_edit, read_edit
from dashboard.people import SIGN_IN_VARIABLE, NotAllowed, Person
from dashboard.sources import open_catalog
from dashboard.visitor import visitor
from editing.cut import Cut
from editing.cut_changes import changes_between
from editing.cut_store import load_cut
from editing.errors import EditError, EditingError, StaleCut
from ingest.errors import IngestError

_SLOW = ("resolve", "repair")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A change that was refused because somebody else was quicker."""

    edit: Edit
    latest: int
    """The version that it was refused for."""


def editor() -> Person:
    """Who changes cuts: whoever is signed in; without sign-in, by the name that they gave."""
    person, name = visitor(), st.session_state.get("author")
    return replace(person, name=name) if name and not signs_in() else person


def signs_in() -> bool:
    """Whether people are who they say they are: a name that was signed in is not typed over."""
    return bool(os.environ.get(SIGN_IN_VARIABLE))


def keep_author(name: str) -> None:
    """Keep the name that a visitor gave, for all pages."""
    st.session_state["author"] = " ".join(name.split())[:100]


def draw_again() -> None:
    """Draw the review anew: alone, or with its page where that is being drawn."""
    with suppress(StreamlitAPIException):
        st.rerun(scope="fragment")
    st.rerun()


def open_cut(cut_id: int) -> None:
    """Review a cut from its beginning, in its latest version."""
    st.session_state["cut"] = cut_id
    for name in ("review_base", "review_conflict", "review_problem", "review_pending"):
        st.session_state.pop(name, None)
    choose_slot(0, 0)


def base_version(cut_id: int, latest: int) -> int:
    """The version that is on the screen; the latest where none was shown yet."""
    shown: tuple[int, int] | None = st.session_state.get("review_base")
    if shown is None or shown[0] != cut_id:
        show_version(cut_id, latest)
        return latest
    return shown[1]


def show_version(cut_id: int, version: int) -> None:
    """Put another version on the screen."""
    st.session_state["review_base"] = (cut_id, version)


def chosen_slot(slots: int) -> int:
    """The slot that is chosen, from 0, of so many."""
    return min(int(st.session_state.get("slot", 0)), slots - 1)


def choose_slot(slot: int, frame: int | None = None) -> None:
    """Choose a slot; the player goes to `frame` of the cut, or stays if None."""
    st.session_state["slot"] = slot
    st.session_state["alternate"] = None
    if frame is not None:
        st.session_state["review_seek"] = frame
        st.session_state["review_request"] = st.session_state.get("review_request", 0) + 1


def receive_choice(sent: object) -> None:
    """A slot was chosen on the timeline, which moves the player itself."""
    slot = sent.get("slot") if isinstance(sent, dict) else None
    if type(slot) is int and slot >= 0:
        choose_slot(slot)


def receive_edit(catalog: Path, sent: object) -> None:
    """A change was asked for on the timeline or the player."""
    try:
        ask(catalog, read_edit(sent))
    except EditError as error:
        st.session_state["review_problem"] = f"{error}"


def ask(catalog: Path, edit: Edit, onto: int | None = None) -> None:
    """Make a change, or note why not; what takes long is left to the page, which shows it."""
    if edit.kind in _SLOW and onto is None:
        st.session_state["review_pending"] = edit
        return
    make(catalog, edit, onto)


def make(catalog: Path, edit: Edit, onto: int | None = None) -> None:
    """Make a change now, or note why not."""
    st.session_state.pop("review_problem", None)
    try:
        after = make_edit(editor(), open_catalog(catalog), edit, onto=onto)
    except StaleCut as error:
        st.session_state["review_conflict"] = Conflict(edit, error.latest)
    except (EditingError, IngestError, NotAllowed) as error:
        st.session_state["review_problem"] = f"{error}"
    else:
        st.session_state.pop("review_conflict", None)
        st.session_state["review_said"] = f"Version {after.version}: {after.note}"
        _follow(catalog, edit, after)
        show_version(edit.cut, after.version)


def make_again(catalog: Path, edit: Edit, latest: int) -> None:
    """Make a refused change to the latest version instead, if it still means the same slot."""
    before = load_cut(open_catalog(catalog), edit.cut, edit.version)
    now = load_cut(open_catalog(catalog), edit.cut, latest)
    found = same_slot(before, now, edit)
    if found is None:
        st.session_state["review_problem"] = (
            f"slot {edit.slot + 1} of version {edit.version} is not in version {latest} any more"
        )
        return
    make(catalog, found)


def same_slot(before: Cut, now: Cut, edit: Edit) -> Edit | None:
    """A change as one of a later version, of the slot that it was made to; None if that is gone."""
    places = {change.before: change.after for change in changes_between(before.slots, now.slots)}
    after = places.get(edit.slot)
    if after is None:
        return None
    return replace(edit, version=now.version, slot=after)


def give_up() -> None:
    """Drop the change that was refused."""
    st.session_state.pop("review_conflict", None)


def _follow(catalog: Path, edit: Edit, after: Cut) -> None:
    """Stay on the slot that was changed, wherever it is now."""
    before = load_cut(open_catalog(catalog), edit.cut, edit.version)
    was = int(st.session_state.get("slot", 0))
    if edit.kind == "move":
        slot = edit.to
    else:
        changes = changes_between(before.slots, after.slots)
        places = {change.before: change.after for change in changes}
        now = places.get(was)
        slot = was if now is None else now
    choose_slot(min(slot, len(after.slots) - 1))
