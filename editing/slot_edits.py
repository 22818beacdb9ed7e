"""What an editor does to the slots of a cut, one change at a time; slots are counted from 0.

Pure: each gives new slots. A slot that was changed by hand is locked, so that what is assembled
anew goes around it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from editing.cut import Alternate, Reason, Slot
from editing.errors import EditError
from editing.interchange.conform import nearest_frame, shown_frames
from ingest.timecode import FrameRange

Slots = tuple[Slot, ...]

LONGEST_NOTE = 500
"""Characters; markers of editing systems hold no book."""


def lock(slots: Sequence[Slot], numbers: Collection[int], *, locked: bool = True) -> Slots:
    """Lock slots, or unlock them."""
    for number in numbers:
        _slot(slots, number)
    return tuple(
        replace(slot, locked=locked) if number in numbers else slot
        for number, slot in enumerate(slots)
    )


def remove(slots: Sequence[Slot], number: int) -> Slots:
    """Take a slot away; where its neighbours now meet, their sound meets with their picture.

    Raises:
        EditError: It is the only one.
    """
    _slot(slots, number)
    if len(slots) == 1:
        raise EditError("a cut keeps at least one slot")
    left = tuple(slot for place, slot in enumerate(slots) if place != number)
    return _joined_anew(left, {number})


def move(slots: Sequence[Slot], number: int, to: int) -> Slots:
    """Put a slot at another place, which is counted after it was taken out.

    Where other neighbours now meet, their sound meets with their picture.
    """
    moved = replace(_slot(slots, number), locked=True)
    _slot(slots, to)
    others = [slot for place, slot in enumerate(slots) if place != number]
    there = (*others[:to], moved, *others[to:])
    if to == number:
        return there
    gap = number + (to <= number)  # where it was taken out
    return _joined_anew(there, {to, to + 1, gap})


def trim(
    slots: Sequence[Slot],
    number: int,
    span: FrameRange,
    *,
    head: int,
    tail: int,
    rooms: Mapping[int, FrameRange] | None = None,
    step: Fraction = Fraction(1),
) -> Slots:
    """Move a slot's in and out: by frames more at its beginning and at its end, or fewer below 0.

    Its alternates are made as long, about the same middle; one that has not so many frames goes.
    Joins of the sound that would lie beyond the shot come back within it.

    Args:
        slots: Of the cut.
        number: Which.
        span: The film's frames of its shot, beyond which it cannot go.
        head: Frames of the cut.
        tail: Frames of the cut.
        rooms: By shot, the film's frames that an alternate may be lengthened to.
        step: The film's frames for each frame of the cut.

    Raises:
        EditError: No frame would be left, or the shot has not so many.
    """
    slot = _slot(slots, number)
    frames, room = slot.source.frames + head + tail, _Room(span, step)
    if frames < 1:
        raise EditError(f"slot {number + 1} has {slot.source.frames} frames; none would be left")
    start = nearest_frame(slot.source.start - head * step)
    if not room.holds(start, frames):
        before, after = room.around(slot.source)
        raise EditError(
            f"shot {slot.shot} has {max(0, before)} frames before slot {number + 1} and "
            f"{max(0, after)} after it; beyond is another shot"
        )
    fitted = [
        replace(alternate, source=source)
        for alternate in slot.alternates
        if (source := _as_long(alternate, frames, (rooms or {}).get(alternate.shot), step))
    ]
    source = FrameRange(start, start + frames)
    changed = replace(slot, source=source, alternates=tuple(fitted), locked=True)
    return _within(_with(slots, number, changed), number, room)


def frames_around(source: FrameRange, span: FrameRange, step: Fraction) -> tuple[int, int]:
    """The cut's frames that a slot's shot has before and after it; below 0 where it lies outside.

    Args:
        source: The slot's.
        span: The film's frames of its shot.
        step: The film's frames for each frame of the cut.
    """
    return _Room(span, step).around(source)


def slip(
    slots: Sequence[Slot],
    number: int,
    span: FrameRange,
    frames: int,
    step: Fraction = Fraction(1),
) -> Slots:
    """Show so many frames of the cut later in the same shot, or earlier below 0, and as many.

    Raises:
        EditError: The shot has not so many.
    """
    return trim(slots, number, span, head=-frames, tail=frames, step=step)


def note(slots: Sequence[Slot], number: int, text: str) -> Slots:
    """Write something on a slot; nothing takes it away.

    Raises:
        EditError: It is longer than a marker holds.
    """
    slot = _slot(slots, number)
    if len(text) > LONGEST_NOTE:
        raise EditError(f"a note has {LONGEST_NOTE} characters at most, and this {len(text)}")
    return _with(slots, number, replace(slot, note=text.strip()))


def swap(
    slots: Sequence[Slot],
    number: int,
    reasons: Callable[[Alternate], tuple[Reason, ...]],
    shot: int | None = None,
) -> Slots:
    """Put an alternate into a slot: the best, or the one of a shot. The old shot becomes one.

    What belonged to the old shot goes with it: its window, its sound, and that it ran on.

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
        transition=slot.transition,
        note=slot.note,
    )
    return _joined_anew(_with(slots, number, new), {number + 1})


