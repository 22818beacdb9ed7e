"""What is derived from a film and lies beside the database: arrays, thumbnails, review proxies.

Each file is whole before a row names it, under a name that no other analysis of the same film
has unless its content is the same; so a killed writer leaves only files that no row names.
"""

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from numpy.typing import NDArray

from ingest.arrays import write_array
from ingest.media import Analysis, Embeddings

FRAME_TIMES, MEASURES, CURVES, LOUDNESS = "frame_times", "measures", "curves", "loudness"
EMBEDDINGS, SHOT_SCORES = "embeddings", "transition_scores"
PICTURE_FRAMES = "picture_frames"
SIGNATURES, SIGNATURE_FRAMES = "signatures", "signature_frames"
SOUND = ("levels", "true_peaks", "voice", "voiced", "onsets")
"""The arrays of `Sound`, each of a kind of its own: `sound_levels`, …"""

_PROXIES, _THUMBNAILS = "proxies", "thumbnails"

NamedArray = tuple[str, str, str, NDArray[Any]]
"""An array with its kind, the model that made it, and its version."""


def write_arrays(folder: Path, analysis: Analysis, version: str) -> list[dict[str, Any]]:
    """Write every array of an analysis below `folder`; gives their rows, less the media."""
    measures, curves, found = analysis.measures, analysis.curves, analysis.signatures
    arrays: list[NamedArray] = [
        (FRAME_TIMES, "pts", version, analysis.frame_times),
        (MEASURES, ",".join(measures.names), version, measures.values),
        (CURVES, ",".join(curves.frame_names), version, curves.frame_values),
        (LOUDNESS, "ebu-r128", version, curves.loudness),
        (SHOT_SCORES, analysis.detector, version, analysis.transition_scores),
        (PICTURE_FRAMES, "sharpest", version, analysis.picture_frames),
        (SIGNATURES, "dct64", version, found.values),
        (SIGNATURE_FRAMES, "dct64", version, found.frames),
        *((f"sound_{name}", "1", version, getattr(analysis.sound, name)) for name in SOUND),
        *(embeddings_array(embeddings) for embeddings in analysis.embeddings),
    ]
    fingerprint, detector = analysis.media.fingerprint, analysis.detector
    return [write_named_array(folder, fingerprint, detector, array) for array in arrays]


def embeddings_array(embeddings: Embeddings) -> NamedArray:
    """Embeddings as an array to write."""
    return EMBEDDINGS, embeddings.model, embeddings.version, embeddings.vectors


def write_named_array(
    folder: Path, fingerprint: str, detector: str, array: NamedArray
) -> dict[str, Any]:
    """Write one array below `folder`; gives its row, less the media."""
    kind, model, version, values = array
    label = kind if kind in (MEASURES, CURVES) else f"{kind}-{model}"
    path = Path("arrays") / fingerprint / f"{label}-{version}-{detector}.npy"
    write_array(folder / path, values)
    return {"kind": kind, "model": model, "version": version, "path": path.as_posix()}


def write_thumbnails(folder: Path, analysis: Analysis) -> str:
    """Write the thumbnails into a folder of their own below `folder`; gives its relative path.

    It is named by their content, so those of an earlier analysis stay as they are.
    """
    digest = hashlib.blake2b(digest_size=8)
    for jpeg in analysis.thumbnails:
        digest.update(len(jpeg).to_bytes(8, "big") + jpeg)
    place = Path(_THUMBNAILS) / analysis.media.fingerprint / digest.hexdigest()
    (folder / place).mkdir(parents=True, exist_ok=True)
    for index, jpeg in enumerate(analysis.thumbnails):
        path = folder / place / thumbnail_name(index)
        temporary = path.with_suffix(".writing")
        temporary.write_bytes(jpeg)
        temporary.replace(path)
    return place.as_posix()


def thumbnail_name(shot: int) -> str:
    """The file name of a shot's thumbnail."""
    return f"{shot:05d}.jpg"


def first_thumbnails(fingerprint: str) -> str:
    """Where thumbnails were before their folder was named by their content."""
    return f"{_THUMBNAILS}/{fingerprint}"


def remove_thumbnails(folder: Path, place: str) -> None:
    """Remove the thumbnails in `place`, and the folder if nothing else is in it."""
    for path in (folder / place).glob("*.jpg"):
        path.unlink(missing_ok=True)
    _remove_if_empty(folder / place)


def proxy_draft(folder: Path, fingerprint: str) -> Path:
    """A new name, in the folder of proxies, to write a proxy to before it is taken over."""
    place = folder / _PROXIES
    place.mkdir(parents=True, exist_ok=True)
    return place / f".writing-{fingerprint}-{uuid4().hex}.mp4"


def take_over_proxy(folder: Path, draft: Path, fingerprint: str) -> str:
    """Put a finished draft at its place below `folder`; gives its relative path."""
    place = f"{_PROXIES}/{fingerprint}.mp4"
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(folder / place)
    return place


def remove_leftovers(
    folder: Path, named: Callable[[], Iterable[str]], *, older_than: float
) -> list[Path]:
    """Remove what killed writers left below `folder`: files that no row names.

    Args:
        folder: Of the catalogue.
        named: Gives the paths that rows name, files or folders, relative to `folder`. It is
            asked only after the files were listed, so what was committed since then is named.
        older_than: Seconds since it was last written, below which a file is not touched.

    Returns:
        What was removed.
    """
    latest = time.time() - older_than
    patterns = ("arrays/*/*.npy", "proxies/*.mp4", "thumbnails/*/*.writing", "thumbnails/*/*/*")
    old = [p for pattern in patterns for p in folder.glob(pattern) if _modified(p) < latest]
    if old:
        known = set(named())
        old = [p for p in old if not _is_named(p, folder, known)]
    for path in old:
        path.unlink(missing_ok=True)
        if path.suffix == ".jpg":
            _remove_if_empty(path.parent)
    return old


def _is_named(path: Path, folder: Path, known: set[str]) -> bool:
    relative = path.relative_to(folder)
    in_named_folder = path.suffix == ".jpg" and relative.parent.as_posix() in known
    return in_named_folder or relative.as_posix() in known


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # there still is something in it, or it is gone
        return


def _modified(path: Path) -> float:
    """When a file was last written, in seconds; a file that is gone was never old."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
