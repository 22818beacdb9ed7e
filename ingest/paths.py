"""Paths as people have them: made absolute without failing, and printed whatever their bytes."""

import os
from pathlib import Path


def absolute(path: Path | str) -> Path:
    """A path from the root, links resolved as far as they lead; a loop of links stays."""
    return Path(os.path.realpath(path))


def printable(text: str) -> str:
    r"""A name that any terminal and database takes: bytes that are no UTF-8 become `\xff`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
