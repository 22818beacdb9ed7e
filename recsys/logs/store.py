"""The imported log of a workspace: a folder of Parquet parts for each file, and a ledger.

A file counts as imported when its line of the ledger exists, which is written last: a killed
import leaves nothing behind that is ever read. The line is named by the file's content, so the
same file twice changes nothing.
"""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import polars as pl

from recsys.atomic import whole_file, whole_folder
from recsys.errors import NoLog, RecsysError, UnreadableLog
from recsys.interactions import Interactions
from recsys.logs.check import check_titles
from recsys.logs.columns import identities
from recsys.logs.files import content_digest, log_files, open_table, read_table, require_renamed
from recsys.logs.forgotten import Forgotten, user_identities, user_identity
from recsys.logs.ledger import (
    Entry,
    FileImport,
    read_entries,
    read_entry,
    whole_part,
    write_entry,
)
from recsys.logs.mapping import PLAIN, ColumnMap
from recsys.logs.parts import Part, scan_parts, write_part
from recsys.logs.staging import ALREADY_IN, Progress, Quarantine, stage
from recsys.viewing_log import ITEM, ORDER, SCHEMA, TIMESTAMP, TITLE_SCHEMA, USER

__all__ = ["ALREADY_IN", "FileImport", "LogStore", "import_files"]


