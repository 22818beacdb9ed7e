"""What one item of an FCPXML storyline takes from a file: picture, sound, speed and level.

`<asset-clip>`, `<clip>` and `<video>` of an asset; what moves frames otherwise is refused by name,
looks are left aside and told.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from xml.etree.ElementTree import Element

from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame, taken
from editing.interchange.fcpxml_resources import (
    MAX_CHANNELS,
    Asset,
    is_sped_up,
    media_start,
    read_asset,
    time_of,
    whole_frames,
)
from ingest.timecode import FrameRange

_LEVEL = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,6})?)dB")
CONNECTED = frozenset(
    {"asset-clip", "clip", "video", "audio", "ref-clip", "spine", "title", "caption"}
)
"""What may be connected to an item, on a lane of its own, and is read or left aside."""
_ITEMS = frozenset({"gap", "asset-clip", "clip", "video", "audio", "ref-clip"})
MARKERS = ("marker", "chapter-marker")
_SILENT = frozenset(
    {
        *("note", "metadata", "rating", "keyword", "analysis-marker", "hidden-clip-marker"),
        "reserved",
    }
)
_LOOKS = ("adjust-", "filter-", "audio-channel-source", "audio-role-source", "object-tracker")
_OF_SOUND = (
    *("adjust-volume", "adjust-panner", "adjust-loudness", "adjust-noiseReduction"),
    *("adjust-humReduction", "adjust-EQ", "adjust-matchEQ", "adjust-voiceIsolation"),
    "filter-audio",
    *("audio-channel-source", "audio-role-source", "adjust-conform"),
)
"""What leaves the picture as it is; `adjust-conform` fits it to the frame."""
_NOT_READ = {
    "conform-rate": "media of another rate is",
    "spine": "secondary storylines are",
    "mc-clip": "multicam clips are",
    "sync-clip": "synchronized clips are",
    "audition": "auditions are",
    "title": "titles are",
    "caption": "captions are",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What an item of a storyline takes from a file."""

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
    effects: tuple[str, ...] = ()
    """Names of what changes its look."""

    def media(self, own: Fraction) -> Fraction:
        """The file's time at a moment of the item's own."""
        return self.speed * own + self.shift


