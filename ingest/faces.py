"""Faces in a shot's representative picture, and how high the largest of them stands in it.

The detector is dlib's of frontal faces (King 2015, Max-Margin Object Detection, over the
histograms of oriented gradients of Felzenszwalb et al. 2010); its weights are compiled in. It
sees faces that look towards the camera, turned or tilted a little, not profiles, backs or heads
that lie.
"""

import functools
import importlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.media import Floats

FACE_MEASURES = ("faces", "face_height")

SEARCHED_HEIGHT = 864
"""Rows to which a picture is brought before it is searched: the least face is 73 pixels high,
8.4 % of it."""
_MOST_PIXELS = SEARCHED_HEIGHT * 2100
"""Pictures wider than 2.4 to 1 are searched at fewer rows, so that no format costs much more."""
_THRESHOLD = 0.0
"""The detector's own."""


def find_faces(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """How many faces a picture shows, and how high the largest is. About 75 ms CPU.

    Args:
        picture: `(height, width, 3)` RGB, upright.

    Returns:
        The number of faces; and the height of the largest, forehead to chin, as a share of the
        picture's height, NaN where there is none. It lies on the detector's ladder of sizes, a
        fifth apart. Both are NaN where dlib is not installed.
    """
    boxes = face_boxes(picture)
    if boxes is None:
        return float("nan"), float("nan")
    heights = (boxes[:, 3] - boxes[:, 1]).tolist()
    return float(len(boxes)), max(heights, default=float("nan"))


def face_boxes(picture: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """Where the faces of a picture are, as shares of its width and height; about 75 ms CPU.

    Args:
        picture: `(height, width, 3)` RGB, upright.

    Returns:
        `(faces, 4)`: left, top, right, bottom; None where dlib is not installed.
    """
    detector = _detector()
    if detector is None:
        return None
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    scale = min(SEARCHED_HEIGHT / height, (_MOST_PIXELS / (height * width)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    searched = np.ascontiguousarray(cv2.resize(grey, size, interpolation=how))
    boxes, _, _ = detector.run(searched, 0, _THRESHOLD)
    edges = [(b.left(), b.top(), b.left() + b.width(), b.top() + b.height()) for b in boxes]
    shares: NDArray[np.float64] = np.array(edges, np.float64).reshape(-1, 4) / [*size, *size]
    return shares


def face_measures(
    found: tuple[float, float], bars: Floats, rotation: int = 0
) -> tuple[float, float]:
    """`FACE_MEASURES` of a shot: faces, and the largest one's share of the active picture's height.

    Args:
        found: By `find_faces`, in the picture as it is shown.
        bars: `(4,)`, `ingest.letterbox.BAR_MEASURES` of the picture as it is stored; NaN for none.
        rotation: Degrees clockwise from the stored picture to the one that is shown.
    """
    top, bottom, left, right = np.nan_to_num(bars, nan=0.0).tolist()
    active = 1 - (left + right if rotation % 180 else top + bottom)
    return found[0], found[1] / active


@functools.cache
def _detector() -> Any:
    """The detector, made once a process; None where dlib is not installed."""
    try:
        dlib = importlib.import_module("dlib")
    except ModuleNotFoundError:
        return None
    return dlib.get_frontal_face_detector()
