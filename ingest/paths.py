"""Paths as people have them: made absolute without failing, and printed whatever their bytes."""

import os
import re
from pathlib import Path

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters of ASCII and Latin 1, ends of lines, and those that turn the writing round."""


def absolute(path: Path | str) -> Path:
    """A path from the root, links resolved as far as they lead; a loop of links stays."""
    return Path(os.path.realpath(path))


def printable(text: str) -> str:
    r"""A name that any terminal and database takes: bytes that are no UTF-8 become `\xff`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def visible(text: str) -> str:
    r"""One line that does nothing to a terminal: a newline becomes `\n`, an escape `\x1b`."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), printable(text))
