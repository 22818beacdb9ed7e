"""Captions of a film, moved onto its cut: which frames show them, at every rate."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.captions.caption import Caption
from editing.captions.of_cut import captions_of_cut, frames_of
from editing.captions.srt import read_srt, write_srt
from editing.captions.webvtt import read_webvtt, write_webvtt
from editing.cut import Brief, Cut, CutId, Slot, SlotSound
from ingest.media import MediaId
from ingest.timecode import FrameRange

FILM, OTHER = MediaId(1), MediaId(2)
RATES = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [
    Fraction(n, 1001) for n in (24000, 30000, 60000)
]


def cut_of(*pieces: tuple[int, int], rate: Fraction = Fraction(25), **sound: int) -> Cut:
    """Slots of the film's frames, first and first after; `sound` is that of the second."""
    slots = [Slot(FILM, 0, FrameRange(*piece), 0.0, ()) for piece in pieces]
    if sound:
        slots[1] = replace(slots[1], sound=SlotSound(**sound))
    brief = Brief("trailer", 1, 1, 1, Fraction(1), 1.0)
    return Cut(
        *(CutId(1), 1, FILM, "c", "trailer", brief, rate, tuple(slots)), "linear 1", "", "", ""
    )


def caption(first: int, end: int, text: str = "Land!", rate: Fraction = Fraction(25)) -> Caption:
    """A caption that covers frames `first` to `end - 1`."""
    return Caption(first / rate, end / rate, text)


def shown(cut: Cut, *captions: Caption) -> list[tuple[int, int, str]]:
    """First frame, first frame after, and text of each caption of the cut."""
    found = captions_of_cut(cut, {FILM: captions})
    return [(int(c.start * cut.rate), int(c.end * cut.rate), c.text) for c in found]


def test_a_caption_moves_with_its_slot() -> None:
    assert shown(cut_of((0, 10), (100, 150)), caption(110, 120)) == [(20, 30, "Land!")]


def test_a_caption_is_trimmed_where_its_slot_ends() -> None:
    assert shown(cut_of((100, 150)), caption(90, 120)) == [(0, 20, "Land!")]
    assert shown(cut_of((100, 150)), caption(140, 160)) == [(40, 50, "Land!")]


def test_a_caption_of_frames_that_are_not_in_the_cut_is_left_out() -> None:
    assert shown(cut_of((100, 150)), caption(80, 100), caption(150, 151)) == []


def test_a_caption_is_split_where_the_cut_leaves_the_film() -> None:
    cut = cut_of((100, 110), (0, 5), (110, 130))
    assert shown(cut, caption(105, 120)) == [(5, 10, "Land!"), (15, 25, "Land!")]


def test_a_caption_over_two_slots_without_a_break_stays_one() -> None:
    assert shown(cut_of((100, 110), (110, 130)), caption(105, 120)) == [(5, 20, "Land!")]


def test_a_slot_that_comes_twice_is_captioned_twice() -> None:
    cut = cut_of((100, 110), (100, 110))
    assert shown(cut, caption(100, 110)) == [(0, 10, "Land!"), (10, 20, "Land!")]


def test_captions_change_where_the_sound_does() -> None:
    """A J-cut of 4 frames: the second slot is heard from frame 96, 4 frames before its picture."""
    cut = cut_of((0, 20), (100, 120), lead=4)
    assert shown(cut, caption(96, 110), caption(0, 30, "Before")) == [
        (0, 16, "Before"),
        (16, 30, "Land!"),
    ]


def test_a_film_without_captions_has_none() -> None:
    cut = cut_of((0, 20))
    assert captions_of_cut(replace(cut, slots=(replace(cut.slots[0], media=OTHER),)), {}) == []


@pytest.mark.parametrize("rate", RATES)
def test_thousandths_of_a_file_mean_the_frame_they_were_made_of(rate: Fraction) -> None:
    """Rounded up, down or to the nearest: a file's time of frame n is frame n again."""
    for frame in [*range(1, 400), 107_892, 215_784]:
        for seconds in (Fraction(int(frame / rate * 1000), 1000), round(frame / rate, 3)):
            found = frames_of(Caption(seconds, seconds + 1, "x"), rate)
            assert found is not None
            assert found.start == frame


pieces = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 400)), min_size=1, max_size=8)


@given(
    pieces,
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 300)), max_size=8),
    st.sampled_from(RATES),
)
@settings(deadline=None, max_examples=100)
def test_every_frame_shows_what_its_film_showed_and_files_keep_it(
    slots: list[tuple[int, int]], told: list[tuple[int, int]], rate: Fraction
) -> None:
    cut = cut_of(*((first, first + frames) for first, frames in slots), rate=rate)
    captions = [caption(a, a + n, f"line {i}", rate) for i, (a, n) in enumerate(told)]
    wanted = {
        (record, one.text)
        for record, frame in enumerate(source_frames(cut))
        for one in captions
        if one.start <= frame / rate < one.end
    }
    found = captions_of_cut(cut, {FILM: captions})
    assert shown_frames(found, rate) == wanted
    for again in (read_srt(write_srt(found)), read_webvtt(write_webvtt(found))):
        assert shown_frames(again, rate) == wanted


def source_frames(cut: Cut) -> Iterator[int]:
    for slot in cut.slots:
        yield from range(slot.source.start, slot.source.end)


def shown_frames(captions: list[Caption], rate: Fraction) -> set[tuple[int, str]]:
    """As a player does: a frame shows each caption that is on at the frame's first instant."""
    shown = set()
    for one in captions:
        first, after = int(one.start * rate) - 2, int(one.end * rate) + 2
        shown |= {(n, one.text) for n in range(first, after) if one.start <= n / rate < one.end}
    return shown
