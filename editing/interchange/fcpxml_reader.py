"""A reader of Final Cut Pro XML that shares nothing with the writer but time.

Reads the spine of one project: `<asset-clip>`, `<clip>`, `<video>`, `<gap>` and `<transition>`,
split sound, constant speeds, levels and markers; what moves frames otherwise is refused, looks are
left aside and told. A clip with sound is an edit of V1 and, for each channel, of A1, A2, …
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from xml.etree.ElementTree import Element

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.fcpxml_resources import (
    MAX_CHANNELS,
    Asset,
    child_of,
    frames_of,
    media_start,
    rate_of,
    read_asset,
    time_of,
    whole_frames,
)
from editing.interchange.read_sequence import Edit, ReadSequence, refuse_overlaps
from editing.interchange.sequence import Marker, printable
from editing.interchange.xml_text import parse_xml
from ingest.timecode import FrameRange, supports_drop_frame

_VERSION = re.compile(r"1\.[0-9]{1,2}")
_LEVEL = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,6})?)dB")
_MAX_EDITS = 500_000
_MARKERS = ("marker", "chapter-marker")
_SILENT = frozenset({"note", "metadata", "rating", "keyword", "analysis-marker", "reserved"})
_LOOKS = ("adjust-", "filter-", "audio-channel-source", "audio-role-source", "object-tracker")
_NOT_READ = {
    "conform-rate": "media of another rate is",
    "spine": "secondary storylines are",
    "ref-clip": "compound clips are",
    "mc-clip": "multicam clips are",
    "sync-clip": "synchronized clips are",
    "audition": "auditions are",
    "title": "titles are",
    "caption": "captions are",
}


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
    spine = _Spine(resources, rate, frames_of(sequence, "tcStart", rate, "<sequence>", Fraction(0)))
    spine.read(child_of(sequence, "spine"))
    refuse_overlaps(spine.edits, spine.start, rate, drop=counting == "DF")
    aside = (f"{count} <{tag}> left aside" for tag, count in spine.aside.items())
    return ReadSequence(
        *(projects[0].get("name", ""), rate, counting == "DF", spine.start, tuple(spine.edits)),
        *(tuple(sorted(spine.markers)), (*spine.told, *aside), "fcpxml"),
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """What an item of the spine takes from a file."""

    asset: Asset
    start: Fraction
    """Seconds of the item's own time, where its picture begins."""
    duration: Fraction
    picture: bool
    channels: int
    sound: tuple[Fraction, Fraction] | None = None
    """Start in the item's own time and duration, where sound is split from the picture."""
    speed: Fraction = Fraction(1)
    shift: Fraction = Fraction(0)
    """The file's time is `speed * own time + shift`."""
    gain: float = 0.0

    def media(self, own: Fraction) -> Fraction:
        """The file's time at a moment of the item's own."""
        return self.speed * own + self.shift


@dataclass(frozen=True, slots=True)
class _Mix:
    """A `<transition>`, in record frames."""

    start: int
    end: int
    black: bool
    sound: bool
    where: str


