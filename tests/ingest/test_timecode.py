"""Exact time: frame ranges and SMPTE timecode."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.timecode import (
    NTSC_DROP_RATES,
    FrameRange,
    frame_to_timecode,
    supports_drop_frame,
    timecode_to_frame,
)

NTSC, NTSC60 = Fraction(30000, 1001), Fraction(60000, 1001)
RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    NTSC,
    Fraction(30),
    Fraction(50),
    NTSC60,
]
rates = st.sampled_from(RATES)


@pytest.mark.parametrize(
    ("frame", "rate", "drop", "timecode"),
    [
        (0, Fraction(24), False, "00:00:00:00"),
        (23, Fraction(24), False, "00:00:00:23"),
        (
            24,
            Fraction(24000, 1001),
            False,
            "00:00:01:00",
        ),  # counts 24 a second, though it is 23.976
        (90_000, Fraction(25), False, "01:00:00:00"),
        (1799, NTSC, True, "00:00:59;29"),
        (1800, NTSC, True, "00:01:00;02"),  # numbers 00 and 01 of the minute are dropped
        (17_982, NTSC, True, "00:10:00;00"),  # but not of a tenth minute: 10 * 1800 - 9 * 2
        (107_892, NTSC, True, "01:00:00;00"),
        (3600, NTSC60, True, "00:01:00;04"),
    ],
)
def test_known_timecodes(frame: int, rate: Fraction, drop: bool, timecode: str) -> None:
    assert frame_to_timecode(frame, rate, drop=drop) == timecode
    assert timecode_to_frame(timecode, rate) == frame


@given(rates, st.integers(0, 24 * 3600 * 23), st.booleans())
def test_timecode_there_and_back_is_the_same_frame(rate: Fraction, frame: int, drop: bool) -> None:
    drop = drop and supports_drop_frame(rate)
    assert timecode_to_frame(frame_to_timecode(frame, rate, drop=drop), rate) == frame


@given(st.sampled_from(NTSC_DROP_RATES), st.integers(0, 2_000_000))
def test_drop_frame_keeps_the_clock_within_four_frames(rate: Fraction, frame: int) -> None:
    text = frame_to_timecode(frame, rate, drop=True)
    hh, mm, ss, ff = (int(part) for part in text.replace(";", ":").split(":"))
    clock = hh * 3600 + mm * 60 + ss + Fraction(ff, round(rate))
    assert abs(clock - frame / rate) * rate <= 4 + frame / rate / 86_400 * 3  # 86 ms a day


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("00:01:00;00", NTSC),  # dropped
        ("00:00:00:24", Fraction(24)),
        ("00:60:00:00", Fraction(24)),
        ("1:2:3", Fraction(24)),
        ("00:00:10;00", Fraction(25)),  # no drop-frame at 25
        ("", Fraction(24)),
    ],
)
def test_what_is_no_timecode_is_refused(text: str, rate: Fraction) -> None:
    with pytest.raises(ValueError):
        timecode_to_frame(text, rate)


def test_a_negative_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        frame_to_timecode(-1, Fraction(24))


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3)])
def test_an_empty_or_reversed_range_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="0 <= start < end"):
        FrameRange(start, end)


def test_neighbours_touch_and_do_not_overlap() -> None:
    a, b = FrameRange(0, 10), FrameRange(10, 20)
    assert not a.overlaps(b)
    assert a.overlaps(FrameRange(9, 11))
    assert a.frames == 10
    assert b.seconds(NTSC) == Fraction(10 * 1001, 30000)
