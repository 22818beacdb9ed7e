"""Text as pictures: titles, captions and slates, in white with a dark edge.

The letters are those of Source Sans 3 (SIL Open Font License 1.1), which the package `streamlit`
carries; it has Latin, Greek and Cyrillic. Text that a font has no letters for is refused.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from unicodedata import category, normalize

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from editing.errors import RenderError
from editing.finish.delivery import Place
from editing.finish.planes import Packed, planes_of
from ingest.media import Floats
from ingest.paths import visible

_FONT_OF_STREAMLIT = "static/static/media/SourceSansVF-Upright*.woff2"
_WEIGHT = 600
"""Of a font whose weight varies: between regular, 400, and bold, 700."""
_WIDE = 0.9
"""Share of the picture's width and height that text stays within: the safe area of EBU R 95."""
_LINE = 1.25
"""From one line to the next, in sizes of the type."""
_SMALLEST = 6
"""Pixels."""
_NOWHERE = "\U0010fffe"
"""A character that no font has."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Letters to be laid over a picture."""

    left: int
    """Pixels, even."""
    top: int
    luma: Floats
    """`(height, width)`, both even: 16 to 235."""
    cover: Floats
    """`(height, width)`, 0 to 1: how much of the picture they hide."""

    def over(self, picture: Packed, presence: float = 1.0) -> None:
        """Draw on a packed picture, in place; `presence` is how much of it shows, 0 to 1."""
        height, width = self.cover.shape
        cover = self.cover * np.float32(presence)
        half = cover.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
        grey = np.full(half.shape, 128, np.float32)
        for plane, shown, hidden in zip(
            planes_of(picture), (self.luma, grey, grey), (cover, half, half), strict=True
        ):
            share = 1 if hidden is cover else 2
            top, left = self.top // share, self.left // share
            rows, columns = hidden.shape
            part = plane[top : top + rows, left : left + columns]
            part[:] = (part * (1 - hidden) + shown * hidden + np.float32(0.5)).astype(np.uint8)


class Lettering:
    """Draws text for pictures of one size."""

    def __init__(self, size: tuple[int, int], font: Path | None = None) -> None:
        """Letters for pictures of `size` (width, height); `font` is a TrueType or OpenType file.

        Raises:
            RenderError: The font cannot be read, or is not where it should be.
        """
        self.size, self.font = size, font or _own_font()
        self._at(20)

    def overlay(self, text: str, share: float, place: Place = "middle") -> Overlay:
        """Text, as large as it is to be or as large as it fits.

        Args:
            text: Lines are broken where they are too long.
            share: Size of the type, as a share of the picture's height.
            place: Where in the picture.

        Raises:
            RenderError: The font has no letters for it, or it does not fit.
        """
        self.check(text)
        lines, size = self.fit(text, share)
        return self._drawn(lines, size, place)

    def fit(self, text: str, share: float) -> tuple[list[str], int]:
        """The lines of a text, and the size of type in pixels at which they fit.

        Raises:
            RenderError: They fit at none.
        """
        width, height = self.size
        size = max(_SMALLEST, round(share * height))
        while True:
            lines = self._broken(normalize("NFC", text), size)
            if lines is not None and len(lines) * _LINE * size <= _WIDE * height:
                return lines, size
            if size <= _SMALLEST:
                raise RenderError(
                    f"the text {visible(text[:40])!r} does not fit a picture of {width}x{height}"
                )
            size = max(_SMALLEST, size * 9 // 10)

    def check(self, text: str) -> None:
        """Refuse text that the font has no letters for.

        Raises:
            RenderError: Names the characters.
        """
        font = self._at(20)
        nothing = _glyph(font, _NOWHERE)
        found = {c for c in normalize("NFC", text) if not c.isspace() and category(c) != "Cf"}
        lacking = sorted(c for c in found if _glyph(font, c) == nothing)
        if lacking:
            shown = ", ".join(f"{visible(c)} (U+{ord(c):04X})" for c in lacking[:8])
            raise RenderError(
                f"the font {self.font.name} has no letters for {shown}.\n"
                "Name a font that has: --font FILE"
            )

    def _drawn(self, lines: list[str], size: int, place: Place) -> Overlay:
        font, edge = self._at(size), max(1, size // 14)
        step, width = _LINE * size, self.size[0]
        high = 2 * ((round(len(lines) * step) + 2 * edge + 1) // 2)
        high = min(high, self.size[1] - self.size[1] % 2)
        letters, hidden = Image.new("L", (width, high)), Image.new("L", (width, high))
        for number, line in enumerate(lines):
            at = (width / 2, edge + (number + 0.5) * step)
            ImageDraw.Draw(letters).text(at, line, 255, font, anchor="mm")
            ImageDraw.Draw(hidden).text(at, line, 255, font, anchor="mm", stroke_width=edge)
        share = {"upper": 0.0, "middle": 0.5, "lower": 1.0}[place]
        margin = (1 - _WIDE) / 2 * self.size[1]
        top = margin + share * (self.size[1] - 2 * margin - high)
        top = 2 * round(min(max(top, 0), self.size[1] - high) / 2)
        white = np.asarray(letters, np.float32) / np.float32(255)
        cover = np.asarray(hidden, np.float32) / np.float32(255)
        cover = np.maximum(cover, white)
        used = np.flatnonzero(cover.max(axis=0))
        if not len(used):
            raise RenderError(
                f"the text {visible(''.join(lines)[:40])!r} shows nothing in its font"
            )
        left, right = used[0] // 2 * 2, used[-1] // 2 * 2 + 2
        luma: Floats = np.float32(16) + np.float32(219) * white[:, left:right]
        return Overlay(int(left), top, luma, cover[:, left:right])

    def _broken(self, text: str, size: int) -> list[str] | None:
        """Text in lines that fit; None where a word alone does not."""
        font, most = self._at(size), _WIDE * self.size[0]
        lines = []
        for paragraph in text.strip().split("\n"):
            line = ""
            for word in paragraph.split() or [""]:
                longer = f"{line} {word}".strip()
                if font.getlength(longer) <= most or (not line and not word):
                    line = longer
                    continue
                if font.getlength(word) > most:
                    return None
                lines.append(line)
                line = word
            lines.append(line)
        return lines

    def _at(self, size: int) -> ImageFont.FreeTypeFont:
        return _font(self.font, size)


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> tuple[object, bytes]:
    mask = font.getmask(character)
    return mask.getbbox(), bytes(mask)


@lru_cache(maxsize=16)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    try:
        font = ImageFont.truetype(str(path), size)
    except OSError as error:
        raise RenderError(f"{path} is no font that can be read: {error}") from error
    try:
        axes = font.get_variation_axes()
    except OSError:  # it does not vary
        return font
    font.set_variation_by_axes(
        [
            min(max(_WEIGHT, axis["minimum"] or 0), axis["maximum"] or _WEIGHT)
            if axis["name"] == b"Weight"
            else axis["default"] or 0
            for axis in axes
        ]
    )
    return font


def _own_font() -> Path:
    spec = find_spec("streamlit")
    folders = spec.submodule_search_locations if spec else None
    found = [file for folder in folders or () for file in Path(folder).glob(_FONT_OF_STREAMLIT)]
    if not found:
        raise RenderError(
            "the installed streamlit carries no Source Sans 3, which text is drawn in.\n"
            "Name a font: --font FILE"
        )
    return sorted(found)[0]
