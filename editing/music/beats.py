"""The beats of music, from the strength of its onsets.

Ellis, Beat tracking by dynamic programming (2007): one tempo from the autocorrelation of the onset
strength, weighted towards 120 beats a minute; then the beats that lie on strong onsets and about
that far apart. Each is moved to the steepest rise of the sound near it, because onset strength
comes only 50 times a second.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ingest.media import Floats
from ingest.onsets import ONSETS_A_SECOND, OnsetMeter
from ingest.speech import VOICE_RATE

Doubles = NDArray[np.float64]

_SLOWEST, _FASTEST = 1.5, 0.25
"""Seconds from one beat to the next: 40 to 240 a minute."""
_USUAL, _OCTAVES = 0.5, 1.0
"""120 beats a minute, and how many octaves from it a tempo has e**-1/2 of its weight."""
_TIGHTNESS = 100.0
"""How much an uneven distance costs against the strength of onsets (Ellis, 2007)."""
_NEAR = 0.04
"""Seconds around a beat in which its onset is looked for: twice a step of onset strength."""
_HOP, _WINDOW = 32, 160
"""Samples from one level to the next, 2 ms, and samples of one, 10 ms."""
_LEAST_CLARITY = 0.1
"""Autocorrelation at the tempo below which there is none. Noise has .03 at most, sounds at random
.06 to .14 in half a minute, pieces of an orchestral score .13 to .40, drums .5 and more."""
_FAINT = 0.3
"""A beat at either end whose onset has a smaller share of the usual strength is none."""


def find_beats(samples: Floats) -> Doubles:
    """When the beats of music are, in seconds from its first sample, rising.

    Args:
        samples: `(n,)`, mono at `VOICE_RATE`.

    Returns:
        `(beats,)`; empty for silence, for what has no onsets or no tempo, and for less than two
        beats.
    """
    meter = OnsetMeter()
    meter.push(samples)
    strength = meter.finish().astype(np.float64)
    if len(strength) < 2 * _SLOWEST * ONSETS_A_SECOND or strength.std() < 1e-6:
        return np.zeros(0)
    strength = _smoothed(strength / strength.std())
    period, clarity = _period(strength)
    if clarity < _LEAST_CLARITY:
        return np.zeros(0)
    places = _without_faint_ends(_best_beats(strength, period), strength)
    moments = np.array([_sharpened(samples, place / ONSETS_A_SECOND) for place in places])
    return np.unique(moments)


def _period(strength: Doubles) -> tuple[float, float]:
    """Steps from one beat to the next, by autocorrelation, and how high that is there, to 1."""
    centred = strength - strength.mean()
    lags = np.arange(round(_FASTEST * ONSETS_A_SECOND), round(_SLOWEST * ONSETS_A_SECOND) + 1)
    alike = np.array([float(centred[lag:] @ centred[:-lag]) for lag in lags])
    octaves = np.log2(lags / ONSETS_A_SECOND / _USUAL)
    weighted = alike * np.exp(-0.5 * (octaves / _OCTAVES) ** 2)
    best = int(weighted.argmax())
    clarity = float(alike[best] / (centred @ centred))
    if 0 < best < len(lags) - 1:  # the top of the parabola through three neighbours
        a, b, c = weighted[best - 1 : best + 2]
        if a - 2 * b + c < 0:
            return float(lags[best] + 0.5 * (a - c) / (a - 2 * b + c)), clarity
    return float(lags[best]), clarity


def _best_beats(strength: Doubles, period: float) -> list[int]:
    """The steps that have the most strength, less `_TIGHTNESS * log(distance / period)**2`."""
    distances = np.arange(round(period / 2), round(period * 2) + 1)
    costs = _TIGHTNESS * np.log(distances / period) ** 2
    score = strength.copy()
    came = np.full(len(strength), -1)
    for step in range(len(strength)):
        usable = distances <= step
        if not usable.any():
            continue
        before = score[step - distances[usable]] - costs[usable]
        best = int(before.argmax())
        if before[best] > 0:
            score[step] += before[best]
            came[step] = step - distances[usable][best]
    at = len(strength) - round(period) + int(score[-round(period) :].argmax())
    beats = []
    while at >= 0:
        beats.append(int(at))
        at = int(came[at])
    return beats[::-1]


def _without_faint_ends(beats: list[int], strength: Doubles) -> list[int]:
    """Beats from the first to the last that is heard."""
    heard = np.array([strength[max(0, beat - 2) : beat + 3].max() for beat in beats])
    loud = np.flatnonzero(heard >= _FAINT * np.median(heard)) if len(heard) else heard
    return beats[int(loud[0]) : int(loud[-1]) + 1] if len(loud) > 1 else []


def _smoothed(strength: Doubles) -> Doubles:
    """Averaged over about 60 ms, so that beats need not lie exactly on a step."""
    kernel = np.array([0.25, 0.5, 0.25])
    smooth: Doubles = np.convolve(strength, kernel, mode="same")
    return smooth


def _sharpened(samples: Floats, moment: float) -> float:
    """The middle of the steepest rise of the level near a moment, in seconds."""
    first = max(0, round((moment - _NEAR) * VOICE_RATE) - _WINDOW)
    last = round((moment + _NEAR) * VOICE_RATE) + _WINDOW
    heard = samples[first:last].astype(np.float64)
    if len(heard) < 3 * _WINDOW:
        return moment
    energy = (sliding_window_view(heard, _WINDOW)[::_HOP] ** 2).mean(axis=1)
    levels = np.log10(energy + 1e-7)
    rise = levels[_WINDOW // _HOP :] - levels[: -(_WINDOW // _HOP)]
    if rise.max() < 0.1:  # nothing begins here: the beat is between notes
        return moment
    best = int(rise.argmax())  # from the window before an edge to the one behind it
    return (first + best * _HOP + _WINDOW) / VOICE_RATE
