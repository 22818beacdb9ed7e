"""Rating rules: which ranges a rating keeps out, and why; and ranges as editors write them."""

from fractions import Fraction
from pathlib import Path

import pytest

from editing.cut import Exclusion
from editing.errors import RangeError, RatingsError
from editing.ratings import read_rating_rules
from editing.source_range import read_range
from ingest.timecode import FrameRange

RULES = """
[ratings]
G = ["violence", "language"]
PG = ["violence"]

[[scene]]
labels = ["violence"]
range = "10-20"
note = "a fight"

[[scene]]
labels = ["language", "smoking"]
shots = [1]
"""
SHOTS = [FrameRange(0, 30), FrameRange(30, 60)]
NTSC = Fraction(30000, 1001)


def read(text: str) -> FrameRange:
    return read_range(text, Fraction(24), None, 60)


def rules(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rating_keeps_out_what_its_labels_say_and_tells_why(tmp_path: Path) -> None:
    found = read_rating_rules(rules(tmp_path, RULES))
    fight = FrameRange(10, 20)
    assert found.exclusions("G", read, SHOTS) == (
        Exclusion(fight, "rating G leaves out violence: a fight"),
        Exclusion(SHOTS[1], "rating G leaves out language"),
    )
    assert [one.span for one in found.exclusions("PG", read, SHOTS)] == [fight]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[ratings", "cannot be read"),
        ("ratings = 3", "names labels"),
        ('[ratings]\nG = "violence"', "names labels"),
        ("[ratings]\nscene = 3", "names labels"),
        ("scene = 3\n[ratings]", "written as"),
        ("[ratings]\n[[scene]]\nlabels = []\nshots = [1]", "number 1 has no labels"),
        ('[ratings]\n[[scene]]\nlabels = ["a"]', "either a range, in quotes, or shots"),
        ('[ratings]\n[[scene]]\nlabels = ["a"]\nshots = [-1]', "counted from 0"),
        ('[ratings]\n[[scene]]\nlabels = ["a"]\nshots = [1]\nfrom = 3', "has .'from'."),
    ],
)
def test_rules_that_are_none_are_refused_with_their_place(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(RatingsError, match=why):
        read_rating_rules(rules(tmp_path, text))


def test_rules_of_another_film_or_rating_are_refused(tmp_path: Path) -> None:
    found = read_rating_rules(rules(tmp_path, RULES))
    with pytest.raises(RatingsError, match="the rules have: G, PG"):
        found.exclusions("R", read, SHOTS)
    with pytest.raises(RatingsError, match="shots 0 to 0, not 1"):
        found.exclusions("G", read, SHOTS[:1])
    with pytest.raises(RatingsError, match="cannot be read"):
        read_rating_rules(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "rate", "start", "found"),
    [
        ("00:00:01:00-00:00:02:12", Fraction(24), None, (24, 60)),
        ("10:00:01:00-10:00:02:12", Fraction(24), "10:00:00:00", (24, 60)),
        ("00:00:59;29-00:01:00;02", NTSC, None, (1799, 1800)),
        ("00:00:59:29-00:01:00:00", NTSC, None, (1799, 1800)),
        ("1799-1800", NTSC, "10:00:00;00", (1799, 1800)),
    ],
)
def test_a_range_is_read_to_the_frame(
    text: str, rate: Fraction, start: str | None, found: tuple[int, int]
) -> None:
    assert read_range(text, rate, start, 2000) == FrameRange(*found)


@pytest.mark.parametrize(
    "text", ["", "5", "5-5", "9-5", "-5-9", "1999-2001", "00:00:01:30-00:00:02:00", "a-b"]
)
def test_what_is_no_range_of_the_film_is_refused(text: str) -> None:
    with pytest.raises(RangeError, match="is no range of this film"):
        read_range(text, Fraction(24), None, 2000)
