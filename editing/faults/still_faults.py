"""Pictures shown again while things move: frozen and repeated frames. Pure.

A fault stops a motion from one frame to the next and, when it goes on, mostly jumps to where it
would have been; what a film holds itself eases in and out, or is drawn on every second frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from editing.faults.finding import Fault, Kind
from editing.faults.pauses import LONGEST, STANDS
from editing.faults.picture_meter import PictureMeasures
from editing.faults.programme import Programme
from editing.faults.wording import counted
from ingest.media import Floats

FREEZE_SECONDS = 0.5
"""From which on a picture is frozen; up to `pauses.LONGEST` frames it is repeated."""
_HELD = 0.5
"""Where the field that changes most changes by less than this share of just before, the picture may
be held, if it is for a cadence only."""
_LEAST_BLOCK, _LEAST_USUAL = 3.0, 0.35
"""Of 255, the field that changes most and the mean: where less changes nobody sees a frame too
many."""
_CUT_STEP, _CUT_RATIO = 12.0, 4.0

NEAR_BLACK = 0.02
"""Mean brightness of a black frame, 0 to 1: black that lasts repeats nothing."""

_FROZEN_BLOCK, _FROZEN_BLOCK_MOST = 0.75, 6.0
_FROZEN_SHARE, _FROZEN_FINE = 0.12, 0.03
"""Of 255, and of the usual: how far the field that changes most, and in the mean, a frozen picture
may change; a film's own holds change more."""
_REDRAWN = 1.5
"""Of 255: an encoder may draw a frozen picture anew, at one frame or two."""
_AT_ONCE, _EASED, _STEADY = 0.25, 0.4, 0.8
"""A motion stops at once if it falls to this share; not if it had slowed to the second before, nor
if its pictures changed as evenly as the third, as in a fade."""
_MOVED = 2.0
"""Of 255: how much the field that changes most did, before a picture that goes on elsewhere."""
_OTHER_SETUP, _AHEAD, _AHEAD_STEP, _MOVES_ON = 0.5, 1.5, 1.0, 2.5
"""A picture that goes on elsewhere: likeness of the set-up, how many times as far as it then goes
on, how far at least, and how much the field that changes most then does, of 255. Where nothing
moves on, the light or the bars of a still picture have changed."""

_CADENCE_SECONDS, _CADENCE, _REGULAR = 5.0, 4, 0.6
"""So many pictures that move less than those beside them, the nearest on either side within so many
seconds and with such a share of them equally far apart, are how a film was made."""
_LONGEST_PERIOD, _PERIODIC = 30, 0.75
"""So are they where of the frames that lie a period before and behind, of so many frames at most,
such a share is held too."""


@dataclass(frozen=True, slots=True)
class _Hold:
    """Frames that show the picture before them again."""

    start: int
    end: int
    share: float
    """How much they change, by the usual."""

    @property
    def frames(self) -> int:
        return self.end - self.start


def still_faults(programme: Programme) -> list[Fault]:
    """Frozen and repeated pictures, in order."""
    rate = float(programme.rate)
    least = max(2, round(FREEZE_SECONDS * rate))
    found = list[Fault]()
    for hold in _freezes(programme.pictures, least):
        words = f"the picture is frozen for {counted(hold.frames, 'frame')}"
        measured = (float(hold.frames), float(least), "frames")
        found.append(_fault(programme, "freeze", hold, measured, words))
    repeats = list(_repeats(programme.pictures))
    loose = list(_held(programme.pictures))
    for hold in repeats:
        frozen = any(hold.start < f.frame + f.frames and f.frame < hold.end for f in found)
        dark = bool(programme.pictures["luma"][hold.start] < NEAR_BLACK)
        as_long = [other for other in repeats if other.frames >= hold.frames]
        reach = _CADENCE_SECONDS * rate
        by_rule = any(_in_cadence(hold, holds, reach) for holds in (repeats, as_long, loose))
        by_rule = by_rule or _is_periodic(hold, repeats) or _is_periodic(hold, loose)
        if not (frozen or dark or by_rule or _lies_at_a_cut(programme.pictures, hold)):
            words = f"the picture before is shown {counted(hold.frames, 'time')} more"
            measured = (hold.share, STANDS, "of usual")
            found.append(_fault(programme, "duplicate", hold, measured, words))
    return sorted(found, key=lambda fault: fault.frame)


