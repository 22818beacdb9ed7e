"""Tables from files: CSV, Parquet and JSON lines, with an error that says what is wrong with one.

CSV and JSON lines are read as text, so that a value of the wrong type spoils its row and not the
file. Nothing else in recsys opens a log.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from recsys.errors import UnreadableLog

FORMATS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
}


def read_table(source: Path, rename: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Read a table, its format told by its suffix.

    Args:
        source: A `.csv` (comma, header, UTF-8), `.parquet` (`.pq`) or `.jsonl` (`.ndjson`) file.
        rename: Columns to rename, `{theirs: ours}`.

    Raises:
        UnreadableLog: No such file, empty, truncated, not UTF-8, or not of its format.
    """
    kind = FORMATS.get(source.suffix.lower())
    if kind is None:
        raise UnreadableLog(source, f"not one of the formats read: {', '.join(FORMATS)}")
    if not source.is_file():
        raise UnreadableLog(source, "no such file" if not source.exists() else "not a file")
    try:
        if source.stat().st_size == 0:
            raise UnreadableLog(source, "the file is empty")
        table = _READERS[kind](source)
    except OSError as error:
        raise UnreadableLog(source, error.strerror or str(error)) from error
    return _renamed(table, rename or {}, source)


def content_digest(source: Path, rename: Mapping[str, str] | None = None) -> str:
    """SHA-256, in hex, of a file's bytes and of the renamings it is read with.

    Raises:
        UnreadableLog: The file cannot be read.
    """
    try:
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    except OSError as error:
        raise UnreadableLog(source, error.strerror or str(error)) from error
    if rename:
        digest.update(json.dumps(sorted(rename.items())).encode())
    return digest.hexdigest()


def _renamed(table: pl.DataFrame, rename: Mapping[str, str], source: Path) -> pl.DataFrame:
    absent = [name for name in rename if name not in table.columns]
    if absent:
        reason = f"no column {absent[0]} to rename; columns found: {', '.join(table.columns)}"
        raise UnreadableLog(source, reason)
    try:
        return table.rename(dict(rename))
    except pl.exceptions.DuplicateError as error:
        raise UnreadableLog(source, f"two columns would have one name: {error}") from error


def _read_csv(source: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(source, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise UnreadableLog(source, "the file is empty") from error
    except pl.exceptions.PolarsError as error:
        if "utf-8" in str(error).lower():
            raise _not_utf8(source) from error
        first_line = str(error).strip().splitlines()[0]
        raise UnreadableLog(source, f"not a well-formed CSV ({first_line})") from error


def _read_parquet(source: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(source)
    except pl.exceptions.PolarsError as error:
        reason = f"not a whole Parquet file ({str(error).strip().splitlines()[0]})"
        raise UnreadableLog(source, reason) from error


def _read_json_lines(source: Path) -> pl.DataFrame:
    try:
        lines = source.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _not_utf8(source) from error
    rows = [
        _json_object(line, number, source) for number, line in enumerate(lines, 1) if line.strip()
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not rows:
        raise UnreadableLog(source, "the file is empty")
    return pl.DataFrame(
        {name: [_as_text(row.get(name)) for row in rows] for name in names},
        schema=dict.fromkeys(names, pl.String),
    )


def _json_object(line: str, number: int, source: Path) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UnreadableLog(source, f"line {number} is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise UnreadableLog(source, f"line {number} is not a JSON object")
    return row


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _not_utf8(source: Path) -> UnreadableLog:
    data = source.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return UnreadableLog(source, f"line {line} is not UTF-8; save the file as UTF-8")
    return UnreadableLog(source, "not UTF-8; save the file as UTF-8")


_READERS = {"csv": _read_csv, "parquet": _read_parquet, "json lines": _read_json_lines}
