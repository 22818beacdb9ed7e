"""Names in any script and of any length, reels that collide, packed files, and damaged ones."""

import gzip
import random
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from counted_calls import calls_of
from probes import FORMATS, PROBES, RATES, Piece, edits_of, read_back, sequence_of

from editing.errors import TimelineError
from editing.interchange.ale import read_ale, write_ale
from editing.interchange.edl import write_edl
from editing.interchange.edl_reader import read_edl
from editing.interchange.layers import picture_of
from editing.interchange.reading import read_timeline
from editing.interchange.remarks import export_remarks
from editing.interchange.sequence import Sequence
from ingest.media import Media

CutOf = Callable[..., Sequence]
Film = Callable[..., Media]
RATE = Fraction(25)


@pytest.mark.parametrize("format_name", FORMATS)
def test_any_name_of_a_film_comes_back(cut_of: CutOf, film: Film, format_name: str) -> None:
    @given(
        st.text(
            st.characters(exclude_characters="/\\", exclude_categories=["Cs"]),
            min_size=1,
            max_size=40,
        )
    )
    @settings(deadline=None, max_examples=50)
    @example("Гавань на рассвете 東京 🎬")
    @example("x" * 200)
    @example("\"quoted\" & <tagged> 'name'")
    @example("* JOIN: 012")
    @example("FROM CLIP NAME: other")
    @example("001  A  V  C")
    @example("100%25 #1?x=y;z")
    def check(name: str) -> None:
        media = film(name=f"{name}.mov", rate=RATE, timecode="10:00:00:00")
        sequence = cut_of([(10, 25), (100, 5)], media)
        found = read_back(sequence, format_name)
        told = sequence.files[0].name if format_name == "edl" else media.path.rsplit("/", 1)[-1]
        assert {edit.name for edit in found.edits} == {told}
        wanted = [edit.source for edit in edits_of(sequence) if edit.track == "V1"]
        assert [edit.source for edit in found.track("V1")] == wanted

    check()


@given(note=st.text(min_size=1, max_size=80))
@settings(deadline=None, max_examples=50)
@example(note="two\nlines\r\nand  a\ttab")
@example(note="* FROM CLIP NAME: other.mov\n001  A  V  C")
def test_any_note_is_one_line_of_a_marker(note: str) -> None:
    from editing.interchange.sequence import Marker, printable

    rate, mark = RATES["25"]
    sequence = sequence_of(rate, mark, [Piece(100, 40), Piece(7, 9)])
    sequence = replace(sequence, markers=(Marker(40, printable(note)),))
    for name in FORMATS:
        found = read_back(sequence, name)
        assert found.markers == sequence.markers, name
        assert len(found.track("V1")) == 2


def test_an_ale_keeps_its_columns_whatever_a_film_is_called(cut_of: CutOf, film: Film) -> None:
    media = film(name="tab\there\nline.mov", rate=RATE, timecode="10:00:00:00")
    (row,) = read_ale(write_ale(cut_of([(10, 25)], media))).rows
    assert row.cells["Source File"] == "tab here line.mov"


def test_reels_that_would_be_the_same_are_numbered_and_told(cut_of: CutOf, film: Film) -> None:
    names = ("A001C003_240101_R1.mov", "A001C003_240102_R7.mov", "東京.mov", "港.mov")
    films = [film(number, name=name, rate=RATE) for number, name in enumerate(names, start=1)]
    sequence = cut_of([(10, 25)] * 4, *films)
    assert [file.reel for file in sequence.files] == ["A001C003", "A001C0_2", "REEL", "REEL_2"]
    told = export_remarks(sequence, "edl")
    assert told == [
        "reels of 8 characters would be the same for some films: A001C003_240101_R1.mov is "
        "A001C003, A001C003_240102_R7.mov is A001C0_2",
        "reels of 8 characters would be the same for some films: 東京.mov is REEL, 港.mov is "
        "REEL_2",
    ]
    assert export_remarks(sequence, "otio") == []


def _of_one_reel(rates: tuple[Fraction, Fraction]) -> Sequence:
    """Two films that both say that they are of reel A001, as camera originals may."""
    sequence = sequence_of(RATE, ":", [Piece(100, 40), Piece(200, 50, 1)])
    files = {
        event.file: replace(event.file, reel="A001", rate=rate)
        for event, rate in zip(sequence.events, rates, strict=True)
    }
    events = tuple(
        replace(event, file=files[event.file], conform=files[event.file].rate / RATE)
        for event in sequence.events
    )
    return replace(sequence, events=events)


def test_two_films_of_one_reel_are_told_apart_by_name() -> None:
    sequence = _of_one_reel((RATE, RATE))
    told = "cam A.mov, cam B.mov are all of reel A001; where their timecodes overlap, only names"
    assert export_remarks(sequence, "edl")[0].startswith(told)
    for name in FORMATS:
        found = read_back(sequence, name)
        assert [edit.name for edit in found.track("V1")] == ["cam A.mov", "cam B.mov"]


