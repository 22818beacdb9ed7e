"""Files that briefs name: music and rating rules, kept in folders of the workspace.

A browser sends a name and bytes, or chooses a name. A name is never a path: it is made plain before
anything is written, and what is read lies directly in its folder. Nothing is replaced, because cuts
remember the music that they were made to.
"""

import fcntl
import os
import re
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from dashboard.child import Child, ChildFailed
from dashboard.music_work import LIMITS
from dashboard.people import Person, needs
from dashboard.settings import Workspace
from editing.cut import Exclusion, Music
from editing.errors import MusicError, RatingsError
from editing.frame_grid import FrameGrid
from editing.ratings import read_rating_rules
from editing.source_range import read_range
from ingest.catalog import Catalog
from ingest.media import Media

MUSIC_SUFFIXES = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus")
MOST_MUSIC_MB = 100
RULES_SUFFIXES = (".toml",)
MOST_RULES_MB = 1
_LONGEST_STEM, _LONGEST_STEM_BYTES = 80, 200
"""Characters, and bytes of UTF-8: a file system takes 255, and ` (2).flac` comes after it."""
_INCOMING = ".incoming-"
_OLD_SECONDS = 24 * 3600.0
"""An upload that was killed halfway is removed when it is as old as this."""
_CHECK_RATE = Fraction(24)
"""Frames a second at which an upload is tried; beats are read again at the rate of a film."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a folder takes in."""

    folder: Path
    suffixes: tuple[str, ...]
    most_mb: int
    error: Callable[[str], Exception]


def music_names(workspace: Workspace) -> list[str]:
    """The music in the workspace, by name."""
    return _names(_music(workspace))


def rules_names(workspace: Workspace) -> list[str]:
    """The files of rating rules in the workspace, by name."""
    return _names(_rules(workspace))


def read_workspace_music(workspace: Workspace, name: str, rate: Fraction) -> Music:
    """A piece of music of the workspace with its beats, at `rate` frames per second.

    Raises:
        MusicError: There is none of that name, it cannot be read, or it has no beat.
    """
    return _beats(_find(_music(workspace), name), rate)


def ratings_in(workspace: Workspace, name: str) -> list[str]:
    """The ratings that a file of rules in the workspace has.

    Raises:
        RatingsError: There is no such file, or it does not hold rules.
    """
    return sorted(read_rating_rules(_find(_rules(workspace), name)).ratings)


def rules_file(workspace: Workspace, name: str) -> Path:
    """Where a file of rating rules is.

    Raises:
        RatingsError: There is none of that name in the workspace.
    """
    return _find(_rules(workspace), name)


def rated(catalog: Catalog, film: Media, rating: str, rules: Path) -> tuple[Exclusion, ...]:
    """What a rating keeps out of a film, each with its reason.

    Raises:
        RangeError: A range is none, or not of this film.
        RatingsError: The rules cannot be read, have no such rating, or name shots it has not.
    """
    grid = FrameGrid.of(catalog, film)
    spans = [grid.span(shot.span) for shot in catalog.shots(film.id)]
    return read_rating_rules(rules).exclusions(
        rating,
        lambda text: read_range(text, film.rate, film.start_timecode, grid.frames),
        spans,
    )


@needs("editor")
def keep_music(person: Person, workspace: Workspace, name: str, data: bytes) -> str:
    """Keep music that was uploaded, if slots can join on its beats; gives the name it has.

    Raises:
        MusicError: It is too large, of another kind, cannot be read, or has no beat.
        NotAllowed: The person is no editor.
    """
    return _keep(_music(workspace), name, data, lambda path: _beats(path, _CHECK_RATE))


@needs("editor")
def keep_rules(person: Person, workspace: Workspace, name: str, data: bytes) -> str:
    """Keep rating rules that were uploaded; gives the name they have.

    Raises:
        NotAllowed: The person is no editor.
        RatingsError: They are too large, or do not hold rules.
    """
    return _keep(_rules(workspace), name, data, _check_rules)


