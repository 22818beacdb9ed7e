"""From a file to the parts and the quarantine of an import, in bounded memory.

Everything is written into folders that nothing reads yet; `store` puts them in place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recsys.logs.ahead import read_ahead
from recsys.logs.check import REPEATED, RowCheck, as_quarantine, reason_counts
from recsys.logs.columns import identities
from recsys.logs.files import open_table
from recsys.logs.mapping import ColumnMap
from recsys.logs.parts import STORED, Part, PartWriter, scan_parts, write_part
from recsys.logs.repeats import Keys, TimeOrder, row_keys
from recsys.viewing_log import (
    FORGOTTEN,
    ITEM,
    ORDER,
    REASON,
    ROW,
    SCHEMA,
    SIMULATED,
    TIMESTAMP,
    USER,
)

ALREADY_IN = "is already in the log"
ROWS_IN_MEMORY = 1 << 20

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of reading a file."""

    parts: list[Part]
    rows: int
    """Good rows."""
    quarantined: dict[str, int]
    """Bad rows by reason."""
    ignored_columns: list[str]
    simulated: bool


class Quarantine:
    """Bad rows, on their way into one file."""

    def __init__(self, folder: Path) -> None:
        self.counts: dict[str, int] = {}
        self._folder = folder
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._files: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Take bad rows, with their `row` and `reason`."""
        self.count(reason_counts(rows))
        if rows.height:
            self._held.append(rows)
            self._rows += rows.height
        if self._rows >= ROWS_IN_MEMORY:
            self._spill()

    def count(self, reasons: dict[str, int]) -> None:
        """Count rows that are set aside without being kept."""
        for reason, count in reasons.items():
            self.counts[reason] = self.counts.get(reason, 0) + count

    def write(self, file: Path) -> None:
        """Write all that came, in the file's order unless they are very many."""
        schema = {ROW: pl.UInt32(), REASON: pl.String(), **dict.fromkeys(SCHEMA, pl.String())}
        if not self._files:
            empty = pl.DataFrame(schema={ROW: pl.UInt32, REASON: pl.String})
            pl.concat([empty, *self._held], how="diagonal").sort(ROW).write_parquet(file)
            return
        self._spill()
        rows = pl.scan_parquet(
            self._files, schema=schema, missing_columns="insert", extra_columns="ignore"
        )
        rows.sink_parquet(file)

    def _spill(self) -> None:
        if self._held:
            file = self._folder / f"quarantine.{len(self._files):05d}"
            pl.concat(self._held, how="diagonal").write_parquet(file)
            self._files.append(file)
            self._held, self._rows = [], 0


def stage(
    source: Path,
    columns: ColumnMap,
    parts: Path,
    scratch: Path,
    *,
    known: Callable[[str | None, str | None], Sequence[Path]],
    is_forgotten: Callable[[pl.Series], pl.Series] | None,
    quarantine: Quarantine,
    on_rows: Progress,
) -> Staged:
    """Read, check and write a file.

    Args:
        source: The file.
        columns: How it is read.
        parts: An empty folder, for the good rows.
        scratch: A folder for what is not kept.
        known: The parts of the log that may have rows of a range of days.
        is_forgotten: Which of some different users were forgotten; None if nobody was.
        quarantine: Takes the bad rows.
        on_rows: Told of progress.

    Raises:
        UnreadableLog, MissingColumns: The file as a whole is of no use.
    """
    found = open_table(source, (), columns).columns
    check = RowCheck.of_file(found, source, columns)
    wanted = list(check.theirs.values())
    if check.may_lack_times and not any(
        check.has_times(raw) for raw in open_table(source, wanted, columns).batches
    ):
        check = check.without_times()
    table = open_table(source, wanted, columns)
    keys, gate = Keys(scratch / "keys"), _Gate(is_forgotten)
    order, read, simulated = TimeOrder(), 0, False
    with PartWriter(parts) as writer:
        for raw in read_ahead(table.batches):
            checked = check.check(raw, read)
            read += raw.height
            quarantine.add(gate.passed(checked.quarantine, quarantine))
            rows = gate.passed(checked.rows, quarantine)
            keys.add(row_keys(order.may_repeat(rows)))
            writer.add(rows)
            simulated = simulated or (SIMULATED in rows and bool(rows[SIMULATED].any()))
            on_rows(read)
    older = _known_files(writer.parts, known)
    without_key = order.broken_after if order.broken_after is not None else read if older else 0
    for part in writer.parts if without_key else ():
        keys.add(row_keys(_head_of(parts / part.name, without_key)))
    kept = _without_repeats(writer.parts, parts, keys, older, quarantine)
    used = set(check.theirs.values())
    return Staged(
        parts=kept,
        rows=sum(part.rows for part in kept),
        quarantined=dict(sorted(quarantine.counts.items(), key=lambda e: (-e[1], e[0]))),
        ignored_columns=[name for name in found if name not in used],
        simulated=simulated,
    )


