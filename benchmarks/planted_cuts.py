"""Cuts of real footage without faults, and faults planted in them by moving in and out points.

A clean cut takes each slot from the beginning or the end of a shot. What is planted in it is an
editor's slip: frames of the neighbouring shot, a slot of a few frames, frames shown again, two
pieces of one set-up side by side, a slot too loud. Which shots are of one set-up was told by eye.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from benchmarks.real_films import FADED, Gone, Part, RealFilm, Shot
from editing.cut import Alternate, Brief, Cut, CutId, Slot
from ingest.media import Media
from ingest.timecode import FrameRange

SLOTS = 8
JOIN_KINDS = ("flash head", "flash tail", "flash slot", "repeat", "jump", "set-up", "loud")


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault of a cut."""

    kind: str
    slot: int
    frame: int
    """Of the cut."""
    frames: int
    strength: str
    gone: Gone


@dataclass(frozen=True, slots=True)
class PlantedCut:
    """A cut, what is wrong with it, and where a report counts neither way."""

    cut: Cut
    planted: tuple[Planted, ...]
    ignored: frozenset[tuple[str, int]]
    """Kind and frame."""


def clean_parts(film: RealFilm, rng: np.random.Generator) -> list[Part]:
    """Slots of different set-ups, each at the beginning or the end of its shot."""
    order = [film.shots[i] for i in rng.permutation(len(film.shots))]
    chosen = list[Shot]()
    for shot in order:
        before = chosen[-1] if chosen else None
        if before and (_alike(before, shot) or shot.index == before.index + 1):
            continue
        if any(shot.setup == other.setup for other in chosen):
            continue
        chosen.append(shot)
        if len(chosen) == SLOTS:
            break
    rate = float(film.media.rate)
    parts = []
    for shot in chosen:
        frames = min(shot.span.frames, int(rng.uniform(0.8, 2.2) * rate))
        parts.append(film.part(shot, frames, at_end=bool(rng.random() < 0.5)))
    unused = [shot for shot in film.shots if shot not in chosen]
    return [_with_alternates(part, unused, rng) for part in parts]


def unfaded(parts: Sequence[Part]) -> list[Part]:
    """Slots whose sounds are put end to end: which of the joins click is told by their samples."""
    made = []
    for place, part in enumerate(parts):
        slot = replace(part.slot, sound=replace(part.slot.sound, fade_ms=0))
        hard = Part(slot, part.setup, part.maybe, list(part.faults))
        if place:
            hard.faults.append(("click?", 0, 1, "end to end", _is_faded(slot)))
        made.append(hard)
    return made


def _is_faded(hard: Slot) -> Gone:
    def gone(slots: Sequence[Slot], i: int) -> bool:
        return slots[i].sound.fade_ms > 0 or slots[i].source != hard.source

    return gone


def plant(
    parts: list[Part], film: RealFilm, kinds: Sequence[str], rng: np.random.Generator, most: int = 3
) -> list[str]:
    """Plant up to `most` faults of different kinds, never two at one join; gives what was."""
    makers: dict[str, Callable[[int], bool]] = {
        "flash head": lambda i: _flash(parts, i, film, rng, at_end=False),
        "flash tail": lambda i: _flash(parts, i, film, rng, at_end=True),
        "flash slot": lambda i: _flash_slot(parts, i, film, rng),
        "repeat": lambda i: _repeat(parts, i, rng),
        "jump": lambda i: _jump(parts, i, film, rng),
        "set-up": lambda i: _same_setup(parts, i, film, rng),
        "loud": lambda i: _loud(parts, i, rng),
    }
    done = list[str]()
    touched = list[Part]()
    for kind in kinds:
        for place in rng.permutation(len(parts)):
            i = int(place)
            near = parts[max(0, i - 1) : i + 3]
            if any(one is other for one in near for other in touched):
                continue
            before = list(parts)
            if makers[kind](i):
                touched += [part for part in parts if not any(part is old for old in before)]
                touched.append(parts[i])
                done.append(kind)
                break
        if len(done) == most:
            break
    shown = {part.slot.shot for part in parts}
    unused = [shot for shot in film.shots if shot.index not in shown]
    for part in parts:
        if not part.slot.alternates:
            _with_alternates(part, unused, rng)
    return done


