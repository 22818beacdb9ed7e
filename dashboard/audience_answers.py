"""What takes long to work out of a viewing log: worked out once for each state of it, and kept.

An answer is a folder below the workspace's `audience`. A small log is worked on at once, a large
one in a process of its own, whose progress a page can show. Answers to another state of the log
are removed when a question is asked anew, so that nobody who was forgotten lives on in them.
"""

import hashlib
import json
import os
import shutil
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dashboard.audience_question import REFUSED, Question, progress_file
from dashboard.audience_work import work_out
from dashboard.child import Child, ChildFailed
from dashboard.settings import Workspace
from recsys.logs.store import LogStore

FOLDER = "audience"
"""Of a workspace."""
SMALL_LOG = 200_000
"""Rows that are worked on while the page waits; seconds at most."""

_LINE = (sys.executable, "-m", "dashboard.audience_work")
_running: dict[Path, Child] = {}
_broken: dict[Path, str] = {}
"""Why, by place."""
_lock = threading.RLock()


@dataclass(frozen=True, slots=True)
class Answer:
    """How far the answer to a question is."""

    folder: Path | None = None
    """Where it is; None until it is there, and where there is none."""
    refused: str = ""
    """Why there is none, in words; what to do about it, if anything can be done."""
    progress: float | None = None
    """0 to 1 while it is worked out."""
    broken: bool = False
    """The process that worked on it came to grief."""
    why: str = field(default="", compare=False)
    """It did so, for people; the server's log says more."""


def answers_folder(workspace: Workspace) -> Path:
    """The folder of all answers of a workspace."""
    return workspace.root / FOLDER


def forget_answers(workspace: Workspace) -> None:
    """Remove all answers: they may tell of a user who was forgotten."""
    shutil.rmtree(answers_folder(workspace), ignore_errors=True)


def look_up(workspace: Workspace, question: Question, *, state: str) -> Answer:
    """The answer as far as it is there; nothing is begun."""
    place = _place(workspace, question, state)
    with _lock:
        child = _running.get(place)
        ended = child is not None and child.ended
        if ended:
            del _running[place]
        if (place / REFUSED).is_file():
            return Answer(refused=json.loads((place / REFUSED).read_text("utf-8"))["reason"])
        if place.is_dir():
            return Answer(place)
        if child is not None and not ended:
            return Answer(progress=_progress(place))
        if child is not None:
            _broken[place] = child.failure or "it ended without an answer"
        return Answer(broken=place in _broken, why=_broken.get(place, ""))


def ask(workspace: Workspace, question: Question, *, state: str, small: int = SMALL_LOG) -> Answer:
    """The answer; if it is not there, it is worked out, or a process begins to.

    Args:
        workspace: Holds the log.
        question: What to work out.
        state: Of the folder of logs.
        small: A log of at most so many rows is worked on here and now. Evaluations never are.

    Raises:
        NoLog: Nothing was imported.
    """
    found = look_up(workspace, question, state=state)
    if found != Answer():
        return found
    place = _place(workspace, question, state)
    with _lock:
        _remove_others(workspace, place.parent)
        if question.kind != "evaluation" and row_count(workspace.logs) <= small:
            work_out(workspace, question, place)
        elif place not in _running:
            try:
                _running[place] = _begin(workspace, question, place)
            except ChildFailed as error:
                _broken[place] = error.reason
    return look_up(workspace, question, state=state)


def try_again(workspace: Workspace, question: Question, *, state: str) -> Answer:
    """Work out again what came to grief."""
    with _lock:
        _broken.pop(_place(workspace, question, state), None)
    return ask(workspace, question, state=state)


def row_count(logs: Path) -> int:
    """Rows of the imported log, by its ledger; 0 if nothing was imported."""
    return sum(one.rows for one in LogStore(logs).imports())


def _begin(workspace: Workspace, question: Question, place: Path) -> Child:
    """Start the process; a log is as large as it is, so it has no limits."""
    told = {
        "workspace": str(workspace.root.resolve()),
        "question": asdict(question),
        "place": str(place.resolve()),
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    return Child(_LINE, told)


def _place(workspace: Workspace, question: Question, state: str) -> Path:
    of_log = hashlib.sha256(state.encode()).hexdigest()[:16]
    return answers_folder(workspace) / of_log / question.name


def _progress(place: Path) -> float:
    try:
        return min(max(float(progress_file(place).read_text("utf-8")), 0.0), 1.0)
    except (OSError, ValueError):
        return 0.0


def _remove_others(workspace: Workspace, kept: Path) -> None:
    folder = answers_folder(workspace)
    if not folder.is_dir():
        return
    for other in os.scandir(folder):
        if other.is_dir(follow_symlinks=False) and other.name != kept.name:
            shutil.rmtree(other.path, ignore_errors=True)
