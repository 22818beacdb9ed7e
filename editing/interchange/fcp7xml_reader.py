"""A reader of Final Cut Pro 7 XML that shares nothing with the writer but time.

Reads one sequence of cuts; transitions, effects and nested sequences are refused.
"""

from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from editing.errors import TimelineError
from editing.interchange.sequence import Edit, ReadSequence
from editing.interchange.xml_text import parse_xml
from ingest.timecode import FrameRange, timecode_to_frame

_PLAIN = frozenset({"clipitem", "enabled", "locked", "outputchannelindex"})


def read_fcp7xml(text: str) -> ReadSequence:
    """Read the one sequence of an xmeml document.

    Raises:
        TimelineError: It is not xmeml, or holds what is not read; names the element.
    """
    root = parse_xml(text)
    if root.tag != "xmeml":
        raise TimelineError(f"an XML document of <{root.tag}>, not of <xmeml>")
    sequences = list(root.iter("sequence"))
    if len(sequences) != 1:
        raise TimelineError(f"<xmeml> holds {len(sequences)} sequences; one is read")
    sequence = sequences[0]
    rate = _rate(sequence)
    code = _child(sequence, "timecode")
    files = {f.get("id", ""): f for f in sequence.iter("file") if f.find("rate") is not None}
    edits: list[Edit] = []
    for kind, letter in (("video", "V"), ("audio", "A")):
        for number, track in enumerate(sequence.findall(f"media/{kind}/track"), start=1):
            _refuse_others(track)
            for clip in track.findall("clipitem"):
                edits.append(_edit(clip, f"{letter}{number}", files, rate))
    if not edits:
        raise TimelineError("the sequence holds no <clipitem>")
    drop = _text(code, "displayformat") == "DF"
    name = _text(sequence, "name")
    return ReadSequence(name, rate, drop, _start_frame(code, rate), tuple(edits))


def _edit(clip: Element, track: str, files: dict[str, Element], rate: Fraction) -> Edit:
    where = f"<clipitem id={clip.get('id')!r}>"
    if _rate(clip) != rate:
        raise TimelineError(f"{where} runs at another rate than the sequence")
    known = files.get(_child(clip, "file").get("id", ""))
    if known is None:
        raise TimelineError(f"{where} names a file that is not described")
    first = _start_frame(_child(known, "timecode"), rate)
    try:
        inside = FrameRange(_number(clip, "in"), _number(clip, "out"))
        record = FrameRange(_number(clip, "start"), _number(clip, "end"))
    except ValueError as error:
        raise TimelineError(f"{where}: {error}") from None
    if inside.frames != record.frames:
        raise TimelineError(
            f"{where}: {inside.frames} frames of source in {record.frames} of record; "
            "changes of speed are not read"
        )
    name = unquote(urlsplit(_text(known, "pathurl")).path).rsplit("/", 1)[-1]
    return Edit(track, name, FrameRange(first + inside.start, first + inside.end), record)


def _refuse_others(track: Element) -> None:
    for child in track:
        if child.tag not in _PLAIN:
            raise TimelineError(f"<{child.tag}> in a <track> is not read")


def _start_frame(code: Element, rate: Fraction) -> int:
    """The frame number of a timecode, said twice: as a string and as a number."""
    text = _text(code, "string")
    if _text(code, "displayformat") == "DF":
        text = text[:-3] + ";" + text[-2:]
    try:
        frame = timecode_to_frame(text, rate)
    except ValueError as error:
        raise TimelineError(f"<timecode>: {error}") from None
    if frame != _number(code, "frame"):
        raise TimelineError(f"<timecode>: {text} is frame {frame}, not {_text(code, 'frame')}")
    return frame


def _rate(element: Element) -> Fraction:
    rate = _child(element, "rate")
    timebase = _number(rate, "timebase")
    if not 1 <= timebase <= 1000:
        raise TimelineError(f"<timebase> of {timebase} in <{element.tag}>")
    ntsc = _text(rate, "ntsc").upper() == "TRUE"
    return Fraction(timebase * 1000, 1001) if ntsc else Fraction(timebase)


def _number(element: Element, tag: str) -> int:
    text = _text(element, tag)
    if not text.lstrip("-").isdecimal() or len(text) > 12:
        raise TimelineError(f"<{tag}> in <{element.tag}> is not a whole number: {text[:20]!r}")
    return int(text)


def _text(element: Element, tag: str) -> str:
    return (_child(element, tag).text or "").strip()


def _child(element: Element, tag: str) -> Element:
    child = element.find(tag)
    if child is None:
        raise TimelineError(f"<{element.tag}> lacks <{tag}>")
    return child
