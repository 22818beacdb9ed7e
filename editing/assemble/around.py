"""A cut assembled anew around the slots that an editor locked.

Locked slots stay to the frame. What is left of the cut's length is assembled as any cut is, from
shots that are neither locked nor too similar to one that is; a part of the film that locked slots
cover gets less.
"""

from collections.abc import Sequence
from dataclasses import replace

from editing.assemble.assembly import Assembly, assemble
from editing.assemble.brief import in_words
from editing.assemble.footage import Footage
from editing.cut import Brief, Slot
from editing.errors import ImpossibleBrief


def assemble_around(footage: Footage, brief: Brief, locked: Sequence[Slot]) -> Assembly:
    """The best cut that keeps the brief and holds `locked` as they are, in their order.

    Args:
        footage: Of the film that the rest is taken from.
        brief: Of the whole cut.
        locked: May be of other films too; limits of the brief do not bind them.

    Raises:
        ImpossibleBrief: The rest cannot be filled; names what stands in the way.
    """
    held = sum(slot.source.frames for slot in locked)
    rest = brief.frames - held
    own = tuple((slot.shot, slot.source) for slot in locked if slot.media == footage.media)
    footage = replace(footage, locked=own)
    if rest < 0:
        raise ImpossibleBrief(
            f"the locked slots last {in_words(held, footage.rate)}, and the cut is to last "
            f"{in_words(brief.frames, footage.rate)}",
            f"{in_words(held, footage.rate)} in all",
            replace(brief, frames=held),
        )
    worth = sum(slot.score * slot.source.frames for slot in locked)
    if rest == 0:
        return Assembly(tuple(locked), worth / held, worth / held, 0.0)
    try:
        found = assemble(footage, replace(brief, frames=rest))
    except ImpossibleBrief as error:
        raise _around(error, brief, len(locked), held) from error
    return Assembly(
        slots=merged(locked, found.slots),
        value=(worth + found.value * rest) / brief.frames,
        bound=(worth + found.bound * rest) / brief.frames,
        gap=found.gap,
    )


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


def _around(error: ImpossibleBrief, brief: Brief, count: int, held: int) -> ImpossibleBrief:
    if not count:
        return error
    slots = f"{count} locked slot{'s' * (count != 1)}"
    nearest = error.brief and replace(brief, frames=held + error.brief.frames)
    return ImpossibleBrief(
        f"beside {slots}: {error.constraint}", f"beside {slots}: {error.nearest}", nearest
    )