@dataclass(frozen=True, slots=True)
class LogStore:
    """The folder of one imported log."""

    folder: Path

    def import_file(
        self,
        source: Path,
        rename: Mapping[str, str] | None = None,
        columns: ColumnMap = PLAIN,
        on_rows: Progress = lambda rows: None,
    ) -> FileImport:
        """Check a file and add its good rows to the log, its bad ones to the quarantine.

        Args:
            source: The file.
            rename: Columns to rename, `{theirs: ours}`.
            columns: How files of another system are read.
            on_rows: Called with the number of rows read so far.

        Raises:
            UnreadableLog, MissingColumns: The file as a whole is of no use; nothing was changed.
        """
        columns, told = _reading(source, rename or {}, columns)
        digest = content_digest(source, told)
        with self._changing() as scratch:
            known = read_entry(self._ledger, digest)
            if known is not None:
                return replace(known.done, source=str(source), unchanged=True)
            return self._import_new(source, columns, digest, scratch, on_rows)

    def _import_new(
        self, source: Path, columns: ColumnMap, digest: str, scratch: Path, on_rows: Progress
    ) -> FileImport:
        forgotten = Forgotten.read(self.folder)
        quarantine = Quarantine(scratch)
        with whole_folder(self.folder / "parts" / digest) as parts:
            staged = stage(
                source,
                columns,
                parts,
                scratch,
                known=self._files,
                is_forgotten=forgotten.which if forgotten.since else None,
                quarantine=quarantine,
                on_rows=on_rows,
            )
            with whole_file(self.quarantine_of(digest)) as draft:
                quarantine.write(draft)
        done = FileImport(
            source=str(source),
            digest=digest,
            rows=staged.rows,
            quarantined=staged.quarantined,
            ignored_columns=staged.ignored_columns,
            simulated=staged.simulated,
        )
        self._write_entry(Entry(done, tuple(staged.parts)))
        return done

    def import_titles(
        self, source: Path, rename: Mapping[str, str] | None = None, columns: ColumnMap = PLAIN
    ) -> pl.DataFrame:
        """Add a table of titles; an item's newest row replaces its older one. Returns all titles.

        Raises:
            UnreadableLog, MissingColumns: The file is of no use; nothing was changed.
        """
        columns, _ = _reading(source, rename or {}, columns)
        new = check_titles(read_table(source, None, columns), source, columns)
        with self._changing():
            titles = pl.concat([self.titles(), new]).unique(ITEM, keep="last", maintain_order=True)
            with whole_file(self._titles) as draft:
                titles.write_parquet(draft)
        return titles

    def forget(self, user: str, at: datetime | None = None) -> int:
        """Remove a user from the log and the quarantine, and keep them out from now on.

        The user is put on the list first; if the removal is cut off, the same call completes it.

        Returns:
            How many rows of the log were removed.
        """
        name = user_identity(user)
        with self._changing():
            forgotten = Forgotten.read(self.folder).with_user(name, at or datetime.now(UTC))
            forgotten.write(self.folder)
            removed = 0
            for entry in self._entries():
                removed += self._remove(entry, name)
                self._remove_bad_rows(entry, name)
        return removed

    def is_forgotten(self, user: str) -> bool:
        """Whether a user was removed by `forget`."""
        return bool(self.forgotten([user]))

    def forgotten(self, users: Iterable[str]) -> set[str]:
        """Which of some users were removed by `forget`; the list of them is read once."""
        if not self.folder.is_dir():
            return set()
        known = Forgotten.read(self.folder)
        if not known.since:
            return set()
        names = list(users)
        return {
            user
            for user, name in zip(names, user_identities(names), strict=True)
            if known.holds(name)
        }

    def imports(self) -> list[FileImport]:
        """The ledger: every file that was imported, by its name."""
        return sorted((e.done for e in self._entries()), key=lambda d: (d.source, d.digest))

    def scan(self, first: date | None = None, last: date | None = None) -> pl.LazyFrame:
        """All good rows, lazily and in no order, with the columns and types of `SCHEMA`.

        Args:
            first: The first day (UTC) wanted, and
            last: the last; only parts that may have rows of those days are opened. Rows without a
                timestamp are of no day.

        Raises:
            NoLog: Nothing was imported.
        """
        if not self._entries():
            raise NoLog(self.folder)
        asked = tuple(None if day is None else day.isoformat() for day in (first, last))
        rows = scan_parts(self._files(*asked)).select(*SCHEMA)
        day = pl.col(TIMESTAMP).dt.date()
        if first is not None:
            rows = rows.filter(day >= first)
        return rows if last is None else rows.filter(day <= last)

    def load(self) -> pl.DataFrame:
        """All good rows, with the columns and types of `SCHEMA`, oldest first.

        Raises:
            NoLog: Nothing was imported.
        """
        return self.collect(self.scan()).sort(TIMESTAMP, ORDER, USER, ITEM, maintain_order=True)

    def collect(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """The result of a query on `scan`; UnreadableLog if a part is damaged."""
        try:
            return rows.collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UnreadableLog(self.folder, f"the imported log is damaged ({error})") from error

    def interactions(self) -> Interactions:
        """Who played what, for models to learn from; the log itself is never held whole.

        Raises:
            NoLog: Nothing was imported.
            NoUsableRows, NoTimeOrder: See `Interactions.from_scan`.
            UnreadableLog: A part is damaged.
        """
        try:
            return Interactions.from_scan(self.scan())
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UnreadableLog(self.folder, f"the imported log is damaged ({error})") from error

    def titles(self) -> pl.DataFrame:
        """The titles, with the columns and types of `TITLE_SCHEMA`; empty if none were imported."""
        if not self._titles.is_file():
            return pl.DataFrame(schema=TITLE_SCHEMA)
        return pl.read_parquet(self._titles)

    def quarantine_of(self, digest: str) -> Path:
        """The Parquet file of the bad rows of an import."""
        return self.folder / "quarantine" / f"{digest}.parquet"

    def _files(self, first: str | None = None, last: str | None = None) -> list[Path]:
        """The parts that may have rows of a range of days."""
        return [
            self._part(entry, part)
            for entry in self._entries()
            for part in entry.parts
            if part.meets(first, last)
        ]

    def _part(self, entry: Entry, part: Part) -> Path:
        digest = entry.done.digest
        whole = part.name == whole_part(digest)
        return self.folder / "parts" / (part.name if whole else f"{digest}/{part.name}")

    def _entries(self) -> list[Entry]:
        return list(read_entries(self._ledger))

    def _write_entry(self, entry: Entry) -> None:
        write_entry(self._ledger, entry)

    def _remove(self, entry: Entry, user: str) -> int:
        """Take a user out of an import: new parts, then the ledger, then the old parts go."""
        kept: list[Part] = []
        old: list[Path] = []
        for part in entry.parts:
            file = self._part(entry, part)
            theirs = pl.scan_parquet(file, glob=False).filter(pl.col(USER) == user)
            if not theirs.select(pl.len()).collect().item():
                kept.append(part)
                continue
            old.append(file)
            rows = pl.read_parquet(file, glob=False).filter(pl.col(USER) != user)
            if rows.height:
                changed = replace(part, name=f"{uuid.uuid4().hex}.parquet", rows=rows.height)
                with whole_file(self._part(entry, changed)) as draft:
                    write_part(draft, rows)
                kept.append(changed)
        if not old:
            return 0
        left = sum(part.rows for part in kept)
        self._write_entry(Entry(replace(entry.done, rows=left), tuple(kept)))
        for file in old:
            file.unlink(missing_ok=True)
        return entry.done.rows - left

    def _remove_bad_rows(self, entry: Entry, user: str) -> None:
        file = self.quarantine_of(entry.done.digest)
        if not file.is_file():
            return
        rows = pl.read_parquet(file, glob=False)
        if USER not in rows.columns:
            return
        theirs = (identities(rows[USER]) == user).fill_null(False)
        if theirs.any():
            with whole_file(file) as draft:
                rows.filter(~theirs).write_parquet(draft)

    @contextmanager
    def _changing(self) -> Iterator[Path]:
        """Let one process at a time change the store; yields a folder for what is not kept.

        What a killed process left behind is removed first.

        Raises:
            UnreadableLog: The disk is full, the folder may not be written, or a part is damaged.
        """
        scratch = self.folder / f".{uuid.uuid4().hex}.scratch"
        try:
            with self._locked():
                try:
                    self._sweep()
                    scratch.mkdir()
                    yield scratch
                finally:
                    shutil.rmtree(scratch, ignore_errors=True)
                    for name in ("parts", "quarantine"):  # not the folder: the lock is on it
                        with suppress(OSError):
                            (self.folder / name).rmdir()  # only if it is empty
        except (OSError, pl.exceptions.PolarsError) as error:
            told = (str(error).strip() or type(error).__name__).splitlines()[0]
            reason = f"the imported log could not be changed ({told})"
            raise UnreadableLog(self.folder, reason) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        entries = self._entries()
        used = {self._part(entry, part).resolve() for entry in entries for part in entry.parts}
        known = {entry.done.digest for entry in entries}
        for file in (self.folder / "parts").glob("**/*"):
            if file.is_file() and file.resolve() not in used:
                file.unlink()
        for file in (self.folder / "parts").glob("*"):
            if file.is_dir() and file.name not in known:
                file.rmdir()
        for file in (self.folder / "quarantine").glob("*"):
            if file.stem not in known:
                file.unlink()
        for draft in (*self.folder.glob(".*.scratch"), *self.folder.glob("ledger/.*.part")):
            shutil.rmtree(draft) if draft.is_dir() else draft.unlink()

    @property
    def _ledger(self) -> Path:
        return self.folder / "ledger"

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
    paths: Iterable[Path],
    store: LogStore,
    rename: Mapping[str, str] | None = None,
    columns: ColumnMap = PLAIN,
    on_rows: Progress = lambda rows: None,
) -> ImportReport:
    """Import each file, and those of each folder; one that fails is reported, the others go on."""
    imported: list[FileImport] = []
    failed: list[FailedImport] = []
    done = 0
    for path in paths:
        found = log_files(path)
        failed += [FailedImport(str(file), f"{file}: {why}") for file, why in found.refused]
        for file in found.files:
            try:
                counted = partial(_count_on, on_rows, done)
                imported.append(store.import_file(file, rename, columns, counted))
            except RecsysError as error:
                failed.append(FailedImport(str(file), str(error)))
            else:
                done += imported[-1].rows
    return ImportReport(imported, failed)


def _count_on(on_rows: Progress, before: int, rows: int) -> None:
    on_rows(before + rows)


def _reading(source: Path, rename: Mapping[str, str], columns: ColumnMap) -> tuple[ColumnMap, str]:
    """The map with renamings, and the text that stands for both in a file's digest."""
    if not rename:
        return columns, columns.fingerprint()
    require_renamed(open_table(source, (), columns).columns, rename, source)
    told = json.dumps(sorted(rename.items())) + columns.fingerprint()
    return columns.renamed(rename), told