class _Gate:
    """Keeps forgotten users out; each user is looked up once."""

    def __init__(self, is_forgotten: Callable[[pl.Series], pl.Series] | None) -> None:
        self._is_forgotten = is_forgotten
        self._seen = pl.Series(USER, [], pl.String)
        self._forgotten: set[str] = set()

    def passed(self, rows: pl.DataFrame, quarantine: Quarantine) -> pl.DataFrame:
        """The rows of users who were not forgotten; the others are counted and not kept."""
        if self._is_forgotten is None or rows.is_empty() or USER not in rows.columns:
            return rows
        named = identities(rows[USER])  # the quarantine has users as they were written
        users = named.unique().drop_nulls().to_frame()
        new = users.join(self._seen.to_frame(), on=USER, how="anti")[USER]
        self._forgotten |= set(new.filter(self._is_forgotten(new)))
        self._seen = pl.concat([self._seen, new])
        theirs = named.is_in(list(self._forgotten)).fill_null(False)
        if theirs.any():
            quarantine.count({FORGOTTEN: int(theirs.sum())})
        return rows.filter(~theirs)


def _without_repeats(
    parts: list[Part],
    folder: Path,
    keys: Keys,
    older: Sequence[Path],
    quarantine: Quarantine,
) -> list[Part]:
    """Set aside rows that repeat an earlier one of the file, or one of the parts `older`."""
    for file in older:
        rows = scan_parts([file]).select(USER, ITEM, TIMESTAMP, ORDER).collect()
        keys.add(row_keys(rows))
    for lot in keys.repeated():
        for again in lot.shuffle(0).to_frame().iter_slices(ROWS_IN_MEMORY):
            parts = _set_aside(again.to_series(), parts, folder, older, quarantine)
    return parts


def _known_files(
    parts: Sequence[Part], known: Callable[[str | None, str | None], Sequence[Path]]
) -> list[Path]:
    dated = [part for part in parts if part.first is not None]
    files: dict[Path, None] = {}
    for part in dated:
        files |= dict.fromkeys(known(part.first, part.last))
    if len(dated) < len(parts):
        files |= dict.fromkeys(set(known(None, None)))
    return list(files)


def _set_aside(
    again: pl.Series,
    parts: list[Part],
    folder: Path,
    older: Sequence[Path],
    quarantine: Quarantine,
) -> list[Part]:
    """Compare all columns of the rows that share a key, and rewrite the parts that lose any."""
    found = [
        _rows_of_keys(file, again).with_columns(place=pl.lit(place, pl.Int64))
        for files, sign in ((older, -1), ([folder / part.name for part in parts], 1))
        for place, file in ((sign * n, file) for n, file in enumerate(files, 1))
    ]
    same = list(SCHEMA)
    rows = pl.concat(found).sort(pl.col("place") > 0, ROW, "place")
    judged = rows.with_columns(
        earlier=~pl.struct(same).is_first_distinct(),
        known=(pl.col("place") < 0).any().over(same),
    ).filter(pl.col("earlier") & (pl.col("place") > 0))
    for known, reason in ((True, ALREADY_IN), (False, REPEATED)):
        which = judged.filter(pl.col("known") == known)
        columns = [name for name in SCHEMA if which[name].null_count() != which.height]
        quarantine.add(as_quarantine(which, reason, columns))
    kept = list(parts)
    for (place,), lost in judged.partition_by("place", as_dict=True).items():
        part = parts[place - 1]
        file = folder / part.name
        left = pl.read_parquet(file, glob=False).filter(~pl.col(ROW).is_in(lost[ROW].to_list()))
        file.unlink()  # a new file, for the old one may be open still
        write_part(file, left)
        kept[place - 1] = Part(part.name, left.height, part.first, part.last)
    for part in kept:
        if not part.rows:
            (folder / part.name).unlink()
    return [part for part in kept if part.rows]


def _head_of(file: Path, last_row: int) -> pl.DataFrame:
    return pl.read_parquet(file, glob=False).filter(pl.col(ROW) <= last_row)


def _rows_of_keys(file: Path, keys: pl.Series) -> pl.DataFrame:
    rows = scan_parts([file]).collect()
    return rows.filter(row_keys(rows).is_in(keys.implode())).select(*STORED)