def _fault(
    programme: Programme, kind: Kind, hold: _Hold, measured: tuple[float, float, str], words: str
) -> Fault:
    piece = programme.piece_of(hold.start)
    return Fault(kind, piece, hold.start, *measured, words, frames=hold.frames)


def _repeats(seen: PictureMeasures) -> Iterator[_Hold]:
    """Up to four frames that do not move between others that do, as `pauses` has found them."""
    for at in np.flatnonzero(seen["paused"] > 0):
        yield _Hold(int(at), int(at + seen["paused"][at]), float(seen["paused_share"][at]))


def _held(seen: PictureMeasures) -> Iterator[_Hold]:
    """Up to four frames that change by less than those beside them, be it by a little."""
    block = np.nan_to_num(seen["block"])
    at = 2
    while at < len(seen) - 1:
        before = min(block[at - 1], float(np.median(block[max(1, at - 3) : at])))
        end = at
        while end < len(seen) and block[end] <= _HELD * before and end - at <= LONGEST:
            end += 1
        if 0 < end - at <= LONGEST and end < len(seen):
            yield _Hold(at, end, float(np.median(block[at:end])) / max(before, 1e-6))
        at = max(end, at + 1)


def _lies_at_a_cut(seen: PictureMeasures, hold: _Hold) -> bool:
    """Whether another shot begins just before or after the frames.

    Things that go on are some steps further at once, which is no cut.
    """
    step = np.nan_to_num(seen["step_1"])
    first, end = hold.start - 1, hold.end
    beside = np.concatenate([step[max(0, first - 5) : first], step[end + 1 : end + 6]])
    usual = float(np.median(beside)) if len(beside) else 0.0
    begins = step[first] > max(_CUT_STEP, _CUT_RATIO * usual)
    ends = step[end] > max(_CUT_STEP, (_CUT_RATIO + hold.frames) * usual)
    return bool(begins or ends)


def _in_cadence(hold: _Hold, holds: list[_Hold], reach: float) -> bool:
    """Whether a film repeats frames regularly there, and this is one of them.

    One that is longer than those around it, stands between two of them or far from all is not.
    """
    before, after = _sides([h for h in holds if abs(h.start - hold.start) <= reach], hold)
    near = [*before[-_CADENCE:], *after[:_CADENCE]]
    gaps = np.diff([h.start for h in (*before[-_CADENCE:], hold, *after[:_CADENCE])])
    if len(near) < _CADENCE:
        return False
    usual = float(np.median(gaps))
    if float((np.abs(gaps - usual) <= 1).mean()) < _REGULAR:
        return False
    nearest = [min(abs(h.start - hold.start) for h in side) for side in (before, after) if side]
    beside = any(abs(gap - usual) <= 1 for gap in nearest) and max(nearest) > usual - 1
    return bool(hold.frames <= np.median([h.frames for h in near]) and beside)


def _is_periodic(hold: _Hold, holds: list[_Hold]) -> bool:
    """Whether the frames some period before and behind are held as well, four times on each side.

    So two pictures of ten may be repeated by rule, unequally far apart.
    """
    frames = {other.start: other.frames for other in holds}
    if not frames:
        return False
    for period in range(2, _LONGEST_PERIOD + 1):
        places = [hold.start + k * period for k in range(-_CADENCE, _CADENCE + 1) if k]
        places = [place for place in places if min(frames) <= place <= max(frames)]
        met = [frames[place] for place in places if place in frames]
        if len(places) >= _CADENCE and len(met) >= _PERIODIC * len(places):
            return bool(hold.frames <= np.median(met))
    return False


