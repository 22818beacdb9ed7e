"""A delivery: what the file of a cut is to be, beyond the cut itself.

The same delivery is given to the render and to the check of the delivered file, so that one
cannot differ from the other. No I/O: `delivery_file.py` reads one from a file.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from editing.assemble.brief import frames_in
from editing.captions.caption import Caption
from editing.cut import Aspect, Cut
from ingest.timecode import timecode_to_frame

Time = Fraction | str
"""Seconds from the cut's first frame, or a timecode `HH:MM:SS:FF` that is 00:00:00:00 there."""
Place = Literal["upper", "middle", "lower"]
Fit = Literal["crop", "pad"]
LoudnessName = Literal["none", "r128", "a85", "stream"]

MAX_TEXT = 2_000
"""Characters of one title, caption or slate."""


@dataclass(frozen=True, slots=True)
class LoudnessTarget:
    """How loud a programme is to be as a whole."""

    lufs: float
    """Integrated loudness, ITU-R BS.1770-4; LKFS is the same unit."""
    true_peak: float
    """dBTP that nothing may exceed, unless a delivery says otherwise."""
    tolerance: float
    """LU either way that a delivered file may be off."""


LOUDNESS: dict[LoudnessName, LoudnessTarget | None] = {
    "none": None,
    "r128": LoudnessTarget(-23.0, -1.0, 0.5),
    "a85": LoudnessTarget(-24.0, -2.0, 2.0),
    "stream": LoudnessTarget(-14.0, -1.0, 1.0),
}
"""EBU R 128 (2020): -23 LUFS ± 0.5 LU, -1 dBTP. ATSC A/85 (2013): -24 LKFS ± 2 dB, -2 dBTP.
-14 LUFS and -1 dBTP are what music and video services ask for; their tolerance is ours."""


@dataclass(frozen=True, slots=True)
class Captions:
    """All captions of a delivery."""

    lines: tuple[Caption, ...]
    of: Literal["cut", "film"] = "cut"
    """Whose time they tell: the delivered cut's, or that of the film that it is cut from."""
    burnt: bool = False
    """Whether they are drawn into the picture; else they are a track that can be switched off."""
    language: str = "und"
    """ISO 639-2; `und` where nobody said."""

    def __post_init__(self) -> None:
        for line in self.lines:
            _check_text("a caption", line.text)
        if not (len(self.language) == 3 and self.language.isascii() and self.language.islower()):
            raise ValueError(f"a language is three letters of ISO 639-2, got {self.language!r}")


@dataclass(frozen=True, slots=True)
class Title:
    """Text over the picture, or on a card in its place, for a time."""

    text: str
    start: Time
    end: Time
    place: Place = "middle"
    card: bool = False
    """Whether it stands on black instead of on the picture; the sound goes on."""
    fade: Fraction = Fraction(0)
    """Seconds in which it comes and goes."""

    def __post_init__(self) -> None:
        _check_text("a title", self.text)
        _check_seconds("the fade of a title", self.fade, 60)


@dataclass(frozen=True, slots=True)
class Slate:
    """A card before or after the cut, silent, that says what the file is.

    Name, version and length are the cut's own; anything else is what the user says.
    """

    seconds: Fraction
    facts: bool = True
    """Whether it gives the cut's name, version and length."""
    date: str = ""
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_seconds("a slate", self.seconds, 600)
        _check_text("a slate", "\n".join((self.date, *self.lines)), empty=True)
        if self.seconds == 0 or not (self.facts or self.date or self.lines):
            raise ValueError("a slate lasts longer than 0 s and has something on it")


