"""From footage and a brief to the shots of a cut, their order and their lengths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from editing.assemble import selection
from editing.assemble.around import merged
from editing.assemble.candidates import Candidates, candidates
from editing.assemble.footage import Footage
from editing.assemble.on_beats import choose_on_beats
from editing.assemble.problem import paces_at, problem_of
from editing.assemble.selection import Ints, Problem, Selection
from editing.cut import Brief, Slot

Arrange = Callable[[Sequence[int]], Sequence[int]]
"""From shots to the places in which they stand best, each once."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The best selection, in the order of the cut."""

    usable: Candidates
    problem: Problem
    found: Selection
    order: tuple[int, ...]
    """`k` for the k-th chosen, `-1 - j` for the j-th slot that is kept."""


def solve(
    footage: Footage, brief: Brief, kept: Sequence[Slot] = (), arrange: Arrange | None = None
) -> Solved | None:
    """The best selection that keeps the brief; None if there is none.

    Args:
        footage: Holding what is kept.
        brief: Of the whole cut, which has more frames than are kept.
        kept: In its order.
        arrange: Puts slots into another order than the film's; locked ones keep theirs.
    """
    usable = candidates(footage, brief)
    problem = problem_of(footage, usable, brief)
    found = selection.select(problem)
    if found is None:
        return None

    def ordering(chosen: Ints) -> list[int]:
        return _order(footage, usable, chosen, kept, arrange)

    order = ordering(found.chosen)
    if brief.music is not None:
        lengths = [slot.source.frames for slot in kept]
        on_beats = choose_on_beats(problem, brief.music.beats, ordering, lengths)
        if on_beats is None:
            return None
        order = ordering(on_beats[0])
        found = _selection(problem, *on_beats, found.bound)
    elif arrange is not None and brief.pacing != 1:
        problem = _paced_as_arranged(problem, brief, found.chosen, order)
        lengths_there = selection.fill(problem, found.chosen)
        found = _selection(problem, found.chosen, lengths_there, found.bound)
    return Solved(usable, problem, found, tuple(order))


def _selection(problem: Problem, chosen: Ints, lengths: Ints, bound: float) -> Selection:
    total = selection.total_worth(problem, chosen, lengths)
    return Selection(chosen, lengths, total, max(total, bound))


def _order(
    footage: Footage,
    usable: Candidates,
    chosen: Ints,
    kept: Sequence[Slot],
    arrange: Arrange | None,
) -> list[int]:
    """Chosen rows among what is kept: in film order, or as they are arranged."""
    free = [
        Slot(footage.media, int(usable.shots[row]), usable.usable[row], 0.0, ()) for row in chosen
    ]
    number = {id(slot): k for k, slot in enumerate(free)}
    number |= {id(slot): -1 - j for j, slot in enumerate(kept)}
    slots = merged(kept, free)
    if arrange is not None:
        slots = _arranged(footage, slots, arrange)
    return [number[id(slot)] for slot in slots]


def _arranged(footage: Footage, slots: Sequence[Slot], arrange: Arrange) -> tuple[Slot, ...]:
    """Slots in another order; those of other films keep their places, and locked ones their order.

    Among what is arranged, the places that locked slots would have are theirs in their own order.
    """
    own = [place for place, slot in enumerate(slots) if slot.media == footage.media]
    found = list(slots)
    for place, there in zip(own, arrange([slots[place].shot for place in own]), strict=True):
        found[place] = slots[own[there]]
    locked = [slot for slot in slots if slot.locked]
    places = [place for place, slot in enumerate(found) if slot.locked]
    for place, slot in zip(places, locked, strict=True):
        found[place] = slot
    return tuple(found)


def _paced_as_arranged(
    problem: Problem, brief: Brief, chosen: Ints, order: Sequence[int]
) -> Problem:
    """The pace of each chosen row by its place in the cut rather than in the film."""
    paces = problem.pace.copy()
    for place, k in enumerate(order):
        if k >= 0:
            middle = np.array([(place + 0.5) / len(order)])
            paces[chosen[k]] = int(paces_at(middle, brief)[0])
    return replace(problem, pace=paces)