def _sides(near: list[_Hold], hold: _Hold) -> tuple[list[_Hold], list[_Hold]]:
    before = [h for h in near if h.start < hold.start]
    return before, [h for h in near if h.start > hold.start]


def _freezes(seen: PictureMeasures, least: int) -> Iterator[_Hold]:
    """Runs of `least` frames or more that are the same, begun at once or followed by a jump."""
    fine, block = np.nan_to_num(seen["fine"]), np.nan_to_num(seen["block"])
    at = 1
    while at < len(seen):
        before = float(np.median(block[max(1, at - 5) : at])) if at > 1 else 0.0
        level = max(_FROZEN_BLOCK, min(_FROZEN_SHARE * before, _FROZEN_BLOCK_MOST))
        end = at
        while end < len(seen) and (block[end] <= level or _is_redrawn(block, end, level, at)):
            end += 1
        same = end > at and float(np.median(fine[at:end])) <= _FROZEN_FINE
        start = at - 1 if at > 1 and block[at - 1] <= _AT_ONCE * block[at - 2] else at
        stopped = _stops(seen, start) or (_moved(seen, at) and _jumps_on(seen, end))
        if end - at >= least and same and stopped:
            yield _Hold(start, end, float(np.median(block[at:end])) / max(before, 1e-6))
        at = max(end, at + 1)


def _is_redrawn(block: Floats, at: int, level: float, start: int) -> bool:
    """Whether an encoder drew a held picture anew at one frame, or at two."""
    if not start < at < len(block) - 1 or block[at - 1 : at + 2].max() > _REDRAWN:
        return False
    return bool(min(block[at - 1], block[at + 1]) <= level)


def _stops(seen: PictureMeasures, at: int) -> bool:
    """Whether a motion ends from one frame to the next; a fade that is over is none."""
    if at < 3:
        return False
    fine, block = (np.nan_to_num(seen[name]) for name in ("fine", "block"))
    steady = float(np.nan_to_num(seen["steady"][at]))
    return bool(
        not _is_cut(seen, at - 1)
        and steady < _STEADY
        and block[at - 1] >= _EASED * np.median(block[max(1, at - 6) : at])
        and min(block[at - 1], np.median(block[at - 3 : at])) >= _LEAST_BLOCK
        and np.median(fine[max(1, at - 3) : at]) >= _LEAST_USUAL
        and block[at] <= _AT_ONCE * block[at - 1]
    )


def _moved(seen: PictureMeasures, at: int) -> bool:
    """Whether anything of the shot moved just before; a shot that stood still may be a still."""
    block = np.nan_to_num(seen["block"])
    moved = at > 3 and float(np.median(block[at - 3 : at])) >= _MOVED
    return moved and not any(_is_cut(seen, frame) for frame in range(at - 3, at))


def _is_cut(seen: PictureMeasures, at: int) -> bool:
    """Whether a frame differs from the one before far more than those before it did."""
    step = np.nan_to_num(seen["step_1"])
    return bool(step[at] > max(_CUT_STEP, _CUT_RATIO * float(np.median(step[max(0, at - 8) : at]))))


def _jumps_on(seen: PictureMeasures, end: int) -> bool:
    """Whether things are elsewhere when they go on, in the same set-up, and then move less."""
    step, block = np.nan_to_num(seen["step_1"]), np.nan_to_num(seen["block"])
    if end + 3 >= len(step) or not seen["setup"][end] >= _OTHER_SETUP:
        return False
    goes_on = float(np.median(step[end + 1 : end + 4]))
    moves = float(np.median(block[end + 1 : end + 4]))
    return bool(moves >= _MOVES_ON and step[end] >= max(_AHEAD_STEP, _AHEAD * goes_on))
