"""A reader of Final Cut Pro XML that shares nothing with the writer but time.

Reads the spine of one project as cuts of `<asset-clip>`, `<clip>`, `<video>` and `<gap>`; all that
moves frames otherwise is refused, while looks, levels and marks are left aside. A clip with sound
is an edit of V1 and, for each channel of its file, of A1, A2, …
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from editing.errors import TimelineError
from editing.interchange.sequence import Edit, ReadSequence
from editing.interchange.xml_text import parse_xml
from ingest.timecode import FrameRange, supports_drop_frame

_TIME = re.compile(r"([0-9]{1,19})(?:/([0-9]{1,10}))?s")
_VERSION = re.compile(r"1\.[0-9]{1,2}")
_RATES = {Fraction(n) for n in (24, 25, 30, 50, 60)} | {
    *(Fraction(n, 1001) for n in (24000, 30000, 60000)),
}
_MAX_CHANNELS = 64
_MAX_EDITS = 500_000
_MARKS = frozenset(
    {
        *("note", "metadata", "marker", "chapter-marker", "rating", "keyword", "analysis-marker"),
        *("audio-channel-source", "audio-role-source", "object-tracker", "param", "reserved"),
    }
)
_NOT_READ = {
    "transition": "transitions are",
    "timeMap": "changes of speed are",
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
    sequence = _child(projects[0], "sequence")
    resources = {r.get("id", ""): r for r in root.findall("resources/*")}
    rate = _rate(resources, sequence.get("format", ""), "<sequence>")
    counting = sequence.get("tcFormat", "NDF")
    if counting not in ("DF", "NDF") or (counting == "DF" and not supports_drop_frame(rate)):
        raise TimelineError(f"<sequence>: no tcFormat {counting[:20]!r} at {float(rate):.3f}")
    spine = _Spine(resources, rate, _frames(sequence, "tcStart", rate, "<sequence>", Fraction(0)))
    edits = spine.read(_child(sequence, "spine"))
    name = projects[0].get("name", "")
    return ReadSequence(name, rate, counting == "DF", spine.start, edits)


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file: its times are those of its timecode."""

    name: str
    start: Fraction
    end: Fraction | None
    picture: bool
    channels: int


@dataclass(frozen=True, slots=True)
class _Taken:
    """What an item of the spine takes from a file."""

    asset: _Asset
    start: Fraction
    """Seconds in the file's own time."""
    duration: Fraction
    picture: bool
    channels: int


