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
from dashboard.cut_faults import RepairState, begin_repair, repair_state
from dashboard.people import SIGN_IN_VARIABLE, NotAllowed, Person
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from dashboard.visitor import visitor
from editing.cut import Cut
from editing.cut_changes import changes_between
from editing.cut_store import load_cut
from editing.errors import EditError, EditingError, StaleCut
from ingest.errors import IngestError

_SLOW = ("resolve", "repair")
_SENDERS = 8
"""Of one visitor whose last change is remembered; a page that is loaded anew is another."""
_MOST_OF_OWN = 20
"""Own versions that a change may be behind: as many as fast fingers make before a page answers."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A change that was refused because somebody else was quicker."""

    edit: Edit
    latest: int
    """The version that it was refused for."""
    after: tuple[Edit, ...] = ()
    """What was asked for on top of it, before the page had told that it was refused."""


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
    for name in (
        "review_base",
        "review_conflict",
        "review_problem",
        "review_pending",
        "review_repair",
    ):
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
    """A change was asked for on the timeline or the player; one that is sent again is made once."""
    if not _heard_first(sent):
        return
    try:
        ask(catalog, read_edit(sent))
    except EditError as error:
        st.session_state["review_problem"] = f"{error}"


def answered_edits() -> dict[str, int]:
    """The number of the last change of each sender that was heard: what a browser waits for."""
    kept: dict[str, int] = st.session_state.get("review_answered", {})
    return dict(kept)


def _heard_first(sent: object) -> bool:
    """Whether this is the first time that a browser says this, and note that it was heard."""
    sender, number = (
        (sent.get("sender"), sent.get("number")) if isinstance(sent, dict) else (None, None)
    )
    if not isinstance(sender, str) or len(sender) > 40 or type(number) is not int:
        return True
    known = answered_edits()
    before = known.pop(sender, 0)
    last = list(known.items())[1 - _SENDERS :]
    st.session_state["review_answered"] = {**dict(last), sender: max(before, number)}
    return before < number


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
        again = _on_own(catalog, edit, error.latest) if onto is None else None
        if again is not None:
            make(catalog, again)
        elif not _is_own(edit, error.latest):
            _refuse(edit, error.latest, again=onto is not None)
        elif edit.kind != "restore":
            st.session_state["review_problem"] = _gone(edit, error.latest)
    except (EditingError, IngestError, NotAllowed) as error:
        st.session_state["review_problem"] = f"{error}"
    else:
        _follow(catalog, edit, after)
        _made(edit, after.version, after.note)


def begin_repairing(workspace: Workspace, edit: Edit) -> None:
    """Begin a repair, which goes on beside the page, or note why not."""
    st.session_state.pop("review_problem", None)
    try:
        place = begin_repair(editor(), workspace, edit.cut, edit.version)
    except NotAllowed as error:
        st.session_state["review_problem"] = f"{error}"
    else:
        st.session_state["review_repair"] = (edit, place)


def look_at_repair() -> RepairState | None:
    """How far the repair that was begun is; None once it has ended, and its outcome is noted."""
    begun: tuple[Edit, Path] | None = st.session_state.get("review_repair")
    if begun is None:
        return None
    edit, place = begun
    try:
        state = repair_state(place)
    except StaleCut as error:
        _refuse(edit, error.latest)
    except EditError as error:
        st.session_state["review_problem"] = f"{error}"
    else:
        if state.progress is not None:
            return state
        if state.version is None:
            st.session_state["review_problem"] = state.words
        else:
            _made(edit, state.version, state.words)
    del st.session_state["review_repair"]
    return None


def _refuse(edit: Edit, latest: int, *, again: bool = False) -> None:
    """Note that somebody else was quicker; what fast fingers asked for before is not forgotten."""
    known: Conflict | None = st.session_state.get("review_conflict")
    if known is None or (known.edit.cut, known.edit.version) != (edit.cut, edit.version):
        st.session_state["review_conflict"] = Conflict(edit, latest)
    else:
        after = known.after if again else (*known.after, edit)
        st.session_state["review_conflict"] = replace(known, latest=latest, after=after)


