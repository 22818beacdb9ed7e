"""Alignments of trailers with films, made by hand."""

from collections.abc import Sequence
from dataclasses import replace

from editing.align.alignment import AlignedEdit, Alignment
from editing.align.signatures import Window
from ingest.media import Media
from ingest.timecode import FrameRange


def edit(first: int, start: int, end: int, *also_at: FrameRange) -> AlignedEdit:
    """An edit of the film's frames from `start` to `end`, which begins at `first`."""
    return AlignedEdit(
        first=first,
        last=first + end - start - 1,
        source=FrameRange(start, end),
        speed=1.0,
        similarity=0.99,
        confidence=0.9 / (1 + len(also_at)),
        slack=0,
        also_at=also_at,
        fade_in=0,
        fade_out=0,
        mirrored=False,
        crop=Window(0.0, 0.0, 1.0, 1.0),
    )


def alignment(*edits: AlignedEdit, film: str = "film", frames: int = 480) -> Alignment:
    last = max((one.last for one in edits), default=99)
    return Alignment(film, "trailer", frames, last + 1, edits, ())


def showing(shots: Sequence[int], media: Media, trailer: str = "trailer") -> Alignment:
    """A trailer that shows the first 24 frames of each of these shots of an ingested film."""
    edits = [edit(24 * n, 48 * shot, 48 * shot + 24) for n, shot in enumerate(shots)]
    made = alignment(*edits, film=media.fingerprint, frames=media.frames)
    return replace(made, trailer=trailer)
