"""The `.h5` files in which SumMe and TVSum are passed around: one group a video. Read and written.

The only module that opens HDF5. A file is untrusted: what HDF5 can point to elsewhere (soft and
external links, external storage, virtual datasets) is refused, as are objects, filters that run
code of plug-ins, and fields of absurd size; texts of variable length are not read. The layout is
that of the files by Zhou, Qiao and Xiang (AAAI 2018), which later work shares.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h5py  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from editing.benchmark.annotated_video import AnnotatedVideo, FieldError
from editing.errors import DatasetError
from editing.finish.whole_file import whole_file

LARGEST_FIELD = 1 << 30
"""Bytes of one field; a whole evening of annotated video has a hundredth of it."""
LARGEST_FILE = 8 << 30
"""Bytes of all features and summaries together, unpacked."""
LARGEST_TEXT = 4096
_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
_NUMBERS = "biuf"
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises where the bytes of a file make no sense."""
_REQUIRED = (
    *("features", "gtscore", "user_summary", "change_points"),
    *("n_frame_per_seg", "n_frames", "picks", "n_steps"),
)

Array = NDArray[np.generic]


def read_h5(path: Path) -> dict[str, AnnotatedVideo]:
    """Every video of the file at `path`, by its key.

    Raises:
        DatasetError: It is no such file, or a field of a video is not what the layout says.
    """
    try:
        with h5py.File(path, "r") as file:
            videos, total = {}, 0
            for key in file:
                videos[key] = _read_video(path, file, key)
                total += videos[key].features.nbytes + videos[key].user_summary.nbytes
                if total > LARGEST_FILE:
                    raise DatasetError(path, key, f"more than {LARGEST_FILE:,} bytes up to here")
    except _DAMAGED as error:
        raise DatasetError(path, "", f"it cannot be read as HDF5: {error}") from error
    if not videos:
        raise DatasetError(path, "", "it holds no video")
    return videos


def write_h5(path: Path, videos: Mapping[str, AnnotatedVideo]) -> None:
    """Write `videos` by their keys, whole or not at all; a file of that name is replaced.

    Raises:
        DatasetError: There is nothing to write, a key is none, or the file cannot be written.
    """
    if not videos:
        raise DatasetError(path, "", "there is no video to write")
    for key in videos:
        if not key or "/" in key or key == "." or "\0" in key:
            raise DatasetError(path, key, "a key is not empty, not '.', and has no '/'")
    try:
        with whole_file(path) as temporary, h5py.File(temporary, "w", track_order=True) as file:
            for key, video in videos.items():
                group = file.create_group(key)
                for name, value in _fields(video).items():
                    group.create_dataset(name, data=value)
    except OSError as error:
        raise DatasetError(path, "", f"it cannot be written: {error}") from error


def _fields(video: AnnotatedVideo) -> dict[str, object]:
    points = video.change_points
    fields: dict[str, object] = {
        "features": video.features.astype(np.float32),
        "gtscore": video.gtscore.astype(np.float32),
        "user_summary": video.user_summary.astype(np.float32),  # as in the files in circulation
        "change_points": points.astype(np.int32),
        "n_frame_per_seg": (points[:, 1] - points[:, 0] + 1).astype(np.int32),
        "n_frames": np.int64(video.frames),
        "picks": video.picks.astype(np.int32),
        "n_steps": np.int64(video.steps),
    }
    if video.user_scores is not None:
        fields["user_scores"] = video.user_scores.astype(np.float32)
    if video.video_name:
        fields["video_name"] = np.bytes_(video.video_name.encode())
    return fields


def _read_video(path: Path, file: h5py.File, key: str) -> AnnotatedVideo:
    if not isinstance(file.get(key, getlink=True), h5py.HardLink):
        raise DatasetError(path, key, "it is a link to elsewhere; this program follows none")
    group = file[key]
    if not isinstance(group, h5py.Group):
        raise DatasetError(path, key, "it is no group of fields; this is another layout")
    try:
        return _video_from(group)
    except FieldError as error:
        raise DatasetError(path, f"{key}/{error.field}", error.problem) from error


