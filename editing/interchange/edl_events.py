"""The lines of a CMX3600 EDL, event after event, as its reader puts them together.

Timecode is counted, speeds are worked out, and what is no part of such a list is refused by line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from editing.errors import TimelineError
from editing.interchange.conform import taken
from editing.interchange.sequence import day_frames, printable
from ingest.timecode import FrameRange, nominal_rate, supports_drop_frame, timecode_to_frame

_MAX_EVENTS = 100_000
BLACK = "BL"
_ROUNDED = Fraction(1, 10)
"""Frames a second that an M2 line is told to."""
_TRACKS = {
    "V": ("V1",),
    "A": ("A1",),
    "A2": ("A2",),
    "AA": ("A1", "A2"),
    "B": ("V1", "A1"),
    "A/V": ("V1", "A1"),
    "A2/V": ("V1", "A2"),
    "AA/V": ("V1", "A1", "A2"),
}
_EVENT = re.compile(
    r"(?P<number>\d{3,6})\s+(?P<reel>\S{1,128})\s+(?P<channels>\S+)\s+(?P<edit>\S+)"
    r"(?:\s+(?P<duration>\d{1,4}))?"
    r"\s+(?P<times>\S+\s+\S+\s+\S+\s+\S+)"
)
_CLIP_NAME = re.compile(r"\*\s*(FROM|TO) CLIP NAME:\s*(.*)")
_JOIN = re.compile(r"\*\s*JOIN:\s*(\d{1,4})")
_LOCATOR = re.compile(r"\*\s*LOC:\s*(\S+)\s+\S+\s*(.*)")
_RATE = re.compile(r"\*\s*SOURCE RATE:\s*(\S+)\s+(\d{1,6}(?:/\d{1,4})?)")
_SPEED = re.compile(r"M2\s+(\S+)\s+(-?\d{1,4}(?:\.\d{1,4})?)\s+(\S+)")
_LEFT_ASIDE = ("SPLIT:", "AUD ", "FINAL CUT PRO REEL:", ">>>", "GPI ")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1."""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line.strip()


@dataclass(slots=True)
class Row:
    """An event's line that shows something, and what stands with it."""

    line: int
    reel: str
    tracks: tuple[str, ...]
    wipe: bool
    duration: int
    """Frames of its transition; 0 is a cut."""
    source: FrameRange
    record: FrameRange
    conform: Fraction
    """Source frames that last as long as a record frame."""
    empty: bool = False
    """Whether its source is without a frame, as only a still's may be; `source` then has one."""
    pace: Fraction | None = None
    """See `Edit`."""
    before: tuple[str, int] | None = None
    """Of a transition: the reel that it comes from, and that reel's frame at its beginning."""
    names: dict[str, str] = field(default_factory=dict)
    join: int | None = None


@dataclass
class Group:
    """The lines of one event number."""

    number: str
    rows: list[Row] = field(default_factory=list)
    outgoing: tuple[str, int, int] | None = None
    """Reel, source frame and record frame of a line without length."""
    names: dict[str, str] = field(default_factory=dict)
    join: int | None = None
    speeds: list[tuple[int, str, Fraction]] = field(default_factory=list)
    """Line, reel and frames per second of each M2."""


