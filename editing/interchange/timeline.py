"""OpenTimelineIO, the master format: all that a cut says, and the one module that imports it.

Times are exact integers of frames; OTIO keeps rates as floats, and only here are they floats.
"""

from dataclasses import asdict
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import opentimelineio as otio

from editing.errors import TimelineError
from editing.interchange.sequence import Edit, Event, ReadSequence, Sequence, SourceFile
from ingest.timecode import FrameRange, nominal_rate

_OURS = "reelroom"


def write_otio(sequence: Sequence) -> str:
    """A sequence as OTIO JSON: a video track, and an audio track if any file has sound."""
    timeline = otio.schema.Timeline(sequence.name)
    timeline.global_start_time = _time(sequence.start, sequence.rate)
    cut, brief = sequence.cut, asdict(sequence.cut.brief)
    timeline.metadata[_OURS] = {
        "cut": cut.id,
        "version": cut.version,
        "kind": cut.kind,
        "drop_frame": sequence.drop,
        "rate": str(sequence.rate),
        "ranker": cut.ranker,
        "author": cut.author,
        "brief": brief | {"spoiler_free": str(cut.brief.spoiler_free)},
    }
    kinds = [otio.schema.TrackKind.Video]
    if any(file.channels for file in sequence.files):
        kinds.append(otio.schema.TrackKind.Audio)
    for kind in kinds:
        track = otio.schema.Track(f"{kind[0]}1", kind=kind)
        track.extend([_item(event, kind) for event in sequence.events])
        timeline.tracks.append(track)
    return str(timeline.to_json_string(indent=2))


def read_otio(text: str) -> ReadSequence:
    """Read an OTIO timeline of clips and gaps.

    Raises:
        TimelineError: It is not OTIO, or holds what is not read; names the clip.
    """
    try:
        timeline = otio.adapters.read_from_string(text, "otio_json")
    except (otio.exceptions.OTIOError, ValueError) as error:
        raise TimelineError(f"not an OTIO timeline: {error}") from error
    if not isinstance(timeline, otio.schema.Timeline):
        raise TimelineError(f"an OTIO file of a {type(timeline).__name__}, not of a timeline")
    counts: dict[str, int] = {}
    edits: list[Edit] = []
    for track in timeline.tracks:
        counts[track.kind] = counts.get(track.kind, 0) + 1
        edits += _read_track(track, f"{track.kind[:1]}{counts[track.kind]}")
    if not edits:
        raise TimelineError("the timeline holds no clip")
    rates = {exact_rate(clip.trimmed_range().duration.rate) for clip in timeline.find_clips()}
    if len(rates) != 1:
        raise TimelineError(f"the timeline mixes clips of {len(rates)} rates; one is read")
    begin = timeline.global_start_time
    drop = bool(timeline.metadata.get(_OURS, {}).get("drop_frame", False))
    start = _frames(begin, "the timeline's start") if begin else 0
    return ReadSequence(timeline.name, rates.pop(), drop, start, tuple(edits))


def exact_rate(rate: float) -> Fraction:
    """The rational that a float rate stands for: 23.976 and 23.976023976… are 24000/1001."""
    ntsc = Fraction(nominal_rate(Fraction(rate)) * 1000, 1001)
    return ntsc if abs(rate - ntsc) < 1e-3 else Fraction(rate).limit_denominator(1001)


def file_url(path: str) -> str:
    """A path as a URL; a relative one stays relative."""
    quoted = quote(path.replace("\\", "/"))
    return f"file://{quoted}" if PurePosixPath(path).is_absolute() else quoted


def _item(event: Event, kind: str) -> Any:
    if kind == otio.schema.TrackKind.Audio and not event.file.channels:
        return otio.schema.Gap(source_range=_range(event.record.start, event.record, event))
    clip = otio.schema.Clip(
        event.file.name,
        media_reference=_reference(event.file),
        source_range=_range(event.file.start + event.source.start, event.source, event),
    )
    slot = event.slot
    clip.metadata[_OURS] = {
        "shot": slot.shot,
        "score": slot.score,
        "locked": slot.locked,
        "reasons": [{"name": reason.name, "value": reason.value} for reason in slot.reasons],
        "alternates": [
            {"shot": a.shot, "source_in": a.source.start, "source_out": a.source.end}
            for a in slot.alternates
        ],
    }
    return clip


def _reference(file: SourceFile) -> Any:
    available = otio.opentime.TimeRange(_time(file.start, file.rate), _time(file.frames, file.rate))
    reference = otio.schema.ExternalReference(file_url(file.path), available)
    reference.name = file.name
    reference.metadata[_OURS] = {
        "reel": file.reel,
        "drop_frame": file.drop,
        "audio_channels": file.channels,
    }
    return reference


def _time(frames: int, rate: Fraction) -> Any:
    return otio.opentime.RationalTime(frames, float(rate))


def _range(start: int, span: FrameRange, event: Event) -> Any:
    rate = event.file.rate
    return otio.opentime.TimeRange(_time(start, rate), _time(span.frames, rate))


def _read_track(track: Any, name: str) -> list[Edit]:
    edits, record = [], 0
    for item in track:
        if not isinstance(item, otio.schema.Clip | otio.schema.Gap):
            raise TimelineError(f"track {name}: a {type(item).__name__} is not read")
        span = item.trimmed_range()
        frames = _frames(span.duration, item.name)
        if isinstance(item, otio.schema.Clip):
            start = _frames(span.start_time, item.name)
            source = FrameRange(start, start + frames)
            edits.append(
                Edit(name, _source_name(item), source, FrameRange(record, record + frames))
            )
        record += frames
    return edits


def _source_name(clip: Any) -> str:
    url = getattr(clip.media_reference, "target_url", None)
    return unquote(urlsplit(url).path).rsplit("/", 1)[-1] if url else str(clip.name)


def _frames(time: Any, what: str) -> int:
    if not float(time.value).is_integer():
        raise TimelineError(f"{what}: {time.value} is not a whole number of frames")
    return int(time.value)
