"""Slots that join on the beats of music, to the frame, in a cut of exact length.

First which shots, and about how many beats each: the program of `selection`, counted in beats. Then
where each slot ends: the best way along the beats through the chosen shots in their order, by
dynamic programming, exactly and with the true frame of every beat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editing.assemble import selection
from editing.assemble.selection import Problem

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]

_PRICE_STEPS = 24
_ROUNDS = 5
"""How often another selection is tried, without the rows that fit nowhere along the beats."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A slot of a sequence, whose length is to be found or is fixed."""

    least: int
    most: int
    """Frames; equal to `least` where it is fixed."""
    fixed: bool = False
    """Whether it stays whatever the beats are: it may end anywhere."""
    value: float = 0.0
    """What a frame of it is worth."""
    pace: int = 0
    bend: float = 0.0
    """Lost for each frame off its pace."""


Ordering = Callable[[Ints], list[int]]
"""From chosen rows to a sequence: `k` for the k-th of them, `-1 - j` for the j-th that is kept."""


def choose_on_beats(
    problem: Problem, beats: Sequence[int], ordering: Ordering, kept: Sequence[int]
) -> tuple[Ints, Ints] | None:
    """Rows and lengths of a good selection whose slots join on beats; None if none was found.

    Args:
        problem: In frames.
        beats: Frames of the cut.
        ordering: Puts chosen rows among what is kept.
        kept: Frames of each that is kept.
    """
    inside = np.array([beat for beat in beats if beat < problem.frames + problem.beside])
    if len(inside) < 2:
        return None
    barred: set[int] = set()
    for _ in range(_ROUNDS):
        found, misfits = _choose(problem, inside, ordering, kept, barred)
        if found is not None or misfits <= barred:
            return found
        barred |= misfits
    return None


def _choose(
    problem: Problem,
    beats: Ints,
    ordering: Ordering,
    kept: Sequence[int],
    barred: set[int],
) -> tuple[tuple[Ints, Ints] | None, set[int]]:
    """Rows and lengths without the rows that are barred, and rows that could not be placed."""
    unit = float(np.median(np.diff(beats)))
    about = round(problem.frames / unit)
    misfits: set[int] = set()
    for steady in (False, True):
        counts = _beat_counts(problem, beats, unit, steady=steady)
        rows = np.flatnonzero(counts[:, 0] <= counts[:, 1])
        rows = rows[~np.isin(rows, sorted(barred))]
        if not len(rows):
            continue
        for frames in (about, about - 1, about + 1):
            if frames < 1:
                continue
            found = selection.select(_in_beats(problem, rows, counts, unit, frames))
            if found is None:
                continue
            chosen = rows[found.chosen]
            order = ordering(chosen)
            lengths = _placed(problem, chosen, beats, order, kept)
            if lengths is not None:
                return (chosen, lengths), misfits
            misfits |= _misfit(problem, chosen, beats, order, kept)
    return None, misfits


def place(pieces: Sequence[Piece], beats: Sequence[int], frames: int) -> list[int] | None:
    """Lengths that fill `frames` exactly, each free piece ending on a beat; None if there are none.

    The last piece ends with the cut, and so does what is free before pieces that are fixed at its
    end. Of all such lengths those of the highest worth, value times length less what is lost off
    the pace.
    """
    tail = frames
    anchors = set(beats)
    for piece in reversed(pieces):
        anchors.add(tail)
        if not piece.fixed:
            break
        tail -= piece.least
    stops = np.array(sorted(stop for stop in anchors if 0 < stop <= frames))
    best: dict[int, float] = {0: 0.0}
    came: list[dict[int, int]] = []
    for piece in pieces:
        reached: dict[int, float] = {}
        back: dict[int, int] = {}
        for at, worth in best.items():
            for stop in _stops(piece, at, stops):
                length = stop - at
                total = worth + piece.value * length - piece.bend * abs(length - piece.pace)
                if total > reached.get(stop, -np.inf):
                    reached[stop], back[stop] = total, at
        best = reached
        came.append(back)
    if frames not in best:
        return None
    lengths, at = [], frames
    for back in reversed(came):
        lengths.append(at - back[at])
        at = back[at]
    return lengths[::-1]


