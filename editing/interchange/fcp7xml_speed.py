"""Speeds of Final Cut Pro 7 XML: what the Time Remap effect and still frames show.

In and out of a clip at another speed count at that speed. Keyframes tell which frame of the source
shows when; those of a clip that plays backwards stand one frame behind it.
"""

from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from editing.errors import TimelineError
from editing.interchange.fcp7xml_values import is_true, number_of
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class Shown:
    """What a clip shows between its in and out, in frames of the sequence's rate."""

    source: FrameRange
    """From the file's first frame."""
    pace: Fraction
    """Of these for each record frame: 1 plain, below 0 backwards, 0 a still of the first."""
    between: bool = False
    """Whether it begins or ends between two frames, and was taken to whole ones."""


def shown_by(clip: Element, inside: FrameRange, where: str) -> Shown:
    """What a clip shows.

    Args:
        clip: The `<clipitem>`.
        inside: From its in to its out.
        where: For messages.

    Raises:
        TimelineError: Its speed changes on the way, or is not told.
    """
    if is_true(clip, "stillframe", default=False):
        if clip.find("stillframeoffset") is None:
            raise TimelineError(
                f"{where} is a still, and no <stillframeoffset> says of which frame"
            )
        first = number_of(clip, "stillframeoffset")
        return Shown(FrameRange(first, first + 1), Fraction(0))
    found = Shown(inside, Fraction(1))
    for effect in clip.findall("filter/effect"):
        if (effect.findtext("effectid") or "").strip() == "timeremap":
            told = {
                (p.findtext("parameterid") or "").strip(): p for p in effect.findall("parameter")
            }
            if _value(told, "variablespeed", "0") not in ("0", "FALSE"):
                raise TimelineError(
                    f"{where} changes its speed on the way; such clips are not read"
                )
            found = _remapped(told, inside, where)
    return found


def _remapped(told: dict[str, Element], inside: FrameRange, where: str) -> Shown:
    keys = {}
    for key in told["graphdict"].findall("keyframe") if "graphdict" in told else ():
        keys[_frame(key, "when", where)] = _frame(key, "value", where)
    backwards = _value(told, "reverse", "FALSE").upper() == "TRUE"
    try:
        if inside.start in keys and inside.end in keys:
            return _between(keys[inside.start], keys[inside.end], inside.frames)
        percent = Fraction(_value(told, "speed", "100")[:20])
        if percent <= 0 or backwards:
            raise TimelineError(
                f"{where} stands still or plays backwards, and no keyframes at its in and out tell "
                "of which frames; that is not read"
            )
        first = inside.start * percent / 100
        frames = max(1, round(inside.frames * percent / 100))
        whole = first.denominator == (inside.frames * percent / 100).denominator == 1
        source = FrameRange(round(first), round(first) + frames)
        return Shown(source, Fraction(frames, inside.frames), not whole)
    except (ValueError, ZeroDivisionError) as error:
        raise TimelineError(f"{where}: a speed that is not read: {error}") from None


def _between(first: int, last: int, frames: int) -> Shown:
    """From the keyframe at the in to that at the out."""
    if first == last:
        return Shown(FrameRange(first, first + 1), Fraction(0))
    if last > first:
        return Shown(FrameRange(first, last), Fraction(last - first, frames))
    return Shown(FrameRange(max(0, last - 1), first - 1), Fraction(last - first, frames))


def _frame(key: Element, tag: str, where: str) -> int:
    """A frame of a keyframe, which other systems tell with a point: `14.0`."""
    text = (key.findtext(tag) or "").strip()
    try:
        value = Fraction(text[:24])
    except (ValueError, ZeroDivisionError):
        value = Fraction(1, 2)
    if value.denominator != 1 and tag == "when":
        raise TimelineError(f"{where}: <{tag}> of a <keyframe> is no frame: {text[:20]!r}")
    return round(value)


def _value(told: dict[str, Element], name: str, default: str) -> str:
    parameter = told.get(name)
    return default if parameter is None else (parameter.findtext("value") or default).strip()
