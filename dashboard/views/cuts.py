"""Cuts: what a suggested cut shows, and why. Suggests, renders and exports as the command does."""

from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from dashboard import cut_queries, queries
from dashboard.components import charts
from dashboard.components.brief_form import draw_brief_form, progress_bar
from dashboard.components.player import draw_player, film_clip, render_clip
from dashboard.components.sheet import Card, draw_sheet
from dashboard.cut_queries import Render
from dashboard.media_server import thumbnail_link
from dashboard.settings import Workspace
from dashboard.sources import folder_state, load_workspace, open_catalog
from dashboard.wording import minus, rate_label, signed
from editing.cut import Cut
from editing.errors import EditingError
from editing.interchange.sequence import Event, Sequence
from editing.run import EXPORT_SUFFIXES, ExportFormat, render_cut
from ingest.errors import IngestError

FORMATS: dict[ExportFormat, str] = {
    "otio": "OTIO",
    "edl": "EDL",
    "fcp7": "FCP7 XML",
    "fcpxml": "FCPXML",
    "csv": "CSV",
}
RENDERED, SOURCE = "Rendered cut", "Source film"


def choose_slot(slot: int) -> None:
    """Keep the slot that was chosen, and count the choice: the same one seeks again."""
    st.session_state["slot"] = slot
    st.session_state["alternate"] = None
    st.session_state["slot_request"] = st.session_state.get("slot_request", 0) + 1


def choose_alternate(number: int) -> None:
    """Show an alternate of the chosen slot, which only the source film holds."""
    choose_slot(int(st.session_state.get("slot", 0)))
    st.session_state["alternate"] = number
    st.session_state["screen"] = SOURCE


def choose_bar() -> None:
    bars = st.session_state["reason_bars"].selection.get("slot_bar", [])
    if bars:
        choose_slot(int(bars[0]["slot"]) - 1)


def cut_facts(cut: Cut, row: dict[str, Any]) -> None:
    facts = {
        "Film": row["film"],
        "Length": f"{float(cut.frames / cut.rate):.2f} s = {cut.frames:,} frames",
        "Rate": rate_label(cut.rate),
        "Slots": f"{len(cut.slots)}",
        "Scored by": cut.ranker,
        "Version": f"{cut.version} by {cut.author}",
        "Shown": f"first {float(cut.brief.spoiler_free):.0%} of the film",
    }
    st.caption("  ·  ".join(f"{name} **{value}**" for name, value in facts.items()))


def slot_card(number: int, event: Event, sequence: Sequence) -> Card:
    slot = event.slot
    lock = " · locked" if slot.locked else ""
    return Card(
        key=number,
        identity=f"{number}/{slot.media}/{slot.shot}",
        link=thumbnail_link(slot.media, slot.shot),
        head=sequence.timecode(event.record.start),
        lines=(
            f"source {event.file.timecode(event.source.start)}",
            f"shot {slot.shot} · {slot.source.frames} frames",
            minus(f"score {slot.score:.3f}{lock}"),
        ),
        left=f"{number + 1}",
        right=f"{float(slot.source.frames / sequence.rate):.2f} s",
    )


def screen(
    catalog: Path, sequence: Sequence, render: Render | None, chosen: int, state: str
) -> None:
    event = sequence.events[chosen]
    shown: str | None = SOURCE
    if render is not None:
        st.session_state.setdefault("screen", RENDERED)
        shown = st.segmented_control(
            "Play", [RENDERED, SOURCE], key="screen", required=True, label_visibility="collapsed"
        )
    request = f"{sequence.cut.id}:{shown}:{st.session_state.get('slot_request', 0)}"
    if render is not None and shown == RENDERED:
        clip = render_clip(render.name, render.made, sequence)
        draw_player(clip, seek=event.record.start, request=request)
        return
    alternate = st.session_state.get("alternate")
    seek = event.source.start
    if alternate is not None and alternate < len(event.slot.alternates):
        seek = event.slot.alternates[alternate].source.start
    film = queries.film(catalog, event.slot.media, state=state)
    draw_player(film_clip(film), seek=seek, request=request)
    if render is None:
        st.caption("This version is not rendered yet: the player shows its source film.")


def slot_panel(event: Event, number: int) -> None:
    slot = event.slot
    parts = sum(reason.value for reason in slot.reasons)
    st.markdown(f"**Slot {number + 1}: why shot {slot.shot}?**")
    st.altair_chart(charts.score_parts(cut_queries.reasons((slot,)), slot.score))
    sums = minus(f"{parts:.3f}")
    st.caption(
        f"{len(slot.reasons)} parts sum to **{sums}**; the score is "
        f"**{minus(f'{slot.score:.3f}')}**."
    )


def alternates(event: Event) -> None:
    slot = event.slot
    if not slot.alternates:
        st.caption("No other shot could take this slot.")
        return
    st.markdown("**Alternates**, best first")
    cards = [
        Card(
            key=number,
            identity=f"{slot.media}/{other.shot}",
            link=thumbnail_link(slot.media, other.shot),
            head=event.file.timecode(other.source.start),
            lines=(minus(f"score {other.score:.3f} ({signed(other.score - slot.score)})"),),
            left=f"shot {other.shot}",
        )
        for number, other in enumerate(slot.alternates)
    ]
    draw_sheet(
        cards,
        key="alternates",
        label="Alternates of this slot",
        selected=st.session_state.get("alternate"),
        on_chosen=choose_alternate,
        layout="strip",
        card_width=128,
    )


