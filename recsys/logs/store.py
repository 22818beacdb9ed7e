"""The imported log of a workspace: a Parquet part for each file, and a ledger of what came in.

A file counts as imported when its line of the ledger exists, which is written last: a killed
import leaves nothing behind that is ever read. The line is named by the file's content, so the
same file twice changes nothing.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from recsys.atomic import whole_file
from recsys.errors import NoLog, RecsysError, UnreadableLog
from recsys.logs.check import CheckedLog, check_log, check_titles
from recsys.logs.files import content_digest, read_table
from recsys.viewing_log import ITEM, ORDER, ROW, SCHEMA, SIMULATED, TIMESTAMP, TITLE_SCHEMA, USER

ALREADY_IN = "is already in the log"


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
class LogStore:
    """The folder of one imported log."""

    folder: Path

    def import_file(self, source: Path, rename: Mapping[str, str] | None = None) -> FileImport:
        """Check a file and add its good rows to the log, its bad ones to the quarantine.

        Raises:
            UnreadableLog, MissingColumns: The file as a whole is of no use; nothing was changed.
        """
        digest = content_digest(source, rename)
        entry = self._entry(digest)
        if entry.is_file():
            known = FileImport(**json.loads(entry.read_text("utf-8")))
            return FileImport(**{**asdict(known), "source": str(source), "unchanged": True})
        raw = read_table(source, rename)
        checked = self._without_known_rows(check_log(raw, source))
        with whole_file(self._part(digest)) as draft:
            checked.rows.select(*SCHEMA).write_parquet(draft)
        with whole_file(self.quarantine_of(digest)) as draft:
            checked.quarantine.write_parquet(draft)
        done = FileImport(
            source=str(source),
            digest=digest,
            rows=checked.rows.height,
            quarantined=checked.reasons(),
            ignored_columns=[name for name in raw.columns if name not in SCHEMA],
            simulated=bool(checked.rows[SIMULATED].any()),
        )
        with whole_file(entry) as draft:
            draft.write_text(json.dumps(asdict(done), indent=2), "utf-8")
        return done

    def import_titles(self, source: Path, rename: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Add a table of titles; an item's newest row replaces its older one. Returns all titles.

        Raises:
            UnreadableLog, MissingColumns: The file is of no use; nothing was changed.
        """
        new = check_titles(read_table(source, rename), source)
        titles = pl.concat([self.titles(), new]).unique(ITEM, keep="last", maintain_order=True)
        with whole_file(self._titles) as draft:
            titles.write_parquet(draft)
        return titles

    def imports(self) -> list[FileImport]:
        """The ledger: every file that was imported, by its name."""
        entries = (self.folder / "ledger").glob("[!.]*.json")
        done = [FileImport(**json.loads(entry.read_text("utf-8"))) for entry in entries]
        return sorted(done, key=lambda file: (file.source, file.digest))

    def load(self) -> pl.DataFrame:
        """All good rows, with the columns and types of `SCHEMA`, oldest first.

        Raises:
            NoLog: Nothing was imported.
        """
        parts = [self._part(file.digest) for file in self.imports()]
        if not parts:
            raise NoLog(self.folder)
        try:
            rows = pl.concat([pl.read_parquet(part) for part in parts])
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UnreadableLog(self.folder, f"the imported log is damaged ({error})") from error
        return rows.sort(TIMESTAMP, ORDER, USER, ITEM, maintain_order=True)

    def titles(self) -> pl.DataFrame:
        """The titles, with the columns and types of `TITLE_SCHEMA`; empty if none were imported."""
        if not self._titles.is_file():
            return pl.DataFrame(schema=TITLE_SCHEMA)
        return pl.read_parquet(self._titles)

    def quarantine_of(self, digest: str) -> Path:
        """The Parquet file of the bad rows of an import."""
        return self.folder / "quarantine" / f"{digest}.parquet"

    def _without_known_rows(self, checked: CheckedLog) -> CheckedLog:
        """Two exports that overlap share rows; a row that is in the log is not counted twice."""
        if not self.imports():
            return checked
        known = self.load().with_columns(pl.lit(True).alias("known"))
        matched = checked.rows.join(known, on=list(SCHEMA), how="left", nulls_equal=True)
        return checked.without(matched.sort(ROW)["known"].is_not_null(), ALREADY_IN)

    def _part(self, digest: str) -> Path:
        return self.folder / "parts" / f"{digest}.parquet"

    def _entry(self, digest: str) -> Path:
        return self.folder / "ledger" / f"{digest}.json"

    @property
    def _titles(self) -> Path:
        return self.folder / "titles.parquet"


@dataclass(frozen=True, slots=True)
class FailedImport:
    """A file that was left out whole, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of a batch of files."""

    imported: list[FileImport]
    failed: list[FailedImport]


def import_files(
    files: Iterable[Path], store: LogStore, rename: Mapping[str, str] | None = None
) -> ImportReport:
    """Import each file; one that fails is reported, and the others go on."""
    imported, failed = [], []
    for file in files:
        try:
            imported.append(store.import_file(file, rename))
        except RecsysError as error:
            failed.append(FailedImport(str(file), str(error)))
    return ImportReport(imported, failed)