@dataclass(frozen=True, slots=True)
class _Room:
    """Frames of a film that a slot may show, whose in point is one of them and whose length is of
    the cut."""

    span: FrameRange
    step: Fraction

    def holds(self, start: int, frames: int) -> bool:
        return self.span.start <= start and frames <= self._most(start)

    def around(self, source: FrameRange) -> tuple[int, int]:
        """The cut's frames that are left before and after a slot; below 0 where it lies outside."""
        before = floor((source.start - self.span.start) / self.step)
        return before, self._most(source.start) - source.frames

    def _most(self, start: int) -> int:
        """The cut's frames that show the film from `start` on and no later than the room's end."""
        return ceil((self.span.end - start - Fraction(1, 2)) / self.step)


def _as_long(
    alternate: Alternate, frames: int, room: FrameRange | None, step: Fraction
) -> FrameRange | None:
    """An alternate's frames made as long as its slot, within `room`; None if it has too few."""
    source = alternate.source
    shown = shown_frames(source.start, source.frames, step)
    room = room if room is not None and room.contains(shown) else shown
    needed = shown_frames(0, frames, step).frames
    if room.frames < needed:
        return None
    start = source.start + floor((source.frames - frames) * step / 2)
    start = min(max(start, room.start), room.end - needed)
    return FrameRange(start, start + frames)


def _joined_anew(slots: Slots, places: Collection[int]) -> Slots:
    """Slots whose sound begins with their picture at some places, which may lie behind the last."""
    return tuple(
        replace(slot, sound=replace(slot.sound, lead=0)) if place in places else slot
        for place, slot in enumerate(slots)
    )


def _within(slots: Slots, number: int, room: _Room) -> Slots:
    """Slots whose sound at both ends of one stays within its shot, and leaves some of it."""
    slot = slots[number]
    most = (slot.source.frames - 1) // 2
    before, after = room.around(slot.source)
    lead = max(-most, min(slot.sound.lead, before))
    slots = _with(slots, number, replace(slot, sound=replace(slot.sound, lead=lead)))
    if number + 1 == len(slots):
        return slots
    following = slots[number + 1]
    lead = max(-after, min(following.sound.lead, most))
    sound = replace(following.sound, lead=lead)
    return _with(slots, number + 1, replace(following, sound=sound))


def _slot(slots: Sequence[Slot], number: int) -> Slot:
    if not 0 <= number < len(slots):
        raise EditError(f"the cut has slots 1 to {len(slots)}, not {number + 1}")
    return slots[number]


def _with(slots: Sequence[Slot], number: int, slot: Slot) -> Slots:
    return (*slots[:number], slot, *slots[number + 1 :])
