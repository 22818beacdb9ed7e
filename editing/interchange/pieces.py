"""A timeline that was read, as pieces of films that are known, each as a slot of a cut can hold it.

Pure; `editing.reimport` hands the films over. What a cut cannot hold is told with its edit.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.conform import shown_frames
from editing.interchange.layers import picture_of
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.sequence import SourceFile, day_frames
from editing.interchange.split_sound import Sounded, sounds_of
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class Piece:
    """One edit of the picture."""

    file: SourceFile
    source: FrameRange
    """The frames that a slot would show, from the file's first; as many as in `record` where both
    have one rate."""
    record: FrameRange
    """Frames from the sequence's first."""
    transition: Transition | None
    """At its beginning."""
    sound: Sounded | None
    """None where the timeline says nothing of sound."""
    note: str | None
    """Its markers; None where the timeline has none at all."""
    conform: Fraction = Fraction(1)
    """Frames of the file that last as long as a record frame."""
    speed: Fraction = Fraction(1)
    """At which the timeline plays it; a slot has none."""

    @property
    def pace(self) -> str:
        """Its speed for people: `reversed`, `frozen`, `at 2 times its speed`; empty at its own."""
        if self.speed == 1:
            return ""
        if self.speed == 0:
            return "frozen"
        told = [] if self.speed > 0 else ["reversed"]
        if abs(self.speed) != 1:
            told.append(f"at {float(abs(self.speed)):.3g} times its speed")
        return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a timeline, edit after edit."""

    pieces: tuple[Piece, ...]
    remarks: tuple[str, ...]
    """What the timeline holds and the pieces do not, for people."""


def find_pieces(
    read: ReadSequence,
    files: Sequence[SourceFile],
    named: Mapping[str, SourceFile] | None = None,
) -> Picture:
    """Find every edit of the picture in the files.

    Args:
        read: By any reader.
        files: That edits may be from: those of the cut first.
        named: What a name in the timeline stands for, where somebody said so.

    Raises:
        TimelineError: There is no picture, or several tracks of it that cannot be laid flat; edits
            overlap, one is of a file that is not known or could be of several, or asks for frames
            that its file lacks.
    """
    edits, told = picture_of(read)
    remarks = [*read.remarks, *told]
    films = _Films(files, named or {})
    remarks += _gaps(read, edits)
    pieces = [_piece(read, number, edit, films, remarks) for number, edit in enumerate(edits, 1)]
    _check_joins(pieces)
    sounds, told = sounds_of(read, edits)
    remarks += told
    if not sounds and any(piece.file.channels for piece in pieces):
        remarks.append("the timeline has no sound; that of the cut is kept")
    notes = _notes(read, pieces, remarks)
    found = tuple(
        replace(piece, sound=sounds[i] if sounds else None, note=notes[i] if notes else None)
        for i, piece in enumerate(pieces)
    )
    return Picture(found, tuple(remarks))


def _piece(
    read: ReadSequence, number: int, edit: Edit, films: "_Films", remarks: list[str]
) -> Piece:
    file, start = films.find(number, edit, read.rate)
    frames = edit.record.frames
    if edit.speed != 1:
        at = f"edit {number} at {read.timecode(edit.record.start)}"
        if edit.step == 0:
            last = max(0, file.frames - shown_frames(0, frames, edit.conform).end)
            start = min(start, last)
            remarks.append(
                f"{at} stands still; a cut has no still frames, so it takes {frames} frames from "
                f"frame {start:,} on"
            )
        elif edit.step < 0:
            remarks.append(
                f"{at} plays backwards ({float(edit.speed):.0%}); a cut has no speeds, so it takes "
                f"{frames} frames forwards from the earliest on"
            )
        else:
            remarks.append(
                f"{at} plays {edit.source.frames} frames in {frames} ({float(edit.speed):.0%}); a "
                f"cut has no speeds, so it takes {frames} frames from the first on"
            )
    source = shown_frames(start, frames, edit.conform)
    if source.end > file.frames:
        raise TimelineError(
            f"edit {number} plays at {float(edit.speed):.0%}, and at its own speed {file.name} "
            "ends before it does; take the change of speed out of the timeline"
        )
    told = edit.transition, None, None, edit.conform, edit.speed
    return Piece(file, source, edit.record, *told)


class _Films:
    """Finds the film of an edit: by its path, then name and reel, name, reel, and stem."""

    def __init__(self, files: Sequence[SourceFile], named: Mapping[str, SourceFile]) -> None:
        self.files, self.named = list(dict.fromkeys(files)), named

    def find(self, number: int, edit: Edit, rate: Fraction) -> tuple[SourceFile, int]:
        """The film, and its frame that an edit begins with.

        Raises:
            TimelineError: There is none, there are several, or it lacks those frames.
        """
        lacking: SourceFile | None = None
        other: SourceFile | None = None
        for tier in self._tiers(edit):
            fits = {}
            for file in tier:
                if file.rate != edit.conform * rate:
                    other = other or file
                    continue
                start = _start(file, edit)
                if start + _needed(edit) <= file.frames:
                    fits[file] = start
                else:
                    lacking = lacking or file
            if len({file.path for file in fits}) > 1:
                places = ", ".join(file.path for file in fits)
                raise TimelineError(
                    f"edit {number} is of {edit.name!r}, which could be any of {places}; say "
                    f"which: --is {edit.name!r}=MEDIA"
                )
            if fits:
                return next(iter(fits.items()))
        if lacking is None:
            raise TimelineError(self._unknown(number, edit, rate, other))
        first = _start(lacking, edit)
        raise TimelineError(
            f"edit {number} asks for frames {first:,} to {first + _needed(edit) - 1:,} of "
            f"{lacking.name}, which has {lacking.frames:,}"
        )

    def _unknown(self, number: int, edit: Edit, rate: Fraction, other: SourceFile | None) -> str:
        if other is not None:
            own = float(edit.conform * rate)
            return (
                f"edit {number} is of {edit.name!r}, which runs at {own:.3f} frames a second in "
                f"the timeline, and {other.name} of the catalogue at {float(other.rate):.3f}"
            )
        return (
            f"edit {number} is of {edit.name!r}, which is no film of the catalogue at this rate. "
            f"Ingest it, say which film it is (--is {edit.name!r}=MEDIA), or take it out of the "
            "timeline"
        )

    def _tiers(self, edit: Edit) -> Iterable[list[SourceFile]]:
        if edit.name in self.named:
            yield [self.named[edit.name]]
            return
        reels = {edit.reel or edit.name} - {""}
        yield [f for f in self.files if edit.path and f.path == edit.path]
        yield [f for f in self.files if f.name == edit.name and f.reel in reels]
        yield [f for f in self.files if f.name == edit.name]
        yield [f for f in self.files if f.reel and f.reel in reels]
        yield [f for f in self.files if _stem(f.name) == _stem(edit.name)]


def _needed(edit: Edit) -> int:
    """How many frames of its file an edit shows, from the first to the last."""
    if edit.step == edit.conform:
        return shown_frames(0, edit.record.frames, edit.conform).end
    return edit.source.frames


def _start(file: SourceFile, edit: Edit) -> int:
    start = edit.source.start - file.start
    if start < 0:  # timecode has gone past midnight
        start += day_frames(file.rate, drop=file.drop)
    return start


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0].casefold()


def _gaps(read: ReadSequence, edits: Sequence[Edit]) -> Iterable[str]:
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
            at = read.timecode(before.record.end)
            yield f"{gap} frames of black before edit {number} are left out, at {at}"


def _check_joins(pieces: Sequence[Piece]) -> None:
    """Refuse transitions that the films or the pieces have too few frames for."""
    for number, (before, piece) in enumerate(pairwise([None, *pieces]), start=1):
        if piece is None or piece.transition is None:
            continue
        into = piece.transition
        beyond = into.after if into.kind == "dissolve" else 0
        back = into.before if into.kind == "dissolve" else 0
        ends = before and before.source.end + ceil(beyond * before.conform)
        if before is not None and ends and ends > before.file.frames:
            raise TimelineError(
                f"the transition into edit {number} runs past the end of {before.file.name}"
            )
        if back * piece.conform > piece.source.start:
            raise TimelineError(
                f"the transition into edit {number} begins before {piece.file.name} does"
            )
    for number, (piece, following) in enumerate(pairwise(pieces), start=1):
        taken = piece.transition.after if piece.transition else 0
        taken += following.transition.before if following.transition else 0
        if taken > piece.record.frames:
            raise TimelineError(f"the transitions at the ends of edit {number} overlap in it")


def _notes(
    read: ReadSequence, pieces: Sequence[Piece], remarks: list[str]
) -> tuple[str, ...] | None:
    """The markers within each piece, as its note; None if there are none at all."""
    if not read.markers:
        return None
    notes: list[list[str]] = [[] for _ in pieces]
    starts = [piece.record.start for piece in pieces]
    for marker in read.markers:
        place = bisect_right(starts, marker.frame) - 1
        if place < 0 or marker.frame >= pieces[place].record.end:
            remarks.append(f"the marker {marker.text!r} is on no edit and is left out")
            continue
        notes[place].append(marker.text)
        if marker.frame != pieces[place].record.start:
            at = read.timecode(marker.frame)
            remarks.append(f"the marker at {at} is kept as the note of slot {place + 1}")
    return tuple("; ".join(texts) for texts in notes)
