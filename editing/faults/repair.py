"""Repair of faults: the smallest change of a slot that takes a fault away and brings no other.

Each change (`changes`) is tried, and the faults around it are looked for again. What is locked is
left as it is. Pure: what is decoded comes in as blemishes of the films.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from editing.cut import Alternate, Reason, Slot
from editing.faults.changes import Change, Room, StandIns, changes, no_stand_ins
from editing.faults.finding import Fault
from editing.faults.search import (
    Films,
    cut_ends,
    faults_at_join,
    faults_inside,
    find_faults,
    repeats,
)
from editing.slot_edits import Slots
from ingest.media import MediaId

Reasons = Callable[[MediaId, Alternate], tuple[Reason, ...]]
"""Tells the parts of the score of an alternate of a film."""

Refused = frozenset[tuple[int, Slot]]
"""Slots, from 0, and what they are not to become, `as_shown`."""

FADE_MS, LONGER_FADE_MS = 10, 40
"""Of the crossfade that takes a click at a join away, too short to be heard as one; and of the one
that is tried where it clicks all the same."""
_NOT_BY_CUTTING = ("clipping", "damage", "offline")
"""Kinds that another place in the film may avoid, but no edit of its join."""
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
    also: tuple[int, ...] = ()
    """Other slots that were changed with it, so that the cut stays as long."""


def repair_faults(
    slots: Sequence[Slot],
    films: Films,
    *,
    least_frames: int,
    reasons: Reasons,
    keep_length: bool = False,
    barred: frozenset[int] = frozenset(),
    refused: Refused = frozenset(),
    stand_ins: StandIns = no_stand_ins,
) -> tuple[Slots, list[Repair]]:
    """Take away what faults can be, the worst first.

    Args:
        slots: Of the cut; locked ones stay.
        films: Every film that a slot or its alternate is of.
        least_frames: No slot is trimmed to fewer.
        reasons: Asked only for an alternate that is taken.
        keep_length: Whether the cut stays as long as it is.
        barred: Slots that stay as they are, like locked ones.
        refused: What was tried before, and brought other faults.
        stand_ins: Tells other shots for a slot where none of its alternates helps.

    Returns:
        The slots as they are then, and what was done, in that order.

    Raises:
        EditError: A slot is of a shot or of frames that its film no longer has.
    """
    now, done = tuple(slots), list[Repair]()
    room = Room(films, least_frames, keep_length, stand_ins)
    tried = set[tuple[str, int, int]]()
    while True:
        faults = sorted(find_faults(now, films), key=lambda f: (-_WEIGHT[f.severity], f.frame))
        fault = next((f for f in faults if (f.kind, f.slot, f.frame) not in tried), None)
        if fault is None:
            return now, done
        tried.add((fault.kind, fault.slot, fault.frame))
        change = _best(now, fault, room, barred, refused)
        if change:
            found = _repair_by(change, fault, now, films)
            now = _explained(now, change, reasons)
            done.append(replace(found, after=now[found.slot]))


def possible_repairs(
    slots: Sequence[Slot],
    films: Films,
    faults: Sequence[Fault],
    *,
    least_frames: int,
    keep_length: bool = False,
    barred: frozenset[int] = frozenset(),
    stand_ins: StandIns = no_stand_ins,
) -> list[Fault]:
    """Faults with what would take each of them away, or why nothing does; nothing is changed.

    A fault that was only decoded keeps the words for its kind. Slots in `barred` are of films of
    another rate than the cut, and stay as they are.
    """
    room = Room(films, least_frames, keep_length, stand_ins)
    return [_with_repair(tuple(slots), fault, room, barred) for fault in faults]


def best_repair(
    slots: Sequence[Slot],
    films: Films,
    fault: Fault,
    *,
    least_frames: int,
    keep_length: bool = False,
) -> Repair | None:
    """The smallest change that takes one fault away and brings no other; None if none does."""
    now = tuple(slots)
    change = _best(now, fault, Room(films, least_frames, keep_length))
    return _repair_by(change, fault, now, films) if change else None


def _best(
    slots: Slots,
    fault: Fault,
    room: Room,
    barred: frozenset[int] = frozenset(),
    refused: Refused = frozenset(),
) -> Change | None:
    films = room.films
    places = [i for i in (fault.slot, fault.slot - 1) if i >= 0]
    if all(slots[i].locked or i in barred for i in places):
        return None
    likes = [f for f in _around(slots, films, places) if _alike(f, fault)]
    if not likes:  # only a decode shows it
        return None
    told = min(likes, key=lambda f: abs(f.frame - fault.frame))
    for change in changes(slots, told, room):
        place = change.touched[0]
        if (place, as_shown(change.slots[place])) in refused:
            continue
        if barred.isdisjoint(change.touched) and _mends(change, slots, films, told):
            return change
    return None


def as_shown(slot: Slot) -> Slot:
    """A slot by what is seen and heard of it alone."""
    return replace(slot, score=0.0, reasons=(), alternates=(), note="")


def _mends(change: Change, slots: Slots, films: Films, fault: Fault) -> bool:
    """Whether a change takes a fault away and brings none that was not there."""
    places = (fault.slot, *change.touched)
    after = _around(change.slots, films, places)
    before = _around(slots, films, places)
    if _count(after, fault) >= _count(before, fault):
        return False
    return all(any(_no_worse(one, old) for old in before) for one in after)


def _repair_by(change: Change, fault: Fault, slots: Slots, films: Films) -> Repair:
    place, *also = change.touched
    places = (fault.slot, *change.touched)
    before, after = (_around(s, films, places) for s in (slots, change.slots))
    gone = tuple(f for f in before if _count(after, f) < _count(before, f))
    words = f"slot {place + 1}: {change.words}"
    return Repair(place, change.slots[place], words, gone, tuple(also))


def crossfade_clicks(
    slots: Sequence[Slot], faults: Sequence[Fault], barred: frozenset[int] = frozenset()
) -> tuple[Slots, list[Repair]]:
    """Give every join with a click a short crossfade of its sound.

    Args:
        slots: Of the cut; a crossfade is the later slot's, and stays as it is if that is locked.
        faults: Of the cut as it was decoded.
        barred: Slots that stay as they are, like locked ones.
    """
    now, done, record = list(slots), list[Repair](), 0
    for i, slot in enumerate(slots):
        clicks = tuple(f for f in faults if f.kind == "click" and f.frame == record)
        record += slot.source.frames
        fade = FADE_MS if slot.sound.fade_ms < FADE_MS else LONGER_FADE_MS
        if i == 0 or not clicks or slot.sound.fade_ms >= fade or slot.locked or i in barred:
            continue
        now[i] = replace(slot, sound=replace(slot.sound, fade_ms=fade))
        words = f"slot {i + 1}: a crossfade of {fade} ms where its sound begins"
        done.append(Repair(i, now[i], words, clicks))
    return tuple(now), done


def _with_repair(slots: Slots, fault: Fault, room: Room, barred: frozenset[int]) -> Fault:
    if not 0 <= fault.slot < len(slots):
        return fault  # of no slot of this cut
    change = _best(slots, fault, room, barred)
    if change:
        return replace(fault, repair=f"slot {change.touched[0] + 1}: {change.words}")
    if not barred.isdisjoint((fault.slot, fault.slot - 1)):
        return replace(fault, obstacle="a slot of another rate than the cut is mended by hand")
    return replace(fault, obstacle=_obstacle(slots, fault, room))


def _obstacle(slots: Slots, fault: Fault, room: Room) -> str:
    """Why nothing takes a fault away, for people."""
    at = slots[max(0, fault.slot - 1) : fault.slot + 1]
    if fault.kind == "click" and fault.frame == sum(s.source.frames for s in slots[: fault.slot]):
        return "its slot is locked" if slots[fault.slot].locked else ""
    if all(slot.locked for slot in at):
        return "its slot is locked" if len(at) == 1 else "the slots on both sides are locked"
    if fault.kind in _NOT_BY_CUTTING:
        return "only another piece of film, or another copy, is without it"
    if fault.kind in ("bars step", "exposure step", "colour step"):
        return "cropping and grading are no matter of cutting, and no shot fits better"
    tried = (
        "no slip, alternate, other shot, longer or shorter slot takes it away without another fault"
    )
    return (
        f"{tried} at the cut's length of {_length(slots):,} frames" if room.keep_length else tried
    )


def _length(slots: Slots) -> int:
    return sum(slot.source.frames for slot in slots)


def _around(slots: Slots, films: Films, places: Sequence[int]) -> list[Fault]:
    """All faults that a change of some slots may bear on."""
    found: list[Fault] = []
    for i in sorted(set(places)):
        found += [*faults_inside(slots, films, i), *cut_ends(slots, films, i)]
    for join in sorted({j for i in places for j in (i, i + 1) if 0 < j < len(slots)}):
        found += faults_at_join(slots, films, join)
    touched = {slots[i].media for i in places}
    for j in range(len(slots)):
        if j >= min(places) or slots[j].media in touched:
            found += repeats(slots, films, j)
    return found


def _alike(one: Fault, other: Fault) -> bool:
    return (one.kind, one.slot) == (other.kind, other.slot)


def _count(faults: Sequence[Fault], like: Fault) -> int:
    """How many faults there are of one kind in one slot; less of one is not one less."""
    return sum(_alike(fault, like) for fault in faults)


def _no_worse(one: Fault, old: Fault) -> bool:
    """Whether a fault was there before a change, at least as bad."""
    if not _alike(one, old) or abs(one.value) > abs(old.value) + 1e-9:
        return False
    return one.kind != "word" or one.words == old.words


def _explained(slots: Slots, change: Change, reasons: Reasons) -> Slots:
    """The cut with a change; a slot that was filled anew gets the parts of its score."""
    place = change.touched[0]
    after = change.slots[place]
    if after.shot != slots[place].shot:
        told = reasons(after.media, Alternate(after.shot, after.source, after.score))
        after = replace(after, reasons=told)
    return (*change.slots[:place], after, *change.slots[place + 1 :])
