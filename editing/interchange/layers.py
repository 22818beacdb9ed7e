"""Tracks laid flat: what is seen of several.

Pure. Only what is plain is laid flat, frame by frame the same picture; a look that would show
through, or a transition that is partly hidden, is refused by its timecode.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.read_sequence import Edit, ReadSequence
from ingest.timecode import FrameRange

_MOST_LOOKED_AT = 2_000_000
"""Clips that lie below tracks, counted anew for every track above them."""
Code = Callable[[int], str]
"""The timecode of a record frame, for messages."""


def picture_of(read: ReadSequence) -> tuple[list[Edit], list[str]]:
    """The picture of a timeline on one track, and what is to be told of it.

    Raises:
        TimelineError: There is none, or its tracks cannot be laid flat; see `seen_through`.
    """
    names = {edit.track for edit in read.edits if edit.track.startswith("V")}
    if not names:
        raise TimelineError("the timeline has 0 video tracks; a cut is made of its picture")
    tracks = [read.track(name) for name in sorted(names, key=lambda name: int(name[1:]))]
    if len(tracks) == 1:
        return list(tracks[0]), []
    told = f"the timeline has {len(tracks)} video tracks; what is seen of them is taken"
    return seen_through(tracks, "V1", read.timecode), [told]


def seen_through(tracks: Sequence[Sequence[Edit]], name: str, code: Code) -> list[Edit]:
    """One track of what is seen of several: an upper clip hides what lies below it.

    Args:
        tracks: From the lowest to the topmost; the edits of each in record order, none over
            another.
        name: Of the track that is made.
        code: Tells timecodes.

    Raises:
        TimelineError: An upper clip is not plain, or fades over a lower one, or hides a part of a
            transition; or there are more clips on more tracks than a person makes.
    """
    seen, looked_at = list[Edit](), 0
    for number, track in enumerate(tracks):
        looked_at += len(seen)
        if looked_at > _MOST_LOOKED_AT:
            raise TimelineError(
                f"{len(tracks):,} tracks of picture with so many clips are not laid over each "
                "other; bring the picture onto fewer"
            )
        if number and seen:
            _check_plain(track, seen, code)
        seen = sorted(
            [*_uncovered(seen, Covers(track), code), *track], key=lambda edit: edit.record
        )
    return [replace(edit, track=name) for edit in seen]


class Covers:
    """Record frames of edits that are in order and apart; each question takes logarithmic time."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self.ranges = [edit.record for edit in edits]
        self.starts = [record.start for record in self.ranges]
        self.ends = [record.end for record in self.ranges]

    def places(self, record: FrameRange) -> slice:
        """Where those stand that share a frame with `record`."""
        return slice(bisect_right(self.ends, record.start), bisect_left(self.starts, record.end))

    def over(self, record: FrameRange) -> list[FrameRange]:
        """Those that share a frame with `record`."""
        return self.ranges[self.places(record)]

    def leave(self, record: FrameRange) -> Iterator[FrameRange]:
        """What they leave of some record frames."""
        start = record.start
        for cover in self.over(record):
            if cover.start > start:
                yield FrameRange(start, cover.start)
            start = max(start, cover.end)
        if start < record.end:
            yield FrameRange(start, record.end)


def _check_plain(upper: Sequence[Edit], lower: Sequence[Edit], code: Code) -> None:
    below = Covers(lower)
    for number, edit in enumerate(upper):
        at = code(edit.record.start)
        if edit.effects and below.over(edit.record):
            raise TimelineError(
                f"track {edit.track}: the clip of {edit.name!r} at {at} has {edit.effects[0]!r}, "
                "so what lies below may show through; bring the picture onto one track"
            )
        into = edit.transition
        meets = number > 0 and upper[number - 1].record.end == edit.record.start
        if into is None or (into.kind == "dissolve" and meets):
            continue
        if below.over(_span(edit.record.start, into)):
            raise TimelineError(
                f"track {edit.track}: the clip of {edit.name!r} at {at} fades over what lies below "
                "it; bring both onto one track, with a dissolve"
            )


def _uncovered(lower: Sequence[Edit], covers: Covers, code: Code) -> Iterator[Edit]:
    for edit in lower:
        into = _seen_transition(edit, covers, code)
        for piece in covers.leave(edit.record):
            if piece == edit.record and into is edit.transition:
                yield edit
                continue
            whole = edit if piece == edit.record else edit.trimmed(piece)
            yield replace(whole, transition=into if piece.start == edit.record.start else None)


def _seen_transition(edit: Edit, covers: Covers, code: Code) -> Transition | None:
    """The transition into an edit if all of it is seen; None if none of it is."""
    into, join = edit.transition, edit.record.start
    if into is None:
        return None
    span = _span(join, into)
    seen = sum(piece.frames for piece in covers.leave(span))
    if not seen:
        return None
    from_hidden = into.kind == "dissolve" and join and covers.over(FrameRange(join - 1, join))
    if seen < span.frames or from_hidden:
        raise TimelineError(
            f"track {edit.track}: the transition into the clip of {edit.name!r} at {code(join)} is "
            "partly under a clip of a track above; bring the picture onto one track"
        )
    return into


def _span(join: int, into: Transition) -> FrameRange:
    """The record frames of a transition; a damaged file may begin one before the first."""
    return FrameRange(max(0, join - into.before), join + into.after)