class _Spine:
    """Reads the items of a spine one after another."""

    def __init__(self, resources: dict[str, Element], rate: Fraction, start: int) -> None:
        self.resources, self.rate, self.start = resources, rate, start
        self.assets: dict[str, Asset] = {}
        self.edits: list[Edit] = []
        self.markers: list[Marker] = []
        self.told: list[str] = []
        self.aside: dict[str, int] = {}

    def read(self, spine: Element) -> None:
        """All edits; record frames count from the sequence's first."""
        end, after_clip = self.start, False
        mix: _Mix | None = None
        for number, item in enumerate(spine, start=1):
            named = f"<{item.tag[:40]} name={item.get('name', '')[:60]!r}>"
            where = f"item {number} of the <spine>, {named}"
            if item.tag == "transition":
                mix = self._mix(item, where, end, mix)
                continue
            taken = self._take(item, where)
            duration = taken.duration if taken else time_of(item, "duration", where)
            frames = self._whole(duration, "duration", where)
            begin = frames_of(item, "offset", self.rate, where, Fraction(end) / self.rate)
            if begin < end:
                what = "what is before it" if number > 1 else "the sequence"
                raise TimelineError(f"{where} overlaps {what} by {end - begin} frames")
            if frames < 1:
                raise TimelineError(f"{where} lasts {frames} frames")
            if taken:
                into = self._join(mix, begin, meets=after_clip and begin == end)
                record = FrameRange(begin - self.start, begin - self.start + frames)
                self._add(taken, record, into, mix, where)
            elif mix:
                self._lost_fade(mix)
            self._read_markers(item, taken, begin - self.start, frames, where)
            end, after_clip, mix = begin + frames, taken is not None, None
            if len(self.edits) > _MAX_EDITS:
                raise TimelineError(f"{where} is past {_MAX_EDITS:,} edits; no more are read")
        if mix:
            self._lost_fade(mix)
        if not self.edits:
            raise TimelineError("the <spine> holds no clip")

    def _mix(self, item: Element, where: str, end: int, before: _Mix | None) -> _Mix:
        if before is not None:
            raise TimelineError(f"{where} follows another transition; that is not read")
        offset = frames_of(item, "offset", self.rate, where, Fraction(end) / self.rate)
        frames = self._whole(time_of(item, "duration", where), "duration", where)
        if frames < 1:
            raise TimelineError(f"{where} lasts {frames} frames")
        filters = item.findall("filter-video")
        effect = self.resources.get(filters[0].get("ref", "")) if filters else None
        name = (effect.get("name") if effect is not None else None) or item.get("name") or ""
        black = re.search(r"fade to color|dip|fade to black", name, re.IGNORECASE) is not None
        if not black and name not in ("", "Cross Dissolve"):
            self.told.append(f"{where}: {name[:40]!r} is read as a dissolve")
        return _Mix(offset, offset + frames, black, item.find("filter-audio") is not None, where)

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
        self.told.append(f"{mix.where}: a fade to black over {frames} frames, which is not kept")

    def _add(
        self,
        taken: _Taken,
        record: FrameRange,
        into: Transition | None,
        mix: _Mix | None,
        where: str,
    ) -> None:
        asset = taken.asset
        if taken.picture:
            source = self._source(taken, taken.start, record.frames, where)
            told = asset.name, source, record, into, None, asset.reel, asset.path
            self.edits.append(Edit("V1", *told))
        if not taken.channels:
            return
        own, lasts = taken.sound or (taken.start, taken.duration)
        at = record.start + self._whole(own - taken.start, "audioStart", where)
        heard = self._whole(lasts, "audioDuration", where)
        if at < 0 or heard < 1:
            raise TimelineError(f"{where}: its sound begins before the sequence, or has no frame")
        source = self._source(taken, own, heard, where)
        joint = into if mix and mix.sound and taken.sound is None else None
        record = FrameRange(at, at + heard)
        sound = asset.name, source, record, joint, taken.gain, asset.reel, asset.path
        self.edits += [Edit(f"A{n}", *sound) for n in range(1, taken.channels + 1)]

    def _source(self, taken: _Taken, own: Fraction, frames: int, where: str) -> FrameRange:
        """The file's frames from a moment of the item's own time on."""
        first = taken.media(own)
        if taken.speed == 1:
            start = self._whole(first, "start", where)
            return FrameRange(start, start + frames)
        count = frames * taken.speed
        if (first * self.rate).denominator != 1 or count.denominator != 1:
            self.told.append(f"{where}: at its speed it begins or ends between two frames")
        start = round(first * self.rate)
        return FrameRange(start, start + max(1, round(count)))

    def _take(self, item: Element, where: str) -> _Taken | None:
        """What an item takes from a file, or None for a gap."""
        if item.get("enabled", "1") != "1":
            raise TimelineError(f"{where} is disabled; such clips are not read")
        if item.get("lane", "0") != "0":
            raise TimelineError(f"{where} lies on a lane; only the primary storyline is read")
        match item.tag:
            case "gap":
                self._refuse_others(item, where)
                return None
            case "asset-clip" | "video":
                taken = self._whole_clip(item, where)
            case "clip":
                taken = self._inner_clip(item, where)
            case _:
                raise TimelineError(f"{where}: {_NOT_READ.get(item.tag, 'it is')} not read")
        first, last = taken.media(taken.start), taken.media(taken.start + taken.duration)
        slack = 0 if taken.speed == 1 else 1 / self.rate  # ends between frames are rounded
        if first < taken.asset.start or (taken.asset.end and last > taken.asset.end + slack):
            raise TimelineError(f"{where} asks for media that its <asset> does not have")
        return taken

    def _whole_clip(self, item: Element, where: str) -> _Taken:
        """An `<asset-clip>`, which takes picture and sound together, or a bare `<video>`."""
        self._refuse_others(item, where, "timeMap", "adjust-volume")
        asset = self._asset(item, where)
        start = media_start(item, asset, where)
        if item.get("duration") is None and asset.end is not None:
            duration = asset.end - start
        else:
            duration = time_of(item, "duration", where)
        own = start, duration
        heard = (
            time_of(item, "audioStart", where, start),
            time_of(item, "audioDuration", where, duration),
        )
        enabled = item.get("srcEnable", "all")
        if enabled not in ("all", "audio", "video"):
            raise TimelineError(f"{where}: no srcEnable {enabled[:20]!r}")
        picture = asset.picture and enabled != "audio"
        channels = asset.channels if item.tag == "asset-clip" and enabled != "video" else 0
        if not picture and not channels:
            raise TimelineError(f"{where} has neither picture nor sound")
        taken = _Taken(asset, *own, picture, channels, None if heard == own else heard)
        speed, shift = self._time_map(item, where)
        return replace(taken, speed=speed, shift=shift, gain=self._gain(item))

    def _time_map(self, item: Element, where: str) -> tuple[Fraction, Fraction]:
        """Speed, and the file's time at own time 0."""
        element = item.find("timeMap")
        if element is None:
            return Fraction(1), Fraction(0)
        where = f"{where}, <timeMap>"
        points = [
            (time_of(point, "time", where), time_of(point, "value", where))
            for point in element.findall("timept")
        ]
        if len(points) < 2 or any(a[0] >= b[0] for a, b in pairwise(points)):
            raise TimelineError(f"{where}: {len(points)} points in order of time; two are needed")
        (t0, v0), (t1, v1) = points[0], points[-1]
        speed = (v1 - v0) / (t1 - t0)
        if any((value - v0) != speed * (time - t0) for time, value in points):
            raise TimelineError(f"{where}: changes of speed within a clip are not read")
        if speed <= 0:
            how = "plays backwards" if speed else "stands still"
            raise TimelineError(f"{where}: a clip that {how} is not read")
        return speed, v0 - speed * t0

    def _gain(self, item: Element) -> float:
        level = item.find("adjust-volume")
        if level is None:
            return 0.0
        told = _LEVEL.fullmatch(level.get("amount", "0dB"))
        if told is None or len(level):
            self._leave("adjust-volume")
            return 0.0
        return float(told[1])

    def _inner_clip(self, clip: Element, where: str) -> _Taken:
        """A `<clip>`: one `<video>` in a timeline of its own, with `<audio>` in step with it."""
        self._refuse_others(clip, where, "video", "audio", "adjust-volume")
        for name in ("audioStart", "audioDuration"):
            if clip.get(name) is not None:
                raise TimelineError(f"{where}: {name}: split edits in a <clip> are not read")
        videos = clip.findall("video")
        if len(videos) != 1:
            raise TimelineError(f"{where} holds {len(videos)} <video>s; one is read")
        video = videos[0]
        self._refuse_others(video, f"{where}, <video>", "audio")
        asset = self._asset(video, f"{where}, <video>")
        media = media_start(video, asset, f"{where}, <video>")
        shift = media - time_of(video, "offset", where, Fraction(0))
        own = time_of(clip, "start", where, Fraction(0))
        duration = time_of(clip, "duration", where)
        _refuse_less(media, video, own + shift, duration, f"{where}, <video>")
        if not asset.picture:
            raise TimelineError(f"{where}, <video> is of an <asset> without picture")
        taken = _Taken(asset, own, duration, picture=True, channels=0, shift=shift)
        inner = [(audio, Fraction(0)) for audio in video.findall("audio")]
        outer = [(audio, shift) for audio in clip.findall("audio")]
        sounds = [self._sound(audio, step, taken, where) for audio, step in (*inner, *outer)]
        return replace(taken, channels=max(sounds, default=0), gain=self._gain(clip))

    def _sound(self, audio: Element, step: Fraction, taken: _Taken, where: str) -> int:
        """How many channels of the picture's file an `<audio>` in step with it has."""
        where = f"{where}, <audio>"
        self._refuse_others(audio, where)
        if self._asset(audio, where) is not taken.asset:
            raise TimelineError(f"{where}: sound of another file than the picture's is not read")
        media = media_start(audio, taken.asset, where)
        if media - time_of(audio, "offset", where, Fraction(0)) != step:
            raise TimelineError(f"{where} is out of step with the picture; that is not read")
        _refuse_less(media, audio, taken.media(taken.start), taken.duration, where)
        named = {channel.strip() for channel in audio.get("srcCh", "").split(",")} - {""}
        return min(len(named), MAX_CHANNELS) or taken.asset.channels

    def _asset(self, item: Element, where: str) -> Asset:
        reference = item.get("ref", "")
        if reference not in self.assets:
            element = self.resources.get(reference)
            if element is None or element.tag != "asset":
                raise TimelineError(f"{where} refers to {reference[:40]!r}, which is no <asset>")
            self.assets[reference] = read_asset(element, self.resources, self.rate)
        return self.assets[reference]

    def _read_markers(
        self, item: Element, taken: _Taken | None, begin: int, frames: int, where: str
    ) -> None:
        """Markers of an item, which count in its own time; those outside it are not seen."""
        own = taken.start if taken else time_of(item, "start", where, Fraction(0))
        for marker in (child for child in item if child.tag in _MARKERS):
            at = (time_of(marker, "start", f"{where}, <marker>") - own) * self.rate
            if 0 <= at < frames:
                self.markers.append(Marker(begin + int(at), printable(marker.get("value", ""))))

    def _refuse_others(self, item: Element, where: str, *known: str) -> None:
        """Refuse children that move frames or show others beside them."""
        for child in item:
            if child.tag in known or child.tag in _SILENT or child.tag in _MARKERS:
                continue
            if child.tag.startswith(_LOOKS) or child.tag == "param":
                self._leave(child.tag)
                continue
            what = _NOT_READ.get(child.tag, "connected clips are")
            what = "changes of speed are" if child.tag == "timeMap" else what
            raise TimelineError(f"{where} holds <{child.tag[:40]}>: {what} not read")

    def _leave(self, tag: str) -> None:
        self.aside[tag] = self.aside.get(tag, 0) + 1

    def _whole(self, seconds: Fraction, name: str, where: str) -> int:
        return whole_frames(seconds, self.rate, f"{where}: {name}")


def _refuse_less(
    media: Fraction, item: Element, start: Fraction, duration: Fraction, where: str
) -> None:
    """Refuse an inner item that does not last as long as its clip."""
    if start < media or start + duration > media + time_of(item, "duration", where):
        raise TimelineError(f"{where} does not cover its <clip>; such clips are not read")
