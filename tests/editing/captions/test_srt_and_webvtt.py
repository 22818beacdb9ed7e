"""Files of captions, made by hand and by the writers, and what is refused."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.captions.caption import Caption, clean_text
from editing.captions.reading import read_captions
from editing.captions.srt import read_srt, write_srt
from editing.captions.webvtt import read_webvtt, write_webvtt
from editing.errors import TimelineError

SRT = (
    "\ufeff1\r\n00:00:01,500 --> 00:00:02,000\r\n<i>Land</i>\r\nahead {\\an8}!\r\n\r\n\r\n"
    "2\r\n01:00:00.5 --> 1:00:03,040 X1:10 X2:20\r\na < b & <font color='red'>c</font>\r\n\r\n"
    "00:00:00,000 --> 00:00:00,900\r\n7\r\n\r\n3\r\n00:00:09,000 --> 00:00:09,900\r\n<b></b>\r\n"
)
VTT = """WEBVTT - by hand

STYLE
::cue { color: red }

NOTE nothing of this
is a cue

first
00:01.500 --> 00:02.000 line:0 align:start
<v Ann>Land</v> ahead &amp; <c.loud>near</c>
&lt;!&gt;

01:00:00.500 --> 01:00:03.040
bye
"""


def test_an_srt_file_made_by_hand_is_read() -> None:
    assert read_srt(SRT) == [
        Caption(Fraction(0), Fraction(9, 10), "7"),
        Caption(Fraction(3, 2), Fraction(2), "Land\nahead !"),
        Caption(Fraction(7201, 2), 3603 + Fraction(4, 100), "a < b & c"),
    ]


def test_a_webvtt_file_made_by_hand_is_read() -> None:
    assert read_webvtt(VTT) == [
        Caption(Fraction(3, 2), Fraction(2), "Land ahead & near\n<!>"),
        Caption(Fraction(7201, 2), 3603 + Fraction(4, 100), "bye"),
    ]


def test_times_are_written_rounded_down() -> None:
    """Frame 2 at 29.97 is at 66.73 ms; 67 ms would be after it, and it would show no caption."""
    one = Caption(Fraction(2002, 30000), 3661 + Fraction(1, 2), "x")
    assert write_srt([one]) == "1\r\n00:00:00,066 --> 01:01:01,500\r\nx\r\n"
    assert write_webvtt([one]) == "WEBVTT\n\n00:00:00.066 --> 01:01:01.500\nx\n"


texts = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3).map(clean_text)
captions = st.lists(
    st.builds(
        lambda start, frames, text: Caption(
            Fraction(start, 1000), Fraction(start + frames, 1000), text
        ),
        st.integers(0, 10**8),
        st.integers(1, 10**5),
        texts.filter(bool),
    ),
    max_size=5,
)


@given(captions)
def test_any_captions_survive_webvtt(told: list[Caption]) -> None:
    assert read_webvtt(write_webvtt(told)) == sorted(told)


@given(captions)
def test_captions_without_marks_of_style_survive_srt(told: list[Caption]) -> None:
    plain = [Caption(c.start, c.end, c.text.replace("<", "(").replace("{", "(")) for c in told]
    assert read_srt(write_srt(plain)) == sorted(plain)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1\n00:00:01,000 -> 00:00:02,000\nx\n", "line 2: expected START --> END"),
        ("\n\n1\n00:00:01,000 -->\nx\n", "line 4: expected START --> END"),
        ("1\n00:00:61,000 --> 00:02:00,000\nx\n", "line 2: not a time of a caption: '00:00:61"),
        ("1\n00:00:01;00 --> 00:02:00,000\nx\n", "line 2: not a time of a caption: '00:00:01;00'"),
        ("1\n-0:00:01,000 --> 00:02:00,000\nx\n", "line 2: not a time of a caption: '-0:00"),
        ("1\n00:00:02,000 --> 00:00:01,000\nx\n", "line 2: the caption does not end after it"),
        ("words\n", "line 1: expected START --> END, found 'words'"),
    ],
)
def test_a_wrong_line_is_named(text: str, complaint: str) -> None:
    with pytest.raises(TimelineError, match=complaint):
        read_srt(text)
    with pytest.raises(TimelineError, match=r"line \d+: "):
        read_webvtt(f"WEBVTT\n\n{text}")


@pytest.mark.parametrize("text", ["", "WEBVTTX\n", "\nWEBVTT\n", "1\n00:01.000 --> 00:02.000\nx"])
def test_webvtt_begins_with_its_name(text: str) -> None:
    with pytest.raises(TimelineError, match="line 1: a WebVTT file begins with WEBVTT"):
        read_webvtt(text)


def test_too_many_or_too_long_captions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TimelineError, match="an SRT file of 17,000,000 characters is too long"):
        read_srt("x" * 17_000_000)
    monkeypatch.setattr("editing.captions.srt.MAX_CAPTIONS", 2)
    with pytest.raises(TimelineError, match="line 9: more than 2 captions"):
        read_srt("1\n00:01.000 --> 00:02.000\nx\n\n" * 3)


def test_a_file_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    for text in (SRT, VTT):
        file = tmp_path / "film.txt"
        file.write_text(text, encoding="utf-8")
        assert [c.text for c in read_captions(file)][-1] in ("a < b & c", "bye")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"1\n00:00:01,000 --> 00:00:02,000\nd\xe9j\xe0\n", "not text in UTF-8: byte 33 is 0xe9"),
        (b"", "holds no caption"),
        (b"RIFF\x00\x00", "line 1: expected START --> END"),
    ],
)
def test_a_file_that_is_no_captions_is_refused_by_name(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "film.srt"
    file.write_bytes(content)
    with pytest.raises(TimelineError, match=complaint) as told:
        read_captions(file)
    assert f"{told.value}".startswith(str(file))
    with pytest.raises(TimelineError, match="cannot be read: No such file"):
        read_captions(tmp_path / "none.srt")


def test_what_is_never_seen_is_left_out_but_for_what_joins_letters() -> None:
    lines = [
        "co\u00adop\u200berate\u00a0now",
        "\u202a",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u200d",
    ]
    assert clean_text(lines) == f"cooperate now\n{lines[2]}"
