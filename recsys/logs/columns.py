"""Columns of a file to columns of the schema: are they there, and can each value be read?

What cannot be read as its type becomes null here; `check` finds out why and says so.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from recsys.errors import MissingColumns, UnreadableLog
from recsys.viewing_log import ALIASES, ITEM, SCHEMA, USER


def require_columns(
    present: Sequence[str], needed: Sequence[str], source: Path, one_of: Sequence[str] = ()
) -> None:
    """Raise `MissingColumns`, which names likely renamings, unless what is needed is present.

    Args:
        present: The columns found.
        needed: All of these must be present.
        source: Named in the error.
        one_of: At least one of these must be present, if any are given.
    """
    missing = [name for name in needed if name not in present]
    wanted = list(missing)
    if one_of and not set(one_of) & set(present):
        missing.append(" or ".join(one_of))
        wanted += one_of
    if missing:
        raise MissingColumns(source, missing, list(present), likely_names(present, wanted))


def likely_names(present: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Guess which of the columns found is which of those wanted: `{theirs: ours}`."""
    free = {name.strip().lower(): name for name in present if name not in SCHEMA}
    likely: dict[str, str] = {}
    for ours in wanted:
        for alias in (ours, *ALIASES.get(ours, ())):
            if alias in free and free[alias] not in likely:
                likely[free[alias]] = ours
                break
    return likely


def present_values(raw: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """For each name, whether a row holds any value there at all; `(rows, names)` of booleans."""
    return raw.select(
        _present(raw.schema[name], name).is_not_null().alias(name)
        if name in raw.columns
        else pl.repeat(False, pl.len(), dtype=pl.Boolean).alias(name)
        for name in names
    )


def typed_columns(
    raw: pl.DataFrame, schema: Mapping[str, pl.DataType], source: Path
) -> pl.DataFrame:
    """Read each column of `schema` as its type; what cannot be read, or is not there, is null.

    Raises:
        UnreadableLog: A column holds lists or structures.
    """
    nested = [name for name in schema if name in raw.columns and raw.schema[name].is_nested()]
    if nested:
        reason = f"column {nested[0]} holds {raw.schema[nested[0]]}, not single values"
        raise UnreadableLog(source, reason)
    return raw.select(
        _parsed(raw.schema[name], name, dtype).cast(dtype).alias(name)
        if name in raw.columns
        else pl.repeat(None, pl.len(), dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )


def _parsed(found: pl.DataType, name: str, dtype: pl.DataType) -> pl.Expr:
    value = _present(found, name)
    if isinstance(dtype, pl.Datetime):
        return _instant(found, value)
    if isinstance(dtype, pl.Boolean):
        return _truth(found, value)
    if isinstance(dtype, pl.String):
        return _identity(found, value) if name in (USER, ITEM) else _text(found, value)
    if found.is_temporal():
        return pl.lit(None, dtype)
    return value.cast(dtype, strict=False)


def _present(found: pl.DataType, name: str) -> pl.Expr:
    """The value, or null where the file holds nothing: an empty text, or not-a-number."""
    value = pl.col(name)
    if isinstance(found, pl.String):
        text = value.str.strip_chars()
        return pl.when(text != "").then(text)
    return value.fill_nan(None) if found.is_float() else value


def _identity(found: pl.DataType, value: pl.Expr) -> pl.Expr:
    """A user or an item as text. A table that once held a gap stores 17 as 17.0: the same user."""
    if found.is_float():
        whole = value.cast(pl.Int64, strict=False)
        return pl.when(whole == value).then(whole.cast(pl.String)).otherwise(value.cast(pl.String))
    return _text(found, value).str.replace(r"^(-?\d+)\.0+$", "$1")


def _text(found: pl.DataType, value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String, strict=not isinstance(found, pl.Binary))


def _truth(found: pl.DataType, value: pl.Expr) -> pl.Expr:
    if found.is_temporal():
        return pl.lit(None, pl.Boolean)
    text = value.cast(pl.String).str.to_lowercase()
    is_true = text.is_in(["true", "t", "yes", "y", "1", "1.0"])
    is_false = text.is_in(["false", "f", "no", "n", "0", "0.0"])
    return pl.when(is_true).then(True).when(is_false).then(False)


def _instant(found: pl.DataType, value: pl.Expr) -> pl.Expr:
    """A time in UTC from a date, a time, ISO 8601 text, or a number since 1970."""
    if isinstance(found, pl.Datetime):
        aware = value if found.time_zone else value.dt.replace_time_zone("UTC")
        return aware.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    if isinstance(found, pl.Date):
        return value.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(found, pl.String):
        iso = value.str.replace(" ", "T", literal=True)
        forms = ("%+", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")
        times = [
            iso.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
            for form in forms
        ]
        day = iso.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        number = value.cast(pl.Float64, strict=False)
        return pl.coalesce(*times, day.dt.replace_time_zone("UTC"), _since_1970(number))
    return _since_1970(value) if found.is_numeric() else pl.lit(None, pl.Datetime("us", "UTC"))


def _since_1970(number: pl.Expr) -> pl.Expr:
    """A number's unit is told by its size: s below 1e11, ms below 1e14, µs below 1e17, else ns.

    In each unit those sizes mean the years 1973 to 5138, so only the first days of 1970 in
    milliseconds could be mistaken.
    """
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
