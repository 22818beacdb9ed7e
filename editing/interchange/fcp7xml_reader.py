"""A reader of Final Cut Pro 7 XML that shares nothing with the writer but time.

Reads one sequence: clips, dissolves, fades, constant speeds, stills, levels and markers; nested
sequences are laid flat. Other filters are left aside and told; generators are refused by name.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame, taken
from editing.interchange.fcp7xml_speed import Shown, shown_by
from editing.interchange.fcp7xml_values import (
    child_of,
    is_true,
    number_of,
    rate_of,
    start_frame,
    text_of,
)
from editing.interchange.nested import FlatTrack, NestedSequence
from editing.interchange.read_sequence import Edit, ReadSequence, refuse_overlaps
from editing.interchange.sequence import Marker, printable
from editing.interchange.xml_text import parse_xml
from ingest.timecode import FrameRange

_PLAIN = frozenset({"enabled", "locked", "outputchannelindex"})
_TICKS = 254_016_000_000
_MOST_NESTED = 12
_MOST_EDITS = 500_000
_CODE = "frame {} of a nested sequence".format


def read_fcp7xml(text: str) -> ReadSequence:
    """Read the one sequence of an xmeml document.

    Raises:
        TimelineError: It is not xmeml, or holds what is not read; names the element.
    """
    root = parse_xml(text)
    if root.tag != "xmeml":
        raise TimelineError(f"an XML document of <{root.tag}>, not of <xmeml>")
    sequence = _outermost(root)
    rate = rate_of(sequence)
    code = child_of(sequence, "timecode")
    reader = _Tracks(rate, _Described(root))
    edits = [edit for track in reader.sequence(sequence) for edit in track]
    if not edits:
        raise TimelineError("the sequence holds no <clipitem>")
    drop = text_of(code, "displayformat") == "DF"
    start = start_frame(code, rate)
    refuse_overlaps(edits, start, rate, drop=drop)
    markers = tuple(sorted(_markers(sequence)))
    name, remarks = text_of(sequence, "name"), tuple(reader.remarks())
    return ReadSequence(name, rate, drop, start, tuple(edits), markers, remarks, "fcp7")


def _outermost(root: Element) -> Element:
    """The sequence that no other one holds: sequences may also lie beside the one that does."""
    inner = [s for clip in root.iter("clipitem") for s in clip.iter("sequence")]
    within = {id(sequence) for sequence in inner}
    named = {sequence.get("id") for sequence in inner} - {None}
    others = [s for s in root.iter("sequence") if id(s) not in within and s.get("id") not in named]
    if len(others) != 1:
        raise TimelineError(f"<xmeml> holds {len(others)} sequences; one is read")
    return others[0]


class _Described:
    """Files and sequences by their id: each is described once, and named by it elsewhere."""

    def __init__(self, root: Element) -> None:
        self.files = {f.get("id", ""): f for f in root.iter("file") if f.find("rate") is not None}
        self.sequences = {
            s.get("id", ""): s for s in root.iter("sequence") if s.find("media") is not None
        }


@dataclass(frozen=True, slots=True)
class _Mix:
    """A `<transitionitem>`."""

    start: int
    end: int
    join: int
    alignment: str

    @property
    def fades_in(self) -> bool:
        return self.alignment == "start-black"

    @property
    def fades_out(self) -> bool:
        return self.alignment == "end-black"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a clip lies."""

    inside: FrameRange
    """From its in to its out."""
    record: FrameRange
    """Up to the joins."""
    head: int
    """Frames before the join at its beginning, within a transition."""
    tail: int
    """Frames behind the join at its end."""


