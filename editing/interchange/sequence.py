"""A cut as interchange sees it: events with source and record frames, and all that joins them.

Source frames are counted from the file's first, whose timecode is a frame number of its own; record
frames from the first of the sequence, which carries timecode 01:00:00:00. No format is known here.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from editing.cut import Cut, Slot, Transition
from editing.interchange.conform import nearest_frame, taken
from ingest.timecode import FrameRange, frame_to_timecode, nominal_rate, timecode_to_frame

_RESERVED_REELS = ("AX", "BL", "NONE")
_REEL_LENGTH = 8


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A media file that events are taken from."""

    name: str
    """For people: the file's name."""
    reel: str
    """At most 8 of A to Z, 0 to 9 and _, or what a camera original says; of no other file."""
    path: str
    rate: Fraction
    frames: int
    """On the file's frame grid."""
    start: int
    """Timecode of the first frame, as a frame number."""
    drop: bool
    """Whether its timecode is drop-frame."""
    width: int
    """Pixels as a viewer sees them."""
    height: int
    channels: int
    """Of sound; 0 where there is none."""
    sample_rate: int
    """Of sound, in samples per second; 0 where there is none."""

    def timecode(self, frame: int) -> str:
        """The source timecode of a frame, counted from the file's first."""
        return frame_to_timecode(self.start + frame, self.rate, drop=self.drop)


@dataclass(frozen=True, slots=True)
class Heard:
    """The sound of an event, all channels of its file together."""

    source: FrameRange
    """Frames from the file's first."""
    record: FrameRange
    """Frames from the sequence's first."""
    gain: float = 0.0
    """Decibels."""
    fade_ms: int = 0
    """Milliseconds of crossfade at its beginning, half on either side."""

    def fade_frames(self, rate: Fraction) -> int:
        """Whole frames of the crossfade on either side of its beginning: the nearest."""
        return round(Fraction(self.fade_ms, 2000) * rate)


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of a source file in a sequence."""

    file: SourceFile
    source: FrameRange
    """Frames from the file's first, up to the joins: those within transitions come on top."""
    record: FrameRange
    """Frames from the sequence's first; as many as in `source` at speed 1 and the same rate."""
    slot: Slot
    """Why it is there."""
    transition: Transition | None = None
    """At its beginning; a dissolve needs an event that ends there."""
    sound: Heard | None = None
    """None where it is silent."""
    conform: Fraction = Fraction(1)
    """Source frames that last as long as a record frame. A file of another rate than the sequence,
    where it is not 1, plays at its own speed; see `editing.interchange.conform`."""

    @property
    def step(self) -> Fraction:
        """Source frames for each record frame."""
        if self.conform != 1:
            return self.conform
        return Fraction(self.source.frames, self.record.frames)

    @property
    def speed(self) -> Fraction:
        """Of what is seen: 1 is as it was recorded."""
        return self.step / self.conform

    def source_at(self, record: int) -> Fraction:
        """Where in the source a record frame begins: in frames, which need not be whole."""
        return self.source.start + (record - self.record.start) * self.step

    @property
    def in_step(self) -> bool:
        """Whether sound begins and ends with the picture, frame for frame."""
        if self.sound is None or self.sound.record != self.record:
            return False
        return self.conform != 1 or self.sound.source == self.source


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """A note at one frame of a sequence."""

    frame: int
    """Record frame, from the sequence's first."""
    text: str
    """One line."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A cut, ready to be written in any format."""

    name: str
    rate: Fraction
    drop: bool
    """Whether record timecode is drop-frame: as the first file's is."""
    events: tuple[Event, ...]
    """In order, none over another; gaps between them are black."""
    cut: Cut
    markers: tuple[Marker, ...] = ()
    """In order."""

    @property
    def start(self) -> int:
        """The first frame's number: that of record timecode 01:00:00:00."""
        return timecode_to_frame("01:00:00;00" if self.drop else "01:00:00:00", self.rate)

    @property
    def frames(self) -> int:
        """How long it is."""
        heard = (event.sound.record.end for event in self.events if event.sound)
        return max((*(event.record.end for event in self.events), *heard), default=0)

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """Each file once, in order of first use."""
        return tuple(dict.fromkeys(event.file for event in self.events))

    def timecode(self, frame: int) -> str:
        """The record timecode of a frame, counted from the sequence's first."""
        return frame_to_timecode(self.start + frame, self.rate, drop=self.drop)

    def dissolve_into(self, number: int) -> Transition | None:
        """The dissolve at the beginning of event `number` (from 0), if there is one."""
        found = self.events[number].transition if number < len(self.events) else None
        return found if found and found.kind == "dissolve" else None

    def crossfade(self, number: int) -> int:
        """Whole frames of the crossfade on either side of where event `number` begins to be heard.

        0 without one, and where the sounds do not meet or a file lacks the frames beyond the join.
        """
        if not 0 < number < len(self.events):
            return 0
        before, event = self.events[number - 1], self.events[number]
        if before.sound is None or event.sound is None or not before.speed == 1 == event.speed:
            return 0
        half = event.sound.fade_frames(self.rate)
        there = (
            before.sound.record.end == event.sound.record.start
            and half * event.step <= event.sound.source.start
            and before.sound.source.end + half * before.step <= before.file.frames
            and 2 * half <= min(event.sound.record.frames, before.sound.record.frames)
        )
        return half if there else 0

    def shown(self, number: int) -> tuple[FrameRange, FrameRange]:
        """Source and record frames of event `number`, with those within its dissolves."""
        event = self.events[number]
        into, out = self.dissolve_into(number), self.dissolve_into(number + 1)
        before, after = into.before if into else 0, out.after if out else 0
        record = FrameRange(event.record.start - before, event.record.end + after)
        if event.conform != 1:
            first = nearest_frame(event.source_at(record.start))
            return taken(first, record.frames, event.conform), record
        step = event.step  # whole frames of transitions: checked where a sequence is made
        source = FrameRange(
            event.source.start - int(before * step), event.source.end + int(after * step)
        )
        return source, record


def printable(text: str) -> str:
    """One line that every format can hold: control and separator characters become spaces."""
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return re.sub(" +", " ", plain).strip() or "untitled"


def day_frames(rate: Fraction, *, drop: bool) -> int:
    """Frames after which timecode begins at 00:00:00:00 again."""
    last = f"23:59:59{';' if drop else ':'}{nominal_rate(rate) - 1:02d}"
    return timecode_to_frame(last, rate) + 1


def reel_names(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """A reel of at most 8 plain characters for each file, none twice: `MY FILM.MOV` → `MY_FILM`.

    Args:
        names: Of the files.
        taken: Reels that none of them may have.
    """
    given = {*taken, *_RESERVED_REELS}
    reels: list[str] = []
    for name in names:
        stem = unicodedata.normalize("NFKD", name.rsplit(".", 1)[0] or name)
        plain = re.sub(r"[^A-Z0-9]+", "_", stem.encode("ascii", "ignore").decode().upper())
        reel = plain.strip("_")[:_REEL_LENGTH].strip("_") or "REEL"
        number = 1
        while reel in reels or reel in given:
            number += 1
            tail = f"_{number}"
            reel = (plain.strip("_") or "REEL")[: _REEL_LENGTH - len(tail)] + tail
        reels.append(reel)
    return reels
