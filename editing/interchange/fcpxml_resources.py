"""Times, formats and assets of Final Cut Pro XML, as its reader needs them."""

import re
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from editing.errors import TimelineError

_TIME = re.compile(r"([0-9]{1,19})(?:/([0-9]{1,10}))?s")
_RATES = {Fraction(n) for n in (24, 25, 30, 50, 60)} | {
    *(Fraction(n, 1001) for n in (24000, 30000, 60000)),
}
MAX_CHANNELS = 64
_NTSC_FILM, _NTSC, _NTSC_DOUBLE = (Fraction(n, 1001) for n in (24000, 30000, 60000))
_COLUMNS = (
    (_NTSC_FILM,),
    (Fraction(24),),
    (Fraction(25), Fraction(50)),
    (_NTSC, _NTSC_DOUBLE),
    (Fraction(30), Fraction(60)),
)
_SPED_UP_IN = {
    _NTSC_FILM: (1, 2),
    Fraction(24): (0, 2),
    Fraction(25): (0, 1),
    Fraction(50): (0, 1),
    _NTSC: (4,),
    _NTSC_DOUBLE: (4,),
    Fraction(30): (3,),
    Fraction(60): (3,),
}
"""Rates of media, and the columns of sequences that they are sped up or slowed down in."""
_REEL_KEY = "com.apple.proapps.studio.reel"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its times are those of its timecode."""

    name: str
    path: str
    reel: str
    rate: Fraction
    """Frames per second of its picture; the sequence's where it has none."""
    start: Fraction
    end: Fraction | None
    picture: bool
    channels: int


def read_asset(element: Element, resources: dict[str, Element], rate: Fraction) -> Asset:
    """An `<asset>` in a sequence of rate `rate`.

    Raises:
        TimelineError: It names no file, or its format is of no rate that is read.
    """
    where = f"<asset id={element.get('id', '')[:40]!r}>"
    start = time_of(element, "start", where, Fraction(0))
    length = time_of(element, "duration", where, Fraction(0))
    picture = element.get("hasVideo") == "1"
    form = element.get("format")
    own_rate = rate_of(resources, form, where) if picture and form is not None else rate
    channels = 0
    if element.get("hasAudio") == "1":
        text = element.get("audioChannels", "1")
        channels = int(text) if re.fullmatch("[0-9]{1,3}", text) else 0
        if not 1 <= channels <= MAX_CHANNELS:
            raise TimelineError(f"{where}: audioChannels of {text[:20]!r}")
    end = start + length if length else None
    path = _file_path(element, where)
    name = path.rsplit("/", 1)[-1] or element.get("name", "")
    if not name:
        raise TimelineError(f"{where} names no file")
    told = {md.get("key"): md.get("value", "") for md in element.findall("metadata/md")}
    return Asset(name, path, told.get(_REEL_KEY, ""), own_rate, start, end, picture, channels)


def is_sped_up(rate: Fraction, sequence: Fraction) -> bool:
    """Whether Final Cut Pro changes the speed of media of rate `rate` in a sequence of another one,
    unless `<conform-rate scaleEnabled="0">` keeps it (Apple, FCPXML reference, conform-rate)."""
    column = next(i for i, rates in enumerate(_COLUMNS) if sequence in rates)
    return column in _SPED_UP_IN.get(rate, ())


def media_start(item: Element, asset: Asset, where: str) -> Fraction:
    """Where an item begins in its own time, which must be said unless its file begins at 0.

    Raises:
        TimelineError: It is not said.
    """
    if item.get("start") is None and asset.start:
        raise TimelineError(f"{where} lacks start, and its <asset> does not begin at 0")
    return time_of(item, "start", where, Fraction(0))


def _file_path(asset: Element, where: str) -> str:
    """The file that `<media-rep>`, or before FCPXML 1.9 the asset itself, names."""
    places = [rep for rep in asset.findall("media-rep") if rep.get("kind") != "proxy-media"]
    try:
        return unquote(urlsplit((places or [asset])[0].get("src", "")).path)
    except ValueError as error:
        raise TimelineError(f"{where}: src is not an address: {error}") from error


def rate_of(resources: dict[str, Element], reference: str, where: str) -> Fraction:
    """The frame rate of a `<format>`.

    Raises:
        TimelineError: There is none of that name, or its rate is not read.
    """
    form = resources.get(reference)
    if form is None or form.tag != "format":
        raise TimelineError(f"{where} refers to {reference[:40]!r}, which is no <format>")
    where = f"<format id={reference[:40]!r}>"
    frame = time_of(form, "frameDuration", where)
    if not frame or 1 / frame not in _RATES:
        raise TimelineError(f"{where}: frameDuration of {frame} s is of no rate that is read")
    return 1 / frame


def frames_of(item: Element, name: str, rate: Fraction, where: str, default: Fraction) -> int:
    """A time of an element as whole frames; see `time_of` and `whole_frames`."""
    return whole_frames(time_of(item, name, where, default), rate, f"{where}: {name}")


def whole_frames(seconds: Fraction, rate: Fraction, what: str) -> int:
    """Seconds as whole frames.

    Raises:
        TimelineError: They lie between two frames.
    """
    frames = seconds * rate
    if frames.denominator != 1:
        raise TimelineError(
            f"{what} of {seconds} s is not a whole number of frames of {1 / rate} s"
        )
    return frames.numerator


def time_of(item: Element, name: str, where: str, default: Fraction | None = None) -> Fraction:
    """A time of an element in seconds, such as `1001/30000s` or `5s`.

    Raises:
        TimelineError: It is no such time, or is missing and has no default.
    """
    text = item.get(name)
    if text is None:
        if default is None:
            raise TimelineError(f"{where} lacks {name}")
        return default
    found = _TIME.fullmatch(text.strip())
    if found is None or (found[2] and not int(found[2])):
        raise TimelineError(
            f"{where}: {name} is {text[:40]!r}; expected rational seconds from 0 on, "
            "such as 1001/30000s or 5s"
        )
    return Fraction(int(found[1]), int(found[2] or 1))


def child_of(element: Element, tag: str) -> Element:
    """The one child of a tag.

    Raises:
        TimelineError: There is none.
    """
    child = element.find(tag)
    if child is None:
        raise TimelineError(f"<{element.tag}> lacks <{tag}>")
    return child
