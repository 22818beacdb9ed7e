"""Final Cut Pro 7 XML (xmeml 5), which Premiere and Resolve read: the writer.

In and out count from the file's first frame, start and end from the sequence's; the timecode of
either is said apart. One audio track for each channel, linked to its picture.
"""

from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from editing.errors import TimelineError
from editing.interchange.sequence import Event, Sequence, SourceFile
from ingest.timecode import nominal_rate

_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def write_fcp7xml(sequence: Sequence) -> str:
    """A sequence as xmeml.

    Raises:
        TimelineError: Its rate is neither a whole number nor 1000/1001 of one.
    """
    rate = sequence.rate
    if rate not in (nominal_rate(rate), Fraction(nominal_rate(rate) * 1000, 1001)):
        raise TimelineError(
            f"FCP7 XML has no rate of {rate} frames per second; export the cut with --to otio"
        )
    root = Element("xmeml", version="5")
    body = SubElement(root, "sequence", id="sequence-1")
    _text(body, "name", sequence.name)
    _text(body, "duration", sequence.frames)
    _rate(body, rate)
    _timecode(body, rate, sequence.start, sequence.timecode(0), sequence.drop)
    media = SubElement(body, "media")
    _Tracks(sequence).write(media)
    ElementTree.indent(root)
    return _HEADER + ElementTree.tostring(root, encoding="unicode") + "\n"


class _Tracks:
    """Writes the tracks; a file is written whole where it is first used, and by its id after."""

    def __init__(self, sequence: Sequence) -> None:
        self.sequence = sequence
        self.channels = max(file.channels for file in sequence.files)
        self.ids = {file: f"file-{i}" for i, file in enumerate(sequence.files, start=1)}
        self.written: set[SourceFile] = set()

    def write(self, media: Element) -> None:
        first = self.sequence.events[0].file
        video = SubElement(media, "video")
        picture = SubElement(SubElement(video, "format"), "samplecharacteristics")
        _rate(picture, self.sequence.rate)
        _text(picture, "width", first.width)
        _text(picture, "height", first.height)
        _text(picture, "anamorphic", "FALSE")
        _text(picture, "pixelaspectratio", "square")
        _text(picture, "fielddominance", "none")
        self._track(video, 0)
        if not self.channels:
            return
        audio = SubElement(media, "audio")
        _text(audio, "numOutputChannels", min(self.channels, 2))
        sound = SubElement(SubElement(audio, "format"), "samplecharacteristics")
        _text(sound, "depth", 16)
        _text(sound, "samplerate", max(file.sample_rate for file in self.sequence.files))
        for channel in range(1, self.channels + 1):
            self._track(audio, channel)

    def _track(self, parent: Element, channel: int) -> None:
        """The video track for channel 0, an audio track for any other."""
        track = SubElement(parent, "track")
        for number, event in enumerate(self.sequence.events, start=1):
            if channel <= event.file.channels:
                self._clip(track, number, event, channel)
        _text(track, "enabled", "TRUE")
        _text(track, "locked", "FALSE")
        if channel:
            _text(track, "outputchannelindex", 2 - channel % 2)

    def _clip(self, track: Element, number: int, event: Event, channel: int) -> None:
        clip = SubElement(track, "clipitem", id=_clip_id(number, channel))
        name = event.file.name
        _text(clip, "name", f"{name} A{channel} {number:03d}" if channel else name)
        _text(clip, "enabled", "TRUE")
        _text(clip, "duration", event.file.frames)
        _rate(clip, event.file.rate)
        _text(clip, "start", event.record.start)
        _text(clip, "end", event.record.end)
        _text(clip, "in", event.source.start)
        _text(clip, "out", event.source.end)
        self._file(clip, event.file)
        if channel:
            source = SubElement(clip, "sourcetrack")
            _text(source, "mediatype", "audio")
            _text(source, "trackindex", channel)
        if event.file.channels:
            for linked in range(event.file.channels + 1):
                self._link(clip, number, linked)

    def _link(self, clip: Element, number: int, channel: int) -> None:
        before = self.sequence.events[:number]
        link = SubElement(clip, "link")
        _text(link, "linkclipref", _clip_id(number, channel))
        _text(link, "mediatype", "audio" if channel else "video")
        _text(link, "trackindex", channel or 1)
        _text(link, "clipindex", sum(channel <= event.file.channels for event in before))
        if channel:
            _text(link, "groupindex", 1)

    def _file(self, clip: Element, file: SourceFile) -> None:
        element = SubElement(clip, "file", id=self.ids[file])
        if file in self.written:
            return
        self.written.add(file)
        _text(element, "name", file.name)
        _text(element, "pathurl", path_url(file.path))
        _rate(element, file.rate)
        _text(element, "duration", file.frames)
        code = _timecode(element, file.rate, file.start, file.timecode(0), file.drop)
        _text(SubElement(code, "reel"), "name", file.reel)
        media = SubElement(element, "media")
        picture = SubElement(SubElement(media, "video"), "samplecharacteristics")
        _text(picture, "width", file.width)
        _text(picture, "height", file.height)
        if file.channels:
            audio = SubElement(media, "audio")
            sound = SubElement(audio, "samplecharacteristics")
            _text(sound, "depth", 16)
            _text(sound, "samplerate", file.sample_rate)
            _text(audio, "channelcount", file.channels)


def path_url(path: str) -> str:
    """A path as xmeml names files: `file://localhost/…`; a relative one stays relative."""
    quoted = quote(path.replace("\\", "/"))
    return f"file://localhost{quoted}" if PurePosixPath(path).is_absolute() else quoted


def _clip_id(number: int, channel: int) -> str:
    return f"clipitem-{number}-{f'a{channel}' if channel else 'v'}"


def _rate(parent: Element, rate: Fraction) -> None:
    element = SubElement(parent, "rate")
    _text(element, "timebase", nominal_rate(rate))
    _text(element, "ntsc", "FALSE" if rate.denominator == 1 else "TRUE")


def _timecode(parent: Element, rate: Fraction, frame: int, text: str, drop: bool) -> Element:
    element = SubElement(parent, "timecode")
    _rate(element, rate)
    _text(element, "string", text)
    _text(element, "frame", frame)
    _text(element, "displayformat", "DF" if drop else "NDF")
    return element


def _text(parent: Element, tag: str, value: str | int) -> None:
    SubElement(parent, tag).text = f"{value}"
