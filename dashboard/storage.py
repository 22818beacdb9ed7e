"""How much room each kind of thing takes in a workspace, and how much is left."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from dashboard.settings import Workspace

_CATALOG_KINDS = {
    "arrays": "arrays",
    "thumbnails": "thumbnails",
    "proxies": "review proxies",
    "rankers": "rankers",
}


@dataclass(frozen=True, slots=True)
class Room:
    """What one kind of thing takes."""

    kind: str
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Storage:
    """The room of a workspace."""

    rooms: tuple[Room, ...]
    """The largest first."""
    free: int
    """Bytes that are left on its disk."""
    capacity: int
    """Bytes of its disk."""

    @property
    def bytes(self) -> int:
        """What all of it takes."""
        return sum(room.bytes for room in self.rooms)


def storage_of(workspace: Workspace) -> Storage:
    """Measure a workspace; what cannot be read counts as nothing."""
    kinds: dict[Path, str] = {
        workspace.logs: "viewing logs",
        workspace.recommenders: "recommenders",
        workspace.renders: "renders and exports",
        workspace.music: "music",
        workspace.rating_rules: "rating rules",
    }
    for child in _children(workspace.catalog):
        database = child.suffix.startswith(".sqlite")
        kinds[child] = "catalogue" if database else _CATALOG_KINDS.get(child.name, "other")
    for child in _children(workspace.root):
        if child != workspace.catalog:
            kinds.setdefault(child, "other")
    sizes: dict[str, list[int]] = {}
    for path, kind in kinds.items():
        sizes.setdefault(kind, []).extend(_sizes(path))
    rooms = [Room(kind, sum(found), len(found)) for kind, found in sizes.items() if found]
    disk = shutil.disk_usage(_existing(workspace.root))
    rooms.sort(key=lambda room: room.bytes, reverse=True)
    return Storage(tuple(rooms), disk.free, disk.total)


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that there is."""
    path = path.resolve()
    return next(place for place in (path, *path.parents) if place.is_dir())


def _sizes(path: Path) -> list[int]:
    """Bytes of each file at or below a path; links are not followed."""
    if path.is_symlink() or path.is_file():
        return [path.lstat().st_size]
    found = []
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                found.append(os.lstat(Path(folder) / name).st_size)
            except OSError:  # it was removed meanwhile
                continue
    return found
