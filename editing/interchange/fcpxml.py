"""Final Cut Pro XML (FCPXML 1.10), which Final Cut Pro and Resolve read: the writer.

Times are exact rational seconds, each a whole number of frames: source times count as the file's
timecode does, record times as the sequence's. Structure: Apple's DTD of FCPXML 1.10.

A file of another rate has a format of its own, and its clips play at their own speed, each record
frame the nearest of the file's: `<conform-rate scaleEnabled="0" frameSampling="nearest-neighbor">`,
without which Final Cut Pro plays, say, 24 frames a second as 25 (Apple, FCPXML reference,
conform-rate).
"""

from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from editing.errors import TimelineError
from editing.interchange.sequence import Event, Sequence, SourceFile
from editing.interchange.slot_note import reasons_text
from editing.interchange.timeline import file_url

_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n'
_RATES = {  # by the names of srcFrameRate
    **{Fraction(n * 1000, 1001): name for n, name in ((24, "23.98"), (30, "29.97"), (60, "59.94"))},
    **{Fraction(n): f"{n}" for n in (24, 25, 30, 50, 60)},
}
_EFFECTS = {  # as Final Cut Pro names them
    "dissolve": ("Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"),
    "dip": ("Fade To Color", "FxPlug:F779C565-486D-4633-8035-0374B4DB8F5C"),
}
_REEL_KEY = "com.apple.proapps.studio.reel"
_AUDIO_RATES = {
    32_000: "32k",
    44_100: "44.1k",
    48_000: "48k",
    88_200: "88.2k",
    96_000: "96k",
    176_400: "176.4k",
    192_000: "192k",
}


def write_fcpxml(sequence: Sequence) -> str:
    """A sequence as FCPXML: a project whose spine has one `<asset-clip>` for each event.

    Sound goes with its picture in the same element, split or not; each slot's reasons are in a
    `<note>`.

    Raises:
        TimelineError: Its rate is none of 23.976, 24, 25, 29.97, 30, 50, 59.94 and 60.
    """
    for rate in (sequence.rate, *(file.rate for file in sequence.files)):
        if rate not in _RATES:
            raise TimelineError(
                f"FCPXML has no rate of {rate} frames per second; export the cut with --to otio"
            )
    root = Element("fcpxml", version="1.10")
    resources = _Resources(sequence, SubElement(root, "resources"))
    event = SubElement(SubElement(root, "library"), "event", name=sequence.name)
    project = SubElement(event, "project", name=sequence.name)
    attributes = {
        "format": resources.formats[_size(sequence.files[0]), sequence.rate],
        "duration": _time(sequence.frames, sequence.rate),
        "tcStart": _time(sequence.start, sequence.rate),
        "tcFormat": _counting(sequence.drop),
    }
    fastest = max(file.sample_rate for file in sequence.files)
    if fastest:
        attributes |= {"audioLayout": "stereo", "audioRate": _audio_rate(fastest)}
    spine = SubElement(SubElement(project, "sequence", attributes), "spine")
    _Spine(sequence, resources).write(spine)
    ElementTree.indent(root)
    return _HEADER + ElementTree.tostring(root, encoding="unicode") + "\n"


class _Resources:
    """A format for each size and rate, an asset for each file, an effect for each transition."""

    def __init__(self, sequence: Sequence, parent: Element) -> None:
        self.sequence = sequence
        forms = dict.fromkeys(_format(file) for file in sequence.files)
        own = {(_size(sequence.files[0]), sequence.rate): None}
        self.formats = {form: f"r{i}" for i, form in enumerate(own | forms, start=1)}
        taken = len(self.formats) + 1
        self.assets = {file: f"r{i}" for i, file in enumerate(sequence.files, start=taken)}
        kinds = dict.fromkeys(e.transition.kind for e in sequence.events if e.transition)
        taken = len(self.formats) + len(self.assets)
        self.effects = {kind: f"r{i}" for i, kind in enumerate(kinds, start=taken + 1)}
        for ((width, height), rate), name in self.formats.items():
            frame = _time(1, rate)
            shape = {"width": f"{width}", "height": f"{height}"}
            SubElement(parent, "format", {"id": name, "frameDuration": frame, **shape})
        for file in sequence.files:
            self._write_asset(parent, file)
        for kind, identity in self.effects.items():
            name, uid = _EFFECTS[kind]
            SubElement(parent, "effect", id=identity, name=name, uid=uid)

    def _write_asset(self, parent: Element, file: SourceFile) -> None:
        attributes = {
            "id": self.assets[file],
            "name": file.name,
            "start": _time(file.start, file.rate),
            "duration": _time(file.frames, file.rate),
            "hasVideo": "1",
            "format": self.formats[_format(file)],
            "videoSources": "1",
        }
        if file.channels:
            attributes |= {
                "hasAudio": "1",
                "audioSources": "1",
                "audioChannels": f"{file.channels}",
                "audioRate": f"{file.sample_rate}",
            }
        asset = SubElement(parent, "asset", attributes)
        SubElement(asset, "media-rep", kind="original-media", src=file_url(file.path))
        metadata = SubElement(asset, "metadata")
        SubElement(metadata, "md", key=_REEL_KEY, value=file.reel)