def _made(edit: Edit, version: int, words: str) -> None:
    """Note that a change was made, and put its version on the screen."""
    st.session_state.pop("review_conflict", None)
    st.session_state["review_said"] = f"Version {version}: {words}"
    own: set[tuple[int, int]] = st.session_state.get("review_own", set())
    st.session_state["review_own"] = own | {(edit.cut, version)}
    show_version(edit.cut, version)


def _is_own(edit: Edit, latest: int) -> bool:
    """Whether this visitor made all versions since the one that a change was asked of."""
    own: set[tuple[int, int]] = st.session_state.get("review_own", set())
    since = range(edit.version + 1, latest + 1)
    return 0 < len(since) <= _MOST_OF_OWN and all((edit.cut, number) in own for number in since)


def _on_own(catalog: Path, edit: Edit, latest: int) -> Edit | None:
    """A change that was asked for before the page had answered an earlier one, as one of that.

    None where somebody else came between, where the slot is gone, and of going back, which a
    second press on the same button asks for once.
    """
    if not _is_own(edit, latest) or edit.kind == "restore":
        return None
    return _rebased(catalog, edit, latest)


def make_again(catalog: Path, conflict: Conflict, onto: int | None = None) -> None:
    """Make what was refused after all, one change after the other, until one cannot be made.

    Args:
        catalog: The folder of the catalogue.
        conflict: What was refused.
        onto: The version that the first change is kept after as it was; None to make it to the
            latest instead, as the others are made, if it means a slot that is there.
    """
    st.session_state.pop("review_problem", None)
    edits = (conflict.edit, *conflict.after)
    for number, edit in enumerate(edits):
        kept_as_it_was = number == 0 and onto is not None
        if kept_as_it_was:
            make(catalog, edit, onto)
        else:
            _make_to_latest(catalog, edit)
        refused: Conflict | None = st.session_state.get("review_conflict")
        if refused is not None:
            st.session_state["review_conflict"] = replace(refused, after=edits[number + 1 :])
            return
        if "review_problem" in st.session_state or "review_pending" in st.session_state:
            _tell_left(edits[number + 1 :])
            return


def _make_to_latest(catalog: Path, edit: Edit) -> None:
    latest = load_cut(open_catalog(catalog), edit.cut).version
    found = _rebased(catalog, edit, latest)
    if found is None:
        st.session_state["review_problem"] = _gone(edit, latest)
    else:
        ask(catalog, found)


def _tell_left(edits: tuple[Edit, ...]) -> None:
    """Say which changes are not made, for one before them could not be."""
    if edits:
        problem, left = st.session_state.get("review_problem"), ", ".join(e.words for e in edits)
        told = f"not made: {left}"
        st.session_state["review_problem"] = told if problem is None else f"{problem}; {told}"


def _rebased(catalog: Path, edit: Edit, latest: int) -> Edit | None:
    """A change as one of a later version, of the slot that it was made to; None if that is gone."""
    if edit.kind in (*_SLOW, "restore"):
        return replace(edit, version=latest)
    opened = open_catalog(catalog)
    before, now = load_cut(opened, edit.cut, edit.version), load_cut(opened, edit.cut, latest)
    places = {change.before: change.after for change in changes_between(before.slots, now.slots)}
    slot = places.get(edit.slot)
    if slot is None:
        return None
    to = slot + edit.to - edit.slot  # of a move: as far from where it is as was meant
    return replace(edit, version=latest, slot=slot, to=min(max(to, 0), len(now.slots) - 1))


def _gone(edit: Edit, latest: int) -> str:
    """Why a change cannot be made to a later version."""
    return (
        f"{edit.words}: slot {edit.slot + 1} of version {edit.version} is not in version {latest} "
        "any more"
    )


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
