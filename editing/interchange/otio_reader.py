"""A reader of OpenTimelineIO JSON that shares nothing with the writer but time.

It reads the JSON itself: OpenTimelineIO's own parser, which is C++, crashes the process on some
damaged files. Clips, gaps, transitions, constant speeds and markers are read, by every schema
version up to OpenTimelineIO 0.18's.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any
from urllib.parse import unquote, urlsplit

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.read_sequence import Edit, ReadSequence, refuse_overlaps
from editing.interchange.sequence import Marker, printable
from ingest.timecode import FrameRange, nominal_rate

_OURS = "reelroom"
_MAX_CHARACTERS = 32_000_000
_MOST_FRAMES = 10**9

Table = dict[str, Any]


def read_otio(text: str) -> ReadSequence:
    """Read an OTIO timeline.

    Raises:
        TimelineError: It is not OTIO, or holds what is not read; names the item.
    """
    timeline = _parsed(text)
    stack = _table(timeline, "tracks", "the timeline")
    _refuse_trim(stack, "the timeline")
    reader = _Tracks()
    counts: dict[str, int] = {}
    for track in _list(stack, "children", "the timeline"):
        schema = _schema(track)
        if schema not in ("Track", "Sequence"):  # as tracks were called before 2018
            raise TimelineError(f"a {schema} among the tracks is not read")
        kind = f"{track.get('kind') or 'Video'}"
        if kind not in ("Video", "Audio"):
            raise TimelineError(f"a track of the kind {kind[:20]!r} is not read")
        counts[kind] = counts.get(kind, 0) + 1
        reader.read(track, f"{kind[0]}{counts[kind]}")
    if not reader.edits:
        raise TimelineError("the timeline holds no clip")
    if len(reader.rates) != 1:
        raise TimelineError(f"the timeline mixes clips of {len(reader.rates)} rates; one is read")
    rate = reader.rates.pop()
    drop = _ours(timeline).get("drop_frame") is True and rate in map(
        Fraction, ("30000/1001", "60000/1001")
    )
    begin = timeline.get("global_start_time")
    start = _frames(begin, "the timeline's start") if begin else 0
    if start < 0:
        raise TimelineError(f"the timeline's start is at frame {start}")
    refuse_overlaps(reader.edits, start, rate, drop=drop)
    reader.read_markers(stack, 0, 0, None)
    told = tuple(sorted(reader.markers)), tuple(reader.told)
    name = _name(timeline)
    return ReadSequence(name, rate, drop, start, tuple(reader.edits), *told, "otio")


def _parsed(text: str) -> Table:
    if len(text) > _MAX_CHARACTERS:
        raise TimelineError(f"an OTIO file of {len(text):,} characters is too long")
    try:
        document = json.loads(text)
    except RecursionError:
        raise TimelineError("not an OTIO timeline: its JSON is nested too deep") from None
    except ValueError as error:
        raise TimelineError(f"not an OTIO timeline: {error}") from error
    schema = _schema(document)
    if schema != "Timeline":
        raise TimelineError(f"an OTIO file of a {schema}, not of a timeline")
    return dict(document)


class _Tracks:
    """Reads track after track."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.markers: list[Marker] = []
        self.told: list[str] = []
        self.rates: set[Fraction] = set()

    def read(self, track: Table, name: str) -> None:
        record, after_clip = 0, False
        mix: Table | None = None
        _refuse_trim(track, f"track {name}")
        self.read_markers(track, 0, 0, None)
        for number, item in enumerate(_list(track, "children", f"track {name}"), start=1):
            schema = _schema(item)
            where = f"track {name}, item {number} {_name(item)[:60]!r}"
            if schema == "Transition":
                mix = item
                continue
            if schema not in ("Clip", "Gap", "Filler"):
                raise TimelineError(f"{where}: a {schema} is not read")
            own, frames, rate = _span(item, where)
            clip = schema == "Clip"
            if frames < 0 or (frames < 1 and clip):
                raise TimelineError(f"{where} lasts {frames} frames")
            if clip:
                self.rates.add(rate)
                edit = self._edit(item, name, own, FrameRange(record, record + frames), where)
                into = self._join(mix, where, meets=after_clip)
                self.edits.append(replace(edit, transition=into))
            elif mix is not None:
                self._lost_fade(mix, where)
            self.read_markers(item, record, own, frames)
            record, after_clip, mix = record + frames, clip, None
        if mix is not None:
            self._lost_fade(mix, f"track {name}, at its end")

    def _edit(self, clip: Table, track: str, own: int, record: FrameRange, where: str) -> Edit:
        if clip.get("enabled", True) is not True:
            raise TimelineError(f"{where} is disabled; such clips are not read")
        if own < 0:
            raise TimelineError(f"{where} begins at frame {own} of its source")
        frames = max(1, round(record.frames * self._speed(clip, where)))
        reference = _reference(clip)
        path = _path(reference)
        name = path.rsplit("/", 1)[-1] or _name(clip)
        gain = _ours(clip).get("gain")
        level = float(gain) if isinstance(gain, int | float) and abs(gain) < 1000 else None
        reel = str(_ours(reference).get("reel") or "")
        return Edit(track, name, FrameRange(own, own + frames), record, None, level, reel, path)

    def _speed(self, clip: Table, where: str) -> float:
        speed = 1.0
        for effect in _list(clip, "effects", where):
            schema = _schema(effect)
            if schema == "LinearTimeWarp":
                speed *= _number(effect, "time_scalar", where)
            elif schema in ("FreezeFrame", "TimeEffect"):
                raise TimelineError(f"{where}: a {schema} is not read")
            else:
                self.told.append(f"{where}: the effect {_name(effect)[:40]!r} is left aside")
        if not 0 < speed < 1000:
            raise TimelineError(f"{where}: a speed of {speed:g} is not read")
        return speed

    def _join(self, mix: Table | None, where: str, *, meets: bool) -> Transition | None:
        if mix is None:
            return None
        before, after = _sides(mix, where)
        kind = _ours(mix).get("kind")
        if kind not in ("dissolve", "dip") and mix.get("transition_type") != "SMPTE_Dissolve":
            self.told.append(f"{where}: {_name(mix)[:40]!r} before it is read as a dissolve")
        if not meets:
            return Transition("dip", 0, after) if after else None
        return Transition("dip" if kind == "dip" else "dissolve", before, after)

    def _lost_fade(self, mix: Table, where: str) -> None:
        frames = sum(_sides(mix, where))
        self.told.append(f"{where}: a fade to black over {frames} frames is not kept")

    def read_markers(self, item: Table, record: int, own: int, frames: int | None) -> None:
        """Markers of an item that begins at a record frame, and at `own` in its own time."""
        for marker in _list(item, "markers", "an item"):
            name = _name(marker)
            where = f"marker {name[:40]!r}"
            at = _frames(_table(_table(marker, "marked_range", where), "start_time", where), where)
            if at >= own and (frames is None or at - own < frames):
                text = printable(name or str(marker.get("comment") or ""))
                self.markers.append(Marker(record + at - own, text))


