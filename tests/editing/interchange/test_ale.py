from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.errors import TimelineError
from editing.interchange.ale import read_ale, write_ale
from editing.interchange.sequence import Sequence, day_frames
from ingest.media import Media
from ingest.timecode import FrameRange

CutOf = Callable[..., Sequence]
Film = Callable[..., Media]
pieces = st.lists(st.tuples(st.integers(0, 15_000), st.integers(1, 4000)), min_size=1, max_size=12)


@pytest.mark.parametrize("channels", [0, 2])
@pytest.mark.parametrize("from_zero", [True, False])
def test_every_range_of_any_cut_is_read_back(
    counting: tuple[Fraction, str], from_zero: bool, channels: int, cut_of: CutOf, film: Film
) -> None:
    rate, mark = counting

    @given(pieces, st.integers(0, 23), st.integers(0, 59))
    @settings(deadline=None, max_examples=12)
    def check(cut: list[tuple[int, int]], hour: int, minute: int) -> None:
        code = f"00:00:00{mark}00" if from_zero else f"{hour:02d}:{minute:02d}:58{mark}12"
        sequence = cut_of(cut, film(rate=rate, timecode=code, channels=channels))
        log = read_ale(write_ale(sequence))
        day = day_frames(rate, drop=mark == ";")
        begins = dict.fromkeys((e.file.start + e.source.start, e.source) for e in sequence.events)
        wanted = [FrameRange(n % day, n % day + source.frames) for n, source in begins]
        assert [row.source for row in log.rows] == wanted
        assert log.rate == rate
        assert {row.drop for row in log.rows} == {mark == ";"}
        assert {row.tracks for row in log.rows} == {("V1", "A1", "A2")[: 1 + channels]}

    check()


def test_a_log_holds_each_range_once_with_its_shot_and_score(cut_of: CutOf, film: Film) -> None:
    films = (film(1, timecode="23:59:59:00"), film(2, name="mute.mov", channels=0))
    text = write_ale(cut_of([(0, 48), (10, 5), (0, 48), (10, 6)], *films))
    assert text.split("\r\n") == [
        "Heading",
        "FIELD_DELIM\tTABS",
        "VIDEO_FORMAT\t1080",
        "AUDIO_FORMAT\t48kHz",
        "FPS\t24",
        "",
        "Column",
        "Name\tTracks\tStart\tEnd\tDuration\tTape\tSource File\tDrop\tShot\tScore",
        "",
        "Data",
        "HARBOUR_0000\tVA1A2\t23:59:59:00\t00:00:01:00\t00:00:02:00\tHARBOUR\t"
        "Harbour at dawn.mov\tNDF\t0\t0.5",
        "MUTE_0001\tV\t00:00:00:10\t00:00:00:15\t00:00:00:05\tMUTE\tmute.mov\tNDF\t1\t0.5",
        "MUTE_0003\tV\t00:00:00:10\t00:00:00:16\t00:00:00:06\tMUTE\tmute.mov\tNDF\t3\t0.5",
        "",
    ]

    first = read_ale(text).rows[0]
    start = 86_399 * 24
    assert first.source == FrameRange(start, start + 48)  # goes on past midnight


def test_headings_tell_picture_and_sound(cut_of: CutOf, film: Film) -> None:
    def headings(*films: Media) -> tuple[str, str]:
        found = read_ale(write_ale(cut_of([(0, 5)] * len(films), *films))).headings
        return found["VIDEO_FORMAT"], found["AUDIO_FORMAT"]

    assert headings(film(size=(720, 576, 0), sample_rate=44_100)) == ("PAL", "44kHz")
    assert headings(film(size=(1920, 1080, 90), channels=0)) == ("CUSTOM", "48kHz")
    mixed = (film(1, size=(1280, 720, 0), sample_rate=22_050), film(2, sample_rate=24_000))
    assert headings(*mixed) == ("CUSTOM", "24kHz")
    assert headings(film(sample_rate=96_000)) == ("1080", "48kHz")


def test_no_more_than_four_tracks_of_sound_are_logged(cut_of: CutOf, film: Film) -> None:
    log = read_ale(write_ale(cut_of([(0, 5)], film(channels=6))))
    assert log.rows[0].tracks == ("V1", "A1", "A2", "A3", "A4")


def test_other_rates_are_refused(cut_of: CutOf, film: Film) -> None:
    for rate in (Fraction(25, 2), Fraction(120)):
        with pytest.raises(TimelineError, match=f"no rate of {rate} .*--to otio"):
            write_ale(cut_of([(0, 5)], film(rate=rate)))


CAMERA = (
    "Heading\r\nFIELD_DELIM\tTABS\r\nVIDEO_FORMAT\tNTSC\r\nAUDIO_FORMAT\t48kHz\r\nTAPE\tA001\r\n"
    "FPS\t29.97\r\n\r\nColumn\r\nName\tTracks\tStart\tEnd\tDuration\tScene\tTape\t\r\n\r\n"
    "Data\r\nharbour\tVA1A2\t01;00;59;28\t01;01;00;02\t00;00;00;02\t12B\t\r\n"
    "gulls\tA2\t02:00:00:00\t02:00:01:00\t\t\tB002\t\r\n"
)


