"""A file of another rate than its sequence: which of its frames each record frame shows.

It plays at its own speed, as `editing.finish.source` renders it: record frame `k` of a clip shows
the file's frame that begins nearest to `k` record frames after the clip's in point, the later of
two as near. `step` is the file's rate by the sequence's: its frames for each record frame.
"""

from fractions import Fraction
from math import ceil, floor

from ingest.timecode import FrameRange

_HALF = Fraction(1, 2)


def nearest_frame(place: Fraction) -> int:
    """The whole frame nearest to a place between frames, the later of two as near."""
    return floor(place + _HALF)


def frame_of_rounded(place: Fraction) -> int:
    """The frame that `place` was before whole frames were taken off and `nearest_frame` rounded.

    For any whole `frame` and any `less`: `frame_of_rounded(nearest_frame(frame - less) + less)` is
    `frame`.
    """
    return ceil(place - _HALF)


def shown_frame(start: int, number: int, step: Fraction) -> int:
    """The file's frame that record frame `number` (from 0) of a clip shows, which begins at
    `start`; may lie outside the file."""
    return nearest_frame(start + number * step)


def shown_frames(start: int, frames: int, step: Fraction) -> FrameRange:
    """From the first to the last frame of the file that a clip of `frames` record frames shows.

    Raises:
        ValueError: `start` is below 0.
    """
    return FrameRange(start, shown_frame(start, frames - 1, step) + 1)


def taken(start: int, frames: int, step: Fraction) -> FrameRange:
    """The file's frames that last as long as `frames` record frames, to the nearest; at least 1.

    Raises:
        ValueError: `start` is below 0.
    """
    return FrameRange(start, start + max(1, nearest_frame(frames * step)))
