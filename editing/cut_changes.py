"""What changed between two versions of a cut, slot by slot: for people, and for rankers to learn.

A slot is followed by its shot: trimmed, slipped or moved it is the same slot, with another shot it
was replaced. No I/O.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from editing.cut import Slot
from ingest.media import MediaId

Kind = Literal["kept", "changed", "replaced", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one slot. Slots are counted from 0."""

    kind: Kind
    """`changed` is trimmed, slipped, moved, or otherwise shown or heard."""
    before: int | None
    """Which slot it was; None for one that was added."""
    after: int | None
    """Which it is; None for one that was removed."""
    head: int = 0
    """Frames more at its beginning; below 0, fewer."""
    tail: int = 0
    """Frames more at its end; below 0, fewer."""
    moved: bool = False
    """Whether its place among the others is another."""
    also: tuple[str, ...] = ()
    """What else is other than it was, in words: its transition, sound, window and note; of one that
    was added or removed, whether it was split off another or joined to it."""

    @property
    def words(self) -> str:
        """For people: `slot 3: trimmed by 4 frames at its end`; slots counted from 1."""
        old, new = (None if n is None else n + 1 for n in (self.before, self.after))
        if self.kind == "added":
            return ", ".join([f"slot {new}: added", *self.also])
        if self.kind == "replaced":
            told = [f"slot {old}: replaced"] + [f"now slot {new}"] * (old != new)
            return ", ".join([*told, *self.also])
        if self.kind != "changed":
            return ", ".join([f"slot {old}: {self.kind}", *self.also])
        parts = [f"moved to {new}"] if self.moved else []
        if self.head and self.head == -self.tail:
            earlier = "earlier" if self.head > 0 else "later"
            parts.append(f"slipped, {_frames(self.head)} {earlier}")
        else:
            parts += [
                f"{'extended' if frames > 0 else 'trimmed'} by {_frames(frames)} at its {end}"
                for frames, end in ((self.head, "beginning"), (self.tail, "end"))
                if frames
            ]
        return f"slot {old}: {', '.join([*parts, *self.also])}"


def changes_between(
    before: Sequence[Slot],
    after: Sequence[Slot],
    steps: Mapping[MediaId, Fraction] | None = None,
) -> list[Change]:
    """Follow every slot from one version to another.

    Slots of the same shot belong together, those that share most frames first. Of those that are
    in another order, as few as possible count as moved. A slot whose shot went away was replaced
    by a new one that stands between the same neighbours; else it was removed, and the new one
    added. A slot that was split is followed to its longer part, and of two that were joined the
    longer one is followed; the other part was added, or removed, and says so.

    Args:
        before: The slots as they were.
        after: As they are.
        steps: Frames of a film that last as long as a frame of the cut, where that is not one.

    Returns:
        Those of `after` in its order, each removed one before the slot that followed it.
    """
    pairs = same_shots(before, after)
    stayed = set(_longest_rising(pairs))
    split = _parts(after, before, [(j, i) for i, j in pairs])
    joined = _parts(before, after, pairs)
    gone = set(range(len(before))) - {i for i, _ in pairs}
    new = set(range(len(after))) - {j for _, j in pairs}
    places = len(before), len(after)
    replaced = _replacements(places, gone - joined.keys(), new - split.keys(), sorted(stayed))
    gone -= {i for i, _ in replaced}
    new -= {j for _, j in replaced}
    found = [Change("replaced", i, j) for i, j in replaced]
    for i, j in pairs:
        step = (steps or {}).get(before[i].media, Fraction(1))
        found.append(_change((i, j), before[i], after[j], step, moved=(i, j) not in stayed))
    found += [Change("added", None, j, also=_told("split off", split.get(j))) for j in new]
    found.sort(key=lambda change: change.after or 0)
    for i in sorted(gone, reverse=True):
        followers = (n for n, change in enumerate(found) if _follows(change, i))
        removed = Change("removed", i, None, also=_told("joined to", joined.get(i)))
        found.insert(next(followers, len(found)), removed)
    return found


def _parts(
    ones: Sequence[Slot], others: Sequence[Slot], pairs: Sequence[tuple[int, int]]
) -> dict[int, int]:
    """Of `ones` that are not followed: those that lie within one of `others` that is, and which.

    The slot that is followed there and they have no frame in common, so that what lay in one piece
    is cut in two.
    """
    followed = {other: one for one, other in pairs}
    by_shot: dict[tuple[MediaId, int], list[int]] = {}
    for other in followed:
        by_shot.setdefault((others[other].media, others[other].shot), []).append(other)
    parts: dict[int, int] = {}
    for number in set(range(len(ones))) - {one for one, _ in pairs}:
        one = ones[number]
        for other in by_shot.get((one.media, one.shot), ()):
            apart = not ones[followed[other]].source.overlaps(one.source)
            if others[other].source.contains(one.source) and apart:
                parts[number] = other
    return parts


