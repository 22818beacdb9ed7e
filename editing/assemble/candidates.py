"""Which frames of a film a brief may use, and the lengths of slot that they offer.

A shot may offer several ranges of lengths: around what the brief excludes, and between what is
said in it. A cut takes at most one of them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from editing.assemble.footage import Footage
from editing.cut import Brief
from ingest.timecode import FrameRange

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a brief may use: pieces of shots, each with the lengths of slot that it offers."""

    shots: Ints
    """`(n,)`, indices of shots, never falling."""
    usable: tuple[FrameRange, ...]
    """Of each, the frames that may be shown."""
    shortest: Ints
    """`(n,)`, frames of the shortest slot."""
    longest: Ints
    """`(n,)`, frames of the longest slot; every length in between is offered too."""
    spoken: Flags
    """`(n,)`, whether a slot may begin or end within speech."""

    def only(self, rows: Ints) -> Self:
        """Some of them, in their order."""
        return type(self)(
            self.shots[rows],
            tuple(self.usable[row] for row in rows),
            self.shortest[rows],
            self.longest[rows],
            self.spoken[rows],
        )


def candidates(footage: Footage, brief: Brief) -> Candidates:
    """The pieces of shots that hold `brief.min_shot` frames within everything that limits them.

    That is handles, the spoiler limit and what the brief excludes. Not the shots that are in the
    cut already, nor what is too similar to one of them.
    """
    found = list(_offers(footage, brief))
    shots, usable, shortest, longest, spoken = zip(*found, strict=True) if found else ((),) * 5
    return Candidates(
        np.array(shots, np.int64),
        tuple(usable),
        np.array(shortest, np.int64),
        np.array(longest, np.int64),
        np.array(spoken, bool),
    )


def _offers(footage: Footage, brief: Brief) -> Iterator[tuple[int, FrameRange, int, int, bool]]:
    limit = spoiler_limit(footage.frames, brief)
    taken = _like_locked(footage, brief.max_similarity)
    barred = [one.span for one in brief.exclude]
    edges = _budget_edges(footage, brief)
    clean = clean_cuts(footage) if brief.speech != "ignore" and len(footage.voiced) else None
    for shot, fit in enumerate(footage.fit):
        if fit is None or taken[shot]:
            continue
        for usable in _usable(fit, barred, edges, limit, brief):
            start, end = usable.start, usable.end
            longest = min(end - start, brief.max_shot)
            if clean is None or clean[start : end + 1].all():
                yield shot, usable, brief.min_shot, longest, False
                continue
            whole = False
            for least, most in clean_lengths(clean[start : end + 1]):
                a, b = max(least, brief.min_shot), min(most, longest)
                if a <= b:
                    whole = whole or (a, b) == (brief.min_shot, longest)
                    yield shot, usable, a, b, False
            if brief.speech == "avoid" and not whole:
                yield shot, usable, brief.min_shot, longest, True


def _usable(
    fit: FrameRange, barred: Sequence[FrameRange], edges: Sequence[int], limit: int, brief: Brief
) -> Iterator[FrameRange]:
    """The pieces of a shot that hold a slot, within handles and on one side of each edge.

    Where no side of an edge holds a slot, what lies across it does.
    """
    for piece in without(fit, barred):
        start, end = piece.start + brief.handle, min(piece.end - brief.handle, limit)
        if end - start < brief.min_shot:
            continue
        stops = [start, *(edge for edge in edges if start < edge < end), end]
        sides = [FrameRange(a, b) for a, b in pairwise(stops) if b - a >= brief.min_shot]
        yield from sides or [FrameRange(start, end)]


def _budget_edges(footage: Footage, brief: Brief) -> list[int]:
    """Where acts of the film that have a budget begin and end, in frames."""
    edges: set[int] = set()
    before = Fraction(0)
    for act in brief.acts:
        if act.most < 1:
            edges |= {math.ceil(share * footage.frames) for share in (before, act.end)}
        before = act.end
    return sorted(edges)


def without(span: FrameRange, barred: Sequence[FrameRange]) -> list[FrameRange]:
    """What is left of a range where none of `barred` is."""
    left, at = [], span.start
    for other in sorted(one for one in barred if one.overlaps(span)):
        if at < other.start:
            left.append(FrameRange(at, other.start))
        at = max(at, other.end)
    if at < span.end:
        left.append(FrameRange(at, span.end))
    return left


def clean_cuts(footage: Footage) -> Flags:
    """`(frames + 1,)`, at the beginning of which frames nobody is in the middle of speech."""
    moments = np.arange(footage.frames + 1) / float(footage.rate)
    if not len(footage.voiced):
        return np.ones(len(moments), bool)
    starts, ends = footage.voiced[:, 0], footage.voiced[:, 1]
    last = np.searchsorted(starts, moments, side="left") - 1  # the stretch that began before
    clean: Flags = (last < 0) | (moments >= ends[np.maximum(last, 0)])
    return clean


def clean_lengths(clean: Flags) -> list[tuple[int, int]]:
    """The lengths from one clean cut to another, as ranges `(least, most)` apart from each other.

    Args:
        clean: `(frames + 1,)`, where cuts are clean.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], clean, [False]]).astype(np.int8)))
    runs = edges.reshape(-1, 2) - [0, 1]  # first and last clean cut of each run
    spans = sorted(
        (max(1, int(later[0] - earlier[1])), int(later[1] - earlier[0]))
        for number, earlier in enumerate(runs)
        for later in runs[number:]
    )
    found: list[tuple[int, int]] = []
    for least, most in spans:
        if most < least:
            continue
        if found and least <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], most))
        else:
            found.append((least, most))
    return found


def spoiler_limit(frames: int, brief: Brief) -> int:
    """The first frame of the film that may not be shown: its share of the film, rounded down."""
    return int(frames * brief.spoiler_free)


def _like_locked(footage: Footage, limit: float) -> Flags:
    """`(shots,)`: which are in the cut, or too similar to a shot that is."""
    locked = [shot for shot, _ in footage.locked]
    vectors = footage.vectors.astype(np.float64)
    like: Flags = np.any(vectors @ vectors[locked].T > limit, axis=1) & (limit < 1)
    like[locked] = True
    return like
