"""Avid Log Exchange: a log of the source ranges of a cut, for Avid bins; a writer, a strict reader.

As the Avid Log Specifications in Avid's user guides say: global headings, columns and rows, parted
by tabs; End is the first frame after. A log has no record times, so it holds no order of a cut.
It has one rate, FPS; a column of that name tells the rate of rows that are of another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from editing.errors import TimelineError
from editing.interchange.sequence import Event, Sequence, SourceFile, day_frames
from ingest.timecode import FrameRange, frame_to_timecode, supports_drop_frame, timecode_to_frame

MAX_SOUND_TRACKS = 4
_MAX_CHARACTERS = 16_000_000
_MAX_HEADINGS = 64
_RATES = {
    Fraction(24000, 1001): "23.976",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "29.97",
    Fraction(30): "30",
    Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
    Fraction(60): "60",
}
_VIDEO_FORMATS = {
    (1920, 1080): "1080",
    (1280, 720): "720",
    (720, 576): "PAL",
    (720, 486): "NTSC",
    (720, 480): "NTSC",
}
_AUDIO_FORMATS = {22_050: "22kHz", 24_000: "24kHz", 44_100: "44kHz", 48_000: "48kHz"}
_COLUMNS = (
    *("Name", "Tracks", "Start", "End", "Duration"),
    *("Tape", "Source File", "Drop", "Shot", "Score"),
)
_REQUIRED = ("Name", "Tracks", "Start", "End")
_TRACKS = re.compile(r"(V1?)?((?:A[1-9][0-9]?)*)")


def write_ale(sequence: Sequence) -> str:
    """The source ranges of a sequence as an ALE: each once, in order of first use.

    Raises:
        TimelineError: Its rate is none of 23.976, 24, 25, 29.97, 30, 50, 59.94 and 60.
    """
    for rate in (sequence.rate, *(file.rate for file in sequence.files)):
        if rate not in _RATES:
            raise TimelineError(
                f"an ALE has no rate of {rate} frames per second; export the cut with --to otio"
            )
    mixed = any(file.rate != sequence.rate for file in sequence.files)
    columns = (*_COLUMNS, "FPS") if mixed else _COLUMNS
    formats = {_VIDEO_FORMATS.get((f.width, f.height), "CUSTOM") for f in sequence.files}
    lines = [
        "Heading",
        "FIELD_DELIM\tTABS",
        f"VIDEO_FORMAT\t{formats.pop() if len(formats) == 1 else 'CUSTOM'}",
        f"AUDIO_FORMAT\t{_audio_format(sequence.files)}",
        f"FPS\t{_RATES[sequence.rate]}",
        *("", "Column", "\t".join(columns), "", "Data"),
    ]
    used: dict[tuple[SourceFile, FrameRange], Event] = {}
    for event in sequence.events:
        used.setdefault((event.file, event.source), event)
    for event in used.values():
        lines.append("\t".join((*_row(event), *[_RATES[event.file.rate]] * mixed)))
    return "\r\n".join(lines) + "\r\n"


def _row(event: Event) -> tuple[str, ...]:
    """The cells of `_COLUMNS`; a name is at most 32 characters, so it is the reel and the shot."""
    file, source, slot = event.file, event.source, event.slot
    sound = range(1, min(file.channels, MAX_SOUND_TRACKS) + 1)
    return (
        f"{file.reel}_{slot.shot:04d}",
        "V" + "".join(f"A{channel}" for channel in sound),
        file.timecode(source.start),
        file.timecode(source.end),
        frame_to_timecode(source.frames, file.rate, drop=file.drop),
        file.reel,
        file.name,
        "DF" if file.drop else "NDF",
        f"{slot.shot}",
        f"{slot.score:.6g}",
    )


def _audio_format(files: tuple[SourceFile, ...]) -> str:
    """The slowest rate with a name that loses nothing; 48 kHz where that is not enough."""
    fastest = max(file.sample_rate for file in files)
    enough = [rate for rate in _AUDIO_FORMATS if fastest and rate >= fastest]
    return _AUDIO_FORMATS[min(enough, default=48_000)]


@dataclass(frozen=True, slots=True)
class LogRow:
    """One clip of a log."""

    name: str
    tape: str
    """The row's, else that of the heading; may be empty."""
    tracks: tuple[str, ...]
    """`V1`, `A1`, …"""
    source: FrameRange
    """Timecode frame numbers; past midnight they go on counting."""
    rate: Fraction
    """Frames per second: the row's own, else that of the heading."""
    drop: bool
    """Whether its timecode is drop-frame."""
    cells: Mapping[str, str]
    """Every cell as it stands, by its column's name."""


@dataclass(frozen=True, slots=True)
class AvidLog:
    """An ALE as it was read."""

    rate: Fraction
    headings: Mapping[str, str]
    rows: tuple[LogRow, ...]


