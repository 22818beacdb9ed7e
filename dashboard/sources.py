"""Where the pages read from: the workspace, its catalogue, and whether a folder has changed."""

import os
from functools import lru_cache
from pathlib import Path

from dashboard.console import DEFAULT_WORKSPACE
from dashboard.settings import Workspace
from ingest.catalog import Catalog

WORKSPACE_VARIABLE = "REEL_WORKSPACE"
"""How the pages, which Streamlit runs as scripts, are told the workspace."""


def load_workspace() -> Workspace:
    """The workspace that `reel dashboard` was started for."""
    return Workspace(Path(os.environ.get(WORKSPACE_VARIABLE, DEFAULT_WORKSPACE)))


def folder_state(folder: Path) -> str:
    """Changes whenever a file directly in this folder does; empty where there is none.

    SQLite's shared-memory file is left out: readers change it too.
    """
    if not folder.is_dir():
        return ""
    files = sorted(f for f in folder.iterdir() if f.is_file() and not f.name.endswith("-shm"))
    stats = [(f.name, f.stat()) for f in files]
    return ";".join(f"{name}:{s.st_ino}:{s.st_size}:{s.st_mtime_ns}" for name, s in stats)


def open_catalog(folder: Path) -> Catalog:
    """The catalogue in this folder, opened once a process, and again if it was replaced."""
    databases = sorted(folder.glob("*.sqlite"))
    return _open_catalog(folder, tuple(path.stat().st_ino for path in databases))


@lru_cache(maxsize=4)
def _open_catalog(folder: Path, _inodes: tuple[int, ...]) -> Catalog:
    return Catalog(folder)


def tree_state(folder: Path) -> str:
    """As `folder_state`, of the folder and all below it; for folders of few files."""
    below = sorted(path for path in folder.rglob("*") if path.is_dir())
    return "|".join(folder_state(path) for path in [folder, *below])
