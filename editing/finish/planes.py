"""Arithmetic on pictures in YUV 4:2:0: mixing, darkening, moving by parts of a pixel.

A picture is one array `(height * 3 / 2, width)`, uint8, as FFmpeg packs `yuv420p`: luma, then the
two chroma planes. Luma is in the limited range of video, 16 (black) to 235 (white).
"""

from collections.abc import Sequence

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ingest.media import Floats

Packed = NDArray[np.uint8]
Planes = tuple[Packed, Packed, Packed]

BLACK = (16, 128, 128)
"""Y, U and V of black."""


def packed(frame: VideoFrame) -> Packed:
    """The planes of a frame in `yuv420p`, copied."""
    return np.asarray(frame.to_ndarray(), dtype=np.uint8)


def planes_of(picture: Packed) -> Planes:
    """Luma and both chroma planes, as views."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    luma, chroma = picture[:height], picture[height:].reshape(2, height // 2, width // 2)
    return luma, chroma[0], chroma[1]


def to_frame(picture: Packed) -> VideoFrame:
    """A frame in `yuv420p`."""
    return VideoFrame.from_ndarray(picture, format="yuv420p")


def black(size: tuple[int, int]) -> Packed:
    """A black picture of (width, height)."""
    width, height = size
    picture = np.full((height * 3 // 2, width), BLACK[1], np.uint8)
    picture[:height] = BLACK[0]
    return picture


def mixed(pictures: Sequence[tuple[Packed, float]]) -> Packed:
    """Pictures added by their shares, which sum to 1."""
    total = np.zeros(pictures[0][0].shape, np.float32)
    for picture, share in pictures:
        total += picture * np.float32(share)
    return np.asarray(total + np.float32(0.5)).astype(np.uint8)


def darkened(picture: Packed, light: float) -> Packed:
    """A picture faded towards black: all of it at 1, black at 0."""
    height = picture.shape[0] * 2 // 3
    faded = np.empty_like(picture)
    for part, level in ((slice(None, height), BLACK[0]), (slice(height, None), BLACK[1])):
        shown = level + (picture[part].astype(np.float32) - level) * np.float32(light)
        faded[part] = (shown + np.float32(0.5)).astype(np.uint8)
    return faded


def centred(planes: Planes, size: tuple[int, int]) -> Packed:
    """Planes in the middle of a black picture of `size`."""
    canvas = black(size)
    for plane, target in zip(planes, planes_of(canvas), strict=True):
        top = (target.shape[0] - plane.shape[0]) // 2
        left = (target.shape[1] - plane.shape[1]) // 2
        target[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return canvas


def cropped(planes: Planes, size: tuple[int, int], left: float, top: float) -> Packed:
    """`size` of planes from (`left`, `top`) on, in pixels of luma and parts of them.

    Between pixels it interpolates with the cubic of Catmull and Rom (1974), which passes through
    the samples. Chroma lies where it lay to luma, whatever the offset.
    """
    width, height = size
    parts = [_moved(planes[0], (width, height), left, top)]
    parts += [_moved(plane, (width // 2, height // 2), left / 2, top / 2) for plane in planes[1:]]
    return np.concatenate([part.reshape(-1) for part in parts]).reshape(height * 3 // 2, width)


def _moved(plane: Packed, size: tuple[int, int], left: float, top: float) -> Packed:
    """A window of a plane at any offset that keeps it inside."""
    columns, rows = size
    x, y = int(np.floor(left)), int(np.floor(top))
    across, down = left - x, top - y
    if not across and not down:
        return np.ascontiguousarray(plane[y : y + rows, x : x + columns])
    window = _window(plane, x - 1, y - 1, columns + 3, rows + 3)
    if across:
        window = _weighed([window[:, i : i + columns] for i in range(4)], across)
    else:
        window = window[:, 1 : 1 + columns]
    parts = [window[i : i + rows] for i in range(4)]
    moved: Floats = _weighed(parts, down) if down else parts[1]
    return np.asarray(np.clip(moved + np.float32(0.5), 0, 255), np.uint8)


def _window(plane: Packed, x: int, y: int, columns: int, rows: int) -> Floats:
    """A part of a plane, its border repeated where the part goes beyond."""
    across = np.clip(np.arange(x, x + columns), 0, plane.shape[1] - 1)
    down = np.clip(np.arange(y, y + rows), 0, plane.shape[0] - 1)
    return plane[down[:, None], across].astype(np.float32)


def _weighed(parts: Sequence[Floats], t: float) -> Floats:
    total = np.zeros_like(parts[0])
    for part, weight in zip(parts, _cubic(t), strict=True):
        total += part * weight
    return total


def _cubic(t: float) -> Floats:
    """Weights of the four samples about a place `t` (0 to 1) after the second of them."""
    weights = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    return np.array(weights, dtype=np.float32)