class _Spine:
    """Reads the items of a spine one after another."""

    def __init__(self, resources: dict[str, Element], rate: Fraction, start: int) -> None:
        self.resources, self.rate, self.start = resources, rate, start
        self.assets: dict[str, _Asset] = {}

    def read(self, spine: Element) -> tuple[Edit, ...]:
        """All edits; record frames count from the sequence's first."""
        edits: list[Edit] = []
        end = self.start
        for number, item in enumerate(spine, start=1):
            named = f"<{item.tag[:40]} name={item.get('name', '')[:60]!r}>"
            where = f"item {number} of the <spine>, {named}"
            taken = self._take(item, where)
            duration = taken.duration if taken else _time(item, "duration", where)
            frames = self._whole(duration, "duration", where)
            begin = _frames(item, "offset", self.rate, where, Fraction(end) / self.rate)
            if begin < end:
                what = "what is before it" if number > 1 else "the sequence"
                raise TimelineError(f"{where} overlaps {what} by {end - begin} frames")
            if frames < 1:
                raise TimelineError(f"{where} lasts {frames} frames")
            end = begin + frames
            if taken:
                record = FrameRange(begin - self.start, end - self.start)
                source = self._whole(taken.start, "start", where)
                edits += _edits(taken, FrameRange(source, source + frames), record)
            if len(edits) > _MAX_EDITS:
                raise TimelineError(f"{where} is past {_MAX_EDITS:,} edits; no more are read")
        if not edits:
            raise TimelineError("the <spine> holds no clip")
        return tuple(edits)

    def _take(self, item: Element, where: str) -> _Taken | None:
        """What an item takes from a file, or None for a gap."""
        if item.get("enabled", "1") != "1":
            raise TimelineError(f"{where} is disabled; such clips are not read")
        if item.get("lane", "0") != "0":
            raise TimelineError(f"{where} lies on a lane; only the primary storyline is read")
        match item.tag:
            case "gap":
                _refuse_others(item, where)
                return None
            case "asset-clip" | "video":
                taken = self._whole_clip(item, where)
            case "clip":
                taken = self._inner_clip(item, where)
            case _:
                raise TimelineError(f"{where}: {_NOT_READ.get(item.tag, 'it is')} not read")
        end = taken.asset.end
        if taken.start < taken.asset.start or (end and taken.start + taken.duration > end):
            raise TimelineError(f"{where} asks for media that its <asset> does not have")
        return taken

    def _whole_clip(self, item: Element, where: str) -> _Taken:
        """An `<asset-clip>`, which takes picture and sound together, or a bare `<video>`."""
        _refuse_others(item, where)
        asset = self._asset(item, where)
        start = _media_start(item, asset, where)
        if item.get("duration") is None and asset.end is not None:
            duration = asset.end - start
        else:
            duration = _time(item, "duration", where)
        for name, own in (("audioStart", start), ("audioDuration", duration)):
            if _time(item, name, where, own) != own:
                raise TimelineError(f"{where}: {name}: split edits are not read")
        enabled = item.get("srcEnable", "all")
        if enabled not in ("all", "audio", "video"):
            raise TimelineError(f"{where}: no srcEnable {enabled[:20]!r}")
        picture = asset.picture and enabled != "audio"
        channels = asset.channels if item.tag == "asset-clip" and enabled != "video" else 0
        if not picture and not channels:
            raise TimelineError(f"{where} has neither picture nor sound")
        return _Taken(asset, start, duration, picture, channels)

    def _inner_clip(self, clip: Element, where: str) -> _Taken:
        """A `<clip>`: one `<video>` in a timeline of its own, with `<audio>` in step with it."""
        _refuse_others(clip, where, "video", "audio")
        videos = clip.findall("video")
        if len(videos) != 1:
            raise TimelineError(f"{where} holds {len(videos)} <video>s; one is read")
        video = videos[0]
        _refuse_others(video, f"{where}, <video>", "audio")
        asset = self._asset(video, f"{where}, <video>")
        media = _media_start(video, asset, f"{where}, <video>")
        shift = media - _time(video, "offset", where, Fraction(0))
        start = _time(clip, "start", where, Fraction(0)) + shift
        duration = _time(clip, "duration", where)
        _refuse_less(media, video, start, duration, f"{where}, <video>")
        if not asset.picture:
            raise TimelineError(f"{where}, <video> is of an <asset> without picture")
        taken = _Taken(asset, start, duration, picture=True, channels=0)
        inner = [(audio, Fraction(0)) for audio in video.findall("audio")]
        outer = [(audio, shift) for audio in clip.findall("audio")]
        sounds = [self._sound(audio, step, taken, where) for audio, step in (*inner, *outer)]
        return replace(taken, channels=max(sounds, default=0))

    def _sound(self, audio: Element, step: Fraction, taken: _Taken, where: str) -> int:
        """How many channels of the picture's file an `<audio>` in step with it has."""
        where = f"{where}, <audio>"
        _refuse_others(audio, where)
        if self._asset(audio, where) is not taken.asset:
            raise TimelineError(f"{where}: sound of another file than the picture's is not read")
        media = _media_start(audio, taken.asset, where)
        if media - _time(audio, "offset", where, Fraction(0)) != step:
            raise TimelineError(f"{where} is out of step with the picture; that is not read")
        _refuse_less(media, audio, taken.start, taken.duration, where)
        named = {channel.strip() for channel in audio.get("srcCh", "").split(",")} - {""}
        return min(len(named), _MAX_CHANNELS) or taken.asset.channels

    def _asset(self, item: Element, where: str) -> _Asset:
        reference = item.get("ref", "")
        if reference not in self.assets:
            element = self.resources.get(reference)
            if element is None or element.tag != "asset":
                raise TimelineError(f"{where} refers to {reference[:40]!r}, which is no <asset>")
            self.assets[reference] = self._read_asset(element)
        return self.assets[reference]

    def _read_asset(self, element: Element) -> _Asset:
        where = f"<asset id={element.get('id', '')[:40]!r}>"
        start = _time(element, "start", where, Fraction(0))
        length = _time(element, "duration", where, Fraction(0))
        picture = element.get("hasVideo") == "1"
        form = element.get("format")
        if picture and form is not None and _rate(self.resources, form, where) != self.rate:
            raise TimelineError(f"{where} runs at another rate than the sequence")
        channels = 0
        if element.get("hasAudio") == "1":
            text = element.get("audioChannels", "1")
            channels = int(text) if re.fullmatch("[0-9]{1,3}", text) else 0
            if not 1 <= channels <= _MAX_CHANNELS:
                raise TimelineError(f"{where}: audioChannels of {text[:20]!r}")
        end = start + length if length else None
        return _Asset(_file_name(element, where), start, end, picture, channels)

    def _whole(self, seconds: Fraction, name: str, where: str) -> int:
        return _whole_frames(seconds, self.rate, f"{where}: {name}")


