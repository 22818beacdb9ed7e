"""Captions, letters and titles that nobody means to give: shown, or refused in words."""

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import pytest

from editing.captions.caption import Caption
from editing.captions.srt import read_srt
from editing.cut import Cut, Slot
from editing.errors import RenderError
from editing.finish.delivery import Captions, Delivery, Slate, Title
from editing.finish.lettering import Lettering
from editing.finish.programme import Programme, on_frames
from editing.run import render_cut, verify_file
from ingest.media import MediaId
from ingest.timecode import FrameRange


def test_ten_thousand_captions_are_put_on_frames_in_a_moment(make_cut: Callable[..., Cut]) -> None:
    cut = make_cut(*(_slot(0, 24 * 3600),))
    lines = [
        Caption(Fraction(k, 3), Fraction(k, 3) + Fraction(1, 2), f"line {k}") for k in range(10_000)
    ]
    started = time.process_time()
    delivery = Delivery(captions=Captions(tuple(lines), burnt=True))
    programme = Programme.of(cut, delivery)
    shown = [programme.at(frame).caption for frame in range(0, 24 * 3600, 7)]
    assert time.process_time() - started < 5
    assert programme.captions[1].what == "line 0\nline 1"
    assert shown[0] == 0
    assert all(
        programme.captions[i].start <= 7 * n < programme.captions[i].end
        for n, i in enumerate(shown)
        if i is not None
    )


def _slot(start: int, end: int) -> Any:
    return Slot(MediaId(1), 0, FrameRange(start, end), 0.0, ())


def test_more_captions_at_once_than_can_be_shown_are_refused(make_cut: Callable[..., Cut]) -> None:
    lines = [Caption(Fraction(0), Fraction(1), "x" * 1_000)] * 3
    with pytest.raises(RenderError, match=r"3 captions are up at 0\.000 s, 3,002 characters"):
        on_frames(lines, make_cut(_slot(0, 48)))


def test_captions_go_through_markup_gaps_and_overlaps_to_a_file_that_passes(studio: Any) -> None:
    text = (
        "1\n00:00:00,000 --> 00:00:00,900\n<b>Bold</b> and {\\an8}<i>slanted</i>\n\n"
        "2\n00:00:00,500 --> 00:00:01,500\nΚαλημέρα\n\n3\n00:00:01,600 --> 00:00:09,000\nlonger\n"
    )
    media = studio.film("film.mov", 60, size=(320, 180))
    cut = studio.cut(studio.slot(media, 0, 48))
    for burnt in (True, False):
        captions = Captions(tuple(read_srt(text)), burnt=burnt)
        output = studio.folder / "out.mp4"
        render_cut(studio.catalog, cut, output, delivery=Delivery(captions=captions))
        assert verify_file(studio.catalog, cut, output, delivery=Delivery(captions=captions)).passed
        if not burnt:
            with av.open(str(output)) as film:
                packets = list(film.demux(film.streams.subtitles[0]))
            told = [bytes(packet)[2:].decode() for packet in packets if packet.size > 2]
            assert told[:2] == ["Bold and slanted", "Bold and slanted\nΚαλημέρα"]


def test_letters_written_in_parts_are_made_whole() -> None:
    """macOS writes é as e and an accent; drawn apart, the accent would stand beside it."""
    letters = Lettering((320, 180))
    apart, whole = letters.overlay("cafe\u0301", 0.2), letters.overlay("caf\u00e9", 0.2)
    assert (apart.luma == whole.luma).all()


@pytest.mark.parametrize("text", ["🎬", "日本語", "مرحبا"])
def test_letters_that_the_font_has_not_are_refused_before_anything_is_written(
    text: str, studio: Any, cut: Cut
) -> None:
    delivery = Delivery(titles=(Title(text, Fraction(0), Fraction(1)),))
    with pytest.raises(RenderError, match="has no letters for"):
        render_cut(studio.catalog, cut, studio.folder / "o.mp4", delivery=delivery)
    assert not (studio.folder / "o.mp4").exists()


def test_text_that_fits_nowhere_is_refused_before_anything_is_drawn(studio: Any, cut: Cut) -> None:
    """The end slate would else be found out after the whole cut has been rendered."""
    drawn: list[float] = []
    delivery = Delivery(end=Slate(Fraction(1), lines=("\n".join("word" for _ in range(60)),)))
    with pytest.raises(RenderError, match="does not fit a picture of 64x48"):
        render_cut(
            *(studio.catalog, cut, studio.folder / "o.mp4"),
            delivery=delivery,
            on_progress=drawn.append,
        )
    assert drawn == []


def test_titles_may_have_lines_and_be_long(studio: Any) -> None:
    media = studio.film("film.mov", 30, size=(320, 180))
    cut = studio.cut(studio.slot(media, 0, 24))
    titles = (
        Title("one\ntwo\n\nfour", Fraction(0), Fraction(1, 2)),
        Title("many words " * 40, Fraction(1, 2), Fraction(1)),
    )
    output = studio.folder / "out.mp4"
    render_cut(studio.catalog, cut, output, delivery=Delivery(titles=titles))
    assert verify_file(studio.catalog, cut, output, delivery=Delivery(titles=titles)).passed
