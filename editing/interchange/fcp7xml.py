"""Final Cut Pro 7 XML (xmeml 5), which Premiere and Resolve read: the writer.

In and out count from the file's first frame, start and end from the sequence's; the timecode of
either is said apart. One audio track for each channel, linked to its picture. Where a clip meets a
transition its start or end is -1, and it runs on to the other side of it, as in Final Cut's files.

Of a file of another rate, in and out count frames of the sequence all the same: clipitem and file
have each their rate (OpenTimelineIO issue 174, of Premiere's files), and Premiere and Resolve take
the seconds of the source times the sequence's rate (barefootford/buttercut pull request 133, tried
in both). What lies between two frames of the sequence is exact in Premiere's pproTicksIn.
"""

from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame
from editing.interchange.sequence import Event, Marker, Sequence, SourceFile
from ingest.timecode import FrameRange, nominal_rate

TICKS = 254_016_000_000
"""Premiere's parts of a second: a whole number of them in a frame of every rate."""
MAX_GAIN = 12.0
"""Decibels; levels go up to 3.98."""
_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def write_fcp7xml(sequence: Sequence) -> str:
    """A sequence as xmeml.

    Raises:
        TimelineError: Its rate is neither a whole number nor 1000/1001 of one.
    """
    rate = sequence.rate
    for one in (rate, *(file.rate for file in sequence.files)):
        if one not in (nominal_rate(one), Fraction(nominal_rate(one) * 1000, 1001)):
            raise TimelineError(
                f"FCP7 XML has no rate of {one} frames per second; export the cut with --to otio"
            )
    root = Element("xmeml", version="5")
    body = SubElement(root, "sequence", id="sequence-1")
    _text(body, "name", sequence.name)
    _text(body, "duration", sequence.frames)
    _rate(body, rate)
    _timecode(body, rate, sequence.start, sequence.timecode(0), sequence.drop)
    media = SubElement(body, "media")
    _Tracks(sequence).write(media)
    for marker in sequence.markers:
        _marker(body, marker)
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
        for number, event in enumerate(self.sequence.events):
            if channel == 0:
                self._picture_joins(track, number)
                self._clip(track, number, event, channel)
            elif _has(event, channel):
                self._sound_join(track, number, channel)
                self._clip(track, number, event, channel)
        _text(track, "enabled", "TRUE")
        _text(track, "locked", "FALSE")
        if channel:
            _text(track, "outputchannelindex", 2 - channel % 2)

    def _picture_joins(self, track: Element, number: int) -> None:
        """What stands before a clip of the picture: a dissolve, or fades to and from black."""
        event = self.sequence.events[number]
        into, join = event.transition, event.record.start
        if into is None:
            return
        if into.kind == "dissolve":
            self._transition(track, join - into.before, join, join + into.after, "center")
            return
        if into.before:
            self._transition(track, join - into.before, join, join, "end-black")
        if into.after:
            self._transition(track, join, join, join + into.after, "start-black")

    def _sound_join(self, track: Element, number: int, channel: int) -> None:
        half = self._crossfade(number, channel)
        sound = self.sequence.events[number].sound
        if half and sound is not None:
            join = sound.record.start
            self._transition(track, join - half, join, join + half, "center", sound=True)

    def _crossfade(self, number: int, channel: int) -> int:
        """Frames of the crossfade on either side of where an event is heard in a channel."""
        events = self.sequence.events
        half = self.sequence.crossfade(number)
        return (
            half if half and all(_has(e, channel) for e in events[number - 1 : number + 1]) else 0
        )

    def _transition(
        self,
        track: Element,
        start: int,
        join: int,
        end: int,
        alignment: str,
        *,
        sound: bool = False,
    ) -> None:
        item = SubElement(track, "transitionitem")
        _rate(item, self.sequence.rate)
        _text(item, "start", start)
        _text(item, "end", end)
        _text(item, "alignment", alignment)
        _text(item, "cutPointTicks", int((join - start) * TICKS / self.sequence.rate))
        effect = SubElement(item, "effect")
        name, identity = (
            ("Cross Fade ( 0dB)", "KGAudioTransCrossFade0dB") if sound else 2 * ("Cross Dissolve",)
        )
        _text(effect, "name", name)
        _text(effect, "effectid", identity)
        _text(effect, "effectcategory", "Dissolve")
        _text(effect, "effecttype", "transition")
        _text(effect, "mediatype", "audio" if sound else "video")

    def _clip(self, track: Element, number: int, event: Event, channel: int) -> None:
        clip = SubElement(track, "clipitem", id=_clip_id(number, channel))
        name = event.file.name
        _text(clip, "name", f"{name} A{channel} {number + 1:03d}" if channel else name)
        _text(clip, "enabled", "TRUE")
        source, record = self._written(number, channel)
        step = event.step
        _text(clip, "duration", int(event.file.frames / step))
        _rate(clip, self.sequence.rate)
        start, end = self._meets_transition(number, channel)
        _text(clip, "start", -1 if start else record.start)
        _text(clip, "end", -1 if end else record.end)
        if event.conform == 1:
            first = int(source.start / step)  # at another speed, frames count at that speed
        else:
            first = max(0, nearest_frame(event.source_at(record.start) / step))
        _text(clip, "in", first)
        _text(clip, "out", first + record.frames)
        if event.conform != 1:
            for name, frame in (("In", record.start), ("Out", record.end)):
                ticks = event.source_at(frame) / event.file.rate * TICKS
                _text(clip, f"pproTicks{name}", int(ticks))
        self._file(clip, event.file)
        if event.speed != 1:
            _timeremap(clip, event, source, FrameRange(first, first + record.frames), channel)
        if channel:
            if event.sound and event.sound.gain:
                _levels(clip, event.sound.gain)
            element = SubElement(clip, "sourcetrack")
            _text(element, "mediatype", "audio")
            _text(element, "trackindex", channel)
        if event.sound:
            for linked in range(event.file.channels + 1):
                self._link(clip, number, linked)

    def _written(self, number: int, channel: int) -> tuple[FrameRange, FrameRange]:
        """Source and record frames of a clip, with those within transitions."""
        event = self.sequence.events[number]
        if not channel:
            return self.sequence.shown(number)
        assert event.sound is not None
        before, after = self._crossfade(number, channel), self._crossfade(number + 1, channel)
        source, record = event.sound.source, event.sound.record
        wider = FrameRange(record.start - before, record.end + after)
        if event.conform != 1:
            return source, wider  # what is written counts from the record frames
        return FrameRange(source.start - before, source.end + after), wider

    def _meets_transition(self, number: int, channel: int) -> tuple[bool, bool]:
        """Whether a transition is at a clip's beginning, and at its end."""
        if channel:
            return self._crossfade(number, channel) > 0, self._crossfade(number + 1, channel) > 0
        events = self.sequence.events
        into = events[number].transition
        out = events[number + 1].transition if number + 1 < len(events) else None
        start = into is not None and (into.kind == "dissolve" or into.after > 0)
        return start, out is not None and (out.kind == "dissolve" or out.before > 0)

    def _link(self, clip: Element, number: int, channel: int) -> None:
        before = self.sequence.events[: number + 1]
        link = SubElement(clip, "link")
        _text(link, "linkclipref", _clip_id(number, channel))
        _text(link, "mediatype", "audio" if channel else "video")
        _text(link, "trackindex", channel or 1)
        _text(link, "clipindex", sum(not channel or _has(event, channel) for event in before))
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


