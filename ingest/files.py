"""Which files a batch is about: those that are named, and the media in folders."""

import os
from collections.abc import Iterable
from pathlib import Path

MEDIA_SUFFIXES = frozenset(
    (
        *(".3gp", ".asf", ".avi", ".dv", ".flv", ".gxf", ".ivf", ".m2ts", ".m4v", ".mkv", ".mov"),
        *(".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".ts", ".webm", ".wmv"),
    )
)
"""What a folder is searched for. A file that is named itself is tried whatever it is called."""


def find_media_files(paths: Iterable[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The media files that `paths` name, once each and in order; and what could not be searched."""
    files: dict[Path, None] = {}
    unreadable: list[tuple[Path, str]] = []

    def note(error: OSError) -> None:
        unreadable.append((Path(error.filename), f"the folder cannot be read ({error.strerror})"))

    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises where it may not look)
            files.setdefault(path)
            continue
        for folder, subfolders, names in os.walk(path, onerror=note):
            subfolders.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in MEDIA_SUFFIXES and not name.startswith("."):
                    files.setdefault(Path(folder) / name)
    return list(files), unreadable
