"""The inspector of a review: why the chosen slot is there, what else could be, and what to change.

Draws and asks; every change goes through `review_state`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from dashboard import cut_queries, queries
from dashboard.components import charts
from dashboard.components.cut_player import draw_comparison
from dashboard.components.fault_search import ask_for_decode, was_asked
from dashboard.components.sheet import Card, draw_sheet
from dashboard.cut_edits import Edit, EditKind
from dashboard.media_server import thumbnail_link
from dashboard.review_state import ask, choose_slot, draw_again
from dashboard.sources import open_catalog
from dashboard.wording import minus, plain, signed
from editing.cut import Alternate
from editing.errors import EditingError
from editing.faults.finding import Fault
from editing.interchange.sequence import Event, Sequence
from editing.slot_edits import LONGEST_NOTE
from ingest.errors import IngestError

BADGES = {"error": ":red-badge[error]", "warning": ":orange-badge[warning]"}


def draw_inspector(
    catalog: Path,
    sequence: Sequence,
    chosen: int,
    faults: list[Fault],
    *,
    searched: str,
    editable: bool,
    state: str,
) -> None:
    """Draw the inspector of slot `chosen`, from 0, of a cut.

    Args:
        catalog: The folder of the catalogue.
        sequence: The cut with its timecodes.
        chosen: Which slot.
        faults: Of the whole cut.
        searched: How they were looked for, for people.
        editable: Whether it is the latest version, which alone can be changed.
        state: Of the catalogue.
    """
    event = sequence.events[chosen]
    _headline(sequence, event, chosen)
    if editable:
        _slot_buttons(catalog, sequence, chosen)
    near = [fault for fault in faults if fault.slot in (chosen, chosen + 1)]
    names = ["Why", "Alternates", "Trim", f"Faults {len(near)}" if near else "Faults"]
    names += ["Note ✎" if event.slot.note else "Note", "Not chosen"]
    why, others, trimming, found, note, absent = st.tabs(names, key="inspector", on_change="rerun")
    if why.open:
        with why:
            _why(event)
    if others.open:
        with others:
            _alternates(catalog, sequence, event, chosen, editable=editable, state=state)
    if trimming.open:
        with trimming:
            _trimming(catalog, sequence, chosen, editable=editable, state=state)
    if found.open:
        with found:
            _faults(catalog, sequence, chosen, near, len(faults), editable=editable)
            _search(sequence, searched)
    if note.open:
        with note:
            _note(catalog, sequence, event, chosen, editable=editable)
    if absent.open:
        with absent:
            _not_chosen(catalog, sequence)


def _headline(sequence: Sequence, event: Event, chosen: int) -> None:
    slot, record, source = event.slot, event.record, event.source
    lock = " :material/lock:" if slot.locked else ""
    change = (
        f" · {slot.transition.kind}, {slot.transition.frames} frames" if slot.transition else ""
    )
    st.markdown(f"**Slot {chosen + 1} of {len(sequence.events)}** · shot {slot.shot}{lock}")
    st.caption(
        f"record {sequence.timecode(record.start)} – {sequence.timecode(record.end)} · "
        f"source {event.file.timecode(source.start)} – {event.file.timecode(source.end)} · "
        f"{source.frames} frames{change}"
    )


def _edit(sequence: Sequence, kind: EditKind, chosen: int, **values: Any) -> Edit:
    return Edit(sequence.cut.id, sequence.cut.version, kind, chosen, **values)


def _slot_buttons(catalog: Path, sequence: Sequence, chosen: int) -> None:
    locked, last = sequence.cut.slots[chosen].locked, len(sequence.events) - 1
    lock: EditKind = "unlock" if locked else "lock"
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            lock.capitalize(), icon=f":material/{'lock_open' if locked else 'lock'}:",
            key="slot_lock", on_click=ask, args=(catalog, _edit(sequence, lock, chosen)),
            help="What is assembled anew goes around locked slots",
        )  # fmt: skip
        st.button(
            "Earlier", icon=":material/arrow_back:", key="slot_earlier", disabled=chosen == 0,
            on_click=ask, args=(catalog, _edit(sequence, "move", chosen, to=chosen - 1)),
        )  # fmt: skip
        st.button(
            "Later", icon=":material/arrow_forward:", key="slot_later", disabled=chosen == last,
            on_click=ask, args=(catalog, _edit(sequence, "move", chosen, to=chosen + 1)),
        )  # fmt: skip
        st.button(
            "Remove", icon=":material/delete:", key="slot_remove", disabled=last == 0,
            on_click=ask, args=(catalog, _edit(sequence, "remove", chosen)),
        )  # fmt: skip


def _why(event: Event) -> None:
    slot = event.slot
    if not slot.reasons:
        st.info("Nothing is known of why this shot is here: an editor put it in.")
        return
    parts = sum(reason.value for reason in slot.reasons)
    st.altair_chart(charts.score_parts(cut_queries.reasons((slot,)), slot.score))
    st.caption(
        f"{len(slot.reasons)} parts sum to **{minus(f'{parts:.3f}')}**; the score is "
        f"**{minus(f'{slot.score:.3f}')}**."
    )


def _alternates(
    catalog: Path, sequence: Sequence, event: Event, chosen: int, *, editable: bool, state: str
) -> None:
    slot = event.slot
    if not slot.alternates:
        st.info("No other shot of the film could take this slot and keep the brief.")
        return
    number = min(int(st.session_state.get("alternate") or 0), len(slot.alternates) - 1)
    other = slot.alternates[number]
    film = queries.film(catalog, slot.media, state=state)
    instead = replace(slot, shot=other.shot, source=other.source, score=other.score)
    captions = [
        (f"Now: shot {slot.shot}", f"{event.file.timecode(slot.source.start)} · {_score(slot)}"),
        (
            f"Instead: shot {other.shot}",
            f"{event.file.timecode(other.source.start)} · {_score(other)} "
            f"({signed(other.score - slot.score)})",
        ),
    ]
    draw_comparison(sequence.cut, film, (slot, instead), captions, key="comparison")
    if editable:
        st.button(
            f"Use shot {other.shot}", icon=":material/swap_horiz:", type="primary",
            key="use_alternate", on_click=ask,
            args=(catalog, _edit(sequence, "replace", chosen, shot=other.shot)),
        )  # fmt: skip
    cards = [
        Card(
            key=place,
            identity=f"{slot.media}/{one.shot}",
            link=thumbnail_link(slot.media, one.shot),
            head=event.file.timecode(one.source.start),
            lines=(f"{_score(one)} ({signed(one.score - slot.score)})",),
            left=f"shot {one.shot}",
        )
        for place, one in enumerate(slot.alternates)
    ]
    draw_sheet(
        cards,
        key="alternates",
        label="Alternates of this slot, best first",
        selected=number,
        on_chosen=lambda place: st.session_state.update(alternate=place),
        layout="strip",
        card_width=112,
    )


def _score(scored: Alternate | Any) -> str:
    return minus(f"score {scored.score:.3f}")


def _trimming(
    catalog: Path, sequence: Sequence, chosen: int, *, editable: bool, state: str
) -> None:
    cut = sequence.cut
    before, after = cut_queries.room(catalog, cut.id, cut.version, state=state)[chosen]
    frames = cut.slots[chosen].source.frames
    st.caption(
        f"{frames} frames are shown; the shot has **{before}** more before and **{after}** after. "
        "Edges can also be dragged on the timeline; Alt and dragging slips."
    )
    if not editable:
        return
    here = f"{cut.version}_{chosen}"
    with st.form(f"trim_{here}", border=False):
        left, right, button = st.columns([2, 2, 1], vertical_alignment="bottom")
        head = left.number_input(
            "Frames more at the beginning", 1 - frames, before, 0, key=f"head_{here}"
        )
        tail = right.number_input(
            "Frames more at the end", 1 - frames, after, 0, key=f"tail_{here}"
        )
        trimmed = button.form_submit_button("Trim", width="stretch")
    with st.form(f"slip_{here}", border=False):
        left, button = st.columns([4, 1], vertical_alignment="bottom")
        by = left.number_input(
            "Slip: show later frames (or earlier, below 0)", -before, after, 0, key=f"slip_{here}",
            disabled=before + after == 0,
        )  # fmt: skip
        slipped = button.form_submit_button("Slip", width="stretch", disabled=before + after == 0)
    if trimmed and (head or tail):
        ask(catalog, _edit(sequence, "trim", chosen, head=int(head), tail=int(tail)))
        draw_again()
    if slipped and by:
        ask(catalog, _edit(sequence, "slip", chosen, frames=int(by)))
        draw_again()


def _faults(
    catalog: Path,
    sequence: Sequence,
    chosen: int,
    near: list[Fault],
    total: int,
    *,
    editable: bool,
) -> None:
    if not near:
        elsewhere = f" The cut has {total} elsewhere." if total else " Nor anywhere in the cut."
        st.success(f"No fault in this slot or at its joins.{elsewhere}", icon=":material/check:")
    for number, fault in enumerate(near):
        where = "inside" if fault.slot == chosen else "at its end"
        if fault.slot == chosen and fault.frame == sequence.events[chosen].record.start:
            where = "at its beginning"
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.markdown(
            f"{BADGES[fault.severity]} **{fault.kind}** {where}, "
            f"{sequence.timecode(fault.frame)}  \n"
            + minus(f"{plain(fault.words)} ({fault.value:.3g} {fault.unit}; a fault from ")
            + f"{fault.threshold:g})"
            + _remedy(fault)
        )
        button.button(
            "Show", key=f"fault_{number}", on_click=choose_slot, args=(chosen, fault.frame)
        )
    if total and editable:
        st.button(
            "Repair what can be", icon=":material/healing:", key="repair", on_click=ask,
            args=(catalog, _edit(sequence, "repair", chosen)),
            help="Slips, alternates and trims of slots that are not locked; a new version",
        )  # fmt: skip


def _search(sequence: Sequence, searched: str) -> None:
    """How the faults were looked for, and the button that has the cut decoded to find more."""
    st.caption(plain(f"{searched}."))
    if not was_asked(sequence.cut):
        st.button(
            "Look at every frame and sample", icon=":material/frame_inspect:", key="fault_decode",
            on_click=ask_for_decode, args=(sequence.cut,),
            help="Decodes the cut: also finds doubled and missing frames, clicks, dropouts, "
            "clipping and combing. It goes on beside the page, about as long as the cut plays",
        )  # fmt: skip


def _remedy(fault: Fault) -> str:
    """What would take a fault away here, or why nothing does, in a line of its own."""
    if fault.repair:
        return f"  \nRepair: {plain(fault.repair)}"
    return f"  \nNo repair: {plain(fault.obstacle)}" if fault.obstacle else ""


def _note(catalog: Path, sequence: Sequence, event: Event, chosen: int, *, editable: bool) -> None:
    if not editable:
        st.markdown(plain(event.slot.note) or "*No note.*")
        return
    with st.form(f"note_{sequence.cut.version}_{chosen}", border=False):
        text = st.text_area(
            "Note on this slot", event.slot.note, height=110,
            max_chars=max(LONGEST_NOTE, len(event.slot.note)),  # one from elsewhere may be longer
            placeholder="It goes along in exports that have markers.",
        )  # fmt: skip
        kept = st.form_submit_button("Save the note")
    if kept and text.strip() != event.slot.note:
        ask(catalog, _edit(sequence, "note", chosen, text=text))
        draw_again()


def _not_chosen(catalog: Path, sequence: Sequence) -> None:
    cut = sequence.cut
    last = len(open_catalog(catalog).shots(cut.media)) - 1
    with st.form("not_chosen", border=False):
        number, button = st.columns([3, 1], vertical_alignment="bottom")
        shot = int(number.number_input(f"Shot of the film, 0 to {last}", 0, last, 0))
        asked = button.form_submit_button("Why?", width="stretch")
    if asked:
        st.session_state["asked_shot"] = (cut.id, cut.version, shot)
    wanted = st.session_state.get("asked_shot")
    if not wanted or wanted[:2] != (cut.id, cut.version):
        st.caption("Tells what keeps a shot out of this cut, and which change would let it in.")
        return
    picture, words = st.columns([1, 3])
    picture.html(
        f'<img src="{thumbnail_link(cut.media, wanted[2])}" alt="Shot {wanted[2]}" '
        'style="width:100%;border-radius:4px">'
    )
    with words, st.spinner("Assembling with other briefs…"):
        try:
            choice, reasons = cut_queries.why(catalog, cut.id, cut.version, wanted[2])
        except (EditingError, IngestError) as error:
            st.error(plain(f"{error}"), icon=":material/error:")
            return
    verdict = "is chosen" if choice.chosen else "is not chosen"
    score = sum(reason.value for reason in reasons)
    words.markdown(
        f"**Shot {choice.shot} {verdict}** by this brief; its score is {minus(f'{score:.3f}')}."
    )
    if choice.obstacle:
        words.markdown(f"Whatever its score: {plain(choice.obstacle)}.")
    if choice.changes:
        rows = [
            {"what": change.setting, "is": change.before, "would have to be": change.after}
            for change in choice.changes
        ]
        st.caption("Any one of these would turn that; each was tried.")
        st.dataframe(pl.DataFrame(rows), hide_index=True, row_height=30)
    else:
        st.caption("No single change that was tried would turn that.")
