"""Representative pictures of shots, kept while the film goes by and let go as each shot closes.

Seeking back to a few frames a shot costs more than a whole decode, so candidates are kept as
they pass; memory is bounded whatever the length of a film or of a shot.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

EVERY = 6
"""Frames from one candidate of the better size to the next."""
MOST = 12
"""Candidates kept of one shot."""
_JPEG_QUALITY = 82


@dataclass(slots=True)
class _Candidate:
    frame: int
    sharpness: float
    picture: Picture
    large: bool


class PictureKeeper:
    """Chooses one frame of each shot: the sharpest of those around its middle."""

    def __init__(self, on_picture: Callable[[int, Picture], None]) -> None:
        """Start on a film.

        Args:
            on_picture: Called with the frame and the RGB picture of each shot, in order.
        """
        self._on_picture = on_picture
        self._waiting: deque[_Candidate] = deque()
        """Frames whose shot is not known yet."""
        self._open: list[_Candidate] = []
        """Of the shot that has begun and not ended."""
        self._stride = 1
        self._start = 0

    def offer(self, frame: int, sharpness: float, small: Picture, large: Picture | None) -> None:
        """Take the next frame: always its small picture, and a larger one now and then."""
        picture = small if large is None else large
        self._waiting.append(_Candidate(frame, sharpness, picture, large is not None))

    def close(self, boundaries: list[int], settled: int) -> None:
        """Give the pictures of the shots that end at `boundaries`, all at or below `settled`.

        Args:
            boundaries: First frames of new shots since the last call, in order.
            settled: Frames below this belong to the shot that the last boundary began.
        """
        for boundary in boundaries:
            self._take_until(boundary)
            self._give(boundary)
        self._take_until(settled)

    def finish(self, frames: int) -> None:
        """Give the picture of the film's last shot."""
        self._take_until(frames)
        self._give(frames)

    def _take_until(self, frame: int) -> None:
        while self._waiting and self._waiting[0].frame < frame:
            candidate = self._waiting.popleft()
            wanted = candidate.large and candidate.frame // EVERY % self._stride == 0
            if wanted or not self._open:
                self._open.append(candidate)
            if len(self._open) > MOST:
                self._open = self._open[::2]
                self._stride *= 2

    def _give(self, end: int) -> None:
        middle, quarter = (self._start + end - 1) / 2, (end - self._start) / 4
        pool = [c for c in self._open if c.large] or self._open
        central = [c for c in pool if abs(c.frame - middle) <= quarter] or pool
        best = max(central, key=lambda c: (c.sharpness, -c.frame))
        self._on_picture(best.frame, best.picture)
        self._open, self._stride, self._start = [], 1, end


def encode_jpeg(picture: Picture, width: int) -> bytes:
    """An RGB picture as a JPEG, at most `width` pixels wide."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    if picture.shape[1] > width:
        resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        picture = np.asarray(resized, dtype=np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)
    if not done:
        raise ValueError(f"a picture of {picture.shape} cannot be written as JPEG")
    return jpeg.tobytes()
