"""Films of other rates in one cut: every format shows, in each record frame, what the render shows.

Read back by the readers, which share nothing with the writers, and held against the rule by which
`reel render` chooses frames.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from probes import FORMATS, read_back
from test_fcpxml import check_structure

from editing.cut import Brief, Cut, CutId, Slot, SlotSound, Transition
from editing.errors import TimelineError
from editing.finish.source import Source
from editing.interchange.ale import read_ale, write_ale
from editing.interchange.conform import frame_of_rounded, nearest_frame
from editing.interchange.csv_list import write_csv
from editing.interchange.edl import write_edl
from editing.interchange.edl_reader import read_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.from_cut import sequence_from_cut
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.remarks import export_remarks
from editing.interchange.sequence import Sequence as CutSequence
from editing.interchange.timeline import write_otio
from ingest.media import Audio, Media, MediaId
from ingest.timecode import FrameRange

FILM, NTSC, NTSC_DOUBLE = (Fraction(n, 1001) for n in (24000, 30000, 60000))
PAIRS = {
    "23.976 in 25": (FILM, ":", Fraction(25), ":"),
    "25 in 23.976": (Fraction(25), ":", FILM, ":"),
    "24 in 25": (Fraction(24), ":", Fraction(25), ":"),
    "50 in 25": (Fraction(50), ":", Fraction(25), ":"),
    "59.94 DF in 29.97 DF": (NTSC_DOUBLE, ";", NTSC, ";"),
    "29.97 DF in 24": (NTSC, ";", Fraction(24), ":"),
    "24 in 59.94 DF": (Fraction(24), ":", NTSC_DOUBLE, ";"),
}
"""The rate of a film and the mark of its timecode, and those of the cut."""


def media(number: int, rate: Fraction, mark: str, frames: int = 30_000) -> Media:
    name = f"cam {'AB'[number - 1]}.mov"
    return Media(
        *(MediaId(number), f"/rushes/{name}", f"{number:032x}", 1, "mov", "prores"),
        *(1920, 1080, 0, rate, False, 1 / rate, 0, frames, f"09:58:59{mark}10"),
        Audio(48_000, 2, 10**6, Fraction(0), None),
    )


def cut_of(pair: str, slots: Sequence[Slot], frames: int = 30_000) -> tuple[Cut, dict[int, Media]]:
    """A cut whose films are 1, of its own rate, and 2, of another."""
    rate, mark, own, own_mark = PAIRS[pair]
    films = {1: media(1, own, own_mark), 2: media(2, rate, mark, frames)}
    total = sum(slot.source.frames for slot in slots)
    brief = Brief("trailer", total, 1, total, Fraction(1), 0.9)
    cut = Cut(
        *(CutId(7), 1, MediaId(1), "mixed", "trailer", brief, own, tuple(slots)),
        *("linear 1", "ana", "", "2024-01-01T00:00:00+00:00"),
    )
    return cut, films


def sequence_of(cut: Cut, films: dict[int, Media]) -> CutSequence:
    known = {film.id: film for film in films.values()}
    return sequence_from_cut(cut, known, {film.id: film.frames for film in films.values()})


def slot(film: int, start: int, frames: int, **told: object) -> Slot:
    """A slot of so many frames of the cut, from frame `start` of a film on."""
    span = FrameRange(start, start + frames)
    return replace(Slot(MediaId(film), 0, span, 0.5, ()), **told)  # type: ignore[arg-type]


@st.composite
def cuts(draw: st.DrawFn) -> tuple[Cut, dict[int, Media]]:
    """Slots of both films, with dissolves, dips and split sound."""
    slots = []
    for number in range(draw(st.integers(1, 6))):
        sides = draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))
        kind = draw(st.sampled_from([None, "dissolve", "dip"])) if number and sum(sides) else None
        lead = draw(st.sampled_from([0, 0, 0, -5, 3])) if number else 0
        slots.append(
            slot(
                *(draw(st.sampled_from([1, 2, 2])), draw(st.integers(60, 20_000))),
                draw(st.integers(16, 120)),
                transition=Transition(kind, *sides) if kind else None,
                sound=SlotSound(lead),
            )
        )
    return cut_of(draw(st.sampled_from(sorted(PAIRS))), slots)


def check_frames(cut: Cut, films: dict[int, Media], found: ReadSequence) -> None:
    """Each record frame is the render's, and so are those beyond joins that dissolves show."""
    edits, sequence = found.track("V1"), sequence_of(cut, films)
    assert [edit.record for edit in edits] == list(cut.record_ranges())
    for number, (edit, one) in enumerate(zip(edits, cut.slots, strict=True)):
        film = films[int(one.media)]
        source = Source(film, None, None)  # type: ignore[arg-type]
        first = sequence.events[number].file.start
        _, shown = sequence.shown(number)
        begin = edit.record.start
        wanted = [
            source.grid_frame(one, k - begin, cut.rate) for k in range(shown.start, shown.end)
        ]
        seen = [edit.source_at(k) - first for k in range(shown.start, shown.end)]
        assert seen == wanted
        assert (edit.conform, edit.speed) == (film.rate / cut.rate, 1)
        assert edit.transition == one.transition
        assert edit.reel == sequence.events[number].file.reel


