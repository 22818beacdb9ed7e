"""Frames that an earlier event of a timeline has shown, found in one pass over its events. Pure.

Each film is painted, event after event, with the one that showed its frames last: the work grows
with the number of events and not with that of their pairs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.media import MediaId
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class Shown:
    """What an event shows."""

    event: int
    """Its number; numbers rise."""
    film: MediaId
    record: FrameRange
    frames: FrameRange
    """Of the film."""
    leaves: FrameRange
    """Those that are a repeat if a later event shows them: where a film is of another rate, a frame
    may be the last of one event and rightly the first of the one that runs on from it."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A run of frames that earlier events have shown."""

    event: int
    frames: FrameRange
    """Of the film."""
    earlier: tuple[int, ...]
    """The events that showed them last, rising."""
    at_join: bool
    """Whether the event that ends where this one begins is one of them."""

    @property
    def words(self) -> str:
        """Who showed them: `event 1 has shown`; events counted from 1."""
        numbers = [f"{number + 1}" for number in self.earlier]
        if len(numbers) == 1:
            return f"event {numbers[0]} has shown"
        if len(numbers) > 4:
            numbers = [*numbers[:3], f"{len(numbers) - 3} more"]
        return f"events {', '.join(numbers[:-1])} and {numbers[-1]} have shown"


def repeated_frames(events: Iterable[Shown]) -> Iterator[Repeat]:
    """All runs of frames that events show of what earlier ones left behind, event after event.

    Args:
        events: In record order, none over another.
    """
    films: dict[MediaId, _Painted] = {}
    before: Shown | None = None
    for event in events:
        painted = films.setdefault(event.film, _Painted())
        joined = before.event if before and before.record.end == event.record.start else None
        for run in _runs(painted.within(event.frames)):
            earlier = tuple(sorted({number for _, _, number in run}))
            frames = FrameRange(run[0][0], run[-1][1])
            yield Repeat(event.event, frames, earlier, joined in earlier)
        painted.paint(event.leaves, event.event)
        before = event


_Span = tuple[int, int, int]
"""First frame, one after the last, and the event that showed them last."""


class _Painted:
    """A film's frames that were shown, as spans in order and apart."""

    def __init__(self) -> None:
        self.spans: list[_Span] = []

    def within(self, frames: FrameRange) -> list[_Span]:
        """What of `frames` was shown, and by whom last."""
        first, stop = self._places(frames)
        return [(max(a, frames.start), min(b, frames.end), n) for a, b, n in self.spans[first:stop]]

    def paint(self, frames: FrameRange, event: int) -> None:
        """Take an event for the last that showed some frames."""
        first, stop = self._places(frames)
        new: list[_Span] = [(frames.start, frames.end, event)]
        if first < stop:
            (start, _, head), (_, end, tail) = self.spans[first], self.spans[stop - 1]
            if start < frames.start:
                new.insert(0, (start, frames.start, head))
            if end > frames.end:
                new.append((frames.end, end, tail))
        self.spans[first:stop] = new

    def _places(self, frames: FrameRange) -> tuple[int, int]:
        """Which spans share a frame with `frames`."""
        first = bisect_right(self.spans, frames.start, key=lambda span: span[1])
        return first, bisect_left(self.spans, frames.end, lo=first, key=lambda span: span[0])


def _runs(spans: Iterable[_Span]) -> Iterator[list[_Span]]:
    """Spans one right after the other, together."""
    run: list[_Span] = []
    for span in spans:
        if run and run[-1][1] != span[0]:
            yield run
            run = []
        run.append(span)
    if run:
        yield run
