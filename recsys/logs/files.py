"""Tables from files, in batches: CSV, Parquet and JSON lines, with errors that say what is wrong.

CSV and JSON lines are read as text, so that a value of the wrong type spoils its row and not the
file. Nothing else in recsys opens a log.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from recsys.errors import UnreadableLog
from recsys.logs.blocks import COMPRESSIONS, Block, split_suffix, text_blocks
from recsys.logs.mapping import PLAIN, ColumnMap, Layout

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".dat": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
}
BATCH_ROWS = 1 << 20
MOST_GROUP_ROWS = 1 << 25
"""A row group is decoded whole, and its few bytes may claim any number of rows."""
MOST_NAMES = 10_000
"""JSON lines in which every row has names of its own are no table."""
PARQUET_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What reading a damaged Parquet file may raise; some damage polars does not expect."""
UNIT_SEPARATOR = "\x1f"
"""Stands for a separator of several bytes, of which the CSV reader takes only one."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file, ready to be read once."""

    columns: list[str]
    """Those found. Of JSON lines, those asked for, if any were: to find all, it is read whole."""
    batches: Iterator[pl.DataFrame]
    """Its rows in order; the columns asked for that are there, as text unless from Parquet."""


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What a path holds that could be a log."""

    files: list[Path]
    refused: list[tuple[Path, str]]
    """What is not read, and why."""


def log_files(path: Path) -> FoundFiles:
    """The path itself or, of a folder, its files of a known format, at any depth, by name.

    Symbolic links inside a folder are not followed: they may lead anywhere, also in circles.
    """
    if not path.is_dir():
        return FoundFiles([path], [])
    files: list[Path] = []
    refused: list[tuple[Path, str]] = []

    def refuse(error: OSError) -> None:
        refused.append((Path(error.filename), error.strerror or str(error)))

    for folder, folders, names in os.walk(path, onerror=refuse):
        folders.sort()
        for name in sorted([*names, *folders]):
            found = Path(folder) / name
            if found.is_symlink():
                refused.append((found, "a symbolic link in a folder; name the file itself"))
            elif name in names and not name.startswith(".") and split_suffix(found)[0] in FORMATS:
                files.append(found)
    if not files and not refused:
        refused.append((path, f"the folder holds no file of the formats read: {_known()}"))
    return FoundFiles(files, refused)


def open_table(
    source: Path, wanted: Iterable[str] | None = None, columns: ColumnMap = PLAIN
) -> Table:
    """Open a table, its format told by its suffix; nothing is held but a batch at a time.

    Args:
        source: A `.csv`, `.tsv`, `.dat`, `.parquet` or `.jsonl` file; text also as `.gz`, `.zst`.
        wanted: The columns to read of those that are there; all if None.
        columns: How text files of the suffix are laid out.

    Raises:
        UnreadableLog: No such file, empty, truncated, not UTF-8, or not of its format. It may come
            with any batch.
    """
    suffix, compression = split_suffix(source)
    kind = FORMATS.get(suffix)
    if kind is None or (kind == "parquet" and compression):
        raise UnreadableLog(source, f"not one of the formats read: {_known()}")
    if not source.is_file():
        raise UnreadableLog(source, "no such file" if not source.exists() else "not a file")
    names = None if wanted is None else list(wanted)
    try:
        if source.stat().st_size == 0:
            raise UnreadableLog(source, "the file is empty")
        if kind == "csv":
            name = source.stem if compression else source.name
            return _open_csv(source, names, columns.layout(name))
        return _open_parquet(source, names) if kind == "parquet" else _open_json(source, names)
    except OSError as error:
        raise UnreadableLog(source, error.strerror or str(error)) from error


def read_table(
    source: Path, rename: Mapping[str, str] | None = None, columns: ColumnMap = PLAIN
) -> pl.DataFrame:
    """Read a whole table into memory; see `open_table`.

    Args:
        source: The file.
        rename: Columns to rename, `{theirs: ours}`.
        columns: How text files of the suffix are laid out.
    """
    table = open_table(source, None, columns)
    require_renamed(table.columns, rename or {}, source)
    parts = list(table.batches)
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(table.columns, pl.String)).rename(rename or {})
    return pl.concat(parts, how="diagonal_relaxed").rename(rename or {})


def require_renamed(found: list[str], rename: Mapping[str, str], source: Path) -> None:
    """Raise UnreadableLog unless all columns to rename are there and end with different names."""
    absent = [name for name in rename if name not in found]
    if absent:
        reason = f"no column {absent[0]} to rename; columns found: {', '.join(found)}"
        raise UnreadableLog(source, reason)
    after = [rename.get(name, name) for name in found]
    twice = [name for name in after if after.count(name) > 1]
    if twice:
        raise UnreadableLog(source, f"two columns would have one name: {twice[0]}")


def content_digest(source: Path, told: str = "") -> str:
    """SHA-256, in hex, of a file's bytes and of how it is read.

    Raises:
        UnreadableLog: The file cannot be read.
    """
    try:
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    except OSError as error:
        raise UnreadableLog(source, error.strerror or str(error)) from error
    digest.update(told.encode())
    return digest.hexdigest()


def _known() -> str:
    return f"{', '.join(FORMATS)}, and text with {' or '.join(COMPRESSIONS)} behind it"


def _open_csv(source: Path, wanted: list[str] | None, layout: Layout) -> Table:
    blocks = text_blocks(source, quotes=len(layout.separator) == 1)
    first = next(blocks, None)
    if first is None or not first.data.removeprefix(b"\xef\xbb\xbf").strip():
        raise UnreadableLog(source, "the file is empty")
    names, body = _header(first, layout, source)
    other = next((mark for mark in ";\t|" if mark in names[0]), None) if len(names) == 1 else None
    if other is not None:
        reason = f"its columns are separated by {other!r}, not {layout.separator!r}"
        raise UnreadableLog(source, f"{reason}; a map can say so (docs/formats.md)")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableLog(source, f"two columns have one name: {twice}")

    def batches() -> Iterator[pl.DataFrame]:
        for block in chain((body,), blocks):
            if block.data:
                yield _csv_rows(block, names, wanted, layout, source)

    return Table(names, batches())


def _header(first: Block, layout: Layout, source: Path) -> tuple[list[str], Block]:
    data = first.data.removeprefix(b"\xef\xbb\xbf")
    if layout.header:
        return list(layout.header), Block(data, 1)
    line, _, rest = data.partition(b"\n")
    try:
        text = line.decode(layout.encoding).strip("\r")
    except UnicodeDecodeError as error:
        raise _not_utf8(source, 1) from error
    one_byte = len(layout.separator) == 1
    try:
        cells = next(csv.reader([text], delimiter=layout.separator)) if one_byte else None
    except csv.Error as error:
        raise UnreadableLog(source, f"line 1 names no columns ({error})") from error
    names = cells if cells is not None else text.split(layout.separator)
    return [name.strip() for name in names], Block(rest, 2)


def _csv_rows(
    block: Block, names: list[str], wanted: list[str] | None, layout: Layout, source: Path
) -> pl.DataFrame:
    data, separator = block.data, layout.separator
    if layout.encoding != "utf-8":
        data = data.decode(layout.encoding, "replace").encode()
    if len(separator) > 1:
        data, separator = data.replace(separator.encode(), b"\x1f"), UNIT_SEPARATOR
    places = {f"c{place}": name for place, name in enumerate(names)}  # a name may hold anything
    kept = [place for place, name in places.items() if wanted is None or name in wanted]
    try:
        rows = pl.read_csv(
            separator.join(places).encode() + b"\n" + data,
            infer_schema=False,
            columns=kept or ["c0"],
            separator=separator,
            quote_char=None if separator == UNIT_SEPARATOR else '"',
        )
    except pl.exceptions.PolarsError as error:
        raise _csv_fault(
            block, data, names, separator=separator, source=source, error=error
        ) from error
    return rows.select(pl.col(place).alias(places[place]) for place in kept)


def _csv_fault(
    block: Block, data: bytes, names: list[str], *, separator: str, source: Path, error: Exception
) -> UnreadableLog:
    """Find the line that made the reader give up."""
    try:
        text = data.decode()
    except UnicodeDecodeError as bad:
        return _not_utf8(source, block.first_line + data.count(b"\n", 0, bad.start))
    for number, line in enumerate(text.split("\n"), block.first_line):
        if '"' not in line and line.count(separator) >= len(names):
            fields = line.count(separator) + 1
            reason = f"line {number} has {fields} fields, and there are {len(names)} columns"
            return UnreadableLog(source, f"not a well-formed CSV ({reason})")
    told = str(error).strip().splitlines()[0]
    where = f"in the lines from {block.first_line}"
    return UnreadableLog(source, f"not a well-formed CSV ({told}, {where})")


def _open_parquet(source: Path, wanted: list[str] | None) -> Table:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(source) as file:
            groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        names = pl.scan_parquet(source, glob=False).collect_schema().names()
    except (pa.ArrowException, ValueError, *PARQUET_FAULTS) as error:
        raise _not_parquet(source, error) from error
    if max(groups, default=0) > MOST_GROUP_ROWS:
        reason = f"a row group of {max(groups):,} rows; write it in groups of {MOST_GROUP_ROWS:,}"
        raise UnreadableLog(source, reason)
    kept = names if wanted is None else [name for name in names if name in wanted]
    return Table(names, _parquet_batches(source, kept))


def _parquet_batches(source: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    rows = pl.scan_parquet(source, glob=False, hive_partitioning=False).select(names)
    try:
        yield from rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
    except PARQUET_FAULTS as error:
        raise _not_parquet(source, error) from error


def _not_parquet(source: Path, error: BaseException) -> UnreadableLog:
    told = (str(error).strip() or type(error).__name__).splitlines()[0]
    return UnreadableLog(source, f"not a whole Parquet file ({told})")


def _open_json(source: Path, wanted: list[str] | None) -> Table:
    names = wanted or list(_all_json_names(source))
    return Table(names, (_json_rows(block, names, source) for block in _json_blocks(source)))


def _all_json_names(source: Path) -> dict[str, None]:
    """The names that any line has: a column may begin anywhere."""
    names: dict[str, None] = {}
    empty = True
    for block in _json_blocks(source):
        names |= dict.fromkeys(_json_names(block, source))
        empty = False
        if len(names) > MOST_NAMES:
            raise UnreadableLog(source, f"more than {MOST_NAMES:,} different names of columns")
    if not names:
        raise UnreadableLog(source, "the file is empty" if empty else "no line names a column")
    return names


def _json_blocks(source: Path) -> Iterator[Block]:
    for block in text_blocks(source, quotes=False):
        data = block.data.removeprefix(b"\xef\xbb\xbf") if block.first_line == 1 else block.data
        if data.strip():
            yield Block(data, block.first_line)


def _json_names(block: Block, source: Path) -> list[str]:
    try:
        return pl.scan_ndjson(block.data, infer_schema_length=None).collect_schema().names()
    except pl.exceptions.PolarsError:
        rows = _json_objects(block, source)
        return list(dict.fromkeys(name for row in rows for name in row))


def _json_rows(block: Block, names: list[str], source: Path) -> pl.DataFrame:
    schema = dict.fromkeys(names, pl.String)
    try:
        return pl.read_ndjson(block.data, schema=schema)
    except pl.exceptions.PolarsError:  # one by one, to find the line or to read what polars cannot
        rows = list(_json_objects(block, source))
    return pl.DataFrame({n: [_as_text(row.get(n)) for row in rows] for n in names}, schema=schema)


def _json_objects(block: Block, source: Path) -> Iterator[dict[str, object]]:
    for number, line in enumerate(block.data.split(b"\n"), block.first_line):
        if line.strip():
            yield _json_object(line, number, source)


def _json_object(line: bytes, number: int, source: Path) -> dict[str, object]:
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise _not_utf8(source, number) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableLog(source, f"line {number} is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise UnreadableLog(source, f"line {number} is not a JSON object")
    return row


def _as_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _not_utf8(source: Path, line: int) -> UnreadableLog:
    return UnreadableLog(source, f"line {line} is not UTF-8; save the file as UTF-8")