def _span(item: Table, where: str) -> tuple[int, int, Fraction]:
    """Where an item begins in its own time, how many frames it lasts, and its rate."""
    told = item.get("source_range") or _reference(item).get("available_range")
    if not isinstance(told, dict):
        raise TimelineError(f"{where}: it does not say how long it is")
    start, duration = (_table(told, name, where) for name in ("start_time", "duration"))
    rate = exact_rate(_number(duration, "rate", where))
    if exact_rate(_number(start, "rate", where)) != rate:
        raise TimelineError(f"{where} begins at another rate than it lasts")
    return _frames(start, where), _frames(duration, where), rate


def _sides(mix: Table, where: str) -> tuple[int, int]:
    before, after = (_frames(mix.get(side), where) for side in ("in_offset", "out_offset"))
    if before < 0 or after < 0 or before + after < 1:
        raise TimelineError(f"{where}: a transition of {before} and {after} frames before it")
    return before, after


def _reference(clip: Table) -> Table:
    """The media reference of a clip; empty where it is missing."""
    several = clip.get("media_references")
    if isinstance(several, dict):
        found = several.get(clip.get("active_media_reference_key", "DEFAULT_MEDIA"))
    else:
        found = clip.get("media_reference")  # before OpenTimelineIO 0.15
    return found if isinstance(found, dict) else {}


def _path(reference: Table) -> str:
    url = reference.get("target_url")
    try:
        return unquote(urlsplit(url).path) if isinstance(url, str) else ""
    except ValueError:
        return ""


def _refuse_trim(item: Table, where: str) -> None:
    if item.get("source_range"):
        raise TimelineError(f"{where} is trimmed as a whole, which is not read")


def _schema(thing: object) -> str:
    """`Clip` of `Clip.2`."""
    schema = thing.get("OTIO_SCHEMA") if isinstance(thing, dict) else None
    return schema.partition(".")[0] if isinstance(schema, str) else "thing without a schema"


def _name(thing: Table) -> str:
    return str(thing.get("name") or "")


def _ours(thing: Table) -> Table:
    """What this project wrote into the metadata of something, if others left it as it was."""
    metadata = thing.get("metadata")
    found = metadata.get(_OURS) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _table(thing: Table, name: str, where: str) -> Table:
    found = thing.get(name)
    if not isinstance(found, dict):
        raise TimelineError(f"{where} lacks {name}")
    return found


def _list(thing: Table, name: str, where: str) -> Iterator[Table]:
    found = thing.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TimelineError(f"{where}: its {name} are not a list of objects")
    yield from found


def _number(thing: Table, name: str, where: str) -> float:
    found = thing.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > _MOST_FRAMES:
        raise TimelineError(f"{where}: its {name} is no number that is read: {str(found)[:20]}")
    return found


def _frames(time: object, where: str) -> int:
    if not isinstance(time, dict):
        raise TimelineError(f"{where}: a time is missing")
    value = _number(time, "value", where)
    if not float(value).is_integer():
        raise TimelineError(f"{where}: {value} is not a whole number of frames")
    return int(value)


def exact_rate(rate: float) -> Fraction:
    """The rational that a float rate stands for: 23.976 and 23.976023976… are 24000/1001.

    Raises:
        TimelineError: It is no rate of pictures.
    """
    if not 1 / 100 < rate <= 1000:  # not a number is neither
        raise TimelineError(f"{rate} frames per second are no rate")
    ntsc = Fraction(nominal_rate(Fraction(rate)) * 1000, 1001)
    return ntsc if abs(rate - ntsc) < 1e-3 else Fraction(rate).limit_denominator(1001)
