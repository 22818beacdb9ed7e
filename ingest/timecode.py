"""Exact time: half-open frame ranges, rational seconds, and SMPTE timecode with drop-frame.

Floats drift over a two-hour film, and a cut must land on the frame it was made on.
No I/O and no third-party imports, so any module may import this one.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

_TIMECODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")

NTSC_DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
"""The only rates that drop-frame counting is defined for (SMPTE ST 12-1)."""


@dataclass(frozen=True, slots=True, order=True)
class FrameRange:
    """Frames `start, …, end - 1`, counted from 0.

    Half-open, so neighbours share a boundary but never a frame:
    `a.end == b.start` says exactly "b follows a".
    """

    start: int
    """Frames; the first one inside."""
    end: int
    """Frames; the first one no longer inside."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"need 0 <= start < end, got start={self.start}, end={self.end}")

    @property
    def frames(self) -> int:
        """How many frames are inside; at least 1."""
        return self.end - self.start

    def seconds(self, rate: Fraction) -> Fraction:
        """How long these frames last at `rate` frames per second."""
        return self.frames / rate

    def overlaps(self, other: Self) -> bool:
        """Whether the two share at least one frame."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Self) -> bool:
        """Whether every frame of `other` is inside."""
        return self.start <= other.start and other.end <= self.end


def nominal_rate(rate: Fraction) -> int:
    """Frames that timecode counts in a second: 30 for 29.97, 24 for 23.976."""
    if rate <= 0:
        raise ValueError(f"a frame rate is above 0, got {rate}")
    return max(1, round(rate))


def supports_drop_frame(rate: Fraction) -> bool:
    """Whether drop-frame timecode exists at this rate: 29.97 and 59.94 only."""
    return rate in NTSC_DROP_RATES


def frame_to_timecode(frame: int, rate: Fraction, *, drop: bool = False) -> str:
    """Write a frame number as SMPTE timecode, `HH:MM:SS:FF`, or `HH:MM:SS;FF` in drop-frame.

    Drop-frame skips the first 2 (at 29.97) or 4 (at 59.94) numbers of every minute that is not
    a tenth one, so that the clock keeps time (SMPTE ST 12-1). Wraps after 24 hours.

    Raises:
        ValueError: `frame` is negative, or `drop` at a rate that has no drop-frame.
    """
    if frame < 0:
        raise ValueError(f"a frame number is 0 or more, got {frame}")
    nominal = nominal_rate(rate)
    if drop:
        frame = _with_dropped_numbers(frame, rate)
    frame %= nominal * 86_400
    seconds, ff = divmod(frame, nominal)
    separator = ";" if drop else ":"
    width = len(str(nominal - 1)) if nominal > 100 else 2
    hh, mm, ss = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hh:02d}:{mm:02d}:{ss:02d}{separator}{ff:0{width}d}"


def timecode_to_frame(text: str, rate: Fraction) -> int:
    """Read SMPTE timecode as a frame number; `;` before the frames marks drop-frame.

    Raises:
        ValueError: It is not a timecode, or one that this rate does not have.
    """
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a timecode: {text!r}; expected HH:MM:SS:FF, or HH:MM:SS;FF")
    hh, mm, ss, ff = (int(match[i]) for i in (1, 2, 3, 5))
    nominal = nominal_rate(rate)
    if hh > 23 or mm > 59 or ss > 59 or ff >= nominal:
        raise ValueError(
            f"{text!r} has a field out of range at {float(rate):.3f} frames per second"
        )
    frame = ((hh * 60 + mm) * 60 + ss) * nominal + ff
    if match[4] == ":" or match[4] == ".":
        return frame
    dropped = _dropped_each_minute(rate)
    if ss == 0 and ff < dropped and mm % 10:
        raise ValueError(f"{text!r} is one of the numbers that drop-frame skips")
    minutes = hh * 60 + mm
    return frame - dropped * (minutes - minutes // 10)


def _dropped_each_minute(rate: Fraction) -> int:
    if not supports_drop_frame(rate):
        raise ValueError(f"drop-frame is defined at 29.97 and 59.94 only, not at {float(rate):.3f}")
    return nominal_rate(rate) // 15


def _with_dropped_numbers(frame: int, rate: Fraction) -> int:
    dropped = _dropped_each_minute(rate)
    minute = nominal_rate(rate) * 60 - dropped
    ten_minutes = minute * 10 + dropped
    tens, rest = divmod(frame, ten_minutes)
    skipped = 9 * dropped * tens
    if rest >= minute + dropped:
        skipped += dropped * ((rest - dropped) // minute)
    return frame + skipped
