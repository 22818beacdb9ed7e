"""What stands on a slate: facts of the cut, and what the user says; nothing else."""

from editing.cut import Cut
from editing.finish.delivery import Slate
from ingest.timecode import frame_to_timecode, supports_drop_frame


def slate_text(slate: Slate, cut: Cut) -> str:
    """The lines of a slate, from top to bottom."""
    lines = []
    if slate.facts:
        lines += [cut.name, f"version {cut.version}", _length(cut)]
    return "\n".join([*lines, *([slate.date] if slate.date else []), *slate.lines])


def _length(cut: Cut) -> str:
    """The cut's own length, without slates."""
    timecode = frame_to_timecode(cut.frames, cut.rate, drop=supports_drop_frame(cut.rate))
    rate = f"{float(cut.rate):.3f}".rstrip("0").rstrip(".")
    return f"{timecode}  ({cut.frames:,} frames at {rate})"
