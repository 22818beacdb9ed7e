"""What the pages show of footage, read from the catalogue into tables.

Each query is cached on its arguments alone, and one of them is the catalogue's state, so that
what another process adds shows at the next rerun.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import streamlit as st
from numpy.typing import NDArray

from dashboard.sources import open_catalog
from dashboard.wording import moment
from editing.frame_grid import FrameGrid
from ingest.media import Media, Shot
from ingest.timecode import frame_to_timecode, timecode_to_frame

QUIETEST = -70.0
"""LUFS; digital silence is drawn here, where the gate of EBU R128 lies."""
_LOUDNESS_STEP = 0.1
"""Seconds from one value of loudness to the next."""
_CURVE_SCHEMA = {"measure": pl.String, "from": pl.Float64, "value": pl.Float64}


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a film's frames are numbered: its source timecode, or from 0 without one."""

    rate: Fraction
    first: int
    """The frame number of the film's first frame."""
    drop: bool

    def timecode(self, frame: int) -> str:
        """The source timecode of a frame, counted from 0 in the film."""
        return frame_to_timecode(self.first + frame, self.rate, drop=self.drop)


def numbering_of(media: Media) -> Numbering:
    """The numbering that the file carries; a timecode that its rate does not have is ignored."""
    if media.start_timecode:
        try:
            first = timecode_to_frame(media.start_timecode, media.rate)
        except ValueError:
            return Numbering(media.rate, 0, drop=False)
        return Numbering(media.rate, first, drop=";" in media.start_timecode)
    return Numbering(media.rate, 0, drop=False)


@dataclass(frozen=True, slots=True)
class Film:
    """One media, with what a player and a timecode need of it."""

    media: Media
    detector: str
    """What found its shots."""
    numbering: Numbering
    frames: int
    """On the grid of its rate."""
    picture_start: Fraction
    """Seconds on the browser's clock at the first frame."""
    has_proxy: bool = False
    """Whether there is a review proxy, which a browser plays rather than the file."""


@st.cache_data(max_entries=64, show_spinner=False)
def film(folder: Path, media_id: int, *, state: str) -> Film:
    """One media of the catalogue.

    Raises:
        UnknownMedia: There is none with this id.
    """
    catalog = open_catalog(folder)
    media = catalog.get_media(media_id)
    has_proxy = catalog.proxy(media) is not None
    return Film(
        media,
        catalog.ingest_version(media.id)[0],
        numbering_of(media),
        FrameGrid.of(catalog, media).frames,
        Fraction(0) if has_proxy else picture_start(media),  # a proxy begins at 0
        has_proxy,
    )


def picture_start(media: Media) -> Fraction:
    """When the first frame shows on the clock of Chromium's player, in seconds.

    That clock is the file's own, shifted where anything in the file lies before 0.
    """
    picture = media.start_pts * media.time_base
    sound = picture + media.audio.offset if media.audio else picture
    return picture - min(picture, sound, Fraction(0))


@st.cache_data(max_entries=8, show_spinner=False)
def failure_table(folder: Path, *, state: str) -> pl.DataFrame:
    """A row a file that could not be ingested, the latest first: `file, reason, when, path`."""
    rows = [
        {
            "file": Path(failure.path).name,
            "reason": failure.reason,
            "when": moment(failure.failed_at),
            "path": failure.path,
        }
        for failure in open_catalog(folder).failures()
    ]
    return pl.DataFrame(rows)


@st.cache_data(max_entries=32, show_spinner=False)
def shot_table(folder: Path, media_id: int, *, state: str) -> pl.DataFrame:
    """A row a shot: its place in the film, its transition in, then every measure by its name.

    `start` and `end` are frames on the film's grid, as players and timecode count them.
    """
    catalog = open_catalog(folder)
    media = catalog.get_media(media_id)
    grid, numbering = FrameGrid.of(catalog, media), numbering_of(media)
    rows = [_shot_row(shot, grid, numbering) for shot in catalog.shots(media.id)]
    measures = catalog.measures(media.id)
    columns = [pl.Series(name, measures.column(name)).fill_nan(None) for name in measures.names]
    return pl.DataFrame(rows).with_columns(columns)


def _shot_row(shot: Shot, grid: FrameGrid, numbering: Numbering) -> dict[str, object]:
    start, end = grid.from_decoded(shot.span.start), grid.from_decoded(shot.span.end)
    transition = shot.transition_in
    return {
        "shot": shot.index,
        "start": start,
        "end": end,
        "start_tc": numbering.timecode(start),
        "end_tc": numbering.timecode(end),
        "from": float(start / grid.rate),
        "seconds": float((end - start) / grid.rate),
        "transition": transition.kind,
        "transition_frames": transition.last_frame - transition.first_frame,
        "confidence": transition.confidence,
    }


@st.cache_data(max_entries=32, show_spinner=False)
def film_curves(folder: Path, media_id: int, *, state: str, points: int = 500) -> pl.DataFrame:
    """The measures of every frame and the loudness over film time: `measure, from, value`.

    Each curve is averaged over at most `points` stretches of equal length.
    """
    catalog = open_catalog(folder)
    media = catalog.get_media(media_id)
    curves = catalog.curves(media.id)
    tables = [
        _averaged(name, curves.frame_values[:, column], float(1 / media.rate), points)
        for column, name in enumerate(curves.frame_names)
        if curves.frame_values.size
    ]
    if len(curves.loudness):
        heard = np.maximum(curves.loudness, QUIETEST)
        loudness = _averaged("loudness", heard, _LOUDNESS_STEP, points)
        offset = float(media.audio.offset) if media.audio else 0.0
        tables.append(loudness.with_columns(pl.col("from") + offset))
    return pl.concat(tables) if tables else pl.DataFrame(schema=_CURVE_SCHEMA)


def _averaged(name: str, values: NDArray[np.float32], step: float, points: int) -> pl.DataFrame:
    count = min(points, len(values))
    edges = np.linspace(0, len(values), count + 1).astype(np.int64)
    sums = np.add.reduceat(np.nan_to_num(values, nan=0.0), edges[:-1], dtype=np.float64)
    valid = np.add.reduceat(~np.isnan(values), edges[:-1], dtype=np.int64)
    with np.errstate(invalid="ignore"):
        means = sums / valid
    table = pl.DataFrame({"from": edges[:-1] * step, "value": means})
    return table.select(pl.lit(name).alias("measure"), "from", pl.col("value").fill_nan(None))
