"""How like a shot is to the others of its film: those just before and after it, and all of them.

Whether something is shown for the first time is told by likeness whatever is shown; the pictures
themselves tell it only of films like those that were learned from.
"""

import numpy as np
from numpy.typing import NDArray

from ingest.media import Floats

REACHES = (1, 8)
"""Shots on one side, among which the most alike is sought; rising."""
LIKENESSES = 2 * len(REACHES) + 3
"""Columns of `likenesses`."""
_BLOCK = 512

Doubles = NDArray[np.float64]


def likenesses(vectors: Floats) -> Doubles:
    """Cosine similarities of each shot to others of its film, in [-1, 1].

    Args:
        vectors: `(shots, dim)`.

    Returns:
        `(shots, LIKENESSES)`: for each of `REACHES` that of the most alike of so many shots before,
        and after; that of the most alike of all before, and of all after; the mean over all others.
        0 where there is no such shot.
    """
    rows = unit_rows(vectors)
    near = np.full((2, len(rows)), -np.inf)  # before, after
    columns: list[Doubles] = []
    for apart in range(1, max(REACHES) + 1):
        alike = np.einsum("td,td->t", rows[apart:], rows[:-apart])  # (shots - apart,) or (0,)
        near[0, apart:] = np.maximum(near[0, apart:], alike)
        near[1, :-apart] = np.maximum(near[1, :-apart], alike)
        if apart in REACHES:
            columns += [near[0].copy(), near[1].copy()]
    found = np.stack([*columns, *likeness_to_all(rows)], axis=1)
    return np.where(np.isfinite(found), found, 0.0)


def likeness_to_all(rows: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """Likeness to the most alike of all shots before, of all after, and the mean over all others.

    In blocks, so that memory grows with the shots and not with their square.

    Args:
        rows: `(shots, dim)`, of length 1 or 0.

    Returns:
        `(shots,)` each: minus infinity where there is none before, or after; 0 for the mean of a
        film's only shot.
    """
    shots = len(rows)
    before, after, mean = np.full(shots, -np.inf), np.full(shots, -np.inf), np.zeros(shots)
    for start in range(0, shots, _BLOCK):
        block = rows[start : start + _BLOCK] @ rows.T  # (block, shots)
        stop = start + len(block)
        within = block[:, start:stop]  # (block, block)
        own = within.diagonal()
        mean[start:stop] = (block.sum(axis=1, dtype=np.float64) - own) / max(1, shots - 1)
        earlier = np.where(np.tri(len(block), k=-1, dtype=bool), within, -np.inf).max(axis=1)
        later = np.where(np.tri(len(block), k=0, dtype=bool), -np.inf, within).max(axis=1)
        before[start:stop] = np.maximum(block[:, :start].max(axis=1, initial=-np.inf), earlier)
        after[start:stop] = np.maximum(block[:, stop:].max(axis=1, initial=-np.inf), later)
    return before, after, mean


def unit_rows(vectors: Floats) -> Floats:
    """Rows scaled to length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: Floats = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return rows
