"""What two pictures are compared by: a window of each, shrunk, levelled piece by piece.

Each cell is set against the mean and the spread of its surroundings, so that grading, fades and
vignettes change little, and a title only where it lies.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from editing.align.pictures import HEIGHT, WIDTH
from ingest.media import Floats

COARSE = (9, 16)
"""Rows and columns that are searched through."""
FINE = (27, 48)
"""Rows and columns that are compared to the frame."""
_SURROUNDINGS = 0.09
"""Standard deviation of the surroundings, as a share of the number of cells along a side."""
_NOISE = 3.0
"""Of 255: a spread below this is taken for noise."""
_FLAT = 2.0
"""Of 255: a picture whose cells spread less shows nothing that could be compared."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, in shares of its width and height."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends; its left edge is `left`."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where it ends; its top edge is `top`."""
        return self.top + self.height


WHOLE = Window(0.0, 0.0, 1.0, 1.0)


def shrink(pictures: NDArray[np.uint8], window: Window, cells: tuple[int, int]) -> Floats:
    """The mean of each cell of a window: `(n, HEIGHT, WIDTH)` to `(n, *cells)`, 0 to 255."""
    rows = _cell_weights(window.top, window.bottom, cells[0], HEIGHT)
    columns = _cell_weights(window.left, window.right, cells[1], WIDTH)
    return np.asarray(rows @ pictures.astype(np.float32) @ columns.T, dtype=np.float32)


def level(cells: Floats) -> Floats:
    """Signatures of shrunk pictures: their products are correlations.

    A cell becomes `(value - mean) / sqrt(spread**2 + noise**2)` of its surroundings, weighed by a
    Gaussian; then the whole has mean 0 and length 1.

    Args:
        cells: `(n, rows, columns)`, 0 to 255.

    Returns:
        `(n, rows * columns)` of length 1, or 0 for a picture that is flat.
    """
    count, rows, columns = cells.shape
    down, across = _surroundings(rows), _surroundings(columns)
    overall = cells.std(axis=(1, 2), dtype=np.float32)
    centred = cells - cells.mean(axis=(1, 2), keepdims=True)  # or the squares lose their digits
    mean = down @ centred @ across.T
    spread = np.maximum(down @ centred**2 @ across.T - mean**2, 0)
    noise = _NOISE**2 + (0.25 * overall[:, None, None]) ** 2
    levelled = ((centred - mean) / np.sqrt(spread + noise)).reshape(count, -1)
    levelled -= levelled.mean(axis=1, keepdims=True)
    length = np.linalg.norm(levelled, axis=1, keepdims=True)
    seen = (overall[:, None] >= _FLAT) & (length > 0)
    return np.asarray(np.where(seen, levelled / np.where(seen, length, 1), 0), dtype=np.float32)


def mirror(signatures: Floats, cells: tuple[int, int]) -> Floats:
    """Signatures of the same pictures, left and right exchanged."""
    turned = signatures.reshape(-1, *cells)[:, :, ::-1]
    return np.ascontiguousarray(turned).reshape(signatures.shape)


def _cell_weights(start: float, end: float, cells: int, pixels: int) -> Floats:
    """`(cells, pixels)`: how much of each cell is each pixel; cells tile from start to end."""
    edges = np.clip(np.linspace(start, end, cells + 1) * pixels, 0, pixels)
    left, right = edges[:-1, None], edges[1:, None]
    pixel = np.arange(pixels)[None]
    overlap = np.clip(np.minimum(right, pixel + 1) - np.maximum(left, pixel), 0, None)
    total = overlap.sum(axis=1, keepdims=True)
    weights: Floats = (overlap / np.where(total > 0, total, 1)).astype(np.float32)
    return weights


@cache
def _surroundings(cells: int) -> Floats:
    """`(cells, cells)`: Gaussian weights of the cells about each, summing to 1."""
    at = np.arange(cells)
    weights = np.exp(-0.5 * ((at[:, None] - at) / (_SURROUNDINGS * cells)) ** 2)
    shares: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
