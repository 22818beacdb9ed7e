"""Sequences that hold what formats may lose, and what of a sequence is seen in each frame.

Frames are compared one by one: which frame of which file shows or sounds, mixed with which.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from editing.cut import Brief, Cut, CutId, Reason, Slot, Transition
from editing.interchange.edl import write_edl
from editing.interchange.edl_reader import read_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.from_cut import check_sequence
from editing.interchange.otio_reader import read_otio
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.sequence import Event, Heard, Marker, Sequence, SourceFile, day_frames
from editing.interchange.timeline import write_otio
from ingest.media import MediaId
from ingest.timecode import FrameRange, timecode_to_frame

FORMATS: dict[str, tuple[Callable[[Sequence], str], Callable[[str, Fraction], ReadSequence]]] = {
    "otio": (write_otio, lambda text, rate: read_otio(text)),
    "edl": (write_edl, read_edl),
    "fcp7": (write_fcp7xml, lambda text, rate: read_fcp7xml(text)),
    "fcpxml": (write_fcpxml, lambda text, rate: read_fcpxml(text)),
}
RATES = {
    "23.976": (Fraction(24000, 1001), ":"),
    "24": (Fraction(24), ":"),
    "25": (Fraction(25), ":"),
    "29.97 NDF": (Fraction(30000, 1001), ":"),
    "29.97 DF": (Fraction(30000, 1001), ";"),
    "50": (Fraction(50), ":"),
    "59.94 DF": (Fraction(60000, 1001), ";"),
}


@dataclass(frozen=True)
class Piece:
    """An event, by where it begins and how long it is; the rest follows from its neighbours."""

    first: int
    """Frame of the file."""
    frames: int
    """Of record."""
    file: int = 0
    gap: int = 0
    """Frames of black before it."""
    transition: Transition | None = None
    lead: int = 0
    gain: float = 0.0
    fade_ms: int = 0
    speed: Fraction = Fraction(1)
    note: str = ""
    silent: bool = False


def files_of(rate: Fraction, mark: str, channels: int = 2) -> list[SourceFile]:
    """Two files; the first's timecode runs over a minute, the second's over midnight."""
    codes = f"00:58:59{mark}10", f"23:59:57{mark}06"
    return [
        SourceFile(
            *(
                f"cam {letter}.mov",
                f"CAM_{letter}",
                f"/rushes/card {letter}/cam {letter}.mov",
                rate,
            ),
            *(40_000, timecode_to_frame(code, rate), mark == ";", 1920, 1080, channels, 48_000),
        )
        for letter, code in zip("AB", codes, strict=True)
    ]


def sequence_of(
    rate: Fraction, mark: str, pieces: Iterable[Piece], *, channels: int = 2
) -> Sequence:
    """A sequence of pieces, each behind the one before it."""
    files, pieces = files_of(rate, mark, channels), list(pieces)
    events: list[Event] = []
    end = 0
    for number, piece in enumerate(pieces):
        record = FrameRange(end + piece.gap, end + piece.gap + piece.frames)
        length = piece.frames * piece.speed
        assert length.denominator == 1
        source = FrameRange(piece.first, piece.first + int(length))
        slot = Slot(MediaId(1), number, source, 0.5, (Reason("motion", 0.5),), note=piece.note)
        following = pieces[number + 1].lead if number + 1 < len(pieces) else 0
        sound = Heard(
            FrameRange(source.start - piece.lead, source.end - following),
            FrameRange(record.start - piece.lead, record.end - following),
            *(piece.gain, piece.fade_ms),
        )
        heard = None if piece.silent or not channels else sound
        events.append(Event(files[piece.file], source, record, slot, piece.transition, heard))
        end = record.end
    brief = Brief("trailer", end, 1, end, Fraction(1), 0.9)
    slots = tuple(event.slot for event in events)
    cut = Cut(
        *(CutId(7), 1, MediaId(1), "probe", "trailer", brief, rate, slots),
        *("linear 1", "ana", "", "2024-01-01T00:00:00+00:00"),
    )
    markers = tuple(Marker(e.record.start, e.slot.note) for e in events if e.slot.note)
    made = Sequence("probe v1", rate, mark == ";", tuple(events), cut, markers)
    check_sequence(made)
    return made


def dissolve(before: int, after: int) -> Transition:
    return Transition("dissolve", before, after)


def dip(before: int, after: int) -> Transition:
    return Transition("dip", before, after)


PROBES: dict[str, list[Piece]] = {
    "cuts, timeline from 01:00:00:00": [Piece(100, 37), Piece(2000, 1, 1), Piece(9, 1801)],
    "source timecode not at zero, past midnight": [Piece(30, 90, 1), Piece(5, 2, 1), Piece(0, 50)],
    "dissolve with handles": [Piece(100, 40), Piece(200, 50, 1, transition=dissolve(12, 12))],
    "dissolves of odd and uneven frames": [
        Piece(100, 40),
        Piece(300, 30, 1, transition=dissolve(3, 8)),
        Piece(500, 20, transition=dissolve(0, 7)),
        Piece(700, 20, 1, transition=dissolve(6, 0)),
    ],
    "dip to black": [Piece(100, 40), Piece(0, 50, 1, transition=dip(10, 14))],
    "fade from black": [Piece(100, 40, transition=dip(0, 12)), Piece(9, 9)],
    "gap": [Piece(100, 40, gap=24), Piece(200, 50, 1, gap=13)],
    "marker": [Piece(100, 40, note="Cut earlier? & <why>"), Piece(7, 9), Piece(5, 6, note="ok")],
    "J-cut and L-cut (split sound)": [
        Piece(100, 40),
        Piece(200, 50, 1, lead=8),
        Piece(400, 30, lead=-11),
    ],
    "split sound under a dissolve": [
        Piece(100, 40),
        Piece(200, 50, 1, lead=8, transition=dissolve(6, 6)),
    ],
    "silent clip between others": [Piece(100, 40), Piece(200, 50, silent=True), Piece(9, 9)],
    "gain": [Piece(100, 40, gain=-6.5), Piece(200, 50, 1, gain=3.0), Piece(9, 9)],
    "crossfade of sound": [Piece(100, 40), Piece(200, 50, 1, fade_ms=240)],
    "double speed": [Piece(100, 24, speed=Fraction(2)), Piece(9, 9)],
    "slow motion, 40 %": [Piece(9, 9), Piece(101, 25, 1, speed=Fraction(2, 5)), Piece(9, 9)],
}
"""What each sequence holds; the names stand in docs/formats.md."""
ODD_PROBES = {
    "reel names": PROBES["cuts, timeline from 01:00:00:00"],
    "file paths": PROBES["cuts, timeline from 01:00:00:00"],
    "stereo": [Piece(100, 40), Piece(9, 9, 1)],
    "mono": [Piece(100, 40), Piece(9, 9, 1)],
    "four channels": [Piece(100, 40), Piece(9, 9, 1)],
}
CHANNELS = {"mono": 1, "stereo": 2, "four channels": 4}


def edits_of(sequence: Sequence, tracks: int | None = None) -> list[Edit]:
    """What a reader should find: each event on V1, its sound on a track for each channel."""
    edits: list[Edit] = []
    for number, event in enumerate(sequence.events):
        file = event.file
        told = {"reel": file.reel, "path": file.path}
        source = _moved(event.source, file.start)
        edits.append(Edit("V1", file.name, source, event.record, event.transition, **told))
        if event.sound is None:
            continue
        half = sequence.crossfade(number)
        into = dissolve(half, half) if half else None
        heard = _moved(event.sound.source, file.start), event.sound.record, into, event.sound.gain
        for channel in range(file.channels if tracks is None else tracks):
            edits.append(Edit(f"A{channel + 1}", file.name, *heard, **told))
    return edits


def seen(edits: Iterable[Edit], rate: Fraction, drop: bool) -> dict[str, dict[int, object]]:
    """For each track, and each record frame that is not black or silent: what is in it.

    One frame of one file; of two and the place in the mix; or of one and the place in the fade.
    """
    day = day_frames(rate, drop=drop)
    tracks: dict[str, list[Edit]] = {}
    for edit in sorted(edits, key=lambda e: (e.track, e.record)):
        tracks.setdefault(edit.track, []).append(edit)
    shown: dict[str, dict[int, object]] = {}
    for track, of_it in tracks.items():
        frames: dict[int, object] = {}
        for edit in of_it:
            for record in range(edit.record.start, edit.record.end):
                frames[record] = (edit.name, _source(edit, record) % day)
        for number, edit in enumerate(of_it):
            before = of_it[number - 1] if number else None
            frames |= _mixed(before, edit, day, frames)
        shown[track] = frames
    return shown


def _mixed(
    before: Edit | None, edit: Edit, day: int, frames: dict[int, object]
) -> dict[int, object]:
    into, join = edit.transition, edit.record.start
    if into is None:
        return {}
    if into.kind == "dip":
        return {
            record: ("fade", record - join, into.before if record < join else into.after,
                     frames.get(record))
            for record in range(join - into.before, join + into.after)
        }  # fmt: skip
    assert before is not None
    first = join - into.before
    return {
        record: (
            *("mix", record - first, into.frames, before.name, _source(before, record) % day),
            *(edit.name, _source(edit, record) % day),
        )
        for record in range(first, join + into.after)
    }


def _source(edit: Edit, record: int) -> int:
    """The source frame at a record frame, beyond the edit's ends too."""
    return edit.source.start + (record - edit.record.start) * edit.speed.numerator // (
        edit.speed.denominator
    )