def _told(how: str, slot: int | None) -> tuple[str, ...]:
    return () if slot is None else (f"{how} slot {slot + 1}",)


def summary(changes: Sequence[Change]) -> str:
    """How many slots came to what: `9 kept, 2 changed, 1 replaced`."""
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.kind] = counts.get(change.kind, 0) + 1
    kinds = ("kept", "changed", "replaced", "removed", "added")
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if kind in counts)


def _follows(change: Change, slot: int) -> bool:
    """Whether a change is of a slot that stood behind `slot` and did not move."""
    return change.before is not None and not change.moved and change.before > slot


def same_shots(before: Sequence[Slot], after: Sequence[Slot]) -> list[tuple[int, int]]:
    """Pairs of slots of one shot, so that all of them together share most frames."""
    worth = np.zeros((len(before), len(after)))
    for i, old in enumerate(before):
        for j, new in enumerate(after):
            if (old.media, old.shot) == (new.media, new.shot):
                worth[i, j] = 1 + _shared(old, new) + 0.5 / (1 + abs(i - j))
    chosen = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    return [(int(i), int(j)) for i, j in chosen if worth[i, j] > 0]


def _shared(old: Slot, new: Slot) -> int:
    """Frames that both show."""
    start, end = max(old.source.start, new.source.start), min(old.source.end, new.source.end)
    return max(0, end - start)


def _longest_rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs that are in the same order in both versions; pairs come sorted by the first.

    Patience sorting (Fredman, On computing the length of longest increasing subsequences, 1975).
    """
    tops: list[int] = []
    piles: list[int] = []
    for _, j in pairs:
        pile = bisect_left(tops, j)
        tops[pile : pile + 1] = [j]
        piles.append(pile)
    chosen: list[tuple[int, int]] = []
    wanted = len(tops) - 1
    for pair, pile in zip(reversed(pairs), reversed(piles), strict=True):
        if pile == wanted and (not chosen or pair[1] < chosen[-1][1]):
            chosen.append(pair)
            wanted -= 1
    return chosen[::-1]


def _replacements(
    places: tuple[int, int], went: set[int], came: set[int], stayed: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Between neighbours that stayed: the slots that went, each with one that came, in order."""
    replaced = []
    for (i0, j0), (i1, j1) in pairwise([(-1, -1), *stayed, places]):
        old = [i for i in range(i0 + 1, i1) if i in went]
        new = [j for j in range(j0 + 1, j1) if j in came]
        replaced += list(zip(old, new, strict=False))
    return replaced


def _change(
    numbers: tuple[int, int], old: Slot, new: Slot, step: Fraction, *, moved: bool
) -> Change:
    """What became of a slot; its source begins at a frame of its film, and lasts frames of the
    cut."""
    later = new.source.start - old.source.start
    head = -round(later / step)
    tail = new.source.frames - old.source.frames - head
    also = tuple(_otherwise(old, new))
    if later and not head:
        also = (f"its beginning {_frames(later)} of its film {_side(later)}", *also)
    kind: Kind = "changed" if head or tail or moved or also else "kept"
    return Change(kind, *numbers, head, tail, moved, also)


def _side(later: int) -> str:
    return "later" if later > 0 else "earlier"


def _otherwise(old: Slot, new: Slot) -> Iterator[str]:
    """How a slot is shown and heard now, where that is other than it was."""
    if old.transition != new.transition:
        now = new.transition
        yield f"a {now.kind} of {_frames(now.frames)} before it" if now else "a hard cut before it"
    if old.sound.lead != new.sound.lead:
        lead = new.sound.lead
        how = "ahead of" if lead > 0 else "behind"
        yield f"its sound {_frames(lead)} {how} its picture" if lead else "its sound cut straight"
    if old.sound.fade_ms != new.sound.fade_ms:
        fade = new.sound.fade_ms
        yield f"its sound faded in over {fade} ms" if fade else "its sound not faded in"
    if old.sound.gain != new.sound.gain:
        yield f"its sound at {new.sound.gain:+g} dB"
    if old.reframe != new.reframe:
        yield "another part of its picture" if new.reframe else "the middle of its picture"
    if old.note != new.note:
        yield f"noted: {new.note}" if new.note else "its note taken away"


def _frames(count: int) -> str:
    return f"{abs(count)} frame{'s' * (abs(count) != 1)}"
