"""What editors preferred, read from the versions of their cuts.

Only what somebody decided counts, not what an assembly made of it: a locked slot was accepted, a
shot that gave way to another in its slot was replaced, a slot that went away was rejected.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from editing.cut import Cut, Slot
from editing.cut_changes import Change, changes_between
from editing.cut_store import cut_versions, list_cuts, load_cut
from editing.rank.film import Film
from editing.rank.preferences import Preferences
from ingest.catalog import Catalog
from ingest.media import MediaId

SOURCE = "editors"
REPLACED, ACCEPTED, REJECTED = 1.0, 0.5, 0.5
"""What such a decision weighs: all its pairs together. A replacement names both shots; what a
locked slot or a slot taken away was weighed against is only likely."""

Pair = tuple[MediaId, int, int, float]
"""Media, the shot preferred, the other shot, and the weight."""


def preferences_of_editors(catalog: Catalog, films: dict[MediaId, Film]) -> list[Preferences]:
    """What the versions of every cut say of `films`; a film that nobody decided on is left out."""
    pairs: dict[MediaId, list[Pair]] = {}
    for summary in list_cuts(catalog):
        numbers = [version[0] for version in cut_versions(catalog, summary.id)]
        versions = [load_cut(catalog, summary.id, number) for number in numbers]
        for pair in decisions_of(versions):
            if pair[0] in films and max(pair[1], pair[2]) < films[pair[0]].shots:
                pairs.setdefault(pair[0], []).append(pair)
    return [_preferences(films[media], found) for media, found in pairs.items()]


def decisions_of(versions: Sequence[Cut]) -> Iterator[Pair]:
    """The pairs that a cut's versions stand for.

    - A slot that was locked beats its alternates: `ACCEPTED` in all, counted once.
    - A slot that was replaced beats the shot before: `REPLACED`; if it is not the only change, only
      where it is locked, for the others were assembled anew around it.
    - A shot that was taken away is beaten by those that stayed, `REJECTED` in all: where it is the
      only change of shots, or where all that is left is locked, as in a cut that comes back from
      an editing system.

    Args:
        versions: Of one cut, in their order.
    """
    accepted: set[tuple[MediaId, int]] = set()
    for before, after in pairwise(versions):
        changes = changes_between(before.slots, after.slots)
        yield from _replaced(before, after, changes)
        yield from _rejected(before, after, changes)
    for version in versions[1:]:
        for slot in version.slots:
            if slot.locked and (slot.media, slot.shot) not in accepted:
                accepted.add((slot.media, slot.shot))
                yield from _accepted(slot)


def _accepted(slot: Slot) -> Iterator[Pair]:
    others = {alternate.shot for alternate in slot.alternates} - {slot.shot}
    for other in sorted(others):
        yield slot.media, slot.shot, other, ACCEPTED / len(others)


def _replaced(before: Cut, after: Cut, changes: Sequence[Change]) -> Iterator[Pair]:
    pairs = [
        (before.slots[change.before], after.slots[change.after])
        for change in changes
        if change.kind == "replaced" and change.before is not None and change.after is not None
    ]
    stayed = {(slot.media, slot.shot) for slot in after.slots}
    alone = len(pairs) == 1 and len(before.slots) == len(after.slots)
    for old, new in pairs:
        decided = alone or new.locked
        if decided and old.media == new.media and (old.media, old.shot) not in stayed:
            yield new.media, new.shot, old.shot, REPLACED


def _rejected(before: Cut, after: Cut, changes: Sequence[Change]) -> Iterator[Pair]:
    kept = {(slot.media, slot.shot) for slot in after.slots}
    removed = [
        before.slots[change.before]
        for change in changes
        if change.kind == "removed" and change.before is not None
    ]
    others = any(change.kind in ("replaced", "added") for change in changes)
    by_hand = all(slot.locked for slot in after.slots)
    if not by_hand and (others or len(removed) != 1):
        return
    for slot in removed:
        if (slot.media, slot.shot) in kept:
            continue
        alike = sorted(shot for media, shot in kept if media == slot.media)
        for other in alike:
            yield slot.media, other, slot.shot, REJECTED / len(alike)


def _preferences(film: Film, pairs: Sequence[Pair]) -> Preferences:
    _, preferred, other, weights = zip(*pairs, strict=True)
    return Preferences(film, np.array(preferred), np.array(other), np.array(weights), SOURCE)
