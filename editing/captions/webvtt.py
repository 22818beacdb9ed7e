"""WebVTT captions (`.vtt`), as the W3C describes them: a writer and a reader.

Of a cue its times and its plain text are kept; settings of place, styles, regions and notes are
left aside, and tags are taken off.
"""

import html
import re
from collections.abc import Iterable

from editing.captions.caption import Caption, clean_text
from editing.captions.cues import MAX_CAPTIONS, blocks, read_times, write_time
from editing.errors import TimelineError

_TAG = re.compile(r"</?[a-z0-9:.][^<>]*>", re.IGNORECASE)
_NO_CUE = re.compile(r"(NOTE|STYLE|REGION)(\s|$)")


def write_webvtt(captions: Iterable[Caption]) -> str:
    """Captions as WebVTT, in the order of their times."""
    parts = ["WEBVTT\n"]
    for caption in sorted(captions):
        times = f"{write_time(caption.start, '.')} --> {write_time(caption.end, '.')}"
        parts.append(f"{times}\n{html.escape(caption.text, quote=False)}\n")
    return "\n".join(parts)


def read_webvtt(text: str) -> list[Caption]:
    """Read WebVTT; cues without text are left out.

    Returns:
        In the order of their times.

    Raises:
        TimelineError: It is not WebVTT; names the line.
    """
    captions: list[Caption] = []
    header = True
    for first, lines in blocks(text, "a WebVTT file"):
        if header:
            if first != 1 or not re.match(r"WEBVTT(\s|$)", lines[0]):
                raise TimelineError("line 1: a WebVTT file begins with WEBVTT")
            header = False
            continue
        if _NO_CUE.match(lines[0]) and "-->" not in lines[0]:
            continue
        times = int("-->" not in lines[0] and len(lines) > 1)  # a cue may have a name
        start, end = read_times(lines[times], first + times)
        words = clean_text([html.unescape(_TAG.sub("", line)) for line in lines[times + 1 :]])
        if words:
            captions.append(Caption(start, end, words))
        if len(captions) > MAX_CAPTIONS:
            raise TimelineError(f"line {first}: more than {MAX_CAPTIONS:,} captions")
    if header:
        raise TimelineError("line 1: a WebVTT file begins with WEBVTT")
    return sorted(captions)