def test_a_log_of_a_camera_is_read() -> None:
    """01;00;59;28 is frame 109,690 of drop-frame; 02:00:00:00 is frame 216,000 of non-drop."""
    log = read_ale("\ufeff" + CAMERA)
    harbour, gulls = log.rows
    assert log.rate == Fraction(30000, 1001)
    start = 30 * 3659 + 28 - 2 * (60 - 6)
    assert (harbour.source, harbour.drop) == (FrameRange(start, start + 2), True)
    assert (harbour.tape, harbour.tracks) == ("A001", ("V1", "A1", "A2"))
    assert (harbour.name, harbour.cells["Scene"]) == ("harbour", "12B")
    assert (gulls.source, gulls.drop) == (FrameRange(216_000, 216_030), False)
    assert (gulls.tape, gulls.tracks) == ("B002", ("A2",))
    assert read_ale(CAMERA.replace("\r\n", "\r")) == log == read_ale(CAMERA.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        *(("23.976", Fraction(24000, 1001)), ("23.98", Fraction(24000, 1001))),
        *(("24.00", Fraction(24)), ("29.97", Fraction(30000, 1001)), ("30", Fraction(30))),
        *(("59.94", Fraction(60000, 1001)), ("60.000", Fraction(60))),
    ],
)
def test_rates_are_read_as_they_are_named(text: str, rate: Fraction) -> None:
    plain = CAMERA.replace(";", ":").replace("01:00:59:28", "01:01:00:00")
    assert read_ale(plain.replace("29.97", text)).rate == rate


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Heading\r\n", "", "no line Heading"),
        ("Column\r\n", "", "no line Column"),
        ("Data\r\n", "", "no line Data"),
        ("Heading\r\n", "Data\r\nHeading\r\n", "Heading first, then Column, then Data"),
        ("TABS", "COMMAS", "FIELD_DELIM of an ALE that is read is TABS"),
        ("FPS\t29.97\r\n", "", "lacks the heading FPS"),
        ("29.97", "29.5", "the heading FPS: no rate that is read: '29.5'"),
        ("29.97", "1e9", "no rate that is read: '1e9'"),
        ("29.97", "24", "line 12: no drop-frame at 24.000"),
        ("TAPE\tA001", "TAPE", "line 5: not a heading and its value: 'TAPE'"),
        ("TAPE\tA001", "FPS\t24", "line 6: not a heading and its value: 'FPS.t29.97'"),
        ("Scene", "Tape", "line 9: columns without a name of their own: .'Tape'"),
        ("Tracks\t", "", "line 9: the ALE lacks the column Tracks"),
        ("Scene", "\t".join(f"c{n}" for n in range(60)), "line 9: an ALE has at most 64 headings"),
        ("Scene\tTape\t\r\n", "Scene\r\nTape\r\n", "line 8: Column has 2 lines after it"),
        ("12B\t", "12B\t\t\tmore", "line 12: 9 cells in 7 columns"),
        ("harbour\t", "\t", "line 12: no Name"),
        ("VA1A2\t", "VA1B2\t", "line 12: no such tracks: 'VA1B2'"),
        ("VA1A2\t", "A1A1\t", "line 12: a track twice"),
        ("01;00;59;28", "01;00;60;00", "line 12: .*field out of range"),
        ("01;00;59;28", "01;01;00;00", "line 12: .*numbers that drop-frame skips"),
        ("01;00;59;28", "01:00:59:28", "line 12: drop-frame and non-drop timecodes are mixed"),
        ("01;00;59;28", "01;01;00;02", "line 12: a clip without a frame"),
        ("01;00;59;28", "noon", "line 12: not a timecode: 'noon'"),
        ("00;00;00;02", "00;00;00;03", "line 12: 2 frames from Start to End, and a Duration of 3"),
        ("\r\nharbour", "\r\nshort\tV\t01;00;00;00\r\nharbour", "line 12: no End"),
    ],
)
def test_a_wrong_line_is_named(before: str, after: str, complaint: str) -> None:
    assert before in CAMERA
    with pytest.raises(TimelineError, match=complaint):
        read_ale(CAMERA.replace(before, after, 1))


def test_a_row_may_have_a_rate_of_its_own_and_has_to_be_counted_as_it_says() -> None:
    with_rate = CAMERA.replace("Scene", "FPS")
    with pytest.raises(TimelineError, match=r"line 12: no drop-frame at 24\.000"):
        read_ale(with_rate.replace("12B", "24"))
    with pytest.raises(TimelineError, match="line 12: FPS: no rate that is read: '12'"):
        read_ale(with_rate.replace("12B", "12"))
    with pytest.raises(TimelineError, match="line 12: '01:01:00;02' is one of the numbers that"):
        read_ale(with_rate.replace("12B", "59.94"))  # which skips four of them, not two
    rows = read_ale(with_rate.replace("12B", "29.97")).rows
    assert {row.rate for row in rows} == {Fraction(30000, 1001)}
    with_counting = CAMERA.replace("Scene", "Drop")
    assert len(read_ale(with_counting.replace("12B", "DF")).rows) == 2
    with pytest.raises(TimelineError, match=r"line 12: drop-frame and non-drop .* are mixed"):
        read_ale(with_counting.replace("12B", "NDF"))


def test_an_endless_or_empty_log_is_refused() -> None:
    with pytest.raises(TimelineError, match="100,000,000 characters is too long"):
        read_ale("\n" * 100_000_000)
    with pytest.raises(TimelineError, match="holds no clip"):
        read_ale(CAMERA[: CAMERA.index("harbour")])
    with pytest.raises(TimelineError, match="not an ALE"):
        read_ale("TITLE: an EDL\n")


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, CAMERA + text, CAMERA.replace("harbour", text)):
        try:
            read_ale(whole)
        except TimelineError:
            continue
