"""Pictures shown again while things move: frozen and repeated frames. Pure.

A fault stops a motion from one frame to the next and, when it goes on, mostly jumps to where it
would have been; what a film holds itself eases in and out, or is drawn on every second frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from editing.faults.finding import Fault, Kind
from editing.faults.picture_meter import PictureMeasures
from editing.faults.programme import Programme
from editing.faults.wording import counted
from ingest.media import Floats

_SHORT, FREEZE_SECONDS = 4, 0.5
"""Frames up to which a picture is repeated, and seconds from which on it is frozen."""
_HELD = 0.5
"""Where the field that changes most changes by less than this share of just before, the picture may
be held."""
_LEAST_BLOCK, _LEAST_USUAL = 3.0, 0.35
"""Of 255, the field that changes most and the mean: where less changes nobody sees a frame too
many."""
REPEATED, _BLOCK_REPEATED, _GOES_ON = 0.3, 0.45, 0.75
"""A repeated picture changes by less than these shares of the usual, in the mean and in the field
that changes most; and goes on by at least this share of it."""
_CODED, _CODED_BLOCK, _CODED_JUMP = 0.6, 0.2, 1.3
"""The same for a picture that the encoder drew anew, which then has to jump."""
_REPEATED_MOST = 1.0
"""Of 255: an encoder leaves less in the mean between two frames that were the same."""
_CUT_STEP, _CUT_RATIO = 12.0, 4.0

NEAR_BLACK = 0.02
"""Mean brightness of a black frame, 0 to 1: black that lasts repeats nothing."""

_FROZEN_BLOCK, _FROZEN_BLOCK_MOST = 0.75, 6.0
_FROZEN_SHARE, _FROZEN_FINE = 0.12, 0.03
"""Of 255, and of the usual: how far the field that changes most, and in the mean, a frozen picture
may change; a film's own holds change more."""
_REDRAWN = 1.5
"""Of 255: an encoder may draw a frozen picture anew, once between two that are the same."""
_AT_ONCE, _EASED, _STEADY = 0.25, 0.4, 0.8
"""A motion stops at once if it falls to this share; not if it had slowed to the second before, nor
if its pictures changed as evenly as the third, as in a fade."""
_OTHER_SETUP, _AHEAD, _AHEAD_STEP, _MOVES_ON = 0.5, 1.5, 1.0, 2.5
"""A picture that goes on elsewhere: likeness of the set-up, how many times as far as it then goes
on, how far at least, and how much the field that changes most then does, of 255. Where nothing
moves on, the light or the bars of a still picture have changed."""

_CADENCE_SECONDS, _CADENCE, _REGULAR = 1.0, 4, 0.6
"""So many pictures that move less than those beside them, within so many seconds on either side and
with such a share of them equally far apart, are how a film was made."""


@dataclass(frozen=True, slots=True)
class _Hold:
    """Frames that show the picture before them again."""

    start: int
    end: int
    share: float
    """How much they change, by the usual; NaN where it is too much for a fault."""

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
    for hold in repeats:
        frozen = any(hold.start < f.frame + f.frames and f.frame < hold.end for f in found)
        dark = bool(programme.pictures["luma"][hold.start] < NEAR_BLACK)
        repeated = hold.share <= _CODED and not frozen and not dark
        if repeated and not _in_cadence(hold, repeats, _CADENCE_SECONDS * rate):
            words = f"the picture before is shown {counted(hold.frames, 'time')} more"
            measured = (hold.share, REPEATED, "of usual")
            found.append(_fault(programme, "duplicate", hold, measured, words))
    return sorted(found, key=lambda fault: fault.frame)


def _fault(
    programme: Programme, kind: Kind, hold: _Hold, measured: tuple[float, float, str], words: str
) -> Fault:
    piece = programme.piece_of(hold.start)
    return Fault(kind, piece, hold.start, *measured, words, frames=hold.frames)


def _repeats(seen: PictureMeasures) -> Iterator[_Hold]:
    """Up to four frames that do not move between others that do."""
    fine, block = np.nan_to_num(seen["fine"]), np.nan_to_num(seen["block"])
    at = 2
    while at < len(seen) - 1:
        before = min(block[at - 1], float(np.median(block[max(1, at - 3) : at])))
        end = at
        while end < len(seen) and block[end] <= _HELD * before and end - at <= _SHORT:
            end += 1
        if end == at:
            at += 1
            continue
        if end - at <= _SHORT and end < len(seen):
            cut = _lies_at_a_cut(seen, at, end)
            yield _Hold(at, end, np.nan if cut else _share_repeated(fine, block, at, end))
        at = end


