"""A process of its own for what takes long or could go wrong: handed a task, watched, and heard.

The task is a line of JSON on the child's standard input, which stays open: it closes when the
server ends, however that ends, and then the child does. What it came to is JSON on its standard
output; whatever else it prints goes to the server's log.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Any

from ingest.limits import DEFAULT_LIMITS, Limits, apply_limits, explain_error, explain_exit

Task = dict[str, Any]

GRACE_SECONDS = 3.0
"""That a child has for clearing away what it has begun, once the server is gone."""


class ChildFailed(Exception):
    """A child ended without an answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """For people: which limit it met, or which signal ended it."""


class Child:
    """A process that works on one task, as the one that started it sees it."""

    def __init__(
        self, line: Sequence[str], task: Mapping[str, Any], limits: Limits | None = None
    ) -> None:
        """Start it.

        Args:
            line: The command, whose process calls `answer_parent`.
            task: What JSON can hold.
            limits: Its time is kept here; the rest it is bound to by `answer_parent`. Without
                any, it may take what it needs.

        Raises:
            ChildFailed: No process can be started.
        """
        self._limits = limits
        self._answer: Any = None
        self._failure, self._late = "", False
        self._ended = threading.Event()
        try:
            self._process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise ChildFailed(f"no process can be started: {error}") from error
        told = json.dumps(task).encode() + b"\n"
        threading.Thread(target=self._watch, args=(told,), daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended, and is waited for: not even a zombie is left."""
        return self._ended.is_set()

    @property
    def failure(self) -> str:
        """Why it ended without an answer; empty as long as it goes on, and if it did answer."""
        return self._failure

    def result(self) -> Any:
        """Wait for its answer.

        Raises:
            ChildFailed: It ended without one.
        """
        self._ended.wait()
        if self._failure:
            raise ChildFailed(self._failure)
        return self._answer

    def stop(self) -> None:
        """End it now."""
        self._process.kill()

    def _watch(self, told: bytes) -> None:
        """Hand over the task, and listen until it has ended."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        clock = threading.Timer(self._limits.seconds if self._limits else inf, self._overdue)
        clock.daemon = True
        if self._limits is not None:
            clock.start()
        try:
            with suppress(BrokenPipeError):  # it has ended already; its exit code says how
                process.stdin.write(told)
                process.stdin.flush()
            said = process.stdout.read()
            code = process.wait()
            self._answer, self._failure = self._read(said, code)
        finally:
            clock.cancel()
            process.stdout.close()
            with suppress(BrokenPipeError):
                process.stdin.close()
            self._ended.set()

    def _read(self, said: bytes, code: int) -> tuple[Any, str]:
        """The answer, or why there is none."""
        limits = self._limits or DEFAULT_LIMITS
        if self._late:
            return None, f"it took longer than {limits.seconds:g} s, and was ended"
        try:
            told = json.loads(said)
        except ValueError:
            return None, explain_exit(code, limits)
        if "failed" in told:
            return None, told["failed"]
        return told["answer"], ""

    def _overdue(self) -> None:
        self._late = True
        self._process.kill()


def answer_parent(work: Callable[[Task], Any], limits: Limits | None = None) -> None:
    """Work on the task that this process was started for, and answer: all that a child does.

    Args:
        work: Gives what JSON can hold.
        limits: What this process is bound to, for good.
    """
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as parent:
        os.dup2(2, 1)  # what is printed is no answer
        line = sys.stdin.buffer.readline()
        if not line:  # the server went before it had said what is to be done
            return
        threading.Thread(target=_end_with_server, daemon=True).start()
        if limits is not None:
            apply_limits(limits)
        try:
            told = {"answer": work(json.loads(line))}
        except (MemoryError, OSError) as error:
            reason = explain_error(error, limits) if limits is not None else None
            if reason is None:
                raise
            told = {"failed": reason}
        except KeyboardInterrupt:  # the server is gone, or was interrupted together with this
            sys.exit(1)
        parent.write(json.dumps(told))


def _end_with_server() -> None:
    """Wait until nobody holds the other end of the standard input, and end this process."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)  # as if by Ctrl-C: what it has begun is cleared away
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
