"""Whether all that moves stood still for a few frames, and then went on. Pure.

A repeated picture holds everything that moved before it and moves after it, from one frame to the
next. What a film holds itself comes to rest first, begins to move, turns back, or moves elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from editing.faults.tracked_motion import Picture, TrackedMotion
from ingest.media import Floats

LONGEST = 4
"""Frames up to which a picture is repeated; one that stands longer is frozen, or meant."""
_BEFORE, _AFTER = 3, 1
WINDOW = _BEFORE + LONGEST + 1 + _AFTER
"""Pictures that are looked at: some before the pause, all of it, and until things have gone on."""
_NOISE = 1.5
"""Of 255: an encoder leaves less in the mean between two pictures that were the same."""

_FIELD = 8
_LEAST, _SHARE_MOVING, _FIELDS = 2.0, 0.3, 12
"""Fields of 8 by 8 pixels move that change by so much of 255 both before and after, and by so much
of what those do that change most; there are at least so many of them."""
_STOOD, _STOOD_MOST = 0.15, 0.5
"""What such fields may change by in a pause, of the lesser change beside it: all together, and nine
in ten of them each."""
_BACK, _ANEW = 0.6, 3.0
"""Afterwards a field is about as different from what it was before the last motion as from what was
held: if it is much less, things came back; if far more, another shot was there."""
_WEAKER, _STRONGER, _CAUGHT_UP, _MOST = 0.6, 2.2, 1.3, 3.0
"""How things may go on, by the change before: more than the second only if they then catch up,
which is to change so many times as much as the frame after; and at most so many times as far as
they would be."""

_STEP, _POINTS = 0.3, 8
"""Pixels of 256 across that points move as things go on, and how many points."""
STANDS, _MOST_STAND = 0.2, 0.4
"""Of that step, what the middle point may move by in a pause, and three in four of them."""
_MOVED, _MOVED_MOST, _SLOWED = 0.2, 1.3, 0.7
"""Of that step, by how much points have moved before a pause; and of what they have, what they may
move by in it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Frames in which nothing moves that moves before and after."""

    frames: int
    share: float
    """How much moves in them yet, by what does beside them; 0 to 1."""


def changed_fields(before: Picture, after: Picture) -> Floats:
    """Mean change of each field of 8 by 8 pixels, of 255: `(rows, columns)`."""
    change = cv2.absdiff(after, before).astype(np.float32)
    height, width = change.shape
    fields = (max(1, width // _FIELD), max(1, height // _FIELD))
    return np.asarray(cv2.resize(change, fields, interpolation=cv2.INTER_AREA), np.float32)


def pause_before(pictures: Sequence[Picture], changes: Sequence[Floats]) -> Pause | None:
    """The pause that ended with the last picture but two; None if there was none.

    Args:
        pictures: Up to `WINDOW`, grey, 256 pixels wide, in order; the last but one is that with
            which things went on.
        changes: `changed_fields` of each of them since the one before it, as many as `pictures`;
            what the first one holds is not read.
    """
    end = len(pictures) - 1 - _AFTER
    alike = 0
    while alike < min(LONGEST, end - 2) and changes[end - 1 - alike].mean() <= _NOISE:
        alike += 1
    for frames in range(1, alike + 1):
        share = _fields_stood(pictures, changes, end, frames)
        if share is not None:
            return Pause(frames, share)
    return _points_stood(pictures, end, alike) if alike else None


def _fields_stood(
    pictures: Sequence[Picture], changes: Sequence[Floats], end: int, frames: int
) -> float | None:
    """How much fields changed that move before and after `frames` frames, if they stood still."""
    start = end - frames
    before, held, after = changes[start - 1], np.max(changes[start:end], axis=0), changes[end]
    beside = np.minimum(before, after)
    moving = beside >= max(_LEAST, _SHARE_MOVING * float(np.quantile(beside, 0.98)))
    if moving.sum() < _FIELDS:
        return None
    stood = float(held[moving].sum() / beside[moving].sum())
    if stood > _STOOD or np.quantile(held[moving] / beside[moving], 0.9) > _STOOD_MOST:
        return None
    across = changed_fields(pictures[start - 2], pictures[end])[moving].sum()
    was, goes_on, then = (float(c[moving].sum()) for c in (before, after, changes[end + 1]))
    if not _BACK * goes_on <= across <= _ANEW * goes_on:
        return None
    if not _WEAKER * was <= goes_on <= _MOST * (frames + 1) * was:
        return None
    return stood if goes_on <= _STRONGER * was or goes_on >= _CAUGHT_UP * then else None


def _points_stood(pictures: Sequence[Picture], end: int, most: int) -> Pause | None:
    """The same by where points are, which an encoder's errors leave; at `most` so many frames."""
    motion = TrackedMotion.of(pictures, end - 1)
    if motion is None:
        return None
    stood = list[float]()
    start = end
    while start > 1:
        shares = motion.shares(start - 1, least=_STEP)
        if len(shares) < _POINTS:
            return None
        middle = abs(float(np.median(shares)))
        if middle > STANDS or np.quantile(np.abs(shares), 0.75) > _MOST_STAND:
            break
        stood.append(middle)
        start -= 1
    if not stood or len(stood) > most:
        return None
    steps = [motion.shares(at, least=_STEP) for at in range(max(1, start - _BEFORE), start)]
    moved = [float(np.median(shares)) for shares in steps if len(shares) >= _POINTS]
    if not moved or not _MOVED <= moved[-1] <= _MOVED_MOST:
        return None
    slowed = max(stood) <= _SLOWED * float(np.median(moved))
    return Pause(len(stood), max(stood)) if slowed else None