def assembled(
    parts: Sequence[Part],
    media: Media,
    ranker: str,
    *,
    locked: Sequence[int] = (),
    known_setups: bool = True,
) -> PlantedCut:
    """Parts as one cut; no fault is expected but what was planted.

    Where nobody told which shots are of one set-up, jump cuts count neither way.
    """
    slots = tuple(replace(p.slot, locked=i in locked) for i, p in enumerate(parts))
    frames = sum(slot.source.frames for slot in slots)
    brief = Brief("rough", frames, 12, max(frames, 12), Fraction(1), 1.0)
    cut = Cut(
        *(CutId(0), 1, media.id, "planted", "rough", brief, media.rate, slots),
        *(ranker, "benchmark", "", ""),
    )
    planted, ignored = list[Planted](), set[tuple[str, int]]()
    for number, (part, record) in enumerate(zip(parts, cut.record_ranges(), strict=True)):
        for kind, at, count, strength, gone in part.faults:
            planted.append(Planted(kind, number, record.start + at, count, strength, gone))
        before = parts[number - 1] if number else None
        alike = before and (before.setup == part.setup or before.maybe & part.maybe)
        if alike or not known_setups:
            ignored.add(("jump cut", record.start))
        if before and before.slot.media != part.slot.media:  # other reels may look otherwise
            ignored |= {("exposure step", record.start), ("colour step", record.start)}
    return PlantedCut(cut, tuple(planted), frozenset(ignored))


def _alike(one: Shot, other: Shot) -> bool:
    return one.setup == other.setup or bool(one.maybe & other.maybe)


def _with_alternates(part: Part, unused: Sequence[Shot], rng: np.random.Generator) -> Part:
    """Up to three shots that nothing shows, as long as the slot."""
    frames = part.slot.source.frames
    fits = [s for s in unused if s.span.frames >= frames and s.setup != part.setup]
    some = [fits[i] for i in rng.permutation(len(fits))[:3]]
    alternates = tuple(
        Alternate(s.index, FrameRange(s.span.start, s.span.start + frames), 0.0) for s in some
    )
    part.slot = replace(part.slot, alternates=alternates)
    return part


def _shot_of(film: RealFilm, part: Part) -> Shot | None:
    return next((shot for shot in film.shots if shot.index == part.slot.shot), None)


def _flash(
    parts: list[Part], i: int, film: RealFilm, rng: np.random.Generator, *, at_end: bool
) -> bool:
    part, count = parts[i], int(rng.integers(1, 4))
    shot = _shot_of(film, part)
    if shot is None or not (shot.hard_after if at_end else shot.hard_before):
        return False
    next_index = shot.index + (1 if at_end else -1)
    neighbour = (
        parts[i + 1 if at_end else i - 1] if 0 <= i + (1 if at_end else -1) < len(parts) else None
    )
    if neighbour is None or neighbour.slot.shot in (next_index, shot.index):
        return False
    frames = part.slot.source.frames - count
    whole = film.part(shot, frames, at_end=at_end).slot.source
    start, end = whole.start - count * (not at_end), whole.end + count * at_end
    if start < 0 or end > film.seen.frames:
        return False
    source, at = FrameRange(start, end), frames * at_end
    part = replace_part(part, source)
    words = "at the end" if at_end else "at the beginning"
    wrong = FrameRange(shot.span.end, shot.span.end + 12) if at_end else None
    wrong = wrong or FrameRange(max(0, shot.span.start - 12), shot.span.start)
    part.faults.append(("flash", at, count, words, outside(wrong)))
    parts[i] = part
    return True


def outside(wrong: FrameRange) -> Gone:
    """Gone once the slot shows none of these frames of its film."""
    return lambda slots, i: not slots[i].source.overlaps(wrong)


def replace_part(part: Part, source: FrameRange) -> Part:
    """The same shot at other frames."""
    return Part(replace(part.slot, source=source), part.setup, part.maybe, list(part.faults))


def _flash_slot(parts: list[Part], i: int, film: RealFilm, rng: np.random.Generator) -> bool:
    used = {part.slot.shot for part in parts}
    free = [shot for shot in film.shots if not {shot.index - 1, shot.index, shot.index + 1} & used]
    if not free or i == 0:
        return False
    shot, count = free[int(rng.integers(len(free)))], int(rng.integers(1, 4))
    start = shot.span.start + min(8, shot.span.frames - count)
    source = FrameRange(start, start + count)
    slot = Slot(film.media.id, shot.index, source, 0.0, (), sound=FADED)
    flashing = Part(slot, shot.setup, shot.maybe, [("flash", 0, count, "a slot", _is_seen)])
    parts.insert(i, flashing)
    return True


