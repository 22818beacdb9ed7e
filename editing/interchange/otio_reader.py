"""A reader of OpenTimelineIO JSON that shares nothing with the writer but time.

Clips, gaps, transitions, constant speeds, stills and markers are read, by every schema version up
to OpenTimelineIO 0.18's; stacks and tracks within a track are laid flat.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame, taken
from editing.interchange.layers import seen_through
from editing.interchange.nested import FlatTrack
from editing.interchange.otio_json import (
    Table,
    Time,
    list_of,
    media_rate,
    name_of,
    number_of,
    ours,
    parse_timeline,
    path_of,
    reference_of,
    schema_of,
    span_of,
    table_of,
    time_of,
    whole_frames,
)
from editing.interchange.read_sequence import Edit, ReadSequence, refuse_overlaps
from editing.interchange.sequence import Marker, printable
from ingest.timecode import FrameRange, supports_drop_frame

_MOST_NESTED = 12
_MOST_EDITS = 500_000
_NESTED = ("Stack", "Track", "Sequence")
"""What may stand in a track for a sequence of its own; tracks were called Sequence before 2018."""


def read_otio(text: str) -> ReadSequence:
    """Read an OTIO timeline.

    Raises:
        TimelineError: It is not OTIO, or holds what is not read; names the item.
    """
    timeline = parse_timeline(text)
    stack = table_of(timeline, "tracks", "the timeline")
    _refuse_trim(stack, "the timeline")
    tracks = [(track, _kind(track)) for track in list_of(stack, "children", "the timeline")]
    rate = _rate_of(timeline, stack)
    told: list[str] = []
    edits: list[Edit] = []
    markers: list[Marker] = []
    counts: dict[str, int] = {}
    for track, kind in tracks:
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind[0]}{counts[kind]}"
        if track.get("enabled", True) is not True:
            told.append(f"track {name} is disabled and left aside")
            continue
        _refuse_trim(track, f"track {name}")
        reader = _Track(rate, name, f"track {name}", told)
        reader.read(track)
        edits += reader.edits
        markers += reader.markers
    if not edits:
        raise TimelineError("the timeline holds no clip")
    drop = ours(timeline).get("drop_frame") is True and supports_drop_frame(rate)
    begin = timeline.get("global_start_time")
    where = "the timeline's start"
    start = whole_frames(time_of(begin, where), rate, where) if begin else 0
    if start < 0:
        raise TimelineError(f"the timeline's start is at frame {start}")
    refuse_overlaps(edits, start, rate, drop=drop)
    markers += _markers(stack, rate, 0, Time(Fraction(0), rate), None)
    name, found = name_of(timeline), (tuple(sorted(markers)), tuple(told))
    return ReadSequence(name, rate, drop, start, tuple(edits), *found, "otio")


def _rate_of(timeline: Table, stack: Table) -> Fraction:
    """The rate of a timeline, which OTIO does not tell: that of its clips' lengths, else that of
    its start."""
    rates = {duration.rate for duration in _lengths(stack, 0)}
    if not rates:
        raise TimelineError("the timeline holds no clip")
    if len(rates) == 1:
        return rates.pop()
    begin = timeline.get("global_start_time")
    own = time_of(begin, "the timeline's start").rate if isinstance(begin, dict) else None
    if own not in rates:
        names = ", ".join(f"{float(rate):.3f}" for rate in sorted(rates))
        raise TimelineError(
            f"the timeline mixes clips of {len(rates)} rates, {names}, and its global_start_time "
            "does not say which is its own"
        )
    return own


def _lengths(parent: Table, depth: int) -> Iterator[Time]:
    """How long each clip is."""
    if depth > 2 * _MOST_NESTED:
        raise TimelineError(f"more than {_MOST_NESTED} stacks within each other are not read")
    for item in list_of(parent, "children", "the timeline"):
        if schema_of(item) == "Clip":
            yield span_of(item, f"the clip {name_of(item)[:60]!r}")[1]
        elif schema_of(item) in _NESTED:
            yield from _lengths(item, depth + 1)


def _kind(track: Table) -> str:
    schema = schema_of(track)
    if schema not in ("Track", "Sequence"):
        raise TimelineError(f"a {schema} among the tracks is not read")
    kind = f"{track.get('kind') or 'Video'}"
    if kind not in ("Video", "Audio"):
        raise TimelineError(f"a track of the kind {kind[:20]!r} is not read")
    return kind


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item lies."""

    record: FrameRange
    begin: Time
    """In its own time."""
    where: str


