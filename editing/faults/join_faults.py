"""Faults where one piece of a programme meets the next; and where that is, if nobody told. Pure."""

from collections.abc import Iterator

import numpy as np

from editing.faults.finding import Fault
from editing.faults.picture_faults import usual
from editing.faults.picture_meter import PictureMeasures
from editing.faults.programme import Programme
from editing.faults.sound_meter import LEVELS_A_SECOND, SoundMeasures
from ingest.media import Floats
from ingest.speech import CHUNK, VOICE_RATE

_CUT_STEP, _CUT_RATIO, _CUT_PEAK = 4.0, 4.0, 1.8
"""A join changes the picture by so much of 255, so many times the usual and the next greatest."""
SAME_SETUP = 0.68
"""Likeness of the pictures on both sides of a join from which on they are of one set-up."""
_JUMP_STEP, _JUMP_RATIO, _JUMP_PEAK = 1.0, 2.5, 2.2
_JUMP_BLOCK, _LEAST_BLOCK, _LEAST_BLOCK_RATIO = 25.0, 15.0, 1.5
"""A jump changes the picture, or one field of it, so much, so many times the usual, and so many
times what changes just before and after it; and some field by at least so much."""

LOUDNESS_STEP, LOUDNESS_SECONDS, QUIET = 12.0, 0.4, -50.0
"""LU from the last to the first moments of sound at a join; below `QUIET` LUFS is silence."""
WORD_SCORE, _WORD_GONE = 0.5, 0.35
"""Scores of the voice on the side that speaks, and on the other."""
_WORD_SECONDS, _WORD_DROP, _WORD_MS = 0.12, 8.0, 40
"""How long somebody speaks at the join, and by how many dB the sound falls within so many ms."""


def find_joins(seen: PictureMeasures) -> tuple[int, ...]:
    """First frames of new pieces, told from the pictures alone: where a change stands out."""
    step = np.nan_to_num(seen["step_1"])
    return tuple(at for at in range(1, len(seen)) if _is_cut(seen, step, at))


def join_faults(programme: Programme) -> list[Fault]:
    """All faults at the joins of a programme, in order."""
    found = [*_jump_cuts(programme)]
    if programme.sound is not None:
        for join in programme.joins:
            found += _loudness_step(programme, programme.sound, join)
            found += _word(programme, programme.sound, join)
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
    setup, step = np.nan_to_num(seen["setup"], nan=-1), np.nan_to_num(seen["step_1"])
    block = np.nan_to_num(seen["block"])
    for at in range(1, len(seen)):
        if setup[at] < SAME_SETUP or any(a <= at < b for a, b in programme.blended):
            continue
        told = programme.known and at in programme.joins
        if not told and not _jumps(step, block, at):
            continue
        value = float(setup[at])
        words = "the same set-up on both sides"
        yield Fault(*("jump cut", programme.piece_of(at), at, value, SAME_SETUP, "likeness", words))


def _jumps(step: Floats, block: Floats, at: int) -> bool:
    """Whether a picture is another moment of what was before it, rather than the next one."""
    if block[at] < max(_LEAST_BLOCK, _LEAST_BLOCK_RATIO * usual(block, at, at + 1)):
        return False
    return _stands_out(step, at, _JUMP_STEP) or _stands_out(block, at, _JUMP_BLOCK)


def _stands_out(values: Floats, at: int, least: float) -> bool:
    """Whether one value is far above those around, and those just beside it are not."""
    beside = np.concatenate([values[max(0, at - 3) : at], values[at + 1 : at + 4]])
    change = float(values[at])
    return (
        len(beside) >= 3
        and change >= least
        and change >= _JUMP_RATIO * usual(values, at, at + 1)
        and change >= _JUMP_PEAK * float(beside.max(initial=0))
    )


def _loudness_step(programme: Programme, sound: SoundMeasures, join: int) -> Iterator[Fault]:
    moment = float(join / programme.rate)
    start, end = (float(frame / programme.rate) for frame in _sides(programme, join))
    before = sound.loudness(max(start, moment - LOUDNESS_SECONDS), moment)
    after = sound.loudness(moment, min(end, moment + LOUDNESS_SECONDS))
    step = after - before
    if min(before, after) > QUIET and abs(step) >= LOUDNESS_STEP:
        words = f"the sound jumps by {step:+.0f} LU"
        piece = programme.piece_of(join)
        yield Fault("loudness step", piece, join, step, LOUDNESS_STEP, "LU", words)


def _word(programme: Programme, sound: SoundMeasures, join: int) -> Iterator[Fault]:
    """Speech that is there up to a join and gone at once, or there at once after it."""
    if not len(sound.voice):
        return
    moment = float(join / programme.rate)
    chunk = CHUNK / VOICE_RATE
    at, span = moment / chunk, max(1, round(_WORD_SECONDS / chunk))
    before = sound.voice[max(0, int(at) - span) : int(at)]
    after = sound.voice[int(np.ceil(at)) + 1 : int(np.ceil(at)) + 1 + span]
    if not len(before) or not len(after):
        return
    step = round(moment * LEVELS_A_SECOND)
    reach = _WORD_MS * LEVELS_A_SECOND // 1000
    sides = (sound.level[max(0, step - reach) : step], sound.level[step + 1 : step + 1 + reach])
    if not all(len(side) for side in sides):
        return
    fall = float(np.median(sides[0]) - np.median(sides[1]))
    ends = before.min() >= WORD_SCORE and after.max() < _WORD_GONE + 0.3 and fall >= _WORD_DROP
    begins = after.min() >= WORD_SCORE and before.max() < _WORD_GONE and -fall >= _WORD_DROP
    if ends or begins:
        value = float(before.min() if ends else after.min())
        words = "speech is cut off at the join" if ends else "speech begins within a word"
        piece = programme.piece_of(join)
        yield Fault("word", piece, join, value, WORD_SCORE, "score of the voice", words)


def _sides(programme: Programme, join: int) -> tuple[int, int]:
    """Where the piece before a join begins, and the one after it ends."""
    edges = (0, *programme.joins, programme.frames)
    at = programme.piece_of(join)
    return edges[at - 1], edges[at + 1]
