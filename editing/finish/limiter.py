"""A true-peak limiter: the gain that keeps 4 times oversampled peaks below a ceiling.

It looks ahead, so that the gain is down before a peak comes, and lets go slowly. The gain of a
moment is the mean over the look-ahead of the least gain that is needed within it, which is never
more than the peak allows (the moving-average form of a look-ahead limiter).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from editing.finish.sound_meter import HOP
from ingest.media import Floats

_LOOK_AHEAD = 0.01
"""Seconds."""
_RELEASE = 0.15
"""Seconds in which it lets go of 63 % of what it holds back."""
_RUN = 1 << 16
"""Hops that are Python numbers at once."""


class Limiter:
    """The gain of a programme over time, for one overall gain and one ceiling."""

    def __init__(
        self, peaks: Floats, sample_rate: int, *, gain: float = 1.0, ceiling: float | None = None
    ) -> None:
        """Plan the gain.

        Args:
            peaks: `(hops,)`, the true peak about each `HOP` samples, 1 for full scale.
            sample_rate: Samples per second.
            gain: A factor for the whole programme.
            ceiling: That no true peak may exceed, 1 for full scale; None for none.
        """
        self.gain = gain
        self._nodes: Floats | None = None
        """`(hops + 1,)`, the gain at the edges of hops; None where nothing is held back."""
        if ceiling is not None and len(peaks) and gain * float(peaks.max()) > ceiling:
            highest = np.maximum(np.float32(gain) * peaks, np.float32(1e-9))
            self._nodes = _nodes(np.minimum(1, np.float32(ceiling) / highest), sample_rate)

    @property
    def deepest(self) -> float:
        """Decibels by which it holds back at most; 0 for nothing."""
        return 0.0 if self._nodes is None else float(-20 * np.log10(self._nodes.min()))

    def apply(self, samples: Floats, start: int) -> Floats:
        """Samples `(channels, n)` of the programme from sample `start` on, limited."""
        if self._nodes is None:
            return samples * np.float32(self.gain)
        at = np.arange(start, start + samples.shape[1])
        hop, along = at // HOP, ((at % HOP) / HOP).astype(np.float32)
        hop = np.minimum(hop, len(self._nodes) - 2)
        held = self._nodes[hop] * (1 - along) + self._nodes[hop + 1] * along
        return np.asarray(samples * (held * np.float32(self.gain)), np.float32)


def _nodes(needed: Floats, sample_rate: int) -> Floats:
    """The gain at the edges of hops, `(hops + 1,)`, from what each hop needs, `(hops,)`."""
    ahead = max(1, round(_LOOK_AHEAD * sample_rate / HOP))
    padded = np.concatenate([needed, np.ones(ahead, np.float32)])
    least = sliding_window_view(padded, ahead + 1).min(axis=1)  # of this hop and those ahead
    decay = float(np.exp(-HOP / (_RELEASE * sample_rate)))
    held, released = 1.0, np.empty_like(least)
    for first in range(0, len(least), _RUN):
        for i, needs in enumerate(least[first : first + _RUN].tolist(), first):
            held = min(needs, 1 - (1 - held) * decay)
            released[i] = held
    before = np.concatenate([np.repeat(released[:1], ahead), released])
    smooth = sliding_window_view(before, ahead + 1).mean(axis=1)  # of this hop and those before
    edges = np.concatenate([smooth[:1], np.minimum(smooth[:-1], smooth[1:]), smooth[-1:]])
    return np.asarray(edges, np.float32)
