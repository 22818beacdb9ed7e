"""Films whose every frame shows its own number, and catalogues that hold them without an ingest."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.fingerprint import fingerprint_file
from ingest.measures import SHOT_MEASURES
from ingest.media import (
    Analysis,
    Audio,
    Curves,
    Embeddings,
    Media,
    MediaId,
    Shot,
    ShotMeasures,
    Transition,
)
from ingest.rates import frame_rate
from ingest.timecode import FrameRange
from ingest.video import rotation as rotation_of

BITS = 10
WIDE, HIGH = 5, 2  # blocks of the picture, one a bit


def draw_number(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """A grey picture of ten blocks, white for each bit of `number` that is set."""
    bits = np.array([number >> bit & 1 for bit in range(BITS)]).reshape(HIGH, WIDE)
    rows, columns = np.arange(height) * HIGH // height, np.arange(width) * WIDE // width
    grey = np.where(bits[np.ix_(rows, columns)], 220, 32).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def read_number(picture: np.ndarray) -> int:
    """The number that `draw_number` drew, from `(height, width)` of brightness."""
    height, width = picture.shape
    number = 0
    for bit in range(BITS):
        row, column = divmod(bit, WIDE)
        y, x = (2 * row + 1) * height // (2 * HIGH), (2 * column + 1) * width // (2 * WIDE)
        number |= int(picture[y - 3 : y + 3, x - 2 : x + 2].mean() > 126) << bit
    return number


@pytest.fixture(scope="session")
def write_numbers() -> Callable[..., Path]:
    """Writes a film whose frame `n` shows the number `n`."""

    def write(
        path: Path,
        frames: int = 60,
        *,
        rate: Fraction = Fraction(24),
        rotation: int = 0,
        first_pts: int = 0,
        ticks: list[int] | None = None,
        sound: np.ndarray | None = None,
        sound_offset: int = 0,
        size: tuple[int, int] = (64, 48),
    ) -> Path:
        with av.open(str(path), "w") as film:
            video = film.add_stream("libx264", rate=rate)
            upright = size
            stored = upright[::-1] if rotation % 180 else upright
            video.width, video.height, video.pix_fmt = *stored, "yuv420p"
            video.codec_context.time_base = 1 / rate
            video.options = {"crf": "10", "preset": "ultrafast", "bf": "2", "g": "12"}
            if rotation:
                video.set_display_rotation(-rotation)  # its positive is anticlockwise
            audio = None
            if sound is not None:
                audio = film.add_stream("pcm_s16le", rate=48_000, layout="mono")
            for number in range(frames):
                picture = np.rot90(draw_number(number, *upright), rotation // 90)
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame.pts = (ticks[number] if ticks else number) + first_pts
                frame.time_base = 1 / rate
                film.mux(video.encode(frame))
            film.mux(video.encode(None))
            if audio is not None:
                samples = np.round(sound * 32767).astype(np.int16)[None]
                part = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
                part.sample_rate, part.pts = 48_000, sound_offset
                part.time_base = Fraction(1, 48_000)
                film.mux(audio.encode(part))
                film.mux(audio.encode(None))
        return path

    return write


@pytest.fixture(scope="session")
def read_numbers() -> Callable[[Path], list[int]]:
    """Decodes a film and reads the number that each frame shows."""

    def read(path: Path) -> list[int]:
        with av.open(str(path)) as film:
            return [read_number(f.to_ndarray(format="gray")) for f in film.decode(video=0)]

    return read


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "workspace" / "catalog") as opened:
        yield opened


@pytest.fixture
def make_film(
    catalog: Catalog, tmp_path: Path, write_numbers: Callable[..., Path]
) -> Callable[..., Media]:
    """Writes a film whose frame `n` shows `n`, and puts it into the catalogue."""

    def make(
        name: str,
        frames: int,
        *,
        shots: tuple[int, ...] | None = None,
        timecode: str | None = None,
        **how: object,
    ) -> Media:
        path = write_numbers(tmp_path / name, frames, **how)
        analysis = analyse(path, shots or (frames,), timecode)
        return commit_analysis(catalog, analysis, version="test")

    return make


@pytest.fixture
def add_film(catalog: Catalog) -> Callable[..., Media]:
    """Puts a film that a test wrote itself into the catalogue, as one shot."""

    def add(path: Path) -> Media:
        with av.open(str(path)) as film:
            frames = sum(1 for _ in film.decode(video=0))
        return commit_analysis(catalog, analyse(path, (frames,), None), version="test")

    return add


def analyse(path: Path, shot_lengths: tuple[int, ...], timecode: str | None) -> Analysis:
    """What ingest would find: shots as told, each with a vector of its own."""
    media, times = look_at(path, timecode)
    edges = [0, *accumulate(shot_lengths)]
    assert edges[-1] == media.frames
    starts = [Transition("start" if a == 0 else "cut", a, a, 1.0) for a in edges[:-1]]
    shots = tuple(
        Shot(MediaId(0), index, FrameRange(*span), start)
        for index, (span, start) in enumerate(zip(pairwise(edges), starts, strict=True))
    )
    rng = np.random.default_rng(7)
    measures = rng.uniform(0.2, 0.8, (len(shots), len(SHOT_MEASURES))).astype(np.float32)
    frame_values = np.full((media.frames, 2), 0.5, np.float32)
    return Analysis(
        media=media,
        detector="content",
        shots=shots,
        frame_times=times,
        measures=ShotMeasures(SHOT_MEASURES, measures),
        curves=Curves(("luma", "motion"), frame_values, np.zeros(0, np.float32)),
        embeddings=(Embeddings("test", "1", np.eye(len(shots), 64, dtype=np.float32)),),
        transition_scores=np.zeros(media.frames, np.float32),
        thumbnails=(),
    )


def look_at(path: Path, timecode: str | None) -> tuple[Media, np.ndarray]:
    """A media as ingest would describe it, and the PTS of its frames."""
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        frames = [(f.pts, rotation_of(f)) for f in film.decode(video)]
        width, height, base = video.width, video.height, video.time_base
    times = np.array([pts for pts, _ in frames], dtype=np.int64)
    for number in range(1, len(times)):  # an AVI's times do not rise; ingest takes the next tick
        times[number] = max(times[number], times[number - 1] + 1)
    rate, variable = frame_rate(times, base, None)
    media = Media(
        id=MediaId(0),
        path=str(path),
        fingerprint=fingerprint_file(path),
        size_bytes=path.stat().st_size,
        container="test",
        codec="h264",
        width=width,
        height=height,
        rotation=frames[0][1],
        rate=rate,
        variable_rate=variable,
        time_base=base,
        start_pts=int(times[0]),
        frames=len(times),
        start_timecode=timecode,
        audio=listen_to(path, int(times[0]) * base),
    )
    return media, times


def listen_to(path: Path, first_picture: Fraction) -> Audio | None:
    with av.open(str(path)) as film:
        if not film.streams.audio:
            return None
        sound = list(film.decode(audio=0))
        return Audio(
            sample_rate=sound[0].sample_rate,
            channels=sound[0].layout.nb_channels,
            samples=sum(f.samples for f in sound),
            offset=sound[0].pts * sound[0].time_base - first_picture,
            integrated_lufs=None,
        )
