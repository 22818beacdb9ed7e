"""Equal rows among any number: found by their keys, a number each, which may spill to disk.

Rows that repeat have one key; of those that share one, the caller compares all columns.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from recsys.viewing_log import ITEM, ORDER, ROW, TIMESTAMP, USER

KEYS_IN_MEMORY = 1 << 24
SHARES = 32
"""Spilled keys lie in so many files, by their value, of which one at a time is read again."""


def row_keys(rows: pl.DataFrame) -> pl.Series:
    """A number for each row, 64 bits, equal where user, item, timestamp and order are."""
    keyed = [
        pl.col(name) if name in rows.columns else pl.lit(None, dtype)
        for name, dtype in (
            (USER, pl.String()),
            (ITEM, pl.String()),
            (TIMESTAMP, pl.Datetime("us", "UTC")),
            (ORDER, pl.Int64()),
        )
    ]
    mixed = keyed[0].hash(11)
    for seed, value in enumerate(keyed[1:], 12):
        mixed = mixed ^ value.hash(seed)
    return rows.select(mixed.alias("key")).to_series()


class TimeOrder:
    """Tells which rows may have an equal, as long as they come in order of time.

    Equal rows have one time. While batches come in order, only rows that share theirs with a
    neighbour need a key; after the first that does not, all do, and so do all that came before.
    """

    def __init__(self) -> None:
        self.broken_after: int | None = None
        """The last `row` before the first batch out of order; None if there was none."""
        self._last: int | None = None
        self._rows = 0

    def may_repeat(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of the next batch that need a key."""
        if self.broken_after is None and not self._follows(rows):
            self.broken_after = self._rows
        if rows.height:
            self._rows = int(rows[ROW][-1])
        if self.broken_after is not None or rows.is_empty():
            return rows
        when = rows[TIMESTAMP].to_physical().to_numpy()
        self._last = int(when[-1])
        shared = np.append(when[1:] == when[:-1], False)  # with the next row
        shared[1:] |= shared[:-1]
        # In order, so the rows of the first and of the last instant are at the two ends.
        shared[: np.searchsorted(when, when[0], side="right")] = True
        shared[np.searchsorted(when, when[-1], side="left") :] = True
        return rows[np.flatnonzero(shared)]

    def _follows(self, rows: pl.DataFrame) -> bool:
        if rows.is_empty():
            return True
        if TIMESTAMP not in rows.columns or rows[TIMESTAMP].null_count():
            return False
        when = rows[TIMESTAMP]
        first = when.to_physical()[0]
        return when.is_sorted() and (self._last is None or first >= self._last)


class Keys:
    """The keys of many rows, in bounded memory."""

    def __init__(self, folder: Path) -> None:
        """`folder` takes what does not fit into memory."""
        self._folder = folder
        self._held: list[pl.Series] = []
        self._rows = 0
        self._spilled = False

    def add(self, keys: pl.Series) -> None:
        """Add the keys of some rows."""
        self._held.append(keys)
        self._rows += len(keys)
        if self._rows > KEYS_IN_MEMORY:
            self._spill()

    def repeated(self) -> Iterator[pl.Series]:
        """The keys that came more than once, each once, in one or several lots."""
        if not self._spilled:
            lots = iter([pl.concat(self._held)] if self._held else [])
        else:
            self._spill()
            files = sorted(self._folder.glob("*.keys"))
            lots = (pl.Series("key", np.fromfile(file, np.uint64)) for file in files)
        for keys in lots:
            ordered = keys.sort()
            again = ordered.filter(ordered == ordered.shift(1)).unique()
            if len(again):
                yield again

    def _spill(self) -> None:
        if not self._held:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        keys = pl.concat(self._held).sort().to_numpy()
        edges = np.arange(1, SHARES, dtype=np.uint64) * np.uint64(2**64 // SHARES)
        for number, share in enumerate(np.split(keys, np.searchsorted(keys, edges))):
            with (self._folder / f"{number:02d}.keys").open("ab") as file:
                share.tofile(file)
        self._held, self._rows, self._spilled = [], 0, True
