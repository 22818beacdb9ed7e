"""Small films in which a texture drifts by two pixels a frame, with faults drawn in by hand."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

FRAMES, RATE, SAMPLE_RATE = 60, 24, 48_000
WIDTH, HEIGHT = 192, 112
Pictures = list[np.ndarray]


def texture(seed: int, spot: int) -> np.ndarray:
    """A grey texture of soft spots of so many pixels, four times as wide as a film's picture."""
    rng = np.random.default_rng(seed)
    spots = rng.uniform(0, 255, (HEIGHT // spot, WIDTH * 4 // spot)).astype(np.float32)
    wide = cv2.resize(spots, (WIDTH * 4, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.clip(wide * 0.7 + 40, 30, 225).astype(np.uint8)


def drifting(frames: int = FRAMES, *, seed: int = 1, start: int = 0, spot: int = 28) -> Pictures:
    """Pictures of a texture that drifts by two pixels a frame."""
    wide = texture(seed, spot)
    return [wide[:, start + 2 * n : start + 2 * n + WIDTH].copy() for n in range(frames)]


def hum(frames: int = FRAMES) -> np.ndarray:
    """`(samples,)`: two tones and some noise, at about -20 dBFS."""
    count = frames * SAMPLE_RATE // RATE
    at = np.arange(count) / SAMPLE_RATE
    noise = np.random.default_rng(3).normal(0, 0.002, count)
    return 0.08 * np.sin(2 * np.pi * 220 * at) + 0.06 * np.sin(2 * np.pi * 331 * at) + noise


@pytest.fixture
def write_pictures(tmp_path: Path) -> Callable[..., Path]:
    """Writes grey pictures, and sound if there is any, as H.264 and PCM."""

    def write(pictures: Pictures, sound: np.ndarray | None = None, name: str = "film.mov") -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as film:
            video = film.add_stream("libx264", rate=RATE, options={"crf": "14"})
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            audio = None
            if sound is not None:
                audio = film.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
            for number, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
                frame = frame.reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, RATE)
                film.mux(video.encode(frame))
            film.mux(video.encode(None))
            if audio is not None and sound is not None:
                whole = np.clip(np.round(sound * 32767), -32768, 32767).astype(np.int16)
                part = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
                part.sample_rate, part.pts = SAMPLE_RATE, 0
                part.time_base = Fraction(1, SAMPLE_RATE)
                film.mux(audio.encode(part))
                film.mux(audio.encode(None))
        return path

    return write
