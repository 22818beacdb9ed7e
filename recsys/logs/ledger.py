"""The ledger of an imported log: for each file that counts as imported, what came of it.

A line is a JSON file named by the digest of what was imported; it is written last, whole or not
at all, so what it names is there.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from recsys.atomic import whole_file
from recsys.errors import UnreadableLog
from recsys.logs.parts import Part

LEDGER_FORMAT = 2
"""1 had one part for each file, without days; it is still read."""


@dataclass(frozen=True, slots=True)
class FileImport:
    """What came of one file."""

    source: str
    digest: str
    rows: int
    """Good rows, now in the log."""
    quarantined: dict[str, int]
    """Bad rows by reason."""
    ignored_columns: list[str]
    simulated: bool
    """Whether any row says that a simulator made it."""
    unchanged: bool = False
    """True when the file had been imported before, so that nothing was done."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger."""

    done: FileImport
    parts: tuple[Part, ...]


def read_entries(folder: Path) -> Iterator[Entry]:
    """All lines of a ledger, by digest.

    Raises:
        UnreadableLog: A line is damaged, or a newer version wrote it.
    """
    for file in sorted(folder.glob("[!.]*.json")):
        entry = read_entry(folder, file.stem)
        if entry is not None:
            yield entry


def read_entry(folder: Path, digest: str) -> Entry | None:
    """The line of a digest; None if there is none. Raises as `read_entries`."""
    file = folder / f"{digest}.json"
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_text("utf-8"))
        written = told.pop("format", 1)
        if written > LEDGER_FORMAT:
            raise ValueError(f"a newer version wrote it, format {written}")
        parts = [Part.from_json(part) for part in told.pop("parts", [])]
        if written == 1:
            parts = [Part(whole_part(digest), told["rows"], None, None)]
        return Entry(FileImport(**told), tuple(parts))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"cannot be read ({error}); remove the folder of logs and import again"
        raise UnreadableLog(file, reason) from error


def write_entry(folder: Path, entry: Entry) -> None:
    """Write a line, or take the place of the one of its digest."""
    told = {
        "format": LEDGER_FORMAT,
        **asdict(entry.done),
        "parts": [part.as_json() for part in entry.parts],
    }
    with whole_file(folder / f"{entry.done.digest}.json") as draft:
        draft.write_text(json.dumps(told, indent=1), "utf-8")


def whole_part(digest: str) -> str:
    """The one file of all rows of an import, by ledgers of format 1."""
    return f"{digest}.parquet"
