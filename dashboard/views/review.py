"""Review: one cut, played and changed slot by slot. Each change is a version, as by the command."""

from pathlib import Path

import streamlit as st

from dashboard import cut_queries, queries
from dashboard.components import charts
from dashboard.components.cut_player import Block, draw_cut_player, draw_timeline
from dashboard.components.delivery import approved_words, draw_approval, draw_delivery
from dashboard.components.fault_search import draw_repair, draw_search, shown_faults, try_again
from dashboard.components.inspector import draw_inspector
from dashboard.components.versions import draw_conflict, draw_newer, draw_versions
from dashboard.cut_edits import Edit
from dashboard.guard import told_errors
from dashboard.media_server import thumbnail_link
from dashboard.review_state import (
    ask,
    base_version,
    begin_repairing,
    choose_slot,
    chosen_slot,
    draw_again,
    editor,
    keep_author,
    make,
    open_cut,
    receive_choice,
    receive_edit,
    signs_in,
)
from dashboard.settings import Workspace
from dashboard.sources import folder_state, load_workspace
from dashboard.wording import minus, plain
from editing.approvals import Approval
from editing.cut import Cut
from editing.faults.finding import Fault
from editing.interchange.sequence import Sequence

HINT = (
    "Drag a slot to move it, an edge to trim, with Alt to slip. Keys: J K L, space, ← → ↑ ↓, I O."
)
WATCH_SECONDS = 10  # how often an open page looks whether somebody else has saved a version


def facts(sequence: Sequence, cut: Cut, latest: int, approved: str) -> None:
    over = cut.frames - cut.brief.frames
    asked = f" ({minus(f'{over:+,}')} against the brief)" if over else ""
    version = f"Version **{cut.version}** by {plain(cut.author)}"
    if cut.version != latest:
        version += f", :orange-badge[:material/history: not the latest, which is {latest}]"
    parts = [
        version,
        f"**{float(cut.frames / cut.rate):.2f} s = {cut.frames:,} frames**{asked}",
        f"{len(cut.slots)} slots, {sum(slot.locked for slot in cut.slots)} locked",
        f"scored by {plain(cut.ranker.split()[0])}",
        "drop-frame" if sequence.drop else "",
        f":green-badge[:material/verified: approved] by {approved}" if approved else "",
    ]
    st.caption("  ·  ".join(part for part in parts if part))


def blocks(sequence: Sequence, faults: list[Fault], room: list[tuple[int, int]]) -> list[Block]:
    drawn = []
    for number, event in enumerate(sequence.events):
        slot, mine = event.slot, [fault for fault in faults if fault.slot == number]
        said = [f"slot {number + 1}", f"shot {slot.shot}", f"{slot.source.frames} frames"]
        said += ["locked"] * slot.locked + [fault.words for fault in mine]
        said += [f"note: {slot.note}"] * bool(slot.note)
        drawn.append(
            Block(
                identity=f"{slot.media}/{slot.shot}/{number}",
                link=thumbnail_link(slot.media, slot.shot),
                frames=slot.source.frames,
                before=room[number][0],
                after=room[number][1],
                locked=slot.locked,
                faults=tuple(fault.severity for fault in mine),
                noted=bool(slot.note),
                spoken=", ".join(said),
                tip=f"{sequence.timecode(event.record.start)} · " + ", ".join(said),
            )
        )
    return drawn


def toolbar(catalog: Path, cut: Cut, latest: int, approvals: list[Approval]) -> None:
    with st.container(
        horizontal=True, gap="xsmall", vertical_alignment="center", horizontal_alignment="right"
    ):
        unlocked = any(not slot.locked for slot in cut.slots) or cut.frames != cut.brief.frames
        st.button(
            "Re-solve the rest", icon=":material/auto_awesome:", type="primary", key="resolve",
            disabled=not unlocked, on_click=ask,
            args=(catalog, Edit(cut.id, cut.version, "resolve")),
            help="Assembles all that is not locked anew, to the length of the brief",
        )  # fmt: skip
        st.button(
            "Undo", icon=":material/undo:", key="undo", disabled=latest == 1,
            on_click=ask,
            args=(catalog, Edit(cut.id, cut.version, "restore", restored=max(1, cut.version - 1))),
            help="The version before this one again, as a new version",
        )  # fmt: skip
        draw_approval(catalog, cut, approvals)
        with st.popover(plain(editor().name), icon=":material/person:", help="Who you are"):
            st.text_input(
                "Your name", editor().name, key="author_field", disabled=signs_in(),
                max_chars=100, placeholder="It is kept with each version you make",
                on_change=lambda: keep_author(st.session_state["author_field"]),
            )  # fmt: skip


def messages(catalog: Path, cut: Cut, latest: Cut, state: str) -> None:
    said = st.session_state.pop("review_said", None)
    if said:
        st.toast(plain(said), icon=":material/check:")
    problem = st.session_state.pop("review_problem", None)
    if problem:
        st.error(plain(problem), icon=":material/error:")
    conflict = st.session_state.get("review_conflict")
    if conflict is not None and conflict.edit.cut == cut.id:
        draw_conflict(catalog, cut, conflict, state=state)
    elif latest.version != cut.version:
        draw_newer(cut, latest)