@st.fragment
def cut_viewer(catalog: Path, sequence: Sequence, render: Render | None, state: str) -> None:
    chosen = min(int(st.session_state.get("slot", 0)), len(sequence.events) - 1)
    draw_sheet(
        [slot_card(number, event, sequence) for number, event in enumerate(sequence.events)],
        key="strip",
        label=f"Slots of {sequence.name}",
        selected=chosen,
        on_chosen=choose_slot,
        layout="strip",
        card_width=148,
    )
    left, right = st.columns([11, 10], gap="medium")
    with left:
        screen(catalog, sequence, render, chosen, state)
    with right:
        slot_panel(sequence.events[chosen], chosen)
        alternates(sequence.events[chosen])
    parts = cut_queries.reasons(sequence.cut.slots)
    st.altair_chart(charts.cut_parts(parts), key="reason_bars", on_select=choose_bar)


def render_button(workspace: Workspace, cut: Cut, render: Render | None) -> None:
    label = "Render MP4" if render is None else "Render again"
    if not st.button(label, icon=":material/movie_creation:", width="stretch"):
        return
    bar, report = progress_bar("Rendering…")
    output = workspace.renders / cut_queries.render_name(cut)
    try:
        render_cut(open_catalog(workspace.catalog), cut, output, on_progress=report)
    except (EditingError, IngestError) as error:
        bar.empty()
        st.error(f"{error}", icon=":material/error:")
        return
    st.session_state["show_rendered"] = True
    st.rerun()


def export_buttons(catalog: Path, cut: Cut, state: str) -> None:
    for place, (target, label) in zip(st.columns(len(FORMATS)), FORMATS.items(), strict=True):
        name = f"{cut.kind}-{cut.id}-v{cut.version}{EXPORT_SUFFIXES[target]}"
        try:
            data = cut_queries.export(catalog, cut.id, cut.version, target, state=state)
        except EditingError as error:
            place.error(f"{label}: {error}", icon=":material/error:")
            continue
        place.download_button(
            label, data, name, "application/octet-stream", key=f"export_{target}",
            icon=":material/download:", on_click="ignore", width="stretch",
        )  # fmt: skip


def delivery(workspace: Workspace, cut: Cut, render: Render | None, state: str) -> None:
    make, hand_over = st.columns([1, 3])
    with make:
        render_button(workspace, cut, render)
    with hand_over:
        export_buttons(workspace.catalog, cut, state)


def version_choice(made: pl.DataFrame) -> int:
    """List the versions; the one that is shown is chosen among them."""
    latest = int(made["version"][0])
    label = f"Version {latest} of {latest}: {made['note'][0] or 'no note'}"
    with st.expander(label, icon=":material/history:"):
        st.dataframe(
            made.drop("created_at"),
            hide_index=True,
            row_height=30,
            column_config={
                "version": st.column_config.NumberColumn("Version", width="small"),
                "author": "Author",
                "note": st.column_config.TextColumn("Note", width="large"),
                "made": "Made (UTC)",
            },
        )
        if latest == 1:
            return latest
        numbers: list[int] = made["version"].to_list()
        return st.selectbox("Show version", numbers, on_change=lambda: choose_slot(0))


def cut_label(row: dict[str, Any]) -> str:
    return f"{row['id']} · {row['name']} · {row['seconds']:.1f} s · {row['ranker'].split()[0]}"


st.title("Cuts")
workspace = load_workspace()
catalog = workspace.catalog
state = folder_state(catalog)
films = queries.media_table(catalog, state=state) if state else pl.DataFrame()
if films.is_empty():
    st.info(
        "No footage to cut yet. Add some with `reel ingest FILE_OR_FOLDER`.",
        icon=":material/content_cut:",
    )
    st.stop()

names = dict(zip(films["id"], films["film"], strict=True))
cuts = cut_queries.cut_table(catalog, state=state)
choice, suggestion = st.columns([4, 1], vertical_alignment="bottom")
with suggestion:
    asked = draw_brief_form(workspace, names, state)
if asked is not None:
    st.session_state["cut"] = int(asked.id)
    choose_slot(0)
    st.rerun()
if cuts.is_empty():
    st.info(
        "No cuts yet. Suggest one here, or with `reel cut trailer FILM --seconds 30`.",
        icon=":material/content_cut:",
    )
    st.stop()

rows = {row["id"]: row for row in cuts.iter_rows(named=True)}
with choice:
    picked = st.selectbox(
        "Cut", rows, format_func=lambda number: cut_label(rows[number]), key="cut",
        label_visibility="collapsed", on_change=lambda: choose_slot(0),
    )  # fmt: skip
made = cut_queries.versions(catalog, picked, state=state)
body = st.container()
cut = cut_queries.cut(catalog, picked, version_choice(made), state=state)
render = cut_queries.find_render(workspace.renders, cut, made)
if st.session_state.pop("show_rendered", False):
    st.session_state["screen"] = RENDERED
with body:
    cut_facts(cut, rows[picked])
    cut_viewer(
        catalog, cut_queries.sequence(catalog, picked, cut.version, state=state), render, state
    )
    delivery(workspace, cut, render, state)