def _moved(frames: FrameRange, by: int) -> FrameRange:
    return FrameRange(frames.start + by, frames.end + by)


def read_back(sequence: Sequence, format_name: str) -> ReadSequence:
    write, read = FORMATS[format_name]
    return read(write(sequence), sequence.rate)


def lost(sequence: Sequence, found: ReadSequence, format_name: str) -> list[str]:
    """What of a sequence is not as it was: names of what differs; empty if nothing is lost."""
    expected = edits_of(sequence, 1 if format_name == "otio" else None)
    told = seen(found.edits, sequence.rate, sequence.drop)
    wanted = seen(expected, sequence.rate, sequence.drop)
    apart = []
    if told.get("V1") != wanted.get("V1"):
        apart.append("picture")
    without = [replace(edit, transition=None) for edit in expected if edit.track != "V1"]
    heard = [replace(edit, transition=None) for edit in found.edits if edit.track != "V1"]
    if seen(heard, sequence.rate, sequence.drop) != seen(without, sequence.rate, sequence.drop):
        apart.append("sound")
    elif {t: f for t, f in told.items() if t != "V1"} != {
        t: f for t, f in wanted.items() if t != "V1"
    }:
        apart.append("crossfade")
    if _levels(found.edits) != _levels(expected):
        apart.append("gain")
    for name in ("reel", "path"):
        if {getattr(e, name) for e in found.edits} != {getattr(e, name) for e in expected}:
            apart.append(name)
    if found.markers != sequence.markers:
        apart.append("marker")
    whole = (found.rate, found.drop, found.start, found.frames)
    if whole != (sequence.rate, sequence.drop, sequence.start, sequence.frames):
        apart.append("timeline")
    return apart


def _levels(edits: Iterable[Edit]) -> list[tuple[str, int, float]]:
    return sorted(
        (edit.track, edit.record.start, round(edit.gain or 0.0, 3))
        for edit in edits
        if edit.track != "V1"
    )
