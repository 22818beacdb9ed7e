"""Good rows and bad rows: each bad one is set aside with its reason, none is dropped or mended."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recsys.errors import UnreadableLog
from recsys.logs.columns import present_values, require_columns, typed_columns
from recsys.viewing_log import (
    CLICK,
    DURATION_SECONDS,
    FIRST_YEAR,
    FROM_SECONDS,
    ITEM,
    LAST_YEAR,
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
    """A log after the check: every row of the file is in exactly one of the two tables."""

    rows: pl.DataFrame
    """Good rows, with the columns and types of `SCHEMA` and their `row`, in the file's order."""
    quarantine: pl.DataFrame
    """Bad rows as they were read, as text, with their `row` and `reason`, in the file's order."""

    def without(self, repeated: pl.Series, reason: str) -> "CheckedLog":
        """Set aside the good rows that `repeated`, a boolean for each, marks."""
        moved = self.rows.filter(repeated)
        columns = [name for name in self.quarantine.columns if name not in (ROW, REASON)]
        as_text = moved.select(
            ROW, pl.lit(reason).alias(REASON), *[pl.col(c).cast(pl.String) for c in columns]
        )
        return CheckedLog(
            rows=self.rows.filter(~repeated),
            quarantine=pl.concat([self.quarantine, as_text]).sort(ROW),
        )

    def reasons(self) -> dict[str, int]:
        """Count the bad rows by reason, most frequent first."""
        counts = self.quarantine.group_by(REASON).len()
        return dict(counts.sort(["len", REASON], descending=[True, False]).iter_rows())


def check_log(raw: pl.DataFrame, source: Path) -> CheckedLog:
    """Give each column its type, and part the good rows from the bad.

    A row is bad when its user, item or time is missing, when a value cannot be read as its type,
    when its seconds are negative or do not fit the title's length, or when it repeats an earlier
    row in every column of the schema.

    Args:
        raw: The table as read; columns that `SCHEMA` does not name are left out.
        source: Named in errors.

    Raises:
        MissingColumns: No user, no item, or neither a timestamp nor an order.
        UnreadableLog: A column holds lists or structures.
    """
    require_columns(raw.columns, (USER, ITEM), source, one_of=(TIMESTAMP, ORDER))
    typed = typed_columns(raw, SCHEMA, source)
    given = present_values(raw, list(SCHEMA)).select(pl.all().name.prefix("given "))
    timed = bool(given[f"given {TIMESTAMP}"].any()) or ORDER not in raw.columns
    time = TIMESTAMP if timed else ORDER  # a column of times without one is as good as none
    judged = (
        pl.concat([typed, given], how="horizontal")
        .with_row_index(ROW, offset=1)
        .with_columns(_first_reason([*_missing(time), *_unreadable(), *_impossible()]))
    )
    return _parted(raw, judged)


def check_titles(raw: pl.DataFrame, source: Path) -> pl.DataFrame:
    """A table of titles with the columns and types of `TITLE_SCHEMA`; the last row of an item wins.

    Raises:
        MissingColumns: No item or no title.
        UnreadableLog: A row has no item or no title, or a length that is not above 0.
    """
    require_columns(raw.columns, (ITEM, TITLE), source)
    titles = typed_columns(raw, TITLE_SCHEMA, source).with_row_index(ROW, offset=1)
    given = present_values(raw, [DURATION_SECONDS])[DURATION_SECONDS]
    length = pl.col(DURATION_SECONDS)
    bad = titles.filter(
        pl.col(ITEM).is_null()
        | pl.col(TITLE).is_null()
        | (given & (length.is_null() | ~length.is_finite() | (length <= 0)))
    )
    if bad.height:
        reason = f"row {bad[ROW][0]} needs an item, a title, and a length in seconds above 0"
        raise UnreadableLog(source, reason)
    return titles.select(*TITLE_SCHEMA).unique(ITEM, keep="last", maintain_order=True)


def _parted(raw: pl.DataFrame, judged: pl.DataFrame) -> CheckedLog:
    good = judged.filter(pl.col(REASON).is_null()).select(ROW, *SCHEMA)
    as_read = raw.select(
        pl.col(c).cast(pl.String, strict=False) for c in SCHEMA if c in raw.columns
    )
    quarantine = pl.concat([judged.select(ROW, REASON), as_read], how="horizontal")
    checked = CheckedLog(good, quarantine.filter(pl.col(REASON).is_not_null()))
    repeats = ~good.select(pl.struct(*SCHEMA).is_first_distinct()).to_series()
    return checked.without(repeats, REPEATED)


def _first_reason(faults: list[Fault]) -> pl.Expr:
    reasons = [pl.when(bad).then(pl.lit(text)) for text, bad in faults]
    return pl.coalesce(*reasons, pl.lit(None, pl.String)).alias(REASON)


def _missing(time: str) -> Iterator[Fault]:
    for name in (USER, ITEM, time):
        yield f"{name} missing", ~pl.col(f"given {name}")


def _unreadable() -> Iterator[Fault]:
    kinds = {TIMESTAMP: "a time", ORDER: "a whole number", CLICK: "true or false"}
    for name, dtype in SCHEMA.items():
        kind = kinds.get(name, "true or false" if name == SIMULATED else "a number")
        bad = pl.col(f"given {name}") & pl.col(name).is_null()
        if dtype.is_float():
            bad = bad | pl.col(name).is_infinite()
        yield f"{name} is not {'text' if dtype == pl.String else kind}", bad


def _impossible() -> Iterator[Fault]:
    watched, length = pl.col(WATCHED_SECONDS), pl.col(DURATION_SECONDS)
    start, stop, year = pl.col(FROM_SECONDS), pl.col(TO_SECONDS), pl.col(TIMESTAMP).dt.year()
    yield f"{TIMESTAMP} is not in {FIRST_YEAR}-{LAST_YEAR}", ~year.is_between(FIRST_YEAR, LAST_YEAR)
    for name in (WATCHED_SECONDS, FROM_SECONDS, TO_SECONDS):
        yield f"{name} is negative", pl.col(name) < 0
    yield f"{DURATION_SECONDS} is not above 0", length <= 0
    yield f"{WATCHED_SECONDS} is over {MOST_REPLAY} x the duration", watched > MOST_REPLAY * length
    yield "a position range lacks one of its ends", start.is_null() != stop.is_null()
    yield f"{TO_SECONDS} is before {FROM_SECONDS}", stop < start
    yield f"{TO_SECONDS} is past the duration", stop > length + POSITION_SLACK
