import csv
import io
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.cut import Reason
from editing.interchange.csv_list import COLUMNS, write_csv
from editing.interchange.sequence import Sequence
from ingest.media import Media
from ingest.timecode import timecode_to_frame

CutOf = Callable[..., Sequence]
Film = Callable[..., Media]
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_tells_a_slot(cut_of: CutOf, film: Film) -> None:
    media = film(rate=Fraction(25), timecode="10:00:00:00")
    text = write_csv(cut_of([(10, 25), (100, 5)], media))
    header, first, second, end = text.split("\r\n")
    assert header == ",".join(f'"{column}"' for column in COLUMNS)
    assert first == (
        '0,0,25,"01:00:00:00","01:00:01:00",10,35,"10:00:00:10","10:00:01:10",25,'
        '"Harbour at dawn.mov","HARBOUR",0,0.5,"motion +1.000; light & shade -0.500",'
        '"",0,0,0,25,0.0,0,"","","25"'
    )
    assert second.startswith('1,25,30,"01:00:01:00","01:00:01:05",100,105,')
    assert end == ""


def test_frames_and_timecodes_agree_at_every_rate(
    counting: tuple[Fraction, str], cut_of: CutOf, film: Film
) -> None:
    rate, mark = counting
    sequence = cut_of([(1, 2000), (7, 1), (0, 300)], film(rate=rate, timecode=f"00:09:58{mark}12"))
    for row, event in zip(rows_of(write_csv(sequence)), sequence.events, strict=True):
        for side, start in (("record", sequence.start), ("source", event.file.start)):
            for end in ("in", "out"):
                frame = timecode_to_frame(row[f"{side}_{end}_timecode"], rate)
                assert frame == start + int(row[f"{side}_{end}"])
        assert int(row["record_out"]) - int(row["record_in"]) == int(row["frames"])


@pytest.mark.parametrize("begin", ["=1+2", "+1", "-1", "@SUM(A1)", "＝1"])
def test_a_text_that_a_spreadsheet_would_compute_is_marked(
    begin: str, cut_of: CutOf, film: Film
) -> None:
    media = film(name=f'{begin}","=cmd.mov')
    (row,) = rows_of(write_csv(cut_of([(0, 5)], media, reasons=(Reason(begin, 1.0),))))
    assert row["file"] == f'\'{begin}","=cmd.mov'
    assert row["reasons"] == f"'{begin} +1.000"


def test_a_negative_score_stays_a_number(cut_of: CutOf) -> None:
    sequence = cut_of([(0, 5)])
    slot = sequence.events[0].slot
    object.__setattr__(slot, "score", -0.5)
    assert ',-0.5,"motion' in write_csv(sequence)


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_no_name_begins_a_formula_or_a_row(
    cut_of: CutOf, film: Film, name: str, reason: str
) -> None:
    media = film(name=f"{name.replace('/', '')}.mov")
    (row,) = rows_of(write_csv(cut_of([(0, 5)], media, reasons=(Reason(reason, -1.0),))))
    assert list(row) == list(COLUMNS)
    assert not row["file"].startswith(FORMULAS)
    assert not row["reasons"].startswith(FORMULAS)
    float(row["score"])
