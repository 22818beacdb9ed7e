"""SubRip captions (`.srt`): a writer and a reader.

The format has no specification; what is read is what players agree on: blocks parted by an empty
line, a number, `START --> END`, and lines of text. Tags of style (`<i>`, `<font …>`, `{\\an8}`) are
taken off, because a caption here is plain text.
"""

import re
from collections.abc import Iterable

from editing.captions.caption import Caption, clean_text
from editing.captions.cues import MAX_CAPTIONS, blocks, read_times, write_time
from editing.errors import TimelineError

_STYLE = re.compile(r"</?(?:[bius]|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)


def write_srt(captions: Iterable[Caption]) -> str:
    """Captions as SubRip text, numbered from 1 in the order of their times."""
    parts = []
    for number, caption in enumerate(sorted(captions), start=1):
        times = f"{write_time(caption.start, ',')} --> {write_time(caption.end, ',')}"
        text = caption.text.replace("\n", "\r\n")
        parts.append(f"{number}\r\n{times}\r\n{text}\r\n")
    return "\r\n".join(parts)


def read_srt(text: str) -> list[Caption]:
    """Read SubRip text; captions without text are left out.

    Returns:
        In the order of their times.

    Raises:
        TimelineError: It is not SubRip; names the line.
    """
    captions: list[Caption] = []
    for first, lines in blocks(text, "an SRT file"):
        numbered = lines[0].strip().isdecimal() and len(lines) > 1 and "-->" not in lines[0]
        times = int(numbered)
        start, end = read_times(lines[times], first + times)
        words = clean_text([_STYLE.sub("", line) for line in lines[times + 1 :]])
        if words:
            captions.append(Caption(start, end, words))
        if len(captions) > MAX_CAPTIONS:
            raise TimelineError(f"line {first}: more than {MAX_CAPTIONS:,} captions")
    return sorted(captions)