def read_ale(text: str) -> AvidLog:
    """Read an ALE.

    Raises:
        TimelineError: It is not such a log; names the line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an ALE of {len(text):,} characters is too long")
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    starts = [_section(lines, name) for name in ("Heading", "Column", "Data")]
    if starts != sorted(starts):
        raise TimelineError("an ALE has its Heading first, then Column, then Data")
    heading, column, data = starts
    headings = _headings(lines, heading, column)
    rate = _rate(headings["FPS"], "the heading FPS")
    columns = _columns(lines, column, data, headings)
    rows = tuple(
        _read_row(number, line.split("\t"), columns, headings, rate)
        for number, line in enumerate(lines[data + 1 :], start=data + 2)
        if line.strip()
    )
    if not rows:
        raise TimelineError("the ALE holds no clip")
    return AvidLog(rate, headings, rows)


def _section(lines: list[str], name: str) -> int:
    """The index of the line that opens a section."""
    found = next((i for i, line in enumerate(lines) if line.rstrip() == name), None)
    if found is None:
        raise TimelineError(f"not an ALE: it has no line {name}")
    return found


def _headings(lines: list[str], begin: int, end: int) -> dict[str, str]:
    headings: dict[str, str] = {}
    for number, line in enumerate(lines[begin + 1 : end], start=begin + 2):
        if not line.strip():
            continue
        name, _, value = (part.strip() for part in line.partition("\t"))
        if not value or name in headings:
            raise TimelineError(f"line {number}: not a heading and its value: {line[:60]!r}")
        headings[name] = value
    if headings.get("FIELD_DELIM") != "TABS":
        raise TimelineError("the heading FIELD_DELIM of an ALE that is read is TABS")
    if "FPS" not in headings:
        raise TimelineError("the ALE lacks the heading FPS, so its timecodes cannot be counted")
    return headings


def _columns(lines: list[str], begin: int, end: int, headings: Mapping[str, str]) -> list[str]:
    told = [(i, line) for i, line in enumerate(lines[begin + 1 : end], begin + 2) if line.strip()]
    if len(told) != 1:
        raise TimelineError(f"line {begin + 1}: Column has {len(told)} lines after it, not one")
    number, line = told[0]
    columns = [name.strip() for name in line.rstrip("\t").split("\t")]
    twice = {name for name in columns if columns.count(name) > 1 or not name}
    if len(columns) + len(headings) > _MAX_HEADINGS:
        raise TimelineError(f"line {number}: an ALE has at most {_MAX_HEADINGS} headings")
    if twice:
        raise TimelineError(f"line {number}: columns without a name of their own: {sorted(twice)}")
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise TimelineError(f"line {number}: the ALE lacks the column {missing[0]}")
    return columns


def _read_row(
    number: int,
    texts: list[str],
    columns: list[str],
    headings: Mapping[str, str],
    rate: Fraction,
) -> LogRow:
    texts = [text.strip() for text in texts]
    if any(texts[len(columns) :]):
        raise TimelineError(f"line {number}: {len(texts)} cells in {len(columns)} columns")
    texts += [""] * (len(columns) - len(texts))
    cells = dict(zip(columns, texts, strict=False))
    empty = [name for name in _REQUIRED if not cells[name]]
    if empty:
        raise TimelineError(f"line {number}: no {empty[0]}")
    if cells.get("FPS"):
        rate = _rate(cells["FPS"], f"line {number}: FPS")
    (start, drop), (end, end_drop) = (_frame(cells[n], rate, number) for n in ("Start", "End"))
    if drop != end_drop or cells.get("Drop") == ("NDF" if drop else "DF"):
        raise TimelineError(f"line {number}: drop-frame and non-drop timecodes are mixed")
    if start == end:
        raise TimelineError(f"line {number}: a clip without a frame")
    source = FrameRange(start, end if end > start else end + day_frames(rate, drop=drop))
    if cells.get("Duration"):
        told, _ = _frame(cells["Duration"], rate, number)
        if told != source.frames:
            raise TimelineError(
                f"line {number}: {source.frames} frames from Start to End, and a Duration of {told}"
            )
    tape = cells.get("Tape") or headings.get("TAPE", "")
    tracks = _tracks(cells["Tracks"], number)
    return LogRow(cells["Name"], tape, tracks, source, rate, drop, cells)


def _tracks(text: str, number: int) -> tuple[str, ...]:
    found = _TRACKS.fullmatch("".join(text.split()))
    if found is None or not found[0]:
        raise TimelineError(f"line {number}: no such tracks: {text[:40]!r}")
    sound = [f"A{name}" for name in found[2].split("A")[1:]]
    if len(set(sound)) != len(sound):
        raise TimelineError(f"line {number}: a track twice: {text[:40]!r}")
    return ("V1",) * bool(found[1]) + tuple(sound)


def _frame(text: str, rate: Fraction, number: int) -> tuple[int, bool]:
    """The frame number of a timecode and whether it is drop-frame: one `;` or more say so."""
    drop = ";" in text
    plain = text.replace(";", ":")
    if drop:
        plain = ";".join(plain.rsplit(":", 1))
    try:
        if drop and not supports_drop_frame(rate):
            raise ValueError(f"no drop-frame at {float(rate):.3f} frames per second: {text!r}")
        return timecode_to_frame(plain, rate), drop
    except ValueError as error:
        raise TimelineError(f"line {number}: {error}") from None


def _rate(text: str, where: str) -> Fraction:
    """The rate that a number of frames per second names: 23.98 and 23.976 are 24000/1001."""
    if re.fullmatch(r"[0-9]{2}(\.[0-9]{1,6})?", text):
        for rate in _RATES:
            exact = rate.denominator == 1
            if Fraction(text) == rate or (
                not exact and abs(Fraction(text) - rate) < Fraction(1, 200)
            ):
                return rate
    raise TimelineError(f"{where}: no rate that is read: {text[:20]!r}")
