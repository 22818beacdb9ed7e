"""Handing over a version of a cut: exports for editing systems, a render, and approval."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import cut_queries
from dashboard.components.player import draw_player, render_clip
from dashboard.components.progress import progress_bar
from dashboard.media_server import render_link
from dashboard.people import NotAllowed, Person, needs
from dashboard.review_state import draw_again, editor, keep_author, signs_in
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from dashboard.wording import moment
from editing.approvals import LONGEST_NAME, Approval, approve
from editing.cut import Cut
from editing.errors import EditingError, StaleCut
from editing.interchange.sequence import Sequence
from editing.run import EXPORT_SUFFIXES, ExportFormat, render_cut
from ingest.errors import IngestError

FORMATS: dict[ExportFormat, str] = {
    "otio": "OTIO",
    "edl": "EDL",
    "fcp7": "FCP7 XML",
    "fcpxml": "FCPXML",
    "ale": "ALE",
    "csv": "CSV",
}


def draw_delivery(workspace: Workspace, sequence: Sequence, made: pl.DataFrame, state: str) -> None:
    """Draw the exports of a version, and its render with a button that makes one.

    Args:
        workspace: Holds the renders.
        sequence: The version.
        made: The cut's `versions`.
        state: Of the catalogue.
    """
    cut = sequence.cut
    render = cut_queries.find_render(workspace.renders, cut, made)
    with st.container(horizontal=True, gap="xsmall"):
        asked = st.button(
            "Render MP4" if render is None else "Render again",
            icon=":material/movie_creation:",
            key="render",
        )
        _export_buttons(workspace.catalog, cut, state)
    if asked:
        _render(workspace, cut)
    if render is not None:
        st.markdown(f"Rendered: [{render.name}]({render_link(render.name)}) plays in a browser.")
        with st.expander("Play the rendered file", key="rendered_open", on_change="rerun") as file:
            if file.open:
                clip = render_clip(render.name, render.made, sequence)
                draw_player(clip, request=f"{render.name}:{render.made}")


def _export_buttons(catalog: Path, cut: Cut, state: str) -> None:
    for target, label in FORMATS.items():
        name = f"{cut.kind}-{cut.id}-v{cut.version}{EXPORT_SUFFIXES[target]}"
        try:
            data = cut_queries.export(catalog, cut.id, cut.version, target, state=state)
        except EditingError as error:
            st.button(label, disabled=True, help=f"{error}", key=f"export_{target}_refused")
            continue
        st.download_button(
            label, data, name, "application/octet-stream", key=f"export_{target}",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _render(workspace: Workspace, cut: Cut) -> None:
    bar, report = progress_bar("Rendering…")
    output = workspace.renders / cut_queries.render_name(cut)
    try:
        render_cut(open_catalog(workspace.catalog), cut, output, on_progress=report)
    except (EditingError, IngestError) as error:
        bar.empty()
        st.error(f"{error}", icon=":material/error:")
        return
    draw_again()


def approved_words(approvals: list[Approval], version: int) -> str:
    """Who approved a version and when, in Markdown; empty if nobody did."""
    return ", ".join(
        f"**{one.name}** on {moment(one.approved_at)} UTC"
        for one in approvals
        if one.version == version
    )


def draw_approval(catalog: Path, cut: Cut, approvals: list[Approval]) -> None:
    """Draw who approved this version, and the button by which another one does."""
    given = approved_words(approvals, cut.version)
    label = "Approved" if given else "Approve"
    icon = ":material/verified:" if given else ":material/approval:"
    with st.popover(label, icon=icon, key="approve_popover"):
        if given:
            st.markdown(f"Version {cut.version} was approved by {given}.")
        else:
            before = [one for one in approvals if one.version < cut.version]
            last = f" Version {before[-1].version} was, by {before[-1].name}." if before else ""
            st.caption(f"Nobody has approved version {cut.version} yet.{last}")
        with st.form("approval", border=False):
            name = st.text_input(
                "Your name", editor().name, max_chars=LONGEST_NAME, disabled=signs_in()
            )
            asked = st.form_submit_button(
                f"Approve version {cut.version}", type="primary", width="stretch"
            )
        if asked:
            _approve(catalog, cut, name)


@needs("editor")
def approve_version(person: Person, catalog: Path, cut: Cut) -> Approval:
    """Approve the version of a cut that was looked at, in a person's name.

    Raises:
        EditingError: It is not the latest any more, or the name is empty.
        NotAllowed: The person is no editor.
    """
    return approve(open_catalog(catalog), cut.id, cut.version, person.name)


def _approve(catalog: Path, cut: Cut, name: str) -> None:
    person = editor() if signs_in() else replace(editor(), name=name)
    try:
        given = approve_version(person, catalog, cut)
    except StaleCut as error:
        st.error(
            f"Version {error.expected} has moved on: the latest is {error.latest}. Look at that "
            "one, and approve it if it is good.",
            icon=":material/sync_problem:",
        )
        return
    except (EditingError, NotAllowed) as error:
        st.error(f"{error}", icon=":material/error:")
        return
    keep_author(given.name)
    st.session_state["review_said"] = f"Version {given.version} approved by {given.name}"
    draw_again()
