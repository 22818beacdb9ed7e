"""Text files as blocks of whole lines, plain or compressed, in bounded memory.

A compressed file is not trusted to say how large it is: what comes out of it is bounded, by its
own size and absolutely, and one that ends too early is refused.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from recsys.errors import UnreadableLog

BLOCK_BYTES = 16 << 20
"""From 32 MB on the C library gives each block new memory, which costs more than reading it."""
LONGEST_LINE = 64 << 20
"""Bytes; a quote that is never closed makes the rest of a file one line."""
MOST_EXPANSION = 200
"""A compressed log holds at most this many times its size; logs reach 20 or 30."""
ALWAYS_ALLOWED = 1 << 30
"""Bytes that may come out of any compressed file."""

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file."""

    data: bytes
    first_line: int
    """The number of its first line in the file, from 1."""


def split_suffix(source: Path) -> tuple[str, str | None]:
    """The suffix that tells a file's format, and its compression: `views.csv.gz` is .csv, gzip."""
    compression = COMPRESSIONS.get(source.suffix.lower())
    name = source.with_suffix("") if compression else source
    return name.suffix.lower(), compression


def text_blocks(source: Path, *, quotes: bool) -> Iterator[Block]:
    """The lines of a text file, in blocks of about `BLOCK_BYTES`.

    Args:
        source: A file, compressed or not as its suffix says.
        quotes: Whether ends of lines between two `"` belong to a value, as in CSV.

    Raises:
        UnreadableLog: It cannot be read, is cut off, expands beyond its bound, or has a line
            longer than `LONGEST_LINE`.
    """
    rest, line = b"", 1
    with _opened(source) as stream:
        for chunk in _chunks(source, stream):
            whole = rest + chunk
            end = _last_line_end(whole, quotes)
            if not end and len(whole) > LONGEST_LINE:
                reason = f"line {line} is longer than {LONGEST_LINE >> 20} MB"
                raise UnreadableLog(source, reason + ("; is a quote not closed?" * quotes))
            if end:
                yield Block(whole[:end], line)
                line += whole.count(b"\n", 0, end)
            rest = whole[end:]
    if rest:
        yield Block(rest, line)


def _last_line_end(data: bytes, quotes: bool) -> int:
    """Where the last whole line ends; 0 if none does."""
    end = data.rfind(b"\n") + 1
    if not quotes or not end or b'"' not in data:
        return end
    open_quotes = data.count(b'"', 0, end) % 2
    while open_quotes and end:  # the line end is inside a value: take an earlier one
        earlier = data.rfind(b"\n", 0, end - 1) + 1
        open_quotes = (open_quotes + data.count(b'"', earlier, end)) % 2
        end = earlier
    return end


def _chunks(source: Path, stream: IO[bytes]) -> Iterator[bytes]:
    _, compression = split_suffix(source)
    size = source.stat().st_size
    bound = max(ALWAYS_ALLOWED, MOST_EXPANSION * size) if compression else None
    read = 0
    while True:
        try:
            chunk = stream.read(BLOCK_BYTES)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableLog(source, f"not a whole gzip file ({error})") from error
        except OSError as error:
            if compression == "zstd" and error.errno is None:
                raise UnreadableLog(source, f"not a whole zstd file ({error})") from error
            raise UnreadableLog(source, error.strerror or str(error)) from error
        if not chunk:
            return
        read += len(chunk)
        if bound is not None and read > bound:
            reason = f"it expands to more than {bound:,} bytes from {size:,}; decompress it first"
            raise UnreadableLog(source, reason)
        yield chunk


@contextmanager
def _opened(source: Path) -> Iterator[IO[bytes]]:
    _, compression = split_suffix(source)
    try:
        if compression == "zstd":
            import pyarrow as pa

            raw = pa.OSFile(str(source))
            stream = cast(IO[bytes], pa.CompressedInputStream(raw, "zstd"))
        elif compression:
            stream = cast(IO[bytes], gzip.GzipFile(source, "rb"))
        else:
            stream = source.open("rb")
    except OSError as error:
        raise UnreadableLog(source, error.strerror or str(error)) from error
    try:
        yield stream
    finally:
        stream.close()
