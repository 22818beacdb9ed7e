"""A timeline file of any format that is read, told by what is in it."""

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Literal

from editing.errors import TimelineError
from editing.interchange.edl_reader import read_edl
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.otio_reader import read_otio
from editing.interchange.read_sequence import ReadSequence

_MAX_BYTES = 64_000_000
_HEAD = 4096
"""Bytes of a file that tell what it is."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SUFFIXES = (".otio", ".edl", ".xml", ".fcpxml", ".fcpxmld", ".ale")
_BEGINS_EDL = re.compile(r"^(TITLE:|FCM:|\d{3,6}\s+\S+\s+\S+\s+(C|D|W\d{3}|K\S*)\s)", re.MULTILINE)
Format = Literal["otio", "fcpxml", "fcp7", "ale", "edl"]
_PACKED = {b"PK\x03\x04": "a zip archive, as .otioz and .drp are", b"\x1f\x8b": "packed with gzip"}


def read_timeline(
    path: Path, rate: Fraction, rates: Mapping[str, Fraction] | None = None
) -> ReadSequence:
    """Read an OTIO, EDL, FCP7 XML or FCPXML file.

    Args:
        path: The file, or a bundle of Final Cut Pro.
        rate: Frames per second, which an EDL does not tell.
        rates: Of reels of other rates, which an EDL does not tell either.

    Raises:
        TimelineError: It cannot be read, is of no such format, or holds what is not read.
    """
    text = _text_of(_within(path))
    found = _format_of(text)
    try:
        if found == "otio":
            return read_otio(text)
        if found == "fcpxml":
            return read_fcpxml(text)
        if found == "fcp7":
            return read_fcp7xml(text)
        if found == "ale":
            raise TimelineError(
                "an ALE, which lists clips and has no order; give the EDL, OTIO or XML of the cut"
            )
        return read_edl(text, rate, rates)
    except TimelineError as error:
        raise TimelineError(f"{path}: {error}") from error
    except RecursionError:
        raise TimelineError(f"{path}: its clips are nested too deep") from None


def is_timeline(path: Path) -> bool:
    """Whether a file is to be read as a timeline, rather than as media.

    By how it begins, whatever its name is; by its name where that does not tell.
    """
    head = _head(path)
    if any(head.startswith(mark) for mark in (*_PACKED, *_UTF_16)):
        return True  # which the reader tells, with what to do
    if b"\0" in head:
        return False
    return format_of(path) is not None or _within(path).suffix.lower() in _SUFFIXES


def format_of(path: Path) -> Format | None:
    """What a file or a bundle begins as: `fcp7` for any XML that is no FCPXML; None if nothing of
    it tells."""
    return _format_of(_head(path).decode("utf-8-sig", "replace"))


def _head(path: Path) -> bytes:
    """The beginning of a file; nothing of one that cannot be read, which its reader tells."""
    try:
        with _within(path).open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _format_of(text: str) -> Format | None:
    beginning = text.lstrip()[:2000]
    if beginning.startswith("{"):
        return "otio"
    if beginning.startswith("<"):
        return "fcpxml" if re.search(r"<fcpxml[\s>]", beginning) else "fcp7"
    if beginning.startswith("Heading"):
        return "ale"
    return "edl" if _BEGINS_EDL.search(beginning) else None


def _within(path: Path) -> Path:
    """The document of a bundle: Final Cut Pro writes folders, `NAME.fcpxmld`."""
    inner = path / "Info.fcpxml"
    return inner if path.suffix.lower() == ".fcpxmld" and inner.is_file() else path


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            raise TimelineError(f"{path} is not a file")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)  # it may grow, or say no size
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > _MAX_BYTES:
        raise TimelineError(
            f"{path} has more than the {_MAX_BYTES:,} bytes that a timeline may have"
        )
    for mark, what in _PACKED.items():
        if content.startswith(mark):
            raise TimelineError(
                f"{path} is {what}, not a timeline; unpack it and give the timeline within"
            )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TimelineError(
            f"{path}, line {line}: not text in UTF-8: byte {error.start:,} is "
            f"{content[error.start]:#04x}; save it as UTF-8"
        ) from error
