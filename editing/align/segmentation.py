"""Which line each frame of a trailer is from, if any: the likeliest path through all lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.align.lines import Comparison, Line, evidence

_ENTER = 4.0
"""Evidence that a change to a line costs."""
_BEYOND = 1.0
"""Seconds by which a line is looked at beyond the stretch that it grew to."""
_LEAST = 6.0
"""Evidence of a stretch below which it is taken for chance."""
_SHORTEST = 0.2
"""Seconds; a shorter stretch is not claimed."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames of the trailer that go to one line; a part of it, or a little more than it."""

    line: Line
    first: int
    last: int
    """Inclusive."""
    evidence: float


def segment(comparison: Comparison, lines: Sequence[Line]) -> list[Stretch]:
    """Share the frames of a trailer out among lines: Viterbi's algorithm over evidence.

    Each frame goes to one line or to none; what a frame of a line says is `evidence`, none says
    0, and every change to a line costs `_ENTER`. For T frames and N lines: `T N` additions.
    """
    trailer = comparison.trailer
    if not lines:
        return []
    beyond = round(_BEYOND / trailer.frame_seconds)
    said = np.full((trailer.frames, len(lines) + 1), -np.inf, np.float64)
    said[:, 0] = 0
    for number, line in enumerate(lines, start=1):
        first, last = max(0, line.first - beyond), min(trailer.frames - 1, line.last + beyond)
        similar = comparison.along(line, first, last)
        seen = comparison.seen(line.shown)[first : last + 1]
        said[first : last + 1, number] = evidence(similar, seen)
    path = _likeliest(said)
    stretches = []
    edges = np.flatnonzero(np.diff(path)) + 1
    for first, end in zip([0, *edges], [*edges, len(path)], strict=True):
        state = path[first]
        total = float(said[first:end, state].sum())
        if state and total >= _LEAST and end - first >= _SHORTEST / trailer.frame_seconds:
            stretches.append(Stretch(lines[state - 1], int(first), int(end) - 1, total))
    return stretches


def _likeliest(said: NDArray[np.float64]) -> NDArray[np.int64]:
    """The state of each frame on the path with the most evidence; 0 is no line."""
    frames, states = said.shape
    came = np.zeros((frames, states), np.int64)
    total = said[0] - np.where(np.arange(states) > 0, _ENTER, 0)
    cost = np.where(np.arange(states) > 0, _ENTER, 0.0)
    for frame in range(1, frames):
        best = int(np.argmax(total))
        entered = total[best] - cost
        stays = total >= entered
        came[frame] = np.where(stays, np.arange(states), best)
        total = np.where(stays, total, entered) + said[frame]
    path = np.zeros(frames, np.int64)
    path[-1] = int(np.argmax(total))
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came[frame, path[frame]]
    return path
