"""CMX3600 edit decision lists: the writer.

The format holds events of one video and two audio tracks, dissolves, constant speeds (M2), reels of
8 characters and 999 events; it does not hold the frame rate, paths, levels, scores or reasons.

The source timecode of a file of another rate counts at that rate, and an M2 line says how many of
its frames pass in a second: M2 tells frames for the list's own rate (DVS Clipster user guide,
appendix A). A comment `* SOURCE RATE: CAM_B 24000/1001` says how to count them.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame
from editing.interchange.sequence import Event, Heard, Sequence, SourceFile
from ingest.timecode import frame_to_timecode, nominal_rate

MAX_EVENTS = 999
MAX_TRANSITION = 999
_BLACK = "BL"


def write_edl(sequence: Sequence) -> str:
    """A sequence as a CMX3600 EDL.

    Sound that is cut with its picture is in one event with it, split sound in one of its own. A
    comment `* JOIN: 012` tells how many frames of a dissolve lie before the join.

    Raises:
        TimelineError: It takes more than 999 events, or a transition or the frames of a second
            more digits than there are.
    """
    others = [file for file in sequence.files if file.rate != sequence.rate]
    for what, rate in [("the cut", sequence.rate), *((file.name, file.rate) for file in others)]:
        if nominal_rate(rate) > 100:
            raise TimelineError(
                f"an EDL has two digits for frames and {what} runs at {float(rate):g} a second; "
                "export the cut with --to otio"
            )
    _check_reels(sequence)
    lines = _Lines(sequence)
    lines.write_black(min(_first_frame(event) for event in sequence.events))
    for number, event in enumerate(sequence.events):
        lines.write_picture(number)
        if event.sound is not None and not lines.sound_is_with_picture(number):
            lines.write_sound(event, event.sound)
        lines.write_markers(number)
    if lines.number > MAX_EVENTS:
        raise TimelineError(
            f"an EDL holds {MAX_EVENTS} events and the cut takes {lines.number:,}; "
            "export it with --to otio"
        )
    mode = "DROP" if sequence.drop else "NON-DROP"
    rates = [f"* SOURCE RATE: {file.reel} {file.rate}" for file in others]
    head = [f"TITLE: {sequence.name}", f"FCM: {mode} FRAME", *rates, ""]
    return "\r\n".join([*head, *lines.text]) + "\r\n"


def _check_reels(sequence: Sequence) -> None:
    """Refuse two films of one reel that count at different rates: a reel's rate is told once."""
    rates: dict[str, SourceFile] = {}
    for file in sequence.files:
        first = rates.setdefault(file.reel, file)
        if (first.rate, first.drop) != (file.rate, file.drop):
            raise TimelineError(
                f"{first.name} and {file.name} are both of reel {file.reel} and count timecode "
                "otherwise, which an EDL cannot tell; export the cut with --to otio"
            )