def check_sound(cut: Cut, films: dict[int, Media], found: ReadSequence) -> None:
    """Sound begins and ends at the record frame that it should, within half a frame of its film."""
    sequence = sequence_of(cut, films)
    for track in ("A1",):
        for edit, event in zip(found.track(track), sequence.events, strict=True):
            assert event.sound is not None
            assert edit.record == event.sound.record
            place = event.file.start + event.source_at(edit.record.start)
            assert abs(edit.source.start - place) <= Fraction(1, 2)


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_shows_the_frames_of_the_render(format_name: str) -> None:
    @given(cuts())
    @settings(deadline=None, max_examples=60)
    def check(made: tuple[Cut, dict[int, Media]]) -> None:
        cut, films = made
        try:
            sequence = sequence_of(cut, films)
        except TimelineError:
            return  # leads that leave nothing of a sound, and the like
        found = read_back(sequence, format_name)
        assert (found.rate, found.drop, found.start) == (cut.rate, sequence.drop, sequence.start)
        assert found.remarks == ()
        check_frames(cut, films, found)
        check_sound(cut, films, found)
        if format_name == "fcpxml":
            check_structure(write_fcpxml(sequence))

    check()


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_frame_of_a_minute_is_the_render_s(pair: str, format_name: str) -> None:
    cut, films = cut_of(pair, [slot(2, 11, 1500), slot(1, 5, 7), slot(2, 10_001, 733)])
    check_frames(cut, films, read_back(sequence_of(cut, films), format_name))


def test_times_of_50_in_25_can_be_checked_by_eye() -> None:
    """25 record frames, a second, from frame 101 of a film that begins at 09:58:59:10 on."""
    cut, films = cut_of("50 in 25", [slot(2, 101, 25)])
    sequence = sequence_of(cut, films)
    start = ((9 * 60 + 58) * 60 + 59) * 50 + 10
    (line, *_, motion) = write_edl(sequence).splitlines()[4:6]
    assert line.split()[-4:] == ["09:59:01:11", "09:59:02:11", "01:00:00:00", "01:00:01:00"]
    assert motion.split()[:3] == ["M2", "CAM_B", "050.0"]
    assert "* SOURCE RATE: CAM_B 50" in write_edl(sequence)
    clip = next(iter(otio.adapters.read_from_string(write_otio(sequence)).find_clips()))
    span = clip.source_range
    assert (span.start_time.value, span.start_time.rate) == (start + 101, 50)
    assert (span.duration.value, span.duration.rate) == (25, 25)
    root = check_structure(write_fcpxml(sequence))
    element = root.find(".//asset-clip")
    assert element.get("start") == f"{start + 101}/50s"
    assert element.get("duration") == "1s"
    assert element.find("conform-rate").attrib == {
        **{"scaleEnabled": "0", "srcFrameRate": "50", "frameSampling": "nearest-neighbor"},
    }
    text = write_fcp7xml(sequence)
    ticks = 254_016_000_000 // 50
    assert "<in>51</in>" in text  # 50.5 frames of the sequence
    assert f"<pproTicksIn>{101 * ticks}</pproTicksIn>" in text
    assert f"<pproTicksOut>{151 * ticks}</pproTicksOut>" in text


def test_opentimelineio_itself_finds_the_same_record_frames() -> None:
    for pair in PAIRS:
        cut, films = cut_of(pair, [slot(2, 7, 40), slot(1, 9, 31), slot(2, 500, 17)])
        timeline = otio.adapters.read_from_string(write_otio(sequence_of(cut, films)))
        track = timeline.video_tracks()[0]
        found = [track.range_of_child(clip) for clip in track.find_clips()]
        assert [(r.start_time.to_frames(), r.duration.to_frames()) for r in found] == [
            (0, 40),
            (40, 31),
            (71, 17),
        ]


def test_an_edl_without_its_comments_is_read_where_the_rates_of_reels_are_known() -> None:
    cut, films = cut_of("50 in 25", [slot(2, 101, 50), slot(1, 9, 31)])
    text = write_edl(sequence_of(cut, films))
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("*"))
    found = read_edl(plain, cut.rate, {"CAM_B": Fraction(50)})
    check_frames(cut, films, found)
    with pytest.raises(TimelineError, match=r"line 4: '09:58:59:40' has a field out of range"):
        read_edl(plain.replace("09:59:01:11", "09:58:59:40"), cut.rate)


@pytest.mark.parametrize(
    ("rate", "complaint"), [("0", "line 3: 0 frames"), ("25/0", "25/0 frames"), ("9000", "no rate")]
)
def test_a_rate_that_is_none_is_told_by_its_line(rate: str, complaint: str) -> None:
    text = f"TITLE: t\nFCM: NON-DROP FRAME\n* SOURCE RATE: X {rate}\n"
    with pytest.raises(TimelineError, match=complaint):
        read_edl(text, Fraction(25))


