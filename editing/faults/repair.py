"""Repair of faults: the smallest change of a slot that takes a fault away and brings no other.

A slot is slipped within its shot, given another gain, filled with an alternate, made longer, then
shorter; each change is tried, and the faults around it are looked for again. What is locked is
left as it is. Pure: what is decoded comes in as blemishes of the films.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from editing.cut import Alternate, Reason, Slot
from editing.errors import EditError
from editing.faults.finding import Fault
from editing.faults.search import (
    LOUDNESS_STEP,
    Films,
    cut_ends,
    faults_at_join,
    faults_inside,
    find_faults,
    repeats,
)
from editing.faults.wording import counted
from editing.slot_edits import Slots, slip, swap, trim
from ingest.timecode import FrameRange

Reasons = Callable[[Alternate], tuple[Reason, ...]]
"""Tells the parts of an alternate's score."""

MAX_SLIP_SECONDS = 2
MAX_TRIM = 12
"""Frames."""
MAX_EXTEND_SECONDS = 1
FADE_MS = 10
"""Of the crossfade that takes a click at a join away; too short to be heard as one."""
_LONGER = ("word", "flash")
"""Kinds that a longer slot may take away: the word is finished, the picture is seen."""
_GAINS = (-20.0, 12.0)
"""dB within which a step of loudness is evened out."""
_WEIGHT = {"error": 100, "warning": 1}


@dataclass(frozen=True, slots=True)
class Repair:
    """A change that takes faults away."""

    slot: int
    """Which slot was changed, from 0."""
    after: Slot
    words: str
    """For people: what was done."""
    faults: tuple[Fault, ...]
    """What is gone."""


def repair_faults(
    slots: Sequence[Slot], films: Films, *, least_frames: int, reasons: Reasons
) -> tuple[Slots, list[Repair]]:
    """Take away what faults can be, the worst first.

    Args:
        slots: Of the cut; locked ones stay.
        films: Every film that a slot or its alternate is of.
        least_frames: No slot is trimmed to fewer.
        reasons: Asked only for an alternate that is taken.

    Returns:
        The slots as they are then, and what was done, in that order.

    Raises:
        EditError: A slot is of a shot or of frames that its film no longer has.
    """
    now, done = tuple(slots), list[Repair]()
    tried = set[tuple[str, int, int]]()
    while True:
        faults = sorted(find_faults(now, films), key=lambda f: (-_WEIGHT[f.severity], f.frame))
        fault = next((f for f in faults if (f.kind, f.slot, f.frame) not in tried), None)
        if fault is None:
            return now, done
        tried.add((fault.kind, fault.slot, fault.frame))
        found = best_repair(now, films, fault, least_frames=least_frames)
        if found:
            now = _explained(now, found, reasons)
            done.append(replace(found, after=now[found.slot]))


def possible_repairs(
    slots: Sequence[Slot], films: Films, faults: Sequence[Fault], *, least_frames: int
) -> list[Fault]:
    """Faults with what would take each of them away; nothing is changed.

    A fault that was only decoded keeps the words for its kind.
    """
    return [_with_repair(slots, films, fault, least_frames) for fault in faults]


def best_repair(
    slots: Sequence[Slot], films: Films, fault: Fault, *, least_frames: int
) -> Repair | None:
    """The smallest change that takes one fault away and makes nothing worse; None if none does."""
    places = [fault.slot] + [fault.slot - 1] * (fault.slot > 0)
    for place in places:
        if slots[place].locked:
            continue
        before = _around(slots, films, place)
        if not any(_same(fault, other) for other in before):
            continue
        for changed, words in _changes(slots, place, films, fault, least_frames):
            after = _around(changed, films, place)
            gone = tuple(f for f in before if not any(_same(f, other) for other in after))
            if any(_same(fault, f) for f in gone) and _weight(after) < _weight(before):
                return Repair(place, changed[place], f"slot {place + 1}: {words}", gone)
    return None


def crossfade_clicks(slots: Sequence[Slot], faults: Sequence[Fault]) -> tuple[Slots, list[Repair]]:
    """Give every join with a click a short crossfade of its sound.

    Args:
        slots: Of the cut; a join of two locked slots stays.
        faults: Of the cut as it was decoded.
    """
    now, done, record = list(slots), list[Repair](), 0
    for i, slot in enumerate(slots):
        clicks = tuple(f for f in faults if f.kind == "click" and f.frame == record)
        record += slot.source.frames
        both_locked = slot.locked and i > 0 and slots[i - 1].locked
        if i == 0 or not clicks or both_locked or slot.sound.fade_ms >= FADE_MS:
            continue
        now[i] = replace(slot, sound=replace(slot.sound, fade_ms=FADE_MS))
        words = f"slot {i + 1}: a crossfade of {FADE_MS} ms where its sound begins"
        done.append(Repair(i, now[i], words, clicks))
    return tuple(now), done


def _with_repair(slots: Sequence[Slot], films: Films, fault: Fault, least_frames: int) -> Fault:
    try:
        found = best_repair(slots, films, fault, least_frames=least_frames)
    except IndexError:  # a fault of no slot of this cut
        found = None
    return replace(fault, repair=found.words) if found else fault


