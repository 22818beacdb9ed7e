"""What a batch came to: a row for each file, and what they add up to. Pure but for writing it down.

A report is one JSON document or a CSV table, by its suffix, and is there whole or not at all.
"""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.paths import printable
from ingest.run import Report

SUFFIXES = (".csv", ".json")
COLUMNS = (
    *("path", "status", "media", "shots", "film_seconds", "seconds", "warnings", "reason"),
    "advice",
)
"""Of the table; in JSON, `warnings` is a list."""
_STATUSES = ("ingested", "known", "failed", "cancelled", "busy", "queued")


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch from its beginning to its end, or to where it was stopped."""

    reports: tuple[Report, ...]
    """Of the files that ended, in that order."""
    left: tuple[str, ...] = ()
    """Paths of the files that it had not come to when it was stopped."""
    seconds: float = 0.0
    """How long it took."""

    @property
    def counts(self) -> dict[str, int]:
        """How many files came to each status; those that none came to are left out."""
        found = Counter[str](report.status for report in self.reports)
        found["queued"] += len(self.left)
        return {status: found[status] for status in _STATUSES if found[status]}

    @property
    def film_seconds(self) -> float:
        """How much footage was ingested; what was known already does not count."""
        return sum(r.film_seconds for r in self.reports if r.status == "ingested")

    @property
    def speed(self) -> float | None:
        """Seconds of footage a second; None if none was ingested."""
        return self.film_seconds / self.seconds if self.film_seconds and self.seconds else None

    def rows(self) -> list[dict[str, Any]]:
        """The columns of each file; those that were not come to are last."""
        rows = [report_row(report) for report in self.reports]
        reason = "the batch was stopped before it came to this file"
        return rows + [report_row(Report(path, "queued", None, 0, reason)) for path in self.left]

    def as_json(self) -> dict[str, Any]:
        """The whole as one document."""
        return {
            "files": self.rows(),
            "counts": self.counts,
            "film_seconds": round(self.film_seconds, 3),
            "seconds": round(self.seconds, 3),
            "times_real_time": None if self.speed is None else round(self.speed, 3),
            "stopped": bool(self.left),
        }


def report_row(report: Report) -> dict[str, Any]:
    """`COLUMNS` of one file. The path is made absolute; a reason does not repeat it."""
    reason, _, advice = report.reason.partition("\n")
    reason = reason.removeprefix(f"{report.path}: ")
    return {
        "path": os.path.abspath(report.path),  # noqa: PTH100  (it resolves no links)
        "status": report.status,
        "media": report.media,
        "shots": report.shots,
        "film_seconds": round(report.film_seconds, 3),
        "seconds": report.seconds,
        "warnings": list(report.remarks),
        "reason": "" if report.remarks else reason,
        "advice": advice,
    }


def write_report(path: Path, report: BatchReport) -> None:
    """Write a report to `path`, as its suffix says, over what was there.

    Raises:
        OSError: It cannot be written; what was there is still there.
    """
    text = _as_csv(report) if path.suffix.lower() == ".csv" else _as_json(report)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _as_json(report: BatchReport) -> str:
    return printable(json.dumps(report.as_json(), indent=2, ensure_ascii=False)) + "\n"


def _as_csv(report: BatchReport) -> str:
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in report.rows():
        writer.writerow(row | {"warnings": _plain("; ".join(row["warnings"]))} | _plain_texts(row))
    return printable(table.getvalue())


def _plain_texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: _plain(row[name]) for name in ("path", "reason", "advice")}


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def reports_of(reports: Sequence[Report], expected: Sequence[str], seconds: float) -> BatchReport:
    """The report of a batch that was to do `expected`, of which `reports` have ended."""
    ended = {report.path for report in reports}
    left = tuple(path for path in map(printable, expected) if path not in ended)
    return BatchReport(tuple(reports), left, seconds)
