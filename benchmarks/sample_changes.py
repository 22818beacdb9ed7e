"""What planting faults in sound needs to know of its samples, and to do to them."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.footage_stretches import Samples


def eased(count: int, over: int) -> Samples:
    """`(count,)` from 0 to 1 within so many samples, and back at the end."""
    rising = np.arange(count, dtype=np.float32) / over
    return np.minimum(1, np.minimum(rising, rising[::-1]))


def runs_over(mask: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """Runs of at least so many samples for which a mask is true: first, and one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= least]


def rms(samples: Samples) -> float:
    """Root mean square of all channels; 0 for none."""
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) if samples.size else 0.0
