"""A drop folder: files are taken from it when whoever copies them in has finished.

By looking again and again: notifications do not reach network drives, and do not say the end.
"""

from collections.abc import Iterable
from pathlib import Path

from ingest.files import find_media_files


class DropFolder:
    """The media files that arrive under some folders, each taken once it has been still."""

    def __init__(self, paths: Iterable[Path], *, still_seconds: float = 5.0) -> None:
        """Watch `paths`; a file is ready when its size and time have not changed for so long."""
        self.paths = tuple(paths)
        self.still_seconds = still_seconds
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}
        self._taken: dict[Path, tuple[int, int]] = {}

    def take(self, now: float) -> list[Path]:
        """The files that became ready; one that is changed later is ready once more.

        Args:
            now: Seconds of a clock that never goes back.
        """
        ready = []
        files = find_media_files(self.paths)[0]
        for path in files:
            try:
                status = path.stat()
            except OSError:
                continue  # gone again, or not there yet
            state = (status.st_size, status.st_mtime_ns)
            before, since = self._seen.get(path, (None, now))
            if state != before:
                since = now
            self._seen[path] = (state, since)
            if now - since >= self.still_seconds and self._taken.get(path) != state:
                self._taken[path] = state
                ready.append(path)
        for gone in self._seen.keys() - set(files):
            self._seen.pop(gone), self._taken.pop(gone, None)
        return ready
