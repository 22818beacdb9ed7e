"""Colours and fields of films as cameras and archives have them: what a render makes of them."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.errors import RenderError
from editing.finish.colours import HD, Colours, colours_of, colours_of_render
from editing.finish.delivery import Delivery
from editing.finish.fields import FieldReader
from editing.finish.pictures import PictureReader
from editing.finish.tone_mapping import cube, eetf, peak_of, pq_light, pq_signal, to_hd
from editing.run import render_cut, verify_file
from ingest.media import Media


def write_pictures(
    path: Path,
    pictures: list[np.ndarray],
    *,
    form: str,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    tags: tuple[int, int, int] | None = None,
    rate: int = 24,
    field: str | None = None,
) -> Path:
    """A film of pictures in packed `form`.

    `tags` are matrix, primaries and transfer; `field` is the first of interlaced ones, tff or bff.
    """
    with av.open(str(path), "w") as film:
        video = film.add_stream(codec, rate=rate, options=options or {})
        first = av.VideoFrame.from_ndarray(pictures[0], format=form)
        video.width, video.height, video.pix_fmt = first.width, first.height, form
        if tags:
            context = video.codec_context
            context.colorspace, context.color_primaries, context.color_trc = tags
            context.color_range = 1
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=form)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            film.mux(video.encode(of_field(frame, field) if field else frame))
        film.mux(video.encode(None))
    return path


def of_field(frame: av.VideoFrame, first: str) -> av.VideoFrame:
    """The frame, flagged as interlaced."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    graph.link_nodes(source, graph.add("setfield", f"mode={first}"), graph.add("buffersink"))
    graph.configure()
    graph.vpush(frame)
    return graph.vpull()


