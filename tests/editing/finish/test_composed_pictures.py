from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.captions.caption import Caption
from editing.cut import Reframe, Transition
from editing.errors import RenderError
from editing.finish.colours import Colours
from editing.finish.conform import Conformer, filling, middle_at, render_size
from editing.finish.delivery import Captions, Delivery, Slate, Title
from editing.finish.lettering import Lettering
from editing.finish.planes import black, cropped, planes_of
from editing.run import render_cut

NOISE = 3.0  # grey levels of 255 by which what x264 gives back may be off


def luma_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as film:
        return np.array([f.to_ndarray()[: f.height] for f in film.decode(video=0)], float)


def off(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def test_a_dissolve_mixes_the_frames_beyond_the_join(tmp_path: Path, studio: Any) -> None:
    media = studio.film("film.mp4", 100)
    film = luma_of(tmp_path / "film.mp4")
    dissolve = Transition("dissolve", 2, 2)
    cut = studio.cut(studio.slot(media, 0, 10), studio.slot(media, 60, 70, transition=dissolve))
    came = luma_of(render_cut(studio.catalog, cut, tmp_path / "cut.mp4").path)
    for frame, share in ((8, 0.2), (9, 0.4), (10, 0.6), (11, 0.8)):
        mixed = (1 - share) * film[frame] + share * film[50 + frame]
        assert off(came[frame], mixed) < NOISE
    assert off(came[7], film[7]) < NOISE
    assert off(came[12], film[62]) < NOISE


def test_a_dip_goes_through_black_and_titles_stay_up(tmp_path: Path, studio: Any) -> None:
    media = studio.film("film.mp4", 100, size=(160, 120))
    film = luma_of(tmp_path / "film.mp4")
    cut = studio.cut(
        studio.slot(media, 0, 10), studio.slot(media, 60, 70, transition=Transition("dip", 2, 2))
    )
    title = Title("UP", Fraction(10, 24), Fraction(12, 24))
    made = render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=Delivery(titles=(title,)))
    came = luma_of(made.path)
    assert off(came[8], 16 + (film[8] - 16) / 2) < NOISE
    assert came[9].max() < 24
    assert came[10].max() > 200  # the title, over black
    assert np.median(came[10]) < 24
    assert off(came[12], film[62]) < NOISE


def test_frames_of_a_film_of_another_rate_are_the_nearest_in_time(
    tmp_path: Path, read_numbers: Callable[[Path], list[int]], studio: Any
) -> None:
    own = studio.film("own.mp4", 40)
    fast = studio.film("fast.mp4", 200, rate=Fraction(60000, 1001), size=(80, 60))
    slow = studio.film("slow.mp4", 50, rate=Fraction(25, 2))
    cut = studio.cut(studio.slot(own, 3, 9), studio.slot(fast, 20, 32), studio.slot(slow, 10, 20))
    made = render_cut(studio.catalog, cut, tmp_path / "cut.mp4")
    fast_frames = [20, 22, 25, 27, 30, 32, 35, 37, 40, 42, 45, 47]  # 20 + n * 2.4975…, rounded
    slow_frames = [10, 11, 11, 12, 12, 13, 13, 14, 14, 15]  # 10 + n * 0.5208…, rounded
    assert read_numbers(made.path) == [*range(3, 9), *fast_frames, *slow_frames]
    assert made.frames == cut.frames == 28


def test_a_handle_that_the_film_has_not_is_told(tmp_path: Path, studio: Any) -> None:
    media = studio.film("film.mp4", 60)
    dissolve = Transition("dissolve", 3, 3)
    cut = studio.cut(studio.slot(media, 20, 30), studio.slot(media, 2, 12, transition=dissolve))
    with pytest.raises(RenderError, match="needs frame -1, and the film has frames 0 to 59"):
        render_cut(studio.catalog, cut, tmp_path / "cut.mp4")
    assert not (tmp_path / "cut.mp4").exists()