class _Tracks:
    """Reads track after track."""

    def __init__(self, rate: Fraction, described: _Described) -> None:
        self.rate, self.described = rate, described
        self.aside: dict[str, int] = {}
        self.told: list[str] = []
        self.count = self.depth = 0
        self.nested: dict[str, NestedSequence] = {}
        """Those that were read, by their id."""

    def remarks(self) -> Iterable[str]:
        """What was left aside, for people."""
        yield from self.told
        for what, count in self.aside.items():
            yield f"{count} of {what} left aside"

    def sequence(self, sequence: Element) -> list[list[Edit]]:
        """The edits of each of its tracks: V1, V2, …, A1, A2, …"""
        return [
            self._read(track, f"{letter}{number}")
            for kind, letter in (("video", "V"), ("audio", "A"))
            for number, track in enumerate(sequence.findall(f"media/{kind}/track"), start=1)
        ]

    def _read(self, track: Element, name: str) -> list[Edit]:
        """The edits of a track, each up to its joins."""
        if not is_true(track, "enabled", default=True):
            self.told.append(f"track {name} is disabled and left aside")
            return []
        items = [child for child in track if child.tag not in _PLAIN]
        edits: list[Edit] = []
        mixes: list[_Mix] = []  # since the last clip
        for place, item in enumerate(items):
            if item.tag == "transitionitem":
                mixes.append(self._mix(item))
                continue
            if item.tag != "clipitem":
                raise TimelineError(f"<{item.tag[:40]}> in a <track> is not read")
            following = items[place + 1] if place + 1 < len(items) else None
            out = self._mix(following) if following is not None and _is_mix(following) else None
            found = self._clip(item, name, mixes[-1] if mixes else None, out)
            if found and mixes:
                found[0] = self._joined(found[0], mixes, edits[-1] if edits else None)
            elif mixes:
                self._lost_fade(edits, name, mixes)
            edits += found
            mixes = []
            self.count += len(found) + 1
            if self.count > _MOST_EDITS:
                raise TimelineError(
                    f"{_named(item)} is past {_MOST_EDITS:,} edits; no more are read"
                )
        if mixes:
            self._lost_fade(edits, name, mixes)
        return edits

    def _joined(self, edit: Edit, mixes: list[_Mix], before: Edit | None) -> Edit:
        """An edit with the transition at its beginning."""
        start = edit.record.start
        meets = before is not None and before.record.end == start
        out = [mix for mix in mixes if mix.fades_out]
        into = [mix for mix in mixes if not mix.fades_out]
        back = sum(mix.end - mix.start for mix in out) if meets else 0
        if out and not meets and before is not None:
            self._lost_fade([before], edit.track, out)
        if not into:
            return replace(edit, transition=Transition("dip", back, 0)) if back else edit
        mix = into[-1]
        if mix.fades_in or not meets:
            after = mix.end - start
            return replace(edit, transition=Transition("dip", back, after) if after > 0 else None)
        return replace(edit, transition=Transition("dissolve", start - mix.start, mix.end - start))

    def _lost_fade(self, edits: list[Edit], track: str, mixes: list[_Mix]) -> None:
        name = edits[-1].name if edits else ""
        frames = mixes[0].end - mixes[0].start
        self.told.append(
            f"{track}: the edit of {name!r} fades to black over its last {frames} frames, which "
            "is not kept"
        )

    def _clip(self, clip: Element, track: str, into: _Mix | None, out: _Mix | None) -> list[Edit]:
        where = _named(clip)
        if not is_true(clip, "enabled", default=True):
            raise TimelineError(f"{where} is disabled; such clips are not read")
        start, end = number_of(clip, "start"), number_of(clip, "end")
        if (start == -1 and into is None) or (end == -1 and out is None):
            raise TimelineError(f"{where}: a start or end of -1, and no <transitionitem> there")
        try:
            inside = FrameRange(number_of(clip, "in"), number_of(clip, "out"))
            record = FrameRange(
                into.start if start == -1 and into else start,
                out.end if end == -1 and out else end,
            )
        except ValueError as error:
            raise TimelineError(f"{where}: {error}") from None
        head = into.join - record.start if start == -1 and into else 0
        tail = record.end - out.join if end == -1 and out else 0
        try:
            place = _Place(inside, FrameRange(record.start + head, record.end - tail), head, tail)
        except ValueError:
            raise TimelineError(f"{where}: its transitions leave nothing of it") from None
        nested = clip.find("sequence")
        if nested is not None:
            shown = self._nested(clip, nested, track, place, where)
            mixed = into is not None and not into.fades_out
            single = shown and shown[0].record.start == place.record.start
            if mixed and (not single or shown[0].transition is not None):
                raise TimelineError(f"{where}: the transition into it shows no single clip of it")
            return shown
        return [self._edit(clip, track, place, record.frames, where)]

    def _edit(self, clip: Element, track: str, place: "_Place", frames: int, where: str) -> Edit:
        known = self.described.files.get(child_of(clip, "file").get("id", ""))
        if known is None:
            raise TimelineError(f"{where} names a file that is not described")
        own_rate = rate_of(known)
        inside = self._on_grid(clip, place.inside, frames, where)
        if inside.frames != frames:
            raise TimelineError(f"{where}: {inside.frames} frames of source in {frames} of record")
        shown = shown_by(clip, inside, where)
        if shown.between:
            self.told.append(f"{where}: at its speed it begins or ends between two frames")
        conform = own_rate / self.rate
        code = known.find("timecode")
        first = start_frame(code, own_rate) if code is not None else 0
        source, pace = self._source(clip, shown, place, conform)
        if source is None:
            raise TimelineError(f"{where}: its transitions leave nothing of it")
        source = FrameRange(first + source.start, first + source.end)
        path = unquote(urlsplit((known.findtext("pathurl") or "").strip()).path)
        name = path.rsplit("/", 1)[-1] or (known.findtext("name") or "").strip()
        if not name:
            raise TimelineError(f"{where}: its <file> has neither <pathurl> nor <name>")
        reel = (known.findtext("timecode/reel/name") or "").strip()
        level, effects = self._filters(clip)
        sound = track.startswith("A")
        told = (None, level if sound else None, reel, path, conform, pace)
        return Edit(track, name, source, place.record, *told, () if sound else effects)

    def _on_grid(self, clip: Element, inside: FrameRange, frames: int, where: str) -> FrameRange:
        """From in to out in frames of the sequence, which is how they count where the clip's rate
        is the sequence's; another rate is the clip's own if that, and that alone, fits."""
        rate = rate_of(clip)
        if rate == self.rate:
            return inside
        own = nearest_frame(frames * rate / self.rate)
        if inside.frames == frames != own:
            return inside
        if inside.frames != own or own == frames:
            raise TimelineError(
                f"{where} runs at another rate than the sequence, and its in and out do not tell "
                "which of the two they count in; conform it to the sequence's rate"
            )
        return taken(nearest_frame(inside.start * self.rate / rate), frames, Fraction(1))

    def _source(
        self, clip: Element, shown: Shown, place: "_Place", conform: Fraction
    ) -> tuple[FrameRange | None, Fraction | None]:
        """The file's frames up to the joins, and their pace; see `Edit`."""
        frames, step = place.record.frames, shown.pace * conform
        if shown.pace == 0:
            still = nearest_frame(shown.source.start * conform)
            return FrameRange(still, still + 1), Fraction(0)
        if shown.pace == 1:
            first = self._exact_in(clip, shown.source.start, conform) + place.head * conform
            return taken(nearest_frame(first), frames, conform), None
        begin = shown.source.start if step > 0 else shown.source.end
        begin = nearest_frame((begin + place.head * shown.pace) * conform)
        end = shown.source.end if step > 0 else shown.source.start
        end = nearest_frame((end - place.tail * shown.pace) * conform)
        low, high = min(begin, end), max(begin, end)
        if not 0 <= low < high:
            return None, None
        pace = Fraction(end - begin, frames)
        return FrameRange(low, high), None if conform == 1 and pace > 0 else pace

    def _exact_in(self, clip: Element, first: int, conform: Fraction) -> Fraction:
        """The in point in frames of the file: by Premiere's ticks where they agree with `<in>`."""
        if conform != 1 and clip.find("pproTicksIn") is not None:
            ticks = Fraction(number_of(clip, "pproTicksIn"), _TICKS) * self.rate
            if abs(ticks - first) < 1:
                return ticks * conform
        return first * conform

    def _nested(
        self, clip: Element, nested: Element, track: str, place: "_Place", where: str
    ) -> list[Edit]:
        """A sequence in place of a clip: what is seen of it, or heard of one of its tracks."""
        known = self.described.sequences.get(nested.get("id", ""), nested)
        if self.depth >= _MOST_NESTED:
            raise TimelineError(f"{where}: sequences within more than {_MOST_NESTED} others")
        if rate_of(known) != self.rate:
            raise TimelineError(f"{where} shows a sequence of another rate; decompose it")
        if place.inside.frames != place.record.frames + place.head + place.tail:
            raise TimelineError(f"{where} shows a sequence at another speed; decompose it")
        if clip.find("filter") is not None:
            raise TimelineError(f"{where} shows a sequence with a filter over it; decompose it")
        identity = known.get("id", "")
        if identity not in self.nested or not identity:
            self.depth += 1
            edits = [edit for edits in self.sequence(known) for edit in edits]
            self.depth -= 1
            self.nested[identity] = NestedSequence(edits, self.rate, _CODE)
        inner = self.nested[identity]
        if track.startswith("V"):
            shown = inner.picture
        else:
            wanted = f"A{(clip.findtext('sourcetrack/trackindex') or '1').strip()}"
            shown = inner.sounds.get(wanted, FlatTrack(()))
        first = place.inside.start + place.head
        span = FrameRange(first, first + place.record.frames)
        sides = place.head, place.tail
        return shown.window(span, place.record.start, track=track, where=where, handles=sides)

    def _filters(self, clip: Element) -> tuple[float, tuple[str, ...]]:
        """Decibels of its levels, and the names of other effects, which are counted."""
        gain, others = 0.0, []
        for effect in clip.findall("filter/effect"):
            identity = (effect.findtext("effectid") or "").strip()
            if identity == "audiolevels":
                gain += self._level(effect)
            elif identity != "timeremap":
                others.append((effect.findtext("name") or identity)[:40])
                name = f"<effect> {others[-1]!r}"
                self.aside[name] = self.aside.get(name, 0) + 1
        return gain, tuple(others)

    def _level(self, effect: Element) -> float:
        for parameter in effect.findall("parameter"):
            if (parameter.findtext("parameterid") or "").strip() != "level":
                continue
            if parameter.find("keyframe") is not None:
                name = "<effect> 'Audio Levels' with keyframes"
                self.aside[name] = self.aside.get(name, 0) + 1
                return 0.0
            text = text_of(parameter, "value")
            try:
                level = float(text[:30])
            except ValueError:
                level = -1.0
            if not 0 <= level <= 1000:
                raise TimelineError(f"<value> of <parameter> Level is no level: {text[:30]!r}")
            return round(20 * math.log10(level), 4) if level > 1e-6 else -120.0
        return 0.0

    def _mix(self, item: Element) -> _Mix:
        start, end = number_of(item, "start"), number_of(item, "end")
        if not 0 <= start < end:
            raise TimelineError(f"<transitionitem> from {start} to {end} is none")
        alignment = (item.findtext("alignment") or "center").strip()
        shares = {"start": 0, "start-black": 0, "end": end - start, "end-black": end - start}
        before = shares.get(alignment, (end - start) // 2)
        if item.findtext("cutPointTicks") and alignment not in shares:
            frames = Fraction(number_of(item, "cutPointTicks"), _TICKS) * self.rate
            before = round(frames) if 0 <= frames <= end - start else before
        name = (item.findtext("effect/name") or "").strip()
        if item.findtext("effect/effectcategory", "Dissolve").strip() != "Dissolve":
            self.told.append(f"<transitionitem> {name[:40]!r} at {start} is read as a dissolve")
        return _Mix(start, end, start + before, alignment)


def _is_mix(item: Element) -> bool:
    return item.tag == "transitionitem"


def _named(clip: Element) -> str:
    return f"<clipitem id={clip.get('id')!r}>"


def _markers(sequence: Element) -> Iterable[Marker]:
    for marker in sequence.findall("marker"):
        text = (marker.findtext("comment") or marker.findtext("name") or "").strip()
        yield Marker(max(0, number_of(marker, "in")), printable(text))
