"""Handing over a version of a cut: exports for editing systems, a render, and approval."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import cut_queries
from dashboard.components.player import draw_player, render_clip
from dashboard.components.progress import progress_bar
from dashboard.cut_approval import approve_cut, withdraw_approval
from dashboard.cut_delivery import export_version, render_version
from dashboard.media_server import render_link
from dashboard.people import NotAllowed
from dashboard.review_state import draw_again, editor, keep_author, signs_in
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from dashboard.wording import moment, plain
from editing.approvals import LONGEST_NAME, Approval
from editing.cut import Cut
from editing.errors import EditingError, StaleCut
from editing.interchange.remarks import export_remarks
from editing.interchange.sequence import Sequence
from editing.run import EXPORT_SUFFIXES, ExportFormat
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
            disabled=not editor().may("editor"),
            help="Into the workspace's renders; leaving the page stops it, and nothing is left",
        )
        _export_buttons(workspace.catalog, sequence, state)
    _remarks(sequence)
    if asked:
        _render(workspace, cut)
    if render is not None:
        link = render_link(render.name)
        st.markdown(f"Rendered: [{plain(render.name)}]({link}) plays in a browser.")
        with st.expander("Play the rendered file", key="rendered_open", on_change="rerun") as file:
            if file.open:
                clip = render_clip(render.name, render.made, sequence)
                draw_player(clip, request=f"{render.name}:{render.made}")


def _export_buttons(catalog: Path, sequence: Sequence, state: str) -> None:
    cut, person = sequence.cut, editor()
    for target, label in FORMATS.items():
        name = f"{cut.kind}-{cut.id}-v{cut.version}{EXPORT_SUFFIXES[target]}"
        try:
            data = export_version(person, catalog, cut, target, state=state)
        except (EditingError, NotAllowed) as error:
            st.button(label, disabled=True, help=plain(f"{error}"), key=f"export_{target}_refused")
            continue
        remarks = export_remarks(sequence, target)
        st.download_button(
            label, data, name, "application/octet-stream", key=f"export_{target}",
            icon=":material/download:" if not remarks else ":material/download_for_offline:",
            on_click="ignore",
            help="\n".join(f"- {plain(remark)}" for remark in remarks) or None,
        )  # fmt: skip


def _remarks(sequence: Sequence) -> None:
    """What of the cut each format does not hold; what several do not is told once."""
    told: dict[str, list[str]] = {}
    for target, label in FORMATS.items():
        for remark in export_remarks(sequence, target):
            told.setdefault(remark, []).append(label)
    if told:
        lacking = {label for labels in told.values() for label in labels}
        names = ", ".join(label for label in FORMATS.values() if label in lacking)
        with st.expander(f"Not all of this cut is in {names}", icon=":material/info:"):
            lines = [f"- **{', '.join(found)}**: {plain(text)}" for text, found in told.items()]
            st.markdown("\n".join(lines))


def _render(workspace: Workspace, cut: Cut) -> None:
    bar, report = progress_bar("Rendering…")
    try:
        render_version(editor(), workspace, cut, report)
    except (EditingError, IngestError, NotAllowed) as error:
        bar.empty()
        st.error(plain(f"{error}"), icon=":material/error:")
        return
    draw_again()


def approved_words(approvals: list[Approval], version: int) -> str:
    """Who approved a version and when, in Markdown; empty if nobody did."""
    return ", ".join(
        f"**{plain(one.name)}** on {moment(one.approved_at)} UTC"
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
            last = (
                f" Version {before[-1].version} was, by {plain(before[-1].name)}." if before else ""
            )
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
        for number, one in enumerate(approvals):
            if one.version == cut.version and _may_withdraw(one):
                st.button(
                    f"Take back the approval by {plain(one.name)}", icon=":material/undo:",
                    key=f"withdraw_{number}", width="stretch", on_click=_withdraw,
                    args=(catalog, one),
                    help="It stays in the record, with who took it back and when",
                )  # fmt: skip


def _may_withdraw(approval: Approval) -> bool:
    person = editor()
    return person.may("admin") or (person.may("editor") and person.name == approval.name)


def _withdraw(catalog: Path, approval: Approval) -> None:
    try:
        withdraw_approval(
            editor(), open_catalog(catalog), approval.cut, approval.version, approval.name
        )
    except (EditingError, NotAllowed) as error:
        st.session_state["review_problem"] = f"{error}"
    else:
        told = f"Approval of version {approval.version} by {approval.name} taken back"
        st.session_state["review_said"] = told


def _approve(catalog: Path, cut: Cut, name: str) -> None:
    person = editor() if signs_in() else replace(editor(), name=name)
    try:
        given = approve_cut(person, open_catalog(catalog), cut.id, cut.version)
    except StaleCut as error:
        st.error(
            f"Version {error.expected} has moved on: the latest is {error.latest}. Look at that "
            "one, and approve it if it is good.",
            icon=":material/sync_problem:",
        )
        return
    except (EditingError, NotAllowed) as error:
        st.error(plain(f"{error}"), icon=":material/error:")
        return
    keep_author(given.name)
    st.session_state["review_said"] = f"Version {given.version} approved by {given.name}"
    draw_again()