def test_a_cut_of_another_shape_is_cropped_about_what_the_slot_says(
    tmp_path: Path, studio: Any
) -> None:
    media = studio.film("film.mp4", 60, size=(160, 90))
    film = luma_of(tmp_path / "film.mp4")
    reframe = Reframe((0.0, 0.5), (1.0, 0.5))
    cut = studio.cut(studio.slot(media, 5, 16, reframe=reframe), aspect="9:16")
    made = render_cut(studio.catalog, cut, tmp_path / "cut.mp4")
    assert (made.width, made.height) == (50, 90)  # 90 * 9 / 16 = 50.6
    came = luma_of(made.path)
    assert off(came[0], film[5][:, :50]) < NOISE
    assert off(came[5], film[10][:, 55:105]) < NOISE
    assert off(came[10], film[15][:, 110:]) < NOISE
    padded = render_cut(studio.catalog, cut, tmp_path / "pad.mp4", delivery=Delivery(fit="pad"))
    rows = luma_of(padded.path)[0]
    assert rows[:28].max() < 32  # 50 x 28 in 50 x 90
    assert rows[-28:].max() < 32


def test_a_moving_crop_moves_by_parts_of_a_pixel() -> None:
    """A ramp of 2 levels a pixel: a third of a pixel further is two thirds of a level more."""
    ramp = np.tile(np.arange(100, dtype=np.uint8) * 2, (40, 1))
    chroma = np.full((20, 50), 128, np.uint8)
    for left in (10.0, 10.25, 10.5, 11.0):
        moved = planes_of(cropped((ramp, chroma, chroma), (20, 20), left, 3.5))[0]
        assert abs(moved[5].astype(float) - 2 * (np.arange(20) + left)).max() <= 0.5


def test_reframing_moves_evenly_and_goes_on_beyond_the_slot() -> None:
    reframe = Reframe((0.2, 0.5), (0.6, 0.7))
    assert middle_at(reframe, 0, 11) == (0.2, 0.5)
    assert middle_at(reframe, 5, 11) == pytest.approx((0.4, 0.6))
    assert middle_at(reframe, 10, 11) == pytest.approx((0.6, 0.7))
    assert middle_at(reframe, -5, 11) == pytest.approx((0.0, 0.4))
    assert middle_at(None, 3, 11) == (0.5, 0.5)


def test_sizes_of_shapes() -> None:
    assert render_size((1920, 1080), "9:16", None) == (608, 1080)
    assert render_size((1920, 1080), "1:1", 360) == (360, 360)
    assert render_size((640, 480), "16:9", None) == (640, 360)
    assert render_size((640, 480), "source", 120) == (160, 120)
    assert filling((1920, 1080), (608, 1080)) == (1920, 1080)
    assert filling((640, 480), (640, 360)) == (640, 480)


def test_colours_of_another_matrix_are_converted() -> None:
    """Pure red is Y 81 in BT.601 and Y 63 in BT.709."""
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 255
    frame = av.VideoFrame.from_ndarray(red, format="rgb24").reformat(
        format="yuv420p", dst_colorspace="smpte170m"
    )
    frame.colorspace = 6
    assert round(frame.to_ndarray()[:32].mean()) == 81
    shown = Conformer((32, 32), 0, colours=Colours(6, 6, 6), matrix=1).conform(frame)
    assert abs(shown.to_ndarray()[:32].mean() - 63) <= 1


def test_letters_are_white_and_stay_within_the_safe_area() -> None:
    for place, rows in (
        ("upper", slice(0, 120)),
        ("middle", slice(120, 240)),
        ("lower", slice(240, 360)),
    ):
        picture = black((640, 360))
        Lettering((640, 360)).overlay("Größe Ψ Жизнь", 0.1, place).over(picture)
        luma = planes_of(picture)[0]
        written = np.argwhere(luma > 128)
        assert len(written) > 100
        assert luma.max() >= 230
        assert (luma[rows] > 128).sum() == len(written)
        assert written[:, 0].min() >= 18 - 6  # 5 % of 360, less the edge of the letters
        assert written[:, 1].min() >= 32


