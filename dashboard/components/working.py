"""Something that is being worked out: a bar that moves, until the answer is there."""

from pathlib import Path

import streamlit as st

from dashboard.audience_answers import ask, look_up, try_again
from dashboard.audience_question import Question
from dashboard.guard import told_errors
from dashboard.settings import Workspace
from dashboard.wording import plain

SECONDS_BETWEEN_LOOKS = 1.0


def worked_out(
    workspace: Workspace, question: Question, *, state: str, saying: str, icon: str
) -> Path | None:
    """The folder of an answer; draws how far it is, or why there is none, and gives None.

    Args:
        workspace: Holds the log.
        question: What is asked; it is begun if nobody has.
        state: Of the folder of logs.
        saying: What is being done, in Markdown: `Grouping the users`.
        icon: A Material symbol for the reason, where there is no answer: `groups`.

    Raises:
        NoLog: Nothing was imported.
    """
    with st.spinner(f"{saying}…"):
        found = ask(workspace, question, state=state)
    if found.folder is not None:
        return found.folder
    if found.refused:
        told = plain(f"{found.refused[:1].upper()}{found.refused[1:]}.")
        st.info(told, icon=f":material/{icon}:")
    elif found.broken:
        told = f"{saying} failed: {plain(found.why)}. The log of `reel dashboard` says more."
        st.error(told, icon=":material/error:")
        if st.button("Try again", key=f"again_{question.name}", icon=":material/refresh:"):
            try_again(workspace, question, state=state)
            st.rerun()
    else:
        _bar(workspace, question, state, saying)
    return None


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _bar(workspace: Workspace, question: Question, state: str, saying: str) -> None:
    with told_errors("Audience"):
        found = look_up(workspace, question, state=state)
        if found.progress is None:
            st.rerun()
        st.progress(found.progress, f"{saying}… {found.progress:.0%}")
        st.caption("This goes on when you look at other pages, and is kept until the log changes.")
