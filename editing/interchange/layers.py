"""Tracks and nested sequences laid flat: what is seen of several tracks, and a window on a track.

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
            transition.
    """
    seen: list[Edit] = []
    for number, track in enumerate(tracks):
        if number and seen:
            _check_plain(track, seen, code)
        seen = sorted(
            [*_uncovered(seen, _Covers(track), code), *track], key=lambda edit: edit.record
        )
    return [replace(edit, track=name) for edit in seen]


class _Covers:
    """Record frames of edits that are in order and apart; each question takes logarithmic time."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self.ranges = [edit.record for edit in edits]
        self.starts = [record.start for record in self.ranges]
        self.ends = [record.end for record in self.ranges]

    def over(self, record: FrameRange) -> list[FrameRange]:
        """Those that share a frame with `record`."""
        return self.ranges[
            bisect_right(self.ends, record.start) : bisect_left(self.starts, record.end)
        ]

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
    below = _Covers(lower)
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


def _uncovered(lower: Sequence[Edit], covers: _Covers, code: Code) -> Iterator[Edit]:
    for edit in lower:
        into = _seen_transition(edit, covers, code)
        for piece in covers.leave(edit.record):
            whole = edit if piece == edit.record else edit.trimmed(piece)
            yield replace(whole, transition=into if piece.start == edit.record.start else None)


def _seen_transition(edit: Edit, covers: _Covers, code: Code) -> Transition | None:
    """The transition into an edit if all of it is seen; None if none of it is."""
    into, join = edit.transition, edit.record.start
    if into is None:
        return None
    span = _span(join, into)
    seen = sum(piece.frames for piece in covers.leave(span))
    if not seen:
        return None
    from_hidden = into.kind == "dissolve" and covers.over(FrameRange(join - 1, join))
    if seen < span.frames or from_hidden:
        raise TimelineError(
            f"track {edit.track}: the transition into the clip of {edit.name!r} at {code(join)} is "
            "partly under a clip of a track above; bring the picture onto one track"
        )
    return into


def _span(join: int, into: Transition) -> FrameRange:
    """The record frames of a transition."""
    return FrameRange(join - into.before, join + into.after)


def window(
    edits: Sequence[Edit],
    span: FrameRange,
    at: int,
    *,
    track: str,
    where: str,
    handles: tuple[int, int] = (0, 0),
) -> list[Edit]:
    """What a clip of a nested sequence shows: some of its record frames, placed elsewhere.

    Args:
        edits: Of one track of the nested sequence, in record order.
        span: The nested sequence's record frames that are shown.
        at: The record frame that they begin at.
        track: That they are on.
        where: For messages.
        handles: Frames before and after `span` that transitions of the outer sequence show.

    Raises:
        TimelineError: A transition is cut in two by an end of it, or those of the outer sequence
            show another clip of the nested one.
    """
    by, found = at - span.start, list[Edit]()
    for edit in edits:
        into = edit.transition
        if into is not None:
            _check_ends(edit.record.start, into, span, where)
        first, end = max(edit.record.start, span.start), min(edit.record.end, span.end)
        if first >= end:
            continue
        part = edit.trimmed(FrameRange(first, end))
        whole = first == edit.record.start
        kept = into if into and whole and _span(first, into).start >= span.start else None
        record = FrameRange(first + by, end + by)
        found.append(replace(part, track=track, record=record, transition=kept))
    _check_handles(edits, span, handles, where)
    return found


def _check_ends(join: int, into: Transition, span: FrameRange, where: str) -> None:
    """Refuse a transition that an end of a window cuts in two."""
    mix = _span(join, into)
    before, after = mix.start < span.start < mix.end, mix.start < span.end < mix.end
    before |= into.kind == "dissolve" and join == span.start and not into.before
    after |= join == span.end and not into.after
    if before or after:
        raise TimelineError(
            f"{where} {'begins' if before else 'ends'} within a transition of the sequence that it "
            "shows; decompose it"
        )


def _check_handles(
    edits: Sequence[Edit], span: FrameRange, handles: tuple[int, int], where: str
) -> None:
    """Transitions of the outer sequence have to show the clip that the window begins or ends with,
    which goes on there."""
    before, after = handles
    needed = [(span.start - before, span.start + 1)] * bool(before)
    needed += [(span.end - 1, span.end + after)] * bool(after)
    for first, end in needed:
        if not any(edit.record.start <= first and end <= edit.record.end for edit in edits):
            raise TimelineError(
                f"{where}: the transition at its end shows more than one clip of the sequence "
                "within; decompose it"
            )
