"""The captions of a cut: those of its films, moved, split and trimmed as the cut's sound is.

Pure. Captions go with the sound, so at a J- or L-cut they change where the sound does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from editing.captions.caption import Caption
from editing.cut import Cut
from ingest.media import MediaId
from ingest.timecode import FrameRange

_HALF = Fraction(1, 2000)
"""Seconds by which files of captions, which count thousandths, may be off."""


def captions_of_cut(cut: Cut, captions: Mapping[MediaId, Sequence[Caption]]) -> list[Caption]:
    """Map the captions of films onto the record time of their cut.

    Captions are taken to whole frames: one shows in a frame if it covers the frame's first
    instant, where half a thousandth of a second counts as nothing. One that several slots show
    is there for each, and once where they follow each other without a break in the film.

    Args:
        cut: Any version of any cut.
        captions: Of each film, in seconds from its first frame; films may be missing.

    Returns:
        In order of time; starts and ends are whole frames of the cut, in exact seconds.

    Raises:
        ValueError: Leads leave nothing of a slot's sound.
    """
    of_film = {media: _on_frames(told, cut.rate) for media, told in captions.items()}
    pieces: list[_Piece] = []
    last: dict[tuple[MediaId, int], _Piece] = {}
    for number, slot in enumerate(cut.slots):
        heard, record = _heard(cut, number)
        for index, (frames, text) in enumerate(of_film.get(slot.media, ())):
            if not frames.overlaps(heard):
                continue
            first, end = max(frames.start, heard.start), min(frames.end, heard.end)
            at = record.start + first - heard.start
            before = last.get((slot.media, index))
            if before and (before.end, before.source_end) == (at, first):
                before.end, before.source_end = at + end - first, end
            else:
                piece = _Piece(at, at + end - first, end, text)
                last[slot.media, index] = piece
                pieces.append(piece)
    return sorted(Caption(p.start / cut.rate, p.end / cut.rate, p.text) for p in pieces)


@dataclass(slots=True)
class _Piece:
    """A caption as one slot, or several in a row, show it; record frames."""

    start: int
    end: int
    source_end: int
    """The film's first frame that is no longer in it."""
    text: str


def frames_of(caption: Caption, rate: Fraction) -> FrameRange | None:
    """The frames at whose first instant a caption is shown; None if it is between two frames."""
    first = max(0, math.ceil((caption.start - _HALF) * rate))
    end = math.ceil((caption.end - _HALF) * rate)
    return FrameRange(first, end) if first < end else None


def _on_frames(captions: Sequence[Caption], rate: Fraction) -> list[tuple[FrameRange, str]]:
    found = ((frames_of(caption, rate), caption.text) for caption in captions)
    return [(frames, text) for frames, text in found if frames is not None]


def _heard(cut: Cut, number: int) -> tuple[FrameRange, FrameRange]:
    """The sound of a slot: its source frames, and where they lie in the cut."""
    heard = cut.sound_range(number)
    before = sum(slot.source.frames for slot in cut.slots[:number])
    start = before + heard.start - cut.slots[number].source.start
    return heard, FrameRange(start, start + heard.frames)
