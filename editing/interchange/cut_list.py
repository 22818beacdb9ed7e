"""A cut as plain data, for scripts and pages: what `reel cut show --format json` prints."""

from dataclasses import asdict
from typing import Any

from editing.brief_document import brief_document
from editing.interchange.sequence import Event, Sequence


def cut_list(sequence: Sequence) -> dict[str, Any]:
    """A cut and its slots in what JSON knows.

    Frames count from the first of the film, at its own rate, and of the cut; an out is the first
    frame after.
    """
    cut = sequence.cut
    return {
        "id": cut.id,
        "version": cut.version,
        "name": cut.name,
        "kind": cut.kind,
        "media": cut.media,
        "rate": str(cut.rate),
        "frames": cut.frames,
        "seconds": float(cut.frames / cut.rate),
        "ranker": cut.ranker,
        "author": cut.author,
        "note": cut.note,
        "created_at": cut.created_at,
        "brief": brief_document(cut.brief),
        "slots": [_slot(sequence, i, event) for i, event in enumerate(sequence.events)],
    }


def _slot(sequence: Sequence, index: int, event: Event) -> dict[str, Any]:
    slot, source, record = event.slot, event.source, event.record
    return {
        "index": index,
        "media": slot.media,
        "shot": slot.shot,
        "frames": record.frames,
        "source_rate": str(event.file.rate),
        "source_in": source.start,
        "source_out": source.end,
        "source_in_timecode": event.file.timecode(source.start),
        "source_out_timecode": event.file.timecode(source.end),
        "record_in": record.start,
        "record_out": record.end,
        "record_in_timecode": sequence.timecode(record.start),
        "record_out_timecode": sequence.timecode(record.end),
        "locked": slot.locked,
        "transition": asdict(slot.transition) if slot.transition else None,
        "sound": asdict(slot.sound),
        "reframe": asdict(slot.reframe) if slot.reframe else None,
        "note": slot.note,
        "score": slot.score,
        "reasons": [{"name": r.name, "value": r.value} for r in slot.reasons],
        "alternates": [
            {
                "shot": a.shot,
                "source_in": a.source.start,
                "source_out": a.source.end,
                "score": a.score,
            }
            for a in slot.alternates
        ],
    }