def _around(slots: Sequence[Slot], films: Films, i: int) -> list[Fault]:
    """All faults that a change of slot `i` may bear on."""
    found = [*faults_inside(slots, films, i), *cut_ends(slots, films, i)]
    for join in (i, i + 1):
        if 0 < join < len(slots):
            found += faults_at_join(slots, films, join)
    for j in range(len(slots)):
        found += [f for f in repeats(slots, j) if j == i or slots[j].media == slots[i].media]
    return found


def _same(one: Fault, other: Fault) -> bool:
    """Whether two searches found the same fault, which may have moved by some frames."""
    return (one.kind, one.slot, one.words) == (other.kind, other.slot, other.words) or (
        (one.kind, one.slot) == (other.kind, other.slot) and abs(other.value) >= abs(one.value)
    )


def _weight(faults: Sequence[Fault]) -> float:
    return sum(_WEIGHT[fault.severity] for fault in faults)


def _changes(
    slots: Sequence[Slot], place: int, films: Films, fault: Fault, least_frames: int
) -> Iterator[tuple[Slots, str]]:
    """Cuts with one slot changed, from the smallest change on."""
    slot = slots[place]
    film = films[slot.media]
    span = film.shots[slot.shot]
    if fault.kind == "loudness step":
        yield from _gains(slots, place, fault)
    if span is not None:
        for frames in range(1, int(MAX_SLIP_SECONDS * film.rate) + 1):
            for by, way in ((frames, "later"), (-frames, "earlier")):
                yield from _edited(
                    slots, place, f"slipped, {_frames(frames)} {way}", _Slip(span, by)
                )
    for alternate in slot.alternates:
        words = f"filled with its alternate, shot {alternate.shot}"
        fits = alternate.shot < len(film.shots) and alternate.source.end <= film.frames
        if fits:
            swapped = swap(slots, place, lambda _: (), alternate.shot)
            yield _unlocked(swapped, place), words
    if span is not None and fault.kind in _LONGER:
        for frames in range(1, int(MAX_EXTEND_SECONDS * film.rate) + 1):
            words = f"{_frames(frames)} more at its"
            yield from _edited(slots, place, f"{words} end", _Trim(span, 0, frames))
            yield from _edited(slots, place, f"{words} beginning", _Trim(span, frames, 0))
    room = FrameRange(0, film.frames)
    for frames in range(1, min(MAX_TRIM, slot.source.frames - least_frames) + 1):
        words = f"{_frames(frames)} off its"
        yield from _edited(slots, place, f"{words} beginning", _Trim(room, -frames, 0))
        yield from _edited(slots, place, f"{words} end", _Trim(room, 0, -frames))


@dataclass(frozen=True, slots=True)
class _Slip:
    span: FrameRange
    frames: int

    def __call__(self, slots: Sequence[Slot], place: int) -> Slots:
        return slip(slots, place, self.span, self.frames)


@dataclass(frozen=True, slots=True)
class _Trim:
    span: FrameRange
    head: int
    tail: int

    def __call__(self, slots: Sequence[Slot], place: int) -> Slots:
        return trim(slots, place, self.span, head=self.head, tail=self.tail)


def _edited(
    slots: Sequence[Slot], place: int, words: str, edit: _Slip | _Trim
) -> Iterator[tuple[Slots, str]]:
    """What an edit makes of a cut; nothing where the shot has not the frames."""
    try:
        edited = edit(slots, place)
    except EditError:
        return
    yield _unlocked(edited, place), words


def _unlocked(slots: Slots, place: int) -> Slots:
    """As an editor's hand locks a slot, and a repair does not."""
    return (*slots[:place], replace(slots[place], locked=False), *slots[place + 1 :])


def _gains(slots: Sequence[Slot], place: int, fault: Fault) -> Iterator[tuple[Slots, str]]:
    """A slot made louder or quieter by half of a step of loudness, or by more of it."""
    slot = slots[place]
    towards = -1 if place == fault.slot else 1
    for share in (Fraction(1, 2), Fraction(3, 4), Fraction(1)):
        by = round(towards * fault.value * float(share), 1)
        gain = min(max(slot.sound.gain + by, _GAINS[0]), _GAINS[1])
        if abs(fault.value) - abs(gain - slot.sound.gain) < LOUDNESS_STEP:
            changed = replace(slot, sound=replace(slot.sound, gain=gain))
            words = f"a gain of {gain:+.1f} dB"
            yield (*slots[:place], changed, *slots[place + 1 :]), words


def _explained(slots: Slots, repair: Repair, reasons: Reasons) -> Slots:
    """The cut with a repair; a slot that was filled anew gets the parts of its score."""
    after, before = repair.after, slots[repair.slot]
    if after.shot != before.shot:
        told = reasons(Alternate(after.shot, after.source, after.score))
        after = replace(after, reasons=told)
    return (*slots[: repair.slot], after, *slots[repair.slot + 1 :])


def _frames(count: int) -> str:
    return counted(count, "frame")