def _edits(taken: _Taken, source: FrameRange, record: FrameRange) -> list[Edit]:
    tracks = ["V1"] * taken.picture + [f"A{n}" for n in range(1, taken.channels + 1)]
    return [Edit(track, taken.asset.name, source, record) for track in tracks]


def _refuse_others(item: Element, where: str, *known: str) -> None:
    """Refuse children that move frames or show others beside them."""
    for child in item:
        plain = child.tag in _MARKS or child.tag.startswith(("adjust-", "filter-"))
        if not plain and child.tag not in known:
            what = _NOT_READ.get(child.tag, "connected clips are")
            raise TimelineError(f"{where} holds <{child.tag[:40]}>: {what} not read")


def _refuse_less(
    media: Fraction, item: Element, start: Fraction, duration: Fraction, where: str
) -> None:
    """Refuse an inner item that does not last as long as its clip."""
    if start < media or start + duration > media + _time(item, "duration", where):
        raise TimelineError(f"{where} does not cover its <clip>; such clips are not read")


def _media_start(item: Element, asset: _Asset, where: str) -> Fraction:
    """Where an item begins in its file, which must be said unless the file begins at 0."""
    if item.get("start") is None and asset.start:
        raise TimelineError(f"{where} lacks start, and its <asset> does not begin at 0")
    return _time(item, "start", where, Fraction(0))


def _file_name(asset: Element, where: str) -> str:
    """The file that `<media-rep>`, or before FCPXML 1.9 the asset itself, names."""
    places = [rep for rep in asset.findall("media-rep") if rep.get("kind") != "proxy-media"]
    try:
        path = unquote(urlsplit((places or [asset])[0].get("src", "")).path)
    except ValueError as error:
        raise TimelineError(f"{where}: src is not an address: {error}") from error
    name = path.rsplit("/", 1)[-1] or asset.get("name", "")
    if not name:
        raise TimelineError(f"{where} names no file")
    return name


def _rate(resources: dict[str, Element], reference: str, where: str) -> Fraction:
    form = resources.get(reference)
    if form is None or form.tag != "format":
        raise TimelineError(f"{where} refers to {reference[:40]!r}, which is no <format>")
    where = f"<format id={reference[:40]!r}>"
    frame = _time(form, "frameDuration", where)
    if not frame or 1 / frame not in _RATES:
        raise TimelineError(f"{where}: frameDuration of {frame} s is of no rate that is read")
    return 1 / frame


def _frames(item: Element, name: str, rate: Fraction, where: str, default: Fraction) -> int:
    return _whole_frames(_time(item, name, where, default), rate, f"{where}: {name}")


def _whole_frames(seconds: Fraction, rate: Fraction, what: str) -> int:
    frames = seconds * rate
    if frames.denominator != 1:
        raise TimelineError(
            f"{what} of {seconds} s is not a whole number of frames of {1 / rate} s"
        )
    return frames.numerator


def _time(item: Element, name: str, where: str, default: Fraction | None = None) -> Fraction:
    """A time in seconds, such as `1001/30000s` or `5s`."""
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


def _child(element: Element, tag: str) -> Element:
    child = element.find(tag)
    if child is None:
        raise TimelineError(f"<{element.tag}> lacks <{tag}>")
    return child
