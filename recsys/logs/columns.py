"""Columns of a file to columns of the schema: are they there, and can each value be read?

What cannot be read as its type becomes null here; `check` finds out why and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.errors import MissingColumns, UnreadableLog
from recsys.logs.mapping import PER_SECOND, ColumnMap, Source
from recsys.viewing_log import ALIASES, ITEM, SCHEMA, USER

BLANKS = " \t\r\n"
"""What is trimmed from the ends of a text."""
INSTANT = pl.Datetime("us", "UTC")


def require_columns(
    has: Iterable[str],
    needed: Sequence[str],
    source: Path,
    found: Sequence[str],
    one_of: Sequence[str] = (),
) -> None:
    """Raise `MissingColumns`, which names likely renamings, unless what is needed is present.

    Args:
        has: Those of our columns that the file has, or that a map gives it.
        needed: All of these must be among them.
        source: Named in the error, and
        found: all columns of the file, by their names there.
        one_of: At least one of these must be present, if any are given.
    """
    present = set(has)
    missing = [name for name in needed if name not in present]
    wanted = list(missing)
    if one_of and not set(one_of) & present:
        missing.append(" or ".join(one_of))
        wanted += one_of
    if missing:
        raise MissingColumns(source, missing, list(found), likely_names(found, wanted))


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


def their_columns(
    found: Sequence[str], schema: Mapping[str, pl.DataType], columns: ColumnMap
) -> dict[str, str]:
    """For each of our columns that a file has, its name there: `{ours: theirs}`."""
    named = {
        ours: next((theirs for theirs in columns.source(ours).columns if theirs in found), None)
        for ours in schema
    }
    return {ours: theirs for ours, theirs in named.items() if theirs is not None}


@dataclass(frozen=True, slots=True)
class ReadColumns:
    """Rows under our names, before and after each value was read as its type."""

    named: pl.DataFrame
    """Texts trimmed; null where the file holds nothing."""
    typed: pl.DataFrame
    """With the types of the schema; null also where a value cannot be read."""


def read_columns(
    raw: pl.DataFrame,
    theirs: Mapping[str, str],
    schema: Mapping[str, pl.DataType],
    columns: ColumnMap,
    source: Path,
) -> ReadColumns:
    """Read those columns of `schema` that are there, and the map's constants, as their types.

    Args:
        raw: As read from the file.
        theirs: Our columns that the file has, and their names there.
        schema: Our columns and their types.
        columns: How values are written.
        source: Named in errors.

    Raises:
        UnreadableLog: A column holds lists, structures, bytes or lengths of time.
    """
    _require_values(raw, theirs.values(), source)
    named, typed = [], []
    for ours, dtype in schema.items():
        told = columns.source(ours)
        if ours in theirs:
            found = _spelled(raw[theirs[ours]]).alias(ours)
        elif told.constant is not None:
            found = pl.Series(ours, [told.constant]).new_from_index(0, raw.height)
        else:
            continue
        value, read = _read(found, ours, dtype, told)
        named.append(value)
        typed.append(read)
    return ReadColumns(pl.DataFrame(named), _capped(pl.DataFrame(typed), columns))


def _require_values(raw: pl.DataFrame, names: Iterable[str], source: Path) -> None:
    """Raise UnreadableLog for columns of which no one can say what their values mean."""
    for name in names:
        dtype = raw.schema[name]
        if dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object):
            raise UnreadableLog(source, f"column {name} holds {dtype}, not single values")
        if isinstance(dtype, pl.Duration):
            reason = f"column {name} holds {dtype}; write lengths of time as numbers, in seconds"
            raise UnreadableLog(source, reason)


def _spelled(value: pl.Series) -> pl.Series:
    """Categories as the texts they stand for, which may have blanks around them as any others."""
    return value.cast(pl.String) if isinstance(value.dtype, pl.Categorical | pl.Enum) else value


def _read(
    value: pl.Series, ours: str, dtype: pl.DataType, told: Source
) -> tuple[pl.Series, pl.Series]:
    """A column trimmed, and read as its type."""
    if ours in (USER, ITEM) and isinstance(value.dtype, pl.String) and _plain_names(value):
        return value, value
    if isinstance(value.dtype, pl.String) and not isinstance(dtype, pl.String):
        read = _typed(value, ours, dtype, told).cast(dtype).alias(ours)
        if read.null_count() == value.null_count():
            return value, read  # no blanks in the way: trimming would cost more than reading
    value = _trimmed(value)
    return value, _typed(value, ours, dtype, told).cast(dtype).alias(ours)


def _capped(typed: pl.DataFrame, columns: ColumnMap) -> pl.DataFrame:
    caps = {ours: columns.source(ours).at_most for ours in typed.columns}
    return typed.with_columns(
        pl.min_horizontal(ours, most).alias(ours)
        for ours, most in caps.items()
        if most is not None and most in typed.columns
    )


def has_values(value: pl.Series) -> bool:
    """Whether a column as read holds anything but empty texts and blanks."""
    return bool(_trimmed(_spelled(value)).is_not_null().any())


def identities(value: pl.Series) -> pl.Series:
    """Users or items as text. A table that once held a gap stores 17 as 17.0: the same user."""
    if value.dtype.is_float():
        whole = value.cast(pl.Int64, strict=False)
        text = value.cast(pl.String)
        return whole.cast(pl.String).zip_with((whole == value).fill_null(False), text)
    text = value.cast(pl.String)
    # The pattern costs more than all else, and hardly any column needs it.
    if text.filter(text.str.ends_with("0")).str.contains(".", literal=True).any():
        return text.str.replace(r"^(-?\d+)\.0+$", "$1")
    return text


def _plain_names(text: pl.Series) -> bool:
    """Whether all texts are users or items as they stand: far quicker than trimming and reading.

    It may be False for texts that are, and is never True for any that are not.
    """
    last = _last_bytes(text)
    if last is None or (last <= ord(" ")).any() or (text < "!").any():
        return False  # one may be empty, or have blanks at an end
    zeros = text.gather(np.flatnonzero(last == ord("0")))
    return not zeros.str.contains(".", literal=True).any()


def _last_bytes(text: pl.Series) -> npt.NDArray[np.uint8] | None:
    """`(texts,)`, the last byte of each text, 0 if it is empty.

    Read where Arrow keeps texts of up to 12 bytes, each after its length in a view of 16 bytes.
    None if there are nulls or longer texts, which lie elsewhere.
    """
    if text.null_count() or text.is_empty():
        return None
    views = text.to_arrow(compat_level=pl.CompatLevel.newest())
    memory = np.frombuffer(views.buffers()[1], np.uint8)
    memory = memory[16 * views.offset : 16 * (views.offset + len(views))]
    lengths = memory.view(np.uint32)[::4]
    if lengths.max() > 12:
        return None
    last: npt.NDArray[np.uint8] = memory[np.arange(3, len(memory) + 3, 16) + lengths]
    last[lengths == 0] = 0
    return last


def _trimmed(value: pl.Series) -> pl.Series:
    """Not-a-number is missing, and so is an empty text; blanks around a text are no part of it."""
    if value.dtype.is_float():
        return value.fill_nan(None) if value.is_nan().any() else value
    if isinstance(value.dtype, pl.String) and _untidy(value):
        text = value.str.strip_chars(BLANKS)
        return text.set(text == "", None)
    return value


def _untidy(text: pl.Series) -> bool:
    """Whether any is empty, or has blanks at an end; far quicker than trimming all."""
    if (text < "!").any():  # all that begins with a blank or a control character
        return True
    return any(text.str.ends_with(blank).any() for blank in BLANKS)


def _typed(value: pl.Series, ours: str, dtype: pl.DataType, source: Source) -> pl.Series:
    if isinstance(dtype, pl.Datetime):
        return _instants(value, source)
    if isinstance(dtype, pl.Boolean):
        return _truths(value, source)
    if isinstance(dtype, pl.String):
        return identities(value) if ours in (USER, ITEM) else value.cast(pl.String)
    if value.dtype.is_temporal():
        return pl.Series(ours, [None], dtype).new_from_index(0, len(value))
    number = value.cast(dtype, strict=False)
    return number if source.unit is None else number / PER_SECOND[source.unit]


def _truths(value: pl.Series, source: Source) -> pl.Series:
    if value.dtype.is_temporal():
        return pl.Series(value.name, [None], pl.Boolean).new_from_index(0, len(value))
    if source.at_least is not None:
        return value.cast(pl.Float64, strict=False) >= source.at_least
    if isinstance(value.dtype, pl.Boolean) and not source.true:
        return value
    text = identities(value).str.to_lowercase().alias("text")
    true = [v.lower() for v in source.true] or ["true", "t", "yes", "y", "1"]
    false = [v.lower() for v in source.false] if source.true else ["false", "f", "no", "n", "0"]
    is_true = pl.col("text").is_in(true)
    is_false = pl.col("text").is_in(false) if false else ~is_true
    read = pl.when(is_true).then(True).when(is_false).then(False)
    return pl.DataFrame(text).select(read.alias("read")).to_series()


def _instants(value: pl.Series, source: Source) -> pl.Series:
    """Times in UTC from dates, times, ISO 8601 texts, numbers since 1970, or the map's format."""
    zone = source.zone or "UTC"
    if isinstance(value.dtype, pl.Datetime):
        if value.dtype.time_zone is None:
            return _zoned(value, zone).cast(INSTANT)
        return value.dt.convert_time_zone("UTC").cast(INSTANT)
    if isinstance(value.dtype, pl.Date):
        return _zoned(value.cast(pl.Datetime("us")), zone)
    if isinstance(value.dtype, pl.String):
        return _written_instants(value, source, zone)
    if value.dtype.is_numeric():
        return _since_1970(value, source.unit)
    return pl.Series(value.name, [None], INSTANT).new_from_index(0, len(value))


