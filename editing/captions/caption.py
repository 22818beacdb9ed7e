"""A caption: what stands on the picture, and exactly when.

No I/O: `srt.py` and `webvtt.py` read and write text, `of_cut.py` maps captions onto a cut.
"""

from dataclasses import dataclass
from fractions import Fraction
from unicodedata import category

_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True, order=True)
class Caption:
    """A text that is shown at the instants `start <= t < end`."""

    start: Fraction
    """Seconds since the first frame of the film or cut."""
    end: Fraction
    """Seconds; the first instant at which it is gone."""
    text: str
    """Plain, without tags; lines are parted by a newline, and none is empty."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"need 0 <= start < end, got start={self.start}, end={self.end}")
        if not self.text or any(not line.strip() for line in self.text.split("\n")):
            raise ValueError(f"a caption has text on each of its lines, got {self.text!r}")


def clean_text(lines: list[str]) -> str:
    """Lines as a caption holds them: without empty ones, blanks at the ends, or controls.

    Of what is never seen, as soft hyphens and marks of direction, only the two characters stay
    that say how letters join.
    """
    plain = ("".join(map(_plain, line)).strip() for line in lines)
    return "\n".join(line for line in plain if line.strip(_JOINERS))


def _plain(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return "" if category(character) == "Cf" else " "
