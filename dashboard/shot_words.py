"""A shot's measures as plain numbers, and the classes that they put it in, in words."""

from collections.abc import Mapping
from math import isfinite

from ingest.camera import MOTION_MEASURES, camera_move
from ingest.media import ShotMeasures
from ingest.shot_scale import shot_scale

FEW_MEASURES = ("faces", "luma", "motion", "sharpness", "loudness", "speech")
"""Those that say most of a shot at a glance, where there is no room for all."""
UNKNOWN = "unknown"
"""The class of a shot whose measures do not tell."""


def shot_values(measures: ShotMeasures) -> list[dict[str, float | None]]:
    """Each shot's measures by name, to 6 figures; None where a shot does not have one."""
    return [
        {
            name: float(f"{value:.6g}") if isfinite(value) else None
            for name, value in zip(measures.names, row, strict=True)
        }
        for row in measures.values.tolist()
    ]


def shot_classes(values: Mapping[str, float | None]) -> dict[str, str]:
    """How the camera moves in a shot and how close it is: `camera_move` and `shot_scale`.

    Args:
        values: The shot's measures by name; what is missing or None tells nothing.
    """
    move = camera_move(*(_number(values, name) for name in MOTION_MEASURES))
    scale = shot_scale(_number(values, "face_height"))
    return {"camera_move": move or UNKNOWN, "shot_scale": scale or UNKNOWN}


def _number(values: Mapping[str, float | None], name: str) -> float:
    value = values.get(name)
    return float("nan") if value is None else value
