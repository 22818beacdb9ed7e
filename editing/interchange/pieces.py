"""A timeline that was read, as pieces of films that are known: names, reels and timecodes resolved.

Pure; `editing.run` hands the films over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from editing.errors import TimelineError
from editing.interchange.sequence import Edit, ReadSequence, SourceFile, day_frames
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class Piece:
    """One edit of the picture."""

    file: SourceFile
    source: FrameRange
    """Frames from the file's first."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a timeline, edit after edit."""

    pieces: tuple[Piece, ...]
    remarks: tuple[str, ...]
    """What the timeline holds and the pieces do not, for people."""


def find_pieces(read: ReadSequence, files: Sequence[SourceFile]) -> Picture:
    """Find every edit of the picture in the files.

    Args:
        read: By any reader.
        files: That edits may be from, by file name or reel; the first of a name counts.

    Raises:
        TimelineError: There is no picture or more than one track of it, edits overlap, one is of a
            file that is not known, or asks for frames that its file lacks.
    """
    tracks = dict.fromkeys(edit.track for edit in read.edits)
    pictures = [track for track in tracks if track.startswith("V")]
    if len(pictures) != 1:
        raise TimelineError(
            f"the timeline has {len(pictures)} video tracks; bring its picture onto one"
        )
    edits = read.track(pictures[0])
    by_name = {name: file for file in reversed(files) for name in (file.reel, file.name) if name}
    pieces = tuple(_piece(number, edit, by_name) for number, edit in enumerate(edits, start=1))
    remarks = [*_gaps(edits), *_sound_edits(read, edits, tracks)]
    return Picture(pieces, tuple(remarks))


def _piece(number: int, edit: Edit, by_name: dict[str, SourceFile]) -> Piece:
    file = by_name.get(edit.name)
    if file is None:
        raise TimelineError(
            f"edit {number} is of {edit.name!r}, which is no film of the catalogue at this rate. "
            "Ingest it, or take it out of the timeline"
        )
    start = edit.source.start - file.start
    if start < 0:  # timecode has gone past midnight
        start += day_frames(file.rate, drop=file.drop)
    if start + edit.source.frames > file.frames:
        raise TimelineError(
            f"edit {number} asks for frames {start:,} to {start + edit.source.frames - 1:,} of "
            f"{file.name}, which has {file.frames:,}"
        )
    return Piece(file, FrameRange(start, start + edit.source.frames))


def _gaps(edits: Sequence[Edit]) -> Iterable[str]:
    """Say where the picture has gaps.

    Raises:
        TimelineError: Edits overlap.
    """
    if edits[0].record.start:
        yield f"{edits[0].record.start} frames of black before the first edit are left out"
    for number, (before, after) in enumerate(pairwise(edits), start=2):
        gap = after.record.start - before.record.end
        if gap < 0:
            raise TimelineError(f"edits {number - 1} and {number} overlap by {-gap} frames")
        if gap:
            yield f"{gap} frames of black before edit {number} are left out"


def _sound_edits(read: ReadSequence, edits: Sequence[Edit], tracks: Iterable[str]) -> Iterable[str]:
    """Say which tracks of sound are cut elsewhere than the picture."""
    picture = {(edit.source, edit.record) for edit in edits}
    for track in tracks:
        if not track.startswith("V"):
            others = [e for e in read.track(track) if (e.source, e.record) not in picture]
            if others:
                count = f"{len(others)} edit{'s' * (len(others) != 1)}"
                yield f"{track}: {count} elsewhere than the picture's; sound is not taken over"
