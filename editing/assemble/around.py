"""What stays in a cut: slots that an editor locked, and what the brief includes.

It stays to the frame. What is left of the cut's length is filled with shots that are neither in it
nor too similar to one that is; a part of the film that it covers gets less.
"""

from collections.abc import Sequence
from dataclasses import replace

from editing.assemble.brief import joined
from editing.assemble.candidates import without
from editing.assemble.footage import Footage
from editing.cut import Brief, Reason, Slot
from ingest.timecode import FrameRange

INCLUDED_REASON = "the brief includes it"


def kept_slots(footage: Footage, brief: Brief, locked: Sequence[Slot] = ()) -> tuple[Slot, ...]:
    """Locked slots in their order, with what the brief includes among them.

    A range over several shots makes a slot of each. What a locked slot shows of it is not shown
    again, so that an editor's hand goes before the brief.
    """
    shown = joined([slot.source for slot in locked if slot.media == footage.media])
    included = [
        _included(footage, shot, piece)
        for shot, span in enumerate(footage.shot_spans)
        if span is not None
        for asked in brief.include
        if asked.overlaps(span)
        for piece in without(_common(asked, span), shown)
    ]
    included.sort(key=lambda slot: slot.source)
    return merged(locked, included) if locked else tuple(included)


def holding(footage: Footage, kept: Sequence[Slot]) -> Footage:
    """The same footage with slots that are in the cut already."""
    own = tuple((slot.shot, slot.source) for slot in kept if slot.media == footage.media)
    return replace(footage, locked=own, beside=sum(slot.source.frames for slot in kept))


def merged(locked: Sequence[Slot], others: Sequence[Slot]) -> tuple[Slot, ...]:
    """Locked slots in their own order, with each other one behind the last that it follows.

    It follows those that begin before it in the film: where locked slots are in film order, so is
    all. Locked slots of other films are followed by none.

    Args:
        locked: In the order of the cut.
        others: Of one film, in film order.
    """
    behind: dict[int, list[Slot]] = {}
    for slot in others:
        before = [
            place
            for place, kept in enumerate(locked)
            if kept.media == slot.media and kept.source.start <= slot.source.start
        ]
        nearest = max(before, key=lambda place: locked[place].source.start, default=-1)
        behind.setdefault(nearest, []).append(slot)
    slots = list(behind.get(-1, []))
    for place, kept in enumerate(locked):
        slots += [kept, *behind.get(place, [])]
    return tuple(slots)


def _included(footage: Footage, shot: int, span: FrameRange) -> Slot:
    reasons = (*footage.scores.reasons(shot), Reason(INCLUDED_REASON, 0.0))
    return Slot(
        media=footage.media,
        shot=shot,
        source=span,
        score=sum(reason.value for reason in reasons),
        reasons=reasons,
    )


def _common(a: FrameRange, b: FrameRange) -> FrameRange:
    return FrameRange(max(a.start, b.start), min(a.end, b.end))
