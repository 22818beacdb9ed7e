"""A strict reader of CMX3600 EDLs that shares nothing with the writer but time.

Reads cuts, dissolves, constant speeds, backwards too, and stills of picture and sound, in any order
of events. A wipe is read as a dissolve and told; keys are refused by line.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.conform import frame_of_rounded, taken
from editing.interchange.edl_events import BLACK, Lines, Row, lines_of
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.sequence import Marker, day_frames
from ingest.timecode import FrameRange, supports_drop_frame

_MAX_CHARACTERS = 16_000_000


def read_edl(
    text: str, rate: Fraction, rates: Mapping[str, Fraction] | None = None
) -> ReadSequence:
    """Read an EDL.

    Args:
        text: The whole file.
        rate: Frames per second, which the format does not tell.
        rates: Of reels whose timecode counts at another rate; a comment SOURCE RATE in the list
            counts more.

    Raises:
        TimelineError: It is not such an EDL; names the line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an EDL of {len(text):,} characters is too long to be one")
    found = Lines(rate, rates or {})
    for number, line in lines_of(text):
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


class _Chain:
    """Puts the events of one track together, in record order."""

    def __init__(self, track: str, lines: Lines, remarks: list[str]) -> None:
        self.track, self.lines, self.remarks = track, lines, remarks
        self.edits: list[Edit] = []
        self.last = 0
        """The line of the last event."""
        self.end = 0
        self.fade: tuple[int, int] | None = None
        """Frames of a fade to black whose end is at a record frame, until it is known what for."""

    def add(self, row: Row) -> None:
        if row.record.start < self.end:
            raise TimelineError(
                f"line {row.line}: the event overlaps that of line {self.last} by "
                f"{self.end - row.record.start} frames on {self.track}"
            )
        if row.duration:
            self._transition(row)
        elif row.reel != BLACK:
            fade = self._take_fade(row.record.start)
            self._append(row, Transition("dip", fade, 0) if fade else None)
        self.last, self.end = row.line, row.record.end

    def finish(self) -> list[Edit]:
        self._take_fade(-1)
        return self.edits

    def _transition(self, row: Row) -> None:
        if row.wipe:
            self.remarks.append(f"line {row.line}: a wipe is read as a dissolve")
        out = row.before[0] if row.before else None
        if row.reel == BLACK:
            self._run_on(row, row.duration)
            self.fade = (row.duration, row.record.start + row.duration)
        elif out == BLACK or (out is None and not self._adjoins(row)):
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

    def _adjoins(self, row: Row) -> bool:
        return bool(self.edits) and self.edits[-1].record.end == row.record.start

    def _run_on(self, row: Row, frames: int) -> None:
        """Lengthen what a transition comes from up to its join."""
        last = self.edits[-1] if self._adjoins(row) else None
        if last and row.before and not self._goes_on(last, *row.before):
            last = None
        if last:
            source, record = _grown(last, last.record.frames + frames, row.line), last.record
            record = FrameRange(record.start, record.end + frames)
            self.edits[-1] = replace(last, source=source, record=record)
        elif row.before and frames:
            reel, first = row.before
            name = row.names.get("FROM") or reel
            record = FrameRange(row.record.start, row.record.start + frames)
            fade = self._take_fade(record.start)
            into = Transition("dip", fade, 0) if fade else None
            conform = self.lines.rates.get(reel, self.lines.rate) / self.lines.rate
            source = taken(first, frames, conform)
            edit = Edit(self.track, name, source, record, into, reel=reel, conform=conform)
            self.edits.append(edit)
        else:
            raise TimelineError(f"line {row.line}: a transition from nothing that is before it")

    def _goes_on(self, last: Edit, reel: str, frame: int) -> bool:
        """Whether a transition comes from where the edit before it ends."""
        if last.step <= 0 or reel != last.reel:
            return reel == last.reel
        rate = self.lines.rates.get(reel, self.lines.rate)
        day = day_frames(rate, drop=self.lines.drop and supports_drop_frame(rate))
        apart = (last.source.end - frame) % day
        return min(apart, day - apart) <= (last.conform != 1)

    def _append(self, row: Row, transition: Transition | None, before: int = 0) -> None:
        mixed = bool(row.duration)
        name = (row.names.get("TO") if mixed else row.names.get("FROM")) or row.reel
        told = (None, None, row.reel, "", row.conform, row.pace)
        whole = Edit(self.track, name, row.source, row.record, *told)
        try:
            record = FrameRange(row.record.start + before, row.record.end)
            source = _behind(whole, before)
        except ValueError:
            raise TimelineError(
                f"line {row.line}: the transition leaves nothing of its event"
            ) from None
        self.edits.append(replace(whole, source=source, record=record, transition=transition))

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


def _behind(edit: Edit, before: int) -> FrameRange:
    """The source frames of an edit without its first `before` record frames."""
    start, end = edit.source.start, edit.source.end
    if edit.pace is None and edit.conform != 1:
        first = frame_of_rounded(start + before * edit.conform) if before else start
        return taken(first, edit.record.frames - before, edit.conform)
    more = round(before * abs(edit.step))
    if edit.step == 0:
        return edit.source
    return FrameRange(start + more, end) if edit.step > 0 else FrameRange(start, end - more)


def _grown(edit: Edit, frames: int, line: int) -> FrameRange:
    """The source frames of an edit that lasts `frames` record frames."""
    start, end = edit.source.start, edit.source.end
    if edit.pace is None and edit.conform != 1:
        return taken(start, frames, edit.conform)
    more = round((frames - edit.record.frames) * abs(edit.step))
    if edit.step >= 0:
        return FrameRange(start, end + more)
    if more > start:
        raise TimelineError(f"line {line}: a clip that plays backwards has no frames left before 0")
    return FrameRange(start - more, end)


def _moved(frames: FrameRange, by: int) -> FrameRange:
    return FrameRange(frames.start + by, frames.end + by)
