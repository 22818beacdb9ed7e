"""Decodes of cuts, each in a process of its own: of one workspace one at a time, the others wait.

A process ends with the server (`dashboard.child`). What came to grief is remembered, with the
reason, until it is begun again.
"""

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dashboard.child import Child, ChildFailed, Task
from ingest.limits import DEFAULT_LIMITS

Stage = Literal["none", "waiting", "running", "broken"]

_LINE = (sys.executable, "-m", "dashboard.cut_fault_work")
KEPT = 200
"""Answers of one workspace, the newest."""
_OLD_SECONDS = 24 * 3600.0
"""What a process that was killed left half-done is removed when it is as old as this."""

_waiting: dict[Path, deque[tuple[Path, Task]]] = {}
"""By folder; there as long as a thread works on it."""
_running: set[Path] = set()
_broken: dict[Path, str] = {}
"""Why, by place."""
_lock = threading.Lock()


def begin(place: Path, task: Mapping[str, Any]) -> None:
    """Have a task worked on when those before it have ended, if nobody did.

    Args:
        place: Where its answer will be; tasks whose places share a folder wait for each other.
        task: As `dashboard.cut_fault_work.work` takes it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    told = {**task, "place": str(place.resolve())}
    with _lock:
        if _stage(place) in ("waiting", "running"):
            return
        _broken.pop(place, None)
        queue = _waiting.get(place.parent)
        if queue is not None:
            queue.append((place, told))
            return
        _waiting[place.parent] = deque([(place, told)])
    threading.Thread(target=_work_off, args=(place.parent,), daemon=True).start()


def stage_of(place: Path) -> Stage:
    """How far a task is whose answer is not there."""
    with _lock:
        return _stage(place)


def why_broken(place: Path) -> str:
    """Why a task came to grief, for people; empty if it did not."""
    with _lock:
        return _broken.get(place, "")


def progress_of(place: Path) -> float:
    """The share that a process has done, 0 to 1."""
    try:
        return min(max(float(place.with_suffix(".progress").read_text("utf-8")), 0.0), 1.0)
    except (OSError, ValueError):
        return 0.0


def _stage(place: Path) -> Stage:
    if place in _running:
        return "running"
    if any(place == one for one, _ in _waiting.get(place.parent, ())):
        return "waiting"
    return "broken" if place in _broken else "none"


def _work_off(folder: Path) -> None:
    """Work on what waits in a folder, one after the other, until nothing does."""
    while True:
        with _lock:
            queue = _waiting[folder]
            if not queue:
                del _waiting[folder]
                return
            place, told = queue.popleft()
            _running.add(place)
        why = "it ended without an answer"
        try:
            _clear(folder)
            Child(_LINE, told, DEFAULT_LIMITS).result()
        except (ChildFailed, OSError) as error:  # the others that wait still go on
            why = f"{error}"
            logging.getLogger(__name__).error("%s: %s", place.name, why)
        finally:
            with _lock:
                _running.discard(place)
                if not place.is_file():
                    _broken[place] = why


def _clear(folder: Path) -> None:
    """Remove the oldest answers, and what processes left that were killed long ago."""
    ages = {}
    for path in folder.iterdir():
        try:
            ages[path] = path.stat().st_mtime
        except FileNotFoundError:  # another server's, that has just ended
            continue
    answers = sorted((path for path in ages if path.suffix == ".json"), key=ages.__getitem__)
    halves = [path for path in ages if path.suffix in (".draft", ".progress")]
    late = time.time() - _OLD_SECONDS
    for old in answers[: max(0, len(answers) - KEPT)] + [p for p in halves if ages[p] < late]:
        old.unlink(missing_ok=True)
