"""A file that is at its place whole or not at all: written beside it, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name in the folder of `path` to write to; renamed to `path` if nothing went wrong.

    Makes the folder. What was written is removed if an exception comes.

    Raises:
        FileExistsError: `path` is there and no regular file: a device is not replaced by a film.
    """
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} is a folder or a device; name a file to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{uuid4().hex}.part")  # 40 of 4 bytes at most
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