def flat(y: int, u: int, v: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """A picture of one colour in `yuv420p10le`."""
    width, height = size
    luma = np.full(height * width, y, np.uint16)
    chroma = [np.full(height * width // 4, level, np.uint16) for level in (u, v)]
    return np.concatenate([luma, *chroma]).reshape(height * 3 // 2, width)


def tags_of(path: Path) -> tuple[int, int, int, int]:
    with av.open(str(path)) as film:
        frame = next(film.decode(video=0))
        return (
            *(int(frame.colorspace), int(frame.color_primaries)),
            *(int(frame.color_trc), int(frame.color_range)),
        )


def test_pq_light_is_that_of_the_standard() -> None:
    """SMPTE ST 2084: 100 cd/m2 is a signal of .508, 1000 one of .752, 10,000 one of 1."""
    light = np.array([0.0, 100, 1000, 10_000])
    assert pq_signal(light) == pytest.approx([0, 0.508, 0.752, 1], abs=1e-3)
    assert pq_light(pq_signal(light)) == pytest.approx(light, rel=1e-9, abs=1e-9)


def test_light_below_the_knee_stays_and_the_peak_becomes_white() -> None:
    """Of 1000 cd/m2 to 203: the knee is at PQ .495, 90 cd/m2 or so."""
    light = np.array([0.0, 0.1, 10, 80, 203, 1000, 4000])
    bent = eetf(light, 1000.0)
    assert bent[:4] == pytest.approx(light[:4], rel=1e-6, abs=1e-9)
    assert 150 < bent[4] < 180
    assert bent[5:] == pytest.approx([203, 203], rel=1e-4)
    assert np.all(np.diff(eetf(np.linspace(0, 4000, 500), 1000.0)) >= 0)


@pytest.mark.parametrize("transfer", [14, 16, 18])
def test_grey_stays_grey_black_black_and_the_brightest_white(transfer: int) -> None:
    top = float(pq_signal(np.array(1000.0))) if transfer == 16 else 1.0
    signal = np.linspace(0, top, 20)[:, None] * np.ones(3)
    shown = to_hd(signal, Colours(9, 9, transfer), 1000.0)
    assert np.ptp(shown, axis=1).max() < 1e-6
    assert shown[0] == pytest.approx(0, abs=1e-6)
    assert shown[-1] == pytest.approx(1, abs=1e-4)
    assert np.all(np.diff(shown[:, 0]) > 0)


def test_a_colour_within_bt709_is_the_same_light_in_it() -> None:
    """BT.2087's matrix: BT.709's red is .6274, .0691, .0164 of BT.2020's red, green and blue."""
    wide = np.array([[0.6274, 0.0691, 0.0164]]) ** (1 / 2.4)
    shown = to_hd(wide, Colours(9, 9, 14), 203.0)
    assert shown[0] ** 2.4 == pytest.approx([1, 0, 0], abs=2e-3)


def test_the_table_counts_red_fastest() -> None:
    rows = cube(Colours(9, 9, 14), 203.0).splitlines()
    assert rows[0] == "LUT_3D_SIZE 33"
    assert len(rows) == 1 + 33**3
    red = np.array(rows[33].split(), float)
    assert red.argmax() == 0
    assert red[1:] == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    ("transfer", "level", "expected"),
    [
        (16, 0.0, 16),
        (16, 10.0, 16 + 219 * (10 / 203) ** (1 / 2.4)),
        (16, 80.0, 16 + 219 * (80 / 203) ** (1 / 2.4)),
        (16, 1000.0, 235),
        (18, 0.5, 16 + 219 * (1000 * (1 / 12) ** 1.2 / 203) ** (1 / 2.4)),
        (18, 1.0, 235),
    ],
)
def test_hdr_is_rendered_in_bt709(
    transfer: int,
    level: float,
    expected: float,
    studio: Any,
    add_film: Callable[[Path], Media],
) -> None:
    """PQ by cd/m2, HLG by its signal; of a film that does not say what display it was graded on."""
    tmp_path = studio.folder
    signal = float(pq_signal(np.array(level))) if transfer == 16 else level
    picture = flat(round(64 + 876 * signal), 512, 512)
    path = write_pictures(
        tmp_path / "hdr.mp4",
        [picture] * 6,
        form="yuv420p10le",
        codec="libx265",
        options={"x265-params": "log-level=error:crf=4"},
        tags=(9, 9, transfer),
    )
    media = add_film(path)
    output = tmp_path / "out.mp4"
    render_cut(studio.catalog, studio.cut(studio.slot(media, 0, 6)), output)
    assert tags_of(output) == (1, 1, 1, 1)
    shown = studio.decoded(output).pictures
    assert shown.mean() == pytest.approx(expected, abs=1.5)
    assert np.ptp(shown) <= 3


def test_the_peak_is_that_of_the_mastering_display_if_the_film_names_it(tmp_path: Path) -> None:
    shown = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L({},50)"
    for told, expected in ((40_000_000, 4000.0), (500_000, 1000.0), (None, 1000.0)):
        display = f":master-display={shown.format(told)}" if told else ""
        path = write_pictures(
            tmp_path / f"{told}.mp4",
            [flat(500, 512, 512)] * 6,  # of two pictures x265 leaves the first dts unset
            form="yuv420p10le",
            codec="libx265",
            options={"x265-params": f"log-level=error:crf=20{display}"},
            tags=(9, 9, 16),
        )
        with av.open(str(path)) as film:
            assert peak_of(next(film.decode(video=0))) == pytest.approx(expected)


def test_a_cut_of_hdr_and_sdr_is_bt709_and_passes_its_check(
    tmp_path: Path, studio: Any, add_film: Callable[[Path], Media]
) -> None:
    rng = np.random.default_rng(3)
    bits = rng.integers(100, 700, (6, 12, 16)).astype(np.uint16)
    chroma = np.full(48 * 64 // 2, 512, np.uint16)
    pictures = [
        np.concatenate([np.kron(b, np.ones((4, 4), np.uint16)).ravel(), chroma]).reshape(72, 64)
        for b in bits
    ]
    path = write_pictures(
        tmp_path / "hdr.mp4",
        pictures,
        form="yuv420p10le",
        codec="libx265",
        options={"x265-params": "log-level=error:crf=10"},
        tags=(9, 9, 16),
    )
    hdr, sdr = add_film(path), studio.film("sdr.mov", 20)
    cut = studio.cut(studio.slot(sdr, 3, 9), studio.slot(hdr, 0, 6))
    output = tmp_path / "out.mp4"
    render_cut(studio.catalog, cut, output)
    assert verify_file(studio.catalog, cut, output, every_frame=True).passed


@pytest.mark.parametrize(
    ("size", "height", "colour"), [((64, 48), None, (81, 6)), ((1280, 720), 48, (63, 1))]
)
def test_rgb_films_get_the_matrix_of_their_size_and_say_so(
    size: tuple[int, int],
    height: int | None,
    colour: tuple[int, int],
    studio: Any,
    add_film: Callable[[Path], Media],
) -> None:
    """A film in RGB says matrix 0, which would make a player show 4:2:0 as green and red."""
    tmp_path, (red, matrix) = studio.folder, colour
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[..., 0] = 255
    path = write_pictures(tmp_path / "rgb.mov", [picture] * 4, form="rgb24", codec="png")
    output = tmp_path / "out.mp4"
    cut = studio.cut(studio.slot(add_film(path), 0, 4))
    render_cut(studio.catalog, cut, output, delivery=Delivery(height=height))
    assert tags_of(output)[0] == matrix
    assert studio.decoded(output).pictures.mean() == pytest.approx(red, abs=1.5)


def test_what_a_film_does_not_say_is_told_by_its_size() -> None:
    small, large = (av.VideoFrame(*size, "yuv420p") for size in ((720, 576), (1920, 1080)))
    assert colours_of(small, "a") == Colours(6, 6, 6)
    assert colours_of(large, "a") == HD
    large.colorspace = 9
    assert colours_of(large, "a") == Colours(9, 9, 14)
    assert colours_of_render(colours_of(large, "a")) == HD
    large.colorspace = 14
    with pytest.raises(RenderError, match=r"matrix 14 of .* which cannot be converted"):
        colours_of(large, "film.mov")


def comb(number: int, first: int) -> np.ndarray:
    """A bar that has moved on by 4 columns in the second field; rows `first`, + 2, … come first."""
    luma = np.full((96, 128), 40, np.uint8)
    for field in range(2):
        left = 8 * number + 4 * field
        luma[(first + field) % 2 :: 2, left : left + 16] = 200
    chroma = np.full(96 * 128 // 2, 128, np.uint8)
    return np.concatenate([luma.ravel(), chroma]).reshape(144, 128)


def combing(luma: np.ndarray) -> float:
    """How much rows differ from both neighbours, which agree."""
    a, b, c = luma[:-2], luma[1:-1], luma[2:]
    return float(((np.abs(b - a) > 60) & (np.abs(b - c) > 60)).mean())


@pytest.fixture(params=["tff", "bff"])
def interlaced(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    first = ["tff", "bff"].index(request.param)
    return write_pictures(
        tmp_path / "fields.mp4",
        [comb(number, first) for number in range(12)],
        form="yuv420p",
        options={"flags": "+ildct+ilme", "x264-params": "interlaced=1:keyint=6", "crf": "8"},
        field=request.param,
        rate=25,
    )


def test_the_fields_of_a_film_become_whole_pictures_of_the_frames_asked_for(
    tmp_path: Path, studio: Any, interlaced: Path, add_film: Callable[[Path], Media]
) -> None:
    media = add_film(interlaced)
    cut = studio.cut(
        *(studio.slot(media, 7, 12), studio.slot(media, 1, 4), studio.slot(media, 0, 2)),
        rate=Fraction(25),
    )
    wanted = [7, 8, 9, 10, 11, 1, 2, 3, 0, 1]
    output = tmp_path / "out.mp4"
    render_cut(studio.catalog, cut, output)
    shown = studio.decoded(output).pictures
    assert len(shown) == len(wanted)
    for picture, number in zip(shown, wanted, strict=True):
        assert combing(picture) < 0.005
        bar = np.flatnonzero(picture[48] > 120)
        assert abs(bar.mean() - (8 * number + 7.5)) <= 3  # the first field's, or between both
    assert verify_file(studio.catalog, cut, output, every_frame=True).passed
    kept = Delivery(deinterlace=False)
    render_cut(studio.catalog, cut, output, delivery=kept)
    assert min(combing(p) for p in studio.decoded(output).pictures) > 0.02
    assert not verify_file(studio.catalog, cut, output, every_frame=True).passed


def test_a_whole_picture_is_the_same_in_whatever_order_it_is_asked_for(interlaced: Path) -> None:
    with av.open(str(interlaced)) as film:
        times = np.array([f.pts for f in film.decode(video=0)])
    with FieldReader(PictureReader(interlaced, times)) as reader:
        straight = [reader.frame(n).to_ndarray() for n in range(12)]
    with FieldReader(PictureReader(interlaced, times)) as reader:
        for number in (11, 0, 5, 6, 6, 4, 11, 1):
            assert (reader.frame(number).to_ndarray() == straight[number]).all()


def test_ten_bits_keep_their_levels(
    tmp_path: Path, studio: Any, add_film: Callable[[Path], Media]
) -> None:
    """Mid-grey of 10 bits in the limited range, 502, is 125.5 of 8."""
    path = write_pictures(
        tmp_path / "ten.mp4", [flat(502, 512, 512)] * 4, form="yuv420p10le", options={"crf": "4"}
    )
    output = tmp_path / "out.mp4"
    render_cut(studio.catalog, studio.cut(studio.slot(add_film(path), 0, 4)), output)
    assert studio.decoded(output).pictures.mean() == pytest.approx(125.5, abs=1)