def plain_name(name: str, suffixes: tuple[str, ...]) -> str:
    """A file's name without folders and without what a file system or a person could misread.

    Letters and digits of any script, spaces and `._-()` stay; at most 80 characters and the ending.

    Raises:
        ValueError: Its ending is not among the `suffixes`.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, ending = last.rpartition(".")
    suffix = f".{ending.lower()}" if dot else ""
    if suffix not in suffixes:
        known = ", ".join(suffixes)
        raise ValueError(f"files end in {known}, and this one in {suffix[:20] or 'nothing'}")
    plain = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in stem)
    plain = re.sub(r"\s+", " ", plain).strip(" .")[:_LONGEST_STEM]
    plain = plain.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore").strip(" .")
    return f"{plain or 'file'}{suffix}"


def _music(workspace: Workspace) -> _Kind:
    return _Kind(workspace.music, MUSIC_SUFFIXES, MOST_MUSIC_MB, MusicError)


def _rules(workspace: Workspace) -> _Kind:
    return _Kind(workspace.rating_rules, RULES_SUFFIXES, MOST_RULES_MB, RatingsError)


def _names(kind: _Kind) -> list[str]:
    if not kind.folder.is_dir():
        return []
    return sorted(path.name for path in kind.folder.iterdir() if _is_one(kind, path))


def _is_one(kind: _Kind, path: Path) -> bool:
    """Whether a file lies in its folder itself, and is no link out of it."""
    usable = path.suffix.lower() in kind.suffixes and not path.name.startswith(".")
    return usable and path.is_file() and path.resolve().parent == kind.folder.resolve()


def _find(kind: _Kind, name: str) -> Path:
    if name not in _names(kind):
        where = f"the workspace's folder {kind.folder.name}"
        raise kind.error(f"there is no {name!r} in {where}; upload it, or choose another")
    return kind.folder / name


def _keep(kind: _Kind, name: str, data: bytes, check: Callable[[Path], object]) -> str:
    """Put an upload into its folder once `check` has read it; the same content is kept once."""
    try:
        plain = plain_name(name, kind.suffixes)
    except ValueError as error:
        raise kind.error(f"{kind.folder.name}: {error}") from error
    if len(data) > kind.most_mb << 20:
        size = len(data) / (1 << 20)
        raise kind.error(f"{plain} has {size:.0f} MB; at most {kind.most_mb} MB are taken")
    _remove_halves(kind.folder)
    incoming = kind.folder / f"{_INCOMING}{uuid4().hex}"
    incoming.mkdir(parents=True)
    try:
        draft = incoming / plain
        draft.write_bytes(data)
        check(draft)
        with _alone(kind.folder):
            return _place(kind, draft, sha256(data).digest())
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _place(kind: _Kind, draft: Path, digest: bytes) -> str:
    """Give a draft the first name that is free, or that of the same content; it appears whole."""
    number = 1
    while True:
        tail = "" if number == 1 else f" ({number})"
        place = kind.folder / f"{draft.stem}{tail}{draft.suffix}"
        if not os.path.lexists(place):
            draft.rename(place)
            return place.name
        same_size = _is_one(kind, place) and place.stat().st_size == draft.stat().st_size
        if same_size and sha256(place.read_bytes()).digest() == digest:
            return place.name
        number += 1


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other upload, of this server or another, choose a name in the folder meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_halves(folder: Path) -> None:
    """Remove uploads that were killed halfway, long ago."""
    for half in folder.glob(f"{_INCOMING}*"):
        try:
            old = time.time() - half.stat().st_mtime > _OLD_SECONDS
        except FileNotFoundError:  # has just ended
            continue
        if old:
            shutil.rmtree(half, ignore_errors=True)


def _beats(path: Path, rate: Fraction) -> Music:
    line = (sys.executable, "-m", "dashboard.music_work")
    try:
        told = Child(line, {"path": f"{path.resolve()}", "rate": f"{rate}"}, LIMITS).result()
    except ChildFailed as error:
        raise MusicError(f"{path.name}: {error}") from error
    if "error" in told:
        raise MusicError(told["error"])
    return Music(f"{path.resolve()}", told["fingerprint"], tuple(told["beats"]))


def _check_rules(path: Path) -> None:
    try:
        read_rating_rules(path)
    except RatingsError as error:
        raise RatingsError(f"{error}".replace(f"{path}", path.name)) from error
