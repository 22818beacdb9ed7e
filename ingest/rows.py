"""Rows of the catalogue as the value types of footage, and back.

Exact numbers are kept as text (`24000/1001`), nested values as JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from ingest.media import Audio, Colour, Media, MediaId, Shot, Transition
from ingest.timecode import FrameRange


def media_row(media: Media) -> dict[str, Any]:
    """The columns of table `media` that a `Media` fills; all but its id."""
    audio = media.audio and asdict(media.audio) | {"offset": str(media.audio.offset)}
    return {
        "fingerprint": media.fingerprint,
        "path": media.path,
        "size_bytes": media.size_bytes,
        "container": media.container,
        "codec": media.codec,
        "width": media.width,
        "height": media.height,
        "rotation": media.rotation,
        "rate": str(media.rate),
        "variable_rate": int(media.variable_rate),
        "time_base": str(media.time_base),
        "start_pts": media.start_pts,
        "frames": media.frames,
        "duration": None if media.duration is None else str(media.duration),
        "start_timecode": media.start_timecode,
        "audio": json.dumps(audio) if audio else None,
        "colour": json.dumps(asdict(media.colour)) if media.colour else None,
        "warnings": json.dumps(media.warnings),
    }


def media_from(row: Row[Any]) -> Media:
    """The `Media` of a row of table `media`."""
    values: Mapping[Any, Any] = row._mapping
    audio = json.loads(values["audio"]) if values["audio"] else None
    plain = ("path", "fingerprint", "size_bytes", "container", "codec", "width", "height")
    more = ("rotation", "start_pts", "frames", "start_timecode")
    return Media(
        id=MediaId(values["id"]),
        **{name: values[name] for name in plain + more},
        rate=Fraction(values["rate"]),
        variable_rate=bool(values["variable_rate"]),
        time_base=Fraction(values["time_base"]),
        duration=Fraction(values["duration"]) if values["duration"] else None,
        audio=audio and Audio(**(audio | {"offset": Fraction(audio["offset"])})),
        colour=Colour(**json.loads(values["colour"])) if values["colour"] else None,
        warnings=tuple(json.loads(values["warnings"])),
    )


def shot_row(media_id: MediaId, shot: Shot) -> dict[str, Any]:
    """A row of table `shot`."""
    return {
        "media_id": media_id,
        "idx": shot.index,
        "start_frame": shot.span.start,
        "end_frame": shot.span.end,
        "transition_kind": shot.transition_in.kind,
        "transition_first": shot.transition_in.first_frame,
        "transition_last": shot.transition_in.last_frame,
        "confidence": shot.transition_in.confidence,
    }


def shot_from(row: Row[Any]) -> Shot:
    """The `Shot` of a row of table `shot`."""
    span = FrameRange(row.start_frame, row.end_frame)
    transition = Transition(
        row.transition_kind, row.transition_first, row.transition_last, row.confidence
    )
    return Shot(MediaId(row.media_id), row.idx, span, transition)
