"""The faults of a cut for a page: decoded where its films are there, in the background if it takes.

What ingest measured is told at once. The decode goes on in a process of its own, after those that
were asked for before it; what it shows is kept in the workspace for as long as the films and
the search stay what they are, and a page says which of both it shows.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from dashboard.cut_fault_queue import begin, progress_of, stage_of, why_broken
from dashboard.people import Person, needs
from dashboard.settings import Workspace
from editing.cut import Cut
from editing.cut_store import load_cut
from editing.errors import EditError, EditingError, StaleCut
from editing.faults.finding import Fault
from editing.faults.of_cut import check_cut
from ingest.catalog import Catalog
from ingest.errors import IngestError

FOLDER = "checks"
"""Of a workspace."""
PATIENCE = 1.0
"""Seconds that a page waits before it goes on with what is known."""
_POLL = 0.05

How = Literal["decoded", "catalogue", "none"]


@dataclass(frozen=True, slots=True)
class KnownFaults:
    """What is known of a cut's faults, and how."""

    faults: tuple[Fault, ...] = ()
    how: How = "none"
    words: str = ""
    """Which search it was, for people; why there is none."""
    progress: float | None = None
    """0 to 1 while a decode goes on; what it shows comes then."""
    waiting: bool = False
    """For other decodes to end."""
    broken: bool = False
    """The process came to grief; it can be tried again."""


@dataclass(frozen=True, slots=True)
class RepairState:
    """How far a repair is."""

    progress: float | None = None
    """0 to 1 while it goes on."""
    waiting: bool = False
    """For decodes that were asked for before it."""
    version: int | None = None
    """That was kept; None if nothing was repaired."""
    words: str = ""
    """What was done, and by which search."""
    left: tuple[Fault, ...] = field(default_factory=tuple)
    """What remains; each tells why."""


def known_faults(
    workspace: Workspace,
    cut_id: int,
    version: int,
    *,
    patience: float = PATIENCE,
    again: bool = False,
) -> KnownFaults:
    """The faults of a version of a cut; a decode begins if there was none.

    Args:
        workspace: Holds the cut.
        cut_id: Which.
        version: Of it.
        patience: Seconds to wait for the decode.
        again: Whether one that came to grief, or was refused, is begun anew.
    """
    with Catalog(workspace.catalog) as catalog:
        cut = load_cut(catalog, cut_id, version)
        place, missing = _place(workspace, catalog, cut), _missing(catalog, cut)
        try:
            by_ingest = None if _answer(place) else check_cut(catalog, cut, decode=False)
        except (EditingError, IngestError) as error:
            return KnownFaults(words=f"Faults were not looked for: {error}")
    if by_ingest is not None and missing:
        gone = ", ".join(missing)
        words = f"By what ingest measured alone: {gone} is not where it was, so nothing is decoded"
        return KnownFaults(by_ingest.faults, "catalogue", words)
    task = {"catalog": _told(workspace.catalog), "cut": cut_id, "version": version}
    _begin(place, task, again=again)
    answer = _wait(place, patience)
    faults = by_ingest.faults if by_ingest is not None else ()
    if answer is None:
        waiting = stage_of(place) == "waiting"
        words = "By what ingest measured; every frame and sample is being looked at"
        if waiting:
            words = "By what ingest measured; the decode waits for another to end"
        return KnownFaults(faults, "catalogue", words, progress_of(place), waiting)
    if "refused" in answer:
        words = f"By what ingest measured alone: {answer['refused']}"
        return KnownFaults(faults, "catalogue", words, broken="faults" not in answer)
    return KnownFaults(_read(answer), "decoded", "Every frame and sample of the cut was looked at")


@needs("editor")
def begin_repair(
    person: Person, workspace: Workspace, cut_id: int, version: int, *, onto: int | None = None
) -> Path:
    """Begin to repair a version of a cut, by a decode where its films are there.

    Args:
        person: Who asks; the next version is theirs.
        workspace: Holds the cut.
        cut_id: Which.
        version: Of it.
        onto: After which version it is kept; after the same if None.

    Returns:
        What `repair_state` asks by.

    Raises:
        NotAllowed: The person is no editor.
    """
    moment = f"{time.time_ns():x}"
    place = _folder(workspace) / f"repair-{cut_id}-{version}-{moment}.json"
    task = {"catalog": _told(workspace.catalog), "cut": cut_id, "version": version}
    begin(place, task | {"author": person.name, "onto": version if onto is None else onto})
    return place


