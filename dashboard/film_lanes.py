"""The lanes under a film's strip: motion, loudness, faces, speech and score over the film."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import streamlit as st

from dashboard import queries
from dashboard.components.filmstrip import Lane
from dashboard.sources import open_catalog
from editing.errors import EditingError
from editing.rank.store import DEFAULT_RANKER
from editing.run import score_shots
from ingest.errors import IngestError, NotIngested
from ingest.speech import VOICE_RATE

BLUE, ORANGE, GREEN, PINK, GREY = "#4C9BCB", "#E69F00", "#2FA37C", "#CC79A7", "#8B97A5"
_POINTS = 1200
_LOUDEST = -5.0
"""LUFS at the top of the lane; momentary loudness is hardly ever more."""


@st.cache_data(max_entries=16, show_spinner=False)
def film_lanes(folder: Path, media_id: int, *, state: str) -> list[Lane]:
    """The lanes of a film; a measure that ingest did not make has none."""
    shots = queries.shot_table(folder, media_id, state=state)
    curves = queries.film_curves(folder, media_id, state=state, points=_POINTS)
    film = queries.film(folder, media_id, state=state)
    known = set(curves["measure"].unique().to_list())
    lanes = []
    if "motion" in known:
        motion = _curve(curves, "motion")
        lanes.append(Lane("Motion", "even", motion, 0.0, _most(motion)[1], BLUE, digits=3))
    if "loudness" in known:
        sound = _curve(curves, "loudness")
        lanes.append(
            Lane("Loudness", "even", sound, queries.QUIETEST, _LOUDEST, GREEN, " LUFS", digits=1)
        )
    if "faces" in shots.columns and shots["faces"].null_count() < shots.height:
        faces = _values(shots["faces"])
        most = max((value for value in faces if value is not None), default=1.0)
        lanes.append(Lane("Faces", "shots", faces, 0.0, max(1.0, most), PINK, digits=0))
    if film.media.audio is not None:
        spans = _spoken(folder, media_id, film.frames)
        if spans is not None:
            lanes.append(
                Lane("Speech", "spans", spans, 0.0, 1.0, ORANGE, yes="speech", no="no speech")
            )
    scores = _scores(folder, media_id)
    if scores:
        low, high = _most(scores)
        lanes.append(Lane("Score", "shots", scores, min(0.0, low), max(0.0, high), GREY, digits=1))
    return lanes


def _curve(curves: pl.DataFrame, measure: str) -> list[float | None]:
    return _values(curves.filter(pl.col("measure") == measure)["value"])


def _most(values: Sequence[float | None]) -> tuple[float, float]:
    """The foot and top of a lane: all but the hundredth of the values that is furthest out."""
    known = [value for value in values if value is not None]
    low, high = np.percentile(known, [0.5, 99.5]) if known else (0.0, 1.0)
    return round(float(low), 4), round(float(high) if high > low else float(low) + 1.0, 4)


def _values(column: pl.Series) -> list[float | None]:
    return [None if value is None else round(float(value), 4) for value in column.to_list()]


def _spoken(folder: Path, media_id: int, frames: int) -> list[tuple[int, int]] | None:
    """Where somebody speaks, in frames of the film's grid; None if ingest did not listen."""
    catalog = open_catalog(folder)
    media = catalog.get_media(media_id)
    try:
        voiced = catalog.sound(media.id).voiced
    except NotIngested:
        return None
    offset = float(media.audio.offset) if media.audio else 0.0
    edges = np.round((voiced / VOICE_RATE + offset) * float(media.rate)).astype(int)
    edges = np.clip(edges, 0, frames)
    return [(int(start), int(end)) for start, end in edges if end > start]


def _scores(folder: Path, media_id: int) -> list[float]:
    """Each shot's score by the ranker that is used unless another is named; none without it."""
    catalog = open_catalog(folder)
    media = catalog.get_media(media_id)
    try:
        values = score_shots(catalog, media, DEFAULT_RANKER).values
    except (EditingError, IngestError):
        return []
    return [round(float(value), 4) for value in values]
