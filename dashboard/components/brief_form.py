"""The form that asks for a cut, and has it suggested by the same function as the command."""

from collections.abc import Callable
from fractions import Fraction

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cut_queries
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from editing.assemble.brief import default_brief
from editing.cut import Cut, CutKind
from editing.errors import EditingError
from editing.run import suggest_cut
from ingest.errors import IngestError

AUTHOR = "dashboard"
_SECONDS: dict[CutKind, float] = {"trailer": 30.0, "rough": 120.0}
_KINDS: dict[CutKind, str] = {"trailer": "Trailer", "rough": "Rough cut"}


def draw_brief_form(workspace: Workspace, films: dict[int, str], state: str) -> Cut | None:
    """Draw the form; gives the new cut when one was asked for and suggested."""
    with st.popover("Suggest a cut", icon=":material/auto_awesome:", width="stretch"):
        kind = st.segmented_control(
            "Kind", _KINDS, default="trailer", required=True, format_func=_KINDS.__getitem__
        )
        kind = kind or "trailer"
        with st.form("brief", border=False):
            film = st.selectbox("Film to cut", films, format_func=films.__getitem__)
            seconds = st.number_input(
                "Seconds", 0.1, 86_400.0, _SECONDS[kind], step=1.0, format="%.2f"
            )
            ranker = st.selectbox(
                "Ranker",
                cut_queries.ranker_names(workspace.catalog, state=state),
                help="What scores the shots. Networks appear once trained: `reel learn train`.",
            )
            asked = st.form_submit_button("Suggest", type="primary", width="stretch")
        if not asked:
            return None
        return _suggest(workspace, film, kind, Fraction(f"{seconds:.2f}"), ranker)


def progress_bar(label: str) -> tuple[DeltaGenerator, Callable[[float], None]]:
    """A bar, and what long work calls with the share done; leaving the page stops the work."""
    bar = st.progress(0.0, label)

    def report(done: float) -> None:
        bar.progress(min(max(done, 0.0), 1.0), f"{label} {done:.0%}")

    return bar, report


def _suggest(
    workspace: Workspace, film: int, kind: CutKind, seconds: Fraction, ranker: str
) -> Cut | None:
    bar, report = progress_bar("Assembling…")
    catalog = open_catalog(workspace.catalog)
    try:
        media = catalog.get_media(film)
        brief = default_brief(kind, seconds, media.rate)
        return suggest_cut(catalog, media, brief, ranker, author=AUTHOR, on_progress=report)
    except (EditingError, IngestError, ValueError) as error:
        bar.empty()
        st.error(f"{error}", icon=":material/error:")
        return None
