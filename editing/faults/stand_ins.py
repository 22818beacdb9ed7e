"""Shots of a cut's film that may fill a slot where none of its alternates helps.

What the brief says of every slot holds for them: lengths, handles, the spoiler limit, what it
excludes and includes, budgets of the acts, diversity, speech, and the film's order.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np

from editing.assemble.around import holding
from editing.assemble.candidates import Candidates, candidates, clean_cuts
from editing.assemble.footage import Footage, best_window
from editing.assemble.problem import problem_of
from editing.cut import Alternate, Brief, Cut
from editing.errors import ModelError
from editing.film_footage import footage_from_catalog
from editing.run import ranker_named
from editing.slot_edits import Slots
from ingest.catalog import Catalog

MOST = 12
"""Shots that are offered for one slot."""


class FilmStandIns:
    """Tells which shots of the film that a cut was made of could stand in for one of its slots.

    Slots of other films get none: the brief says nothing of those. Nor does any where the cut's
    ranker is gone, for then nobody knows which are good.
    """

    def __init__(self, catalog: Catalog, cut: Cut) -> None:
        """Of `cut`, whatever its slots become."""
        self._catalog, self._cut = catalog, cut
        self._told: dict[tuple[Slots, int], tuple[Alternate, ...]] = {}

    def __call__(self, slots: Slots, place: int) -> tuple[Alternate, ...]:
        """Shots that are neither in the cut nor alternates of the slot, best first.

        Args:
            slots: Of the cut as it is now.
            place: Which slot, from 0; each shot is given at as many frames as it has.
        """
        key = (slots, place)
        if key not in self._told:
            footage, of_the_film = self._footage, slots[place].media == self._cut.media
            if footage is not None and of_the_film:
                self._told[key] = stand_ins(footage, self._cut.brief, slots, place)
            else:
                self._told[key] = ()
        return self._told[key]

    @cached_property
    def _footage(self) -> Footage | None:
        media = self._catalog.get_media(self._cut.media)
        try:
            ranker = ranker_named(self._catalog, self._cut.ranker)
            return footage_from_catalog(self._catalog, media, ranker)
        except ModelError:
            return None


def stand_ins(footage: Footage, brief: Brief, slots: Slots, place: int) -> tuple[Alternate, ...]:
    """Shots that could stand in for a slot: neither in the cut nor alternates of it, best first.

    Args:
        footage: Of the slot's film.
        brief: Of the cut.
        slots: Of the cut as it is now.
        place: Which slot, from 0; each shot is given at as many frames as it has.
    """
    slot = slots[place]
    if any(one.overlaps(slot.source) for one in brief.include):
        return ()
    held = holding(footage, [other for i, other in enumerate(slots) if i != place])
    usable, scores = candidates(held, brief), footage.scores.values
    clean = None if brief.speech == "ignore" else clean_cuts(footage)
    best: dict[int, Alternate] = {}
    rows = sorted(
        _rows(held, brief, (slots, place), usable),
        key=lambda row: (bool(usable.spoken[row]), -float(scores[usable.shots[row]]), row),
    )
    for row in rows:
        shot = int(usable.shots[row])
        if shot not in best and len(best) < MOST:
            span = best_window(footage.interest, usable.usable[row], slot.source.frames, clean)
            best[shot] = Alternate(shot, span, float(scores[shot]))
    return tuple(best.values())


def _rows(held: Footage, brief: Brief, at: tuple[Slots, int], usable: Candidates) -> Iterator[int]:
    """Candidates that are as long as a slot and fit where it is."""
    slots, place = at
    slot = slots[place]
    frames, known = slot.source.frames, {slot.shot, *(a.shot for a in slot.alternates)}
    first, last = _between(slots, place)
    problem = problem_of(held, usable, brief) if brief.acts and len(usable.shots) else None
    for row, (shot, span) in enumerate(zip(usable.shots, usable.usable, strict=True)):
        part = problem.part[row] if problem else 0
        full = problem is not None and frames > problem.caps[part] and problem.most[part] < 1
        long_enough = usable.shortest[row] <= frames <= usable.longest[row]
        in_order = first <= span.start and span.end <= last
        if int(shot) not in known and long_enough and in_order and not full:
            yield row


def _between(slots: Slots, place: int) -> tuple[float, float]:
    """The frames of the film that a slot lies between, if its cut is in the film's order."""
    media = slots[place].media
    starts = [slot.source.start for slot in slots if slot.media == media]
    if any(b < a for a, b in pairwise(starts)):
        return -np.inf, np.inf
    before = [slot.source.end for slot in slots[:place] if slot.media == media]
    after = [slot.source.start for slot in slots[place + 1 :] if slot.media == media]
    return max(before, default=-np.inf), min(after, default=np.inf)
