"""How a batch is shown on stderr: a line for each file as it ends, and one of what is under way.

The line of what is under way is redrawn in place, so only a terminal gets it.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from dashboard.console import Console
from dashboard.wording import clock, with_path
from ingest.paths import visible

_REDRAW_SECONDS = 0.2


class BatchDisplay:
    """Follows a batch from its files to its reports; use it as a context manager."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.console, self.clock = console, clock
        self.live = sys.stderr.isatty() and not console.quiet
        self.sizes: dict[str, int] = {}
        self.shares: dict[str, float] = {}
        self.ended: set[str] = set()
        self.known: set[str] = set()
        self.began = self.drawn = clock()

    @property
    def total(self) -> int:
        """How many files the batch is about, so far."""
        return len(self.sizes)

    @property
    def seconds(self) -> float:
        """How long the batch has been at work."""
        return self.clock() - self.began

    @property
    def watcher(self) -> Any:
        """What `ingest_batch` is to tell."""
        from ingest.batch import Watcher

        return Watcher(self.expect, self.advance)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wipe()

    def expect(self, files: list[Path]) -> None:
        """Take in files that are to be done."""
        for file in files:
            self.sizes[str(file)] = _size(file)

    def advance(self, path: str, done: float) -> None:
        """Take in how far a file is, 0 to 1."""
        self.shares[path] = done
        if self.live and self.clock() - self.drawn >= _REDRAW_SECONDS:
            self._draw()

    def show(self, report: Any) -> None:
        """Take in how a file ended, and say so; a failure even if the console is quiet."""
        self.sizes.setdefault(report.path, 1)
        self.ended.add(report.path)
        self.shares[report.path] = 1.0
        if report.status != "ingested":
            self.known.add(report.path)
        self._wipe()
        line = (
            f"[{len(self.ended)}/{self.total}] {report.status}: {_name(report)}{self._time_left()}"
        )
        (self.console.warn if report.status == "failed" else self.console.say)(line)

    def seconds_left(self) -> float | None:
        """By the bytes of the files that take time: how long the rest will; None if not known."""
        sizes = {path: size for path, size in self.sizes.items() if path not in self.known}
        done = sum(size * self.shares.get(path, 0.0) for path, size in sizes.items())
        if not done:
            return None
        return self.seconds * (sum(sizes.values()) - done) / done

    def _time_left(self) -> str:
        left = self.seconds_left()
        if left is None or len(self.ended) == self.total:
            return ""
        return f" ({clock(left)} left)"

    def _draw(self) -> None:
        self.drawn = self.clock()
        bytes_done = sum(size * self.shares.get(p, 0.0) for p, size in self.sizes.items())
        share = bytes_done / max(1, sum(self.sizes.values()))
        running = [p for p, done in self.shares.items() if p not in self.ended]
        files = ", ".join(f"{visible(Path(p).name)} {self.shares[p]:.0%}" for p in running)
        line = f"{len(self.ended)}/{self.total} files {share:.0%}{self._time_left()}: {files}"
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\033[K{line[:width]}", nl=False, err=True)

    def _wipe(self) -> None:
        if self.live:
            click.echo("\r\033[K", nl=False, err=True)


def _name(report: Any) -> str:
    if report.status in ("ingested", "known"):
        return f"{visible(report.path)}, {report.shots} shot{'s' * (report.shots != 1)}"
    return with_path(report.path, report.reason)


def _size(file: Path) -> int:
    try:
        return max(1, file.stat().st_size)
    except OSError:
        return 1
