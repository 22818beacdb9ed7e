"""Faces of real footage, and what their height is a share of."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import faces
from ingest.analysis import analyse
from ingest.faces import face_measures, find_faces

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs dlib: pip install 'reelroom[faces]'"
)
NO_BARS = np.zeros(4, np.float32)
BACKS, FACING, PROFILES = 0, 168, 230
"""Frames of `chaplin`."""


class TinyModel:
    """Three numbers a picture, its mean colour."""

    name, version = "mean-colour", "1"

    def embed(self, pictures: list[np.ndarray]) -> np.ndarray:
        colours = np.array([p.reshape(-1, 3).mean(axis=0) for p in pictures], dtype=np.float32)
        return colours / np.linalg.norm(colours, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def chaplin(shared_data: Path) -> list[np.ndarray]:
    """Two men between black pillars, 360 rows: one walks up to the camera, the other turns."""
    with av.open(str(shared_data / "footage" / "chaplin.mp4")) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


@pytest.fixture
def without_dlib(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "dlib", None)
    faces._detector.cache_clear()
    yield
    faces._detector.cache_clear()


@needs_dlib
def test_a_face_is_found_with_its_height(chaplin: list[np.ndarray]) -> None:
    """Forehead to chin it is about 42 of the 360 rows."""
    count, height = find_faces(chaplin[FACING])
    assert count == 1
    assert height == pytest.approx(42 / 360, rel=0.1)


@needs_dlib
@pytest.mark.parametrize("rows", [90, 150, 240])
def test_its_share_grows_as_the_picture_closes_in(chaplin: list[np.ndarray], rows: int) -> None:
    whole = find_faces(chaplin[FACING])[1]
    count, share = find_faces(chaplin[FACING][:rows, 240:480])
    assert count == 1
    assert share == pytest.approx(whole * 360 / rows, rel=0.2)  # a step of the detector's ladder


@needs_dlib
def test_bars_are_no_part_of_the_picture(chaplin: list[np.ndarray]) -> None:
    barred = np.zeros((480, 640, 3), np.uint8)
    barred[60:420] = chaplin[FACING]
    found = face_measures(find_faces(barred), np.array([60 / 480, 60 / 480, 0, 0], np.float32))
    assert found == pytest.approx(find_faces(chaplin[FACING]), rel=0.2)


@needs_dlib
@pytest.mark.parametrize("frame", [BACKS, PROFILES])
def test_who_does_not_face_the_camera_is_not_found(chaplin: list[np.ndarray], frame: int) -> None:
    assert find_faces(chaplin[frame]) == pytest.approx((0, np.nan), nan_ok=True)


@needs_dlib
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_that_is_not_upright_shows_no_face(chaplin: list[np.ndarray], turns: int) -> None:
    turned = np.ascontiguousarray(np.rot90(chaplin[FACING][:, 140:500], turns))
    assert find_faces(turned)[0] == 0
    assert find_faces(np.ascontiguousarray(np.rot90(turned, -turns)))[0] == 1


@needs_dlib
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 200)])
def test_a_picture_of_any_shape_can_be_searched(shape: tuple[int, int]) -> None:
    assert find_faces(np.zeros((*shape, 3), np.uint8))[0] == 0


@needs_dlib
def test_a_shot_is_measured_on_its_representative_picture(
    shared_data: Path, chaplin: list[np.ndarray]
) -> None:
    path = shared_data / "footage" / "chaplin.mp4"
    found = analyse(path, detector="content", model=TinyModel())
    (frame,) = found.picture_frames
    expected = find_faces(chaplin[frame])
    assert expected[0] == found.measures.column("faces")[0]
    height = found.measures.column("face_height")[0]
    assert height == pytest.approx(expected[1], rel=0.2, nan_ok=True)


def test_without_dlib_nothing_is_said(without_dlib: None) -> None:
    """Neither that there is a face nor that there is none."""
    assert np.isnan(find_faces(np.zeros((90, 160, 3), np.uint8))).all()


def test_the_share_is_of_the_active_picture() -> None:
    """A fifth of a picture of which a half is black is two fifths of the rest."""
    bars = np.array([0.25, 0.25, 0, 0], np.float32)
    assert face_measures((2, 0.2), bars) == pytest.approx((2, 0.4))
    assert face_measures((2, 0.2), NO_BARS) == pytest.approx((2, 0.2))


def test_bars_at_the_sides_of_a_film_on_its_side_are_above_and_below() -> None:
    bars = np.array([0.0, 0.1, 0.25, 0.25], np.float32)
    assert face_measures((1, 0.2), bars, rotation=90) == pytest.approx((1, 0.4))
    assert face_measures((1, 0.2), bars, rotation=180) == pytest.approx((1, 0.2 / 0.9))


def test_a_shot_in_black_has_no_bars() -> None:
    unknown = np.full(4, np.nan, np.float32)
    assert face_measures((0, np.nan), unknown) == pytest.approx((0, np.nan), nan_ok=True)
    assert face_measures((1, 0.3), unknown) == pytest.approx((1, 0.3))


@given(
    st.floats(0.05, 1),
    st.tuples(*[st.floats(0, 0.375, width=32)] * 4),
    st.sampled_from([0, 90, 180, 270]),
)
def test_bars_never_make_a_face_smaller(
    height: float, bars: tuple[float, ...], rotation: int
) -> None:
    count, share = face_measures((1, height), np.array(bars, np.float32), rotation)
    assert count == 1
    assert height <= share <= height / 0.24
