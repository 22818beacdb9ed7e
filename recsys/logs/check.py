"""Good rows and bad rows: each bad one is set aside with its reason, none is dropped or mended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from recsys.errors import UnreadableLog
from recsys.logs.columns import (
    INSTANT,
    ReadColumns,
    has_values,
    read_columns,
    require_columns,
    their_columns,
)
from recsys.logs.mapping import PLAIN, ColumnMap
from recsys.viewing_log import (
    CLICK,
    DURATION_SECONDS,
    FIRST_YEAR,
    FROM_SECONDS,
    ITEM,
    LAST_YEAR,
    LONGEST_HOURS,
    MOST_REPLAY,
    ORDER,
    POSITION_SLACK,
    REASON,
    ROW,
    SCHEMA,
    SIMULATED,
    TIMESTAMP,
    TITLE,
    TITLE_SCHEMA,
    TO_SECONDS,
    USER,
    WATCHED_SECONDS,
)

Fault = tuple[str, pl.Expr]
"""A reason, and which rows it holds for."""

REPEATED = "repeats an earlier row"


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """Rows after the check: every row that was read is in exactly one of the two tables."""

    rows: pl.DataFrame
    """Good rows, with the types of `SCHEMA` and their `row`, in the file's order. Columns that the
    file lacks are left out, unless the whole log was checked at once."""
    quarantine: pl.DataFrame
    """Bad rows as they were read, as text, with their `row` and `reason`, in the file's order."""

    def without(self, repeated: pl.Series, reason: str) -> "CheckedLog":
        """Set aside the good rows that `repeated`, a boolean for each, marks."""
        columns = [name for name in self.quarantine.columns if name not in (ROW, REASON)]
        moved = as_quarantine(self.rows.filter(repeated), reason, columns)
        return CheckedLog(
            rows=self.rows.filter(~repeated),
            quarantine=pl.concat([self.quarantine, moved]).sort(ROW),
        )

    def reasons(self) -> dict[str, int]:
        """Count the bad rows by reason, most frequent first."""
        return reason_counts(self.quarantine)


@dataclass(frozen=True, slots=True)
class RowCheck:
    """How the rows of one file are read and judged, batch after batch."""

    source: Path
    """Named in errors."""
    columns: ColumnMap
    theirs: Mapping[str, str]
    """Our columns that the file has, and their names there."""
    time: str
    """The column that a row may not lack: `timestamp`, or `order` in a file without times."""

    @classmethod
    def of_file(cls, found: Sequence[str], source: Path, columns: ColumnMap = PLAIN) -> "RowCheck":
        """For a file with the columns `found`; it is taken to have times if it has their column.

        Raises:
            MissingColumns: No user, no item, or neither a timestamp nor an order.
        """
        theirs = their_columns(found, SCHEMA, columns)
        fixed = [ours for ours in SCHEMA if columns.source(ours).constant is not None]
        has = [*theirs, *fixed]
        require_columns(has, (USER, ITEM), source, found, one_of=(TIMESTAMP, ORDER))
        return cls(source, columns, theirs, TIMESTAMP if TIMESTAMP in has else ORDER)

    @property
    def may_lack_times(self) -> bool:
        """Whether there is an order to fall back on, should the column of times be empty."""
        return self.time == TIMESTAMP and {TIMESTAMP, ORDER} <= self.theirs.keys()

    def without_times(self) -> "RowCheck":
        """For a file whose column of times is empty, which is as good as none."""
        return replace(self, time=ORDER)

    def has_times(self, raw: pl.DataFrame) -> bool:
        """Whether any row of a batch has something in its column of times."""
        return has_values(raw[self.theirs[TIMESTAMP]])

    def check(self, raw: pl.DataFrame, before: int = 0) -> CheckedLog:
        """Give each column its type, and part the good rows from the bad.

        A row is bad when its user, item or time is missing, when a value cannot be read as its
        type, or when its seconds are negative or do not fit the title's length.

        Args:
            raw: A batch as read; columns that are not needed are left out.
            before: How many rows of the file came before.

        Raises:
            UnreadableLog: A column holds lists, structures, bytes or lengths of time.
        """
        read = read_columns(raw, self.theirs, SCHEMA, self.columns, self.source)
        named, typed = read.named, read.typed.with_row_index(ROW, before + 1)
        if _plainly_good(read, self.time):
            return CheckedLog(typed, _no_quarantine(named.columns))
        given = named.select(pl.all().is_not_null().name.prefix("given "))
        judged = pl.concat([typed, given], how="horizontal")
        faults = [*_missing(self.time), *_unreadable(typed), *_impossible(typed)]
        is_bad = judged.select(pl.any_horizontal(bad for _, bad in faults).fill_null(False))
        bad = is_bad.to_series()
        if not bad.any():
            return CheckedLog(typed, _no_quarantine(named.columns))
        reasons = judged.filter(bad).select(ROW, _first_reason(faults))
        as_read = named.filter(bad).select(pl.all().cast(pl.String, strict=False))
        return CheckedLog(typed.filter(~bad), pl.concat([reasons, as_read], how="horizontal"))


