"""A strict reader of CMX3600 EDLs that shares nothing with the writer but time.

Reads cuts, dissolves and constant speeds of picture and sound, in any order of events. A wipe is
read as a dissolve and told; keys, reverse and freeze are refused by line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.sequence import Marker, day_frames, printable
from ingest.timecode import FrameRange, nominal_rate, supports_drop_frame, timecode_to_frame

_MAX_CHARACTERS = 16_000_000
_MAX_EVENTS = 100_000
_BLACK = "BL"
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
_SPEED = re.compile(r"M2\s+(\S+)\s+(-?\d{1,4}(?:\.\d{1,4})?)\s+(\S+)")
_LEFT_ASIDE = ("SPLIT:", "AUD ", "FINAL CUT PRO REEL:", ">>>", "GPI ")


def read_edl(text: str, rate: Fraction) -> ReadSequence:
    """Read an EDL.

    Args:
        text: The whole file.
        rate: Frames per second, which the format does not tell.

    Raises:
        TimelineError: It is not such an EDL; names the line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an EDL of {len(text):,} characters is too long to be one")
    found = _Lines(rate)
    for number, line in _lines(text):
        found.take(line, number)
    rows = found.rows()
    if not rows:
        raise TimelineError("the EDL holds no event")
    start = min(row.record.start for row in rows)
    remarks = list(found.remarks)
    edits: list[Edit] = []
    for track in dict.fromkeys(track for row in rows for track in row.tracks):
        chain = _Chain(track, found, remarks)
        for row in sorted((r for r in rows if track in r.tracks), key=lambda r: r.record.start):
            chain.add(row)
        edits += chain.finish()
    if not edits:
        raise TimelineError("the EDL holds nothing but black")
    placed = tuple(replace(e, record=_moved(e.record, -start)) for e in edits)
    markers = tuple(sorted(Marker(frame - start, text) for frame, text in found.locators))
    return ReadSequence(
        found.title, rate, found.drop, start, placed, markers, tuple(remarks), "edl"
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line.strip()


@dataclass(slots=True)
class _Row:
    """An event's line that shows something, and what stands with it."""

    line: int
    reel: str
    tracks: tuple[str, ...]
    wipe: bool
    duration: int
    """Frames of its transition; 0 is a cut."""
    source: FrameRange
    record: FrameRange
    before: tuple[str, int] | None = None
    """Of a transition: the reel that it comes from, and that reel's frame at its beginning."""
    names: dict[str, str] = field(default_factory=dict)
    join: int | None = None


@dataclass
class _Group:
    """The lines of one event number."""

    number: str
    rows: list[_Row] = field(default_factory=list)
    outgoing: tuple[str, int, int] | None = None
    """Reel, source frame and record frame of a line without length."""
    names: dict[str, str] = field(default_factory=dict)
    join: int | None = None
    speeds: list[tuple[int, str, Fraction]] = field(default_factory=list)
    """Line, reel and frames per second of each M2."""


class _Lines:
    """Takes line after line."""

    def __init__(self, rate: Fraction) -> None:
        self.rate, self.title, self.drop = rate, "", False
        self.groups: list[_Group] = []
        self.locators: list[tuple[int, str]] = []
        self.remarks: list[str] = []
        self.count = 0

    def take(self, line: str, number: int) -> None:
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
            self.locators.append((self._frame(told[1], number), printable(told[2])))

    def _speed(self, line: str, number: int) -> None:
        told = _SPEED.fullmatch(line)
        if told is None or not self.groups:
            raise TimelineError(f"line {number}: not a speed of an event: {line[:60]!r}")
        fps = Fraction(told[2])
        if fps <= 0:
            how = "stands still" if fps == 0 else "plays backwards"
            raise TimelineError(f"line {number}: a clip that {how} is not read")
        self.groups[-1].speeds.append((number, told[1], fps))

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
        frames = [self._frame(time, number) for time in times]
        marks = [";" in time for time in times]
        if marks[0] != marks[1] or marks[2] != self.drop or marks[3] != self.drop:
            raise TimelineError(f"line {number}: drop-frame and non-drop timecodes are mixed")
        if not self.groups or self.groups[-1].number != found["number"]:
            self.groups.append(_Group(found["number"]))
        group = self.groups[-1]
        if kind == "C" and frames[0] == frames[1] and frames[2] == frames[3]:
            group.outgoing = (found["reel"], frames[0], frames[2])
            return
        source = _range(frames[0], frames[1], day_frames(self.rate, drop=marks[0]), number)
        record = _range(frames[2], frames[3], day_frames(self.rate, drop=self.drop), number)
        tracks = _TRACKS[found["channels"]]
        row = _Row(number, found["reel"], tracks, wipe, duration, source, record)
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

    def _frame(self, text: str, number: int) -> int:
        try:
            return timecode_to_frame(text, self.rate)
        except ValueError as error:
            raise TimelineError(f"line {number}: {error}") from None

    def rows(self) -> list[_Row]:
        """All that show something, with the names and speeds of their events."""
        rows = []
        for group in self.groups:
            if not group.rows and group.outgoing:
                raise TimelineError(f"event {group.number}: an event without a frame")
            for row in group.rows:
                row.names, row.join = group.names, group.join
                row.source = self._at_speed(row, group)
                rows.append(row)
        return rows

    def _at_speed(self, row: _Row, group: _Group) -> FrameRange:
        """The source frames of a row: as it says, or as its M2 does where that says otherwise."""
        told = [fps for _, reel, fps in group.speeds if reel in (row.reel, "AX")]
        if row.reel == _BLACK:
            return row.source
        if not told:
            if row.source.frames != row.record.frames:
                raise TimelineError(
                    f"line {row.line}: {row.source.frames} frames of source in "
                    f"{row.record.frames} of record, and no M2 line tells the speed"
                )
            return row.source
        asked = row.record.frames * told[-1] / self.rate
        near = 1 + row.record.frames * Fraction(1, 10) / nominal_rate(self.rate)
        if abs(asked - row.source.frames) <= near:
            return row.source
        if row.source.frames != row.record.frames:
            raise TimelineError(
                f"line {row.line}: {row.source.frames} frames of source in {row.record.frames} of "
                f"record, and the M2 line says {float(told[-1]):g} frames a second"
            )
        frames = max(1, round(asked))
        self.remarks.append(
            f"line {row.line}: the event names {row.source.frames} frames of source and its M2 "
            f"line asks for {frames}; the M2 line counts"
        )
        return FrameRange(row.source.start, row.source.start + frames)


class _Chain:
    """Puts the events of one track together, in record order."""

    def __init__(self, track: str, lines: _Lines, remarks: list[str]) -> None:
        self.track, self.lines, self.remarks = track, lines, remarks
        self.edits: list[Edit] = []
        self.last = 0
        """The line of the last event."""
        self.end = 0
        self.fade: tuple[int, int] | None = None
        """Frames of a fade to black whose end is at a record frame, until it is known what for."""

    def add(self, row: _Row) -> None:
        if row.record.start < self.end:
            raise TimelineError(
                f"line {row.line}: the event overlaps that of line {self.last} by "
                f"{self.end - row.record.start} frames on {self.track}"
            )
        if row.duration:
            self._transition(row)
        elif row.reel != _BLACK:
            fade = self._take_fade(row.record.start)
            self._append(row, Transition("dip", fade, 0) if fade else None)
        self.last, self.end = row.line, row.record.end

    def finish(self) -> list[Edit]:
        self._take_fade(-1)
        return self.edits

    def _transition(self, row: _Row) -> None:
        if row.wipe:
            self.remarks.append(f"line {row.line}: a wipe is read as a dissolve")
        out = row.before[0] if row.before else None
        if row.reel == _BLACK:
            self._run_on(row, row.duration)
            self.fade = (row.duration, row.record.start + row.duration)
        elif out == _BLACK or (out is None and not self._adjoins(row)):
            fade = self._take_fade(row.record.start)
            self._append(row, Transition("dip", fade, row.duration))
        else:
            before = row.duration // 2 if row.join is None else row.join
            if before > row.duration:
                raise TimelineError(
                    f"line {row.line}: a JOIN of {before} in a dissolve of {row.duration} frames"
                )
            self._run_on(row, before)
            self._append(row, Transition("dissolve", before, row.duration - before), before)

    def _adjoins(self, row: _Row) -> bool:
        return bool(self.edits) and self.edits[-1].record.end == row.record.start

    def _run_on(self, row: _Row, frames: int) -> None:
        """Lengthen what a transition comes from up to its join."""
        last = self.edits[-1] if self._adjoins(row) else None
        if last and row.before:
            day = day_frames(self.lines.rate, drop=self.lines.drop)
            goes_on = (last.source.end - row.before[1]) % day == 0
            last = last if goes_on and row.before[0] == last.reel else None
        if last:
            more = round(frames * last.speed)
            self.edits[-1] = replace(
                last,
                source=FrameRange(last.source.start, last.source.end + more),
                record=FrameRange(last.record.start, last.record.end + frames),
            )
        elif row.before and frames:
            reel, first = row.before
            name = row.names.get("FROM") or reel
            record = FrameRange(row.record.start, row.record.start + frames)
            fade = self._take_fade(record.start)
            into = Transition("dip", fade, 0) if fade else None
            source = FrameRange(first, first + frames)
            self.edits.append(Edit(self.track, name, source, record, into, reel=reel))
        else:
            raise TimelineError(f"line {row.line}: a transition from nothing that is before it")

    def _append(self, row: _Row, transition: Transition | None, before: int = 0) -> None:
        mixed = bool(row.duration)
        name = (row.names.get("TO") if mixed else row.names.get("FROM")) or row.reel
        more = round(before * Fraction(row.source.frames, row.record.frames))
        try:
            source = FrameRange(row.source.start + more, row.source.end)
            record = FrameRange(row.record.start + before, row.record.end)
        except ValueError:
            raise TimelineError(
                f"line {row.line}: the transition leaves nothing of its event"
            ) from None
        self.edits.append(Edit(self.track, name, source, record, transition, reel=row.reel))

    def _take_fade(self, join: int) -> int:
        """Frames of the fade to black that ends at a join; one that ends elsewhere is told."""
        fade, self.fade = self.fade, None
        if fade is None:
            return 0
        if fade[1] != join:
            self.remarks.append(
                f"{self.track}: the edit of {self.edits[-1].name!r} fades to black over its last "
                f"{fade[0]} frames, which is not kept"
            )
            return 0
        return fade[0]


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


def _moved(frames: FrameRange, by: int) -> FrameRange:
    return FrameRange(frames.start + by, frames.end + by)
