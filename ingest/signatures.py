"""Picture signatures: 64 bits of a picture, four times a second, that survive another encoding.

The signs of the 64 lowest frequencies (DCT) of a tiny grey picture, as Zauner (Implementation and
benchmarking of perceptual image hash functions, 2010) describes them. Black bars are cut off
first: what stays black for ten minutes, for a title on black has wide bars too. A picture that is
too flat or dark to tell is left out.
"""

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.media import Signatures
from ingest.pictures import Picture

A_SECOND = 4
"""Signatures a second. A trimmed copy is sampled at most an eighth of a second elsewhere."""
_KEPT_SIDE = 96
"""Pixels of the square that is kept of a picture until it is known where the bars are."""
_WAIT = 600 * A_SECOND
"""Pictures, 22 MB at most, by which it is decided where the bars are."""
_SIDE = 32
"""Pixels of the square whose frequencies are looked at."""
_BLACK = 32
"""Of 255: edges never brighter than this are bars; coarse encodings leave some noise there."""
_LEAST_SHARE = 0.5
"""Of a side: what is left between bars is at least this, or they are no bars."""


class SignatureMeter:
    """Takes the small pictures of a film in order, and keeps 16 bytes a quarter of a second."""

    def __init__(self) -> None:
        self._next: Fraction | None = None
        self._rows = np.zeros(_KEPT_SIDE, np.uint8)
        self._columns = np.zeros(_KEPT_SIDE, np.uint8)
        self._waiting: list[tuple[int, NDArray[np.uint8]]] | None = []
        self._frames: list[int] = []
        self._values: list[int] = []

    def push(self, frame: int, seconds: Fraction, small: Picture, rotation: int) -> None:
        """Take the next frame.

        Args:
            frame: Its number.
            seconds: Its time by any clock; if that is set back, sampling begins anew.
            small: `(height, width, 3)`, RGB, as stored.
            rotation: Degrees clockwise that turn it upright.
        """
        if self._next is not None and self._next - 1 <= seconds < self._next:
            return
        self._next = Fraction(seconds * A_SECOND // 1 + 1, A_SECOND)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        square = cv2.resize(grey, (_KEPT_SIDE, _KEPT_SIDE), interpolation=cv2.INTER_AREA)
        upright = np.rot90(np.asarray(square, np.uint8), k=-rotation // 90)
        self._rows = np.maximum(self._rows, upright.max(axis=1))
        self._columns = np.maximum(self._columns, upright.max(axis=0))
        if self._waiting is None:
            self._sign(frame, upright)
        else:
            self._waiting.append((frame, upright))
            if len(self._waiting) == _WAIT:
                self._sign_waiting()

    def finish(self) -> Signatures:
        """All that were taken."""
        self._sign_waiting()
        return Signatures(np.array(self._frames, np.int64), np.array(self._values, np.uint64))

    def _sign_waiting(self) -> None:
        for frame, upright in self._waiting or []:
            self._sign(frame, upright)
        self._waiting = None

    def _sign(self, frame: int, upright: NDArray[np.uint8]) -> None:
        value = signature(upright[_lit(self._rows), _lit(self._columns)])
        if value is not None:
            self._frames.append(frame)
            self._values.append(value)


def signature(grey: NDArray[np.uint8]) -> int | None:
    """64 bits of a picture: bit `8 i + j` is whether frequency `(i, j)` is positive.

    Frequency `(0, 0)`, the brightness, gives way to `(8, 0)`.

    Args:
        grey: `(height, width)`, upright and without bars.

    Returns:
        None for a picture that is too flat to tell from noise.
    """
    tiny = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    frequencies = cv2.dct(tiny)  # (32, 32), orthonormal
    lowest = frequencies[:8, :8].copy()
    lowest[0, 0] = frequencies[8, 0]
    if np.count_nonzero(np.abs(lowest) > _NOISE) < _LEAST_CLEAR:
        return None
    return int.from_bytes(np.packbits(lowest.ravel() > 0).tobytes(), "big")


_NOISE = 4.0
"""Grey levels times 32: coarse encodings may turn the sign of a frequency of this amplitude."""
_LEAST_CLEAR = 44
"""Frequencies of the 64 that must be stronger than noise."""


def _lit(brightest: NDArray[np.uint8]) -> slice:
    """From the first to the last that was ever lit; all, if that is too little for a picture."""
    lit = np.flatnonzero(brightest > _BLACK)
    if len(lit) and lit[-1] + 1 - lit[0] >= _LEAST_SHARE * len(brightest):
        return slice(int(lit[0]), int(lit[-1]) + 1)
    return slice(None)
