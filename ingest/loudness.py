"""Loudness and true peak: EBU R128, EBU Tech 3342 and ITU-R BS.1770-4, as functions of samples.

No state and no media: `audio.py` feeds them as a film is decoded.
"""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ingest.media import Floats

Doubles = NDArray[np.float64]

STEP_SECONDS = 0.1
"""Energies are kept for steps of this length; every block is a whole number of them."""
MOMENTARY_STEPS = 4
SHORT_TERM_STEPS = 30
SILENCE_LUFS = -60.0
"""A step below this is silence: the usual threshold of silence detectors."""

_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_RANGE_GATE = -20.0
_SURROUND = frozenset(("SL", "SR"))
_PHASES = (
    (
        *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
        *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
        *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
    ),
    (
        *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
        *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
        *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
    ),
)
"""The first two phases of the filter of BS.1770-4, annex 2; the others are these backwards."""
_TAPS = len(_PHASES[0])
PEAK_HISTORY = _TAPS - 1
"""Samples before a block that `true_peaks` needs for the block's first one."""
_RUN = 16
"""Samples that one row of a matrix product interpolates: 6 times quicker than a polyphase loop."""


def k_weighting(rate: int) -> Doubles:
    """The K-weighting filter as second-order sections `(2, 6)`, for any sample rate.

    ITU-R BS.1770-4, annex 1, gives the two stages at 48 kHz; here their analogue prototypes
    are warped to `rate` (De Man, Evaluation of implementations of the EBU R128, 2018).
    """
    k, vh = np.tan(np.pi * 1681.974450955533 / rate), 10 ** (3.999843853973347 / 20)
    quality = 0.7071752369554196
    shelf_b = vh**0.4996667741545416 * k / quality
    a0 = 1 + k / quality + k * k
    shelf = [vh + shelf_b + k * k, 2 * (k * k - vh), vh - shelf_b + k * k]
    shelf += [a0, 2 * (k * k - 1), 1 - k / quality + k * k]
    k, quality = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    a1 = 1 + k / quality + k * k
    high_pass = [a1, -2 * a1, a1, a1, 2 * (k * k - 1), 1 - k / quality + k * k]
    return np.array([[x / a0 for x in shelf], [x / a1 for x in high_pass]])


def channel_weights(channels: Sequence[str]) -> Doubles:
    """How much the energy of each channel counts, `(channels,)`: BS.1770-4, annex 3.

    Low-frequency channels count nothing, channels at the listener's sides 1.41, others 1. The
    rear pair of a layout without a side pair stands at the sides.

    Args:
        channels: FFmpeg's names, as in `("FL", "FR", "FC", "LFE", "BL", "BR")`.
    """
    sides = _SURROUND if _SURROUND & set(channels) else frozenset(("BL", "BR"))
    return np.array([0.0 if "LFE" in name else 1.41 if name in sides else 1.0 for name in channels])


def block_energy(steps: Doubles, length: int) -> Doubles:
    """Mean energy of each block of `length` steps, one block from every step on.

    Args:
        steps: `(steps,)`, mean K-weighted energy of each 100 ms.
        length: `MOMENTARY_STEPS` or `SHORT_TERM_STEPS`.

    Returns:
        `(max(1, steps - length + 1),)`; sound shorter than a block is one block, no sound is none.
    """
    if len(steps) < length:
        return steps.mean(keepdims=True) if len(steps) else np.zeros(0)
    return np.convolve(steps, np.full(length, 1 / length), mode="valid")


def loudness(energy: Doubles) -> Doubles:
    """Energy in LUFS: `-0.691 + 10 log10(energy)`; -inf for digital silence."""
    with np.errstate(divide="ignore"):
        lufs: Doubles = -0.691 + 10 * np.log10(energy)
    return lufs


def energy_of(lufs: NDArray[np.floating]) -> Doubles:
    """The energy of a loudness in LUFS; the inverse of `loudness`."""
    return np.asarray(10 ** ((lufs.astype(np.float64) + 0.691) / 10))


def integrated_loudness(energy: Doubles) -> float | None:
    """Gated loudness of a whole programme in LUFS, BS.1770-4, annex 1; None if all is gated out.

    Args:
        energy: `(blocks,)`, of momentary blocks.
    """
    kept = _gated(energy, _RELATIVE_GATE)
    if len(kept) == 0:
        return None
    return round(float(loudness(kept.mean(keepdims=True))[0]), 2)


def loudness_range(energy: Doubles) -> float | None:
    """Loudness range in LU, EBU Tech 3342: from the 10th to the 95th percentile; None for silence.

    Args:
        energy: `(blocks,)`, of short-term blocks.
    """
    kept = _gated(energy, _RANGE_GATE)
    if len(kept) == 0:
        return None
    low, high = np.percentile(loudness(kept), [10, 95])
    return round(float(high - low), 2)


def true_peaks(samples: NDArray[np.floating]) -> Floats:
    """The greatest magnitude between and at the samples, by 4 times oversampling.

    BS.1770-4, annex 2. Its filter passes a lone sample at 0.97, so the sample itself counts too.

    Args:
        samples: `(channels, PEAK_HISTORY + n)`; the first ones come from before the block.

    Returns:
        `(n,)`, over all channels: 1 for full scale. The filter delays by 6 samples.
    """
    channels, count = samples.shape[0], samples.shape[1] - PEAK_HISTORY
    padded = np.pad(samples.astype(np.float32), ((0, 0), (0, -count % _RUN)))
    runs = sliding_window_view(padded, _RUN + PEAK_HISTORY, axis=1)[:, ::_RUN]  # (C, runs, window)
    between = np.ascontiguousarray(runs) @ _INTERPOLATOR  # (C, runs, phases * _RUN)
    np.abs(between, out=between)
    peaks = between.reshape(channels, -1, 4, _RUN).max(axis=2)  # (C, runs, _RUN)
    peaks = peaks.reshape(channels, -1).max(axis=0)
    at_samples = np.abs(padded[:, PEAK_HISTORY:]).max(axis=0)
    return np.asarray(np.maximum(peaks, at_samples)[:count])


def decibels(amplitude: NDArray[np.floating]) -> Doubles:
    """`20 log10(amplitude)`: dBTP for a true peak; -inf for 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10(amplitude.astype(np.float64)))


def _gated(energy: Doubles, relative: float) -> Doubles:
    """The blocks above -70 LUFS, and above their own mean by `relative` LU."""
    loud = energy[loudness(energy) > _ABSOLUTE_GATE]
    if len(loud) == 0:
        return loud
    gate = float(loudness(loud.mean(keepdims=True))[0]) + relative
    return loud[loudness(loud) > gate]


def _interpolator() -> Floats:
    """Every sample and phase of a run as one matrix, `(_RUN + PEAK_HISTORY, 4 * _RUN)`."""
    phases = np.array([*_PHASES, _PHASES[1][::-1], _PHASES[0][::-1]], dtype=np.float32).T
    matrix = np.zeros((_RUN + PEAK_HISTORY, 4, _RUN), dtype=np.float32)
    for sample in range(_RUN):
        matrix[sample : sample + _TAPS, :, sample] = phases[::-1]  # the newest sample meets tap 0
    return matrix.reshape(_RUN + PEAK_HISTORY, 4 * _RUN)


_INTERPOLATOR = _interpolator()
