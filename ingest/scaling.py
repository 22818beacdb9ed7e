"""The two sizes in which a film's frames are looked at, and which way up they are."""

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from ingest.pictures import EVERY, Picture

SMALL_WIDTH = 256
"""Pixels; the picture that detectors and measures see. PySceneDetect's own choice."""
LARGE_HEIGHT = 256
"""Pixels; the picture that embeddings and thumbnails are made from."""


class FrameScaler:
    """Makes RGB pictures of the frames of one film; one scaler for all is 3 times quicker."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._small_height = 0

    def small(self, frame: VideoFrame) -> Picture:
        """`(height, SMALL_WIDTH, 3)`, as high as the first frame's if the size changes later."""
        if not self._small_height:
            self._small_height = _scaled(frame.height, SMALL_WIDTH, frame.width)
        return self._picture(frame, SMALL_WIDTH, self._small_height)

    def large(self, index: int, frame: VideoFrame) -> Picture | None:
        """`(LARGE_HEIGHT, width, 3)` of every `EVERY`-th frame, None of the others."""
        if index % EVERY:
            return None
        width = _scaled(frame.width, LARGE_HEIGHT, frame.height)
        return self._picture(frame, width, LARGE_HEIGHT)

    def _picture(self, frame: VideoFrame, width: int, height: int) -> Picture:
        scaled = self._reformatter.reformat(frame, width, height, "rgb24", interpolation="AREA")
        return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


def upright(picture: Picture, rotation: int) -> Picture:
    """The picture turned `rotation` degrees clockwise: 0, 90, 180 or 270."""
    return np.ascontiguousarray(np.rot90(picture, k=-rotation // 90))


def _scaled(side: int, to: int, of: int) -> int:
    """`side * to / of`, rounded to an even number of pixels and at least 2."""
    return max(2, round(side * to / of / 2) * 2)
