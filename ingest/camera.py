"""How the camera moves: the global motion between sampled frames, and a word for that of a shot.

Corners tracked by pyramidal Lucas–Kanade, and the similarity (shift, turn, scale) that most of
them agree on by RANSAC; what moves in front of the camera is left out by that agreement.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

CameraMove = Literal["static", "pan", "tilt", "zoom", "handheld", "complex"]

PAIRS_A_SECOND = 8
"""Motion is told that often, between frames an eighth of a second apart."""
MOTION_MEASURES = ("pan", "tilt", "zoom", "shake")

MOVES = 0.02
"""Picture widths a second (of zoom: 2 % a second); a slower camera stands still."""
SHAKES = 0.02
"""Picture widths a second by which the speed jitters; above it a camera is held by hand."""
_MIXED = 0.6
"""A second movement this much as strong as the first makes a complex one."""
_CORNERS = 80
_PRECISION = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 10, 0.03)
_FEWEST = 12
_LEAST_AGREEMENT = 0.4


class CameraMeter:
    """Takes a film's small grey frames and keeps 5 numbers for 8 pairs a second.

    About 0.6 ms CPU a pair, so 0.2 ms a frame at 24 frames a second.
    """

    def __init__(self, rate: Fraction) -> None:
        """Start on a film of about `rate` frames a second."""
        self.step = max(1, round(rate / PAIRS_A_SECOND))
        self._last: NDArray[np.uint8] | None = None
        self._rows: list[tuple[float, ...]] = []

    def push(self, frame: int, grey: NDArray[np.uint8]) -> None:
        """Take frame number `frame`, `(height, width)`; all but every `step`-th are passed over."""
        if frame % self.step:
            return
        if self._last is not None:
            self._rows.append((frame, *global_motion(self._last, grey)))
        self._last = grey

    def values(self) -> NDArray[np.float64]:
        """`(pairs, 4)`: the later frame of a pair, then what `global_motion` tells of it."""
        return np.array(self._rows, dtype=np.float64).reshape(-1, 4)


def global_motion(
    before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> tuple[float, float, float]:
    """How the whole picture moved from one frame to another.

    Args:
        before: `(height, width)`, grey.
        after: The same shape.

    Returns:
        Shift of the picture's centre to the right and down, in picture widths, and the natural
        logarithm of its growth; all NaN where too few corners agree on any.
    """
    unknown = (float("nan"), float("nan"), float("nan"))
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.01, 8)
    if corners is None or len(corners) < _FEWEST:
        return unknown
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, corners, corners.copy(), winSize=(11, 11), maxLevel=3, criteria=_PRECISION
    )
    tracked = found.ravel() == 1
    if tracked.sum() < _FEWEST:
        return unknown
    similarity, agree = cv2.estimateAffinePartial2D(
        corners[tracked], moved[tracked], ransacReprojThreshold=0.7, maxIters=100
    )
    if similarity is None or agree.sum() < max(_FEWEST, _LEAST_AGREEMENT * len(corners)):
        return unknown
    height, width = before.shape
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = (similarity[:, :2] @ centre + similarity[:, 2] - centre) / width
    return float(shift[0]), float(shift[1]), float(np.log(np.hypot(*similarity[:, 0])))


def shot_motion(pairs: NDArray[np.float64], step_seconds: float) -> tuple[float, ...]:
    """`MOTION_MEASURES` of one shot.

    Args:
        pairs: `(n, 4)`: those of `CameraMeter.values` whose two frames lie in the shot.
        step_seconds: From one frame of a pair to the other.

    Returns:
        - `pan`, `tilt`: the camera's mean speed to the right and down, picture widths a second;
        - `zoom`: growth of what is seen, natural logarithm a second;
        - `shake`: how much the speed jitters from pair to pair, picture widths a second: the
          deviation of independent errors that would make second differences as large.

        NaN where fewer than half the pairs, or fewer than 2, tell (`shake`: fewer than 3).
    """
    told = pairs[np.isfinite(pairs[:, 1]), 1:] / step_seconds  # (n, 3)
    if len(told) < max(2, len(pairs) / 2):
        return (float("nan"),) * len(MOTION_MEASURES)
    right, down, growth = np.median(told, axis=0) if len(told) > 4 else told.mean(axis=0)
    shake = float("nan")
    if len(told) >= 3:
        second = told[1:-1, :2] - (told[:-2, :2] + told[2:, :2]) / 2
        # Independent errors of deviation s make second differences of deviation s √1.5.
        shake = float(np.sqrt((second**2).sum(axis=1).mean() / 2 / 1.5))
    return float(-right), float(-down), float(growth), shake


def camera_move(pan: float, tilt: float, zoom: float, shake: float) -> CameraMove | None:
    """The word for how the camera moved in a shot; None where nothing tells.

    A jitter above `SHAKES` and above a third of the movement is `handheld`; no movement above
    `MOVES` is `static`; two that are nearly as strong as each other are `complex`.

    Args:
        pan: Picture widths a second.
        tilt: Picture widths a second.
        zoom: Natural logarithm of growth a second.
        shake: Picture widths a second; NaN counts as none.
    """
    if not np.isfinite([pan, tilt, zoom]).all():
        return None
    strengths: Sequence[tuple[float, CameraMove]] = sorted(
        [(abs(pan), "pan"), (abs(tilt), "tilt"), (abs(zoom), "zoom")], reverse=True
    )
    (first, move), (second, _), _ = strengths
    if shake > max(SHAKES, first / 3):
        return "handheld"
    if first < MOVES:
        return "static"
    return "complex" if second > max(MOVES, _MIXED * first) else move
