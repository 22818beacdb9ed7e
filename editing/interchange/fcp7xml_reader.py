"""A reader of Final Cut Pro 7 XML that shares nothing with the writer but time.

Reads one sequence: clips, dissolves, fades, constant speeds, levels and markers. Other filters are
left aside and told; nested sequences and generators are refused by name.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from editing.cut import Transition
from editing.errors import TimelineError
from editing.interchange.read_sequence import Edit, ReadSequence, refuse_overlaps
from editing.interchange.sequence import Marker, printable
from editing.interchange.xml_text import parse_xml
from ingest.timecode import FrameRange, supports_drop_frame, timecode_to_frame

_PLAIN = frozenset({"enabled", "locked", "outputchannelindex"})
_TICKS = 254_016_000_000


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
    reader = _Tracks(rate, files)
    edits: list[Edit] = []
    for kind, letter in (("video", "V"), ("audio", "A")):
        for number, track in enumerate(sequence.findall(f"media/{kind}/track"), start=1):
            edits += reader.read(track, f"{letter}{number}")
    if not edits:
        raise TimelineError("the sequence holds no <clipitem>")
    drop = _text(code, "displayformat") == "DF"
    start = _start_frame(code, rate)
    refuse_overlaps(edits, start, rate, drop=drop)
    markers = tuple(sorted(_markers(sequence)))
    name, remarks = _text(sequence, "name"), tuple(reader.remarks())
    return ReadSequence(name, rate, drop, start, tuple(edits), markers, remarks, "fcp7")


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


class _Tracks:
    """Reads track after track."""

    def __init__(self, rate: Fraction, files: dict[str, Element]) -> None:
        self.rate, self.files = rate, files
        self.aside: dict[str, int] = {}
        self.told: list[str] = []

    def remarks(self) -> Iterable[str]:
        """What was left aside, for people."""
        yield from self.told
        for what, count in self.aside.items():
            yield f"{count} of {what} left aside"

    def read(self, track: Element, name: str) -> list[Edit]:
        """The edits of a track, each up to its joins."""
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
            edit = self._clip(item, name, mixes[-1] if mixes else None, out)
            edits.append(self._joined(edit, mixes, edits[-1] if edits else None))
            mixes = []
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
            return replace(edit, transition=Transition("dip", back, mix.end - start))
        return replace(edit, transition=Transition("dissolve", start - mix.start, mix.end - start))

    def _lost_fade(self, edits: list[Edit], track: str, mixes: list[_Mix]) -> None:
        name = edits[-1].name if edits else ""
        frames = mixes[0].end - mixes[0].start
        self.told.append(
            f"{track}: the edit of {name!r} fades to black over its last {frames} frames, which "
            "is not kept"
        )

    def _clip(self, clip: Element, track: str, into: _Mix | None, out: _Mix | None) -> Edit:
        where = f"<clipitem id={clip.get('id')!r}>"
        if _rate(clip) != self.rate:
            raise TimelineError(f"{where} runs at another rate than the sequence")
        if (clip.findtext("enabled") or "TRUE").strip().upper() != "TRUE":
            raise TimelineError(f"{where} is disabled; such clips are not read")
        known = self.files.get(_child(clip, "file").get("id", ""))
        if known is None:
            raise TimelineError(f"{where} names a file that is not described")
        start, end = _number(clip, "start"), _number(clip, "end")
        if (start == -1 and into is None) or (end == -1 and out is None):
            raise TimelineError(f"{where}: a start or end of -1, and no <transitionitem> there")
        try:
            inside = FrameRange(_number(clip, "in"), _number(clip, "out"))
            record = FrameRange(
                into.start if start == -1 and into else start,
                out.end if end == -1 and out else end,
            )
        except ValueError as error:
            raise TimelineError(f"{where}: {error}") from None
        if inside.frames != record.frames:
            raise TimelineError(
                f"{where}: {inside.frames} frames of source in {record.frames} of record"
            )
        source = self._source(clip, inside, where)
        speed = Fraction(source.frames, record.frames)
        head = into.join - record.start if start == -1 and into else 0
        tail = record.end - out.join if end == -1 and out else 0
        first = _start_frame(_child(known, "timecode"), self.rate) if _coded(known) else 0
        try:
            source = FrameRange(
                first + source.start + round(head * speed), first + source.end - round(tail * speed)
            )
            record = FrameRange(record.start + head, record.end - tail)
        except ValueError:
            raise TimelineError(f"{where}: its transitions leave nothing of it") from None
        path = unquote(urlsplit((known.findtext("pathurl") or "").strip()).path)
        name = path.rsplit("/", 1)[-1] or (known.findtext("name") or "").strip()
        if not name:
            raise TimelineError(f"{where}: its <file> has neither <pathurl> nor <name>")
        reel = (known.findtext("timecode/reel/name") or "").strip()
        level = self._gain(clip)
        gain = level if track.startswith("A") else None
        return Edit(track, name, source, record, None, gain, reel, path)

    def _source(self, clip: Element, inside: FrameRange, where: str) -> FrameRange:
        """The source frames between in and out, which count at the clip's speed."""
        source = inside
        for effect in clip.findall("filter/effect"):
            if (effect.findtext("effectid") or "").strip() != "timeremap":
                continue
            told = {
                (p.findtext("parameterid") or "").strip(): p for p in effect.findall("parameter")
            }
            if _value(told, "reverse", "FALSE").upper() == "TRUE":
                raise TimelineError(f"{where} plays backwards; such clips are not read")
            if _value(told, "variablespeed", "0") not in ("0", "FALSE"):
                raise TimelineError(
                    f"{where} changes its speed on the way; such clips are not read"
                )
            source = self._remapped(told, inside, where)
        return source

    def _remapped(self, told: dict[str, Element], inside: FrameRange, where: str) -> FrameRange:
        keys = {}
        for key in told["graphdict"].findall("keyframe") if "graphdict" in told else ():
            keys[_number(key, "when")] = _number(key, "value")
        try:
            if inside.start in keys and inside.end in keys:
                return FrameRange(keys[inside.start], keys[inside.end])
            percent = Fraction(_value(told, "speed", "100")[:20])
            if percent <= 0:
                raise TimelineError(f"{where} stands still or plays backwards; that is not read")
            first = inside.start * percent / 100
            frames = max(1, round(inside.frames * percent / 100))
            if first.denominator != 1 or (inside.frames * percent / 100).denominator != 1:
                self.told.append(f"{where}: at its speed it begins or ends between two frames")
            return FrameRange(round(first), round(first) + frames)
        except (ValueError, ZeroDivisionError) as error:
            raise TimelineError(f"{where}: a speed that is not read: {error}") from None

    def _gain(self, clip: Element) -> float:
        """Decibels of its levels; other effects are counted."""
        gain = 0.0
        for effect in clip.findall("filter/effect"):
            identity = (effect.findtext("effectid") or "").strip()
            if identity == "audiolevels":
                gain += self._level(effect)
            elif identity != "timeremap":
                name = f"<effect> {(effect.findtext('name') or identity)[:40]!r}"
                self.aside[name] = self.aside.get(name, 0) + 1
        return gain

    def _level(self, effect: Element) -> float:
        for parameter in effect.findall("parameter"):
            if (parameter.findtext("parameterid") or "").strip() != "level":
                continue
            if parameter.find("keyframe") is not None:
                name = "<effect> 'Audio Levels' with keyframes"
                self.aside[name] = self.aside.get(name, 0) + 1
                return 0.0
            text = _text(parameter, "value")
            try:
                level = float(text[:30])
            except ValueError:
                level = -1.0
            if not 0 <= level <= 1000:
                raise TimelineError(f"<value> of <parameter> Level is no level: {text[:30]!r}")
            return round(20 * math.log10(level), 4) if level > 1e-6 else -120.0
        return 0.0

    def _mix(self, item: Element) -> _Mix:
        start, end = _number(item, "start"), _number(item, "end")
        if not 0 <= start < end:
            raise TimelineError(f"<transitionitem> from {start} to {end} is none")
        alignment = (item.findtext("alignment") or "center").strip()
        shares = {"start": 0, "start-black": 0, "end": end - start, "end-black": end - start}
        before = shares.get(alignment, (end - start) // 2)
        if item.findtext("cutPointTicks") and alignment not in shares:
            frames = Fraction(_number(item, "cutPointTicks"), _TICKS) * self.rate
            before = round(frames) if 0 <= frames <= end - start else before
        name = (item.findtext("effect/name") or "").strip()
        if item.findtext("effect/effectcategory", "Dissolve").strip() != "Dissolve":
            self.told.append(f"<transitionitem> {name[:40]!r} at {start} is read as a dissolve")
        return _Mix(start, end, start + before, alignment)


def _is_mix(item: Element) -> bool:
    return item.tag == "transitionitem"


def _coded(file: Element) -> bool:
    return file.find("timecode") is not None


def _markers(sequence: Element) -> Iterable[Marker]:
    for marker in sequence.findall("marker"):
        text = (marker.findtext("comment") or marker.findtext("name") or "").strip()
        yield Marker(max(0, _number(marker, "in")), printable(text))


def _value(told: dict[str, Element], name: str, default: str) -> str:
    parameter = told.get(name)
    return default if parameter is None else (parameter.findtext("value") or default).strip()


def _start_frame(code: Element, rate: Fraction) -> int:
    """The frame number of a timecode, said twice: as a string and as a number."""
    text = _text(code, "string")
    if _text(code, "displayformat") == "DF":
        if not supports_drop_frame(rate):
            raise TimelineError(f"<displayformat> DF at {float(rate):.3f} frames per second")
        text = ";".join(text.replace(";", ":").rsplit(":", 1))  # Premiere has four semicolons
    try:
        frame = timecode_to_frame(text, rate)
    except ValueError as error:
        raise TimelineError(f"<timecode>: {error}") from None
    if code.find("frame") is not None and frame != _number(code, "frame"):
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
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(text) > 15:
        raise TimelineError(f"<{tag}> in <{element.tag}> is not a whole number: {text[:20]!r}")
    return int(text)


def _text(element: Element, tag: str) -> str:
    return (_child(element, tag).text or "").strip()


def _child(element: Element, tag: str) -> Element:
    child = element.find(tag)
    if child is None:
        raise TimelineError(f"<{element.tag}> lacks <{tag}>")
    return child
