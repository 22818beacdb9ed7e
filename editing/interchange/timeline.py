"""OpenTimelineIO, the master format: the writer, and the one module that imports it.

Times are exact integers of frames; OTIO keeps rates as floats, and only here are they floats.
"""

from dataclasses import asdict, fields
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import opentimelineio as otio

from editing.cut import Brief, Transition
from editing.interchange.sequence import Event, Sequence, SourceFile
from ingest.timecode import FrameRange

_OURS = "reelroom"
_VIDEO, _AUDIO = otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio


def write_otio(sequence: Sequence) -> str:
    """A sequence as OTIO JSON: a video track, and an audio track if any file has sound."""
    timeline = otio.schema.Timeline(sequence.name)
    timeline.global_start_time = _time(sequence.start, sequence.rate)
    cut = sequence.cut
    timeline.metadata[_OURS] = {
        "cut": cut.id,
        "version": cut.version,
        "kind": cut.kind,
        "drop_frame": sequence.drop,
        "rate": str(sequence.rate),
        "ranker": cut.ranker,
        "author": cut.author,
        "brief": _brief(cut.brief),
    }
    timeline.tracks.append(_picture(sequence))
    if any(file.channels for file in sequence.files):
        timeline.tracks.append(_sound(sequence))
    for marker in sequence.markers:
        span = otio.opentime.TimeRange(_time(marker.frame, sequence.rate), _time(1, sequence.rate))
        timeline.tracks.markers.append(otio.schema.Marker(marker.text, span, "YELLOW"))
    return str(timeline.to_json_string(indent=2))


def _picture(sequence: Sequence) -> Any:
    track = otio.schema.Track("V1", kind=_VIDEO)
    end, rate = 0, sequence.rate
    for event in sequence.events:
        _fill(track, end, event.record.start, rate)
        if event.transition:
            track.append(_transition(event.transition, rate))
        clip = _clip(event, event.record, rate)
        clip.metadata[_OURS] = _reasons(event)
        track.append(clip)
        end = event.record.end
    return track


def _sound(sequence: Sequence) -> Any:
    """All channels of every event's sound in one track, gaps where there is none."""
    track = otio.schema.Track("A1", kind=_AUDIO)
    end, rate = 0, sequence.rate
    for number, event in enumerate(sequence.events):
        sound = event.sound
        if sound is None:
            continue
        _fill(track, end, sound.record.start, rate)
        half = sequence.crossfade(number)
        if half:
            track.append(_transition(Transition("dissolve", half, half), rate))
        clip = _clip(event, sound.record, rate)
        clip.metadata[_OURS] = {"gain": sound.gain, "fade_ms": sound.fade_ms}
        track.append(clip)
        end = sound.record.end
    _fill(track, end, sequence.frames, rate)
    return track


def _fill(track: Any, end: int, start: int, rate: Fraction) -> None:
    """A gap from where a track ends to where the next item begins, if there is one."""
    if start > end:
        span = otio.opentime.TimeRange(_time(0, rate), _time(start - end, rate))
        track.append(otio.schema.Gap(source_range=span))


def _transition(told: Transition, rate: Fraction) -> Any:
    types = otio.schema.TransitionTypes
    made = otio.schema.Transition(
        name="Cross Dissolve" if told.kind == "dissolve" else "Dip to black",
        transition_type=types.SMPTE_Dissolve if told.kind == "dissolve" else types.Custom,
        in_offset=_time(told.before, rate),
        out_offset=_time(told.after, rate),
    )
    made.metadata[_OURS] = {"kind": told.kind}
    return made


def _clip(event: Event, record: FrameRange, rate: Fraction) -> Any:
    """A clip of some record frames of an event.

    It begins at the file's own rate and lasts at the sequence's, so that both are whole frames and
    neither is rounded; OTIO's times each carry their rate. The sound of a file of another rate may
    begin between two of its frames.
    """
    begin = event.file.start + event.source_at(record.start)
    clip = otio.schema.Clip(
        event.file.name,
        media_reference=_reference(event.file),
        source_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(float(begin), float(event.file.rate)),
            _time(record.frames, rate),
        ),
    )
    if event.speed != 1:
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(event.speed)))
    return clip


def _reasons(event: Event) -> dict[str, Any]:
    slot = event.slot
    told: dict[str, Any] = {
        "shot": slot.shot,
        "score": slot.score,
        "locked": slot.locked,
        "reasons": [{"name": reason.name, "value": reason.value} for reason in slot.reasons],
        "alternates": [
            {"shot": a.shot, "source_in": a.source.start, "source_out": a.source.end}
            for a in slot.alternates
        ],
    }
    if slot.reframe:
        told["reframe"] = {"start": list(slot.reframe.start), "end": list(slot.reframe.end)}
    return told


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


def file_url(path: str) -> str:
    """A path as a URL; a relative one stays relative."""
    quoted = quote(path.replace("\\", "/"))
    return f"file://{quoted}" if PurePosixPath(path).is_absolute() else quoted


def _brief(brief: Brief) -> dict[str, object]:
    """What was asked; wishes that are as by default are left out."""
    told = asdict(brief)
    usual = {field.name: field.default for field in fields(brief)}
    return {k: _plain(told[k]) for k in told if getattr(brief, k) != usual[k]}


def _plain(value: object) -> object:
    """What OTIO's JSON knows."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _time(frames: int, rate: Fraction) -> Any:
    return otio.opentime.RationalTime(frames, float(rate))
