"""What SRT and WebVTT share: blocks parted by empty lines, and times of thousandths of a second.

Times are written rounded down. A frame of any rate lasts longer than a thousandth of a second, so a
time that lies on a frame, rounded down, still comes after every earlier frame: at 29.97 drop-frame
as at 24, what is read back covers the very same frames.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from editing.errors import TimelineError

MAX_CHARACTERS = 16_000_000
MAX_CAPTIONS = 200_000
_TIME = re.compile(r"(?:([0-9]{1,4}):)?([0-5]?[0-9]):([0-5]?[0-9])[,.]([0-9]{1,3})")


def blocks(text: str, what: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between empty ones, each with the number of its first line.

    Raises:
        TimelineError: The text is too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise TimelineError(f"{what} of {len(text):,} characters is too long")
    block: list[str] = []
    first = 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        if line.strip():
            first = first if block else number
            block.append(line)
        elif block:
            yield first, block
            block = []
    if block:
        yield first, block


def read_times(line: str, number: int) -> tuple[Fraction, Fraction]:
    """The start and end of a line such as `00:00:01,000 --> 00:00:02,500`, in seconds.

    Raises:
        TimelineError: It is no such line, or ends before it begins; names the line.
    """
    start, arrow, rest = line.partition("-->")
    end = rest.split()
    if not arrow or not end:
        raise TimelineError(f"line {number}: expected START --> END, found {line.strip()[:60]!r}")
    times = _read_time(start.strip(), number), _read_time(end[0], number)
    if times[0] >= times[1]:
        raise TimelineError(f"line {number}: the caption does not end after it begins")
    return times


def _read_time(text: str, number: int) -> Fraction:
    found = _TIME.fullmatch(text)
    if found is None:
        raise TimelineError(f"line {number}: not a time of a caption: {text[:40]!r}")
    hours, minutes, seconds = (int(found[i] or 0) for i in (1, 2, 3))
    thousandths = int(found[4].ljust(3, "0"))
    return 3600 * hours + 60 * minutes + seconds + Fraction(thousandths, 1000)


def write_time(seconds: Fraction, mark: str) -> str:
    """A time as `01:02:03,456`, rounded down; `mark` parts the thousandths."""
    whole, thousandths = divmod(seconds * 1000 // 1, 1000)
    return (
        f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{int(thousandths):03d}"
    )
