"""Ranges of a film as editors write them: timecodes of the source, or frame numbers."""

import re
from fractions import Fraction

from editing.errors import RangeError
from ingest.timecode import FrameRange, timecode_to_frame

_FRAMES = re.compile(r"(\d{1,9})-(\d{1,9})")


def read_range(text: str, rate: Fraction, start_timecode: str | None, frames: int) -> FrameRange:
    """A range as frames of the film's grid.

    Args:
        text: `00:01:00:00-00:01:04:00`, from the first frame to the first one after the last, in
            the source's own timecode; or `1440-1536`, in frames from the film's first.
        rate: Of the film.
        start_timecode: Of its first frame; from zero if None.
        frames: Of the film.

    Raises:
        RangeError: It is not such a range, or not one of this film.
    """
    counted = _FRAMES.fullmatch(text.strip())
    if counted:
        start, end = int(counted[1]), int(counted[2])
    else:
        first, _, last = text.strip().partition("-")
        try:
            origin = timecode_to_frame(start_timecode, rate) if start_timecode else 0
            start, end = (timecode_to_frame(part, rate) - origin for part in (first, last))
        except ValueError as error:
            raise RangeError(text, f"{error}; write IN-OUT in timecode or in frames") from None
    if not 0 <= start < end <= frames:
        raise RangeError(text, f"it is of frames {start:,} to {end:,}, and the film has {frames:,}")
    return FrameRange(start, end)
