"""Work in child processes: each task alone in its own, so that a crash or a hang is its own.

What passes between the processes is JSON, never pickled results: a child reads untrusted files.
"""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

Work = Callable[..., dict[str, Any]]
"""Called with a task's arguments and a function that takes its progress, 0 to 1."""

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one task ended."""

    name: str
    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    """Why it failed, for people; None if it did not."""


@dataclass(slots=True)
class _Child:
    name: str
    process: ForkServerProcess
    messages: Connection
    deadline: float
    outcome: Outcome | None = None


def run_in_children(
    work: Work,
    tasks: Sequence[tuple[str, tuple[Any, ...]]],
    *,
    jobs: int,
    timeout: float,
    on_progress: Callable[[str, float], None] = lambda name, done: None,
) -> Iterator[Outcome]:
    """Run each task in a child process of its own, `jobs` at a time.

    Args:
        work: A module-level function.
        tasks: A name and the arguments of each.
        jobs: At least 1.
        timeout: Seconds after which a task is killed and counts as failed.
        on_progress: Called with a task's name and its progress.

    Yields:
        An outcome for each task, as it ends. If the caller stops early, or is interrupted, the
        children are killed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ingest.analysis"])
    waiting = list(reversed(tasks))
    running: list[_Child] = []
    try:
        while waiting or running:
            while waiting and len(running) < max(1, jobs):
                name, arguments = waiting.pop()
                running.append(_start(context, work, name, arguments, timeout))
            wait([child.messages for child in running], timeout=_POLL_SECONDS)
            for child in list(running):
                _listen(child, on_progress)
                if child.outcome is not None:
                    running.remove(child)
                    _end(child)
                    yield child.outcome
    finally:
        for child in running:
            _end(child)


def _start(
    context: multiprocessing.context.ForkServerContext,
    work: Work,
    name: str,
    arguments: tuple[Any, ...],
    timeout: float,
) -> _Child:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, arguments, sender), daemon=True)
    process.start()
    sender.close()
    return _Child(name, process, receiver, time.monotonic() + timeout)


def _run(work: Work, arguments: tuple[Any, ...], sender: Connection) -> None:
    """In the child: do the work and say how it went."""

    def say(**message: Any) -> None:
        sender.send_bytes(json.dumps(message).encode())

    told = 0.0

    def progress(done: float) -> None:
        nonlocal told
        if done - told >= 0.01:
            told = done
            say(progress=done)

    try:
        say(result=work(*arguments, progress))
    except BrokenPipeError:
        pass  # the parent is gone; nobody is left to tell
    except Exception as error:
        known = type(error).__module__.endswith(".errors")
        say(error=str(error) if known else f"{type(error).__name__}: {error}")


def _listen(child: _Child, on_progress: Callable[[str, float], None]) -> None:
    """Take what a child has said, and see whether it has ended."""
    try:
        while child.messages.poll():
            message = json.loads(child.messages.recv_bytes())
            if "progress" in message:
                on_progress(child.name, float(message["progress"]))
            else:
                child.outcome = Outcome(child.name, message.get("result", {}), message.get("error"))
    except (EOFError, OSError):
        if child.outcome is None:
            child.process.join(timeout=5)
            code = child.process.exitcode
            how = f"killed by signal {-code}" if code and code < 0 else f"exit status {code}"
            child.outcome = Outcome(child.name, error=f"its process died ({how})")
        return
    if child.outcome is None and time.monotonic() > child.deadline:
        child.outcome = Outcome(child.name, error="it took longer than the limit and was stopped")


def _end(child: _Child) -> None:
    if child.outcome is None or child.outcome.error is not None:
        child.process.kill()
    child.process.join(timeout=10)
    child.messages.close()
