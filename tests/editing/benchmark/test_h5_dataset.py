"""Files of annotated videos: what is written is read, and what is wrong is named."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.benchmark.annotated_video import AnnotatedVideo, FieldError
from editing.benchmark.h5_dataset import read_h5, write_h5
from editing.errors import DatasetError

Maker = Callable[..., AnnotatedVideo]
FIELDS = ("features", "gtscore", "user_summary", "change_points", "picks", "user_scores")


@pytest.fixture
def tiny() -> AnnotatedVideo:
    """Two steps of six frames: the first four frames are one segment; one of two users kept it."""
    return AnnotatedVideo(
        features=np.array([[3.0, 4.0], [0.0, 2.0]], np.float32),
        gtscore=np.array([1.0, 0.0], np.float32),
        user_summary=np.array([[1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0]], bool),
        change_points=np.array([[0, 3], [4, 5]]),
        picks=np.array([0, 4]),
        video_name="tiny",
    )


@pytest.fixture
def file(tmp_path: Path, tiny: AnnotatedVideo) -> Path:
    path = tmp_path / "tiny.h5"
    write_h5(path, {"video_1": tiny})
    return path


def assert_same(a: AnnotatedVideo, b: AnnotatedVideo) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.video_name == b.video_name


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 20), scores=st.booleans())
def test_what_is_written_is_read_back(
    seed: int, steps: int, scores: bool, make_video: Maker, tmp_path: Path
) -> None:
    videos = {
        f"video_{i}": make_video(seed + i, steps=steps + 1, dim=3, user_scores=scores)
        for i in range(2)
    }
    path = tmp_path / "any.h5"
    write_h5(path, videos)

    read = read_h5(path)

    assert read.keys() == videos.keys()
    for key, video in videos.items():
        assert_same(read[key], video)


def test_the_file_has_the_layout_that_others_read(file: Path) -> None:
    with h5py.File(file) as raw:
        video = raw["video_1"]
        assert video["features"].shape == (2, 2)
        assert video["user_summary"][:].tolist() == [[1, 1, 1, 1, 0, 0], [0] * 6]
        assert video["change_points"][:].tolist() == [[0, 3], [4, 5]]
        assert video["n_frame_per_seg"][:].tolist() == [4, 2]
        assert (video["n_frames"][()], video["n_steps"][()]) == (6, 2)
        assert video["video_name"][()] == b"tiny"


def test_scalars_as_rows_of_one_and_columns_are_read(file: Path, tiny: AnnotatedVideo) -> None:
    """MATLAB writes every number as a table."""
    with h5py.File(file, "a") as raw:
        video = raw["video_1"]
        for name, value in {"n_frames": [[6.0]], "gtscore": [[1.0], [0.0]]}.items():
            del video[name]
            video[name] = np.array(value)

    assert_same(read_h5(file)["video_1"], tiny)


def test_a_step_lasts_until_the_next(tiny: AnnotatedVideo) -> None:
    assert tiny.lengths().tolist() == [4, 2]
    assert tiny.on_frames(np.array([0.5, 0.2])).tolist() == [0.5] * 4 + [0.2] * 2
    assert tiny.kept_of_steps().tolist() == [[1, 0], [0, 0]]
    assert tiny.annotators().tolist() == [[1, 0], [0, 0]]


def test_a_film_of_steps_has_no_measures_rather_than_zeros(tiny: AnnotatedVideo) -> None:
    film = tiny.film()

    assert film.measures.names == ()
    assert film.measures.values.shape == (2, 0)
    np.testing.assert_allclose(film.embeddings.vectors, [[0.6, 0.8], [0, 1]])


WRONG = {
    "features": [
        (np.full((2, 2), np.nan, np.float32), "NaN"),
        (np.zeros((3, 2), np.float32), "shape"),
        (np.array([b"a", b"b"]), "not numbers"),
        (np.zeros((2, 2), "c8"), "not numbers"),
    ],
    "gtscore": [(np.array([1.0, np.inf]), "NaN or infinity at step 1"), (np.zeros(3), "shape")],
    "user_summary": [(np.full((2, 6), 0.5), "another value"), (np.zeros(6), "shape")],
    "change_points": [
        (np.array([[0, 2], [4, 5]]), "do not tile"),
        (np.array([[0, 3], [3, 5]]), "do not tile"),
        (np.array([[0, 3], [4, 6]]), "do not tile"),
        (np.array([[1, 3], [4, 5]]), "do not tile"),
        (np.array([[0, 6], [7, 5]]), "do not tile"),
        (np.array([[0.5, 3], [4, 5]]), "whole numbers"),
        (np.array([0, 3, 4, 5]), "shape"),
    ],
    "n_frame_per_seg": [(np.array([3, 3]), "does not agree")],
    "n_frames": [(np.array(7), "does not agree"), (np.array(np.nan), "whole numbers")],
    "n_steps": [(np.array(3), "does not agree")],
    "picks": [
        (np.array([0, 6]), "do not rise within"),
        (np.array([-1, 4]), "do not rise within"),
        (np.array([4, 0]), "do not rise within"),
        (np.array([1e300, 2e300]), "out of range"),
    ],
    "user_scores": [(np.zeros((2, 5)), "shape"), (np.full((2, 6), np.nan), "NaN")],
    "video_name": [(np.zeros(3), "not one text")],
}


@pytest.mark.parametrize(
    ("field", "value", "problem"), [(f, v, p) for f, rows in WRONG.items() for v, p in rows]
)
def test_a_wrong_field_is_refused_by_video_and_name(
    field: str, value: np.ndarray, problem: str, file: Path
) -> None:
    with h5py.File(file, "a") as raw:
        raw["video_1"].pop(field, None)
        raw["video_1"][field] = value

    with pytest.raises(DatasetError, match=problem) as caught:
        read_h5(file)
    assert caught.value.where == f"video_1/{field}"


@pytest.mark.parametrize("field", ["features", "n_steps", "picks"])
def test_a_missing_field_is_named(field: str, file: Path) -> None:
    with h5py.File(file, "a") as raw:
        del raw["video_1"][field]

    with pytest.raises(DatasetError, match=f"video_1/{field}: it is missing"):
        read_h5(file)


def test_links_out_of_the_file_are_not_followed(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as raw:
        raw["secret"] = np.zeros((2, 2))
    for link in (h5py.ExternalLink(str(other), "/secret"), h5py.SoftLink("/video_1/gtscore")):
        with h5py.File(file, "a") as raw:
            raw["video_1"].pop("features", None)
            raw["video_1"]["features"] = link
        with pytest.raises(DatasetError, match="video_1/features: it is a link"):
            read_h5(file)
    with h5py.File(file, "a") as raw:
        del raw["video_1"]
        raw["video_2"] = h5py.ExternalLink(str(other), "/")
    with pytest.raises(DatasetError, match="video_2: it is a link"):
        read_h5(file)


def test_numbers_that_lie_in_another_file_are_not_read(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 16)
    with h5py.File(file, "a") as raw:
        del raw["video_1"]["gtscore"]
        raw["video_1"].create_dataset("gtscore", (2,), "f4", external=[(str(secret), 0, 16)])
    with pytest.raises(DatasetError, match="video_1/gtscore: its numbers lie in another file"):
        read_h5(file)

    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "numbers", (2,))
    with h5py.File(file, "a") as raw:
        del raw["video_1"]["gtscore"]
        raw["video_1"].create_virtual_dataset("gtscore", layout)
    with pytest.raises(DatasetError, match="video_1/gtscore: its numbers lie in another file"):
        read_h5(file)


def test_objects_are_no_numbers(file: Path) -> None:
    with h5py.File(file, "a") as raw:
        del raw["video_1"]["gtscore"]
        raw["video_1"].create_dataset("gtscore", (2,), dtype=h5py.ref_dtype)

    with pytest.raises(DatasetError, match="video_1/gtscore: it holds object, not numbers"):
        read_h5(file)


def test_a_field_that_unpacks_to_terabytes_is_not_read(file: Path) -> None:
    """Nothing was ever written to it, so the file stays small."""
    with h5py.File(file, "a") as raw:
        del raw["video_1"]["features"]
        raw["video_1"].create_dataset("features", (10**6, 10**6), "f4", chunks=(100, 100))

    with pytest.raises(DatasetError, match=r"video_1/features: .* too large"):
        read_h5(file)


@pytest.mark.parametrize("content", [b"", b"not an HDF5 file at all"])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    path.write_bytes(content)

    with pytest.raises(DatasetError, match="cannot be read as HDF5"):
        read_h5(path)


def test_a_file_without_videos_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.h5"
    h5py.File(path, "w").close()
    with pytest.raises(DatasetError, match="no video"):
        read_h5(path)
    with h5py.File(path, "w") as raw:
        raw["numbers"] = np.zeros(3)
    with pytest.raises(DatasetError, match="numbers: it is no group"):
        read_h5(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_damaged_byte_gives_a_video_or_a_clear_error(
    place: int, value: int, file: Path, tmp_path: Path
) -> None:
    content = bytearray(file.read_bytes())
    content[place % len(content)] = value
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(content)
    try:
        videos = read_h5(damaged)
    except DatasetError:
        return
    assert all(isinstance(video, AnnotatedVideo) for video in videos.values())


def test_a_key_that_is_no_name_of_a_group_is_refused(tiny: AnnotatedVideo, tmp_path: Path) -> None:
    for key in ("", "a/b", "."):
        with pytest.raises(DatasetError, match="a key is not empty"):
            write_h5(tmp_path / "no.h5", {key: tiny})
    assert not (tmp_path / "no.h5").exists()


def test_a_video_checks_itself(tiny: AnnotatedVideo) -> None:
    with pytest.raises(FieldError, match="picks"):
        AnnotatedVideo(
            tiny.features, tiny.gtscore, tiny.user_summary, tiny.change_points, np.array([0, 9])
        )
