"""Splits files: real ones are read, and what they cover is said."""

import json
from pathlib import Path

import pytest

from editing.benchmark.splits import VideoSplit, coverage, read_splits, resolve, write_splits
from editing.errors import DatasetError


def test_splits_are_read_as_written(tmp_path: Path) -> None:
    splits = [VideoSplit(("a", "b"), ("c",)), VideoSplit(("a", "c"), ("b",))]
    path = tmp_path / "splits.json"
    write_splits(path, splits)

    assert read_splits(path) == splits
    assert json.loads(path.read_text())[0] == {"train_keys": ["a", "b"], "test_keys": ["c"]}


def test_splits_that_test_everything_once_are_folds() -> None:
    folds = [VideoSplit(("b",), ("a",)), VideoSplit(("a",), ("b",))]

    assert coverage(folds, "ab").folds
    assert coverage(folds, "ab").warning() is None


def test_splits_that_are_no_folds_say_what_they_miss() -> None:
    """Of a, b, c and d, two splits test b twice and d never."""
    splits = [VideoSplit(("d",), ("a", "b")), VideoSplit(("d",), ("b", "c"))]

    found = coverage(splits, "abcd")

    assert (found.tested, found.repeated, found.folds) == (3, 1, False)
    assert "not folds: the 2 splits test 3 distinct videos of 4" in (found.warning() or "")


@pytest.mark.parametrize(
    ("name", "splits", "tested"),
    [
        ("pgl-sum_summe", 5, 18),
        ("llmvs_tvsum", 5, 34),
        ("vasnet_summe", 5, 17),
        ("vasnet_summe_aug", 5, 15),
        ("por50_tvsum", 50, 50),
    ],
)
def test_published_splits_are_read_and_are_no_folds(
    name: str, splits: int, tested: int, shared_data: Path
) -> None:
    found = read_splits(shared_data / "bench" / "splits" / f"{name}_splits.json")
    videos = {key for split in found for key in (*split.train, *split.test)}

    assert len(found) == splits
    covered = coverage(found, videos)
    assert covered.tested == tested
    assert not covered.folds


def test_keys_name_their_file_where_there_are_several() -> None:
    """As VASNet's augmented splits do, after any folders."""
    files = {"summe": ["video_1", "video_2"], "tvsum": ["video_1", "video_3"]}
    splits = [VideoSplit(("../datasets/tvsum.h5/video_1", "video_3"), ("summe/video_1",))]

    (found,) = resolve(Path("s.json"), splits, files)

    assert found == VideoSplit(("tvsum/video_1", "tvsum/video_3"), ("summe/video_1",))


def test_a_key_that_is_nowhere_or_in_two_files_is_refused() -> None:
    files = {"summe": ["video_1"], "tvsum": ["video_1", "video_3"]}
    for key, problem in (("video_9", "no video 'video_9'"), ("video_1", "name the file")):
        with pytest.raises(DatasetError, match=f"split 0/test_keys: .*{problem}"):
            resolve(Path("s.json"), [VideoSplit(("video_3",), (key,))], files)


def test_a_video_under_two_names_does_not_slip_into_both_sides() -> None:
    with pytest.raises(DatasetError, match="what it was taught"):
        resolve(Path("s.json"), [VideoSplit(("video_1",), ("one/video_1",))], {"one": ["video_1"]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "JSON"),
        ("[" * 100_000, "JSON"),
        ("{}", "need a list"),
        ("[]", "need a list"),
        ("[[]]", "split 0: need train_keys and test_keys"),
        ('[{"train_keys": ["a"]}]', "split 0: need train_keys and test_keys"),
        ('[{"train_keys": ["a"], "test_keys": "b"}]', "split 0/test_keys: need a list"),
        ('[{"train_keys": ["a"], "test_keys": [1]}]', "split 0/test_keys: need a list"),
        ('[{"train_keys": ["a"], "test_keys": []}]', "split 0: test_keys is empty"),
        ('[{"train_keys": ["a", "a"], "test_keys": ["b"]}]', "names 'a' twice"),
        ('[{"train_keys": ["a", "b"], "test_keys": ["b"]}]', "what it was taught"),
    ],
)
def test_a_wrong_splits_file_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "splits.json"
    path.write_text(text)

    with pytest.raises(DatasetError, match=problem):
        read_splits(path)