def _has(event: Event, channel: int) -> bool:
    return event.sound is not None and channel <= event.file.channels


def _timeremap(
    clip: Element, event: Event, source: FrameRange, inside: FrameRange, channel: int
) -> None:
    """The constant speed of a clip, exact by keyframes: which source frame shows at which."""
    effect = SubElement(SubElement(clip, "filter"), "effect")
    _text(effect, "name", "Time Remap")
    _text(effect, "effectid", "timeremap")
    _text(effect, "effectcategory", "motion")
    _text(effect, "effecttype", "motion")
    _text(effect, "mediatype", "audio" if channel else "video")
    percent = f"{float(event.speed * 100):.6f}".rstrip("0").rstrip(".")
    told = {"variablespeed": "0", "speed": percent, "reverse": "FALSE", "frameblending": "FALSE"}
    for name, value in told.items():
        parameter = SubElement(effect, "parameter")
        _text(parameter, "parameterid", name)
        _text(parameter, "name", name)
        _text(parameter, "value", value)
    graph = SubElement(effect, "parameter")
    _text(graph, "parameterid", "graphdict")
    _text(graph, "name", "graphdict")
    keys = ((inside.start, source.start, "in"), (inside.end, source.end, "out"))
    for when, frame, end in keys:
        key = SubElement(graph, "keyframe")
        _text(key, f"speedkf{end}", "TRUE")
        _text(key, "when", when)
        _text(key, "value", frame)
    _text(SubElement(graph, "interpolation"), "name", "FCPCurve")


def _levels(clip: Element, gain: float) -> None:
    effect = SubElement(SubElement(clip, "filter"), "effect")
    _text(effect, "name", "Audio Levels")
    _text(effect, "effectid", "audiolevels")
    _text(effect, "effectcategory", "audiolevels")
    _text(effect, "effecttype", "audiolevels")
    _text(effect, "mediatype", "audio")
    parameter = SubElement(effect, "parameter")
    _text(parameter, "parameterid", "level")
    _text(parameter, "name", "Level")
    _text(parameter, "valuemin", "0")
    _text(parameter, "valuemax", "3.98109")
    _text(parameter, "value", f"{10 ** (min(gain, MAX_GAIN) / 20):.8f}")


def _marker(body: Element, marker: Marker) -> None:
    element = SubElement(body, "marker")
    _text(element, "comment", marker.text)
    _text(element, "name", marker.text)
    _text(element, "in", marker.frame)
    _text(element, "out", -1)


def _clip_id(number: int, channel: int) -> str:
    return f"clipitem-{number + 1}-{f'a{channel}' if channel else 'v'}"


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
