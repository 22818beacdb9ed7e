"""OpenTimelineIO's JSON as its reader looks at it: objects, lists, numbers and times, each checked.

It is parsed here: OpenTimelineIO's own parser, which is C++, crashes the process on some damaged
files.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from urllib.parse import unquote, urlsplit

from editing.errors import TimelineError
from ingest.timecode import nominal_rate

_OURS = "reelroom"
_MAX_CHARACTERS = 32_000_000
_MOST_FRAMES = 10**9
_NEAR = Fraction(1, 10_000)
"""Of a frame: what floats may be off."""

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Time:
    """A time as OTIO tells it: frames, not always whole, and their rate."""

    value: Fraction
    rate: Fraction

    def at(self, rate: Fraction) -> Fraction:
        """The same time in frames of another rate; whole ones where it is as near as floats are."""
        place = self.value if rate == self.rate else self.value * rate / self.rate
        whole = round(place)
        return Fraction(whole) if abs(place - whole) < _NEAR else place


def parse_timeline(text: str) -> Table:
    """The timeline of an OTIO file.

    Raises:
        TimelineError: It is none.
    """
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an OTIO file of {len(text):,} characters is too long")
    try:
        document = json.loads(text)
    except RecursionError:
        raise TimelineError("not an OTIO timeline: its JSON is nested too deep") from None
    except ValueError as error:
        raise TimelineError(f"not an OTIO timeline: {error}") from error
    schema = schema_of(document)
    if schema != "Timeline":
        raise TimelineError(f"an OTIO file of a {schema}, not of a timeline")
    return dict(document)


def schema_of(thing: object) -> str:
    """`Clip` of `Clip.2`."""
    schema = thing.get("OTIO_SCHEMA") if isinstance(thing, dict) else None
    return schema.partition(".")[0] if isinstance(schema, str) else "thing without a schema"


def name_of(thing: Table) -> str:
    """Its name; empty without one."""
    return str(thing.get("name") or "")


def ours(thing: Table) -> Table:
    """What this project wrote into the metadata of something, if others left it as it was."""
    metadata = thing.get("metadata")
    found = metadata.get(_OURS) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def table_of(thing: Table, name: str, where: str) -> Table:
    """An object within an object.

    Raises:
        TimelineError: There is none of that name.
    """
    found = thing.get(name)
    if not isinstance(found, dict):
        raise TimelineError(f"{where} lacks {name}")
    return found


def list_of(thing: Table, name: str, where: str) -> Iterator[Table]:
    """The objects of a list within an object; none if it is missing.

    Raises:
        TimelineError: It is no list of objects.
    """
    found = thing.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TimelineError(f"{where}: its {name} are not a list of objects")
    yield from found


def number_of(thing: Table, name: str, where: str) -> float:
    """A number within an object.

    Raises:
        TimelineError: There is none, or one that no timeline has.
    """
    found = thing.get(name)
    if (
        not isinstance(found, int | float)
        or isinstance(found, bool)
        or not abs(found) <= _MOST_FRAMES
    ):
        raise TimelineError(f"{where}: its {name} is no number that is read: {str(found)[:20]}")
    return found


def time_of(time: object, where: str) -> Time:
    """A RationalTime.

    Raises:
        TimelineError: It is missing, or of no rate.
    """
    if not isinstance(time, dict):
        raise TimelineError(f"{where}: a time is missing")
    value = Fraction(number_of(time, "value", where))
    return Time(value, exact_rate(number_of(time, "rate", where)))


def whole_frames(time: Time, rate: Fraction, where: str) -> int:
    """A time in whole frames; one of another rate is taken to the nearest.

    Raises:
        TimelineError: It is of that rate and between two frames.
    """
    place = time.at(rate)
    if time.rate == rate and place.denominator != 1:
        raise TimelineError(f"{where}: {float(time.value)} is not a whole number of frames")
    return round(place)


def span_of(item: Table, where: str) -> tuple[Time, Time]:
    """Where an item begins in its own time, and how long it lasts.

    Raises:
        TimelineError: It does not say.
    """
    told = item.get("source_range") or reference_of(item).get("available_range")
    if not isinstance(told, dict):
        raise TimelineError(f"{where}: it does not say how long it is")
    start, duration = (table_of(told, name, where) for name in ("start_time", "duration"))
    return time_of(start, where), time_of(duration, where)


def reference_of(clip: Table) -> Table:
    """The media reference of a clip; empty where it is missing."""
    several = clip.get("media_references")
    if isinstance(several, dict):
        key = clip.get("active_media_reference_key", "DEFAULT_MEDIA")
        found = several.get(key) if isinstance(key, str) else None
    else:
        found = clip.get("media_reference")  # before OpenTimelineIO 0.15
    return found if isinstance(found, dict) else {}


def media_rate(reference: Table, where: str) -> Fraction | None:
    """The frame rate of the media, where its reference tells one of pictures."""
    available = reference.get("available_range")
    start = available.get("start_time") if isinstance(available, dict) else None
    rate = start.get("rate") if isinstance(start, dict) else None
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 1 <= rate <= 1000:
        return None  # such as samples of sound
    return exact_rate(rate)


def path_of(reference: Table) -> str:
    """The path of the media; empty where there is none."""
    url = reference.get("target_url")
    try:
        return unquote(urlsplit(url).path) if isinstance(url, str) else ""
    except ValueError:
        return ""


def exact_rate(rate: float) -> Fraction:
    """The rational that a float rate stands for: 23.976 and 23.976023976… are 24000/1001.

    Raises:
        TimelineError: It is no rate of pictures.
    """
    if not 1 / 100 < rate <= 1000:  # not a number is neither
        raise TimelineError(f"{rate} frames per second are no rate")
    ntsc = Fraction(nominal_rate(Fraction(rate)) * 1000, 1001)
    return ntsc if abs(rate - ntsc) < 1e-3 else Fraction(rate).limit_denominator(1001)
