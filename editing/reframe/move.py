"""One even move of a window over a shot, or none: where it shows the most of what is salient.

Every straight way from one place to another is tried; one that moves has to show clearly more than
the best that stands, and is no faster than an operator would pan.
"""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_PLACES = 49
"""Places that a move may begin or end at."""
_WORTH_MOVING = 0.1
"""Share of the salience that a move has to show more than the best window that stands."""
_FASTEST = 0.3
"""Share of the picture that a window moves in a second, at most."""
_PULL = 0.02
"""Share of the salience that the middle of the picture is worth more than its edge."""


def best_move(salience: Doubles, window: float, seconds: float) -> tuple[float, float]:
    """Where the middle of the window is at the first and the last picture, as shares.

    Args:
        salience: `(pictures, cells)`, of pictures evenly spaced over a shot; rows sum to 1.
        window: Share of the cells that is shown, in (0, 1).
        seconds: From the first to the last picture.

    Returns:
        Two numbers from `window / 2` to `1 - window / 2`; the same if it stands.
    """
    count, cells = salience.shape
    places = np.linspace(window / 2, 1 - window / 2, _PLACES)
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(salience, axis=1)], axis=1)
    edges = np.arange(cells + 1) / cells
    shown = np.array(
        [
            np.interp(places + window / 2, edges, row) - np.interp(places - window / 2, edges, row)
            for row in sums
        ]
    )  # (pictures, places)
    shown -= _PULL * np.abs(places - 0.5)
    standing = shown.mean(axis=0)
    still = int(standing.argmax())
    if count < 2:
        return float(places[still]), float(places[still])
    when = np.linspace(0, 1, count)
    ways = (1 - when)[:, None, None] * np.arange(_PLACES)[None, :, None] + (
        when[:, None, None] * np.arange(_PLACES)[None, None, :]
    )  # (pictures, from, to), in places
    low = np.floor(ways).astype(np.int64)
    rest = ways - low
    rows = np.arange(count)[:, None, None]
    seen = (1 - rest) * shown[rows, low] + rest * shown[rows, np.minimum(low + 1, _PLACES - 1)]
    worth = seen.mean(axis=0)  # (from, to)
    too_fast = np.abs(places[:, None] - places) > _FASTEST * seconds
    worth = np.where(too_fast, -np.inf, worth)
    start, end = (int(n) for n in np.unravel_index(int(worth.argmax()), worth.shape))
    if worth[start, end] < standing[still] + _WORTH_MOVING:
        start = end = still
    return float(places[start]), float(places[end])
