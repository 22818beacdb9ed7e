"""A studio: films of numbered frames, cuts of them, and what a delivered file decodes to."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from editing.cut import Brief, Cut, CutId, Slot
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange


def slot_of(media: Media, start: int, end: int, **how: object) -> Slot:
    return Slot(media.id, 0, FrameRange(start, end), 0.0, (), **how)


def cut_of(*slots: Slot, rate: Fraction = Fraction(24), aspect: str = "source") -> Cut:
    frames = sum(slot.source.frames for slot in slots)
    brief = Brief("trailer", frames, 1, frames, Fraction(1), 1.0, aspect=aspect)
    return Cut(
        *(CutId(1), 2, MediaId(slots[0].media), "A cut", "trailer", brief, rate, slots),
        *("linear 1", "tester", "", "2024-01-01T00:00:00+00:00"),
    )


@dataclass
class Decoded:
    pictures: np.ndarray
    """`(frames, height, width)` of luma."""
    sound: np.ndarray
    """`(channels, samples)`."""


def decode(path: Path) -> Decoded:
    with av.open(str(path)) as film:
        pictures = [f.to_ndarray()[: f.height] for f in film.decode(video=0)]
    sound = [np.zeros((1, 0))]
    with av.open(str(path)) as film:
        if film.streams.audio:
            sound = [f.to_ndarray() for f in film.decode(audio=0)]
    return Decoded(np.array(pictures, float), np.concatenate(sound, axis=1))


def sine(hz: float, seconds: float, amplitude: float = 0.25) -> np.ndarray:
    """At 48 kHz."""
    at = np.arange(round(seconds * 48_000)) / 48_000
    return amplitude * np.sin(2 * np.pi * hz * at)


@dataclass
class Studio:
    catalog: Catalog
    film: Callable[..., Media]
    add_film: Callable[[Path], Media]
    folder: Path
    slot = staticmethod(slot_of)
    cut = staticmethod(cut_of)
    decoded = staticmethod(decode)
    tone = staticmethod(sine)


@pytest.fixture
def studio(
    catalog: Catalog,
    make_film: Callable[..., Media],
    add_film: Callable[[Path], Media],
    tmp_path: Path,
) -> Studio:
    return Studio(catalog, make_film, add_film, tmp_path)


@pytest.fixture(scope="session")
def make_cut() -> Callable[..., Cut]:
    return cut_of


@pytest.fixture
def cut(studio: Studio) -> Cut:
    """Two seconds of a silent film."""
    media = studio.film("film.mov", 60)
    return studio.cut(studio.slot(media, 0, 24), studio.slot(media, 30, 54))
