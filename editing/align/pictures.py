"""A film as alignment sees it: one small grey picture and the time of every frame, in one decode.

The pictures lie in a temporary file that is mapped into memory: 2,304 bytes a frame, so a film of
two hours takes 400 MB of disk and of memory what the system can spare.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ingest.errors import UnreadableMedia
from ingest.letterbox import black_edges
from ingest.media import Floats
from ingest.scaling import upright
from ingest.video import Damage, decode, open_streams, promised_end, rotation

WIDTH, HEIGHT = 64, 36
"""Pixels of a small picture, whatever the film's own shape."""
_TWICE = (2 * WIDTH, 2 * HEIGHT)
"""The size at which black edges are told, before the picture is halved."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class SmallFilm:
    """Every frame of a film, small and grey; frames are counted in decode order from 0."""

    pictures: NDArray[np.uint8]
    """`(frames, HEIGHT, WIDTH)`, luma; at least one frame."""
    seconds: NDArray[np.float64]
    """`(frames + 1,)`, rising; when each frame begins, from the first, and the last one ends."""
    edges: Floats
    """`(frames, 4)`, how far each picture is black from the top, bottom, left and right, as
    shares of its height and width; NaN for a picture that is all black."""
    aspect: float
    """Width by height of the whole picture as a viewer sees it, bars included."""

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.pictures)

    @property
    def frame_seconds(self) -> float:
        """How long one frame lasts: the median, where that varies."""
        return float(np.median(np.diff(self.seconds)))

    def frame_at(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """At which frame, with its fraction, an instant lies: 2.5 is amid frame 2.

        Before the film and after it the grid goes on at `frame_seconds`.
        """
        numbers = np.interp(seconds, self.seconds, np.arange(self.frames + 1, dtype=np.float64))
        step, end = self.frame_seconds, self.seconds[-1]
        before, after = np.minimum(seconds, 0) / step, np.maximum(seconds - end, 0) / step
        return np.asarray(numbers + before + after, dtype=np.float64)

    def seconds_at(self, frame: int) -> float:
        """When a frame begins; the inverse of `frame_at`, outside the film too."""
        inside = min(max(frame, 0), self.frames)
        return float(self.seconds[inside]) + (frame - inside) * self.frame_seconds


def read_small(path: Path, *, on_progress: Progress = lambda done: None) -> SmallFilm:
    """Decode the pictures of a film, once; the sound is left alone.

    Args:
        path: The file.
        on_progress: Called with the share that is done, 0 to 1.

    Raises:
        UnreadableMedia: It cannot be opened, or holds no video that decodes.
    """
    streams = open_streams(path)
    base = streams.video.time_base
    claimed = _number(streams.video.guessed_rate or streams.video.average_rate)
    step = max(1, round(1 / (claimed * _number(base))))  # where a frame has no time of its own
    aspect = 1.0
    ticks: list[int] = []
    edges: list[tuple[float, float, float, float]] = []
    damage, shrink, end = Damage(), _Shrinker(), promised_end(streams)
    with tempfile.TemporaryFile() as file:
        try:
            for frame in decode(replace(streams, audio=None), damage):
                if not isinstance(frame, VideoFrame):
                    continue
                if not ticks:
                    aspect = _aspect(frame, _number(streams.video.sample_aspect_ratio))
                pts = frame.pts if frame.pts is not None else (ticks[-1] + step if ticks else 0)
                ticks.append(max(pts, ticks[-1] + 1) if ticks else pts)
                small, black = shrink(frame)
                edges.append(black)
                file.write(small.tobytes())
                if end and base and len(ticks) % 32 == 0:
                    on_progress(max(0.0, min(1.0, ticks[-1] * _number(base) / float(end))))
        finally:
            streams.container.close()
        if not ticks:
            raise UnreadableMedia(path, "; ".join(["none of its video decodes", *damage.messages]))
        file.flush()
        # The mapping outlives the file, whose space is given back with the last reference to it.
        pictures = np.memmap(file, np.uint8, "r", shape=(len(ticks), HEIGHT, WIDTH))
    steps = np.diff(ticks)
    last = ticks[-1] + (int(np.median(steps)) if len(steps) else step)
    since = np.array([*ticks, last], dtype=np.int64) - ticks[0]
    seconds = since.astype(np.float64) * _number(base)
    on_progress(1.0)
    return SmallFilm(pictures, seconds, np.array(edges, dtype=np.float32), aspect)


class _Shrinker:
    """Makes the small picture of each frame of one film, the right way up."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(
        self, frame: VideoFrame
    ) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
        turned = rotation(frame)
        width, height = _TWICE[::-1] if turned % 180 else _TWICE
        scaled = self._reformatter.reformat(frame, width, height, "gray", interpolation="AREA")
        grey = upright(np.asarray(scaled.to_ndarray(), dtype=np.uint8), turned)
        half = grey.reshape(HEIGHT, 2, WIDTH, 2).sum(axis=(1, 3), dtype=np.uint16)
        return ((half + 2) >> 2).astype(np.uint8), black_edges(grey)


def _number(value: Any) -> float:
    """A rational of PyAV as a float; 1 where the file does not say."""
    return float(value) if value else 1.0


def _aspect(frame: VideoFrame, pixel: float) -> float:
    """Width by height for a viewer, of a frame whose pixels are `pixel` times wider than high."""
    shape = frame.width / frame.height * pixel
    return 1 / shape if rotation(frame) % 180 else shape
