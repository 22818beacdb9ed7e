"""Films whose features can be checked by eye, and catalogues that hold them."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editing.rank.film import Film
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.media import (
    Analysis,
    Curves,
    Embeddings,
    Media,
    MediaId,
    Shot,
    ShotMeasures,
    Transition,
)
from ingest.timecode import FrameRange

NAMES = ("luma", "contrast", "colourfulness", "motion", "sharpness", "loudness", "loudness_max")
SHOT_FRAMES = 48


@pytest.fixture
def planted() -> Callable[..., Film]:
    """Makes films of `clusters` scenes, of which the first fills half the film.

    A shot's picture is its scene's axis plus noise of length about 0.3; its measures are noise.
    """

    def make(shots: int = 60, *, clusters: int = 6, seed: int = 0, dim: int = 32) -> Film:
        rng = np.random.default_rng(seed)
        scene = np.where(rng.random(shots) < 0.5, 0, rng.integers(0, clusters, shots))
        noise = 0.3 * rng.normal(size=(shots, dim)) / np.sqrt(dim)
        vectors = np.eye(dim)[scene] + noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Film(
            Embeddings("planted", "1", vectors.astype(np.float32)),
            ShotMeasures(NAMES, rng.normal(size=(shots, len(NAMES))).astype(np.float32)),
            np.full(shots, 2.0, np.float32),
            (np.arange(shots) / shots).astype(np.float32),
        )

    return make


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalogue") as catalog:
        yield catalog


@pytest.fixture
def ingested(catalog: Catalog) -> Callable[[str, Film], Media]:
    """Puts a film into the catalogue as if ingest had found it: shots of 48 frames at 24/s."""

    def put(fingerprint: str, film: Film) -> Media:
        return commit_analysis(catalog, _analysis(fingerprint, film), version="1")

    return put


def _analysis(fingerprint: str, film: Film) -> Analysis:
    frames = SHOT_FRAMES * film.shots
    return Analysis(
        media=_media(fingerprint, frames),
        detector="content",
        shots=tuple(_shot(i) for i in range(film.shots)),
        frame_times=np.arange(100, 100 + frames),
        measures=film.measures,
        curves=Curves(("luma",), np.zeros((frames, 1), np.float32), np.zeros(1, np.float32)),
        embeddings=(film.embeddings,),
        transition_scores=np.zeros(frames, np.float32),
        thumbnails=(),
    )


def _shot(index: int) -> Shot:
    first = SHOT_FRAMES * index
    kind = "cut" if index else "start"
    transition = Transition(kind, first, first, 1.0)
    return Shot(MediaId(0), index, FrameRange(first, first + SHOT_FRAMES), transition)


def _media(fingerprint: str, frames: int) -> Media:
    return Media(
        id=MediaId(0),
        path=f"/footage/{fingerprint}.mp4",
        fingerprint=fingerprint,
        size_bytes=1,
        container="mp4",
        codec="h264",
        width=480,
        height=270,
        rotation=0,
        rate=Fraction(24),
        variable_rate=False,
        time_base=Fraction(1, 24),
        start_pts=100,
        frames=frames,
        start_timecode=None,
        audio=None,
    )
