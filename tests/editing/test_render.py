import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from editing.cut import Brief, Cut, CutId, Slot
from editing.errors import RenderError, TimelineError
from editing.finish.conform import Conformer, even_size, fitted
from editing.finish.delivery import Delivery
from editing.finish.render import Rendered, render
from editing.finish.source import Source
from editing.finish.whole_file import whole_file
from editing.frame_grid import FrameGrid
from editing.run import export_cut, render_cut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

NTSC_FILM = Fraction(24000, 1001)
AAC_FRAME = 1024


def cut_of(media: Media, *pieces: tuple[int, int]) -> Cut:
    """Frames `start, …, end - 1` of each piece, one after the other."""
    slots = tuple(
        Slot(media.id, i, FrameRange(start, end), 0.0, ()) for i, (start, end) in enumerate(pieces)
    )
    frames = sum(end - start for start, end in pieces)
    brief = Brief("trailer", frames, 1, frames, Fraction(1), 1.0)
    return Cut(
        *(CutId(1), 1, media.id, "test", "trailer", brief, media.rate, slots),
        *("linear 1", "tester", "", "2024-01-01T00:00:00+00:00"),
    )


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    """Smoothed noise: unlike itself at any other time, and kept well by AAC."""
    rng = np.random.default_rng(seed)
    samples = np.convolve(rng.normal(size=round(seconds * 48_000)), np.ones(24) / 24, mode="same")
    return 0.5 * samples / np.abs(samples).max()


def heard(path: Path) -> np.ndarray:
    """The first channel of a film's sound, as it decodes."""
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray()[0] for frame in film.decode(audio=0)]
    return np.concatenate(frames)


def lag(sound: np.ndarray, reference: np.ndarray) -> int:
    """Samples by which `sound` comes after `reference`, where they are most alike."""
    size = 1 << (len(sound) + len(reference)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(reference, size))
    best = int(np.argmax(np.fft.irfft(spectrum, size)))
    return best if best < size // 2 else best - size


