"""Linear prediction: how far each sample lies from what those before it let one expect. Pure.

A click is hardly seen in loud music, and stands out in what cannot be predicted of it (Godsill and
Rayner, "Digital Audio Restoration", 1998, chapter 5). The treble is predicted rather than the
whole: its spectrum is flatter, so that fewer coefficients do.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ingest.media import Floats

Doubles = NDArray[np.float64]

ORDER = 16
BLOCK_MS = 20
"""What is predicted from one set of coefficients; they are of twice as much sound around it."""
_NOISE = 1e-9
"""Added to the power of each block, so that silence has coefficients too."""


def treble(samples: Floats) -> Floats:
    """What the sample before each differs by from the mean of its neighbours, `(n,)`; first 0, 0.

    So nothing shows before the sample that it is due to.
    """
    high = np.zeros_like(samples)
    high[2:] = samples[1:-1] - (samples[:-2] + samples[2:]) / 2
    return high


def residual(samples: Floats, step: int) -> Floats:
    """The error of prediction of each sample.

    Args:
        samples: `(n,)`, full scale at 1.
        step: Samples of a millisecond.

    Returns:
        `(n,)`.
    """
    size = BLOCK_MS * step
    blocks = -(-len(samples) // size)
    if not blocks:
        return np.zeros(0, np.float32)
    missing = blocks * size - len(samples)
    around = np.pad(samples, (size // 2, size - size // 2 + missing))
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * size)[::size][:blocks]
    weighted = (windows * np.hanning(2 * size).astype(np.float32)).astype(np.float32)
    length = fft.next_fast_len(2 * size + ORDER, real=True)
    power = np.abs(fft.rfft(weighted, length, axis=1)) ** 2
    coefficients = predictors(fft.irfft(power, length, axis=1)[:, : ORDER + 1])
    led = np.pad(samples, (ORDER, missing))
    parts = np.lib.stride_tricks.sliding_window_view(led, size + ORDER)[::size][:blocks]
    length = fft.next_fast_len(size + 2 * ORDER, real=True)
    spectrum = fft.rfft(np.ascontiguousarray(parts, np.float32), length, axis=1)
    spectrum *= fft.rfft(coefficients.astype(np.float32), length, axis=1)
    error = fft.irfft(spectrum, length, axis=1)[:, ORDER : ORDER + size]
    return np.asarray(error.reshape(-1)[: len(samples)], np.float32)


def predictors(correlations: NDArray[np.floating]) -> Doubles:
    """Coefficients of the filters that leave the errors of prediction, by Levinson and Durbin.

    Args:
        correlations: `(blocks, order + 1)`, autocorrelation of each block at lags 0, 1, …

    Returns:
        `(blocks, order + 1)`; the first of each is 1.
    """
    lags = correlations.astype(np.float64)
    lags[:, 0] = lags[:, 0] * (1 + 1e-5) + _NOISE
    found = np.zeros_like(lags)
    found[:, 0] = 1
    error = lags[:, 0].copy()
    for i in range(1, lags.shape[1]):
        reflected = -(found[:, :i] * lags[:, i:0:-1]).sum(axis=1) / error
        found[:, 1 : i + 1] += reflected[:, None] * found[:, i - 1 :: -1][:, :i]
        error *= 1 - reflected**2
    return found
