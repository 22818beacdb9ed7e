"""Steps of loudness, and words cut in half, where one piece of a programme meets the next. Pure."""

from collections.abc import Iterator
from typing import Literal

from editing.faults.finding import Fault
from editing.faults.join_sound import WORD_VOICE, JoinSound, word_cut
from editing.faults.programme import Programme
from editing.faults.sound_meter import SoundMeasures

LOUDNESS_STEP, LOUDNESS_SECONDS = 12.0, 0.4
"""LU from the last to the first moments of sound at a join."""
AT_ONCE_STEP, AT_ONCE_SECONDS = 4.0, 0.06
"""LU of it that are at the join itself; else somebody stopped speaking a little earlier."""
JUMP = 2.0
"""dB of the error of prediction above that on both sides, where only the picture jumps: a shot may
be shortened, or something move at once, while the sound runs on and somebody begins to speak."""
LOUD, FAINT = -46.0, -60.0
"""LUFS of the louder side, and of the quieter: below them nobody hears a step, but a silence."""

_WORDS: dict[Literal["before", "after"], str] = {
    "before": "speech is cut off at the join",
    "after": "speech begins within a word",
}


def sound_join_faults(programme: Programme) -> list[Fault]:
    """Steps of loudness and words cut in half at the joins, in order; none without sound."""
    sound = programme.sound
    if sound is None:
        return []
    rate = programme.rate
    heard = {round(join.second * float(rate)): join for join in sound.joins}
    found = list[Fault]()
    for join in sorted({*programme.joins, *heard}):
        if join in programme.joins or heard[join].jump >= JUMP:
            found += _loudness_step(programme, sound, join)
        if join in heard:
            found += _words(programme, sound, join, heard[join])
    return found


def _loudness_step(programme: Programme, sound: SoundMeasures, join: int) -> Iterator[Fault]:
    moment = float(join / programme.rate)
    start, end = (float(frame / programme.rate) for frame in _sides(programme, join))

    def step_within(seconds: float) -> tuple[float, float]:
        return (
            sound.loudness(max(start, moment - seconds), moment),
            sound.loudness(moment, min(end, moment + seconds)),
        )

    before, after = step_within(LOUDNESS_SECONDS)
    step = after - before
    if not (max(before, after) > LOUD and min(before, after) > FAINT):
        return
    if abs(step) < LOUDNESS_STEP:
        return
    nearest = step_within(AT_ONCE_SECONDS)
    at_once = (nearest[1] - nearest[0]) * (1 if step > 0 else -1)
    if programme.known or at_once >= AT_ONCE_STEP:
        words = f"the sound jumps by {step:+.0f} LU"
        piece = programme.piece_of(join)
        yield Fault("loudness step", piece, join, step, LOUDNESS_STEP, "LU", words)


def _words(
    programme: Programme, sound: SoundMeasures, join: int, heard: JoinSound
) -> Iterator[Fault]:
    """The side on which a word is cut the more clearly."""
    scores = {side: word_cut(heard, sound.voice, side) for side in _WORDS}
    cut = {side: score for side, score in scores.items() if score is not None}
    if cut:
        side = max(cut, key=lambda one: cut[one])
        unit, piece = "score of the voice", programme.piece_of(join)
        yield Fault("word", piece, join, cut[side], WORD_VOICE, unit, _WORDS[side])


def _sides(programme: Programme, join: int) -> tuple[int, int]:
    """Where the piece before a join begins, and the one after it ends."""
    edges = (0, *programme.joins, programme.frames)
    return max(e for e in edges if e < join), min(e for e in edges if e > join)