class _Spine:
    """Writes the primary storyline: clips up to their joins, gaps, and transitions over joins."""

    def __init__(self, sequence: Sequence, resources: _Resources) -> None:
        self.sequence, self.resources, self.rate = sequence, resources, sequence.rate

    def write(self, spine: Element) -> None:
        end = 0
        for event in self.sequence.events:
            if event.record.start > end:
                self._gap(spine, end, event.record.start)
            self._transition(spine, event)
            self._clip(spine, event)
            end = event.record.end
        if self.sequence.frames > end:
            self._gap(spine, end, self.sequence.frames)

    def _gap(self, spine: Element, start: int, end: int) -> None:
        attributes = {
            "name": "Gap",
            "offset": self._record(start),
            "start": _time(0, self.rate),
            "duration": _time(end - start, self.rate),
        }
        gap = SubElement(spine, "gap", attributes)
        self._markers(gap, start, end, Fraction(0))

    def _transition(self, spine: Element, event: Event) -> None:
        into = event.transition
        if into is None:
            return
        effect = self.resources.effects[into.kind]
        name, _ = _EFFECTS[into.kind]
        offset = self._record(event.record.start - into.before)
        duration = _time(into.frames, self.rate)
        element = SubElement(spine, "transition", name=name, offset=offset, duration=duration)
        SubElement(element, "filter-video", ref=effect, name=name)

    def _clip(self, spine: Element, event: Event) -> None:
        file = event.file
        start = Fraction(file.start + event.source.start) / file.rate
        attributes = {
            "ref": self.resources.assets[file],
            "offset": self._record(event.record.start),
            "name": file.name,
            "start": _rational(start, file.rate),
            "duration": _time(event.record.frames, self.rate),
            "format": self.resources.formats[_format(file)],
            "tcFormat": _counting(file.drop),
        }
        sound = event.sound
        if sound is None:
            attributes |= {"srcEnable": "video"} if file.channels else {}
        else:
            attributes["audioRole"] = "dialogue"
            if not event.in_step:
                if event.speed != 1:
                    raise TimelineError(
                        f"{file.name} at {self.sequence.timecode(event.record.start)}: FCPXML "
                        "cannot split sound from picture at another speed; export with --to otio"
                    )
                lead = event.record.start - sound.record.start
                attributes["audioStart"] = _rational(start - lead / self.rate, file.rate)
                attributes["audioDuration"] = _time(sound.record.frames, self.rate)
        clip = SubElement(spine, "asset-clip", attributes)
        slot = event.slot
        told = f"shot {slot.shot}, score {slot.score:.3f}"
        SubElement(clip, "note").text = ": ".join(filter(None, (told, reasons_text(slot))))
        if event.conform != 1:
            rates = {"scaleEnabled": "0", "srcFrameRate": _RATES[file.rate]}
            SubElement(clip, "conform-rate", rates, frameSampling="nearest-neighbor")
        if event.speed != 1:
            self._time_map(clip, event, file.start + event.source.start)
        if sound is not None and sound.gain:
            SubElement(clip, "adjust-volume", amount=f"{sound.gain:.4f}dB")
        self._markers(clip, event.record.start, event.record.end, start)

    def _time_map(self, clip: Element, event: Event, start: int) -> None:
        """A constant speed: the clip's own time, and the file's that it shows."""
        element = SubElement(clip, "timeMap")
        last = event.record.frames, event.source.frames
        for time, value in ((0, 0), last):
            point = {"time": _time(start + time, self.rate), "interp": "linear"}
            SubElement(element, "timept", point | {"value": _time(start + value, self.rate)})

    def _markers(self, item: Element, start: int, end: int, own: Fraction) -> None:
        """Those within an item, whose own time at its beginning is `own` seconds."""
        for marker in self.sequence.markers:
            if start <= marker.frame < end:
                at = _rational(own + (marker.frame - start) / self.rate, self.rate)
                frame = _time(1, self.rate)
                SubElement(item, "marker", start=at, duration=frame, value=marker.text)

    def _record(self, frame: int) -> str:
        return _time(self.sequence.start + frame, self.rate)


def _time(frames: int, rate: Fraction) -> str:
    """Frames as rational seconds in the timescale of the rate: `37037/24000s`, `3600s`."""
    value = frames * rate.denominator
    seconds, rest = divmod(value, rate.numerator)
    return f"{value}/{rate.numerator}s" if rest else f"{seconds}s"


def _rational(seconds: Fraction, rate: Fraction) -> str:
    """Seconds, in the timescale of the rate if they are whole frames of it."""
    frames = seconds * rate
    if frames.denominator == 1:
        return _time(frames.numerator, rate)
    return f"{seconds.numerator}/{seconds.denominator}s"


def _format(file: SourceFile) -> tuple[tuple[int, int], Fraction]:
    return _size(file), file.rate


def _size(file: SourceFile) -> tuple[int, int]:
    return file.width, file.height


def _counting(drop: bool) -> str:
    return "DF" if drop else "NDF"


def _audio_rate(sample_rate: int) -> str:
    """The slowest of the rates a sequence can have that loses nothing of `sample_rate`."""
    enough = [rate for rate in _AUDIO_RATES if rate >= sample_rate]
    return _AUDIO_RATES[min(enough, default=max(_AUDIO_RATES))]
