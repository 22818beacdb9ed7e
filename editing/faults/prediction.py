"""Linear prediction: how far each sample lies from what those before it let one expect. Pure.

A click is hardly seen in loud music, and stands out in what cannot be predicted of it (Godsill and
Rayner, "Digital Audio Restoration", 1998, chapter 5). The treble is predicted rather than the
whole: its spectrum is flatter, so that fewer coefficients do.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from ingest.media import Floats

Doubles = NDArray[np.float64]

ORDER = 16
BLOCK_MS = 20
"""What is predicted from one set of coefficients; they are of twice as much sound around it."""
_TREBLE = np.array([-0.5, 1.0, -0.5])
"""What `treble` filters by."""
_FALL_MS = 8.0
"""In which a coupling capacitor, or what follows of the sound, takes a jump back."""
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
    if not len(samples):
        return np.zeros(0, np.float32)
    return _filtered(samples, _coefficients(samples, step), step, later=0)


def likeness(samples: Floats, step: int) -> Floats:
    """How much of each shape of a click is added at each sample to what can be predicted.

    The error of prediction, correlated with the errors that the shape itself leaves, which are of
    length 1: of all filters the one in which the shape stands out most (Godsill and Rayner, 1998,
    section 5.2). It looks ahead as well as back, so that what rings on as the sound around it does
    (a knock, an attack, a pulse of a voice: one error of prediction) shows less than what is gone
    the sample after.

    Args:
        samples: `(n,)`, full scale at 1.
        step: Samples of a millisecond.

    Returns:
        `(3, n)`: one sample, two samples, and a jump that dies away in 8 ms.
    """
    if not len(samples):
        return np.zeros((3, 0), np.float32)
    whitening = _convolved(_coefficients(treble(samples), step), _TREBLE)
    taps = whitening.shape[1] + 2 * step
    fall = np.exp(-np.arange(taps) / (_FALL_MS * step))
    found = []
    for shape in (np.ones(1), np.ones(2), fall):
        left = _convolved(whitening, shape)[:, :taps]  # of a fall the beginning: it is all there
        left /= np.sqrt((left**2).sum(axis=1, keepdims=True))
        kernels = _convolved(whitening, left[:, ::-1])
        found.append(_filtered(samples, kernels, step, later=left.shape[1] - 1))
    return np.stack(found)


def _coefficients(samples: Floats, step: int) -> Doubles:
    """Coefficients for each block of `BLOCK_MS`, `(blocks, ORDER + 1)`, by autocorrelation."""
    size = BLOCK_MS * step
    blocks = -(-len(samples) // size)
    around = np.pad(samples, (size // 2, size - size // 2 + blocks * size - len(samples)))
    windows = sliding_window_view(around, 2 * size)[::size][:blocks]
    weighted = (windows * np.hanning(2 * size).astype(np.float32)).astype(np.float32)
    length = fft.next_fast_len(2 * size + ORDER, real=True)
    power = np.abs(fft.rfft(weighted, length, axis=1)) ** 2
    return predictors(fft.irfft(power, length, axis=1)[:, : ORDER + 1])


def _filtered(samples: Floats, kernels: Doubles, step: int, *, later: int) -> Floats:
    """Each block by its own kernel, `(blocks, taps)`, of which `later` taps are of what follows."""
    size, reach = BLOCK_MS * step, kernels.shape[1] - 1
    led = np.pad(samples, (reach - later, later + len(kernels) * size - len(samples)))
    parts = sliding_window_view(led, size + reach)[::size][: len(kernels)]
    length = fft.next_fast_len(size + 2 * reach, real=True)
    spectrum = fft.rfft(np.ascontiguousarray(parts, np.float32), length, axis=1)
    spectrum *= fft.rfft(kernels.astype(np.float32), length, axis=1)
    made = fft.irfft(spectrum, length, axis=1)[:, reach : reach + size]
    return np.asarray(made.reshape(-1)[: len(samples)], np.float32)


def _convolved(rows: Doubles, shape: Doubles) -> Doubles:
    """Each row convolved with a shape, or with its own row of shapes; as long as both together."""
    length = rows.shape[1] + shape.shape[-1] - 1
    product = fft.rfft(rows, length, axis=1) * fft.rfft(shape, length, axis=-1)
    return np.asarray(fft.irfft(product, length, axis=1))


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
