"""A cut list as CSV, for spreadsheets and scripts: one row a slot, frames and timecodes.

A spreadsheet takes a text that begins with = + - or @ for a formula, so such texts, which file
names may be, get an apostrophe in front; numbers stay numbers.
"""

import csv
import io

from editing.cut import Slot
from editing.interchange.sequence import Event, Sequence
from editing.interchange.slot_note import reasons_text

COLUMNS = (
    *("slot", "record_in", "record_out", "record_in_timecode", "record_out_timecode"),
    *("source_in", "source_out", "source_in_timecode", "source_out_timecode", "frames"),
    *("file", "reel", "shot", "score", "reasons"),
    *("transition", "transition_before", "transition_after"),
    *("sound_record_in", "sound_record_out", "gain_db", "crossfade_ms", "reframe", "note"),
    "source_rate",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(sequence: Sequence) -> str:
    """A sequence as CSV with a header; texts are quoted, numbers are not.

    Frames count from the first of the film, at its own rate, and of the cut; an out is the first
    frame after. Slots and shots count from 0.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for index, event in enumerate(sequence.events):
        writer.writerow([_safe(cell) for cell in _cells(sequence, index, event)])
    return text.getvalue()


def _cells(sequence: Sequence, index: int, event: Event) -> tuple[str | int | float, ...]:
    """The cells of `COLUMNS`."""
    file, source, record, slot = event.file, event.source, event.record, event.slot
    into, sound = event.transition, event.sound
    heard = (sound.record.start, sound.record.end) if sound else ("", "")
    return (
        *(index, record.start, record.end),
        *(sequence.timecode(record.start), sequence.timecode(record.end)),
        *(source.start, source.end, file.timecode(source.start), file.timecode(source.end)),
        *(record.frames, file.name, file.reel, slot.shot, slot.score, reasons_text(slot)),
        *((into.kind, into.before, into.after) if into else ("", 0, 0)),
        *(*heard, sound.gain if sound else "", sound.fade_ms if sound else ""),
        *(_reframe(slot), slot.note, f"{file.rate}"),
    )


def _reframe(slot: Slot) -> str:
    """The middle of what is shown at the first and the last frame: `0.5 0.5 to 0.6 0.5`."""
    if slot.reframe is None:
        return ""
    return " to ".join(f"{x:g} {y:g}" for x, y in (slot.reframe.start, slot.reframe.end))


def _safe(cell: str | int | float) -> str | int | float:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
