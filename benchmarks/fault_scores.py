"""What a searcher found, held against what was planted and what the film has of its own. Pure.

Each planted fault has to be told within one frame of where it begins. What is told of a fault of
the film's own is right too; all else that is told is false.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

from benchmarks.footage_stretches import Plant
from benchmarks.own_faults import OwnFault

Found = tuple[str, int]
Scores = dict[tuple[str, str], "Score"]

NEAR, BESIDE = 1, 2
"""Frames within which a fault is found, and within which it explains what else is told."""
_LASTING = ("letterbox", "exposure step", "colour step")
"""Faults that explain what is told where they begin and end, but not what is told between."""


@dataclass(slots=True)
class Score:
    """Of one kind of fault by one searcher."""

    hits: int = 0
    missed: int = 0
    own: int = 0
    """Faults of the films' own that were told, each once for every copy that has it."""
    own_missed: int = 0
    false: int = 0
    """In all copies."""
    clean_false: int = 0
    """Those of them in copies in which nothing was planted."""
    strengths: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """Found and planted, by strength."""

    @property
    def right(self) -> int:
        """What was told and is there."""
        return self.hits + self.own


@dataclass(frozen=True, slots=True)
class Judged:
    """What was wrong in one copy of a stretch."""

    missed: list[Plant]
    own_missed: list[OwnFault]
    false: list[Found]


def judge(
    found: Sequence[Found],
    plants: Sequence[Plant],
    own: Sequence[OwnFault],
    *,
    pictures: frozenset[str],
    scores: Scores,
    who: str,
) -> Judged:
    """Add one copy of a stretch to the scores.

    Args:
        found: Kind and frame of all that was told.
        plants: What was planted.
        own: What the film has of its own there, at the copy's frames.
        pictures: Kinds that are of the picture; a fault explains what is told of its like beside
            it, not what is told of sound, and the other way round.
        scores: Added to.
        who: The searcher.
    """
    used: set[int] = set()

    def told(kind: str, frame: int) -> bool:
        near = (
            i
            for i, (name, at) in enumerate(found)
            if name == kind and abs(at - frame) <= NEAR and i not in used
        )
        hit = next(near, None)
        if hit is not None:
            used.add(hit)
        return hit is not None

    missed, own_missed = list[Plant](), list[OwnFault]()
    for plant in plants:
        hit = told(plant.kind, plant.frame)
        score = scores[who, plant.kind]
        score.hits += hit
        score.missed += not hit
        tally = score.strengths[plant.strength]
        tally[0] += hit
        tally[1] += 1
        if not hit:
            missed.append(plant)
    for fault in own:
        if fault.verdict == "fault":
            hit = told(fault.kind, fault.frame)
            scores[who, fault.kind].own += hit
            scores[who, fault.kind].own_missed += not hit
            if not hit:
                own_missed.append(fault)
    false = [
        one
        for i, one in enumerate(found)
        if i not in used and not _explained(one, plants, own, pictures)
    ]
    for kind, _ in false:
        scores[who, kind].false += 1
        scores[who, kind].clean_false += not plants
    return Judged(missed, own_missed, false)


def _explained(
    found: Found, plants: Sequence[Plant], own: Sequence[OwnFault], pictures: frozenset[str]
) -> bool:
    kind, frame = found
    others: list[Plant | OwnFault] = [*plants, *own]
    return any(
        (other.kind in pictures) == (kind in pictures)
        and _within(frame, other)
        and (isinstance(other, Plant) or other.verdict == "fault" or other.kind == kind)
        for other in others
    )


def _within(frame: int, fault: Plant | OwnFault) -> bool:
    first, end = fault.frame, fault.frame + fault.frames
    if fault.kind in _LASTING:
        return min(abs(frame - first), abs(frame - end)) <= BESIDE
    return first - BESIDE <= frame <= end + BESIDE


def wilson(hits: int, count: int) -> str:
    """A share with its 95 % interval (Wilson, 1927)."""
    if not count:
        return "–"
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return f"{share:.2f} [{max(0, middle - half):.2f}, {min(1, middle + half):.2f}]"
