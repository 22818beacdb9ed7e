"""Work on a Ray cluster: one task a file, tried again elsewhere when its node or worker dies.

In a task the file still has a child process with limits of its own, so a poison file fails alone
and costs no worker. The only module that imports Ray, and only when it is used.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ingest.engines.executor import SILENT, Listener, Outcome, Work
from ingest.engines.local import LocalExecutor
from ingest.errors import EngineUnavailable
from ingest.limits import DEFAULT_LIMITS, Limits

MAX_RETRIES = 3
"""How many dead nodes or workers one task survives."""

_NOTES_SECONDS = 1.0
"""How often the notes of the tasks are fetched."""


class RayExecutor:
    """Runs each task on whichever node of the cluster has what it asks for."""

    def __init__(
        self,
        work: Work,
        *,
        cpus: float = 1.0,
        gpus: float = 0.0,
        limits: Limits = DEFAULT_LIMITS,
        listener: Listener = SILENT,
        address: str | None = None,
    ) -> None:
        self.work, self.limits, self.listener = work, limits, listener
        self._ray = _import_ray()
        self._began_ray = _connect(self._ray, address)
        self._task = self._ray.remote(
            num_cpus=cpus, num_gpus=gpus, max_retries=MAX_RETRIES, retry_exceptions=False
        )(run_on_node)
        self._board = _make_board(self._ray)
        self._tasks: dict[Any, str] = {}
        self._cancelled: set[str] = set()
        self._fetched = time.monotonic()

    @property
    def under_way(self) -> int:
        """How many tasks were taken in whose outcome was not yielded yet."""
        return len(self._tasks)

    def submit(self, name: str, *arguments: Any) -> None:
        """Hand a task to the cluster."""
        limits = asdict(self.limits)
        self._tasks[self._task.remote(self.work, name, arguments, limits, self._board)] = name

    def as_completed(self, seconds: float | None = None) -> Iterator[Outcome]:
        """Yield outcomes as tasks end, until none is under way or `seconds` have passed."""
        until = None if seconds is None else time.monotonic() + seconds
        while self._tasks:
            left = 1.0 if until is None else max(0.0, until - time.monotonic())
            ended, _ = self._ray.wait(list(self._tasks), timeout=min(left, 1.0))
            self._fetch_notes()
            for task in ended:
                yield self._outcome(task, self._tasks.pop(task))
            if until is not None and time.monotonic() >= until:
                return

    def cancel(self, name: str) -> None:
        """Stop a task and the child that it has; its outcome says so."""
        for task in [task for task, known in self._tasks.items() if known == name]:
            self._cancelled.add(name)
            self._ray.cancel(task, force=True)

    def close(self) -> None:
        """Stop the tasks that are still at work, and Ray if this executor began it."""
        for name in list(self._tasks.values()):
            self.cancel(name)
        self._tasks.clear()
        self._ray.kill(self._board)
        if self._began_ray:
            self._ray.shutdown()

    def _outcome(self, task: Any, name: str) -> Outcome:
        cancelled = name in self._cancelled
        self._cancelled.discard(name)
        try:
            message = json.loads(self._ray.get(task))
        except self._ray.exceptions.RayError as error:
            if cancelled:
                return Outcome(name, error="cancelled", cancelled=True)
            why = str(error).splitlines()[0]
            return Outcome(name, error=f"its node or process died, again and again ({why})")
        return Outcome(name, message["result"], message["error"])

    def _fetch_notes(self) -> None:
        """Pass on what the tasks noted; a board that is being moved is asked again later."""
        if time.monotonic() - self._fetched < _NOTES_SECONDS:
            return
        self._fetched = time.monotonic()
        try:
            notes = self._ray.get(self._board.take.remote(), timeout=_NOTES_SECONDS)
        except self._ray.exceptions.RayError:
            return
        under_way = set(self._tasks.values())
        for name, done in notes:
            if name not in under_way:
                continue
            if done is None:
                self.listener.on_start(name)
            else:
                self.listener.on_progress(name, done)


class NoteBoard:
    """Where tasks note how far they are, for the batch to read; an actor."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, float | None]] = []

    def note(self, name: str, done: float | None) -> None:
        """Note a task's beginning (None) or its progress."""
        self.notes.append((name, done))

    def take(self) -> list[tuple[str, float | None]]:
        """The notes since they were last taken."""
        notes, self.notes = self.notes, []
        return notes


def run_on_node(
    work: Work, name: str, arguments: tuple[Any, ...], limits: dict[str, Any], board: Any
) -> str:
    """On a node: one task in a child process, as on a single machine; the outcome as JSON."""
    reset_niceness()
    # A child imports its parent's main module anew, and Ray's is of no use to it.
    sys.modules["__main__"].__file__ = None
    board.note.remote(name, None)
    told = time.monotonic()

    def progress(_name: str, done: float) -> None:
        nonlocal told
        if time.monotonic() - told >= _NOTES_SECONDS:
            told = time.monotonic()
            board.note.remote(name, done)

    listener = Listener(on_progress=progress)
    executor = LocalExecutor(work, limits=Limits(**limits), listener=listener)
    executor.submit(name, *arguments)
    (outcome,) = executor.as_completed()
    return json.dumps({"result": outcome.result, "error": outcome.error})


def reset_niceness() -> None:
    """Take back the niceness of 15 that Ray gives its workers, where that is allowed."""
    with suppress(PermissionError):  # without the right, a node's own RAY_worker_niceness=0 does it
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        advice = "Install it: pip install 'reelroom[ray]', or use --engine local"
        raise EngineUnavailable("ray", "Ray is not installed.", advice) from error
    return ray


def _connect(ray: Any, address: str | None) -> bool:
    """Join a cluster, or begin one on this machine; whether this did either."""
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_worker_niceness", "0")  # of nodes that this process begins
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        advice = "Name one with --ray-address HOST:PORT, or begin one: ray start --head"
        raise EngineUnavailable("ray", f"no cluster can be reached ({error}).", advice) from error
    return True


def _make_board(ray: Any) -> Any:
    """The board, on this node, because the batch ends with it anyway."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    options = {"num_cpus": 0, "max_restarts": -1, "scheduling_strategy": here}
    return ray.remote(**options)(NoteBoard).remote()