def pending(workspace: Workspace) -> None:
    edit = st.session_state.get("review_pending")
    if edit is not None and edit.kind == "repair":
        del st.session_state["review_pending"]
        begin_repairing(workspace, edit)
    elif edit is not None:
        with st.spinner("Assembling anew…"):  # the page may be interrupted here, and runs again
            st.session_state.pop("review_pending", None)
            make(workspace.catalog, edit)
        draw_again()
    if "review_repair" in st.session_state:
        draw_repair()


@st.fragment(run_every=WATCH_SECONDS)
def watcher(catalog: Path, cut_id: int) -> None:
    """Run the page again when somebody else has saved a version."""
    with told_errors("Review"):
        if cut_queries.latest_version(catalog, cut_id) != st.session_state.get("review_latest"):
            st.rerun()


@st.fragment
def reviewer(workspace: Workspace, cut_id: int) -> None:
    with told_errors("Review"):
        review(workspace, cut_id)


def review(workspace: Workspace, cut_id: int) -> None:
    catalog = workspace.catalog
    pending(workspace)
    state = folder_state(catalog)
    latest = cut_queries.cut(catalog, cut_id, None, state=state)
    cut = cut_queries.cut(catalog, cut_id, base_version(cut_id, latest.version), state=state)
    sequence = cut_queries.sequence(catalog, cut_id, cut.version, state=state)
    approvals = cut_queries.approvals(catalog, cut_id, state=state)
    heading, tools = st.columns([5, 6], vertical_alignment="center", gap="small")
    heading.title(f"Review: {plain(cut.name)}", anchor=False)
    with tools:
        toolbar(catalog, cut, latest.version, approvals)
    facts(sequence, cut, latest.version, approved_words(approvals, cut.version))
    messages(catalog, cut, latest, state)
    st.session_state["review_latest"] = latest.version
    editable = cut.version == latest.version
    known = shown_faults(workspace, cut, state=state)
    faults = list(known.faults)
    room = cut_queries.room(catalog, cut_id, cut.version, state=state)
    films = {
        media: queries.film(catalog, media, state=state)
        for media in dict.fromkeys(int(slot.media) for slot in cut.slots)
    }
    chosen = chosen_slot(len(cut.slots))
    draw_timeline(
        sequence, blocks(sequence, faults, room), selected=chosen, editable=editable,
        hint=HINT if editable else "An older version: it can be looked at, not changed.",
        on_chosen=receive_choice, on_edit=lambda sent: receive_edit(catalog, sent),
    )  # fmt: skip
    left, right = st.columns([11, 10], gap="medium")
    with left:
        draw_cut_player(
            sequence, films, seek=int(st.session_state.get("review_seek", 0)),
            request=f"{cut_id}:{st.session_state.get('review_request', 0)}", editable=editable,
            on_edit=lambda sent: receive_edit(catalog, sent),
        )  # fmt: skip
        without = [film.media.name for film in films.values() if not film.has_proxy]
        if without:
            st.caption(
                f"{plain(', '.join(without))} has no review proxy and plays from the film itself; "
                "`reel ingest --proxies` makes one that every browser plays."
            )
    with right:
        draw_inspector(
            catalog, sequence, chosen, faults, searched=known.words, editable=editable, state=state
        )
        if known.progress is not None:
            draw_search(workspace, cut)
        elif known.broken:
            st.button("Try again", icon=":material/refresh:", key="fault_again", on_click=try_again)
    if known.how == "none":
        st.warning(plain(known.words), icon=":material/help:")
    made = cut_queries.versions(catalog, cut_id, state=state)
    st.header("Hand over", anchor=False)
    draw_delivery(workspace, sequence, made, state)
    with st.expander(
        f"Versions: {latest.version}", icon=":material/history:", key="versions_open",
        on_change="rerun",
    ) as listed:  # fmt: skip
        if listed.open:
            draw_versions(catalog, cut, made, approvals, state=state)
    with st.expander(
        "Parts of the score of every slot", icon=":material/bar_chart:", key="parts_open",
        on_change="rerun",
    ) as compared:  # fmt: skip
        if compared.open:
            draw_parts(cut)


def draw_parts(cut: Cut) -> None:
    parts = cut_queries.reasons(cut.slots)
    if parts.is_empty():
        st.caption("No slot of this cut has reasons.")
    else:
        st.altair_chart(charts.cut_parts(parts), key="reason_bars", on_select=choose_bar)


def choose_bar() -> None:
    bars = st.session_state["reason_bars"].selection.get("slot_bar", [])
    if bars:
        choose_slot(int(bars[0]["slot"]) - 1)


def wanted_cut(catalog: Path, state: str) -> int | None:
    """The cut that the address names, else the one reviewed last, else the newest."""
    named = st.query_params.get("cut", "")
    if named.isdecimal() and len(named) < 10 and int(named) != st.session_state.get("cut"):
        open_cut(int(named))
    kept = st.session_state.get("cut")
    return int(kept) if kept is not None else cut_queries.newest_cut(catalog, state=state)


workspace = load_workspace()
state = folder_state(workspace.catalog)
picked = wanted_cut(workspace.catalog, state) if state else None
if picked is None:
    st.title("Review")
    st.info(
        "No cut to review yet. Suggest one on the page Cuts, or with "
        "`reel cut trailer FILM --seconds 30`.",
        icon=":material/content_cut:",
    )
    st.stop()
st.session_state["cut"] = picked
st.query_params["cut"] = f"{picked}"
reviewer(workspace, picked)
watcher(workspace.catalog, picked)
