"""The rows of an import as Parquet files by day, written as they come and read lazily.

A day with many rows has files of its own; neighbouring days with few share one, so that twenty
years of ratings are not seven thousand files. Rows without a timestamp lie in files of their own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl

from recsys.atomic import flush_to_disk
from recsys.viewing_log import ROW, SCHEMA, TIMESTAMP

ROWS_AT_ONCE = 1 << 22
"""Rows are held until there are so many, or the file ends, and are then written by day."""
FEWEST_ROWS = 20_000
"""A day with fewer rows than this in one writing shares its file with its neighbours."""
FULL_DAY_ROWS = 2 * FEWEST_ROWS
MICROSECONDS_A_DAY = 86_400_000_000
STORED = pl.Schema({ROW: pl.UInt32(), **SCHEMA})


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of an import."""

    name: str
    rows: int
    first: str | None
    """The first day (UTC) of which it has rows, `2025-01-06`; None if they have no timestamps."""
    last: str | None

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """As `as_json` gave it."""
        return cls(str(told["name"]), int(told["rows"]), told["first"], told["last"])

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def meets(self, first: str | None, last: str | None) -> bool:
        """Whether it may have rows of the days from `first` to `last`; None is without an end.

        Rows without timestamps are of no day that is asked for.
        """
        if self.first is None or self.last is None:
            return first is None and last is None
        return (last is None or self.first <= last) and (first is None or self.last >= first)


class PartWriter:
    """Writes rows into a folder, by day, while the next ones are read."""

    def __init__(self, folder: Path) -> None:
        self.parts: list[Part] = []
        self._folder = folder
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="parts")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._writing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
                self._wait()
        finally:
            self._pool.shutdown(wait=True)
            self._disk.shutdown(wait=True, cancel_futures=kind is not None)

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows, with a `row` and any of the columns of `SCHEMA`."""
        if rows.is_empty():
            return
        self._held.append(rows)
        self._rows += rows.height
        if self._rows >= ROWS_AT_ONCE or self._fill_their_days():
            self._flush()

    def _fill_their_days(self) -> bool:
        """Whether the rows held are so many a day that to wait for more would join no files."""
        if self._rows < ROWS_AT_ONCE // 8 or any(TIMESTAMP not in r.columns for r in self._held):
            return False
        when = pl.concat([rows[TIMESTAMP] for rows in self._held], rechunk=False).to_physical()
        first, last = when.min(), when.max()
        if not isinstance(first, int) or not isinstance(last, int):
            return False
        return self._rows >= FULL_DAY_ROWS * ((last - first) / MICROSECONDS_A_DAY + 1)

    def _flush(self) -> None:
        if self._held:
            rows = pl.concat(self._held, how="diagonal", rechunk=False)
            self._held, self._rows = [], 0
            self._wait()  # one writing at a time bounds what is held
            self._writing = self._pool.submit(self._write, rows)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _write(self, rows: pl.DataFrame) -> None:
        for first, last, days in split_days(rows):
            span = "undated" if first is None else first if first == last else f"{first}_{last}"
            name = f"{span}.{len(self.parts):05d}.parquet"
            write_part(self._folder / name, days)
            self._disk.submit(flush_to_disk, self._folder / name)  # or all of it waits for the end
            self.parts.append(Part(name, days.height, first, last))


def write_part(file: Path, rows: pl.DataFrame) -> None:
    """Write the rows of one part.

    Not compressed: that would take as long as all the rest of an import, to save half the space.
    Without statistics: the ledger knows each part's days, and users and titles are in no order.
    """
    rows.write_parquet(file, compression="uncompressed", statistics=False)


def split_days(rows: pl.DataFrame) -> Iterator[tuple[str | None, str | None, pl.DataFrame]]:
    """Rows by day, in order of time: first day, last day and the rows of each part."""
    if TIMESTAMP not in rows.columns:
        yield None, None, rows
        return
    if not rows[TIMESTAMP].is_sorted():
        rows = rows.sort(TIMESTAMP, maintain_order=True)
    undated = rows[TIMESTAMP].null_count()
    if undated:  # they sort first
        yield None, None, rows.head(undated)
        rows = rows.slice(undated)
    for first, last, start, length in _shared_days(_days(rows[TIMESTAMP])):
        yield first, last, rows.slice(start, length)


def _days(when: pl.Series) -> list[tuple[date, int]]:
    """The days of some instants in order, and how many each has."""
    found, start = [], 0
    while start < len(when):
        midnight = when[start].replace(hour=0, minute=0, second=0, microsecond=0)
        stop = int(when.search_sorted(midnight + timedelta(days=1), side="left"))
        found.append((midnight.date(), stop - start))
        start = stop
    return found


def _shared_days(days: Sequence[tuple[date, int]]) -> Iterator[tuple[str, str, int, int]]:
    """First day, last day, first row and number of rows of each part, days with few rows joined."""
    start = held = 0
    first: date | None = None
    last: date | None = None
    for day, length in days:
        if first is not None and last is not None and length >= FEWEST_ROWS:
            yield f"{first}", f"{last}", start, held
            start, held, first = start + held, 0, None
        first, last, held = first or day, day, held + length
        if held >= FEWEST_ROWS:
            yield f"{first}", f"{last}", start, held
            start, held, first = start + held, 0, None
    if first is not None:
        yield f"{first}", f"{last}", start, held


def scan_parts(files: Sequence[Path]) -> pl.LazyFrame:
    """The rows of some parts, lazily, with the columns of `SCHEMA` and a `row` that may be null."""
    if not files:
        return pl.LazyFrame(schema=STORED)
    return pl.scan_parquet(
        list(files),
        schema=STORED,
        glob=False,
        hive_partitioning=False,
        missing_columns="insert",
        extra_columns="ignore",
    )