@dataclass
class _Lines:
    """Writes event after event."""

    sequence: Sequence
    number: int = 0
    """Of the last event."""
    text: list[str] = field(default_factory=list)

    def write_black(self, frames: int) -> None:
        """Black before the first event, without which the list would begin with that."""
        if frames:
            code, rate = self.sequence.timecode, self.sequence.rate
            times = [frame_to_timecode(n, rate, drop=self.sequence.drop) for n in (0, frames)]
            self.number += 1
            self._line(_BLACK, "V", "C", *times, code(0), code(frames))

    def sound_is_with_picture(self, number: int) -> bool:
        """Whether one event holds both: same frames, and no transition at either end."""
        events = self.sequence.events
        following = events[number + 1].transition if number + 1 < len(events) else None
        return events[number].in_step and not events[number].transition and not following

    def write_picture(self, number: int) -> None:
        event, own = self.sequence.events[number], self._own(number)
        transition = event.transition
        if transition is None:
            channels = "V"
            if self.sound_is_with_picture(number):
                channels = "B" if event.file.channels == 1 else "AA/V"
            if own.frames:  # none where a transition takes all of it
                self._event(event, channels, own)
        elif transition.kind == "dissolve":
            self._mix(number, own, transition)
        else:
            self._dip(number, own, transition)

    def _own(self, number: int) -> "_Frames":
        """What an event's line names: from where it begins to show to where the next one does."""
        events = self.sequence.events
        source, record = self.sequence.shown(number)
        out = events[number + 1].transition if number + 1 < len(events) else None
        cut = 0
        if out is not None:
            cut = out.frames if out.kind == "dissolve" else out.before
        event = events[number]
        if event.conform == 1:
            end = source.end - int(cut * event.step)
        else:
            end = nearest_frame(event.source_at(record.end - cut))
            end = max(end, source.start + (record.frames > cut))
        return _Frames(source.start, end, record.start, record.end - cut)

    def _dip(self, number: int, own: "_Frames", transition: Transition) -> None:
        """To black up to the join, and from black after it: two dissolves, with reel BL."""
        rate, drop = self.sequence.rate, self.sequence.drop
        event = self.sequence.events[number]
        zero = frame_to_timecode(0, rate, drop=drop)
        join = self.sequence.timecode(event.record.start)
        if transition.before:
            before = self.sequence.events[number - 1]
            black = frame_to_timecode(transition.before, rate, drop=drop)
            begins = self._from(number - 1)
            edit = f"D    {_duration(transition.before)}"
            self._line(_BLACK, "V", edit, zero, black, begins, join)
            self.text.append(f"* FROM CLIP NAME: {before.file.name}")
        if transition.after:
            self.number += 1
            self._line(_BLACK, "V", "C", zero, zero, join, join)
            self._times(event, "V", f"D    {_duration(transition.after)}", own)
            self.text.append(f"* TO CLIP NAME: {event.file.name}")
        elif own.frames:
            self._event(event, "V", own)

    def _mix(self, number: int, own: "_Frames", transition: Transition) -> None:
        event, before = self.sequence.events[number], self.sequence.events[number - 1]
        self._from(number - 1)
        self._times(event, "V", f"D    {_duration(transition.frames)}", own)
        self.text.append(f"* FROM CLIP NAME: {before.file.name}")
        self.text.append(f"* TO CLIP NAME: {event.file.name}")
        self.text.append(f"* JOIN: {transition.before:03d}")

    def _from(self, number: int) -> str:
        """The first line of a transition: where event `number` is when it begins; when that is."""
        event, own = self.sequence.events[number], self._own(number)
        out, begins = event.file.timecode(own.end), self.sequence.timecode(own.record_end)
        self.number += 1
        self._line(event.file.reel, "V", "C", out, out, begins, begins)
        return begins

    def write_sound(self, event: Event, sound: Heard) -> None:
        channels = "A" if event.file.channels == 1 else "AA"
        source, record = sound.source, sound.record
        self._event(event, channels, _Frames(source.start, source.end, record.start, record.end))

    def write_markers(self, number: int) -> None:
        """Those up to the next event."""
        events = self.sequence.events
        first = events[number].record.start if number else 0
        after = events[number + 1].record.start if number + 1 < len(events) else None
        for marker in self.sequence.markers:
            if marker.frame >= first and (after is None or marker.frame < after):
                code = self.sequence.timecode(marker.frame)
                self.text.append(f"* LOC: {code} YELLOW  {marker.text}")

    def _event(self, event: Event, channels: str, own: "_Frames") -> None:
        self.number += 1
        self._times(event, channels, "C", own)
        self.text.append(f"* FROM CLIP NAME: {event.file.name}")

    def _times(self, event: Event, channels: str, edit: str, own: "_Frames") -> None:
        file, code = event.file, self.sequence.timecode
        source = file.timecode(own.start), file.timecode(own.end)
        record = code(own.record_start), code(own.record_end)
        self._line(file.reel, channels, edit, *source, *record)
        step = event.step if event.conform != 1 else Fraction(own.end - own.start, own.frames)
        if step != 1:
            fps = float(step * self.sequence.rate)
            self.text.append(f"M2   {file.reel:<8} {fps:05.1f}                {source[0]}")

    def _line(self, reel: str, channels: str, edit: str, *times: str) -> None:
        self.text.append(f"{self.number:03d}  {reel:<8} {channels:<5} {edit:<8} {' '.join(times)}")


@dataclass(frozen=True, slots=True)
class _Frames:
    """What a line names; `frames` may be 0."""

    start: int
    end: int
    record_start: int
    record_end: int

    @property
    def frames(self) -> int:
        return self.record_end - self.record_start


def _first_frame(event: Event) -> int:
    """Where an event begins to be seen or heard."""
    return min(event.record.start, event.sound.record.start if event.sound else event.record.start)


def _duration(frames: int) -> str:
    if frames > MAX_TRANSITION:
        raise TimelineError(
            f"a transition of {frames:,} frames is longer than the {MAX_TRANSITION} that an EDL "
            "can say; export the cut with --to otio"
        )
    return f"{frames:03d}"
