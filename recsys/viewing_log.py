"""The viewing log: its columns, their types, and what makes a row good or bad.

Every name of a column is here and nowhere else. A row is one stretch of play, or one impression
that was not played; a bad row is set aside with its reason, never dropped or mended in silence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from recsys.errors import MissingColumns, UnreadableLog

USER = "user"
ITEM = "item"
TIMESTAMP = "timestamp"
"""When the play began, or the impression was shown; UTC. A time without a zone is read as UTC."""
ORDER = "order"
"""A position in the user's history, for logs without timestamps; larger is later."""
WATCHED_SECONDS = "watched_seconds"
DURATION_SECONDS = "duration_seconds"
"""The length of the title."""
FROM_SECONDS = "from_seconds"
"""Where on the title's time the stretch of play begins."""
TO_SECONDS = "to_seconds"
"""Where on the title's time the stretch of play ends."""
DEVICE = "device"
SURFACE = "surface"
"""The place in the application that showed the title."""
CLICK = "click"
"""False marks an impression that was not played. Missing counts as played."""
RATING = "rating"
SIMULATED = "simulated"
"""True marks a row that a simulator made."""

TITLE = "title"
GENRE = "genre"

SCHEMA: dict[str, pl.DataType] = {
    USER: pl.String(),
    ITEM: pl.String(),
    TIMESTAMP: pl.Datetime("us", "UTC"),
    ORDER: pl.Int64(),
    WATCHED_SECONDS: pl.Float64(),
    DURATION_SECONDS: pl.Float64(),
    FROM_SECONDS: pl.Float64(),
    TO_SECONDS: pl.Float64(),
    DEVICE: pl.String(),
    SURFACE: pl.String(),
    CLICK: pl.Boolean(),
    RATING: pl.Float64(),
    SIMULATED: pl.Boolean(),
}
TITLE_SCHEMA: dict[str, pl.DataType] = {
    ITEM: pl.String(),
    TITLE: pl.String(),
    DURATION_SECONDS: pl.Float64(),
    GENRE: pl.String(),
    SIMULATED: pl.Boolean(),
}

ALIASES: dict[str, tuple[str, ...]] = {
    USER: ("user_id", "userid", "uid", "user id", "viewer", "viewer_id", "member_id", "account"),
    ITEM: ("item_id", "itemid", "movieid", "movie_id", "video_id", "title_id", "content_id"),
    TIMESTAMP: ("timestamp_ms", "time", "time_ms", "ts", "datetime", "date", "watched_at"),
    ORDER: ("pos", "position", "rank", "sequence", "step"),
    TITLE: ("name", "movie", "film"),
}
"""Names that other systems give to the columns that may not be missing."""

MOST_REPLAY = 1.5
"""A stretch watched longer than this many times the title is a fault of the log."""
POSITION_SLACK = 1.0
"""Seconds that a position may run past the title's stated length."""
FIRST_YEAR, LAST_YEAR = 1971, 2100

