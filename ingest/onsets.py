"""Onsets: where notes, beats and noises begin, and how steady a pulse they make.

Spectral flux of a compressed spectrum in perceptual bands (Böck, Krebs and Schedl, Evaluating the
online capabilities of onset detection methods, 2012), without the choice of single onsets.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import rfft

from ingest.media import Floats
from ingest.speech import VOICE_RATE

ONSETS_A_SECOND = 50
_HOP = VOICE_RATE // ONSETS_A_SECOND
_WINDOW = 1024
"""Samples: 64 ms."""
_BANDS = 40
_LOWEST_HZ = 40.0
_COMPRESSION = 1000.0
"""`log10(1 + 1000 a)`: a sine of amplitude 1 is 3, one at -60 dB 0.3, silence 0."""
_FLUX_BLOCK = 512

PULSE_SECONDS = 6
"""The pulse is told from windows of this length, one a second."""
_SLOWEST, _FASTEST = 1.0, 0.25
"""Seconds from one beat to the next: 60 to 240 beats a minute."""


class OnsetMeter:
    """Takes a film's sound in order and keeps 50 numbers a second; about 1 ms CPU a second."""

    def __init__(self) -> None:
        self._waiting = np.zeros(_WINDOW // 2, np.float32)  # window k is centred on sample 320 k
        self._last = np.zeros((1, _BANDS), np.float32)
        self._strengths: list[Floats] = []
        self._taper = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._bands = _band_filters()

    def push(self, samples: Floats) -> None:
        """Take the next samples, `(n,)` mono at `VOICE_RATE`."""
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= _WINDOW + _FLUX_BLOCK * _HOP:
            self._measure(_FLUX_BLOCK)

    def finish(self) -> Floats:
        """Onset strength, `(n,)`, 0 or more: value `k` is of the moment `k / 50` s."""
        self._waiting = np.pad(self._waiting, (0, _WINDOW // 2))
        windows = (len(self._waiting) - _WINDOW) // _HOP + 1
        if windows > 0:
            self._measure(windows)
        return np.concatenate([np.zeros(0, np.float32), *self._strengths])

    def _measure(self, windows: int) -> None:
        pieces = sliding_window_view(self._waiting, _WINDOW)[: windows * _HOP : _HOP] * self._taper
        spectra = np.abs(rfft(pieces, axis=1))  # (windows, bins)
        levels = np.log10(1 + _COMPRESSION * (spectra @ self._bands)).astype(np.float32)
        rises = np.diff(np.concatenate([self._last, levels]), axis=0)
        self._strengths.append(np.maximum(rises, 0).mean(axis=1))  # (windows,)
        self._last = levels[-1:]
        self._waiting = self._waiting[windows * _HOP :]


def pulse_clarity(onsets: Floats) -> Floats:
    """How steady a beat the onsets make: near 1 for a metronome, below 0.3 for noise.

    The highest autocorrelation of the onset strength less its mean, at lags of 60 to 240 beats a
    minute, over windows of 6 s (Lartillot et al., Multi-feature modeling of pulse clarity, 2008).
    Music with a beat has it; so has a machine, and music without a beat has not.

    Args:
        onsets: `(n,)`, 50 a second.

    Returns:
        `(seconds,)` in [0, 1]: value `s` is of the window from `s` to `s + 6` seconds. Sound
        shorter than a window gives none.
    """
    length = PULSE_SECONDS * ONSETS_A_SECOND
    if len(onsets) < length:
        return np.zeros(0, np.float32)
    windows = sliding_window_view(onsets.astype(np.float64), length)[::ONSETS_A_SECOND]
    centred = windows - windows.mean(axis=1, keepdims=True)  # (seconds, length)
    energy = (centred**2).sum(axis=1)
    lags = range(round(_FASTEST * ONSETS_A_SECOND), round(_SLOWEST * ONSETS_A_SECOND) + 1)
    best = np.max([(centred[:, lag:] * centred[:, :-lag]).sum(axis=1) for lag in lags], axis=0)
    heard = energy > 1e-6
    clarity = np.where(heard, best / np.where(heard, energy, 1), 0)
    return np.asarray(np.clip(clarity, 0, 1), dtype=np.float32)


def _band_filters() -> Floats:
    """Triangular bands, equally wide on the mel scale, `(bins, _BANDS)`.

    Scaled so that a sine of amplitude 1 in a band's middle gives 1.
    """
    top = VOICE_RATE / 2
    lowest, highest = (2595 * np.log10(1 + hz / 700) for hz in (_LOWEST_HZ, top))
    mels = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = np.linspace(0, top, _WINDOW // 2 + 1)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    filters = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(filters * 4 / _WINDOW, dtype=np.float32)
