"""Cuts of copies of real footage whose faults are known by frame: see `flawed_footage`."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.flawed_footage import MARGIN, REELS, Copy, Flaw, Piece
from benchmarks.planted_cuts import outside
from benchmarks.real_films import FADED, Gone, Part
from editing.cut import Alternate, Slot, SlotSound
from editing.faults.film import FilmSeen
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

_WORD_ROOM, _LEAST_CUT = 0.3, 0.15
"""Seconds around an utterance that a slot leaves free; and that are cut off and left of one."""


class CopiedFilm:
    """One copy, ingested."""

    def __init__(self, catalog: Catalog, media: Media, copy: Copy) -> None:
        self.media, self.copy, self.seen = media, copy, FilmSeen.of(catalog, media)

    def part(self, start: int, end: int, shot: int) -> Part:
        """Frames `start` to `end - 1`; `shot` is the stretch's, and tells the set-up."""
        middle = (start + end) // 2
        index = next(
            (i for i, s in enumerate(self.seen.shots) if s and s.start <= middle < s.end), 0
        )
        slot = Slot(self.media.id, index, FrameRange(start, end), 0.0, (), sound=FADED)
        return Part(slot, (self.copy.name, shot))

    def alternates(self, pieces: Sequence[Piece], frames: int, shot: int) -> tuple[Alternate, ...]:
        """Of other shots, so many frames about the middle of pieces; none of which is too short."""
        found = dict[int, Alternate]()
        for piece in pieces:
            start = (piece.start + piece.end - frames) // 2
            part = self.part(max(piece.start, start), max(piece.start, start) + frames, piece.shot)
            if piece.end - piece.start >= frames and part.slot.shot != shot:
                found[part.slot.shot] = Alternate(part.slot.shot, part.slot.source, 0.0)
        return tuple(found.values())


def flawed_parts(film: CopiedFilm, odd: int) -> list[Part]:
    """Every other piece of a flawed copy in its order, with its faults; the rest are alternates."""
    chosen = film.copy.pieces[odd::2]
    spare = [p for p in film.copy.pieces[1 - odd :: 2] if p.flaw is None]
    parts = list[Part]()
    for piece in chosen:
        start, end = _about(piece)
        part = film.part(start, end, piece.shot)
        others = [p for p in spare if p.shot != piece.shot] or spare
        part.slot = replace(
            part.slot, alternates=film.alternates(others, end - start, part.slot.shot)
        )
        flaw = piece.flaw
        if flaw:
            told = (flaw.kind, flaw.frame - start, flaw.frames, flaw.strength)
            part.faults.append((*told, _without(flaw)))
            if _at_join(flaw):
                part.slot = replace(part.slot, sound=SlotSound())
        parts.append(part)
    return parts


def _about(piece: Piece) -> tuple[int, int]:
    """The frames of a slot: a piece but for its edges, so that no slot runs on into the next."""
    start, end, flaw = piece.start, piece.end - 3, piece.flaw
    if flaw is None or _at_join(flaw):
        return start, end
    return max(start, flaw.frame - MARGIN), min(end, flaw.frame + flaw.frames + MARGIN)


def reel_parts(flawed: CopiedFilm, reel: CopiedFilm) -> list[Part]:
    """Clean pieces of a stretch, by turns of one copy and of the other."""
    kind = reel.copy.kind
    if kind == "length":
        return _ending_sound(reel)
    clean = [piece for piece in flawed.copy.pieces if piece.flaw is None]
    parts = list[Part]()
    for first in clean[:4]:
        following = [p for p in reel.copy.pieces if p.start >= first.end]
        same = [p for p in following if p.shot == first.shot and p.start == first.end]
        if kind == "letterbox" and following:
            second = following[0]
        elif same:
            second = same[0]
        else:
            continue
        if parts:
            parts.append(flawed.part(first.start, first.end, first.shot))
            if kind == "letterbox":
                parts[-1].faults.append((kind, 0, 1, "barred before", _never))
        else:
            parts.append(flawed.part(first.start, first.end, first.shot))
        parts.append(reel.part(second.start, second.end, second.shot))
        parts[-1].faults.append((kind, 0, 1, "barred" if kind == "letterbox" else "", _never))
    return parts


def spoken_parts(film: CopiedFilm, rng: np.random.Generator) -> list[Part]:
    """Utterances with room around them, every other one cut in half at the slot's in or out."""
    rate, parts = float(film.media.rate), list[Part]()
    for number, (start, end) in enumerate(film.copy.said):
        first, last = int((start - _WORD_ROOM) * rate), int((end + _WORD_ROOM) * rate) + 1
        fault: tuple[str, int, int, str, Gone] | None = None
        if number % 2 and end - start > 2 * _LEAST_CUT + 0.1:
            at = float(rng.uniform(start + _LEAST_CUT, end - _LEAST_CUT))
            whole = (round(start * rate), round(end * rate))
            if rng.random() < 0.5:
                last = round(at * rate)
                fault = ("word", last - first, 1, "goes on", _unbroken(whole))
            else:
                first = round(at * rate)
                fault = ("word", 0, 1, "had begun", _unbroken(whole))
        if any(edge - 5 < cut < edge + 5 for cut in film.copy.cuts for edge in (first, last)):
            continue
        if first < 0 or last > film.copy.frames or last - first < 12:
            continue
        part = film.part(first, last, _shot_at(film.copy, first, last))
        if fault:
            part.faults.append(fault)
        parts.append(part)
    return parts


def is_reel(copy: Copy) -> bool:
    """Whether a copy is the same pictures from another reel."""
    return copy.kind in REELS


def _ending_sound(reel: CopiedFilm) -> list[Part]:
    """Pieces of which some are of frames that the sound does not reach."""
    end = int(reel.copy.sound_end * float(reel.media.rate))
    before = [p for p in reel.copy.pieces if p.end <= end - 4]
    across = [p for p in reel.copy.pieces if p.start + 4 < end < p.end - 4]
    after = [p for p in reel.copy.pieces if p.start >= end + 4]
    parts = list[Part]()
    for piece in [*before[:2], *across[:1], *after[:1]]:
        last = piece.end - 3
        part = reel.part(piece.start, last, piece.shot)
        if last > end:
            gone = _ends_by(end + 2)
            part.faults.append(("length", max(0, end - piece.start), last - end, "", gone))
        parts.append(part)
    return parts


def _ends_by(frame: int) -> Gone:
    return lambda slots, i: slots[i].source.end <= frame


def _without(flaw: Flaw) -> Gone:
    gone = outside(FrameRange(flaw.frame, flaw.frame + flaw.frames))
    if not _at_join(flaw):
        return gone
    return lambda slots, i: slots[i].sound.fade_ms > 0 or slots[i].source.start != flaw.frame


def _at_join(flaw: Flaw) -> bool:
    return flaw.strength.startswith("join click")


def _unbroken(whole: tuple[int, int]) -> Gone:
    """Gone once both ends of the slot's sound lie outside the utterance, but for a frame or two."""

    def gone(slots: Sequence[Slot], i: int) -> bool:
        own = slots[i].source
        following = slots[i + 1].sound.lead if i + 1 < len(slots) else 0
        ends = (own.start - (slots[i].sound.lead if i else 0), own.end - following)
        return not any(whole[0] + 2 < edge < whole[1] - 2 for edge in ends)

    return gone


def _shot_at(copy: Copy, first: int, last: int) -> int:
    middle = (first + last) // 2
    return sum(cut <= middle for cut in copy.cuts)


def _never(slots: Sequence[Slot], i: int) -> bool:
    return False