def repair_state(place: Path, *, patience: float = 0.0) -> RepairState:
    """How far a repair is that was begun here.

    Raises:
        EditError: It was refused, or the process came to grief.
        StaleCut: The cut has a newer version than it was to be kept after.
    """
    answer = _wait(place, patience)
    if answer is None:
        return RepairState(progress_of(place), stage_of(place) == "waiting")
    if "latest" in answer:
        _, cut_id, version, _ = place.stem.split("-")
        raise StaleCut(int(cut_id), int(version), answer["latest"])
    if "refused" in answer:
        raise EditError(answer["refused"])
    how = "decoded" if answer["decoded"] else "by what ingest measured alone"
    done = "; ".join(answer["repairs"]) or "nothing could be repaired"
    if answer["undone"]:
        done += f"; tried and undone: {'; '.join(answer['undone'])}"
    return RepairState(version=answer["version"], words=f"{done} ({how})", left=_read(answer))


def _begin(place: Path, task: Mapping[str, Any], *, again: bool) -> None:
    """Begin a task unless somebody did, or it has ended."""
    stage = stage_of(place)  # before the answer is looked for: it is there when the stage is left
    if again and "faults" not in (_answer(place) or {"faults": ()}):
        place.unlink(missing_ok=True)
    if _answer(place) or (stage == "broken" and not again):
        return
    _remove_older(place)
    begin(place, task)


def _remove_older(place: Path) -> None:
    """Remove the answers to the same question about films that were other ones then."""
    question = place.name.rpartition("-")[0]
    for other in place.parent.glob(f"{question}-*.json"):
        if other != place:
            other.unlink(missing_ok=True)


def _wait(place: Path, patience: float) -> dict[str, Any] | None:
    """What a task came to; None while it waits or goes on."""
    until = time.monotonic() + patience
    while True:
        ended = stage_of(place) not in ("waiting", "running")
        answer = _answer(place)
        if answer is not None:
            return answer
        if ended:
            why = why_broken(place)
            return {"refused": f"the search came to grief: {why}; the server's log says more"}
        if time.monotonic() >= until:
            return None
        time.sleep(_POLL)


def _answer(place: Path) -> dict[str, Any] | None:
    """What was kept; None if nothing was, or another version of this program kept it otherwise."""
    try:
        answer: dict[str, Any] = json.loads(place.read_text("utf-8"))
        _read(answer)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        place.unlink(missing_ok=True)
        return None
    return answer


def _read(answer: Mapping[str, Any]) -> tuple[Fault, ...]:
    return tuple(Fault(**fault) for fault in answer.get("faults", ()))


def _place(workspace: Workspace, catalog: Catalog, cut: Cut) -> Path:
    """Where the answer is: another one once a film was ingested again, moved, or is gone, or once
    the search itself is another."""
    films = [catalog.get_media(one) for one in _media(cut)]
    state = [
        (film.fingerprint, film.path, _on_disk(Path(film.path)), catalog.ingest_version(film.id))
        for film in films
    ]
    name = hashlib.sha256(repr((search_identity(), state)).encode()).hexdigest()[:16]
    return _folder(workspace) / f"{cut.id}-{cut.version}-{name}.json"


@cache
def search_identity() -> str:
    """What tells one search for faults from another: its code."""
    code = hashlib.sha256()
    modules = (m for m in files("editing.faults").iterdir() if m.name.endswith(".py"))
    for module in sorted(modules, key=lambda module: module.name):
        code.update(module.name.encode() + module.read_bytes())
    return code.hexdigest()


def _on_disk(path: Path) -> tuple[int, int] | None:
    """Size and time of the last change of a file; None if it is none."""
    found = path.stat() if path.is_file() else None
    return None if found is None else (found.st_size, found.st_mtime_ns)


def _missing(catalog: Catalog, cut: Cut) -> list[str]:
    paths = [catalog.get_media(one).path for one in _media(cut)]
    return [path for path in paths if not Path(path).is_file()]


def _media(cut: Cut) -> list[Any]:
    return list(dict.fromkeys(slot.media for slot in cut.slots))


def _folder(workspace: Workspace) -> Path:
    return workspace.root / FOLDER


def _told(path: Path) -> str:
    return str(path.resolve())
