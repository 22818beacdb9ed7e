"""What the samples on both sides of a cut's join say: how far they jump, how loud they are.

The truth that clicks and steps of loudness in cuts are judged by; independent of the search.
"""

import numpy as np
from scipy.signal import sosfilt

from editing.cut import Cut
from editing.finish.sound import SoundReader
from ingest.catalog import Catalog
from ingest.loudness import k_weighting
from ingest.media import Floats

CLEAR_JUMP, NO_JUMP = 12.0, 4.0
"""Times what nearly all samples around it change by: a click for sure, and none to speak of."""
CLEAR_STEP, NO_STEP = 14.0, 9.0
"""LU: a step for sure, and none to speak of."""
_AROUND, _MOST = 0.015, 0.98
"""Seconds on either side, and the quantile of the changes there, that a jump is held against."""
_SECONDS, _QUIET = 0.4, -49.0
"""Of sound whose loudness is compared; LUFS below which it is hardly there."""


def jump_at(catalog: Catalog, cut: Cut, number: int) -> float:
    """The change from the last sample before slot `number` to its first, by what is usual there.

    0 where a side has no sound.
    """
    before, after = _sides(catalog, cut, number, _AROUND)
    if not before.size or not after.size:
        return 0.0
    steps = [np.quantile(np.abs(np.diff(side, axis=1)), _MOST, axis=1) for side in (before, after)]
    usual = np.maximum(np.maximum(*steps), 1e-4)
    return float((np.abs(after[:, 0] - before[:, -1]) / usual).max())


def loudness_step(catalog: Catalog, cut: Cut, number: int) -> float:
    """LU from the last 0.4 s before slot `number` to its first; NaN where there is hardly sound."""
    levels = []
    sides = _sides(catalog, cut, number, _SECONDS + 0.2)
    for side, slot, first in zip(
        sides, cut.slots[number - 1 : number + 1], (True, False), strict=True
    ):
        if not side.size:
            return float("nan")
        rate = _rate(catalog, cut, number - first)
        weighted = sosfilt(k_weighting(rate), side, axis=1)
        count = int(_SECONDS * rate)
        part = weighted[:, -count:] if first else weighted[:, :count]
        power = float((part**2).mean(axis=1).sum())
        levels.append(-0.691 + 10 * np.log10(max(power, 1e-12)) + slot.sound.gain)
    return levels[1] - levels[0] if min(levels) > _QUIET else float("nan")


def _rate(catalog: Catalog, cut: Cut, number: int) -> int:
    audio = catalog.get_media(cut.slots[number].media).audio
    return audio.sample_rate if audio else 0


def _sides(catalog: Catalog, cut: Cut, number: int, seconds: float) -> tuple[Floats, Floats]:
    """`(2, n)` samples up to the join and from it on, without fades; none of a silent film."""
    found = []
    for slot, before in ((cut.slots[number - 1], True), (cut.slots[number], False)):
        media = catalog.get_media(slot.media)
        if media.audio is None:
            return np.zeros((2, 0), np.float32), np.zeros((2, 0), np.float32)
        rate = media.audio.sample_rate
        count = min(round(seconds * rate), round(slot.source.frames / media.rate * rate))
        edge = round((slot.source.end if before else slot.source.start) / media.rate * rate)
        first = media.start_pts * media.time_base
        with SoundReader(
            media.path, first_picture=first, sample_rate=rate, layout="stereo"
        ) as sound:
            found.append(sound.read(edge - count * before, count))
    return found[0], found[1]