@dataclass(frozen=True, slots=True)
class Music:
    """Music under the cut, from its first frame."""

    path: Path
    gain: float = 0.0
    """Decibels."""
    start: Fraction = Fraction(0)
    """Seconds into the music, from its first sample."""
    fade_out: Fraction = Fraction(1)
    """Seconds before the cut's end over which it goes down to nothing."""
    fingerprint: str | None = None
    """Of the file that was meant; None takes any."""

    def __post_init__(self) -> None:
        _check_decibels("the gain of music", self.gain, -60, 20)
        _check_seconds("the start of music", self.start, 36_000)
        _check_seconds("the fade of music", self.fade_out, 600)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the file is to be. Everything left out is as the cut and its footage are."""

    height: int | None = None
    """Pixels; None is what the first film gives."""
    aspect: Aspect | None = None
    """Shape of the picture; None is that of the cut's brief."""
    fit: Fit = "crop"
    """What is done to a picture of another shape than that asked for: `crop` fills it, around what
    the slot's reframing says, `pad` shows all of it between black bars."""
    deinterlace: bool = True
    """Whether the two fields of interlaced films are made whole pictures; else they stay as they
    are, as where a film is interlaced only in name."""
    loudness: LoudnessName = "none"
    true_peak: float | None = None
    """dBTP; None is the loudness target's own, or no limit without one."""
    fade_in: Fraction = Fraction(0)
    """Seconds from black and silence at the cut's beginning."""
    fade_out: Fraction = Fraction(0)
    """Seconds to black and silence at the cut's end."""
    join_fade: Fraction = Fraction(4, 1000)
    """Seconds of crossfade at a join of the sound for which the cut asks none, against clicks."""
    titles: tuple[Title, ...] = ()
    leader: Slate | None = None
    end: Slate | None = None
    captions: Captions | None = None
    music: Music | None = None
    """None is the music of the cut's brief, if it has any."""
    without_music: bool = False
    """Whether there is to be no music, whatever the brief says."""
    font: Path | None = None
    """TrueType or OpenType; None is Source Sans 3."""

    def __post_init__(self) -> None:
        if self.height is not None and not 16 <= self.height <= 8640:
            raise ValueError(f"a height lies from 16 to 8640 pixels, got {self.height}")
        if self.height is not None and self.height % 2:
            raise ValueError(f"a height is even, as 4:2:0 needs it, got {self.height}")
        if self.true_peak is not None:
            _check_decibels("a true-peak limit", self.true_peak, -20, 0)
        _check_seconds("a fade", self.fade_in, 600)
        _check_seconds("a fade", self.fade_out, 600)
        _check_seconds("the crossfade at a join", self.join_fade, 1)

    @property
    def target(self) -> LoudnessTarget | None:
        """How loud it is to be; None leaves the loudness as it is."""
        return LOUDNESS[self.loudness]

    @property
    def peak_limit(self) -> float | None:
        """dBTP that its sound may reach; None for any."""
        if self.true_peak is not None:
            return self.true_peak
        return None if self.target is None else self.target.true_peak


def frame_of(time: Time, rate: Fraction) -> int:
    """The frame of a cut that a time means: the nearest one, halves up.

    Raises:
        ValueError: It is not a timecode of this rate, or below 0.
    """
    if isinstance(time, str):
        return timecode_to_frame(time, rate)
    if time < 0:
        raise ValueError(f"a time is 0 s or more, got {float(time):g}")
    return frames_in(time, rate)


def with_music_of(cut: Cut, delivery: Delivery) -> Delivery:
    """A delivery with the music of a cut's brief, unless it has its own or wants none."""
    if delivery.without_music:
        return replace(delivery, music=None)
    if delivery.music is not None or cut.brief.music is None:
        return delivery
    asked = cut.brief.music
    return replace(delivery, music=Music(Path(asked.path), fingerprint=asked.fingerprint))


def _check_text(what: str, text: str, *, empty: bool = False) -> None:
    if not empty and not any(c.isprintable() and not c.isspace() for c in text):
        raise ValueError(f"{what} has no text")
    if len(text) > MAX_TEXT:
        raise ValueError(f"{what} has {len(text):,} characters; at most {MAX_TEXT:,} are drawn")
    if any(ord(c) < 32 and c != "\n" for c in text):
        raise ValueError(f"{what} has a control character in its text")


def _check_seconds(what: str, seconds: Fraction, most: int) -> None:
    if not 0 <= seconds <= most:
        raise ValueError(f"{what} lasts from 0 to {most} s, got {float(seconds):g}")


def _check_decibels(what: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # NaN fails as well
        raise ValueError(f"{what} lies from {least:g} to {most:g} dB, got {value:g}")
