"""A timeline that was read, as pieces of films that are known, each as a slot of a cut can hold it.

Pure; `editing.reimport` hands the films over. What a cut cannot hold is told with its edit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.sequence import SourceFile, day_frames
from editing.interchange.split_sound import Sounded, sounds_of
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class Piece:
    """One edit of the picture."""

    file: SourceFile
    source: FrameRange
    """Frames from the file's first; as many as in `record`."""
    record: FrameRange
    """Frames from the sequence's first."""
    transition: Transition | None
    """At its beginning."""
    sound: Sounded | None
    """None where the timeline says nothing of sound."""
    note: str | None
    """Its markers; None where the timeline has none at all."""


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
        TimelineError: There is no picture or more than one track of it, edits overlap, one is of a
            file that is not known or could be of several, or asks for frames that its file lacks.
    """
    tracks = dict.fromkeys(edit.track for edit in read.edits)
    pictures = [track for track in tracks if track.startswith("V")]
    if len(pictures) != 1:
        raise TimelineError(
            f"the timeline has {len(pictures)} video tracks; bring its picture onto one"
        )
    edits = read.track(pictures[0])
    films = _Films(files, named or {})
    remarks = [*read.remarks, *_gaps(read, edits)]
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
    file, start = films.find(number, edit)
    source = FrameRange(start, start + edit.source.frames)
    if edit.speed != 1:
        remarks.append(
            f"edit {number} at {read.timecode(edit.record.start)} plays {edit.source.frames} "
            f"frames in {edit.record.frames} ({float(edit.speed):.0%}); a cut has no speeds, so it "
            f"takes {edit.record.frames} frames from the first on"
        )
        end = start + edit.record.frames
        if end > file.frames:
            raise TimelineError(
                f"edit {number} plays at {float(edit.speed):.0%}, and at its own speed "
                f"{file.name} ends before it does; take the change of speed out of the timeline"
            )
        source = FrameRange(start, end)
    return Piece(file, source, edit.record, edit.transition, None, None)


class _Films:
    """Finds the film of an edit: by its path, then name and reel, name, reel, and stem."""

    def __init__(self, files: Sequence[SourceFile], named: Mapping[str, SourceFile]) -> None:
        self.files, self.named = list(dict.fromkeys(files)), named

    def find(self, number: int, edit: Edit) -> tuple[SourceFile, int]:
        """The film, and its frame that an edit begins with.

        Raises:
            TimelineError: There is none, there are several, or it lacks those frames.
        """
        lacking: SourceFile | None = None
        for tier in self._tiers(edit):
            fits = {}
            for file in tier:
                start = _start(file, edit)
                if start + edit.source.frames <= file.frames:
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
            raise TimelineError(
                f"edit {number} is of {edit.name!r}, which is no film of the catalogue at this "
                f"rate. Ingest it, say which film it is (--is {edit.name!r}=MEDIA), or take it out "
                "of the timeline"
            )
        first = _start(lacking, edit)
        raise TimelineError(
            f"edit {number} asks for frames {first:,} to {first + edit.source.frames - 1:,} of "
            f"{lacking.name}, which has {lacking.frames:,}"
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
        if before is not None and before.source.end + beyond > before.file.frames:
            raise TimelineError(
                f"the transition into edit {number} runs past the end of {before.file.name}"
            )
        if back > piece.source.start:
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
    for marker in read.markers:
        places = [i for i, p in enumerate(pieces) if p.record.start <= marker.frame < p.record.end]
        if not places:
            remarks.append(f"the marker {marker.text!r} is on no edit and is left out")
            continue
        notes[places[0]].append(marker.text)
        if marker.frame != pieces[places[0]].record.start:
            at = read.timecode(marker.frame)
            remarks.append(f"the marker at {at} is kept as the note of slot {places[0] + 1}")
    return tuple("; ".join(texts) for texts in notes)
