"""Cuts: every cut with its state, a page at a time, and the form that asks for a new one."""

from pathlib import Path

import streamlit as st

from dashboard import cut_queries, film_queries
from dashboard.components.brief_form import draw_brief_form
from dashboard.components.sheet import Card, draw_sheet
from dashboard.cut_queries import CutFilter, CutRow
from dashboard.media_server import thumbnail_link
from dashboard.review_state import open_cut
from dashboard.sources import folder_state, load_workspace
from dashboard.views import REVIEW

CUTS_A_PAGE = 24
KINDS = {"trailer": "Trailers", "rough": "Rough cuts"}
STATES = {True: "Approved", False: "Not approved"}


def cut_filter() -> CutFilter:
    text, kind, approved = st.columns([3, 2, 2], vertical_alignment="bottom")
    wanted = text.text_input(
        "Search", placeholder="Part of a cut's name or its film's", key="cut_text",
        label_visibility="collapsed", icon=":material/search:",
    )  # fmt: skip
    which = kind.selectbox(
        "Kind", KINDS, index=None, format_func=KINDS.__getitem__, placeholder="Every kind",
        label_visibility="collapsed", key="cut_kind",
    )  # fmt: skip
    state = approved.selectbox(
        "State", STATES, index=None, format_func=STATES.__getitem__, placeholder="In any state",
        label_visibility="collapsed", key="cut_state",
    )  # fmt: skip
    return CutFilter(wanted.strip(), which, state)


def cut_card(row: CutRow) -> Card:
    approved = f"approved by {row.approved_by}" if row.approved_by else f"by {row.author}"
    return Card(
        key=row.id,
        identity=f"{row.id}/{row.media}/{row.shot}",
        link=thumbnail_link(row.media, row.shot),
        head=f"{row.id} · {row.name}",
        lines=(row.film, f"version {row.version} {approved}", f"{row.slots} slots · {row.made}"),
        left="✓ approved" if row.approved_by else "",
        right=f"{row.seconds:.1f} s",
    )


def cut_list(catalog: Path, state: str) -> None:
    wanted = cut_filter()
    start = (int(st.session_state.get("cut_list_page", 1)) - 1) * CUTS_A_PAGE
    total, rows = cut_queries.cut_page(
        catalog, wanted, start=start, count=CUTS_A_PAGE, state=state
    )  # fmt: skip
    if start and not rows:  # a filter left fewer pages than that
        total, rows = cut_queries.cut_page(
            catalog, wanted, start=0, count=CUTS_A_PAGE, state=state
        )  # fmt: skip
    if not rows:
        if wanted == CutFilter():
            st.info(
                "No cuts yet. Suggest one here, or with `reel cut trailer FILM --seconds 30`.",
                icon=":material/content_cut:",
            )
        else:
            st.info("No cut is like that. Clear the search and the choices beside it.")
        return
    st.caption(f"{total:,} cut{'s' * (total != 1)}, the newest first. Choose one to review it.")
    draw_sheet(
        [cut_card(row) for row in rows],
        key="cut_sheet",
        label="Cuts",
        selected=None,
        on_chosen=lambda number: st.session_state.update(open_cut=number),
        card_width=220,
    )
    pages = -(-total // CUTS_A_PAGE)
    if pages > 1:
        st.pagination(pages, key="cut_list_page")


def review(cut: int) -> None:
    open_cut(cut)
    st.switch_page(f"views/{REVIEW.file}", query_params={"cut": f"{cut}"})


st.title("Cuts")
workspace = load_workspace()
catalog = workspace.catalog
state = folder_state(catalog)
if not state or not film_queries.film_count(catalog, state=state):
    st.info(
        "No footage to cut yet. Add some with `reel ingest FILE_OR_FOLDER`.",
        icon=":material/content_cut:",
    )
    st.stop()

chosen = st.session_state.pop("open_cut", None)
if chosen is not None:  # nothing is drawn of a page that is left
    review(int(chosen))
asked = draw_brief_form(workspace, state)
if asked is not None:
    review(int(asked.id))
cut_list(catalog, state)
