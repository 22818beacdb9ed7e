"""What the catalogue tells of a cut and what its decode shows, as one report. Pure.

The decode knows more of pictures and sounds, the catalogue of joins: what was left out, who
speaks, which shot is meant.
"""

from collections.abc import Sequence

from editing.cut import Cut, Slot
from editing.faults.finding import Fault, Kind
from editing.faults.judging import merged
from editing.faults.search import Films
from ingest.timecode import FrameRange

_SEEN_BETTER: tuple[Kind, ...] = ("freeze", "black")
"""Of these inside a slot the decode decides: a film's own holds and fades are none."""
_LEFT_OUT: tuple[Kind, ...] = ("dropped", "exposure step", "colour step", "duplicate")
"""Kinds that a join of two pieces of one film makes by itself."""
_OWN_SILENCE = 0.12
"""Seconds; a longer gap at a join is the film's silence there, cut off."""
_EDGE = 4
"""Frames beside a join or the end, where too little is seen to tell a jump within a piece."""
_BEYOND, _QUIET = 0.2, -50.0
"""Seconds of a film beyond what is shown of it; LUFS below which it is silent there."""


def as_one(told: Sequence[Fault], decoded: Sequence[Fault], cut: Cut, films: Films) -> list[Fault]:
    """Both reports of one cut.

    Args:
        told: By the catalogue.
        decoded: By the decode of the same cut.
        cut: The cut.
        films: Every film that a slot is of.
    """
    records = cut.record_ranges()
    kept = [fault for fault in decoded if not _by_the_join(fault, cut, records, films)]
    sure = [fault for fault in told if _stands(fault, records)]
    return merged(sure, kept)


def _stands(fault: Fault, records: Sequence[FrameRange]) -> bool:
    """Whether what the catalogue tells holds once the cut was decoded."""
    record = records[fault.slot]
    at_edge = fault.frame == record.start or fault.frame + fault.frames == record.end
    return fault.kind not in _SEEN_BETTER or (fault.kind == "black" and at_edge)


def _by_the_join(fault: Fault, cut: Cut, records: Sequence[FrameRange], films: Films) -> bool:
    """Whether a fault is nothing but how two pieces of film meet."""
    for number in range(1, len(records)):
        old, new, join = cut.slots[number - 1], cut.slots[number], records[number].start
        if old.media == new.media and old.source.end == new.source.start:
            continue
        if fault.kind in _LEFT_OUT and old.media == new.media and abs(fault.frame - join) <= 1:
            return True
        near = 0 < min(abs(fault.frame - edge) for edge in (join, cut.frames)) <= _EDGE
        if fault.kind == "jump cut" and near:
            return True
        if fault.kind == "dropout" and _is_own_silence(fault, cut, join, (old, new), films):
            return True
    return False


def _is_own_silence(
    gap: Fault, cut: Cut, join: int, sides: tuple[Slot, Slot], films: Films
) -> bool:
    """Whether a gap at a join is silence that one of the films has there, and goes on beyond it."""
    end = gap.frame + gap.frames
    if not gap.frame - 1 <= join <= end + 1:
        return False
    if gap.frames / cut.rate > _OWN_SILENCE:
        return True
    out, into = (
        films[slot.media].seconds(edge)
        for slot, edge in zip(sides, (sides[0].source.end, sides[1].source.start), strict=True)
    )
    beyond = (
        films[sides[0].media].loudness(out, out + _BEYOND),
        films[sides[1].media].loudness(into - _BEYOND, into),
    )
    return any(not level > _QUIET for level in beyond)