def _written_instants(text: pl.Series, source: Source, zone: str) -> pl.Series:
    """Each way of writing a time is tried on those that the ways before it could not read."""
    if source.format is not None:
        return _in_format(text, source.format, zone)
    whole = text.cast(pl.Int64, strict=False)
    found = _since_1970(whole, source.unit)
    left = found.is_null() & text.is_not_null()
    if not left.any():
        return found
    rest = text.filter(left)
    iso = rest.str.replace(" ", "T", literal=True)
    read = pl.Series("read", [None], INSTANT).new_from_index(0, len(rest))
    for form in ("%Y-%m-%dT%H:%M:%S%.f", "%+", "%Y-%m-%dT%H:%M", "%Y-%m-%d"):
        if not read.null_count():
            break
        read = read.zip_with(read.is_not_null(), _in_format(iso, form, zone))
    if read.null_count():
        number = _since_1970(rest.cast(pl.Float64, strict=False), source.unit)
        read = read.zip_with(read.is_not_null(), number)
    return read if len(rest) == len(text) else found.scatter(left.arg_true(), read)


def _in_format(text: pl.Series, form: str, zone: str) -> pl.Series:
    if form == "%Y-%m-%d":
        return _zoned(text.str.to_date(form, strict=False).cast(pl.Datetime("us")), zone)
    if "%z" in form or "%:z" in form or form == "%+":
        aware = text.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
        return aware.cast(INSTANT)
    naive = text.str.to_datetime(form, time_unit="us", strict=False, exact=True)
    return _zoned(naive, zone)