def check_log(raw: pl.DataFrame, source: Path, columns: ColumnMap = PLAIN) -> CheckedLog:
    """Check a whole log at once, as `RowCheck.check`; rows that repeat an earlier one are bad too.

    Rows have every column of `SCHEMA`; those repeat that are equal in all of them.

    Raises:
        MissingColumns: No user, no item, or neither a timestamp nor an order.
        UnreadableLog: A column holds lists, structures, bytes or lengths of time.
    """
    check = RowCheck.of_file(raw.columns, source, columns)
    if check.may_lack_times and not check.has_times(raw):
        check = check.without_times()
    checked = check.check(raw)
    whole = CheckedLog(with_all_columns(checked.rows), checked.quarantine)
    repeats = ~whole.rows.select(pl.struct(*SCHEMA).is_first_distinct()).to_series()
    return whole.without(repeats, REPEATED)


def check_titles(raw: pl.DataFrame, source: Path, columns: ColumnMap = PLAIN) -> pl.DataFrame:
    """A table of titles with the columns and types of `TITLE_SCHEMA`; the last row of an item wins.

    Raises:
        MissingColumns: No item or no title.
        UnreadableLog: A row has no item or no title, or a length that is not above 0.
    """
    theirs = their_columns(raw.columns, TITLE_SCHEMA, columns)
    require_columns(theirs, (ITEM, TITLE), source, raw.columns)
    read = read_columns(raw, theirs, TITLE_SCHEMA, columns, source)
    named = read.named
    titles = _with_columns(read.typed, TITLE_SCHEMA).with_row_index(ROW, offset=1)
    length = pl.col(DURATION_SECONDS)
    given = named[DURATION_SECONDS].is_not_null() if DURATION_SECONDS in named else pl.lit(False)
    bad = titles.filter(
        pl.col(ITEM).is_null()
        | pl.col(TITLE).is_null()
        | (given & (length.is_null() | ~length.is_finite() | (length <= 0)))
    )
    if bad.height:
        reason = f"row {bad[ROW][0]} needs an item, a title, and a length in seconds above 0"
        raise UnreadableLog(source, reason)
    return titles.select(*TITLE_SCHEMA).unique(ITEM, keep="last", maintain_order=True)


