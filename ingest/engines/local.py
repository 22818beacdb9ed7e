"""Work in child processes: each task alone in its own, so that a crash or a hang is its own.

What comes back between the processes is JSON, never pickled: a child reads untrusted files.
"""

import json
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

from ingest.engines.executor import SILENT, Listener, Outcome, Work
from ingest.limits import (
    DEFAULT_LIMITS,
    Limits,
    apply_limits,
    die_with_parent,
    explain_error,
    explain_exit,
)

_POLL_SECONDS = 0.2


@dataclass(slots=True)
class _Child:
    name: str
    process: ForkServerProcess
    messages: Connection
    deadline: float
    outcome: Outcome | None = None


class LocalExecutor:
    """Runs each task in a child process of its own, `jobs` at a time."""

    def __init__(
        self,
        work: Work,
        *,
        jobs: int = 1,
        limits: Limits = DEFAULT_LIMITS,
        listener: Listener = SILENT,
    ) -> None:
        self.work, self.jobs, self.limits, self.listener = work, max(1, jobs), limits, listener
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["ingest.engines.preload"])
        self._waiting: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._running: list[_Child] = []
        self._ended: list[Outcome] = []
        """Of tasks that have no process."""

    @property
    def under_way(self) -> int:
        """How many tasks were taken in whose outcome was not yielded yet."""
        return len(self._waiting) + len(self._running) + len(self._ended)

    def submit(self, name: str, *arguments: Any) -> None:
        """Take a task in; it begins while outcomes are being taken."""
        self._waiting.append((name, arguments))

    def as_completed(self, seconds: float | None = None) -> Iterator[Outcome]:
        """Yield outcomes as tasks end, until none is under way or `seconds` have passed."""
        until = None if seconds is None else time.monotonic() + seconds
        while self.under_way:
            while self._waiting and len(self._running) < self.jobs:
                self._start(*self._waiting.popleft())
            while self._ended:
                yield self._ended.pop()
            left = _POLL_SECONDS if until is None else until - time.monotonic()
            messages = [child.messages for child in self._running]
            wait(messages, timeout=min(_POLL_SECONDS, max(0.0, left)))
            for child in list(self._running):
                self._listen(child)
                if child.outcome is not None:
                    self._running.remove(child)
                    _end(child)
                    yield child.outcome
            if left <= 0:
                return

    def cancel(self, name: str) -> None:
        """Stop a task; its outcome says so."""
        for task in [t for t in self._waiting if t[0] == name]:
            self._waiting.remove(task)
            self._ended.append(Outcome(name, error="cancelled", cancelled=True))
        for child in self._running:
            if child.name == name and child.outcome is None:
                child.outcome = Outcome(name, error="cancelled", cancelled=True)

    def close(self) -> None:
        """Kill the children that are still at work."""
        self._waiting.clear()
        for child in self._running:
            _end(child)
        self._running.clear()

    def _start(self, name: str, arguments: tuple[Any, ...]) -> None:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_run, args=(self.work, arguments, self.limits, sender), daemon=True
        )
        try:
            process.start()
        except (EOFError, OSError) as error:  # the server that forks children died, or cannot fork
            receiver.close()
            why = str(error) or "the process that begins others died"
            self._ended.append(Outcome(name, error=f"no process could be begun for it: {why}"))
            return
        finally:
            sender.close()
        deadline = time.monotonic() + self.limits.seconds
        self._running.append(_Child(name, process, receiver, deadline))
        self.listener.on_start(name)

    def _listen(self, child: _Child) -> None:
        """Take what a child has said, and see whether it has ended."""
        try:
            while child.outcome is None and child.messages.poll():
                message = json.loads(child.messages.recv_bytes())
                if "progress" in message:
                    self.listener.on_progress(child.name, float(message["progress"]))
                else:
                    result, error = message.get("result", {}), message.get("error")
                    child.outcome = Outcome(child.name, result, error)
        except ValueError:
            child.outcome = Outcome(child.name, error="its process said what is no message")
            return
        except (EOFError, OSError):
            child.process.join(timeout=5)
            error = explain_exit(child.process.exitcode, self.limits)
            child.outcome = Outcome(child.name, error=error)
            return
        if child.outcome is None and time.monotonic() > child.deadline:
            reason = f"it took longer than the limit of {self.limits.seconds:g} s and was stopped"
            child.outcome = Outcome(child.name, error=f"{reason} (see --timeout)")


def _run(work: Work, arguments: tuple[Any, ...], limits: Limits, sender: Connection) -> None:
    """In the child: do the work and say how it went."""

    def say(**message: Any) -> None:
        sender.send_bytes(json.dumps(message).encode())

    told = 0.0

    def progress(done: float) -> None:
        nonlocal told
        if done - told >= 0.01:
            told = done
            say(progress=done)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch, which ends its children
    die_with_parent()
    apply_limits(limits)
    try:
        say(result=work(*arguments, progress))
    except BrokenPipeError:
        pass  # the parent is gone; nobody is left to tell
    except Exception as error:
        say(error=explain_error(error, limits) or _in_words(error))


def _in_words(error: Exception) -> str:
    if type(error).__module__.endswith(".errors"):
        return str(error)
    said = getattr(error, "orig", None) or error  # of the database, not of SQLAlchemy
    return f"{type(error).__name__}: {said}"


def _end(child: _Child) -> None:
    if child.outcome is None or child.outcome.error is not None:
        child.process.kill()
    child.process.join(timeout=10)
    child.messages.close()
