"""The alignment of a trailer with its film: an edit list, and what of the trailer is not from it.

Films and trailers may differ in size, shape and frame rate. What is not found: stretches under a
fifth of a second, pictures within pictures, zooms that change within a stretch, and reversed film.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from editing.align.edges import Span, find_spans
from editing.align.growth import settle
from editing.align.lines import Comparison, Line
from editing.align.pictures import SmallFilm, read_small
from editing.align.search import join, rivals, search_lines
from editing.align.seeds import Seed, find_seeds
from editing.align.segmentation import Stretch, segment
from editing.align.signatures import Window
from editing.align.windows import active_windows, film_window
from ingest.fingerprint import fingerprint_file
from ingest.timecode import FrameRange

UnmatchedKind = Literal["black", "still", "other"]
Progress = Callable[[float], None]

_STILL = 0.6
"""Of 255: pictures that change less than this from frame to frame stand still."""
_SURE = 20.0
"""Evidence at which a stretch is 63 % sure."""
_SLACK = 5.0
"""Seconds of the film in which the slack of an edit is looked for."""


@dataclass(frozen=True, slots=True)
class AlignedEdit:
    """A stretch of the trailer and the frames of the film that it shows.

    Frames of fades and dissolves belong to it, so edits may overlap in the trailer.
    """

    first: int
    """Frame of the trailer, from 0."""
    last: int
    """Frame of the trailer, inclusive."""
    source: FrameRange
    """Frames of the film, in decode order from 0: in, and out, which is exclusive."""
    speed: float
    """Seconds of the film in a second of the trailer: 0.5 is slow motion at half speed."""
    similarity: float
    """Mean correlation of the small pictures, up to 1; fades and titles lower it."""
    confidence: float
    """0 to 1: how much evidence there is, divided among the places that look alike."""
    slack: int
    """Frames of the film by which the whole edit may be moved with no visible difference; large
    where nothing moves."""
    also_at: tuple[FrameRange, ...]
    """Other places of the film that look as much like it."""
    fade_in: int
    """Frames over which it appears, by a fade or a dissolve; 0 for a cut."""
    fade_out: int
    mirrored: bool
    crop: Window
    """The part of the film's picture that is shown."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A stretch of the trailer that no edit claims: titles, black, or other material."""

    first: int
    last: int
    """Inclusive."""
    kind: UnmatchedKind
    """`black`, `still` (as title cards are), or `other`."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """What a trailer is made of."""

    film: str
    """The file's fingerprint."""
    trailer: str
    """The file's fingerprint."""
    film_frames: int
    trailer_frames: int
    edits: tuple[AlignedEdit, ...]
    """In the trailer's order."""
    unmatched: tuple[Unmatched, ...]

    @property
    def matched_frames(self) -> int:
        """Frames of the trailer that some edit claims."""
        return self.trailer_frames - sum(one.last - one.first + 1 for one in self.unmatched)


def align_files(
    film: Path, trailer: Path, *, on_progress: Progress = lambda done: None
) -> Alignment:
    """Find what of a film a trailer shows; each file is decoded once.

    Args:
        film: The film's file.
        trailer: The trailer's.
        on_progress: Called with the share that is done, 0 to 1.

    Raises:
        UnreadableMedia: One of them cannot be read, or holds no picture.
    """
    ours = (fingerprint_file(film), fingerprint_file(trailer))
    small_trailer = read_small(trailer, on_progress=lambda done: on_progress(0.1 * done))
    small_film = read_small(film, on_progress=lambda done: on_progress(0.1 + 0.5 * done))
    return align(
        small_film,
        small_trailer,
        fingerprints=ours,
        on_progress=lambda done: on_progress(0.6 + 0.4 * done),
    )


def align(
    film: SmallFilm,
    trailer: SmallFilm,
    *,
    fingerprints: tuple[str, str] = ("", ""),
    on_progress: Progress = lambda done: None,
) -> Alignment:
    """Find what of a film a trailer shows.

    Args:
        film: Where from.
        trailer: What is aligned.
        fingerprints: Of the film and of the trailer, for the record.
        on_progress: Called with the share that is done, 0 to 1.
    """
    windows = active_windows(trailer)
    window = film_window(film)
    seeds = find_seeds(
        film, window, trailer, windows, on_progress=lambda done: on_progress(0.2 * done)
    )
    comparison = Comparison(film, window, trailer, windows[0])
    lines = search_lines(comparison, seeds, on_progress=lambda done: on_progress(0.2 + 0.6 * done))
    stretches = [
        replace(one, line=settle(comparison, replace(one.line, first=one.first, last=one.last)))
        for one in join(comparison, segment(comparison, lines))
    ]
    spans = find_spans(comparison, stretches)
    edits = tuple(
        _edit(comparison, seeds, stretch, span)
        for stretch, span in zip(stretches, spans, strict=True)
    )
    on_progress(1.0)
    return Alignment(
        *fingerprints, film.frames, trailer.frames, edits, tuple(_unmatched(trailer, edits))
    )


def _edit(comparison: Comparison, seeds: list[Seed], stretch: Stretch, span: Span) -> AlignedEdit:
    line = stretch.line
    also = tuple(_source(comparison, one, span) for one in rivals(comparison, seeds, stretch))
    similarity = float(comparison.along(line, stretch.first, stretch.last).mean())
    return AlignedEdit(
        first=span.first,
        last=span.last,
        source=_source(comparison, line, span),
        speed=round(line.speed, 4),
        similarity=round(similarity, 4),
        confidence=round((1 - float(np.exp(-stretch.evidence / _SURE))) / (1 + len(also)), 4),
        slack=_slack(comparison, line, stretch),
        also_at=also,
        fade_in=span.fade_in,
        fade_out=span.fade_out,
        mirrored=line.mirrored,
        crop=line.crop,
    )


def _source(comparison: Comparison, line: Line, span: Span) -> FrameRange:
    """The film's frames of a stretch of the trailer, at least one."""
    ends = comparison.trailer.seconds[[span.first, span.last + 1]]
    at = np.round(comparison.film.frame_at(line.film_seconds(ends))).astype(int)
    start = int(np.clip(at[0], 0, comparison.film.frames - 1))
    return FrameRange(start, int(np.clip(at[1], start + 1, comparison.film.frames)))


def _slack(comparison: Comparison, line: Line, stretch: Stretch) -> int:
    """Frames of the film by which a line may be moved before its pictures differ more."""
    scores = comparison.moved(line, stretch.first, stretch.last, _SLACK)
    middle = len(scores) // 2
    alike = 1 - scores <= 1.1 * (1 - scores[middle]) + 0.001
    later = int(np.argmin([*alike[middle:], False])) - 1
    earlier = int(np.argmin([*alike[: middle + 1][::-1], False])) - 1
    return max(0, later, earlier)


def _unmatched(trailer: SmallFilm, edits: tuple[AlignedEdit, ...]) -> list[Unmatched]:
    free = np.ones(trailer.frames + 2, dtype=bool)
    free[[0, -1]] = False
    for edit in edits:
        free[edit.first + 1 : edit.last + 2] = False
    edges = np.flatnonzero(np.diff(free))
    return [
        Unmatched(int(first), int(end) - 1, _kind(trailer, int(first), int(end)))
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _kind(trailer: SmallFilm, first: int, end: int) -> UnmatchedKind:
    pictures = np.asarray(trailer.pictures[first:end]).astype(np.float32)
    if np.isnan(trailer.edges[first:end, 0]).mean() > 0.5:  # no pixel that is not black
        return "black"
    changes = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2))
    return "still" if len(changes) and np.median(changes) < _STILL else "other"
