"""What a batch asks of the machines that do its work: submit, take what has ended, cancel.

Arguments and results are plain data (paths, ids, numbers), never frames and never pickled results:
whoever does the work reads untrusted files.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

Work = Callable[..., dict[str, Any]]
"""A module-level function: called with a task's arguments and with a function that takes its
progress, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one task ended."""

    name: str
    result: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    """Why it failed, for people; None if it did not."""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Listener:
    """What an executor tells while it works."""

    on_start: Callable[[str], None] = lambda name: None
    """Called with a task's name as it begins; again if it has to begin anew elsewhere."""
    on_progress: Callable[[str, float], None] = lambda name, done: None
    """Called with a task's name and the share of it that is done, 0 to 1."""


SILENT = Listener()


class Executor(Protocol):
    """Runs one function over many tasks, some at a time."""

    def submit(self, name: str, *arguments: Any) -> None:
        """Take a task in; `name` is unlike that of any other under way."""

    def as_completed(self, seconds: float | None = None) -> Iterator[Outcome]:
        """Yield outcomes as tasks end, until none is under way or `seconds` have passed."""

    def cancel(self, name: str) -> None:
        """Stop a task; its outcome says so. One that has ended already is left alone."""

    @property
    def under_way(self) -> int:
        """How many tasks were taken in whose outcome was not yielded yet."""

    def close(self) -> None:
        """Stop whatever is still under way."""
