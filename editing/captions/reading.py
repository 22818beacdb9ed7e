"""A file of captions, SRT or WebVTT, told by what is in it."""

from pathlib import Path

from editing.captions.caption import Caption
from editing.captions.cues import MAX_CHARACTERS
from editing.captions.srt import read_srt
from editing.captions.webvtt import read_webvtt
from editing.errors import TimelineError


def read_captions(path: Path) -> list[Caption]:
    """Read an SRT or WebVTT file in UTF-8.

    Raises:
        TimelineError: It cannot be read or is no such file; names the file and the line.
    """
    try:
        size = path.stat().st_size
        if size > 4 * MAX_CHARACTERS:
            raise TimelineError(f"{path}: {size:,} bytes are more than captions have")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TimelineError(
            f"{path} is not text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}; "
            "save it as UTF-8"
        ) from error
    try:
        captions = read_webvtt(text) if text.startswith("WEBVTT") else read_srt(text)
    except TimelineError as error:
        raise TimelineError(f"{path}: {error}") from error
    if not captions:
        raise TimelineError(f"{path} holds no caption")
    return captions
