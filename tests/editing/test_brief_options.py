"""What is told of a nearer brief are options that give it exactly."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.cli import reel
from dashboard.commands.parameters import Acts
from editing.assemble.brief import MEASURED_ACTS, default_brief, frames_in, joined
from editing.assemble.options import told_acts, told_options
from editing.brief_document import brief_document, brief_from_document
from editing.cut import Exclusion, Music
from ingest.timecode import FrameRange

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)]
KINDS = ["trailer", "teaser", "tv-spot", "rough", "recap", "highlights"]


def given_options(kind: str, words: str) -> dict[str, object]:
    """Options as `reel cut KIND` reads them."""
    command = reel.commands["cut"].commands[kind]  # type: ignore[attr-defined]
    context = command.make_context(kind, ["film", *words.split()])
    return dict(context.params)


@given(
    st.sampled_from(RATES),
    st.integers(1, 20_000),
    st.integers(1, 500),
    st.integers(0, 500),
    st.integers(0, 60),
)
def test_options_give_the_brief_that_was_meant(
    rate: Fraction, frames: int, shortest: int, more: int, handle: int
) -> None:
    brief = default_brief("trailer", Fraction(7), rate)
    meant = replace(
        brief, frames=frames, min_shot=shortest, max_shot=shortest + more, handle=handle
    )
    read = given_options("trailer", told_options(rate, replace(brief, max_shot=10**6), meant))
    made = default_brief(
        "trailer",
        read["seconds"] if frames != brief.frames else Fraction(7),  # type: ignore[arg-type]
        rate,
        min_shot=read["min_shot"] or (Fraction(shortest) / rate),  # type: ignore[arg-type]
        max_shot=read["max_shot"],  # type: ignore[arg-type]
        handles=read["handles"],  # type: ignore[arg-type]
    )
    assert (made.frames, made.min_shot, made.max_shot) == (frames, shortest, shortest + more)
    assert made.handle == handle


def test_every_option_that_is_told_exists() -> None:
    brief = default_brief("trailer", Fraction(30), Fraction(24))
    other = replace(
        brief,
        frames=1,
        min_shot=1,
        max_shot=2,
        handle=0,
        spoiler_free=Fraction(1),
        max_similarity=1.0,
        pacing=Fraction(1),
        acts=(),
        speech="strict",
    )
    told = told_options(Fraction(24), brief, other)
    assert told.count("--") == 9
    for kind in KINDS:
        read = given_options(kind, told)
        assert (read["speech"], read["acts"], read["similarity"]) == ("strict", (), 1)


def test_acts_are_told_as_they_are_given() -> None:
    words = told_acts(MEASURED_ACTS)
    assert words == "0.33:0.42,0.53:0.3,1:0.28:0.35"
    assert Acts().convert(words, None, None) == MEASURED_ACTS
    assert Acts().convert("even", None, None) == ()
    for wrong in ("0.5", "0.5:0.5:0.5:0.5", "2:0.5", "a:b", ""):
        with pytest.raises(click.BadParameter):
            Acts().convert(wrong, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_brief_is_kept_as_plain_data_whole(kind: str) -> None:
    brief = default_brief(
        kind,  # type: ignore[arg-type]
        Fraction(30),
        RATES[0],
        aspect="9:16",
        include=[FrameRange(50, 60), FrameRange(5, 9), FrameRange(9, 12)],
        exclude=[Exclusion(FrameRange(1, 2), "rating G leaves out violence")],
        music=Music("/song.wav", "ab" * 16, (3, 9, 20)),
        speech="strict",
    )
    assert brief_from_document(brief_document(brief)) == brief
    assert brief.include == (FrameRange(5, 12), FrameRange(50, 60))


def test_briefs_of_older_catalogues_have_what_came_later_switched_off() -> None:
    old = {
        **{"kind": "trailer", "frames": 9, "min_shot": 1, "max_shot": 3, "spoiler_free": "9/10"},
        **{"max_similarity": 0.9, "handle": 0},
    }
    brief = brief_from_document(old)
    assert (brief.acts, brief.pacing, brief.speech, brief.music) == ((), 1, "ignore", None)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6))
def test_joined_ranges_hold_the_same_frames(pairs: list[tuple[int, int]]) -> None:
    spans = [FrameRange(start, start + length) for start, length in pairs]
    found = joined(spans)
    assert {n for s in spans for n in range(s.start, s.end)} == {
        n for s in found for n in range(s.start, s.end)
    }
    assert all(a.end < b.start for a, b in pairwise(found))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [6, 15, 30, 60, 90, 150])
def test_every_kind_has_every_length(kind: str, seconds: int) -> None:
    for rate in RATES:
        brief = default_brief(kind, Fraction(seconds), rate)  # type: ignore[arg-type]
        assert brief.frames == frames_in(Fraction(seconds), rate)
        assert brief.min_shot < brief.max_shot
