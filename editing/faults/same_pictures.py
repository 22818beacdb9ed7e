"""Pictures that a cut shows twice, by what ingest knows of them; and shots of one set-up. Pure.

Frames of one film are told by their numbers, those of two films by the signatures of their
pictures: a copy under another name, or a film that holds parts of another.
"""

import numpy as np

from editing.cut import Slot
from editing.faults.film import FilmSeen
from ingest.duplicates import NEAR_BITS

ALIKE = 0.84
"""Cosine similarity from which two shots show the same set-up."""
ALIKE_STILLS = 0.85
"""Likeness of the pictures of two shots, part by part, from which they do."""

_LEAST = 2
"""Signatures that have to agree at one distance in time."""
_STEP_SECONDS = 0.26
"""From one signature to the next, and a little."""


def setups_alike(one: FilmSeen, shot: int, other: FilmSeen, other_shot: int) -> float:
    """How sure it is that two shots are of one set-up: from 1 on it is.

    The larger of the cosine of their vectors and the likeness of their stills, each by the share of
    its threshold. NaN where neither is known.
    """
    shares = []
    before, after = one.vectors[shot], other.vectors[other_shot]
    if before.shape == after.shape:
        shares.append(float(before @ after) / ALIKE)
    likeness = one.stills.likeness(shot, other.stills, other_shot)
    if np.isfinite(likeness):
        shares.append(likeness / ALIKE_STILLS)
    return max(shares, default=float("nan"))


def shown_again(slot: Slot, film: FilmSeen, earlier: Slot, other: FilmSeen) -> tuple[int, int]:
    """Which frames of a slot show what an earlier slot of another film has shown.

    Signatures have to agree at one distance in time, and at no other one so well: of a picture that
    hardly moves nobody can tell which frame it is.

    Returns:
        The first of the slot's frames, in the film's, and how many; 0 and 0 for none.
    """
    mine, theirs = _within(slot, film), _within(earlier, other)
    if min(len(mine[0]), len(theirs[0])) < _LEAST:
        return 0, 0
    near = np.bitwise_count(mine[1][:, None] ^ theirs[1][None]) <= NEAR_BITS
    seconds = mine[0][:, None] / float(film.rate) - theirs[0][None] / float(
        other.rate
    )  # how much later in its film each is
    if not near.any():
        return 0, 0
    tried = seconds[near]
    votes = np.array([(np.abs(tried - one) <= _STEP_SECONDS / 2).sum() for one in tried])
    best = float(np.median(tried[votes == votes.max()]))
    in_step = np.abs(seconds - best) <= _STEP_SECONDS / 2
    agreed = (near & in_step).any(axis=1)
    possible = in_step.any(axis=1)
    elsewhere = near & (np.abs(seconds - best) > 2 * _STEP_SECONDS)
    if agreed.sum() < max(_LEAST, 0.7 * possible.sum()) or elsewhere.sum() > agreed.sum() / 2:
        return 0, 0
    shift = best * float(film.rate)
    ratio = float(film.rate / other.rate)
    first = max(slot.source.start, round(earlier.source.start * ratio + shift))
    end = min(slot.source.end, round(earlier.source.end * ratio + shift))
    return (first, end - first) if end > first else (0, 0)


def _within(slot: Slot, film: FilmSeen) -> tuple[np.ndarray, np.ndarray]:
    frames = film.signatures.frames
    inside = (frames >= slot.source.start) & (frames < slot.source.end)
    return frames[inside], film.signatures.values[inside]
