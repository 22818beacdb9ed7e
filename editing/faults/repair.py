"""Repair of faults: the smallest change of a slot that takes a fault away and brings no other.

A slot is slipped within its shot, then filled with an alternate, then trimmed; each change is
tried, and the faults around it are looked for again. What is locked is left as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from editing.cut import Slot
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.search import Films, faults_at_join, faults_inside, find_faults, repeats
from ingest.timecode import FrameRange

MAX_SLIP_SECONDS = 2
MAX_TRIM = 12
"""Frames."""
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
    slots: Sequence[Slot], films: Films, *, least_frames: int
) -> tuple[tuple[Slot, ...], list[Repair]]:
    """Take away what faults can be, the worst first.

    Args:
        slots: Of the cut; locked ones stay.
        films: Every film that a slot or its alternate is of.
        least_frames: No slot is trimmed to fewer.

    Returns:
        The slots as they are then, and what was done, in that order.
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
            now = (*now[: found.slot], found.after, *now[found.slot + 1 :])
            done.append(found)


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
        for changed, words in _changes(slots[place], films[slots[place].media], least_frames):
            after = _around([*slots[:place], changed, *slots[place + 1 :]], films, place)
            gone = tuple(f for f in before if not any(_same(f, other) for other in after))
            if any(_same(fault, f) for f in gone) and _weight(after) < _weight(before):
                return Repair(place, changed, f"slot {place + 1}: {words}", gone)
    return None


def _around(slots: Sequence[Slot], films: Films, i: int) -> list[Fault]:
    """All faults that a change of slot `i` may bear on."""
    found = list(faults_inside(slots, films, i))
    for join in (i, i + 1):
        if 0 < join < len(slots):
            found += faults_at_join(slots, films, join)
    for j in range(len(slots)):
        found += [f for f in repeats(slots, j) if j == i or slots[j].media == slots[i].media]
    return found


def _same(one: Fault, other: Fault) -> bool:
    """Whether two searches found the same fault, which may have moved by some frames."""
    return (one.kind, one.slot, one.words) == (other.kind, other.slot, other.words) or (
        (one.kind, one.slot) == (other.kind, other.slot) and other.value >= one.value
    )


def _weight(faults: Sequence[Fault]) -> float:
    return sum(_WEIGHT[fault.severity] for fault in faults)


def _changes(slot: Slot, film: FilmSeen, least_frames: int) -> Iterator[tuple[Slot, str]]:
    """Changes of a slot from the smallest on: slips, alternates, trims."""
    span, source = film.shots[slot.shot], slot.source
    if span is not None:
        for frames in range(1, int(MAX_SLIP_SECONDS * film.rate) + 1):
            for by in (frames, -frames):
                start, end = source.start + by, source.end + by
                if span.start <= start and end <= span.end:
                    way = "later" if by > 0 else "earlier"
                    moved = replace(slot, source=FrameRange(start, end))
                    yield moved, f"slipped, {_frames(frames)} {way}"
    for alternate in slot.alternates:
        filled = replace(slot, shot=alternate.shot, source=alternate.source, score=alternate.score)
        others = tuple(a for a in slot.alternates if a is not alternate)
        yield (
            replace(filled, alternates=others, reasons=()),
            f"filled with its alternate, shot {alternate.shot}",
        )
    for frames in range(1, min(MAX_TRIM, source.frames - least_frames) + 1):
        later = FrameRange(source.start + frames, source.end)
        sooner = FrameRange(source.start, source.end - frames)
        yield replace(slot, source=later), f"{_frames(frames)} off its beginning"
        yield replace(slot, source=sooner), f"{_frames(frames)} off its end"


def _frames(count: int) -> str:
    return f"{count} frame{'s' * (count != 1)}"