def test_fcp7_without_premieres_ticks_is_read_to_the_nearest_frame() -> None:
    cut, films = cut_of("24 in 25", [slot(2, 101, 50)])
    text = write_fcp7xml(sequence_of(cut, films))
    lines = [line for line in text.splitlines() if "pproTicks" not in line]
    check_frames(cut, films, read_fcp7xml("\n".join(lines)))


def test_fcp7_clips_that_count_at_their_own_rate_are_read_where_only_that_fits() -> None:
    """Of 50 in 25: 50 record frames are 100 of the clip's own; 50 could be no such clip."""
    cut, films = cut_of("50 in 25", [slot(2, 100, 50)])
    lines = write_fcp7xml(sequence_of(cut, films)).splitlines()
    text = "\n".join(line for line in lines if "pproTicks" not in line)
    own = text.replace("<timebase>25</timebase>", "<timebase>50</timebase>")
    head, tail = own.split("<clipitem", 1)
    head = head.replace("<timebase>50</timebase>", "<timebase>25</timebase>")
    both = f"{head}<clipitem{tail}".replace("<in>50</in>", "<in>100</in>")
    found = read_fcp7xml(both.replace("<out>100</out>", "<out>200</out>"))
    check_frames(cut, films, found)
    with pytest.raises(TimelineError, match="do not tell which of the two they count in"):
        read_fcp7xml(both.replace("<out>100</out>", "<out>170</out>"))


def test_an_ale_says_the_rate_of_each_row_that_is_of_another() -> None:
    cut, films = cut_of("50 in 25", [slot(1, 9, 31), slot(2, 101, 25)])
    sequence = sequence_of(cut, films)
    log = read_ale(write_ale(sequence))
    assert (log.rate, [row.rate for row in log.rows]) == (25, [25, 50])
    first = sequence.events[1].file.start
    assert log.rows[1].source == FrameRange(first + 101, first + 151)
    assert "an ALE tells one rate" in "\n".join(export_remarks(sequence, "ale"))


def test_a_csv_cut_list_tells_source_frames_at_the_films_rate() -> None:
    cut, films = cut_of("50 in 25", [slot(2, 101, 25)])
    head, row = (line.split(",") for line in write_csv(sequence_of(cut, films)).splitlines())
    told = dict(zip((name.strip('"') for name in head), row, strict=False))
    assert (told["source_in"], told["source_out"], told["frames"]) == ("101", "151", "25")
    assert told["source_rate"] == '"50"'


def test_what_a_film_lacks_at_its_own_rate_is_refused_by_slot() -> None:
    """The last frame that is shown is 0 + 2 * 49 = 98, so 99 frames are enough and 98 are not."""
    cut, films = cut_of("50 in 25", [slot(1, 0, 9), slot(2, 0, 50)], 99)
    sequence_of(cut, films)
    cut, films = cut_of("50 in 25", [slot(1, 0, 9), slot(2, 0, 50)], 98)
    with pytest.raises(TimelineError, match="asks for 0 to 98 in slot 2"):
        sequence_of(cut, films)


def test_a_rate_that_a_format_lacks_is_refused_by_name() -> None:
    cut, films = cut_of("24 in 25", [slot(1, 0, 9), slot(2, 0, 50)])
    films[2] = replace(films[2], rate=Fraction(240), start_timecode=None)
    sequence = sequence_of(cut, films)
    writers: list[tuple[Callable[[CutSequence], str], str]] = [
        (write_edl, "cam B.mov runs at 240 a second"),
        (write_fcpxml, "FCPXML has no rate of 240"),
        (write_ale, "an ALE has no rate of 240"),
    ]
    for write, complaint in writers:
        with pytest.raises(TimelineError, match=complaint):
            write(sequence)


@given(st.integers(0, 10**9), st.fractions(0, 10**6))
def test_a_frame_comes_back_whatever_was_taken_off_it(frame: int, less: Fraction) -> None:
    assert frame_of_rounded(nearest_frame(frame - less) + less) == frame


def test_a_part_of_an_edit_shows_the_same_frames() -> None:
    @given(
        st.sampled_from(sorted(PAIRS)), st.integers(1, 200), st.integers(0, 199), st.integers(1, 99)
    )
    @settings(deadline=None)
    def check(pair: str, frames: int, first: int, count: int) -> None:
        rate, _, own, _ = PAIRS[pair]
        span = FrameRange(50, 50 + frames)
        edit = Edit("V1", "x", FrameRange(900, 901 + frames), span, conform=rate / own)
        part = FrameRange(50 + first % frames, 50 + min(frames, first % frames + count))
        cut = edit.trimmed(part)
        places = range(part.start, part.end)
        assert all(abs(cut.source_at(k) - edit.source_at(k)) <= 1 for k in places)

    check()