class _Track:
    """Reads one track."""

    def __init__(
        self, rate: Fraction, name: str, where: str, told: list[str], depth: int = 0
    ) -> None:
        self.rate, self.name, self.where, self.told = rate, name, where, told
        self.depth = depth
        self.edits: list[Edit] = []
        self.markers: list[Marker] = []
        self.length = Fraction(0)
        """Frames, which need not be whole where items are of other rates."""

    def read(self, track: Table) -> None:
        """Its edits, each up to its joins, and its markers."""
        self.markers += _markers(track, self.rate, 0, Time(Fraction(0), self.rate), None)
        mix: Table | None = None
        items = list(list_of(track, "children", self.where))
        for number, item in enumerate(items, start=1):
            schema = schema_of(item)
            where = f"{self.where}, item {number} {name_of(item)[:60]!r}"
            if schema == "Transition":
                mix = item
                continue
            out = items[number] if items[number:] and _is_mix(items[number]) else None
            if schema == "Clip":
                self._clip(item, mix, where)
            elif schema in ("Gap", "Filler"):
                self._gap(item, mix, where)
            elif schema in _NESTED:
                self._nested(item, mix, out, where)
            else:
                raise TimelineError(f"{where}: a {schema} is not read")
            mix = None
            if len(self.edits) > _MOST_EDITS:
                raise TimelineError(f"{where} is past {_MOST_EDITS:,} edits; no more are read")
        if mix is not None:
            self._lost_fade(mix, f"{self.where}, at its end")

    def _place(self, begin: Time, duration: Time, where: str) -> _Place | None:
        """Where an item lies that follows those before it; None if it lasts no frame."""
        frames = duration.at(self.rate)
        if duration.rate == self.rate:
            frames = Fraction(whole_frames(duration, self.rate, where))
        if frames < 0:
            raise TimelineError(f"{where} lasts {float(frames):g} frames")
        if frames.denominator != 1:
            self.told.append(
                f"{where} lasts {float(frames):.3f} frames of the timeline; it is taken to whole "
                "ones"
            )
        start, end = round(self.length), round(self.length + frames)
        self.length += frames
        return _Place(FrameRange(start, end), begin, where) if start < end else None

    def _gap(self, item: Table, mix: Table | None, where: str) -> None:
        place = self._place(*span_of(item, where), where)
        if mix is not None:
            self._lost_fade(mix, where)
        if place is not None:
            self._mark(item, place)

    def _clip(self, item: Table, mix: Table | None, where: str) -> None:
        place = self._place(*span_of(item, where), where)
        if place is None:
            raise TimelineError(f"{where} lasts 0 frames")
        edit = self._edit(item, place)
        into = self._join(mix, where, place.record.start)
        fade = 0 if into or self.name.startswith("V") else _short_fade(item, self.rate)
        self.edits.append(replace(edit, transition=into, fade_ms=fade))
        self._mark(item, place)

    def _mark(self, item: Table, place: _Place) -> None:
        record = place.record
        self.markers += _markers(item, self.rate, record.start, place.begin, record.frames)

    def _edit(self, clip: Table, place: _Place) -> Edit:
        where, record = place.where, place.record
        if clip.get("enabled", True) is not True:
            raise TimelineError(f"{where} is disabled; such clips are not read")
        reference = reference_of(clip)
        own_rate = media_rate(reference, where) or place.begin.rate
        conform = own_rate / self.rate
        own = self._first(place.begin, own_rate, where)
        path = path_of(reference)
        name = path.rsplit("/", 1)[-1] or name_of(clip)
        gain = ours(clip).get("gain")
        level = float(gain) if isinstance(gain, int | float) and abs(gain) < 1000 else None
        reel = str(ours(reference).get("reel") or "")
        speed, effects = self._effects(clip, where)
        source, pace = _source(own, record.frames, speed, conform)
        told = (None, level, reel, path, conform, pace, effects)
        return Edit(self.name, name, source, record, *told)

    def _first(self, begin: Time, own_rate: Fraction, where: str) -> int:
        """The first frame of its file that a clip shows, or is heard of."""
        place = begin.at(own_rate)
        if self.name.startswith("V") and place.denominator != 1:
            if begin.rate == own_rate:
                raise TimelineError(f"{where}: {float(place)} is not a whole number of frames")
            self.told.append(f"{where} begins between two frames of its file; the nearer is taken")
        if place < 0:
            raise TimelineError(f"{where} begins at frame {round(place)} of its source")
        return nearest_frame(place)

    def _effects(self, clip: Table, where: str) -> tuple[Fraction, tuple[str, ...]]:
        """Its speed, and the names of other effects."""
        speed, others = 1.0, []
        for effect in list_of(clip, "effects", where):
            schema = schema_of(effect)
            if schema == "LinearTimeWarp":
                speed *= number_of(effect, "time_scalar", where)
            elif schema == "FreezeFrame":
                speed = 0.0
            elif schema == "TimeEffect":
                raise TimelineError(f"{where}: a {schema} that is no constant speed is not read")
            else:
                others.append(name_of(effect)[:40] or schema)
                self.told.append(f"{where}: the effect {others[-1]!r} is left aside")
        if not abs(speed) < 1000:
            raise TimelineError(f"{where}: a speed of {speed:g} is not read")
        return Fraction(speed), tuple(others)

    def _nested(self, item: Table, mix: Table | None, out: Table | None, where: str) -> None:
        """A stack, or a track, in place of a clip: what is seen of it, or heard."""
        if self.depth >= _MOST_NESTED:
            raise TimelineError(f"{where}: more than {_MOST_NESTED} within each other are not read")
        if item.get("enabled", True) is not True:
            raise TimelineError(f"{where} is disabled; such stacks are not read")
        if item.get("effects"):
            raise TimelineError(f"{where} has effects as a whole, which are not read; decompose it")
        layers, length = self._layers(item, where)
        ranged = span_of(item, where) if item.get("source_range") else None
        begin, duration = ranged or (Time(Fraction(0), self.rate), Time(length, self.rate))
        place = self._place(begin, duration, where)
        if place is None:
            raise TimelineError(f"{where} lasts 0 frames")
        inner = seen_through(layers, self.name, "frame {}".format)
        first = round(begin.at(self.rate))
        if first < 0:
            raise TimelineError(f"{where} begins at frame {first} of what it holds")
        span, record = FrameRange(first, first + place.record.frames), place.record
        sides = self._handles(mix, out, where)
        into = self._join(mix, where, record.start)
        flat = FlatTrack(inner)
        shown = flat.window(span, record.start, track=self.name, where=where, handles=sides)
        if into is not None:
            if not shown or shown[0].record.start != record.start or shown[0].transition:
                raise TimelineError(f"{where}: the transition into it shows no single clip of it")
            shown[0] = replace(shown[0], transition=into)
        self.edits += shown
        self._mark(item, place)

    def _layers(self, item: Table, where: str) -> tuple[list[list[Edit]], Fraction]:
        """The edits of each track within, from the lowest to the topmost, and the longest's end."""
        nested = schema_of(item) == "Stack"
        children = list(list_of(item, "children", where)) if nested else [item]
        kind = "Video" if self.name.startswith("V") else "Audio"
        layers, longest = list[list[Edit]](), Fraction(0)
        for number, child in enumerate(children, start=1):
            here = f"{where}, track {number}" if nested else where
            is_track = schema_of(child) in ("Track", "Sequence")
            if is_track and (child.get("kind") or "Video") != kind:
                continue
            if is_track and nested:
                _refuse_trim(child, here)
            whole = child if is_track else {"children": [child]}
            reader = _Track(self.rate, self.name, here, self.told, self.depth + 1)
            reader.read(whole)
            longest = max(longest, reader.length)
            if kind == "Audio" and layers:
                self.told.append(f"{here}: only the first track of sound within it is read")
                continue
            layers.append(reader.edits)
        return layers, longest

    def _handles(self, mix: Table | None, out: Table | None, where: str) -> tuple[int, int]:
        """Frames beyond an item's ends that dissolves show."""
        before = self._sides(mix, where)[0] if mix is not None and not _is_dip(mix) else 0
        after = self._sides(out, where)[1] if out is not None and not _is_dip(out) else 0
        return before, after

    def _join(self, mix: Table | None, where: str, start: int) -> Transition | None:
        """The transition at the beginning of an item."""
        if mix is None:
            return None
        before, after = self._sides(mix, where)
        known = ours(mix).get("kind") in ("dissolve", "dip")
        if not known and mix.get("transition_type") != "SMPTE_Dissolve":
            self.told.append(f"{where}: {name_of(mix)[:40]!r} before it is read as a dissolve")
        if not (self.edits and self.edits[-1].record.end == start):
            return Transition("dip", 0, after) if after else None
        return Transition("dip" if _is_dip(mix) else "dissolve", before, after)

    def _sides(self, mix: Table, where: str) -> tuple[int, int]:
        before, after = (
            whole_frames(time_of(mix.get(side), where), self.rate, where)
            for side in ("in_offset", "out_offset")
        )
        if before < 0 or after < 0 or before + after < 1:
            raise TimelineError(f"{where}: a transition of {before} and {after} frames before it")
        return before, after

    def _lost_fade(self, mix: Table, where: str) -> None:
        frames = sum(self._sides(mix, where))
        self.told.append(f"{where}: a fade to black over {frames} frames is not kept")


