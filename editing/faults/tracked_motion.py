"""How far points of a picture move from each picture to the next. Pure.

Points are followed rather than whole pictures compared: an encoder draws a picture that is shown
twice with other errors each time, and they change its values, but hardly where its corners are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.media import Floats

Picture = NDArray[np.uint8]

_POINTS, _QUALITY, _APART = 80, 0.02, 4.0
_SMOOTH = (9, 9)
_CHANGED, _CHANGED_LEAST = 0.3, 2.0
"""Points are looked for where a picture changes by so much of what its most changed fields do, and
by so much of 255."""
_WINDOW, _LEVELS = (15, 15), 2
_UNTIL = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.01)
_BACK = 0.3
"""Pixels by which a point may miss where it was when it is followed back."""


@dataclass(slots=True)
class TrackedMotion:
    """Points of one picture that move on to the next, and their steps before and after.

    Followed by the pyramidal method of Lucas and Kanade (Bouguet, "Pyramidal implementation of the
    affine Lucas Kanade feature tracker", 2001), there and back.
    """

    pictures: Sequence[Picture]
    """Grey, of one size, in order."""
    home: int
    """The picture of which the points are; it is not the last one."""
    _at: dict[int, Floats]
    """Where the points are in each picture they were followed to, `(points, 2)`."""
    _followed: dict[int, NDArray[np.bool_]]

    @classmethod
    def of(cls, pictures: Sequence[Picture], home: int) -> "TrackedMotion | None":
        """Points of picture `home` where it differs from the next; None if it shows none."""
        change = cv2.blur(cv2.absdiff(pictures[home], pictures[home + 1]), _SMOOTH)
        least = max(_CHANGED_LEAST, _CHANGED * float(np.quantile(change, 0.98)))
        mask = (change >= least).astype(np.uint8)
        points = cv2.goodFeaturesToTrack(pictures[home], _POINTS, _QUALITY, _APART, mask=mask)
        if points is None:
            return None
        found = np.asarray(points, np.float32).reshape(-1, 2)
        return cls(pictures, home, {home: found}, {home: np.ones(len(found), bool)})

    def step(self, at: int) -> tuple[Floats, NDArray[np.bool_]]:
        """The steps of the points to picture `at` from the one before it.

        Returns:
            `(points, 2)` in pixels, and which of them were followed so far, `(points,)`.
        """
        for picture in (at - 1, at):
            self._follow(picture)
        return self._at[at] - self._at[at - 1], self._followed[at] & self._followed[at - 1]

    def shares(self, at: int, *, least: float) -> Floats:
        """The steps to picture `at` by those from `home` to the next one, and along them.

        Args:
            at: A picture from 1 on.
            least: Pixels that a point has to move from `home` to the next picture to count.

        Returns:
            `(points that count,)`; 1 is as far as then, below 0 the other way.
        """
        ahead, known = self.step(self.home + 1)
        step, followed = self.step(at)
        squared = (ahead**2).sum(axis=1)
        counts = known & followed & (squared >= least**2)
        shares: Floats = (step * ahead).sum(axis=1)[counts] / squared[counts]
        return shares

    def _follow(self, at: int) -> None:
        if at in self._at:
            return
        last = at - 1 if at > self.home else at + 1
        self._follow(last)
        points, before, after = self._at[last], self.pictures[last], self.pictures[at]
        there, found = _moved(before, after, points)
        back, kept = _moved(after, before, there)
        near = np.hypot(*(back - points).T) < _BACK
        self._at[at], self._followed[at] = there, self._followed[last] & found & kept & near


def _moved(before: Picture, after: Picture, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Where points of one picture are in another, and which of them were found there."""
    start = points.reshape(-1, 1, 2)
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        start,
        np.zeros_like(start),
        winSize=_WINDOW,
        maxLevel=_LEVELS,
        criteria=_UNTIL,
    )
    return np.asarray(there, np.float32).reshape(-1, 2), np.asarray(found).ravel() == 1