def _zoned(naive: pl.Series, zone: str) -> pl.Series:
    """In UTC; null where the zone's clocks were put back or forward, so that no one instant is."""
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC").cast(INSTANT)
    local = naive.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return local.dt.convert_time_zone("UTC").cast(INSTANT)


def _since_1970(number: pl.Series, unit: str | None) -> pl.Series:
    """Without a unit, it is told by size: s below 1e11, ms below 1e14, µs below 1e17, else ns.

    In each unit those sizes mean the years 1973 to 5138, so only the first days of 1970 in
    milliseconds could be mistaken.
    """
    if unit is None:
        unit = _one_unit(number)
    if unit is not None:
        return _microseconds(number, unit)
    size = number.cast(pl.Float64).abs()
    found = _microseconds(number, "ns")
    for smaller in ("us", "ms", "s"):
        found = _microseconds(number, smaller).zip_with(size < _BELOW[smaller], found)
    return found


_BELOW = {"s": 1e11, "ms": 1e14, "us": 1e17, "ns": float("inf")}


def _one_unit(number: pl.Series) -> str | None:
    """The unit that all numbers have by their size; None if they differ."""
    least, most = number.min(), number.max()
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return "s"  # there are none
    units = [next((u for u, end in _BELOW.items() if abs(n) < end), "ns") for n in (least, most)]
    return units[0] if least >= 0 and units[0] == units[1] else None


def _microseconds(number: pl.Series, unit: str) -> pl.Series:
    factor = 1e6 / PER_SECOND[unit]
    if factor == 1:
        scaled = number
    elif number.dtype.is_integer() and factor > 1 and number.dtype == pl.Int64:
        limit = int(9e18 / factor)  # beyond it, the product would wrap around
        inside = number.is_between(-limit, limit)
        scaled = (number if inside.all() else number.set(~inside, None)) * int(factor)
    else:
        scaled = number.cast(pl.Float64) * factor
    return scaled.cast(pl.Int64, strict=False).cast(INSTANT)
