"""What takes long to work out of a viewing log: worked out once for each state of it, and kept.

An answer is a folder below the workspace's `audience`. A small log is worked on at once, a large
one in a process of its own, whose progress a page can show. Answers to another state of the log
are removed when a question is asked anew, so that nobody who was forgotten lives on in them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from dashboard.settings import Workspace
from recsys.atomic import whole_file, whole_folder
from recsys.errors import RecsysError
from recsys.logs.store import LogStore

Kind = Literal["figures", "segments", "campaign", "evaluation"]

FOLDER = "audience"
"""Of a workspace."""
SMALL_LOG = 200_000
"""Rows that are worked on while the page waits; seconds at most."""
REFUSED = "refused.json"

_running: dict[Path, "subprocess.Popen[bytes]"] = {}
_broken: set[Path] = set()
_lock = threading.RLock()


@dataclass(frozen=True, slots=True)
class Question:
    """Something to work out."""

    kind: Kind
    item: str = ""
    """Of a campaign: the title."""
    recommender: str = ""
    """Of a campaign: the folder of the recommender that says which model to fit."""
    days: int = 14
    """Within which a first play is a response; of segments and campaigns."""
    models: tuple[str, ...] = ()
    """Of an evaluation."""
    k: int = 10
    """Of an evaluation: ranks that count."""

    @property
    def name(self) -> str:
        """The same for the same question."""
        told = json.dumps(asdict(self), sort_keys=True).encode()
        return f"{self.kind}-{hashlib.sha256(told).hexdigest()[:16]}"


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
    """The process that worked on it came to grief; the server's log says how."""


def answers_folder(workspace: Workspace) -> Path:
    """The folder of all answers of a workspace."""
    return workspace.root / FOLDER


def forget_answers(workspace: Workspace) -> None:
    """Remove all answers: they may tell of a user who was forgotten."""
    shutil.rmtree(answers_folder(workspace), ignore_errors=True)


def look_up(workspace: Workspace, question: Question, *, state: str) -> Answer:
    """The answer as far as it is there; nothing is begun."""
    place = _place(workspace, question, state)
    if (place / REFUSED).is_file():
        return Answer(refused=json.loads((place / REFUSED).read_text("utf-8"))["reason"])
    if place.is_dir():
        return Answer(place)
    with _lock:
        child = _running.get(place)
        if child is not None and child.poll() is None:
            return Answer(progress=_progress(place))
        if child is not None:
            del _running[place]
            if not place.is_dir():
                _broken.add(place)
        if place in _broken:
            return Answer(broken=True)
    return look_up(workspace, question, state=state) if place.is_dir() else Answer()


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
            _work_here(workspace, question, place)
        elif place not in _running:
            _running[place] = _begin(workspace, question, place)
    return look_up(workspace, question, state=state)


def try_again(workspace: Workspace, question: Question, *, state: str) -> Answer:
    """Work out again what came to grief."""
    with _lock:
        _broken.discard(_place(workspace, question, state))
    return ask(workspace, question, state=state)


def work_out(workspace: Workspace, question: Question, place: Path) -> None:
    """Work an answer out into a folder that appears whole; the reason, where there is none."""
    from dashboard.audience_work import WORKERS

    note = _progress_file(place)
    place.parent.mkdir(parents=True, exist_ok=True)

    def report(done: float) -> None:
        with whole_file(note) as draft:
            draft.write_text(f"{done:.3f}", "utf-8")

    try:
        with suppress(FileExistsError), whole_folder(place) as draft:
            try:
                WORKERS[question.kind](workspace, question, draft, report)
            except RecsysError as error:
                told = {"reason": f"{error}"}
                (draft / REFUSED).write_text(json.dumps(told), "utf-8")
    except OSError:
        if not place.is_dir():  # else another process was quicker, with the same answer
            raise
    finally:
        note.unlink(missing_ok=True)


def row_count(logs: Path) -> int:
    """Rows of the imported log, by its ledger; 0 if nothing was imported."""
    return sum(one.rows for one in LogStore(logs).imports())


def _work_here(workspace: Workspace, question: Question, place: Path) -> None:
    work_out(workspace, question, place)


def _begin(workspace: Workspace, question: Question, place: Path) -> "subprocess.Popen[bytes]":
    """Start the process."""
    told: dict[str, Any] = {
        "workspace": str(workspace.root.resolve()),
        "question": asdict(question),
        "place": str(place.resolve()),
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    line = [sys.executable, "-m", "dashboard.audience_work", json.dumps(told)]
    return subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _place(workspace: Workspace, question: Question, state: str) -> Path:
    of_log = hashlib.sha256(state.encode()).hexdigest()[:16]
    return answers_folder(workspace) / of_log / question.name


def _progress_file(place: Path) -> Path:
    return place.with_name(f"{place.name}.progress")


def _progress(place: Path) -> float:
    try:
        return min(max(float(_progress_file(place).read_text("utf-8")), 0.0), 1.0)
    except (OSError, ValueError):
        return 0.0


def _remove_others(workspace: Workspace, kept: Path) -> None:
    folder = answers_folder(workspace)
    if not folder.is_dir():
        return
    for other in os.scandir(folder):
        if other.is_dir(follow_symlinks=False) and other.name != kept.name:
            shutil.rmtree(other.path, ignore_errors=True)
