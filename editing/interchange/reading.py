"""A timeline file of any format that is read, told by what is in it."""

import re
from fractions import Fraction
from pathlib import Path

from editing.errors import TimelineError
from editing.interchange.edl import read_edl
from editing.interchange.fcp7xml_reader import read_fcp7xml
from editing.interchange.fcpxml_reader import read_fcpxml
from editing.interchange.sequence import ReadSequence
from editing.interchange.timeline import read_otio

_MAX_BYTES = 64_000_000


def read_timeline(path: Path, rate: Fraction) -> ReadSequence:
    """Read an OTIO, EDL, FCP7 XML or FCPXML file.

    Args:
        path: The file.
        rate: Frames per second, which an EDL does not tell.

    Raises:
        TimelineError: It cannot be read, is of no such format, or holds what is not read.
    """
    text = _text_of(path)
    beginning = text.lstrip()[:2000]
    try:
        if beginning.startswith("{"):
            return read_otio(text)
        if re.search(r"<fcpxml[\s>]", beginning):
            return read_fcpxml(text)
        if beginning.startswith("<"):
            return read_fcp7xml(text)
        return read_edl(text, rate)
    except TimelineError as error:
        raise TimelineError(f"{path}: {error}") from error


def _text_of(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise TimelineError(f"{path}: {size:,} bytes are more than a timeline has")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TimelineError(f"{path} is not text in UTF-8: {error}") from error
