"""Black bars of one picture, and whether they came or went since the one before. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_BLACK, _FLAT = 24, 14
"""Of 255: a row or column no brighter, and no less even, may be of a black bar."""
_UNEQUAL = 0.02
"""Bars of a pair are equal but for this share of the side."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars at the four sides of one picture."""

    top: int
    """Rows; likewise `bottom`, and columns `left` and `right`."""
    bottom: int
    left: int
    right: int
    filled: tuple[float, float]
    """Lit share of the line behind the bars above and below, and behind those at the sides: of
    each pair the darker line, 0 to 1."""

    def shares(self, picture: Picture) -> tuple[float, float, float, float]:
        """Top, bottom, left and right as shares of the picture's sides."""
        height, width = picture.shape
        return (self.top / height, self.bottom / height, self.left / width, self.right / width)


def bars_of(grey: Picture) -> Bars | None:
    """The bars of a picture, or None if it is all black.

    Args:
        grey: `(height, width)`.
    """
    depths, filled = list[int](), list[float]()
    for lines in (grey, grey.T):
        highest, lowest = lines.max(axis=1).astype(int), lines.min(axis=1).astype(int)
        lit = (highest > _BLACK) | (highest - lowest > _FLAT)
        if not lit.any():
            return None
        first, last = int(lit.argmax()), len(lines) - 1 - int(lit[::-1].argmax())
        behind = (lines[min(first + 2, last)], lines[max(last - 2, first)])
        depths += [first, len(lines) - 1 - last]
        filled.append(min(float((line > _BLACK).mean()) for line in behind))
    top, bottom, left, right = depths
    return Bars(top, bottom, left, right, (filled[0], filled[1]))


def left_over(before: Picture, now: Picture, old: Bars, new: Bars, *, sides: bool) -> float:
    """What is left of the picture's light where bars came or went, as a share.

    Bars hide what was there at once, and nearly nothing is left; where a picture fades, rows and
    columns fall below black one by one with most of their light left from frame to frame.

    Returns:
        NaN if a pair of bars is as deep as before.
    """
    if sides:
        before, now = before.T, now.T
    was, is_now = (_depth(bars, len(now), sides=sides) for bars in (old, new))
    if was == is_now:
        return float("nan")
    shallow, deep = sorted((was, is_now))
    rows = np.r_[shallow:deep, len(now) - deep : len(now) - shallow]
    lit, dark = (before, now) if is_now > was else (now, before)
    return float(dark[rows].mean()) / max(float(lit[rows].mean()), 1.0)


def _depth(bars: Bars, length: int, *, sides: bool) -> int:
    pair = (bars.left, bars.right) if sides else (bars.top, bars.bottom)
    return min(pair) if abs(pair[0] - pair[1]) <= _UNEQUAL * length else 0
