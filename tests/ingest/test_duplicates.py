"""Films that show the same pictures: copies and excerpts are told, and unlike films are not."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.cli import reel
from ingest.analysis import analyse
from ingest.catalog import Catalog
from ingest.commit import commit_analysis
from ingest.duplicates import (
    FilmSignatures,
    _likely_pairs,
    all_duplicates,
    duplicates_of,
    find_shots,
    remarks_on,
)
from ingest.media import Media, MediaId, Signatures
from ingest.signatures import signature

RATE = 24
SCENES = tuple(range(10))
"""The film: ten scenes of a second each."""


def draw(scene: int, step: int) -> np.ndarray:
    """A soft random picture that moves on by three pixels a step: `(180, 320, 3)`."""
    coarse = np.random.default_rng(scene).integers(20, 236, (7, 16, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (480, 180), interpolation=cv2.INTER_CUBIC)
    return np.roll(picture, -3 * step, axis=1)[:, :320]


def write(
    path: Path,
    scenes: Sequence[int] = SCENES,
    *,
    skip: int = 0,
    size: tuple[int, int] = (320, 180),
    bars: int = 0,
    codec: str = "libx264",
    bits: int = 400_000,
    rate: int = RATE,
    frames: int = 24,
) -> Path:
    """A film of scenes, less its first `skip` frames, with black bars above and below."""
    width, height = size
    with av.open(str(path), "w") as film:
        video = film.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height + 2 * bars, "yuv420p"
        video.bit_rate = bits
        for scene, step in [(s, n) for s in scenes for n in range(frames)][skip:]:
            picture = np.zeros((height + 2 * bars, width, 3), np.uint8)
            inside = cv2.resize(draw(scene, step), size, interpolation=cv2.INTER_AREA)
            picture[bars : bars + height] = inside
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            film.mux(video.encode(frame.reformat(format="yuv420p")))
        film.mux(video.encode(None))
    return path


class Flat:
    name, version = "flat", "1"

    def embed(self, pictures: list[np.ndarray]) -> np.ndarray:
        return np.ones((len(pictures), 1), np.float32)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("original") / "original.mp4")


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[[Path], Media]:
    def into_catalogue(path: Path) -> Media:
        with Catalog(tmp_path / "work" / "catalog") as catalog:
            return commit_analysis(
                catalog, analyse(path, detector="content", model=Flat()), version="1"
            )

    return into_catalogue


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "work" / "catalog")


COPIES = {
    "smaller.mkv": {"size": (160, 90)},
    "letterboxed.mp4": {"bars": 30},
    "starved.avi": {"codec": "mpeg4", "bits": 20_000},
    "quicker.mp4": {"rate": 25},
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_in_another_guise_is_told(
    original: Path, ingest: Callable[[Path], Media], catalog: Catalog, tmp_path: Path, name: str
) -> None:
    first, copy = ingest(original), ingest(write(tmp_path / name, **COPIES[name]))
    (pair,) = duplicates_of(catalog, copy)
    assert (pair.first, pair.second, pair.relation) == (copy, first, "same")
    assert pair.of_first.share >= 0.9
    assert pair.of_second.share >= 0.9
    assert abs(pair.timing[0]) <= 0.75
    (remark,) = remarks_on(catalog, copy)
    assert remark.startswith("looks like the same film as original.mp4: ")


def test_an_excerpt_is_a_part_and_the_film_holds_it_at_its_place(
    original: Path, ingest: Callable[[Path], Media], catalog: Catalog, tmp_path: Path
) -> None:
    film = ingest(original)
    excerpt = ingest(write(tmp_path / "excerpt.mp4", SCENES[4:8], skip=7, size=(240, 136)))
    (pair,) = duplicates_of(catalog, excerpt)
    assert pair.relation == "part"
    assert pair.timing == pytest.approx((4 + 7 / 24, 1.0), abs=0.75)
    (other_way,) = duplicates_of(catalog, film)
    assert other_way.relation == "whole"
    assert other_way.timing == pytest.approx((-4 - 7 / 24, 1.0), abs=0.75)
    assert other_way.of_first.share == pytest.approx(0.4, abs=0.11)


def test_a_trailer_shares_shots_and_is_no_duplicate(
    original: Path, ingest: Callable[[Path], Media], catalog: Catalog, tmp_path: Path
) -> None:
    ingest(original)
    trailer = ingest(write(tmp_path / "trailer.mp4", (7, 2, 5, 21, 0), frames=20))
    (pair,) = duplicates_of(catalog, trailer)
    assert (pair.relation, pair.of_first.found, pair.of_first.shots) == ("shares", 4, 5)
    assert remarks_on(catalog, trailer) == ["shares shots with original.mp4: 4 of 5"]


def test_unlike_films_and_dark_or_flat_ones_are_not_told(
    original: Path,
    ingest: Callable[[Path], Media],
    catalog: Catalog,
    tmp_path: Path,
    make_film: Callable[..., Path],
) -> None:
    ingest(original)
    other = ingest(write(tmp_path / "other.mp4", tuple(range(50, 58))))
    for number, frames in enumerate((48, 60)):
        black = tmp_path / f"black{number}.mp4"
        with av.open(str(black), "w") as film:
            video = film.add_stream("libx264", rate=24)
            video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
            for _ in range(frames):
                dark = np.random.default_rng(frames).integers(0, 9, (180, 320, 3), dtype=np.uint8)
                film.mux(video.encode(av.VideoFrame.from_ndarray(dark, format="rgb24")))
            film.mux(video.encode(None))
        assert len(catalog.signatures(ingest(black).id).values) == 0
    assert duplicates_of(catalog, other) == []
    assert all_duplicates(catalog) == ([], [])


def test_the_command_lists_each_pair_once(
    original: Path, ingest: Callable[[Path], Media], tmp_path: Path
) -> None:
    first = ingest(original)
    copy = ingest(write(tmp_path / "copy.mkv", size=(160, 90), skip=24))
    ingest(write(tmp_path / "other.mp4", (31, 32)))
    command = ["media", "--duplicates", "--workspace", str(tmp_path / "work")]
    (pair,) = json.loads(CliRunner().invoke(reel, [*command, "--format", "json"]).stdout)
    assert (pair["first"], pair["second"], pair["relation"]) == (first.id, copy.id, "same")
    assert pair["of_first"]["shots"] == 10
    assert pair["offset_seconds"] == pytest.approx(-1, abs=0.75)
    table = CliRunner().invoke(reel, command).stdout
    assert "the same film" in table
    assert "copy.mkv" in table
    assert "other.mp4" not in table


def test_a_film_from_before_there_were_signatures_is_named(
    original: Path, ingest: Callable[[Path], Media], catalog: Catalog
) -> None:
    from ingest import tables

    media = ingest(original)
    with catalog.transaction() as connection:
        kind = tables.array_file.c.kind
        connection.execute(tables.array_file.delete().where(kind.like("signature%")))
    assert all_duplicates(catalog) == ([], [media])
    (remark,) = remarks_on(catalog, media)
    assert remark.startswith("not compared with the other films: original.mp4 has no signature")


@given(st.integers(0, 999), st.floats(0.7, 1.0), st.integers(-15, 15), st.sampled_from([1, 2, 3]))
def test_a_signature_survives_grading_and_scaling(
    scene: int, gain: float, lift: int, smaller: int
) -> None:
    picture = cv2.cvtColor(draw(scene, 0), cv2.COLOR_RGB2GRAY)
    graded = np.clip(picture * gain + lift, 0, 255).astype(np.uint8)
    scaled = cv2.resize(graded, (320 // smaller, 180 // smaller), interpolation=cv2.INTER_AREA)
    first, second = signature(picture), signature(scaled)
    assert first is not None
    assert second is None or (first ^ second).bit_count() <= 8


def test_a_flat_picture_has_no_signature() -> None:
    noise = np.random.default_rng(0).integers(100, 103, (90, 160), dtype=np.uint8)
    assert signature(noise) is None
    assert signature(np.zeros((90, 160), np.uint8)) is None
    assert signature(np.tile(np.linspace(0, 255, 160).astype(np.uint8), (90, 1))) is None


def random_film(seed: int, shots: int = 12, each: int = 8) -> FilmSignatures:
    values = np.random.default_rng(seed).integers(0, 2**63, shots * each).astype(np.uint64)
    count = np.arange(shots * each)
    return FilmSignatures(values, count / 4, count // each)


@given(st.integers(0, 10_000), st.floats(0, 500), st.sampled_from([1.0, 25 / 24, 24 / 25]))
@settings(deadline=None)
def test_offset_and_speed_of_a_copy_are_found(seed: int, offset: float, speed: float) -> None:
    film = random_film(seed, shots=60)
    copy = FilmSignatures(film.values, film.seconds * speed + offset, film.shots)
    found = find_shots(film, copy)
    assert (found.shots, found.found) == (60, 60)
    assert found.in_step >= 55
    assert found.speed == speed
    assert found.offset == pytest.approx(offset, abs=0.75)


@given(st.lists(st.integers(0, 30), min_size=2, max_size=5, unique=True))
def test_likely_pairs_are_those_with_a_half_in_common(seeds: list[int]) -> None:
    """By hand: each film gets one signature whose upper half the next film has too."""
    films = {}
    for number, seed in enumerate(seeds):
        own = random_film(seed).values.copy()
        own[0] = (np.uint64(900 + number) << np.uint64(32)) | np.uint64(7_000_000 + 2 * number)
        own[1] = (np.uint64(899 + number) << np.uint64(32)) | np.uint64(7_000_001 + 2 * number)
        films[MediaId(10 * number)] = own
    expected = [(10 * n, 10 * n + 10) for n in range(len(seeds) - 1)]
    assert _likely_pairs(films) == expected


def test_signatures_must_fit_their_frames() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Signatures(np.zeros(2, np.int64), np.zeros(3, np.uint64))