def test_long_text_is_broken_and_made_smaller_until_it_fits() -> None:
    letters = Lettering((320, 180))
    one, many = letters.overlay("word", 0.1), letters.overlay("word " * 100, 0.1)
    assert one.cover.shape[0] < many.cover.shape[0] <= 180
    assert many.cover.shape[1] <= 0.92 * 320
    with pytest.raises(RenderError, match="does not fit a picture of 320x180"):
        letters.overlay("w" * 400, 0.1)


def test_text_that_the_font_has_no_letters_for_is_refused_before_anything_is_written(
    tmp_path: Path, studio: Any
) -> None:
    cut = studio.cut(studio.slot(studio.film("film.mp4", 30), 0, 24))
    title = Title("東京", Fraction(0), Fraction(1))
    with pytest.raises(RenderError, match=r"no letters for 京 \(U\+4EAC\), 東 \(U\+6771\)"):
        render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=Delivery(titles=(title,)))
    assert not (tmp_path / "cut.mp4").exists()
    nothing = tmp_path / "nothing.ttf"
    nothing.write_bytes(b"no font")
    with pytest.raises(RenderError, match="is no font that can be read"):
        Lettering((64, 48), nothing)


def test_slates_captions_and_cards_are_where_they_should_be(
    tmp_path: Path, read_numbers: Callable[[Path], list[int]], studio: Any
) -> None:
    media = studio.film("film.mp4", 60, size=(320, 180))
    cut = studio.cut(studio.slot(media, 0, 48))
    film = luma_of(tmp_path / "film.mp4")
    delivery = Delivery(
        leader=Slate(Fraction(1, 4), date="2026-11-21"),
        end=Slate(Fraction(1, 4), facts=False, lines=("the end",)),
        titles=(Title("CARD", Fraction(1, 2), Fraction(1), card=True),),
        captions=Captions((Caption(Fraction(1), Fraction(3, 2), "hello"),), burnt=True),
    )
    came = luma_of(render_cut(studio.catalog, cut, tmp_path / "cut.mp4", delivery=delivery).path)
    assert len(came) == 6 + 48 + 6
    for slate in (came[0], came[5], came[54], came[59]):
        assert slate.max() > 200
        assert np.median(slate) < 20
    assert off(came[0], came[59]) > 1  # other words
    assert off(came[6 + 11], film[11]) < NOISE
    assert np.median(came[6 + 12]) < 20  # the card
    assert np.median(came[6 + 23]) < 20
    upper, lower = slice(0, 120), slice(120, 180)
    assert off(came[6 + 30][upper], film[30][upper]) < NOISE
    assert np.abs(came[6 + 30] - film[30])[lower].max() > 100  # the caption
    assert off(came[6 + 36], film[36]) < NOISE


def test_a_track_of_captions_holds_their_words_and_times(tmp_path: Path, studio: Any) -> None:
    cut = studio.cut(studio.slot(studio.film("film.mp4", 60), 0, 48))
    lines = (
        Caption(Fraction(1, 2), Fraction(1), "Größe"),
        Caption(Fraction(1), Fraction(3, 2), "two\nlines"),
    )
    made = render_cut(
        *(studio.catalog, cut, tmp_path / "cut.mp4"),
        delivery=Delivery(captions=Captions(lines, language="deu"), leader=Slate(Fraction(1))),
    )
    with av.open(str(made.path)) as film:
        stream = film.streams.subtitles[0]
        assert stream.metadata["language"] == "deu"
        packets = [p for p in film.demux(stream) if p.pts is not None]
        found = [(p.pts * p.time_base, bytes(p)[2:].decode()) for p in packets]
    assert [line for line in found if line[1]] == [
        (Fraction(3, 2), "Größe"),
        (Fraction(2), "two\nlines"),
    ]
