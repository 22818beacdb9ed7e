"""What every command of `reel` shares: its options, its progress bars and its tables.

Results go to stdout; progress and messages go to stderr, and `--quiet` silences those.
"""

import functools
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dashboard.settings import Workspace
from ingest.paths import visible

_UNSEEN = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON leaves as it is, and a terminal may act on."""

DEFAULT_WORKSPACE = Path("data/workspace")

Progress = Callable[[float], None]
"""Called by long work with the share done, 0 to 1."""


class NamedPath(click.Path):
    """A path that must have a name: an empty one would mean the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A `Path`, as `click.Path` gives it."""
        if str(value) == "":
            self.fail("an empty name; for the current folder, name it: .", param, ctx)
        return super().convert(value, param, ctx)


@dataclass(slots=True)
class Console:
    """The streams of one run of the command, and how much it says on them."""

    quiet: bool = False

    def say(self, message: str) -> None:
        """Print a message for people on stderr, unless `--quiet`."""
        if not self.quiet:
            click.echo(message, err=True)

    def warn(self, message: str) -> None:
        """Print what went wrong on stderr, `--quiet` or not."""
        click.echo(message, err=True)

    @contextmanager
    def progress(self, label: str) -> Iterator[Progress]:
        """Draw a bar on stderr; the library moves it by calling what this yields with 0 to 1."""
        if self.quiet:
            yield lambda done: None
            return
        with click.progressbar(length=100, label=f"{label:<34}", file=sys.stderr) as bar:
            yield lambda done: bar.update(round(100 * min(max(done, 0.0), 1.0)) - bar.pos)
            bar.update(100 - bar.pos)


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--workspace` and `--quiet`; it is called with `workspace` and `console`."""

    @functools.wraps(command)
    def run(*args: Any, workspace: Path, quiet: bool, **options: Any) -> Any:
        return command(*args, workspace=Workspace(workspace), console=Console(quiet), **options)

    run = click.option("-q", "--quiet", is_flag=True, help="No progress, no messages.")(run)
    return click.option(
        "-w",
        "--workspace",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="REEL_WORKSPACE",
        default=DEFAULT_WORKSPACE,
        show_default=True,
        help="The folder that holds the catalogue, logs and models (or REEL_WORKSPACE).",
    )(run)


def format_option(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command `--format`, passed on as `output_format`; the first is the default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the result.",
    )


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns for people on stdout; numbers align right, text left.

    What a cell holds stays in it: newlines and control characters are shown as escapes.
    """
    cells = [[visible(f"{value}") for value in row] for row in rows]
    widths = [max(len(c[i]) for c in [list(header), *cells]) for i in range(len(header))]
    numeric = [
        bool(rows) and all(isinstance(r[i], int | float) for r in rows) for i in range(len(header))
    ]
    for line in [list(header), *cells]:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def print_json(data: object) -> None:
    """Print data for scripts: one JSON document on stdout."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
