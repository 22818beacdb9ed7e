"""Faults where one piece of a programme meets the next; and where that is, if nobody told. Pure."""

from collections.abc import Iterator

import numpy as np

from editing.faults.finding import Fault
from editing.faults.jumps import is_jump, setup_of
from editing.faults.picture_faults import usual
from editing.faults.picture_meter import PictureMeasures
from editing.faults.programme import Programme
from editing.faults.sound_joins import sound_join_faults
from ingest.media import Floats

_CUT_STEP, _CUT_RATIO, _CUT_PEAK = 4.0, 4.0, 1.8
"""A join changes the picture by so much of 255, so many times the usual and the next greatest."""


def find_joins(seen: PictureMeasures) -> tuple[int, ...]:
    """First frames of new pieces, told from the pictures alone: where a change stands out."""
    step = np.nan_to_num(seen["step_1"])
    return tuple(at for at in range(1, len(seen)) if _is_cut(seen, step, at))


def join_faults(programme: Programme) -> list[Fault]:
    """All faults at the joins of a programme, in order."""
    found = [*_jump_cuts(programme)]
    found += sound_join_faults(programme)
    return sorted(found, key=lambda fault: (fault.frame, fault.kind))


def _is_cut(seen: PictureMeasures, step: Floats, at: int) -> bool:
    change = float(step[at])
    others = np.concatenate([step[max(0, at - 4) : at], step[at + 1 : at + 5]])
    return (
        change >= _CUT_STEP
        and change >= _CUT_RATIO * max(usual(step, at, at + 1), 0.3)
        and change >= _CUT_PEAK * float(others.max(initial=0))
    )


def _jump_cuts(programme: Programme) -> Iterator[Fault]:
    """The same set-up on both sides of a join, or of a place where the picture jumps."""
    seen = programme.pictures
    for at in range(1, len(seen)):
        told = programme.known and at in programme.joins
        same = setup_of(seen, at, told=told)
        if same.value < same.threshold or any(a <= at < b for a, b in programme.blended):
            continue
        if not told and not is_jump(seen, at):
            continue
        words = "the same set-up on both sides"
        piece = programme.piece_of(at)
        yield Fault("jump cut", piece, at, same.value, same.threshold, same.unit, words)
