"""Pictures made alike: upright, 4:2:0, and of the size of the render.

A picture of another shape than the render is fitted inside and padded with black.
"""

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

_BLACK = (16, 128, 128)
"""Y, U and V of black in the limited range of video."""

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


class Conformer:
    """Makes the pictures of one file alike; keeps one scaler for all of them."""

    def __init__(self, size: tuple[int, int], rotation: int) -> None:
        """Conform to `size`, even (width, height) in pixels, turning by `rotation` degrees."""
        self.size, self.rotation = size, rotation
        self._reformatter = VideoReformatter()

    def conform(self, frame: VideoFrame) -> VideoFrame:
        """The picture, upright and of the size asked for; may be `frame` itself."""
        stored = (frame.width, frame.height)
        upright = stored[::-1] if self.rotation % 180 else stored
        width, height = fitted(upright, self.size)
        target = (height, width) if self.rotation % 180 else (width, height)
        limited = ColorRange.MPEG  # what the render says of itself; phones record the full range
        scaled = self._reformatter.reformat(frame, *target, "yuv420p", dst_color_range=limited)
        if not self.rotation and (width, height) == self.size:
            return scaled
        planes = _planes(scaled)
        turns = -(self.rotation // 90)  # np.rot90 turns anticlockwise
        turned = [np.rot90(plane, turns) for plane in planes]
        return _frame(turned[0], turned[1], turned[2], self.size)


def fitted(size: tuple[int, int], inside: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of the shape of `size` inside another; all of it if near enough."""
    width, height = size
    scale = min(inside[0] / width, inside[1] / height)
    fits = [2 * round(width * scale / 2), 2 * round(height * scale / 2)]
    near = [b if b - 4 < a else a for a, b in zip(fits, inside, strict=True)]
    return max(2, near[0]), max(2, near[1])


def even_size(size: tuple[int, int], height: int | None) -> tuple[int, int]:
    """The size of a render: `size`, or of that `height`; even, as 4:2:0 needs."""
    wide, high = size
    if height is not None:
        wide, high = round(wide * height / high), height
    return max(2, wide - wide % 2), max(2, high - high % 2)


def _planes(frame: VideoFrame) -> Planes:
    packed = np.asarray(frame.to_ndarray(), dtype=np.uint8)  # (height * 3 / 2, width)
    height, width = frame.height, frame.width
    luma, chroma = packed[:height], packed[height:].reshape(2, height // 2, width // 2)
    return luma, chroma[0], chroma[1]


def _frame(
    y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8], size: tuple[int, int]
) -> VideoFrame:
    """Three planes in the middle of a black picture of `size`."""
    width, height = size
    parts = []
    for plane, black, share in zip((y, u, v), _BLACK, (1, 2, 2), strict=True):
        canvas = np.full((height // share, width // share), black, np.uint8)
        top = (canvas.shape[0] - plane.shape[0]) // 2
        left = (canvas.shape[1] - plane.shape[1]) // 2
        canvas[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
        parts.append(canvas.reshape(-1))
    packed = np.concatenate(parts).reshape(height * 3 // 2, width)
    return VideoFrame.from_ndarray(packed, format="yuv420p")
