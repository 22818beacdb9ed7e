"""How the picture changes, told from 48x27 pictures: what is surely a cut, and what is in doubt.

Two things begin a new shot. At a cut one change stands out from those around it. In a dissolve or a
fade each picture is the mean of an earlier and a later one that differ: between A and B at equal
distances, (A + B) / 2 is what is seen in the middle, which motion hardly ever gives.
The settings are few and wide: they only choose what a network has to look at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

REACH = 8
"""Frames on either side that tell how a frame changes."""

_NEIGHBOURS = 6
"""Frames on either side that tell how much change is usual around a frame."""
_LEAST_LEVEL = 0.5
"""Usual change is taken for at least this much, 0 to 255: below is noise."""

_CUT_CHANGE, _CUT_RATIO = 2.0, 3.0
"""A change of so much, and so many times the usual one, may be a cut."""
_SURE_CHANGE, _SURE_RATIO, _SURE_PEAK = 15.0, 8.0, 2.5
"""A change of so much, so many times the usual one and the greatest around it, is a cut."""
_LEAST_SURE_CHANGE, _SURE_SHARE = 4.0, 0.4
"""So is one of so much that is this share of the picture's own contrast, in dark or pale scenes."""
_BLEND_CHANGE, _BLEND_RESIDUAL = 15.0, 0.4
"""A picture that is the mean of two that differ by so much, but for this share, may be a blend."""
_LEAST_BLEND = 5
"""Frames that have to blend one after another in a gradual transition that is in doubt."""
_CUT_SHADOW, _BLEND_SHADOW = 6, REACH + 1
"""Frames around a sure cut that look like cuts, and like blends, only because of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """How each frame of a stretch of film changes; all arrays `(frames,)`."""

    step: NDArray[np.float32]
    """Mean absolute difference from the frame before, 0 to 255."""
    ratio: NDArray[np.float32]
    """`step` by the median of the frames around, which is taken for at least 0.5."""
    peak: NDArray[np.float32]
    """`step` by the greatest of the frames around."""
    span: NDArray[np.float32]
    """Mean absolute difference between the pictures `REACH` before and after, 0 to 255."""
    contrast: NDArray[np.float32]
    """Standard deviation within the picture or the one before, the greater of them, 0 to 127."""
    residual: NDArray[np.float32]
    """How far the frame is from the mean of those two, as a share of `span`: 0 for a blend."""

    @property
    def sure_cut(self) -> NDArray[np.bool_]:
        """`(frames,)`: the first frame of a new shot, unless it is a flash."""
        pale = np.maximum(_LEAST_SURE_CHANGE, _SURE_SHARE * self.contrast)
        large = self.step >= np.minimum(_SURE_CHANGE, pale)
        return np.asarray(large & (self.ratio >= _SURE_RATIO) & (self.peak >= _SURE_PEAK))

    @property
    def cut_like(self) -> NDArray[np.bool_]:
        """`(frames,)`: the greatest change around, and more than is usual there."""
        return (self.step >= _CUT_CHANGE) & (self.ratio >= _CUT_RATIO) & (self.peak >= 1)

    @property
    def blend_like(self) -> NDArray[np.bool_]:
        """`(frames,)`: about the mean of two pictures that differ."""
        return (self.span >= _BLEND_CHANGE) & (self.residual <= _BLEND_RESIDUAL)


def measure_change(pictures: NDArray[np.uint8]) -> Change:
    """Measure the frames of a stretch but for the first and last `REACH` of it.

    Args:
        pictures: `(REACH + frames + REACH, h, w, 3)`.
    """
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)  # (n, h * w * 3)
    steps = np.abs(np.diff(flat, axis=0)).mean(axis=1)  # (n - 1,): from frame i to i + 1
    first, last = REACH - 1, len(steps) - REACH
    inside = steps[first:last]  # of the frames that are measured
    near = steps[first - _NEIGHBOURS : last + _NEIGHBOURS]
    around = sliding_window_view(near, 2 * _NEIGHBOURS + 1)
    others = np.delete(around, _NEIGHBOURS, axis=1)  # (frames, 2 * _NEIGHBOURS)
    before, after = flat[: -2 * REACH], flat[2 * REACH :]
    span = np.abs(after - before).mean(axis=1)
    residual = np.abs(flat[REACH:-REACH] - (before + after) / 2).mean(axis=1)
    contrast = pictures[REACH - 1 : -REACH].std(axis=(1, 2), dtype=np.float32).mean(axis=1)
    level = np.maximum(np.median(others, axis=1), _LEAST_LEVEL)
    return Change(
        step=inside,
        ratio=inside / level,
        peak=inside / np.maximum(others.max(axis=1), 1e-6),
        span=span,
        contrast=np.maximum(contrast[1:], contrast[:-1]),
        residual=residual / np.maximum(span, 1e-6),
    )


def is_blend(pictures: NDArray[np.uint8]) -> bool:
    """Whether one picture blends into another for several frames, as in a dissolve or a fade.

    Args:
        pictures: `(REACH + frames + REACH, h, w, 3)`, the frames in question and those around.
    """
    blends = measure_change(pictures).blend_like
    return len(blends) >= _LEAST_BLEND and bool(
        sliding_window_view(blends, _LEAST_BLEND).all(axis=1).any()
    )


def doubtful(
    sure: NDArray[np.bool_], cut_like: NDArray[np.bool_], blend_like: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where a network has to look: what may be a transition and is not the shadow of a sure cut."""
    return (cut_like & ~widen(sure, _CUT_SHADOW)) | (blend_like & ~widen(sure, _BLEND_SHADOW))


SHADOW = max(_CUT_SHADOW, _BLEND_SHADOW)
"""How far on a sure cut bears on what is doubtful."""


def widen(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """True within `by` frames of where `mask` is."""
    padded = np.pad(mask, by)
    return np.asarray(sliding_window_view(padded, 2 * by + 1).any(axis=1))
