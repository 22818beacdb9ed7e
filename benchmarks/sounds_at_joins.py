"""What the samples on both sides of a cut's join say: how far they jump, how loud they are.

The truth that clicks and steps of loudness in cuts are judged by; independent of the search.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.signal import sosfilt

from benchmarks.own_faults import own_faults
from benchmarks.planted_cuts import PlantedCut
from benchmarks.planted_faults import SOUND_KINDS
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


def with_sounds(catalog: Catalog, planted: PlantedCut) -> PlantedCut:
    """Steps and clicks that are clear by the samples; doubtful ones count neither way."""
    cut = planted.cut
    kept = [one for one in planted.planted if not one.kind.endswith("?")]
    maybe = {(one.kind, one.frame): one for one in planted.planted if one.kind.endswith("?")}
    ignored = set(planted.ignored) | own_sounds(catalog, cut)
    for number, record in enumerate(cut.record_ranges()[1:], start=1):
        at = record.start
        step, jump = abs(loudness_step(catalog, cut, number)), jump_at(catalog, cut, number)
        if ("loudness step?", at) in maybe and step >= CLEAR_STEP:
            kept.append(replace(maybe["loudness step?", at], kind="loudness step"))
        elif not step < NO_STEP:  # also where there is hardly any sound
            ignored.add(("loudness step", at))
        if ("click?", at) in maybe:
            if jump >= CLEAR_JUMP:
                kept.append(replace(maybe["click?", at], kind="click"))
            elif jump > NO_JUMP:
                ignored.add(("click", at))
    return PlantedCut(cut, tuple(kept), frozenset(ignored))


def own_sounds(catalog: Catalog, cut: Cut) -> set[tuple[str, int]]:
    """Kind and frame of the cut where its films' own faults of sound are told: neither way."""
    found = set[tuple[str, int]]()
    for slot, record in zip(cut.slots, cut.record_ranges(), strict=True):
        start, end = slot.source.start - 1, slot.source.end + 1
        for own in own_faults(Path(catalog.get_media(slot.media).name).stem):
            first, last = max(own.frame - 1, start), min(own.frame + own.frames + 1, end)
            if own.kind in SOUND_KINDS:
                by = record.start - slot.source.start
                found |= {(own.kind, frame + by) for frame in range(first, last + 1)}
    return found


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