def _video_from(group: h5py.Group) -> AnnotatedVideo:
    read = {name: _numbers(group, name) for name in _REQUIRED}
    summary = read["user_summary"]
    if not np.isin(summary, (0, 1)).all():
        raise FieldError(
            "user_summary", "a frame is kept (1) or not (0), and there is another value"
        )
    points = _integers(read, "change_points")
    video = AnnotatedVideo(
        features=read["features"].astype(np.float32),
        gtscore=_row(read, "gtscore").astype(np.float32),
        user_summary=summary.astype(bool),
        change_points=points,
        picks=_integers(read, "picks").reshape(-1),
        user_scores=_numbers(group, "user_scores").astype(np.float32)
        if "user_scores" in group
        else None,
        video_name=_text(group, "video_name") if "video_name" in group else "",
    )
    counts = {
        "n_frames": np.array([video.frames]),
        "n_steps": np.array([video.steps]),
        "n_frame_per_seg": points[:, 1] - points[:, 0] + 1,
    }
    for name, expected in counts.items():
        found = _integers(read, name).reshape(-1)
        if not np.array_equal(found, expected):
            shown = expected[0] if len(expected) == 1 else "last - first + 1 of each change_points"
            raise FieldError(name, f"it does not agree with the other fields: need {shown}")
    return video


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Give what h5py raises on the way the name of the field.

    Raises:
        FieldError: The field is damaged.
    """
    try:
        yield
    except FieldError:
        raise
    except _DAMAGED as error:
        raise FieldError(name, f"it is damaged: {error}") from error


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    if name not in group:
        raise FieldError(name, "it is missing")
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise FieldError(name, "it is a link to elsewhere; this program follows none")
    dataset = group[name]
    if not isinstance(dataset, h5py.Dataset):
        raise FieldError(name, "it is a group, not an array")
    if dataset.is_virtual or dataset.external:
        raise FieldError(name, "its numbers lie in another file; this program follows none")
    properties = dataset.id.get_create_plist()
    used = {properties.get_filter(i)[0] for i in range(properties.get_nfilters())}
    if other := used - _FILTERS.keys():
        allowed = ", ".join(_FILTERS.values())
        raise FieldError(name, f"it is packed by filter {min(other)}; only {allowed} are read")
    return dataset


def _numbers(group: h5py.Group, name: str) -> Array:
    with _reading(name):
        dataset = _dataset(group, name)
        if dataset.dtype.kind not in _NUMBERS or dataset.shape is None:
            raise FieldError(name, f"it holds {dataset.dtype}, not numbers")
        needed = dataset.size * max(dataset.dtype.itemsize, 8)
        if needed > LARGEST_FIELD:
            raise FieldError(name, f"shape {dataset.shape} needs {needed:,} bytes; too large")
        values: Array = np.asarray(dataset[()])
    return values


def _row(read: Mapping[str, Array], name: str) -> Array:
    """A field that some files keep as `(n, 1)` or `(1, n)`, as `(n,)`."""
    values = read[name]
    return values.reshape(-1) if values.size == max(values.shape, default=1) else values


def _integers(read: Mapping[str, Array], name: str) -> NDArray[np.int64]:
    values = read[name].astype(np.float64)
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        raise FieldError(name, "need whole numbers")
    if np.abs(values).max(initial=0) > 2**53:
        raise FieldError(name, "a number is out of range")
    return values.astype(np.int64)


def _text(group: h5py.Group, name: str) -> str:
    """A text of fixed length; one of variable length is left unread.

    HDF5 reads those from a heap, where a damaged file makes it loop for ever.
    """
    with _reading(name):
        dataset = _dataset(group, name)
        kind, shape = dataset.dtype.kind, dataset.shape
        if shape != () or kind not in "SO" or dataset.dtype.itemsize > LARGEST_TEXT:
            raise FieldError(name, f"it holds {dataset.dtype} of shape {shape}, not one text")
        return "" if kind == "O" else bytes(dataset[()]).decode("utf-8", "replace")
