"""Splits files: which videos to train on and which to test on, as the published ones are laid out.

A JSON list of `{"train_keys": [...], "test_keys": [...]}`. Published splits are mostly drawn at
random one by one, so they are not folds: some videos are tested several times and some never.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from editing.errors import DatasetError
from editing.finish.whole_file import whole_file

LARGEST_FILE = 64 << 20
_FIELDS = {"train_keys", "test_keys"}


@dataclass(frozen=True, slots=True)
class VideoSplit:
    """One split: keys of videos, none on both sides."""

    train: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        for side, keys in (("train_keys", self.train), ("test_keys", self.test)):
            if not keys:
                raise ValueError(f"{side} is empty")
            if len(set(keys)) < len(keys):
                twice = next(key for key, count in Counter(keys).items() if count > 1)
                raise ValueError(f"{side} names {twice!r} twice")
        if both := set(self.train) & set(self.test):
            raise ValueError(
                f"{min(both)!r} is in train_keys and in test_keys: it would be tested on what it "
                "was taught"
            )


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of splits tests."""

    splits: int
    videos: int
    """In the data set."""
    tested: int
    """Distinct videos that some split tests."""
    repeated: int
    """Of those, how many are tested by more than one split."""

    @property
    def folds(self) -> bool:
        """Whether every video is tested exactly once, as in cross-validation."""
        return self.tested == self.videos and not self.repeated

    def warning(self) -> str | None:
        """What a reader of the figures has to know, in words; None if the splits are folds."""
        if self.folds:
            return None
        return (
            f"these splits are not folds: the {self.splits} splits test {self.tested} distinct "
            f"videos of {self.videos}, {self.repeated} of them more than once, and "
            f"{self.videos - self.tested} never. Each tested video counts once here; published "
            "means over splits count a repeated one more often"
        )


def read_splits(path: Path) -> list[VideoSplit]:
    """The splits in the file at `path`.

    Raises:
        DatasetError: It is no such file, or a split trains on what it tests.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DatasetError(path, "", f"it is larger than {LARGEST_FILE:,} bytes")
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(path, "", f"it cannot be read as JSON: {error}") from error
    if not isinstance(document, list) or not document:
        raise DatasetError(path, "", "need a list of splits, each with train_keys and test_keys")
    return [_split(path, number, value) for number, value in enumerate(document)]


def write_splits(path: Path, splits: Sequence[VideoSplit]) -> None:
    """Write `splits`, whole or not at all; a file of that name is replaced.

    Raises:
        DatasetError: The file cannot be written.
    """
    document = [{"train_keys": list(s.train), "test_keys": list(s.test)} for s in splits]
    try:
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise DatasetError(path, "", f"it cannot be written: {error}") from error


def coverage(splits: Sequence[VideoSplit], videos: Collection[str]) -> Coverage:
    """How often the splits test each of `videos`."""
    times = Counter(key for split in splits for key in split.test)
    repeated = sum(count > 1 for count in times.values())
    return Coverage(len(splits), len(videos), len(times), repeated)


def resolve(
    path: Path, splits: Sequence[VideoSplit], files: Mapping[str, Collection[str]]
) -> list[VideoSplit]:
    """The splits with each key as `file/key`, or as it is where there is one file only.

    Args:
        path: Of the splits; for messages.
        splits: Their keys are `key`, or `file/key` after any folders, as VASNet's.
        files: The keys of each data set, by the name of its file without `.h5`.

    Raises:
        DatasetError: A key is in no file, or in several.
    """
    resolved = []
    for number, split in enumerate(splits):
        sides = []
        for side, keys in (("train_keys", split.train), ("test_keys", split.test)):
            where = f"split {number}/{side}"
            sides.append(tuple(_find(path, where, key, files) for key in keys))
        try:
            resolved.append(VideoSplit(*sides))
        except ValueError as error:
            raise DatasetError(path, f"split {number}", str(error)) from error
    return resolved


def _find(path: Path, where: str, key: str, files: Mapping[str, Collection[str]]) -> str:
    *folders, name = key.split("/")
    named = folders[-1].removesuffix(".h5") if folders else None
    found = [file for file, keys in files.items() if name in keys and named in (None, file)]
    if len(found) == 1:
        return name if len(files) == 1 else f"{found[0]}/{name}"
    if found:
        raise DatasetError(path, where, f"{key!r} is in {' and in '.join(found)}; name the file")
    known = ", ".join(files)
    raise DatasetError(path, where, f"no video {key!r} in {known}; give its file with --dataset")


def _split(path: Path, number: int, value: object) -> VideoSplit:
    where = f"split {number}"
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        found = ", ".join(map(repr, value)) if isinstance(value, dict) else type(value).__name__
        raise DatasetError(path, where, f"need train_keys and test_keys, found {found}")
    for side, keys in value.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise DatasetError(path, f"{where}/{side}", "need a list of keys")
    try:
        return VideoSplit(tuple(value["train_keys"]), tuple(value["test_keys"]))
    except ValueError as error:
        raise DatasetError(path, where, str(error)) from error
