"""From scores to transitions, and from transitions to shots that tile a film. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.media import MediaId, Shot, Transition
from ingest.timecode import FrameRange

LONGEST_CUT = 4
"""Frames; a run of transition frames longer than this is a gradual transition."""
LONGEST_FLASH = 3
"""Frames; a picture that comes back after at most this many was interrupted, not cut."""
_RETURNED = 0.3
"""Share of the change at a cut that may remain between the frames around a flash."""
_ABRUPT = 3.0
"""How many times its neighbours' a change must be to stand out as a cut does."""


def is_flash(pictures: NDArray[np.uint8], cut: int) -> bool:
    """Whether the picture before a cut comes back after it, or the one after was there before.

    A flash, a muzzle fire or a damaged frame changes the whole picture as a cut does, but on its
    other side the same picture goes on.

    Args:
        pictures: `(frames, h, w, 3)`; small pictures of consecutive frames.
        cut: Index into them of the cut: the first frame of what would be the new shot.
    """
    around = pictures[max(0, cut - LONGEST_FLASH - 1) : cut + LONGEST_FLASH + 1].astype(np.float32)
    middle = min(cut, LONGEST_FLASH + 1)
    before, after = around[:middle], around[middle:]
    change = _distance(before[-1], after[0])
    across = [
        _distance(before[-1 - i], after[j])
        for i in range(len(before))
        for j in range(len(after))
        if 1 <= i + j <= LONGEST_FLASH
    ]
    return bool(across) and min(across) < _RETURNED * change


def is_abrupt(pictures: NDArray[np.uint8], cut: int) -> bool:
    """Whether the change at a cut stands out from those of the four frames on either side of it.

    Args:
        pictures: `(frames, h, w, 3)`; small pictures of consecutive frames.
        cut: Index into them of the first frame of what would be the new shot.
    """
    around = pictures[max(0, cut - 5) : cut + 5].astype(np.float32)
    changes = [_distance(a, b) for a, b in pairwise(around)]
    own = min(cut, 5) - 1
    others = changes[:own] + changes[own + 1 :]
    return changes[own] >= _ABRUPT * max(float(np.mean(others)) if others else 0.0, 1.0)


def _distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Mean absolute difference of two pictures, 0 to 255."""
    return float(np.abs(a - b).mean())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run of high scores: what may be a transition."""

    first: int
    last: int
    """The frames that take part, and the first one after them, unless the film ends there."""
    cut: int
    """The first frame of the new shot, if it is a cut."""
    confidence: float
    """The highest single score, 0 to 1."""
    sure: bool
    """Whether the scores alone make it a transition."""

    def as_cut(self) -> Transition:
        """The cut that it may be."""
        return Transition("cut", self.cut, self.cut, self.confidence)

    def as_gradual(self) -> Transition:
        """The gradual transition that it may be."""
        return Transition("gradual", self.first, self.last, self.confidence)

    @property
    def long(self) -> bool:
        """Whether it takes longer than a cut."""
        return self.last - self.first > LONGEST_CUT


def candidates_from_scores(
    single: NDArray[np.float32],
    many: NDArray[np.float32],
    *,
    threshold: float = 0.5,
    doubt: float = 0.3,
) -> list[Candidate]:
    """Read TransNetV2's two scores: what is a transition, and what the pictures have to decide.

    Each run of `single >= threshold` is one, as far as `many >= threshold` reaches on both sides; a
    run that only reaches `doubt` is one that is not sure, as far as `many >= doubt` reaches.

    Args:
        single: `(frames,)` in [0, 1]; high on the last frame before a new shot.
        many: `(frames,)` in [0, 1]; high on every frame that takes part in a transition.
        threshold: Above 0, up to 1.
        doubt: Above 0, up to `threshold`.

    Returns:
        In order; none lies on the film's first frame alone, or begins behind its last.
    """
    frames, found = len(single), []
    for run in _runs(single >= doubt):
        confidence = float(single[slice(*run)].max())
        sure = confidence >= threshold
        first, end = _narrow(single >= threshold, *run) if sure else run
        start, stop = _extend(many >= (threshold if sure else doubt), first, end)
        cut = first + int(single[first:end].argmax()) + 1
        candidate = Candidate(start, min(stop, frames - 1), cut, confidence, sure)
        if candidate.last > 0 and (candidate.long or cut < frames):
            found.append(candidate)
    return found


def transitions_from_scores(
    single: NDArray[np.float32], many: NDArray[np.float32], *, threshold: float = 0.5
) -> list[Transition]:
    """Read TransNetV2's two scores alone: short runs are cuts, longer ones gradual.

    Args:
        single: As `candidates_from_scores` takes it.
        many: The same.
        threshold: Above 0, up to 1.

    Returns:
        In order; no two share a frame, and none lies on the film's first frame.
    """
    candidates = candidates_from_scores(single, many, threshold=threshold, doubt=threshold)
    return without_overlaps([c.as_gradual() if c.long else c.as_cut() for c in candidates])


def without_overlaps(transitions: Iterable[Transition]) -> list[Transition]:
    """Transitions in order of which those that touch are made one."""
    found: list[Transition] = []
    for transition in transitions:
        if transition.last_frame > 0:
            _append(found, transition)
    return found


def shots_between(transitions: Sequence[Transition], *, frames: int, media: MediaId) -> list[Shot]:
    """Divide a film at its transitions.

    A cut divides at its frame; a gradual transition in its middle, where the new picture begins to
    outweigh the old one. A transition that would leave a shot without frames is left out.

    Args:
        transitions: In order, within the film.
        frames: How many the film has; at least 1.
        media: The film.

    Returns:
        At least one; they tile `0 … frames - 1`.
    """
    starts = [(0, Transition("start", 0, 0, 1.0))]
    for transition in transitions:
        boundary = boundary_of(transition)
        if starts[-1][0] < boundary < frames:
            starts.append((boundary, transition))
    ends = [start for start, _ in starts[1:]] + [frames]
    return [
        Shot(media, index, FrameRange(start, end), transition)
        for index, ((start, transition), end) in enumerate(zip(starts, ends, strict=True))
    ]


def boundary_of(transition: Transition) -> int:
    """The first frame that counts to the new shot."""
    if transition.kind == "gradual":
        return (transition.first_frame + transition.last_frame + 1) // 2
    return transition.first_frame


def _append(found: list[Transition], new: Transition) -> None:
    """Add a transition; one that touches the last becomes part of it."""
    if found and new.first_frame <= found[-1].last_frame:
        last = found.pop()
        confidence = max(last.confidence, new.confidence)
        end = max(last.last_frame, new.last_frame)
        kind = "gradual" if end - last.first_frame >= LONGEST_CUT else last.kind
        end = last.first_frame if kind == "cut" else end
        new = Transition(kind, last.first_frame, end, confidence)
    found.append(new)


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open ranges in which `mask` holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in pairwise(edges)][::2]


def _narrow(mask: NDArray[np.bool_], first: int, end: int) -> tuple[int, int]:
    """The part of `[first, end)` from the first to the last frame on which `mask` holds."""
    held = np.flatnonzero(mask[first:end])
    return first + int(held[0]), first + int(held[-1]) + 1


def _extend(mask: NDArray[np.bool_], first: int, end: int) -> tuple[int, int]:
    """Widen `[first, end)` as far as `mask` holds without a break."""
    while first > 0 and mask[first - 1]:
        first -= 1
    while end < len(mask) and mask[end]:
        end += 1
    return first, end
