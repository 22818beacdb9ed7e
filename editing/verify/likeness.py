"""Is a delivered picture the one that was to be there, or one of its neighbours?

For an expected picture E, a rival R and what was delivered, D, the share
`<D - E, R - E> / |R - E|²` over all pixels is 0 if D is E and 1 if D is R, whatever the encoder has
added: its noise is spread over the picture, and the difference of two frames is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.media import Floats

RIVAL = 0.6
"""The share from which a delivered picture is the rival's; an encoder that copies still parts of
the frame before moves it up to 0.4."""
ALIKE = 0.6
"""Mean squared difference, in levels of 255, below which two pictures cannot be told apart: below
0.4 an encoder that copied a still part was seen to reach the rival's share."""
LEAST_PSNR = 26.0
"""Decibels; below, a picture is not the one that was to be there."""
LEAST_CORRELATION = 0.9
"""The same, for pictures that are not flat."""
LEAST_BLOCK_PSNR = 16.0
"""Decibels of the worst block of a picture with text: letters are small, and others are others."""
_BLOCK = 8
"""Pixels."""
_FLAT = 25.0
"""Variance, in levels of 255."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a run of delivered pictures compares."""

    psnr: float
    """Decibels, of the worst picture; 99 at most."""
    correlation: float
    """Of the worst picture that is not flat, -1 to 1; 1 where all are flat."""
    block_psnr: float
    """Decibels, of the worst block of 8 by 8 pixels; 99 at most."""
    rival: str | None
    """Which rival they are; None for none."""
    untold: bool
    """Whether no rival differs enough from what was expected to be told."""

    @property
    def written(self) -> bool:
        """Whether they are what was expected, every letter of it."""
        return self.right and self.block_psnr >= LEAST_BLOCK_PSNR

    @property
    def right(self) -> bool:
        """Whether they are what was expected."""
        alike = self.psnr >= LEAST_PSNR and self.correlation >= LEAST_CORRELATION
        return alike and self.rival is None


def compare(
    delivered: Sequence[Floats],
    expected: Sequence[Floats],
    rivals: Sequence[tuple[str, Sequence[Floats]]],
) -> Likeness:
    """Compare a run of pictures with what was expected and with rivals.

    Args:
        delivered: `(height, width)` of luma each, 0 to 255.
        expected: As many, of the same shape.
        rivals: Names and as many pictures each.
    """
    worst, block, correlation = 99.0, 99.0, 1.0
    for d, e in zip(delivered, expected, strict=True):
        error = (d - e) ** 2
        worst = min(worst, _psnr(float(error.mean())))
        block = min(block, _psnr(float(_blocks(error).max())))
        if e.var() > _FLAT:
            correlation = min(correlation, _correlation(d, e))
    shares = {}
    for name, pictures in rivals:
        along = apart = 0.0
        for d, e, r in zip(delivered, expected, pictures, strict=True):
            away = r - e
            along += float(np.vdot(d - e, away))
            apart += float(np.vdot(away, away))
        if apart / sum(e.size for e in expected) >= ALIKE:
            shares[name] = along / apart
    best = max(shares, key=lambda name: shares[name], default=None)
    rival = best if best is not None and shares[best] >= RIVAL else None
    return Likeness(worst, correlation, block, rival, bool(rivals) and not shares)


def _psnr(error: float) -> float:
    return 10 * float(np.log10(255**2 / max(error, 1e-5)))


def _blocks(error: Floats) -> Floats:
    """The mean of each block, those at the right and lower edge filled up with nothing."""
    height, width = error.shape
    whole = np.pad(error, ((0, -height % _BLOCK), (0, -width % _BLOCK)))
    rows, columns = whole.shape[0] // _BLOCK, whole.shape[1] // _BLOCK
    return np.asarray(whole.reshape(rows, _BLOCK, columns, _BLOCK).mean(axis=(1, 3)))


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt(np.vdot(a, a) * np.vdot(b, b)))
    return float(np.vdot(a, b)) / size if size else 0.0
