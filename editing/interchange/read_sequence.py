"""A sequence as a reader found it: the edits of its tracks, and what could not be kept.

No format is known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame, taken
from editing.interchange.sequence import Marker
from ingest.timecode import FrameRange, frame_to_timecode


@dataclass(frozen=True, slots=True)
class Edit:
    """One piece of one track, as a reader found it."""

    track: str
    """`V1`, `A1`, `A2`, …"""
    name: str
    """Of the source: the file's name if the format tells it, otherwise the reel."""
    source: FrameRange
    """Timecode frame numbers of the file's own rate, up to the joins: those within transitions come
    on top."""
    record: FrameRange
    """Frames from the sequence's first; as many as in `source` at speed 1 and the same rate."""
    transition: Transition | None = None
    """At its beginning. A dissolve is from the edit that ends there; sound may dissolve too."""
    gain: float | None = None
    """Decibels, of sound; None where the file does not tell."""
    reel: str = ""
    """If the format tells it."""
    path: str = ""
    """If the format tells it."""
    conform: Fraction = Fraction(1)
    """Source frames that last as long as a record frame: the file's rate by the sequence's."""
    pace: Fraction | None = None
    """Source frames for each record frame where the ranges do not say it: below 0 it plays
    backwards from the last frame of `source` on, at 0 it stands still on the first."""
    effects: tuple[str, ...] = ()
    """Names of what changes its look and is left aside; without any it is plain."""
    fade_ms: int = 0
    """Milliseconds of a crossfade of sound at its beginning that is too short for a transition."""

    @property
    def step(self) -> Fraction:
        """Source frames for each record frame."""
        if self.pace is not None:
            return self.pace
        if self.conform != 1:
            return self.conform
        return Fraction(self.source.frames, self.record.frames)

    @property
    def speed(self) -> Fraction:
        """Of what is seen: 1 is as it was recorded, -1 the same backwards, 0 a still."""
        return self.step / self.conform

    def source_at(self, record: int) -> int:
        """The source frame that a record frame shows; beyond the edit's ends it goes on."""
        first = self.source.start if self.step >= 0 else self.source.end - 1
        place = first + (record - self.record.start) * self.step
        if self.step == self.conform:
            return nearest_frame(place)
        return floor(place) if self.step > 0 else ceil(place)

    def trimmed(self, record: FrameRange) -> "Edit":
        """The part of it that lies in some of its record frames, without its transition.

        Raises:
            ValueError: `record` is not within it.
        """
        if not self.record.contains(record):
            raise ValueError(f"{record} is not within {self.record}")
        step, first = self.step, self.source_at(record.start)
        if step == 0:
            return replace(self, record=record, transition=None)
        if step == self.conform:
            source = taken(first, record.frames, step)
        else:
            last = self.source_at(record.end - 1)
            source = FrameRange(min(first, last), max(first, last) + 1)
        pace = None if step == self.conform else step
        return replace(self, source=source, record=record, transition=None, pace=pace)


@dataclass(frozen=True, slots=True)
class ReadSequence:
    """A sequence as a reader found it."""

    name: str
    rate: Fraction
    drop: bool
    start: int
    """Record timecode of the first frame, as a frame number."""
    edits: tuple[Edit, ...]
    markers: tuple[Marker, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the file holds and this does not, for people."""
    format: str = ""
    """Which it was read from: `otio`, `edl`, `fcp7` or `fcpxml`."""

    def track(self, name: str) -> tuple[Edit, ...]:
        """The edits of one track, in record order."""
        of_it = [edit for edit in self.edits if edit.track == name]
        return tuple(sorted(of_it, key=lambda edit: edit.record))

    @property
    def frames(self) -> int:
        """Where the last edit ends."""
        return max((edit.record.end for edit in self.edits), default=0)

    def timecode(self, frame: int) -> str:
        """The record timecode of a frame, counted from the sequence's first."""
        return frame_to_timecode(self.start + frame, self.rate, drop=self.drop)


def refuse_overlaps(edits: Iterable[Edit], start: int, rate: Fraction, *, drop: bool) -> None:
    """Refuse edits of one track that lie over each other.

    Args:
        edits: Of all tracks.
        start: Record timecode of the first frame, as a frame number.
        rate: Frames per second.
        drop: Whether record timecode is drop-frame.

    Raises:
        TimelineError: Two do; names the track, the timecode and the source.
    """
    tracks: dict[str, list[Edit]] = {}
    for edit in edits:
        tracks.setdefault(edit.track, []).append(edit)
    for track, of_it in tracks.items():
        for before, after in pairwise(sorted(of_it, key=lambda edit: edit.record)):
            over = before.record.end - after.record.start
            if over > 0:
                at = frame_to_timecode(start + after.record.start, rate, drop=drop)
                raise TimelineError(
                    f"track {track}: the edit of {after.name!r} at {at} overlaps the one of "
                    f"{before.name!r} before it by {over} frame{'s' * (over != 1)}"
                )
