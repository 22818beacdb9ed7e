"""Small films of panned textures: every frame differs from every other, and none needs a decode."""

import wave
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from editing.align.pictures import HEIGHT, WIDTH, SmallFilm
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.fingerprint import fingerprint_file
from ingest.letterbox import black_edges
from ingest.media import (
    Analysis,
    Curves,
    Embeddings,
    Media,
    MediaId,
    Shot,
    ShotMeasures,
    Transition,
)
from ingest.timecode import FrameRange
from ingest.video import Damage, decode, open_streams

Clip = np.ndarray
"""`(frames, HEIGHT, WIDTH)`, grey, 0 to 255."""


def draw_scene(number: int, frames: int, pan: float = 0.7) -> Clip:
    """A texture of its own, seen through a window that moves `pan` pixels a frame."""
    rng = np.random.default_rng(number)
    wide = WIDTH + int(np.ceil(pan * frames)) + 2
    noise = rng.normal(size=(HEIGHT, wide)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 3) + 0.3 * cv2.GaussianBlur(noise, (0, 0), 1)
    texture = np.clip(128 + 50 * (texture - texture.mean()) / texture.std(), 20, 235)
    at = np.arange(WIDTH, dtype=np.float32)
    rows = np.arange(HEIGHT, dtype=np.float32)
    maps = [np.meshgrid(at + pan * index, rows) for index in range(frames)]
    return np.stack([cv2.remap(texture, x, y, cv2.INTER_LINEAR) for x, y in maps])


def small_film(clip: Clip, rate: Fraction = Fraction(24)) -> SmallFilm:
    """A film as alignment reads it, of pictures that are given."""
    pictures = np.clip(np.round(clip), 0, 255).astype(np.uint8)
    seconds = np.arange(len(pictures) + 1) / float(rate)
    edges = np.array([black_edges(picture) for picture in pictures], np.float32)
    return SmallFilm(pictures, seconds, edges, 16 / 9)


def write_clip(path: Path, clip: Clip, rate: Fraction = Fraction(24)) -> Path:
    """Encode a clip as 256 by 144 pixels."""
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = 256, 144, "yuv420p"
        video.options = {"crf": "18", "preset": "ultrafast"}
        for picture in np.clip(np.round(clip), 0, 255).astype(np.uint8):
            large = cv2.resize(picture, (256, 144), interpolation=cv2.INTER_LINEAR)
            frame = av.VideoFrame.from_ndarray(np.repeat(large[..., None], 3, 2), format="rgb24")
            film.mux(video.encode(frame.reformat(format="yuv420p")))
        film.mux(video.encode(None))
    return path


@pytest.fixture
def scene() -> Callable[..., Clip]:
    """Draws a clip: `scene(number, frames, pan)`."""
    return draw_scene


@pytest.fixture
def small() -> Callable[..., SmallFilm]:
    """Makes a film of a clip: `small(clip, rate)`."""
    return small_film


@pytest.fixture
def write() -> Callable[..., Path]:
    """Encodes a clip: `write(path, clip, rate)`."""
    return write_clip


@pytest.fixture(scope="session")
def film_clip() -> Clip:
    """Three scenes: frames 0 to 79, 80 to 159 and 160 to 239."""
    return np.concatenate([draw_scene(number, 80) for number in range(3)])


@pytest.fixture
def make_sound() -> Callable[[Path], Path]:
    """Writes a tenth of a second of silence as a WAV file."""

    def make(path: Path) -> Path:
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(1600))
        return path

    return make


@pytest.fixture
def commit(tmp_path: Path) -> Callable[[Path, tuple[int, ...]], Media]:
    """Puts a film into the workspace's catalogue with shots of given lengths, without an ingest."""

    def put(path: Path, lengths: tuple[int, ...]) -> Media:
        streams = open_streams(path)
        video = streams.video
        times = [f.pts for f in decode(streams, Damage()) if isinstance(f, av.VideoFrame)]
        base, size = video.time_base, (video.width, video.height)
        streams.container.close()
        assert base is not None
        media = Media(
            id=MediaId(0),
            path=str(path),
            fingerprint=fingerprint_file(path),
            size_bytes=path.stat().st_size,
            container="mp4",
            codec="h264",
            width=size[0],
            height=size[1],
            rotation=0,
            rate=Fraction(24),
            variable_rate=False,
            time_base=base,
            start_pts=times[0],
            frames=len(times),
            start_timecode=None,
            audio=None,
        )
        edges = [0, *accumulate(lengths)]
        shots = tuple(
            Shot(
                MediaId(0),
                index,
                FrameRange(*span),
                Transition("cut" if index else "start", span[0], span[0], 1.0),
            )
            for index, span in enumerate(pairwise(edges))
        )
        analysis = Analysis(
            media=media,
            detector="content",
            shots=shots,
            frame_times=np.array(times),
            measures=ShotMeasures(("luma",), np.ones((len(shots), 1), np.float32)),
            curves=Curves(),
            embeddings=(Embeddings("test", "1", np.eye(len(shots), 8, dtype=np.float32)),),
            transition_scores=np.zeros(len(times), np.float32),
            thumbnails=(),
        )
        with Catalog(tmp_path / "workspace" / "catalog") as catalog:
            return commit_analysis(catalog, analysis, version="test")

    return put
