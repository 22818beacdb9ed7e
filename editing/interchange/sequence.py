"""A cut as interchange sees it: events with source and record frames, and what is read back.

Source frames here are counted as timecode counts them, from 00:00:00:00; record frames from the
first frame of the sequence, which carries timecode 01:00:00:00. No format is known here.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from editing.cut import Cut, Slot
from editing.errors import TimelineError
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange, frame_to_timecode, nominal_rate, timecode_to_frame

_RESERVED_REELS = ("AX", "BL", "NONE")
_REEL_LENGTH = 8


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A media file that events are taken from."""

    name: str
    """For people: the file's name."""
    reel: str
    """At most 8 of A to Z, 0 to 9 and _; no other file of the sequence has it."""
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
class Event:
    """One piece of a source file in a sequence."""

    file: SourceFile
    source: FrameRange
    """Frames from the file's first."""
    record: FrameRange
    """Frames from the sequence's first."""
    slot: Slot
    """Why it is there."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A cut, ready to be written in any format."""

    name: str
    rate: Fraction
    drop: bool
    """Whether record timecode is drop-frame: as the first file's is."""
    events: tuple[Event, ...]
    """In order and without gaps."""
    cut: Cut

    @property
    def start(self) -> int:
        """The first frame's number: that of record timecode 01:00:00:00."""
        return timecode_to_frame("01:00:00;00" if self.drop else "01:00:00:00", self.rate)

    @property
    def frames(self) -> int:
        """How long it is."""
        return sum(event.record.frames for event in self.events)

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """Each file once, in order of first use."""
        return tuple(dict.fromkeys(event.file for event in self.events))

    def timecode(self, frame: int) -> str:
        """The record timecode of a frame, counted from the sequence's first."""
        return frame_to_timecode(self.start + frame, self.rate, drop=self.drop)


@dataclass(frozen=True, slots=True)
class Edit:
    """One piece of one track, as a reader found it."""

    track: str
    """`V1`, `A1`, `A2`, …"""
    name: str
    """Of the source: the file's name if the format tells it, otherwise the reel."""
    source: FrameRange
    """Timecode frame numbers."""
    record: FrameRange
    """Frames from the sequence's first."""


@dataclass(frozen=True, slots=True)
class ReadSequence:
    """A sequence as a reader found it."""

    name: str
    rate: Fraction
    drop: bool
    start: int
    """Record timecode of the first frame, as a frame number."""
    edits: tuple[Edit, ...]

    def track(self, name: str) -> tuple[Edit, ...]:
        """The edits of one track, in record order."""
        of_it = [edit for edit in self.edits if edit.track == name]
        return tuple(sorted(of_it, key=lambda edit: edit.record))

    @property
    def frames(self) -> int:
        """Where the last edit ends."""
        return max((edit.record.end for edit in self.edits), default=0)


def sequence_from_cut(
    cut: Cut, media: Mapping[MediaId, Media], grid_frames: Mapping[MediaId, int]
) -> Sequence:
    """A cut with all that the writers need to know of its files.

    Args:
        cut: Any version of any cut.
        media: Each that a slot is taken from.
        grid_frames: How many frames each has on its grid.

    Raises:
        TimelineError: A file has another rate than the cut, or a timecode that its rate lacks,
            or the cut is empty.
    """
    if not cut.slots:
        raise TimelineError(f"cut {cut.id} has no slots, so there is nothing to export")
    used = [media[media_id] for media_id in dict.fromkeys(slot.media for slot in cut.slots)]
    reels = reel_names(m.name for m in used)
    files = {
        m.id: source_file(m, cut.rate, reel, grid_frames[m.id])
        for m, reel in zip(used, reels, strict=True)
    }
    events = tuple(
        Event(files[slot.media], slot.source, record, slot)
        for slot, record in zip(cut.slots, cut.record_ranges(), strict=True)
    )
    for event in events:
        if event.source.end > event.file.frames:
            raise TimelineError(
                f"{event.file.name} has {event.file.frames:,} frames, and the cut asks for "
                f"{event.source.start:,} to {event.source.end - 1:,}; make the cut again"
            )
    name = printable(f"{cut.name} v{cut.version}")
    return Sequence(name, cut.rate, events[0].file.drop, events, cut)


def reel_names(names: Iterable[str]) -> list[str]:
    """A reel of at most 8 plain characters for each file, none twice: `MY FILM.MOV` → `MY_FILM`."""
    reels: list[str] = []
    for name in names:
        stem = unicodedata.normalize("NFKD", name.rsplit(".", 1)[0] or name)
        plain = re.sub(r"[^A-Z0-9]+", "_", stem.encode("ascii", "ignore").decode().upper())
        reel = plain.strip("_")[:_REEL_LENGTH].strip("_") or "REEL"
        number = 1
        while reel in reels or reel in _RESERVED_REELS:
            number += 1
            tail = f"_{number}"
            reel = (plain.strip("_") or "REEL")[: _REEL_LENGTH - len(tail)] + tail
        reels.append(reel)
    return reels


def printable(text: str) -> str:
    """One line that every format can hold: control and separator characters become spaces."""
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return re.sub(" +", " ", plain).strip() or "untitled"


def day_frames(rate: Fraction, *, drop: bool) -> int:
    """Frames after which timecode begins at 00:00:00:00 again."""
    last = f"23:59:59{';' if drop else ':'}{nominal_rate(rate) - 1:02d}"
    return timecode_to_frame(last, rate) + 1


def source_file(media: Media, rate: Fraction, reel: str, frames: int) -> SourceFile:
    """A media as a sequence of rate `rate` names it.

    Args:
        media: The film.
        rate: Of the sequence.
        reel: See `SourceFile.reel`.
        frames: Of the film, on its grid.

    Raises:
        TimelineError: It has another rate, or a timecode that its rate lacks.
    """
    if media.rate != rate:
        raise TimelineError(
            f"{media.name} runs at {float(media.rate):.3f} frames per second and the cut at "
            f"{float(rate):.3f}; a cut is exported at the rate of all of its footage"
        )
    start, drop = 0, False
    if media.start_timecode:
        try:
            start = timecode_to_frame(media.start_timecode, rate)
        except ValueError as error:
            raise TimelineError(
                f"{media.name} carries a timecode it cannot have: {error}"
            ) from None
        drop = ";" in media.start_timecode or "," in media.start_timecode
    width, height = media.display_size
    return SourceFile(
        name=printable(media.name),
        reel=reel,
        path=media.path,
        rate=rate,
        frames=frames,
        start=start,
        drop=drop,
        width=width,
        height=height,
        channels=media.audio.channels if media.audio else 0,
        sample_rate=media.audio.sample_rate if media.audio else 0,
    )
