"""Whether two pictures were taken from one place: what is fixed in both lies alike.

Found again are local features, so that whoever moves in front does not matter. Looked at only where
a change stands out. Pure.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

AGREEING = 9
"""Features from which on two pictures are of one set-up: of two places five agree by chance."""
_MOST, _CONTRAST = 400, 0.02
_LEAST = 40
"""Features that both pictures need to have, for none to agree to mean anything."""
_DISTINCT = 0.8
"""How near the best match is, by the second best (Lowe, 2004, section 7.1)."""
_APART = 3.0
"""Pixels of 256 across by which a feature may be off the common move."""
_SCALE, _TURN = 1.18, 0.15
"""A camera that stays shows all at nearly one size, and turns by few radians. Anything nearer or
further off is a cut along the axis, which is meant."""
_COLUMNS, _ROWS, _LEAST_FIELDS = 4, 3, 3
"""Fields of the picture that the features have to be spread over: fewer hold one thing alone."""


def agreeing_features(before: Picture, after: Picture) -> float:
    """How many local features of two pictures agree on one small move of the camera.

    Scale-invariant features (Lowe, Distinctive image features from scale-invariant keypoints, 2004)
    of both, matched, and the greatest number of them that one similarity explains (RANSAC; Fischler
    and Bolles, 1981), which neither zooms nor turns, and which lie all over the picture.

    Args:
        before: `(height, width)` grey, 256 pixels wide.
        after: The same size.

    Returns:
        0 if they agree on nothing; NaN if there are too few of them to tell.
    """
    one, other = _features(before), _features(after)
    if one is None or other is None:
        return float("nan")
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(one[1], other[1], k=2)
    good = [best for best, second in pairs if best.distance < _DISTINCT * second.distance]
    if len(good) < AGREEING:
        return _none(one, other)
    old = one[0][[match.queryIdx for match in good]]
    new = other[0][[match.trainIdx for match in good]]
    cv2.setRNGSeed(1)  # the same pictures, the same number
    move, fits = cv2.estimateAffinePartial2D(
        old, new, method=cv2.RANSAC, ransacReprojThreshold=_APART, maxIters=1000
    )
    if move is None:
        return _none(one, other)
    scale, turn = np.hypot(move[0, 0], move[1, 0]), abs(np.arctan2(move[1, 0], move[0, 0]))
    inside = fits.ravel() > 0
    spread = min(_fields(points[inside], before.shape) for points in (old, new))
    if not 1 / _SCALE <= scale <= _SCALE or turn > _TURN or spread < _LEAST_FIELDS:
        return _none(one, other)
    return float(inside.sum())


_Features = tuple[NDArray[np.float32], NDArray[np.float32]]


def _features(picture: Picture) -> _Features | None:
    """Places `(n, 2)` and descriptors `(n, 128)`; None if there are not two."""
    points, described = cv2.SIFT.create(
        nfeatures=_MOST, contrastThreshold=_CONTRAST
    ).detectAndCompute(picture, None)
    if len(points) < 2:
        return None
    return np.array([p.pt for p in points], np.float32), np.asarray(described, np.float32)


def _none(one: _Features, other: _Features) -> float:
    enough = min(len(one[0]), len(other[0])) >= _LEAST
    return 0.0 if enough else float("nan")


def _fields(points: NDArray[np.float32], shape: tuple[int, ...]) -> int:
    """How many fields of the picture hold one of the points."""
    height, width = shape[:2]
    columns = (points[:, 0] * _COLUMNS / width).astype(int)
    rows = (points[:, 1] * _ROWS / height).astype(int)
    return len(set(zip(columns.tolist(), rows.tolist(), strict=True)))
