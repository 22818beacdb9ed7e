"""What is told of titles beside the log: facts for rules to ask for, and embeddings."""

from pathlib import Path

import polars as pl

from recsys.errors import MissingColumns, UnreadableLog
from recsys.logs.columns import BLANKS, identities
from recsys.logs.files import read_table
from recsys.models.content import VECTOR
from recsys.viewing_log import ITEM, RELEASED


def read_facts(file: Path) -> pl.DataFrame:
    """A table of titles with any columns, for rules to ask for; `item` is text.

    `released`, where it is there, becomes days: text formats know none.

    Raises:
        UnreadableLog: The file cannot be read, or a value in `released` is not a day.
        MissingColumns: It has no column `item`.
    """
    table = read_table(file, None)
    if ITEM not in table.columns:
        raise MissingColumns(file, [ITEM], table.columns, {})
    table = table.with_columns(identities(table[ITEM]))
    if table.schema.get(RELEASED, pl.Date()) not in (pl.Date, pl.Datetime):
        table = table.with_columns(_days(table[RELEASED], file))
    return table.unique(ITEM, keep="last", maintain_order=True)


def read_embeddings(file: Path) -> pl.DataFrame:
    """A table of embeddings: `item` as text, and `vector`, lists of numbers of one length.

    Raises:
        UnreadableLog: The file cannot be read, or its vectors are not lists of one length.
        MissingColumns: A column is missing.
    """
    table = read_table(file, None)
    missing = [name for name in (ITEM, VECTOR) if name not in table.columns]
    if missing:
        raise MissingColumns(file, missing, table.columns, {})
    try:
        vectors = _lists(table[VECTOR]).cast(pl.List(pl.Float32))
    except pl.exceptions.PolarsError as error:
        raise UnreadableLog(file, f"{VECTOR} does not hold lists of numbers") from error
    if vectors.list.len().n_unique() != 1 or vectors.null_count():
        raise UnreadableLog(file, f"the lists of {VECTOR} are not all of one length")
    if not vectors.list.len()[0]:
        raise UnreadableLog(file, f"the lists of {VECTOR} are empty")
    made = pl.DataFrame({ITEM: identities(table[ITEM]), VECTOR: vectors})
    values = pl.col(VECTOR).list
    whole = values.eval(pl.element().is_finite().fill_null(False)).list.all()
    some = values.eval(pl.element() != 0).list.any()
    faults = {
        f"without an {ITEM}": pl.col(ITEM).is_null(),
        f"with a {VECTOR} that is not of finite numbers": ~whole,
        f"with a {VECTOR} of zeros, which is like nothing": ~some,
    }
    for what, wrong in faults.items():
        rows = made.with_row_index("row", 1).filter(wrong)
        if rows.height:
            first = rows.row(0, named=True)
            told = f"{rows.height} rows {what}, the first is row {first['row']} ({first[ITEM]})"
            raise UnreadableLog(file, f"it has {told}; leave them out")
    return made.unique(ITEM, keep="last", maintain_order=True)


def _days(column: pl.Series, file: Path) -> pl.Series:
    """Days from texts such as 2025-06-10, with or without a time behind; an empty one is none."""
    if column.dtype.is_nested():
        raise UnreadableLog(file, f"{RELEASED} holds lists, and not a day such as 2025-06-10")
    told = column.cast(pl.String).str.strip_chars(BLANKS)
    told = told.set(told == "", None)
    day = told.str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$").str.to_date(
        "%Y-%m-%d", strict=False
    )
    wrong = (told.is_not_null() & day.is_null()).arg_true()
    if len(wrong):
        row = wrong[0]
        reason = f"row {row + 1} has {RELEASED} {told[row]!r}, and not a day such as 2025-06-10"
        raise UnreadableLog(file, reason)
    return day


def _lists(vectors: pl.Series) -> pl.Series:
    """Lists of numbers; in text formats they are written as JSON."""
    if vectors.dtype != pl.String:
        return vectors
    return vectors.str.json_decode(pl.List(pl.Float64))
