"""Nested sequences: what a clip that shows one, or a part of it, shows and lets one hear.

Pure. A sequence may be shown as often as it has clips, so each of its tracks is laid flat once, and
a window on it is found in time in step with what it shows.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.layers import Code, Covers, seen_through
from editing.interchange.read_sequence import Edit, refuse_overlaps
from ingest.timecode import FrameRange


class NestedSequence:
    """The tracks of a sequence that clips of another one show."""

    def __init__(self, edits: Sequence[Edit], rate: Fraction, code: Code) -> None:
        """Put its tracks in order.

        Args:
            edits: Of all its tracks.
            rate: Frames per second.
            code: Tells timecodes.

        Raises:
            TimelineError: Edits of one track lie over each other.
        """
        refuse_overlaps(edits, 0, rate, drop=False)
        self._code = code
        self._tracks: dict[str, list[Edit]] = {}
        for edit in sorted(edits, key=lambda edit: edit.record):
            self._tracks.setdefault(edit.track, []).append(edit)
        self.sounds = {name: FlatTrack(self._tracks[name]) for name in self._names("A")}
        """Its tracks of sound: A1, A2, …"""

    @cached_property
    def picture(self) -> "FlatTrack":
        """What is seen of all its tracks.

        Raises:
            TimelineError: See `seen_through`.
        """
        pictures = [self._tracks[name] for name in self._names("V")]
        return FlatTrack(seen_through(pictures, "V", self._code))

    def _names(self, letter: str) -> list[str]:
        names = (name for name in self._tracks if name[0] == letter)
        return sorted(names, key=lambda name: int(name[1:]))


class FlatTrack:
    """One track, of which windows are taken."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        """Args: edits: In record order, none over another."""
        self.edits = edits
        self._covers = Covers(edits)
        self._mixes = _within_transitions(edits)

    def window(
        self,
        span: FrameRange,
        at: int,
        *,
        track: str,
        where: str,
        handles: tuple[int, int] = (0, 0),
    ) -> list[Edit]:
        """Some of its record frames, placed elsewhere.

        Args:
            span: Those that are shown.
            at: The record frame that they begin at.
            track: That they are on.
            where: For messages.
            handles: Frames before and after `span` that transitions of the outer sequence show.

        Raises:
            TimelineError: A transition is cut in two by an end of it, or those of the outer
                sequence show another clip of the nested one.
        """
        self._check_ends(span, where)
        found = [_part(edit, span) for edit in self.edits[self._covers.places(span)]]
        self._check_handles(span, handles, where)
        by = at - span.start
        return [
            replace(part, track=track, record=FrameRange(record.start + by, record.end + by))
            for part, record in ((part, part.record) for part in found)
        ]

    def _check_ends(self, span: FrameRange, where: str) -> None:
        """Refuse a transition that an end of a window cuts in two."""
        into, out = self._into(span.start), self._into(span.end)
        from_hidden = into is not None and into.kind == "dissolve" and not into.before
        before = from_hidden or self._is_mixed(span.start)
        after = (out is not None and not out.after) or self._is_mixed(span.end)
        if before or after:
            raise TimelineError(
                f"{where} {'begins' if before else 'ends'} within a transition of the sequence "
                "that it shows; decompose it"
            )

    def _into(self, join: int) -> Transition | None:
        """The transition into the edit that begins at a frame."""
        place = bisect_left(self._covers.starts, join)
        begins = place < len(self.edits) and self._covers.starts[place] == join
        return self.edits[place].transition if begins else None

    def _is_mixed(self, frame: int) -> bool:
        """Whether a frame lies within a transition, and not at its beginning."""
        place = bisect_left(self._mixes, (frame,)) - 1
        return place >= 0 and frame < self._mixes[place][1]

    def _check_handles(self, span: FrameRange, handles: tuple[int, int], where: str) -> None:
        """Transitions of the outer sequence have to show the clip that the window begins or ends
        with, which goes on there."""
        before, after = handles
        needed = [(span.start - before, span.start + 1)] * bool(before)
        needed += [(span.end - 1, span.end + after)] * bool(after)
        for first, end in needed:
            place = bisect_right(self._covers.starts, first) - 1
            if place < 0 or end > self._covers.ends[place]:
                raise TimelineError(
                    f"{where}: the transition at its end shows more than one clip of the sequence "
                    "within; decompose it"
                )


def _part(edit: Edit, span: FrameRange) -> Edit:
    """What of an edit lies in `span`, with the transition into it if that does too."""
    record, into = edit.record, edit.transition
    part = edit.trimmed(FrameRange(max(record.start, span.start), min(record.end, span.end)))
    whole = into is not None and record.start - into.before >= span.start
    return replace(part, transition=into if whole else None)


def _within_transitions(edits: Iterable[Edit]) -> list[tuple[int, int]]:
    """Where transitions begin and end, those together that overlap; in order."""
    found: list[tuple[int, int]] = []
    for edit in edits:
        if edit.transition is not None:
            join, into = edit.record.start, edit.transition
            found.append((join - into.before, join + into.after))
    whole: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if whole and start < whole[-1][1]:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((start, end))
    return whole