def _lies_at_a_cut(seen: PictureMeasures, start: int, end: int) -> bool:
    """Whether another shot begins just before or after the frames."""
    step = np.nan_to_num(seen["step_1"])
    for at in (start - 1, end):
        beside = np.concatenate([step[max(0, at - 6) : at], step[at + 1 : at + 7]])
        if step[at] > max(_CUT_STEP, _CUT_RATIO * float(np.median(beside))):
            return True
    return False


def _share_repeated(fine: Floats, block: Floats, start: int, end: int) -> float:
    """How much frames change, by the usual; NaN if they are not of one picture."""
    before, after = (fine[max(1, start - 3) : start], fine[end : end + 3])
    usual = float(min(np.median(before), np.median(after)))
    highest = float(
        min(
            block[start - 1],
            np.median(block[max(1, start - 3) : start]),
            np.median(block[end : end + 3]),
        )
    )
    if usual < _LEAST_USUAL or highest < _LEAST_BLOCK:
        return float("nan")
    share = float(np.median(fine[start:end])) / usual
    most = float(np.median(block[start:end])) / highest
    goes_on = np.median(fine[end + 1 : end + 4]) if end + 1 < len(fine) else 0.0
    jump = float(fine[end]) / max(float(np.median(before)), float(goes_on))
    same = share <= REPEATED and most <= _BLOCK_REPEATED and jump >= _GOES_ON
    if float(np.median(fine[start:end])) > _REPEATED_MOST:
        return float("nan")
    drawn_anew = share <= _CODED and most <= _CODED_BLOCK and jump >= _CODED_JUMP
    return share if same or drawn_anew else float("nan")


def _in_cadence(hold: _Hold, holds: list[_Hold], reach: float) -> bool:
    """Whether a film repeats frames regularly there, and this is one of them.

    One that is longer than those around it, or stands between two of them, is not.
    """
    near = [h for h in holds if h is not hold and abs(h.start - hold.start) <= reach]
    gaps = np.diff(sorted(h.start for h in near))
    if len(near) < _CADENCE:
        return False
    usual = float(np.median(gaps))
    if float((np.abs(gaps - usual) <= 1).mean()) < _REGULAR:
        return False
    nearest = [min(abs(h.start - hold.start) for h in side) for side in _sides(near, hold) if side]
    return hold.frames <= np.median([h.frames for h in near]) and max(nearest) > usual - 1


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
        if end - at >= least and same and (_stops(seen, at) or _jumps_on(seen, end)):
            yield _Hold(at, end, float(np.median(block[at:end])) / max(before, 1e-6))
        at = max(end, at + 1)


def _is_redrawn(block: Floats, at: int, level: float, start: int) -> bool:
    """Whether an encoder drew a held picture anew at one frame."""
    alone = start < at < len(block) - 1 and max(block[at - 1], block[at + 1]) <= level
    return bool(alone and block[at] <= _REDRAWN)


def _stops(seen: PictureMeasures, at: int) -> bool:
    """Whether a motion ends from one frame to the next; a fade that is over is none."""
    if at < 3:
        return False
    fine, block, step = (np.nan_to_num(seen[name]) for name in ("fine", "block", "step_1"))
    cut = step[at - 1] > max(_CUT_STEP, _CUT_RATIO * float(np.median(step[max(0, at - 9) : at])))
    steady = float(np.nan_to_num(seen["steady"][at]))
    return bool(
        not cut
        and steady < _STEADY
        and block[at - 1] >= _EASED * np.median(block[max(1, at - 6) : at])
        and min(block[at - 1], np.median(block[at - 3 : at])) >= _LEAST_BLOCK
        and np.median(fine[max(1, at - 3) : at]) >= _LEAST_USUAL
        and block[at] <= _AT_ONCE * block[at - 1]
    )


def _jumps_on(seen: PictureMeasures, end: int) -> bool:
    """Whether things are elsewhere when they go on, in the same set-up, and then move less."""
    step, block = np.nan_to_num(seen["step_1"]), np.nan_to_num(seen["block"])
    if end + 3 >= len(step) or not seen["setup"][end] >= _OTHER_SETUP:
        return False
    goes_on = float(np.median(step[end + 1 : end + 4]))
    moves = float(np.median(block[end + 1 : end + 4]))
    return bool(moves >= _MOVES_ON and step[end] >= max(_AHEAD_STEP, _AHEAD * goes_on))
