"""What an editor does to the slots of a cut, one change at a time; slots are counted from 0.

Pure: each gives new slots. A slot that was changed by hand is locked, so that what is assembled
anew goes around it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from editing.cut import Alternate, Reason, Slot
from editing.errors import EditError
from ingest.timecode import FrameRange

Slots = tuple[Slot, ...]


def lock(slots: Sequence[Slot], numbers: Collection[int], *, locked: bool = True) -> Slots:
    """Lock slots, or unlock them."""
    for number in numbers:
        _slot(slots, number)
    return tuple(
        replace(slot, locked=locked) if number in numbers else slot
        for number, slot in enumerate(slots)
    )


def remove(slots: Sequence[Slot], number: int) -> Slots:
    """Take a slot away.

    Raises:
        EditError: It is the only one.
    """
    _slot(slots, number)
    if len(slots) == 1:
        raise EditError("a cut keeps at least one slot")
    return tuple(slot for place, slot in enumerate(slots) if place != number)


def move(slots: Sequence[Slot], number: int, to: int) -> Slots:
    """Put a slot at another place, which is counted after it was taken out."""
    moved = replace(_slot(slots, number), locked=True)
    _slot(slots, to)
    others = [slot for place, slot in enumerate(slots) if place != number]
    return (*others[:to], moved, *others[to:])


def trim(slots: Sequence[Slot], number: int, span: FrameRange, *, head: int, tail: int) -> Slots:
    """Move a slot's in and out: by frames more at its beginning and at its end, or fewer below 0.

    Args:
        slots: Of the cut.
        number: Which.
        span: The frames of its shot, beyond which it cannot go.
        head: Frames.
        tail: Frames.

    Raises:
        EditError: No frame would be left, or the shot has not so many.
    """
    slot = _slot(slots, number)
    start, end = slot.source.start - head, slot.source.end + tail
    if start >= end:
        raise EditError(f"slot {number + 1} has {slot.source.frames} frames; none would be left")
    if start < span.start or end > span.end:
        before, after = slot.source.start - span.start, span.end - slot.source.end
        raise EditError(
            f"shot {slot.shot} has {max(0, before)} frames before slot {number + 1} and "
            f"{max(0, after)} after it; beyond is another shot"
        )
    return _with(slots, number, replace(slot, source=FrameRange(start, end), locked=True))


def slip(slots: Sequence[Slot], number: int, span: FrameRange, frames: int) -> Slots:
    """Show later frames of the same shot, or earlier ones below 0, and as many.

    Raises:
        EditError: The shot has not so many.
    """
    return trim(slots, number, span, head=-frames, tail=frames)


def swap(
    slots: Sequence[Slot],
    number: int,
    reasons: Callable[[Alternate], tuple[Reason, ...]],
    shot: int | None = None,
) -> Slots:
    """Put an alternate into a slot: the best, or the one of a shot. The old shot becomes one.

    Args:
        slots: Of the cut.
        number: Which.
        reasons: Tells the parts of an alternate's score.
        shot: The alternate's; None for the best.

    Raises:
        EditError: It has no such alternate.
    """
    slot = _slot(slots, number)
    found = next((a for a in slot.alternates if shot is None or a.shot == shot), None)
    if found is None:
        known = ", ".join(str(a.shot) for a in slot.alternates) or "none"
        raise EditError(
            f"slot {number + 1} has no alternate{f' of shot {shot}' * (shot is not None)}; "
            f"it has: {known}"
        )
    others = tuple(a for a in slot.alternates if a is not found)
    old = Alternate(slot.shot, slot.source, slot.score)
    new = Slot(
        media=slot.media,
        shot=found.shot,
        source=found.source,
        score=found.score,
        reasons=reasons(found),
        alternates=(old, *others),
        locked=True,
    )
    return _with(slots, number, new)


def _slot(slots: Sequence[Slot], number: int) -> Slot:
    if not 0 <= number < len(slots):
        raise EditError(f"the cut has slots 1 to {len(slots)}, not {number + 1}")
    return slots[number]


def _with(slots: Sequence[Slot], number: int, slot: Slot) -> Slots:
    return (*slots[:number], slot, *slots[number + 1 :])