class Lines:
    """Takes line after line."""

    def __init__(self, rate: Fraction, rates: Mapping[str, Fraction]) -> None:
        self.rate, self.title, self.drop = rate, "", False
        self.rates = dict(rates)
        self.groups: list[Group] = []
        self.locators: list[tuple[int, str]] = []
        self.remarks: list[str] = []
        self.count = 0

    def take(self, line: str, number: int) -> None:
        """Take the next line.

        Raises:
            TimelineError: It is no part of an EDL, or tells what is not read.
        """
        if line.startswith("TITLE:"):
            self.title = line.removeprefix("TITLE:").strip()
        elif line.startswith("FCM:"):
            self.drop = _drop_frame(line, number, self.rate)
        elif line[0].isdigit():
            self._event(line, number)
        elif line.startswith("*"):
            self._comment(line, number)
        elif line.startswith("M2"):
            self._speed(line, number)
        elif line.startswith(_LEFT_ASIDE):
            self.remarks.append(f"line {number} is left aside: {line[:60]!r}")
        else:
            raise TimelineError(f"line {number}: not a part of an EDL: {line[:60]!r}")

    def _comment(self, line: str, number: int) -> None:
        if named := _CLIP_NAME.fullmatch(line):
            if self.groups:
                self.groups[-1].names.setdefault(named[1], named[2])
        elif told := _JOIN.fullmatch(line):
            if self.groups:
                self.groups[-1].join = int(told[1])
        elif told := _LOCATOR.fullmatch(line):
            self.locators.append((self._frame(told[1], number, self.rate), printable(told[2])))
        elif told := _RATE.fullmatch(line):
            over = told[2].partition("/")[2]
            rate = Fraction(told[2]) if over.strip("0") or not over else Fraction(0)
            if not 1 <= rate <= 100:
                raise TimelineError(f"line {number}: {told[2]} frames per second are no rate")
            self.rates[told[1]] = rate

    def _speed(self, line: str, number: int) -> None:
        told = _SPEED.fullmatch(line)
        if told is None or not self.groups:
            raise TimelineError(f"line {number}: not a speed of an event: {line[:60]!r}")
        self.groups[-1].speeds.append((number, told[1], Fraction(told[2])))

    def _event(self, line: str, number: int) -> None:
        found = _EVENT.fullmatch(line)
        if found is None:
            raise TimelineError(f"line {number}: not an event: {line[:80]!r}")
        kind, duration = found["edit"], int(found["duration"] or 0)
        wipe = re.fullmatch(r"W\d{3}", kind) is not None
        if (kind == "C") != (duration == 0) or (kind not in ("C", "D") and not wipe):
            told = f"{kind} of {duration} frames" if found["duration"] else kind
            raise TimelineError(
                f"line {number}: cuts, and dissolves and wipes with their frames are read, not "
                f"{told!r}"
            )
        if found["channels"] not in _TRACKS:
            raise TimelineError(f"line {number}: no such channels: {found['channels']!r}")
        times = found["times"].split()
        own_rate = self.rates.get(found["reel"], self.rate)
        frames = [self._frame(time, number, own_rate) for time in times[:2]]
        frames += [self._frame(time, number, self.rate) for time in times[2:]]
        marks = [";" in time for time in times]
        if marks[0] != marks[1] or marks[2] != self.drop or marks[3] != self.drop:
            raise TimelineError(f"line {number}: drop-frame and non-drop timecodes are mixed")
        if not self.groups or self.groups[-1].number != found["number"]:
            self.groups.append(Group(found["number"]))
        group = self.groups[-1]
        if kind == "C" and frames[0] == frames[1] and frames[2] == frames[3]:
            group.outgoing = (found["reel"], frames[0], frames[2])
            return
        empty = frames[0] == frames[1]
        end = frames[0] + 1 if empty else frames[1]
        source = _range(frames[0], end, day_frames(own_rate, drop=marks[0]), number)
        record = _range(frames[2], frames[3], day_frames(self.rate, drop=self.drop), number)
        told = _TRACKS[found["channels"]], wipe, duration, source, record
        row = Row(number, found["reel"], *told, own_rate / self.rate, empty)
        if duration > record.frames:
            raise TimelineError(
                f"line {number}: a transition of {duration} frames in an event of {record.frames}"
            )
        if group.outgoing and duration:
            if group.outgoing[2] != record.start:
                raise TimelineError(
                    f"line {number}: the event does not begin where the line before it says that "
                    "the transition does"
                )
            row.before = group.outgoing[:2]
        group.rows.append(row)
        self.count += 1
        if self.count > _MAX_EVENTS:
            raise TimelineError(
                f"line {number}: more than {_MAX_EVENTS:,} events; no more are read"
            )

    def _frame(self, text: str, number: int, rate: Fraction) -> int:
        try:
            return timecode_to_frame(text, rate)
        except ValueError as error:
            raise TimelineError(f"line {number}: {error}") from None

    def rows(self) -> list[Row]:
        """All that show something, with the names and speeds of their events."""
        rows = []
        for group in self.groups:
            if not group.rows and group.outgoing:
                raise TimelineError(f"event {group.number}: an event without a frame")
            for row in group.rows:
                row.names, row.join = group.names, group.join
                self._set_speed(row, group)
                rows.append(row)
        return rows

    def _set_speed(self, row: Row, group: Group) -> None:
        """The source frames of a row: as it says, or as its M2 does where that says otherwise."""
        told = [fps for _, reel, fps in group.speeds if reel in (row.reel, "AX")]
        frames, lasts = row.source.frames, row.record.frames
        if row.reel == BLACK:
            return
        if told and told[-1] == 0:
            first = row.source.start
            row.source, row.pace = FrameRange(first, first + 1), Fraction(0)
            return
        if row.empty:
            raise TimelineError(f"line {row.line}: an event without a frame")
        other = row.conform != 1
        own_speed = other and bool(told) and abs(told[-1] - row.conform * self.rate) <= _ROUNDED
        plain = taken(row.source.start, lasts, row.conform)
        fits = abs(plain.frames - frames) <= other  # where rates differ both ends are rounded
        if fits and (own_speed or not told):
            row.source = plain
        elif told:
            self._at_speed(row, told[-1])
        else:
            raise TimelineError(
                f"line {row.line}: {frames} frames of source in {lasts} of record, and no M2 line "
                "tells the speed"
            )

    def _at_speed(self, row: Row, fps: Fraction) -> None:
        """At the frames of source in a second of record that an M2 line tells."""
        frames, lasts = row.source.frames, row.record.frames
        asked = lasts * abs(fps) / self.rate
        near = 1 + lasts * _ROUNDED / nominal_rate(self.rate)
        if abs(asked - frames) > near:
            if frames != lasts:
                raise TimelineError(
                    f"line {row.line}: {frames} frames of source in {lasts} of record, and the M2 "
                    f"line says {float(fps):g} frames a second"
                )
            frames = max(1, round(asked))
            self.remarks.append(
                f"line {row.line}: the event names {row.source.frames} frames of source and its M2 "
                f"line asks for {frames}; the M2 line counts"
            )
            row.source = FrameRange(row.source.start, row.source.start + frames)
        if row.conform != 1 or fps < 0:
            row.pace = Fraction(frames, lasts) * (1 if fps > 0 else -1)


def _drop_frame(line: str, number: int, rate: Fraction) -> bool:
    mode = line.removeprefix("FCM:").strip()
    if mode not in ("DROP FRAME", "NON-DROP FRAME"):
        raise TimelineError(f"line {number}: FCM is DROP FRAME or NON-DROP FRAME, not {mode!r}")
    drop = mode == "DROP FRAME"
    if drop and not supports_drop_frame(rate):
        raise TimelineError(
            f"line {number}: there is no drop-frame at {float(rate):.3f} frames per second"
        )
    return drop


def _range(start: int, end: int, day: int, number: int) -> FrameRange:
    """From in to out, past midnight if out is not after in."""
    if start == end:
        raise TimelineError(f"line {number}: an event without a frame")
    return FrameRange(start, end if end > start else end + day)
