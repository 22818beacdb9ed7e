"""Final Cut Pro XML (FCPXML 1.10), which Final Cut Pro and Resolve read: the writer.

Times are exact rational seconds, each a whole number of frames: source times count as the file's
timecode does, record times as the sequence's. Structure: Apple's DTD of FCPXML 1.10.
"""

from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from editing.errors import TimelineError
from editing.interchange.sequence import Event, Sequence, SourceFile
from editing.interchange.slot_note import reasons_text
from editing.interchange.timeline import file_url

_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n'
_RATES = (
    *(Fraction(n * 1000, 1001) for n in (24, 30, 60)),
    *(Fraction(n) for n in (24, 25, 30, 50, 60)),
)
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

    Sound goes with its picture in the same element; each slot's reasons are in a `<note>`.

    Raises:
        TimelineError: Its rate is none of 23.976, 24, 25, 29.97, 30, 50, 59.94 and 60.
    """
    if sequence.rate not in _RATES:
        raise TimelineError(
            f"FCPXML has no rate of {sequence.rate} frames per second; "
            "export the cut with --to otio"
        )
    root = Element("fcpxml", version="1.10")
    resources = _Resources(sequence, SubElement(root, "resources"))
    event = SubElement(SubElement(root, "library"), "event", name=sequence.name)
    project = SubElement(event, "project", name=sequence.name)
    attributes = {
        "format": resources.formats[_size(sequence.files[0])],
        "duration": _time(sequence.frames, sequence.rate),
        "tcStart": _time(sequence.start, sequence.rate),
        "tcFormat": _counting(sequence.drop),
    }
    fastest = max(file.sample_rate for file in sequence.files)
    if fastest:
        attributes |= {"audioLayout": "stereo", "audioRate": _audio_rate(fastest)}
    spine = SubElement(SubElement(project, "sequence", attributes), "spine")
    for piece in sequence.events:
        resources.write_clip(spine, piece)
    ElementTree.indent(root)
    return _HEADER + ElementTree.tostring(root, encoding="unicode") + "\n"


class _Resources:
    """A format for each size of picture and an asset for each file; clips refer to them."""

    def __init__(self, sequence: Sequence, parent: Element) -> None:
        self.sequence = sequence
        sizes = dict.fromkeys(_size(file) for file in sequence.files)
        self.formats = {size: f"r{i}" for i, size in enumerate(sizes, start=1)}
        self.assets = {file: f"r{i}" for i, file in enumerate(sequence.files, start=len(sizes) + 1)}
        for (width, height), name in self.formats.items():
            frame = _time(1, sequence.rate)
            shape = {"width": f"{width}", "height": f"{height}"}
            SubElement(parent, "format", {"id": name, "frameDuration": frame, **shape})
        for file in sequence.files:
            self._write_asset(parent, file)

    def _write_asset(self, parent: Element, file: SourceFile) -> None:
        attributes = {
            "id": self.assets[file],
            "name": file.name,
            "start": _time(file.start, file.rate),
            "duration": _time(file.frames, file.rate),
            "hasVideo": "1",
            "format": self.formats[_size(file)],
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

    def write_clip(self, spine: Element, event: Event) -> None:
        file, rate = event.file, self.sequence.rate
        attributes = {
            "ref": self.assets[file],
            "offset": _time(self.sequence.start + event.record.start, rate),
            "name": file.name,
            "start": _time(file.start + event.source.start, rate),
            "duration": _time(event.source.frames, rate),
            "format": self.formats[_size(file)],
            "tcFormat": _counting(file.drop),
        }
        if file.channels:
            attributes["audioRole"] = "dialogue"
        clip = SubElement(spine, "asset-clip", attributes)
        slot = event.slot
        told = f"shot {slot.shot}, score {slot.score:.3f}"
        SubElement(clip, "note").text = ": ".join(filter(None, (told, reasons_text(slot))))


def _time(frames: int, rate: Fraction) -> str:
    """Frames as rational seconds in the timescale of the rate: `37037/24000s`, `3600s`."""
    value = frames * rate.denominator
    seconds, rest = divmod(value, rate.numerator)
    return f"{value}/{rate.numerator}s" if rest else f"{seconds}s"


def _size(file: SourceFile) -> tuple[int, int]:
    return file.width, file.height


def _counting(drop: bool) -> str:
    return "DF" if drop else "NDF"


def _audio_rate(sample_rate: int) -> str:
    """The slowest of the rates a sequence can have that loses nothing of `sample_rate`."""
    enough = [rate for rate in _AUDIO_RATES if rate >= sample_rate]
    return _AUDIO_RATES[min(enough, default=max(_AUDIO_RATES))]
