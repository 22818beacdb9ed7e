"""A reader of Final Cut Pro XML that shares nothing with the writer but time.

Reads one project: its primary storyline, what is connected to it, and compound clips, which are
laid flat. A clip with sound is an edit of V1 and, for each channel, of A1, A2, …; lanes are tracks
above it, and sound of their own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.fcpxml_clips import CONNECTED, MARKERS, Clips, Taken
from editing.interchange.fcpxml_resources import (
    child_of,
    frames_of,
    rate_of,
    time_of,
    whole_frames,
)
from editing.interchange.nested import NestedSequence
from editing.interchange.read_sequence import Edit, ReadSequence, refuse_overlaps
from editing.interchange.sequence import Marker, printable
from editing.interchange.xml_text import parse_xml
from ingest.timecode import FrameRange, supports_drop_frame

_VERSION = re.compile(r"1\.[0-9]{1,2}")
_MAX_EDITS = 500_000
"""Those within compound clips counted too."""
_MOST_NESTED = 12
_CODE = "frame {} within it".format
_OVERLAYS = ("title", "caption")


def read_fcpxml(text: str) -> ReadSequence:
    """Read the one project of an FCPXML document.

    Raises:
        TimelineError: It is not FCPXML, or holds what is not read; names the element.
    """
    root = parse_xml(text)
    if root.tag != "fcpxml":
        raise TimelineError(f"an XML document of <{root.tag}>, not of <fcpxml>")
    if not _VERSION.fullmatch(root.get("version", "")):
        raise TimelineError(f"<fcpxml> of version {root.get('version', '')[:20]!r}, not of 1.x")
    projects = list(root.iter("project"))
    if len(projects) != 1:
        raise TimelineError(f"<fcpxml> holds {len(projects)} projects; one is read")
    sequence = child_of(projects[0], "sequence")
    resources = {r.get("id", ""): r for r in root.findall("resources/*")}
    rate = rate_of(resources, sequence.get("format", ""), "<sequence>")
    counting = sequence.get("tcFormat", "NDF")
    if counting not in ("DF", "NDF") or (counting == "DF" and not supports_drop_frame(rate)):
        raise TimelineError(f"<sequence>: no tcFormat {counting[:20]!r} at {float(rate):.3f}")
    clips = Clips(resources, rate)
    start = frames_of(sequence, "tcStart", rate, "<sequence>", Fraction(0))
    story = _Storyline(clips, start)
    story.read(child_of(sequence, "spine"))
    edits = story.tracks()
    if not edits:
        raise TimelineError("the <spine> holds no clip")
    refuse_overlaps(edits, start, rate, drop=counting == "DF")
    aside = (f"{count} <{tag}> left aside" for tag, count in clips.aside.items())
    return ReadSequence(
        *(projects[0].get("name", ""), rate, counting == "DF", start, tuple(edits)),
        *(tuple(sorted(story.markers)), (*clips.told, *aside), "fcpxml"),
    )


@dataclass(frozen=True, slots=True)
class _Mix:
    """A `<transition>`, in record frames."""

    start: int
    end: int
    black: bool
    sound: bool
    where: str
    other: str
    """The name of an effect that is neither a dissolve nor a dip; empty for those."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item lies."""

    record: FrameRange
    """Frames from the sequence's first."""
    lane: int
    where: str
    into: Transition | None = None
    mix: _Mix | None = None
    after: int = 0
    """Frames behind its end that the transition there shows."""