def test_each_frame_asked_for_is_the_frame_that_decodes(
    tmp_path: Path,
    read_numbers: Callable[[Path], list[int]],
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    media = make_film("film.mp4", 400)
    made = render_cut(
        catalog, cut_of(media, (3, 10), (11, 12), (350, 371), (20, 24)), tmp_path / "cut.mp4"
    )
    assert read_numbers(made.path) == [*range(3, 10), 11, *range(350, 371), *range(20, 24)]
    assert (made.frames, made.sample_rate, made.samples) == (33, None, 0)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
def test_frames_are_right_whatever_the_container(
    tmp_path: Path,
    suffix: str,
    read_numbers: Callable[[Path], list[int]],
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    media = make_film(f"film.{suffix}", 320)
    render_cut(catalog, cut_of(media, (290, 300), (5, 9)), tmp_path / "cut.mp4")
    assert read_numbers(tmp_path / "cut.mp4") == [*range(290, 300), *range(5, 9)]


@pytest.mark.parametrize("rate", [NTSC_FILM, Fraction(25), Fraction(60000, 1001)])
def test_the_rate_of_the_film_is_the_rate_of_the_render(
    tmp_path: Path,
    rate: Fraction,
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    media = make_film("film.mp4", 30, rate=rate)
    render_cut(catalog, cut_of(media, (0, 24)), tmp_path / "cut.mp4")
    with av.open(str(tmp_path / "cut.mp4")) as film:
        times = [frame.pts * frame.time_base for frame in film.decode(video=0)]
    assert times == [n / rate for n in range(24)]


def test_a_first_frame_that_is_not_at_zero_is_still_frame_zero(
    tmp_path: Path,
    read_numbers: Callable[[Path], list[int]],
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    media = make_film("film.mkv", 60, first_pts=48)
    assert media.start_pts > 0
    render_cut(catalog, cut_of(media, (0, 3), (57, 60)), tmp_path / "cut.mp4")
    assert read_numbers(tmp_path / "cut.mp4") == [0, 1, 2, 57, 58, 59]


def test_a_picture_is_held_where_the_rate_varies(
    tmp_path: Path,
    read_numbers: Callable[[Path], list[int]],
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    ticks = [*range(20), *range(22, 42)]  # frame 19 is up three times as long as the others
    media = make_film("film.mkv", 40, ticks=ticks)
    assert media.variable_rate
    assert media.rate == 24
    render_cut(catalog, cut_of(media, (18, 24)), tmp_path / "cut.mp4")
    assert read_numbers(tmp_path / "cut.mp4") == [18, 19, 19, 19, 20, 21]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_film_comes_out_upright(
    tmp_path: Path,
    rotation: int,
    read_numbers: Callable[[Path], list[int]],
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    media = make_film("film.mp4", 30, rotation=rotation)
    assert media.rotation == rotation
    made = render_cut(catalog, cut_of(media, (7, 12)), tmp_path / "cut.mp4")
    assert (made.width, made.height) == (64, 48)
    assert read_numbers(made.path) == [7, 8, 9, 10, 11]


def test_a_height_scales_the_picture(
    tmp_path: Path,
    read_numbers: Callable[[Path], list[int]],
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    media = make_film("film.mp4", 30)
    made = render_cut(
        catalog, cut_of(media, (4, 8)), tmp_path / "cut.mp4", delivery=Delivery(height=96)
    )
    assert (made.width, made.height) == (128, 96)
    assert read_numbers(made.path) == [4, 5, 6, 7]


@pytest.mark.parametrize("rate", [Fraction(24), NTSC_FILM])
def test_sound_lies_under_its_picture_to_the_sample(
    tmp_path: Path,
    rate: Fraction,
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    sound = noise(400 / float(rate))
    media = make_film("film.mov", 400, rate=rate, sound=sound)
    made = render_cut(catalog, cut_of(media, (350, 370), (24, 48)), tmp_path / "cut.mp4")
    assert made.samples == round(44 / rate * 48_000)
    came = heard(made.path)
    assert abs(len(came) - made.samples) <= AAC_FRAME
    join = round(20 / rate * 48_000)
    starts = [round(350 / rate * 48_000), round(24 / rate * 48_000)]
    assert lag(came[:join], sound[starts[0] : starts[0] + join]) == 0
    assert lag(came[join:], sound[starts[1] : starts[1] + made.samples - join]) == 0


@pytest.mark.parametrize("offset", [12_000, -6_000])
def test_sound_that_begins_late_or_early_keeps_its_place(
    tmp_path: Path,
    offset: int,
    make_film: Callable[..., Media],
    catalog: Catalog,
) -> None:
    sound = noise(4.0)
    late = 48_000 + offset
    media = make_film("film.mkv", 72, first_pts=24, sound=sound, sound_offset=late)
    assert media.audio.offset == pytest.approx(Fraction(offset, 48_000), abs=1e-3)
    came = heard(render_cut(catalog, cut_of(media, (0, 48)), tmp_path / "cut.mp4").path)
    if offset > 0:
        assert np.abs(came[: offset - 2 * AAC_FRAME]).max() < 1e-3
    assert abs(lag(came, sound) - offset) <= 48  # Matroska's times are whole milliseconds


def test_a_film_whose_sound_ends_early_ends_in_silence(
    tmp_path: Path, make_film: Callable[..., Media], catalog: Catalog
) -> None:
    media = make_film("film.mov", 72, sound=noise(1.0))
    made = render_cut(catalog, cut_of(media, (12, 72)), tmp_path / "cut.mp4")
    came = heard(made.path)
    assert abs(len(came) - made.samples) <= AAC_FRAME
    assert np.abs(came[24_000 + 2 * AAC_FRAME :]).max() < 1e-3


def test_a_silent_film_beside_one_with_sound_is_silence(
    tmp_path: Path, make_film: Callable[..., Media], catalog: Catalog
) -> None:
    loud = make_film("loud.mov", 48, sound=noise(2.0))
    mute = make_film("mute.mp4", 50, size=(32, 48))
    both = cut_of(loud, (0, 24))
    slots = (*both.slots, Slot(mute.id, 0, FrameRange(0, 24), 0.0, ()))
    cut = Cut(**{name: getattr(both, name) for name in Cut.__dataclass_fields__} | {"slots": slots})
    made = render_cut(catalog, cut, tmp_path / "cut.mp4")
    came = heard(made.path)
    assert np.abs(came[:40_000]).max() > 0.1
    assert np.abs(came[48_000 + 2 * AAC_FRAME :]).max() < 1e-3
    with av.open(str(made.path)) as film:
        last = list(film.decode(video=0))[-1].to_ndarray(format="gray")
    assert last[:, :12].max() < 24  # 32 pixels wide in 64: black on both sides


def sources_of(catalog: Catalog, media: Media) -> dict:
    times = np.asarray(catalog.frame_times(media.id))
    return {media.id: Source(media, FrameGrid.of(catalog, media), times)}


def test_a_film_that_changed_or_went_is_refused(
    tmp_path: Path, make_film: Callable[..., Media], catalog: Catalog
) -> None:
    media = make_film("film.mp4", 30)
    path = tmp_path / "film.mp4"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(RenderError, match="has changed since it was ingested"):
        render_cut(catalog, cut_of(media, (0, 5)), tmp_path / "cut.mp4")
    path.unlink()
    with pytest.raises(RenderError, match=r"is gone"):
        render_cut(catalog, cut_of(media, (0, 5)), tmp_path / "cut.mp4")
    assert not (tmp_path / "cut.mp4").exists()


def test_a_render_never_overwrites_a_film_of_the_catalogue(
    tmp_path: Path, make_film: Callable[..., Media], catalog: Catalog
) -> None:
    media = make_film("film.mp4", 30)
    make_film("other.mp4", 40)
    (tmp_path / "link.mp4").symlink_to(tmp_path / "other.mp4")
    for name in ("film.mp4", "other.mp4", "link.mp4"):
        with pytest.raises(RenderError, match="choose another name"):
            render_cut(catalog, cut_of(media, (0, 5)), tmp_path / name)
        with pytest.raises(TimelineError, match="choose another name"):
            export_cut(catalog, cut_of(media, (0, 5)), "edl", tmp_path / name)


def test_a_device_or_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match="a folder or a device"), whole_file(pipe):
        pass
    assert pipe.is_fifo()


def test_full_range_pictures_come_out_in_the_limited_range_of_video() -> None:
    """Phones record black as 0 and white as 255; a render says limited range: 16 and 235."""
    for level, expected in ((0, 16), (255, 235)):
        y = np.full((32, 32), level, np.uint8)
        packed = np.concatenate([y, np.full((16, 32), 128, np.uint8)])
        frame = av.VideoFrame.from_ndarray(packed, format="yuvj420p")
        frame.color_range = 2
        shown = Conformer((32, 32), 0).conform(frame).to_ndarray()[:32]
        assert abs(int(shown.mean()) - expected) <= 1


def test_a_render_that_is_stopped_leaves_what_was_there(
    tmp_path: Path, make_film: Callable[..., Media], catalog: Catalog
) -> None:
    class Stopped(Exception):
        pass

    def stop_at_half(done: float) -> None:
        if done >= 0.5:
            raise Stopped

    media = make_film("film.mp4", 30)
    output = tmp_path / "renders" / "cut.mp4"
    output.parent.mkdir()
    output.write_bytes(b"an older render")
    with pytest.raises(Stopped):
        render_cut(catalog, cut_of(media, (0, 20)), output, on_progress=stop_at_half)
    assert output.read_bytes() == b"an older render"
    assert list(output.parent.iterdir()) == [output]


def test_progress_rises_to_one(
    tmp_path: Path, make_film: Callable[..., Media], catalog: Catalog
) -> None:
    media = make_film("film.mp4", 30)
    seen: list[float] = []
    made = render(
        cut_of(media, (0, 10)),
        sources_of(catalog, media),
        tmp_path / "cut.mp4",
        on_progress=seen.append,
    )
    assert isinstance(made, Rendered)
    assert seen == [n / 10 for n in range(1, 11)]


def test_sizes_are_even_and_pictures_fit_inside() -> None:
    assert even_size((853, 481), None) == (852, 480)
    assert even_size((1920, 1080), 360) == (640, 360)
    assert fitted((853, 481), (852, 480)) == (852, 480)
    assert fitted((100, 200), (400, 200)) == (100, 200)
    assert fitted((400, 100), (200, 200)) == (200, 50)