class Clips:
    """Reads items one after another; keeps the assets, and what was left aside."""

    def __init__(self, resources: dict[str, Element], rate: Fraction) -> None:
        self.resources, self.rate = resources, rate
        self.assets: dict[str, Asset] = {}
        self.told: list[str] = []
        self.aside: dict[str, int] = {}
        self.edits = 0
        """How many were made of them, in all storylines together."""

    def check_kind(self, item: Element, where: str) -> None:
        """Refuse an item of a kind that is not read.

        Raises:
            TimelineError: Names it.
        """
        if item.tag not in _ITEMS:
            raise TimelineError(f"{where}: {_NOT_READ.get(item.tag, 'it is')} not read")

    def length(self, item: Element, where: str) -> Fraction:
        """How long an item lasts, in seconds: as it says, else as long as its file goes on.

        Raises:
            TimelineError: It does not say.
        """
        if item.get("duration") is None and item.tag in ("asset-clip", "video", "audio"):
            asset = self._asset(item, where)
            if asset.end is not None:
                return asset.end - media_start(item, asset, where)
        return time_of(item, "duration", where)

    def take(self, item: Element, where: str) -> Taken:
        """What an item takes from a file.

        Raises:
            TimelineError: It is of a kind that is not read, or moves frames in a way that is not.
        """
        inner = item.tag == "clip"
        found = self._inner_clip(item, where) if inner else self._whole_clip(item, where)
        self._check_rate(item, found.asset, where)
        first, last = found.media(found.start), found.media(found.start + found.duration)
        first, last = min(first, last), max(first, last)
        asset = found.asset
        plain = found.speed == 1 and asset.rate == self.rate
        slack = 0 if plain else 1 / min(asset.rate, self.rate)  # ends between frames are rounded
        before = 0 if plain else slack
        if first < asset.start - before or (asset.end and last > asset.end + slack):
            raise TimelineError(f"{where} asks for media that its <asset> does not have")
        return replace(found, effects=self.effects(item))

    def _check_rate(self, item: Element, asset: Asset, where: str) -> None:
        """Refuse media that is sped up to the rate of the sequence, as Final Cut Pro does unless it
        is told not to."""
        if asset.rate == self.rate or not asset.picture:
            return
        conform = item.find("conform-rate")
        kept = conform is not None and conform.get("scaleEnabled", "1") == "0"
        if is_sped_up(asset.rate, self.rate) and not kept:
            raise TimelineError(
                f"{where} is of {float(asset.rate):.3f} frames a second and sped up or slowed down "
                f"to the sequence's {float(self.rate):.3f}; switch its rate conform off"
            )

    def source(
        self, found: Taken, own: Fraction, frames: int, where: str
    ) -> tuple[FrameRange, Fraction | None]:
        """The file's frames from a moment of an item's own time on, and their pace; see `Edit`."""
        asset = found.asset
        conform = asset.rate / self.rate
        first = found.media(own)
        if found.speed == 1:
            if conform == 1:
                start = self.whole(first, "start", where)
            else:
                start = nearest_frame(first * asset.rate)
            return taken(start, frames, conform), None
        start = nearest_frame(first * asset.rate)
        if found.speed == 0:
            return FrameRange(start, start + 1), Fraction(0)
        count = frames * abs(found.speed) * conform
        if (first * asset.rate).denominator != 1 or count.denominator != 1:
            self.told.append(f"{where}: at its speed it begins or ends between two frames")
        number = max(1, round(count))
        if found.speed > 0:
            pace = None if conform == 1 else Fraction(number, frames)
            return FrameRange(start, start + number), pace
        return FrameRange(max(0, start - number), start), -Fraction(number, frames)

    def effects(self, item: Element) -> tuple[str, ...]:
        """Names of an item's effects that change how it looks."""
        looks = (c for c in item if c.tag.startswith(_LOOKS) and c.tag not in _OF_SOUND)
        return tuple((child.get("name") or child.tag)[:40] for child in looks)

    def whole(self, seconds: Fraction, name: str, where: str) -> int:
        """Seconds as whole frames of the sequence.

        Raises:
            TimelineError: They lie between two frames.
        """
        return whole_frames(seconds, self.rate, f"{where}: {name}")

    def leave(self, tag: str) -> None:
        """Count something that is left aside."""
        self.aside[tag] = self.aside.get(tag, 0) + 1

    def _whole_clip(self, item: Element, where: str) -> Taken:
        """An `<asset-clip>`, of picture and sound together, or a bare `<video>` or `<audio>`."""
        self.refuse_others(item, where, "conform-rate", "timeMap", "adjust-volume")
        asset = self._asset(item, where)
        start = media_start(item, asset, where)
        duration = self.length(item, where)
        own = start, duration
        heard = (
            time_of(item, "audioStart", where, start),
            time_of(item, "audioDuration", where, duration),
        )
        enabled = item.get("srcEnable", "all")
        if enabled not in ("all", "audio", "video"):
            raise TimelineError(f"{where}: no srcEnable {enabled[:20]!r}")
        picture = asset.picture and enabled != "audio" and item.tag != "audio"
        channels = asset.channels if item.tag != "video" and enabled != "video" else 0
        if not picture and not channels:
            raise TimelineError(f"{where} has neither picture nor sound")
        found = Taken(asset, *own, picture, channels, None if heard == own else heard)
        speed, shift = self._time_map(item, where)
        return replace(found, speed=speed, shift=shift, gain=self._gain(item))

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
        return speed, v0 - speed * t0

    def _gain(self, item: Element) -> float:
        level = item.find("adjust-volume")
        if level is None:
            return 0.0
        told = _LEVEL.fullmatch(level.get("amount", "0dB"))
        if told is None or len(level):
            self.leave("adjust-volume")
            return 0.0
        return float(told[1])

    def _inner_clip(self, clip: Element, where: str) -> Taken:
        """A `<clip>`: one `<video>` in a timeline of its own, with `<audio>` in step with it."""
        self.refuse_others(clip, where, "conform-rate", "video", "audio", "adjust-volume")
        for name in ("audioStart", "audioDuration"):
            if clip.get(name) is not None:
                raise TimelineError(f"{where}: {name}: split edits in a <clip> are not read")
        videos = [video for video in clip.findall("video") if video.get("lane", "0") == "0"]
        if len(videos) != 1:
            raise TimelineError(f"{where} holds {len(videos)} <video>s; one is read")
        video = videos[0]
        self.refuse_others(video, f"{where}, <video>", "audio")
        asset = self._asset(video, f"{where}, <video>")
        media = media_start(video, asset, f"{where}, <video>")
        shift = media - time_of(video, "offset", where, Fraction(0))
        own = time_of(clip, "start", where, Fraction(0))
        duration = time_of(clip, "duration", where)
        slack = 0 if asset.rate == self.rate else 1 / self.rate
        _refuse_less(media, video, own + shift, duration - slack, f"{where}, <video>")
        if not asset.picture:
            raise TimelineError(f"{where}, <video> is of an <asset> without picture")
        found = Taken(asset, own, duration, picture=True, channels=0, shift=shift)
        inner = [(audio, Fraction(0)) for audio in video.findall("audio")]
        outer = [(audio, shift) for audio in clip.findall("audio")]
        sounds = [self._sound(audio, step, found, where) for audio, step in (*inner, *outer)]
        return replace(found, channels=max(sounds, default=0), gain=self._gain(clip))

    def _sound(self, audio: Element, step: Fraction, found: Taken, where: str) -> int:
        """How many channels of the picture's file an `<audio>` in step with it has."""
        where = f"{where}, <audio>"
        self.refuse_others(audio, where)
        if self._asset(audio, where) is not found.asset:
            raise TimelineError(f"{where}: sound of another file than the picture's is not read")
        media = media_start(audio, found.asset, where)
        if media - time_of(audio, "offset", where, Fraction(0)) != step:
            raise TimelineError(f"{where} is out of step with the picture; that is not read")
        _refuse_less(media, audio, found.media(found.start), found.duration, where)
        named = {channel.strip() for channel in audio.get("srcCh", "").split(",")} - {""}
        return min(len(named), MAX_CHANNELS) or found.asset.channels

    def _asset(self, item: Element, where: str) -> Asset:
        reference = item.get("ref", "")
        if reference not in self.assets:
            element = self.resources.get(reference)
            if element is None or element.tag != "asset":
                raise TimelineError(f"{where} refers to {reference[:40]!r}, which is no <asset>")
            self.assets[reference] = read_asset(element, self.resources, self.rate)
        return self.assets[reference]

    def refuse_others(self, item: Element, where: str, *known: str) -> None:
        """Refuse children that move frames or show others within them.

        Raises:
            TimelineError: Names the child.
        """
        for child in item:
            if child.get("lane", "0") != "0" and child.tag in CONNECTED:
                continue  # the storyline reads those
            if child.tag in known or child.tag in _SILENT or child.tag in MARKERS:
                continue
            if child.tag.startswith(_LOOKS) or child.tag == "param":
                self.leave(child.tag)
                continue
            what = _NOT_READ.get(child.tag, "connected clips are")
            what = "changes of speed are" if child.tag == "timeMap" else what
            raise TimelineError(f"{where} holds <{child.tag[:40]}>: {what} not read")


def _refuse_less(
    media: Fraction, item: Element, start: Fraction, duration: Fraction, where: str
) -> None:
    """Refuse an inner item that does not last as long as its clip."""
    if start < media or start + duration > media + time_of(item, "duration", where):
        raise TimelineError(f"{where} does not cover its <clip>; such clips are not read")