class _Storyline:
    """Reads the items of a storyline, and what is connected to them."""

    def __init__(
        self,
        clips: Clips,
        start: int,
        depth: int = 0,
        compounds: dict[str, NestedSequence] | None = None,
    ) -> None:
        self.clips, self.rate, self.start, self.depth = clips, clips.rate, start, depth
        self.compounds = {} if compounds is None else compounds
        """The compound clips that were read, by their id."""
        self.edits: list[tuple[int, Edit]] = []
        """Each with its lane; their tracks are `V`, `A1`, `A2`, … within it."""
        self.markers: list[Marker] = []

    def tracks(self) -> list[Edit]:
        """All edits with their tracks: V1 is the lowest lane, A1 the first channel of lane 0."""
        seen = sorted({lane for lane, edit in self.edits if edit.track == "V"})
        names = {(lane, "V"): f"V{number}" for number, lane in enumerate(seen, start=1)}
        heard = {(lane, edit.track) for lane, edit in self.edits if edit.track != "V"}
        order = sorted(heard, key=lambda key: (key[0] != 0, key[0], int(key[1][1:])))
        names |= {key: f"A{number}" for number, key in enumerate(order, start=1)}
        return [replace(edit, track=names[lane, edit.track]) for lane, edit in self.edits]

    def read(self, spine: Element, base: int = 0, lane: int = 0) -> None:
        """All edits of a storyline whose time 0 is at frame `base` of the sequence's timecode."""
        end, after_clip = base if lane else self.start, False
        mix: _Mix | None = None
        items = list(spine)
        for number, item in enumerate(items, start=1):
            named = f"<{item.tag[:40]} name={item.get('name', '')[:60]!r}>"
            where = f"item {number} of the <spine>, {named}"
            if item.tag == "transition":
                if mix is not None:
                    raise TimelineError(f"{where} follows another transition; that is not read")
                mix = self._mix(item, where, base, end)
                if mix.other:
                    self.clips.told.append(f"{where}: {mix.other!r} is read as a dissolve")
                continue
            self.clips.check_kind(item, where)
            if item.get("lane", "0") != "0":
                raise TimelineError(f"{where} lies on a lane, and is connected to nothing")
            default = Fraction(end - base) / self.rate
            begin = base + frames_of(item, "offset", self.rate, where, default)
            if begin < end:
                what = "what is before it" if number > 1 else "the sequence"
                raise TimelineError(f"{where} overlaps {what} by {end - begin} frames")
            meets = after_clip and begin == end
            into = self._join(mix, begin, meets=meets) if item.tag != "gap" else None
            if item.tag == "gap" and mix:
                self._lost_fade(mix)
            frames = self._frames(item, where)
            after = 0
            if items[number:] and items[number].tag == "transition":
                here = f"item {number + 1} of the <spine>, a <transition>"
                out = self._mix(items[number], here, base, begin + frames)
                after = 0 if out.black else out.end - begin - frames
            record = FrameRange(begin - self.start, begin - self.start + frames)
            self._item(item, _Place(record, lane, where, into, mix, after))
            end, after_clip, mix = begin + frames, item.tag != "gap", None
        if mix:
            self._lost_fade(mix)

    def _frames(self, item: Element, where: str) -> int:
        """How many record frames an item lasts."""
        duration = self.clips.length(item, where)
        frames = self.clips.whole(duration, "duration", where)
        if frames < 1:
            raise TimelineError(f"{where} lasts {frames} frames")
        return frames

    def _item(self, item: Element, place: _Place) -> None:
        """An item, its markers, and what is connected to it."""
        where, record = place.where, place.record
        if item.get("enabled", "1") != "1":
            raise TimelineError(f"{where} is disabled; such clips are not read")
        own, speed = Fraction(0), Fraction(1)
        if item.tag == "gap":
            self.clips.refuse_others(item, where)
            own = time_of(item, "start", where, Fraction(0))
        elif item.tag == "ref-clip":
            own = self._compound(item, place)
        else:
            taken = self.clips.take(item, where)
            self._add(taken, place)
            own, speed = taken.start, taken.speed
        self._read_markers(item, own, record, where)
        for child in item:
            if child.get("lane", "0") != "0" and child.tag in CONNECTED:
                if item.tag == "clip" and child.tag == "audio":
                    continue  # its own sound
                if speed != 1:
                    raise TimelineError(f"{where}: clips connected to one at another speed")
                self._connected(child, own, place)

    def _connected(self, item: Element, own: Fraction, parent: _Place) -> None:
        """An item on a lane of its own; its offset is in the time of what it is connected to."""
        where = f"{parent.where}, connected <{item.tag} name={item.get('name', '')[:60]!r}>"
        if item.tag in _OVERLAYS:
            self.clips.leave(item.tag)
            return
        text = item.get("lane", "0")
        if not re.fullmatch(r"-?[0-9]{1,4}", text):
            raise TimelineError(f"{where}: no lane {text[:20]!r}")
        offset = time_of(item, "offset", where, own) - own
        begin = parent.record.start + whole_frames(offset, self.rate, f"{where}: offset")
        if begin < 0:
            raise TimelineError(f"{where} begins before the sequence")
        if item.tag == "spine":
            self.read(item, self.start + begin, int(text))
            return
        self.clips.check_kind(item, where)
        record = FrameRange(begin, begin + self._frames(item, where))
        self._item(item, _Place(record, int(text), where))

    def _mix(self, item: Element, where: str, base: int, end: int) -> _Mix:
        default = Fraction(end - base) / self.rate
        offset = base + frames_of(item, "offset", self.rate, where, default)
        frames = self.clips.whole(time_of(item, "duration", where), "duration", where)
        if frames < 1:
            raise TimelineError(f"{where} lasts {frames} frames")
        filters = item.findall("filter-video")
        effect = self.clips.resources.get(filters[0].get("ref", "")) if filters else None
        name = (effect.get("name") if effect is not None else None) or item.get("name") or ""
        black = re.search(r"fade to color|dip|fade to black", name, re.IGNORECASE) is not None
        other = "" if black or name in ("", "Cross Dissolve") else name[:40]
        sound = item.find("filter-audio") is not None
        return _Mix(offset, offset + frames, black, sound, where, other)

    def _join(self, mix: _Mix | None, join: int, *, meets: bool) -> Transition | None:
        """The transition at a clip's beginning."""
        if mix is None:
            return None
        before, after = join - mix.start, mix.end - join
        if before < 0 or after < 0:
            raise TimelineError(f"{mix.where} does not lie over the beginning of what follows it")
        if not meets:
            return Transition("dip", 0, after) if after else None
        return Transition("dip" if mix.black else "dissolve", before, after)

    def _lost_fade(self, mix: _Mix) -> None:
        frames = mix.end - mix.start
        self.clips.told.append(
            f"{mix.where}: a fade to black over {frames} frames, which is not kept"
        )

    def _add(self, taken: Taken, place: _Place) -> None:
        """The picture of a clip, and its sound."""
        asset, where, record = taken.asset, place.where, place.record
        conform = asset.rate / self.rate
        if taken.picture:
            source, pace = self.clips.source(taken, taken.start, record.frames, where)
            told = place.into, None, asset.reel, asset.path, conform, pace, taken.effects
            self._keep(place, [Edit("V", asset.name, source, record, *told)])
        if not taken.channels:
            return
        own, lasts = taken.sound or (taken.start, taken.duration)
        at = record.start + self.clips.whole(own - taken.start, "audioStart", where)
        heard = self.clips.whole(lasts, "audioDuration", where)
        if at < 0 or heard < 1:
            raise TimelineError(f"{where}: its sound begins before the sequence, or has no frame")
        source, pace = self.clips.source(taken, own, heard, where)
        joint = place.into if place.mix and place.mix.sound and taken.sound is None else None
        record = FrameRange(at, at + heard)
        sound = joint, taken.gain, asset.reel, asset.path, conform, pace
        names = (f"A{n}" for n in range(1, taken.channels + 1))
        self._keep(place, [Edit(name, asset.name, source, record, *sound) for name in names])

    def _keep(self, place: _Place, edits: Sequence[Edit]) -> None:
        self.edits += [(place.lane, edit) for edit in edits]
        self.clips.edits += len(edits)
        if self.clips.edits > _MAX_EDITS:
            raise TimelineError(f"{place.where} is past {_MAX_EDITS:,} edits; no more are read")

    def _compound(self, item: Element, place: _Place) -> Fraction:
        """A compound clip laid flat; its own time at its beginning."""
        where = place.where
        self.clips.refuse_others(item, where)
        media = self.clips.resources.get(item.get("ref", ""))
        inner = media.find("sequence") if media is not None else None
        if inner is None:
            reference = item.get("ref", "")[:40]
            raise TimelineError(f"{where} refers to {reference!r}, which is no compound clip")
        if self.depth >= _MOST_NESTED:
            raise TimelineError(f"{where}: compound clips within more than {_MOST_NESTED} others")
        if rate_of(self.clips.resources, inner.get("format", ""), where) != self.rate:
            raise TimelineError(f"{where} is a compound clip of another rate; break it apart")
        begin = frames_of(inner, "tcStart", self.rate, where, Fraction(0))
        identity = item.get("ref", "")
        if identity not in self.compounds:
            story = _Storyline(self.clips, begin, self.depth + 1, self.compounds)
            story.read(child_of(inner, "spine"))
            self.compounds[identity] = NestedSequence(story.tracks(), self.rate, _CODE)
        own = time_of(item, "start", where, begin / self.rate)
        first = self.clips.whole(own, "start", where) - begin
        if first < 0:
            raise TimelineError(f"{where} begins before what it holds")
        self._flatten(item, place, self.compounds[identity], first)
        return own

    def _flatten(self, item: Element, place: _Place, compound: NestedSequence, first: int) -> None:
        """What is seen and heard of a compound clip from its frame `first` on."""
        enabled, where = item.get("srcEnable", "all"), place.where
        span = FrameRange(first, first + place.record.frames)
        into = place.into
        before = into.before if into and into.kind == "dissolve" else 0
        at, sides = place.record.start, (before, place.after)
        if enabled != "audio":
            shown = compound.picture.window(span, at, track="V", where=where, handles=sides)
            effects = self.clips.effects(item)
            shown = [replace(edit, effects=(*edit.effects, *effects)) for edit in shown]
            if into is not None:
                if not shown or shown[0].record.start != place.record.start or shown[0].transition:
                    raise TimelineError(f"{where}: the transition into it shows no clip of it")
                shown[0] = replace(shown[0], transition=into)
            self._keep(place, shown)
        if enabled != "video":
            for name, sound in compound.sounds.items():
                self._keep(place, sound.window(span, at, track=name, where=where))

    def _read_markers(self, item: Element, own: Fraction, record: FrameRange, where: str) -> None:
        """Markers of an item, which count in its own time; those outside it are not seen."""
        for marker in (child for child in item if child.tag in MARKERS):
            at = (time_of(marker, "start", f"{where}, <marker>") - own) * self.rate
            if 0 <= at < record.frames:
                text = printable(marker.get("value", ""))
                self.markers.append(Marker(record.start + int(at), text))