def with_all_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Good rows with every column of `SCHEMA`, those that the file lacks null, and their `row`."""
    return _with_columns(rows, {ROW: pl.UInt32(), **SCHEMA})


def as_quarantine(rows: pl.DataFrame, reason: str, columns: Sequence[str]) -> pl.DataFrame:
    """Rows that were good but for `reason`, as the quarantine has them."""
    return rows.select(
        ROW, pl.lit(reason).alias(REASON), *[pl.col(c).cast(pl.String) for c in columns]
    )


def reason_counts(quarantine: pl.DataFrame) -> dict[str, int]:
    """Count the rows of a quarantine by reason, most frequent first."""
    counts = quarantine.group_by(REASON).len()
    return dict(counts.sort(["len", REASON], descending=[True, False]).iter_rows())


def _with_columns(rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return rows.select(
        pl.col(name) if name in rows.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
    )


def _no_quarantine(columns: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(
        schema={ROW: pl.UInt32, REASON: pl.String, **dict.fromkeys(columns, pl.String)}
    )


def _first_reason(faults: list[Fault]) -> pl.Expr:
    reasons = [pl.when(bad).then(pl.lit(text)) for text, bad in faults]
    return pl.coalesce(*reasons, pl.lit(None, pl.String)).alias(REASON)


def _plainly_good(read: ReadColumns, time: str) -> bool:
    """Whether no row can be bad, told by a few counts and extremes: far quicker than the faults.

    It may be False for a log without a bad row, and is never True for one with any.
    """
    named, typed = read.named, read.typed
    if any(named[name].null_count() for name in (USER, ITEM, time)):
        return False
    if any(typed[name].null_count() != named[name].null_count() for name in typed.columns):
        return False
    numbers = [name for name in typed.columns if SCHEMA[name].is_float()]
    finite = typed.select(pl.col(numbers).is_finite().all()).row(0) if numbers else ()
    faults = [bad.any().alias(told) for told, bad in _impossible(typed)]
    return all(finite) and not (faults and any(typed.select(faults).row(0)))


def _missing(time: str) -> Iterator[Fault]:
    for name in (USER, ITEM, time):
        yield f"{name} missing", ~pl.col(f"given {name}")


def _unreadable(typed: pl.DataFrame) -> Iterator[Fault]:
    kinds = {TIMESTAMP: "a time", ORDER: "a whole number", CLICK: "true or false"}
    for name, dtype in SCHEMA.items():
        if name not in typed.columns:
            continue
        kind = kinds.get(name, "true or false" if name == SIMULATED else "a number")
        bad = pl.col(f"given {name}") & pl.col(name).is_null()
        if dtype.is_float():
            bad = bad | ~pl.col(name).is_finite()
        yield f"{name} is not {'text' if dtype == pl.String else kind}", bad


def _impossible(typed: pl.DataFrame) -> Iterator[Fault]:
    watched, length = pl.col(WATCHED_SECONDS), pl.col(DURATION_SECONDS)
    start, stop, when = pl.col(FROM_SECONDS), pl.col(TO_SECONDS), pl.col(TIMESTAMP)
    has = set(typed.columns)
    if TIMESTAMP in has:
        first = pl.lit(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), INSTANT)
        after = pl.lit(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC), INSTANT)
        told = f"{TIMESTAMP} is not in {FIRST_YEAR}-{LAST_YEAR}"
        yield told, (when < first) | (when >= after)
    for name in sorted({WATCHED_SECONDS, FROM_SECONDS, TO_SECONDS} & has, reverse=True):
        yield f"{name} is negative", pl.col(name) < 0
    for name in (WATCHED_SECONDS, DURATION_SECONDS, TO_SECONDS):
        if name in has:
            told = f"{name} is over {LONGEST_HOURS} hours (are they milliseconds?)"
            yield told, pl.col(name) > LONGEST_HOURS * 3600
    if DURATION_SECONDS in has:
        yield f"{DURATION_SECONDS} is not above 0", length <= 0
        if WATCHED_SECONDS in has:
            told = f"{WATCHED_SECONDS} is over {MOST_REPLAY} x the duration"
            yield told, watched > MOST_REPLAY * length
    if {FROM_SECONDS, TO_SECONDS} & has:
        if not has >= {FROM_SECONDS, TO_SECONDS}:
            one = FROM_SECONDS if FROM_SECONDS in has else TO_SECONDS
            yield "a position range lacks one of its ends", pl.col(one).is_not_null()
            return
        yield "a position range lacks one of its ends", start.is_null() != stop.is_null()
        yield f"{TO_SECONDS} is before {FROM_SECONDS}", stop < start
        if DURATION_SECONDS in has:
            yield f"{TO_SECONDS} is past the duration", stop > length + POSITION_SLACK