def _misfit(
    problem: Problem, chosen: Ints, beats: Ints, order: Sequence[int], kept: Sequence[int]
) -> set[int]:
    """The row in whose slot the ways along the beats end, the last free one if all go on."""
    frames = problem.frames + problem.beside
    stops = np.union1d(beats[beats < frames], [frames])
    reached, last = {0}, set[int]()
    for k in order:
        if k < 0:
            reached = {at + kept[-1 - k] for at in reached}
            continue
        row = int(chosen[k])
        piece, last = Piece(int(problem.shortest[row]), int(problem.capacity[row])), {row}
        reached = {stop for at in reached for stop in _stops(piece, at, stops)}
        if not reached:
            break
    return last


def _stops(piece: Piece, at: int, stops: Ints) -> list[int]:
    if piece.fixed:
        return [at + piece.least]
    first = np.searchsorted(stops, at + piece.least, side="left")
    last = np.searchsorted(stops, at + piece.most, side="right")
    found: list[int] = stops[first:last].tolist()
    return found


def _placed(
    problem: Problem, chosen: Ints, beats: Ints, order: list[int], kept: Sequence[int]
) -> Ints | None:
    """Lengths of the chosen rows along the beats that pass no part's cap.

    Where the best passes one, frames of that part are priced until it does not.
    """
    price = np.zeros(len(problem.quota))
    spread = max(problem.bend, float(np.ptp(problem.value)), 1e-9)
    for step in range(_PRICE_STEPS):
        pieces = [
            Piece(
                int(problem.shortest[row]),
                int(problem.capacity[row]),
                value=float(problem.value[row] - price[problem.part[row]]),
                pace=int(problem.own_pace[row]),
                bend=problem.bend,
            )
            for row in chosen
        ]
        fixed = [Piece(frames, frames, fixed=True) for frames in kept]
        sequence = [pieces[k] if k >= 0 else fixed[-1 - k] for k in order]
        found = place(sequence, beats.tolist(), problem.frames + problem.beside)
        if found is None:
            return None
        lengths = np.zeros(len(chosen), np.int64)
        for k, length in zip(order, found, strict=True):
            if k >= 0:
                lengths[k] = length
        filled = np.bincount(problem.part[chosen], lengths, minlength=len(problem.quota))
        over = filled > problem.caps
        if not over.any():
            return lengths
        price[over] += spread * 2.0 ** (step // 2) / 8
    return None


def _beat_counts(problem: Problem, beats: Ints, unit: float, *, steady: bool) -> Ints:
    """`(n, 2)`, the fewest and the most beats that each row can last; the fewest above if none.

    Wherever in the music they lie, or, if `steady`, as if every beat were of the usual length.
    """
    most = min(len(beats) - 1, int(problem.capacity.max() / unit) + 2)
    counts = np.arange(1, most + 1)
    if steady:
        low = high = counts * unit
        slack = 1.0
    else:
        spans = [beats[count:] - beats[:-count] for count in counts]
        low = np.array([span.min() for span in spans], dtype=np.float64)
        high = np.array([span.max() for span in spans], dtype=np.float64)
        slack = 0.0
    fits = (low[None] >= problem.shortest[:, None] - slack) & (
        high[None] <= problem.capacity[:, None] + slack
    )
    least = np.where(fits.any(axis=1), fits.argmax(axis=1) + 1, 2)
    longest = np.where(fits.any(axis=1), most - fits[:, ::-1].argmax(axis=1), 1)
    return np.stack([least, longest], axis=1)


def _in_beats(problem: Problem, rows: Ints, counts: Ints, unit: float, frames: int) -> Problem:
    """The same problem with a beat as the unit of length, for some rows."""
    paces = np.maximum(1, np.rint(problem.pace[rows] / unit)).astype(np.int64)
    return replace(
        problem,
        value=problem.value[rows] * unit,
        capacity=counts[rows, 1],
        shortest=counts[rows, 0],
        pace=paces,
        frames=frames,
        conflicts=problem.conflicts[np.ix_(rows, rows)],
        part=problem.part[rows],
        quota=np.ceil(problem.quota / unit).astype(np.int64),
        bend=problem.bend * unit,
        cover=problem.cover * unit,
        loss=problem.loss[rows],
        held=np.ceil(problem.held / unit).astype(np.int64),
        beside=round(problem.beside / unit),
    )
