"""CMX3600 edit decision lists: a writer, and a strict reader that shares nothing with it but time.

The format holds cuts of one video and two audio tracks, reels of 8 characters and 999 events;
it does not hold the frame rate, paths, scores or reasons.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from editing.errors import TimelineError
from editing.interchange.sequence import Edit, ReadSequence, Sequence, day_frames
from ingest.timecode import FrameRange, nominal_rate, supports_drop_frame, timecode_to_frame

MAX_EVENTS = 999
_MAX_CHARACTERS = 16_000_000
_TRACKS = {
    "V": ("V1",),
    "A": ("A1",),
    "A2": ("A2",),
    "AA": ("A1", "A2"),
    "B": ("V1", "A1"),
    "A2/V": ("V1", "A2"),
    "AA/V": ("V1", "A1", "A2"),
}
_EVENT = re.compile(
    r"(?P<number>\d{3,6})\s+(?P<reel>\S{1,32})\s+(?P<channels>\S+)\s+(?P<edit>\S+)"
    r"(?:\s+(?P<duration>\d{1,4}))?"
    r"\s+(?P<times>\S+\s+\S+\s+\S+\s+\S+)"
)
_CLIP_NAME = re.compile(r"\*\s*FROM CLIP NAME:\s*(.*)")


def write_edl(sequence: Sequence) -> str:
    """A sequence as a CMX3600 EDL.

    Raises:
        TimelineError: It has more than 999 events, or a rate whose frames take three digits.
    """
    if len(sequence.events) > MAX_EVENTS:
        raise TimelineError(
            f"an EDL holds {MAX_EVENTS} events and the cut has {len(sequence.events):,}; "
            "export it with --to otio"
        )
    if nominal_rate(sequence.rate) > 100:
        raise TimelineError(
            f"an EDL has two digits for frames and the cut runs at {float(sequence.rate):g} a "
            "second; export it with --to otio"
        )
    lines = [f"TITLE: {sequence.name}", f"FCM: {'DROP' if sequence.drop else 'NON-DROP'} FRAME", ""]
    for number, event in enumerate(sequence.events, start=1):
        channels = {0: "V", 1: "B"}.get(event.file.channels, "AA/V")
        times = (
            event.file.timecode(event.source.start),
            event.file.timecode(event.source.end),
            sequence.timecode(event.record.start),
            sequence.timecode(event.record.end),
        )
        lines.append(f"{number:03d}  {event.file.reel:<8} {channels:<5} C        {' '.join(times)}")
        lines.append(f"* FROM CLIP NAME: {event.file.name}")
    return "\r\n".join(lines) + "\r\n"


def read_edl(text: str, rate: Fraction) -> ReadSequence:
    """Read an EDL of cuts.

    Args:
        text: The whole file.
        rate: Frames per second, which the format does not tell.

    Raises:
        TimelineError: It is not such an EDL; names the line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an EDL of {len(text):,} characters is no EDL of {MAX_EVENTS} events")
    title, drop, edits = "", False, list[Edit]()
    fresh: list[Edit] = []  # of the last event, until its clip's name is known
    for number, line in _lines(text):
        if line.startswith("TITLE:"):
            title = line.removeprefix("TITLE:").strip()
        elif line.startswith("FCM:"):
            drop = _drop_frame(line, number, rate)
        elif named := _CLIP_NAME.fullmatch(line):
            edits += [Edit(e.track, named[1], e.source, e.record) for e in fresh]
            fresh = []
        elif line[0].isdigit():
            edits += fresh
            fresh = _read_event(line, number, rate, drop)
        elif not line.startswith("*"):
            raise TimelineError(f"line {number}: not a part of an EDL of cuts: {line[:60]!r}")
    edits += fresh
    if not edits:
        raise TimelineError("the EDL holds no event")
    start = min(edit.record.start for edit in edits)
    placed = tuple(
        Edit(e.track, e.name, e.source, FrameRange(e.record.start - start, e.record.end - start))
        for e in edits
    )
    return ReadSequence(title, rate, drop, start, placed)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line.strip()


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


def _read_event(line: str, number: int, rate: Fraction, drop: bool) -> list[Edit]:
    found = _EVENT.fullmatch(line)
    if found is None:
        raise TimelineError(f"line {number}: not an event: {line[:80]!r}")
    if found["edit"] != "C" or found["duration"]:
        raise TimelineError(f"line {number}: only cuts are read, not {found['edit']!r}")
    if found["channels"] not in _TRACKS:
        raise TimelineError(f"line {number}: no such channels: {found['channels']!r}")
    try:
        times = [timecode_to_frame(time, rate) for time in found["times"].split()]
    except ValueError as error:
        raise TimelineError(f"line {number}: {error}") from None
    marks = [";" in time for time in found["times"].split()]
    if marks[0] != marks[1] or marks[2] != drop or marks[3] != drop:
        raise TimelineError(f"line {number}: drop-frame and non-drop timecodes are mixed")
    source = _range(times[0], times[1], day_frames(rate, drop=marks[0]), number)
    record = _range(times[2], times[3], day_frames(rate, drop=drop), number)
    if source.frames != record.frames:
        raise TimelineError(
            f"line {number}: {source.frames} frames of source in {record.frames} of record; "
            "changes of speed are not read"
        )
    return [Edit(t, found["reel"], source, record) for t in _TRACKS[found["channels"]]]


def _range(start: int, end: int, day: int, number: int) -> FrameRange:
    """From in to out, past midnight if out is not after in."""
    if start == end:
        raise TimelineError(f"line {number}: an event without a frame")
    return FrameRange(start, end if end > start else end + day)