REASON = "reason"
ROW = "row"
"""The number of the row in its file, from 1, the header not counted."""


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log after the check: every row of the file is in exactly one of the two tables."""

    rows: pl.DataFrame
    """Good rows, with exactly the columns and types of `SCHEMA`, in the order of the file."""
    quarantine: pl.DataFrame
    """Bad rows as they were read, as text, with their `row` number and `reason`."""

    def reasons(self) -> dict[str, int]:
        """Count the bad rows by reason, most frequent first."""
        counts = self.quarantine.group_by(REASON).len().sort(["len", REASON], descending=[True, False])
        return dict(counts.iter_rows())


def check_log(raw: pl.DataFrame, source: Path) -> CheckedLog:
    """Give each column its type and part the good rows from the bad.

    A row is bad when its user, item or time is missing, when a value cannot be read as its type,
    when seconds are negative or do not fit the title's length, or when it repeats an earlier row.

    Args:
        raw: The table as read; columns that `SCHEMA` does not name are left out.
        source: Named in errors.

    Raises:
        MissingColumns: No user, no item, or neither a timestamp nor an order.
        UnreadableLog: A column holds lists or structures.
    """
    require_columns(raw.columns, (USER, ITEM), source, or_one_of=(TIMESTAMP, ORDER))
    typed = typed_columns(raw, SCHEMA, source).with_columns(pl.Series(ROW, range(1, raw.height + 1)))
    faults = [*_missing(raw.columns), *_unreadable(raw, typed), *_impossible()]
    reason = pl.coalesce(
        [pl.when(bad).then(pl.lit(text)) for text, bad in faults] + [pl.lit(None, pl.String)]
    )
    judged = _mark_repeats(typed.with_columns(reason.alias(REASON)))
    bad = judged.filter(pl.col(REASON).is_not_null()).select(ROW, REASON)
    known = raw.select(name for name in SCHEMA if name in raw.columns)
    as_read = known.with_columns(pl.all().cast(pl.String), pl.Series(ROW, range(1, raw.height + 1)))
    return CheckedLog(
        rows=judged.filter(pl.col(REASON).is_null()).select(SCHEMA),
        quarantine=bad.join(as_read.cast({ROW: pl.Int64}), on=ROW, how="left").sort(ROW),
    )


def require_columns(
    present: Sequence[str], needed: Sequence[str], source: Path, or_one_of: Sequence[str] = ()
) -> None:
    """Raise `MissingColumns`, naming likely renamings, unless every needed column is present.

    Args:
        present: The columns found.
        needed: All of these must be present.
        source: Named in the error.
        or_one_of: At least one of these must be present, if any are given.
    """
    missing = [name for name in needed if name not in present]
    wanted = list(missing)
    if or_one_of and not set(or_one_of) & set(present):
        missing.append(" or ".join(or_one_of))
        wanted += or_one_of
    if not missing:
        return
    lower = {name.strip().lower(): name for name in present}
    likely = {
        lower[alias]: ours
        for ours in wanted
        for alias in (ours, *ALIASES.get(ours, ()))
        if alias in lower and lower[alias] not in SCHEMA
    }
    raise MissingColumns(source, missing, list(present), likely)


def typed_columns(
    raw: pl.DataFrame, schema: Mapping[str, pl.DataType], source: Path
) -> pl.DataFrame:
    """Read each column of `schema` as its type; what cannot be read, or is not there, is null."""
    nested = [name for name in schema if name in raw.columns and raw.schema[name].is_nested()]
    if nested:
        reason = f"column {nested[0]} holds {raw.schema[nested[0]]}, not single values"
        raise UnreadableLog(source, reason)
    return raw.select(
        _parsed(raw.schema[name], name, dtype).alias(name)
        if name in raw.columns
        else pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
    )


def _parsed(found: pl.DataType, name: str, dtype: pl.DataType) -> pl.Expr:
    value = _present(found, name)
    if isinstance(dtype, pl.Datetime):
        return _instant(found, value)
    if isinstance(dtype, pl.Boolean):
        return _truth(found, value)
    if isinstance(dtype, pl.String) and found.is_float():
        # A table that once held a gap stores ids as 17.0: the same user as 17.
        whole = value.cast(pl.Int64, strict=False)
        return pl.when(whole == value).then(whole.cast(pl.String)).otherwise(value.cast(pl.String))
    if found.is_temporal() and not isinstance(dtype, pl.String):
        return pl.lit(None, dtype)
    return value.cast(dtype, strict=False)


def _present(found: pl.DataType, name: str) -> pl.Expr:
    """The value, or null where the file holds nothing: an empty text, or not-a-number."""
    value = pl.col(name)
    if isinstance(found, pl.String):
        text = value.str.strip_chars()
        return pl.when(text != "").then(text)
    return value.fill_nan(None) if found.is_float() else value


def _truth(found: pl.DataType, value: pl.Expr) -> pl.Expr:
    text = value.cast(pl.String).str.to_lowercase() if not found.is_temporal() else pl.lit("")
    is_true = text.is_in(["true", "t", "yes", "y", "1", "1.0"])
    is_false = text.is_in(["false", "f", "no", "n", "0", "0.0"])
    return pl.when(is_true).then(True).when(is_false).then(False)


def _instant(found: pl.DataType, value: pl.Expr) -> pl.Expr:
    """A time in UTC from a date, a time, ISO 8601 text, or a number since 1970.

    A number's unit is told by its size: seconds below 1e11, then milliseconds below 1e14,
    microseconds below 1e17, nanoseconds; each of these means the years 1973 to 5138.
    """
    if isinstance(found, pl.Datetime):
        aware = value if found.time_zone else value.dt.replace_time_zone("UTC")
        return aware.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    if isinstance(found, pl.Date):
        return value.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(found, pl.String):
        iso = value.str.replace(" ", "T", literal=True)
        forms = ("%+", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")
        times = [iso.str.to_datetime(f, time_unit="us", time_zone="UTC", strict=False) for f in forms]
        day = iso.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        return pl.coalesce(
            *times, day.dt.replace_time_zone("UTC"), _since_1970(value.cast(pl.Float64, strict=False))
        )
    return _since_1970(value) if found.is_numeric() else pl.lit(None, pl.Datetime("us", "UTC"))


def _since_1970(number: pl.Expr) -> pl.Expr:
    size = number.cast(pl.Float64).abs()
    microseconds = (
        pl.when(size < 1e11)
        .then(number * 1e6)
        .when(size < 1e14)
        .then(number * 1e3)
        .when(size < 1e17)
        .then(number)
        .otherwise(number / 1e3)
    )
    return microseconds.cast(pl.Int64, strict=False).cast(pl.Datetime("us", "UTC"))


def _missing(present: Sequence[str]) -> list[tuple[str, pl.Expr]]:
    time = TIMESTAMP if TIMESTAMP in present else ORDER
    return [(f"{name} missing", pl.col(name).is_null()) for name in (USER, ITEM)] + [
        # The time of a row may be missing or unreadable; the next check tells which.
        (f"{time} missing", pl.col(time).is_null() & ~pl.col(f"{ROW}_{time}"))
    ]


def _unreadable(raw: pl.DataFrame, typed: pl.DataFrame) -> list[tuple[str, pl.Expr]]:
    return []


def _impossible() -> list[tuple[str, pl.Expr]]:
    return []


def _mark_repeats(judged: pl.DataFrame) -> pl.DataFrame:
    return judged


_EARLIEST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