def _short_fade(clip: Table, rate: Fraction) -> int:
    """Milliseconds of a crossfade that this project wrote and that rounds to no frame."""
    told = ours(clip).get("fade_ms")
    if not isinstance(told, int) or not 0 <= told <= 1000:
        return 0
    return int(told) if not round(Fraction(told, 2000) * rate) else 0


def _source(
    own: int, frames: int, speed: Fraction, conform: Fraction
) -> tuple[FrameRange, Fraction | None]:
    """The source frames that `frames` record frames take, and their pace; see `Edit`."""
    if speed == 1:
        return taken(own, frames, conform), None
    if speed == 0:
        return FrameRange(own, own + 1), Fraction(0)
    count = max(1, round(frames * abs(speed) * conform))
    pace = Fraction(count, frames)
    plain = speed > 0 and conform == 1
    return FrameRange(own, own + count), None if plain else pace * (1 if speed > 0 else -1)


def _markers(
    item: Table, rate: Fraction, record: int, begin: Time, frames: int | None
) -> Iterator[Marker]:
    """Markers of an item that begins at a record frame, and at `begin` in its own time."""
    for marker in list_of(item, "markers", "an item"):
        name = name_of(marker)
        where = f"marker {name[:40]!r}"
        told = time_of(table_of(marker, "marked_range", where).get("start_time"), where)
        if told.rate == rate == begin.rate:
            whole_frames(told, rate, where)
        at = round(told.at(rate) - begin.at(rate))
        if at >= 0 and (frames is None or at < frames):
            text = printable(name or str(marker.get("comment") or ""))
            yield Marker(record + at, text)


def _is_mix(item: Table) -> bool:
    return schema_of(item) == "Transition"


def _is_dip(mix: Table) -> bool:
    return bool(ours(mix).get("kind") == "dip")


def _refuse_trim(item: Table, where: str) -> None:
    if item.get("source_range"):
        raise TimelineError(f"{where} is trimmed as a whole, which is not read")
