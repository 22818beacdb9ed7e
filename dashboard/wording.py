"""How pages and commands write times, rates, sizes, sound and reasons for people."""

import re
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from ingest.paths import visible

if TYPE_CHECKING:
    from ingest.media import Audio

SIMULATED = ":orange-badge[:material/science: simulated]"
"""Markdown that marks what a simulator made."""
SIMULATED_NOTE = "Simulated data: made by the simulator, not by an audience."

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~$&]|(?<![^\n])[ \t]*(?:[-+=]|\d+[.)])")
"""What Markdown reads as more than a letter: anywhere, and at the beginning of a line."""
_REPLACED_LATER = re.compile(r":(?=[\w+/-])(?!\d\d\b)|(?<=\bwww)(?=\.)|(?<=\S)(?=@)", re.IGNORECASE)
"""Where a page makes pictures or links of what is text by then: `:name:`, `://`, `www.`, `a@b`."""
_JOINER = "\u2060"
"""Is not seen, and lets no line break."""


def clock(seconds: Fraction | float) -> str:
    """A length of time: `0:04:45`."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def rate_label(rate: Fraction, *, variable: bool = False) -> str:
    """A frame rate: `24 fps`, `23.976 fps`, `25 fps, variable`."""
    return f"{float(rate):.5g} fps" + (", variable" if variable else "")


def size_label(size: tuple[int, int]) -> str:
    """Width and height in pixels: `1280 × 720`."""
    return f"{size[0]} × {size[1]}"


def sound_label(audio: "Audio | None") -> str:
    """What sound a film has: `stereo, 48 kHz, −23.1 LUFS`."""
    if audio is None:
        return "none"
    channels = {1: "mono", 2: "stereo"}.get(audio.channels, f"{audio.channels} channels")
    loud = audio.integrated_lufs
    loudness = "silent" if loud is None else minus(f"{loud:.1f} LUFS")
    return f"{channels}, {audio.sample_rate / 1000:g} kHz, {loudness}"


def plain(text: str) -> str:
    """Text as Markdown that shows it letter for letter: names, notes and messages on a page.

    Nothing in it becomes a link, a picture, a formula, a symbol or a heading. What a page turns
    into symbols and links only after Markdown was read is broken by a character without width.
    """
    marked = _MARKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    return _REPLACED_LATER.sub(lambda found: found[0] + _JOINER, marked)


def signed(value: float) -> str:
    """A number that is added: `+0.312`, `−0.050`."""
    return minus(f"{value:+.3f}")


def measure_label(name: str, value: float) -> str:
    """A measure of a shot, in Markdown: `motion **0.012**`, `loudness **−23.1 LUFS**`."""
    unit = " LUFS" if name == "loudness" else ""
    return minus(f"{name.replace('_', ' ')} **{value:.3g}{unit}**")


def minus(text: str) -> str:
    """The text with a true minus sign for each hyphen before a digit."""
    return text.replace("-", "−")


def moment(iso: str) -> str:
    """An ISO 8601 instant in UTC, to the minute: `2026-03-01 14:05`."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M}"


def with_path(path: str, reason: str) -> str:
    """Why something is wrong with a file, and which file, named once."""
    shown = visible(path)
    return reason if shown in reason else f"{shown}: {reason}"


def first_line(text: str) -> str:
    """The first line of a text, for a cell of a table."""
    return (text.splitlines() or [""])[0]
