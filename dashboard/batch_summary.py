"""What a batch came to, said at its end: counts, footage, speed, and what failed and why."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboard.batch_display import BatchDisplay
from dashboard.console import Console
from dashboard.wording import clock
from ingest.paths import visible

if TYPE_CHECKING:
    from ingest.batch_report import BatchReport
    from ingest.run import Report


def check_report_file(
    _context: click.Context, _parameter: click.Parameter, path: Path | None
) -> Path | None:
    """Refuse a report that could not be written, before the batch and not after it."""
    from ingest.batch_report import SUFFIXES

    if path is None:
        return None
    if path.suffix.lower() not in SUFFIXES:
        raise click.BadParameter(f"{path.name} must end in {' or '.join(SUFFIXES)}.")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise click.BadParameter(f"the folder {path.parent} is not there, or not to be written to.")
    return path


def say_summary(
    reports: Sequence["Report"], display: BatchDisplay, console: Console, file: Path | None
) -> None:
    """Say what a batch came to, and write it down in `file` if one is given.

    A file that cannot be written is an error, said after everything else.
    """
    from ingest.batch_report import reports_of, write_report

    whole = reports_of(reports, list(display.sizes), display.seconds)
    if reports:
        for line in summary_lines(whole):
            console.say(line)
    if file is not None:
        try:
            write_report(file, whole)
        except OSError as error:
            raise click.ClickException(f"the report {file} cannot be written: {error}") from error
        console.say(f"report: {file}")


def summary_lines(whole: "BatchReport") -> list[str]:
    """For people: how it went in one line, then each failure with its reason and advice."""
    counts = ", ".join(f"{count} {status}" for status, count in whole.counts.items())
    total = sum(whole.counts.values())
    line = f"{total} file{'s' * (total != 1)}: {counts}, in {clock(whole.seconds)}"
    if whole.speed is not None:
        line += f"; {clock(whole.film_seconds)} of footage, {whole.speed:.1f} × real time"
    failed = [row for row in whole.rows() if row["status"] == "failed"]
    lines = [line, *(["Failed:"] if failed else [])]
    for row in failed:
        lines.append(f"  {visible(row['path'])}: {row['reason']}")
        if row["advice"]:
            lines.append(f"    {row['advice']}")
    return lines
