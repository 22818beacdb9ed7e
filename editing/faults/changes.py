"""What a repair may try on a slot, from the smallest change on.

A slot is given another gain, joined on to a neighbour of its shot, slipped within its shot, filled
with an alternate, made longer, then shorter, slipped far, or filled with another shot of its film
that the brief allows. Where the length is to stay, what one slot gains its neighbour gives, or
another one, and the other way round. Locked slots are never among what changes. Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from editing.cut import Alternate, Slot
from editing.errors import EditError
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.search import FLASH_FRAMES, LOUDNESS_STEP, Films
from editing.faults.wording import counted
from editing.slot_edits import Slots, swap, trim
from ingest.timecode import FrameRange

MAX_SLIP_SECONDS, FAR_SLIP_SECONDS = 2, 10
"""Within the shot; the second only if nothing else helps, for it shows another moment."""
MAX_TRIM = 12
"""Frames."""
MAX_EXTEND_SECONDS = 1
_LONGER = ("word", "flash")
"""Kinds that a longer slot may take away: the word is finished, the picture is seen."""
_AT_JOINS = (
    *("word", "jump cut", "loudness step", "click"),
    *("exposure step", "colour step", "bars step"),
)
"""Kinds that the slot before may be the cause of."""
_GAINS = (-20.0, 12.0)
"""dB within which a step of loudness is evened out."""


StandIns = Callable[[Slots, int], Sequence[Alternate]]
"""Of a cut and the number of a slot: shots that may fill it and are no alternates of it yet, as
long as it is, best first."""


def no_stand_ins(slots: Slots, place: int) -> Sequence[Alternate]:
    """Where nothing is known of a film but what its slots say."""
    return ()


@dataclass(frozen=True, slots=True)
class Room:
    """What changes have to keep to."""

    films: Films
    """Every film that a slot or its alternate is of."""
    least_frames: int
    """No slot is made shorter."""
    keep_length: bool
    """Whether the cut stays as long as it is."""
    stand_ins: StandIns = no_stand_ins


@dataclass(frozen=True, slots=True)
class Change:
    """A cut with something changed."""

    slots: Slots
    touched: tuple[int, ...]
    """The slots that are other than they were, the one that it was about first."""
    words: str
    """What was done to that one; for people."""


def changes(slots: Sequence[Slot], fault: Fault, room: Room) -> Iterator[Change]:
    """Changes of the slots at a fault that may take it away, from the smallest on."""
    before, places = tuple(slots), [fault.slot]
    if fault.slot and fault.kind in _AT_JOINS:
        places.append(fault.slot - 1)
    kinds = (_gains, _adjoining, _slips, _alternates, _longer, _shorter, _far_slips, _stand_ins)
    for kind in kinds:
        for place in places:
            for change in kind(before, place, fault, room):
                moved = (
                    i for i, (a, b) in enumerate(zip(before, change.slots, strict=True)) if a != b
                )
                if not any(before[i].locked for i in moved):
                    yield change


def _adjoining(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    """Two pieces of one shot joined so that nothing between them is gone."""
    if fault.kind != "jump cut" or place not in (fault.slot, fault.slot - 1):
        return
    old, new = slots[fault.slot - 1], slots[fault.slot]
    span = room.films[old.media].shots[old.shot]
    gone = new.source.start - old.source.end
    if (old.media, old.shot) != (new.media, new.shot) or span is None or gone == 0:
        return
    by = -gone if place == fault.slot else gone
    other = fault.slot if place == fault.slot else fault.slot + 1
    words = f"moved to where slot {other} {'ends' if place == fault.slot else 'begins'}"
    yield from _trimmed(slots, place, span, (-by, by), words)
    if gone > 0:
        yield from _longer_or_shorter(slots, place, span, gone, room)


def _slips(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    rate = room.films[slots[place].media].rate
    yield from _slipped(slots, place, range(1, int(MAX_SLIP_SECONDS * rate) + 1), room)


def _far_slips(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    rate = room.films[slots[place].media].rate
    far = range(int(MAX_SLIP_SECONDS * rate) + 1, int(FAR_SLIP_SECONDS * rate) + 1)
    yield from _slipped(slots, place, far, room)


def _slipped(slots: Slots, place: int, by: range, room: Room) -> Iterator[Change]:
    span = room.films[slots[place].media].shots[slots[place].shot]
    if span is None:
        return
    for frames in by:
        for later, way in ((frames, "later"), (-frames, "earlier")):
            words = f"slipped, {_frames(frames)} {way}"
            yield from _trimmed(slots, place, span, (-later, later), words)


def _longer(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    slot, film = slots[place], room.films[slots[place].media]
    span = film.shots[slot.shot]
    if span is None or fault.kind not in _LONGER:
        return
    short = slot.source.frames <= FLASH_FRAMES
    first = max(1, room.least_frames - slot.source.frames) if short else 1
    for frames in range(first, first + int(MAX_EXTEND_SECONDS * film.rate)):
        yield from _longer_or_shorter(slots, place, span, frames, room)


def _shorter(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    slot = slots[place]
    whole = FrameRange(0, room.films[slot.media].frames)
    for frames in range(1, min(MAX_TRIM, slot.source.frames - room.least_frames) + 1):
        yield from _longer_or_shorter(slots, place, whole, -frames, room)


def _longer_or_shorter(
    slots: Slots, place: int, span: FrameRange, frames: int, room: Room
) -> Iterator[Change]:
    """More frames at either end of a slot, or fewer below 0; the cut's length as `room` has it."""
    count = _frames(abs(frames))
    ends = (("end", 0, frames, place + 1), ("beginning", frames, 0, place - 1))
    for end, head, tail, beside in ends if frames > 0 else ends[::-1]:
        words = f"{count} {'more at' if frames > 0 else 'off'} its {end}"
        for change in _trimmed(slots, place, span, (head, tail), words):
            if room.keep_length:
                yield from _paid(change, beside, frames, room)
            else:
                yield change