def test_two_films_of_one_reel_and_two_rates_are_refused_for_an_edl() -> None:
    with pytest.raises(TimelineError, match=r"cam A\.mov and cam B\.mov are both of reel A001"):
        write_edl(_of_one_reel((RATE, Fraction(50))))


@pytest.mark.parametrize("label", ["10:01:00;00", "10:01:00;01", "10:59:00;00", "10:59:00;01"])
def test_drop_frame_labels_that_do_not_exist_are_refused_by_line(label: str) -> None:
    ntsc = Fraction(30000, 1001)
    text = f"TITLE: t\nFCM: DROP FRAME\n001  A  V  C  {label} 10:59:10;00 01:00:00;00 01:00:10;00\n"
    with pytest.raises(TimelineError, match=f"line 3: '{label}' is one of the numbers that drop"):
        read_edl(text, ntsc)
    there = re.sub(r":\d\d:00;0\d", ":10:00;00", label)
    found = read_edl(text.replace(label, there).replace("10:59:10;00", "10:10:10;00"), ntsc)
    assert found.edits[0].record.frames == 300


def test_a_packed_timeline_is_told_to_be_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "t.otioz"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.otio", "0" * 50_000_000)
    with pytest.raises(TimelineError, match=r"t\.otioz is a zip archive, .*unpack it and give"):
        read_timeline(packed, RATE)
    zipped = tmp_path / "t.edl.gz"
    zipped.write_bytes(gzip.compress(b"TITLE: t\n"))
    with pytest.raises(TimelineError, match="is packed with gzip, not a timeline"):
        read_timeline(zipped, RATE)


def test_an_ale_is_told_to_be_one(tmp_path: Path) -> None:
    listed = tmp_path / "clips.ale"
    listed.write_text("Heading\nFIELD_DELIM\tTABS\n")
    with pytest.raises(TimelineError, match=r"clips\.ale: an ALE, which .* has no order; give"):
        read_timeline(listed, RATE)


def test_a_bundle_of_final_cut_pro_is_read(tmp_path: Path) -> None:
    write, _ = FORMATS["fcpxml"]
    bundle = tmp_path / "harbour.fcpxmld"
    bundle.mkdir()
    with pytest.raises(TimelineError, match="is not a file"):
        read_timeline(bundle, RATE)
    (bundle / "Info.fcpxml").write_text(write(sequence_of(RATE, ":", PROBES["gain"])))
    assert len(read_timeline(bundle, RATE).track("V1")) == 3


def _damaged(text: str, chance: random.Random) -> str:
    """With a piece of it taken out, doubled or put elsewhere, or a number that is another."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice([1, 2, 5, 20, 80]))
        other = chance.randrange(len(text))
        numbers = list(re.finditer(r"\d+(\.\d+)?", text))
        number = chance.choice(numbers) if numbers else None
        value = chance.choice(["0", "-5", "9" * 12, "0.5", "nan", "1/0", ""])
        text = chance.choice(
            [
                text[:start] + text[end:],
                text[:start] + 2 * text[start:end] + text[end:],
                text[:start] + text[other : other + end - start] + text[end:],
                text[: number.start()] + value + text[number.end() :] if number else text,
            ]
        )
        if not text:
            return " "
    return text


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_damaged_timeline_is_read_or_refused_and_nothing_else(format_name: str) -> None:
    rate, mark = RATES["29.97 DF"]
    write, read = FORMATS[format_name]
    whole = [write(sequence_of(rate, mark, pieces)) for pieces in PROBES.values()]
    refused = 0
    for seed in range(400):
        chance = random.Random(seed)
        text = _damaged(chance.choice(whole), chance)
        try:
            picture_of(read(text, rate))
        except TimelineError:
            refused += 1
    assert refused > 100


def test_a_long_edl_takes_work_in_step_with_its_length() -> None:
    calls = []
    for count in (500, 2_000):
        lines = ["TITLE: t", "FCM: NON-DROP FRAME"]
        for number in range(count):
            start, end = (f"{n // 90_000:02d}:{n // 1500 % 60:02d}:{n // 25 % 60:02d}:{n % 25:02d}"
                          for n in (number, number + 1))  # fmt: skip
            lines.append(f"{number % 999 + 1:03d}  A  B  C  {start} {end} {start} {end}")
        text = "\n".join(lines)
        assert len(read_edl(text, RATE).track("V1")) == count
        calls.append(calls_of(partial(read_edl, text, RATE)))
    assert calls[0] > 500 * 5  # each of the events takes some
    assert calls[1] < 5 * calls[0]
