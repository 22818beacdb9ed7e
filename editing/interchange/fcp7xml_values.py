"""Numbers, rates and timecodes of Final Cut Pro 7 XML, as its reader needs them."""

from fractions import Fraction
from xml.etree.ElementTree import Element

from editing.errors import TimelineError
from ingest.timecode import supports_drop_frame, timecode_to_frame


def rate_of(element: Element) -> Fraction:
    """Frames per second by the `<rate>` of an element.

    Raises:
        TimelineError: There is none, or it is no rate.
    """
    rate = child_of(element, "rate")
    timebase = number_of(rate, "timebase")
    if not 1 <= timebase <= 1000:
        raise TimelineError(f"<timebase> of {timebase} in <{element.tag}>")
    ntsc = text_of(rate, "ntsc").upper() == "TRUE"
    return Fraction(timebase * 1000, 1001) if ntsc else Fraction(timebase)


def start_frame(code: Element, rate: Fraction) -> int:
    """The frame number of a `<timecode>`, said twice: as a string and as a number.

    Raises:
        TimelineError: It is none that the rate has, or the two differ.
    """
    text = text_of(code, "string")
    if text_of(code, "displayformat") == "DF":
        if not supports_drop_frame(rate):
            raise TimelineError(f"<displayformat> DF at {float(rate):.3f} frames per second")
        text = ";".join(text.replace(";", ":").rsplit(":", 1))  # Premiere has four semicolons
    try:
        frame = timecode_to_frame(text, rate)
    except ValueError as error:
        raise TimelineError(f"<timecode>: {error}") from None
    if code.find("frame") is not None and frame != number_of(code, "frame"):
        raise TimelineError(f"<timecode>: {text} is frame {frame}, not {text_of(code, 'frame')}")
    return frame


def number_of(element: Element, tag: str) -> int:
    """The whole number in a child.

    Raises:
        TimelineError: There is none.
    """
    text = text_of(element, tag)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(text) > 18:
        raise TimelineError(f"<{tag}> in <{element.tag}> is not a whole number: {text[:20]!r}")
    return int(text)


def is_true(element: Element, tag: str, *, default: bool) -> bool:
    """Whether a child says TRUE."""
    text = (element.findtext(tag) or "").strip().upper()
    return text == "TRUE" if text else default


def text_of(element: Element, tag: str) -> str:
    """The text of a child.

    Raises:
        TimelineError: There is no such child.
    """
    return (child_of(element, tag).text or "").strip()


def child_of(element: Element, tag: str) -> Element:
    """The first child of a tag.

    Raises:
        TimelineError: There is none.
    """
    child = element.find(tag)
    if child is None:
        raise TimelineError(f"<{element.tag}> lacks <{tag}>")
    return child