def _is_seen(slots: Sequence[Slot], i: int) -> bool:
    return slots[i].source.frames >= 8


def _shows_new(slots: Sequence[Slot], i: int) -> bool:
    """Gone once no more frames are shown again than make a flash."""
    own = slots[i]
    shared = [
        min(own.source.end, other.source.end) - max(own.source.start, other.source.start)
        for other in slots[:i]
        if other.media == own.media
    ]
    return max(shared, default=0) <= 3


def _repeat(parts: list[Part], i: int, rng: np.random.Generator) -> bool:
    """Slot `i` again three places on, the same frames or half of them."""
    if i + 3 >= len(parts):
        return False
    old, frames = parts[i], parts[i].slot.source.frames
    shift = int(rng.choice([0, frames // 2])) if frames > 24 else 0
    kept = frames - shift
    source = FrameRange(old.slot.source.start + shift, old.slot.source.end)
    if source.frames < 10:
        return False
    again = Part(replace(old.slot, source=source, sound=FADED), old.setup, old.maybe)
    words = "half" if shift else "whole"
    again.faults.append(("repeat", 0, kept, words, _shows_new))
    parts.insert(i + 3, again)
    return True


def _jump(parts: list[Part], i: int, film: RealFilm, rng: np.random.Generator) -> bool:
    """A shot in two pieces with 0.4 to 1.6 s between them left out."""
    shot = _shot_of(film, parts[i])
    rate = float(film.media.rate)
    gap, least = round(float(rng.choice([0.4, 0.8, 1.6])) * rate), round(0.7 * rate)
    if shot is None or shot.span.frames < gap + 2 * least:
        return False
    length = min(round(1.5 * rate), (shot.span.frames - gap) // 2)
    start = shot.span.start
    parts[i] = replace_part(parts[i], FrameRange(start, start + length))
    after = replace_part(parts[i], FrameRange(start + length + gap, start + 2 * length + gap))
    after.faults = [("jump cut", 0, 1, f"{gap / rate:.1f} s left out", _other_setups(film))]
    parts.insert(i + 1, after)
    return True


def _same_setup(parts: list[Part], i: int, film: RealFilm, rng: np.random.Generator) -> bool:
    """After slot `i` another shot of its set-up."""
    part = parts[i]
    others = [s for s in film.shots if s.setup == part.setup and s.index != part.slot.shot]
    others = [s for s in others if not any(p.slot.shot == s.index for p in parts)]
    if not others:
        return False
    shot = others[int(rng.integers(len(others)))]
    frames = min(shot.span.frames, round(1.2 * float(film.media.rate)))
    after = film.part(shot, frames, at_end=False)
    after.faults = [("jump cut", 0, 1, "another shot of the set-up", _other_setups(film))]
    parts.insert(i + 1, after)
    return True


def _other_setups(film: RealFilm) -> Gone:
    """Gone once the shots on both sides of the join are of different set-ups, or run on."""
    setups = film.setups

    def gone(slots: Sequence[Slot], i: int) -> bool:
        old, new = slots[i - 1], slots[i]
        return old.source.end == new.source.start or setups[old.shot] != setups[new.shot]

    return gone


def _never(slots: Sequence[Slot], i: int) -> bool:
    return False


def _loud(parts: list[Part], i: int, rng: np.random.Generator) -> bool:
    """A slot 15 or 18 dB too quiet, or 12 too loud; whether that is a step is measured later."""
    if parts[i].slot.sound.gain or i == 0 or i + 1 == len(parts):
        return False
    gain = float(rng.choice([-18, -15, 12]))
    part = Part(
        replace(parts[i].slot, sound=replace(FADED, gain=gain)),
        parts[i].setup,
        parts[i].maybe,
        list(parts[i].faults),
    )
    for at in (0, part.slot.source.frames):
        part.faults.append(("loudness step?", at, 1, f"{gain:+.0f} dB", _never))
    parts[i] = part
    return True
