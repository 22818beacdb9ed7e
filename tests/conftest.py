"""Fixtures that several packages' tests share: tiny films whose every frame can be told by eye."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

FilmMaker = Callable[..., Path]
SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real footage and logs, in a folder beside the checkout; a test that needs it may skip."""
    if not SHARED.is_dir():
        pytest.skip("needs the real footage and logs of ../shared/data, which are not here")
    return SHARED


def draw_scene(number: int, width: int, height: int) -> np.ndarray:
    """A still picture that differs strongly from those of other numbers: coloured stripes."""
    rng = np.random.default_rng(number)
    colours = rng.integers(0, 255, (8, 3), dtype=np.uint8)
    stripes = colours[(np.arange(width) * 8 // width)]
    return np.broadcast_to(stripes, (height, width, 3)).copy()


def write_film(
    path: Path,
    lengths: tuple[int, ...] = (24, 24),
    *,
    rate: Fraction = Fraction(24),
    size: tuple[int, int] = (96, 64),
    sound_hz: float | None = 440.0,
    first_frame: int = 0,
    times: list[int] | None = None,
    timecode: str | None = None,
    rotation: int = 0,
    codec: str = "libx264",
    faststart: bool = False,
) -> Path:
    """Write a film of still scenes, `lengths` frames each, with a tone as its sound."""
    width, height = size
    frames = sum(lengths)
    options = {"movflags": "faststart"} if faststart else {}
    with av.open(str(path), "w", options=options) as film:
        if timecode:
            film.metadata["timecode"] = timecode
        video = film.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.time_base = 1 / rate
        if codec == "libx264":
            video.options = {"crf": "18", "preset": "ultrafast", "bf": "0"}
        if rotation:
            video.set_display_rotation(rotation)
        audio = film.add_stream("aac", rate=48000, layout="mono") if sound_hz is not None else None
        index = 0
        for number, length in enumerate(lengths):
            picture = av.VideoFrame.from_ndarray(draw_scene(number, width, height), format="rgb24")
            for _ in range(length):
                frame = picture.reformat(format="yuv420p")
                frame.pts = first_frame + (times[index] if times else index)
                frame.time_base = 1 / rate
                film.mux(video.encode(frame))
                index += 1
        film.mux(video.encode(None))
        if audio is not None:
            _write_tone(film, audio, sound_hz, frames / rate)
    return path


def _write_tone(
    film: av.container.OutputContainer, audio: av.AudioStream, hz: float, seconds: Fraction
) -> None:
    samples = round(seconds * 48000)
    tone = (0.25 * np.sin(2 * np.pi * hz * np.arange(samples) / 48000)).astype(np.float32)
    for start in range(0, samples, 1024):
        block = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
        block.sample_rate, block.pts, block.time_base = 48000, start, Fraction(1, 48000)
        film.mux(audio.encode(block))
    film.mux(audio.encode(None))


@pytest.fixture
def scene() -> Callable[[int, int, int], np.ndarray]:
    """Draws the picture of a scene of `make_film`: `scene(number, width, height)`."""
    return draw_scene


@pytest.fixture
def make_film(tmp_path: Path) -> FilmMaker:
    """Writes tiny films into the test's folder: `make_film("two.mp4", (24, 24))`."""
    return lambda name="film.mp4", lengths=(24, 24), **options: write_film(
        tmp_path / name, lengths, **options
    )