def _paid(change: Change, beside: int, frames: int, room: Room) -> Iterator[Change]:
    """The same, with as many frames taken from another slot, or given to it: its neighbour first.

    `beside` is the neighbour at that end, whose join then moves with the slot's.
    """
    place = change.touched[0]
    others = [i for i in (beside, 2 * place - beside) if 0 <= i < len(change.slots)]
    others += [i for i in range(len(change.slots)) if i != place and i not in others]
    for other in others:
        slot = change.slots[other]
        span = room.films[slot.media].shots[slot.shot]
        if slot.locked or span is None or slot.source.frames - frames < room.least_frames:
            continue
        at_head = other > place
        ends = ((-frames, 0), (0, -frames)) if at_head else ((0, -frames), (-frames, 0))
        for head, tail in ends[: 1 if other == beside else 2]:
            more = "fewer" if frames > 0 else "more"
            end = "beginning" if head else "end"
            words = f"{change.words}, and {_frames(abs(frames))} {more} at the {end} of "
            words += f"slot {other + 1}"
            for paid in _trimmed(change.slots, other, span, (head, tail), words):
                yield Change(paid.slots, (place, other), words)


def _alternates(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    film = room.films[slots[place].media]
    slot = slots[place]
    for alternate in slot.alternates:
        source = _as_long(alternate, slot.source.frames, film)
        if source is None:
            continue
        words = f"filled with its alternate, shot {alternate.shot}"
        yield _filled(slots, place, alternate, source, words)


def _stand_ins(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    slot = slots[place]
    if slot.locked:
        return
    for found in room.stand_ins(slots, place):
        offered = replace(slot, alternates=(*slot.alternates, found))
        changed = (*slots[:place], offered, *slots[place + 1 :])
        yield _filled(changed, place, found, found.source, f"filled with shot {found.shot}")


def _filled(
    slots: Slots, place: int, alternate: Alternate, source: FrameRange, words: str
) -> Change:
    """A slot with one of its alternates in it, at frames as many as it has."""
    swapped = swap(slots, place, lambda _: (), alternate.shot)
    sound = replace(slots[place].sound, lead=0, gain=0.0)
    new = replace(swapped[place], source=source, locked=False, sound=sound)
    return Change((*swapped[:place], new, *swapped[place + 1 :]), (place,), words)


def _as_long(alternate: Alternate, frames: int, film: FilmSeen) -> FrameRange | None:
    """The frames of an alternate, as many as asked; None if its shot has fewer."""
    span = film.shots[alternate.shot] if alternate.shot < len(film.shots) else None
    source = alternate.source
    if span is None or span.frames < frames or not span.contains(source):
        return None
    start = source.start + (source.frames - frames) // 2
    start = min(max(start, span.start), span.end - frames)
    return FrameRange(start, start + frames)


def _trimmed(
    slots: Slots, place: int, span: FrameRange, by: tuple[int, int], words: str
) -> Iterator[Change]:
    """A slot with so many frames more at its two ends; none where the shot has too few."""
    try:
        edited = trim(slots, place, span, head=by[0], tail=by[1])
    except EditError:
        return
    # as an editor's hand locks a slot, and a repair does not
    free = replace(edited[place], locked=slots[place].locked)
    yield Change((*edited[:place], free, *edited[place + 1 :]), (place,), words)


def _gains(slots: Slots, place: int, fault: Fault, room: Room) -> Iterator[Change]:
    """A slot made louder or quieter by half of a step of loudness, or by more of it."""
    if fault.kind != "loudness step":
        return
    slot = slots[place]
    towards = -1 if place == fault.slot else 1
    for share in (Fraction(1, 2), Fraction(3, 4), Fraction(1)):
        by = round(towards * fault.value * float(share), 1)
        gain = min(max(slot.sound.gain + by, _GAINS[0]), _GAINS[1])
        if abs(fault.value) - abs(gain - slot.sound.gain) < LOUDNESS_STEP:
            changed = replace(slot, sound=replace(slot.sound, gain=gain))
            words = f"a gain of {gain:+.1f} dB"
            yield Change((*slots[:place], changed, *slots[place + 1 :]), (place,), words)


def _frames(count: int) -> str:
    return counted(count, "frame")
