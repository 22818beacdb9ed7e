"""Databases: read where nothing may be written, named by their folder, and explained in words."""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from ingest import tables
from ingest.catalog import Catalog
from ingest.database import (
    SETTINGS,
    migrations,
    name_url,
    named_url,
    open_database,
    plain_reason,
    statements,
)
from ingest.errors import CatalogError
from ingest.jobs import JobStore

URL = "postgresql+psycopg://db.example/reelroom"


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write to a folder or what is in it; root looks as somebody else."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A catalogue with one job, in a folder that anybody may enter."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    with Catalog(place / "catalog") as catalog:
        JobStore(catalog).queue(["/a.mp4"])
    yield place / "catalog"
    shutil.rmtree(place)


def test_a_read_only_catalogue_can_be_read_and_says_that_it_cannot_be_changed(folder: Path) -> None:
    with read_only(folder), Catalog(folder) as catalog:
        assert [job.path for job in JobStore(catalog).all()] == ["/a.mp4"]
        assert catalog.media() == catalog.failures() == []
        with pytest.raises(CatalogError, match=r"readonly database\.\n.*choose another workspace"):
            JobStore(catalog).queue(["/b.mp4"])
    assert {path.name for path in folder.iterdir()} == {"catalog.sqlite"}


def test_what_waits_in_the_log_of_a_read_only_catalogue_is_read(folder: Path) -> None:
    writer = sqlite3.connect(folder / "catalog.sqlite", isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.execute("UPDATE job SET path = '/moved.mp4'")
    assert (folder / "catalog.sqlite-wal").stat().st_size > 0
    with read_only(folder), Catalog(folder) as catalog:
        assert [job.path for job in JobStore(catalog).all()] == ["/moved.mp4"]
    writer.close()


def test_a_read_only_catalogue_of_an_older_version_says_so(folder: Path) -> None:
    with Catalog(folder) as catalog, catalog.transaction() as connection:
        connection.execute(text("DELETE FROM schema_version WHERE number > 1"))
    with read_only(folder), pytest.raises(CatalogError, match="cannot be brought up to date"):
        Catalog(folder)


def test_a_new_catalogue_in_a_read_only_folder_says_why_not(folder: Path) -> None:
    with read_only(folder), pytest.raises(CatalogError, match="Permission denied"):
        Catalog(folder / "new")


def test_a_locked_database_is_explained(folder: Path) -> None:
    with Catalog(folder) as catalog:

        @event.listens_for(catalog.engine, "connect")
        def be_impatient(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA busy_timeout=1")

        catalog.engine.dispose()
        other = sqlite3.connect(folder / "catalog.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogError, match=r"locked\.\nAnother program holds it") as refused:
            JobStore(catalog).queue(["/b.mp4"])
        assert "sqlalche" not in str(refused.value).lower()
        other.close()


def test_a_folder_names_its_database_once(tmp_path: Path) -> None:
    assert named_url(tmp_path) is None
    name_url(tmp_path / "new", URL)
    name_url(tmp_path / "new", URL)
    assert named_url(tmp_path / "new") == URL
    with pytest.raises(CatalogError, match=r"is in postgresql.* already"):
        name_url(tmp_path / "new", f"{URL}_2")
    (tmp_path / SETTINGS).write_text("url = 3")
    with pytest.raises(CatalogError, match="must say where"):
        named_url(tmp_path)
    (tmp_path / SETTINGS).write_text("url")
    with pytest.raises(CatalogError, match="cannot be read"):
        named_url(tmp_path)


def test_a_catalogue_that_is_embedded_does_not_move(folder: Path) -> None:
    with pytest.raises(CatalogError, match=r"is in its own catalog.sqlite already"):
        name_url(folder, URL)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://reel:secret@db/reelroom", "Put it into ~/.pgpass"),
        ("mysql://db/reelroom", "is not of PostgreSQL"),
        ("reelroom", "is no address of a database"),
    ],
)
def test_an_address_that_should_not_be_kept_is_refused(
    url: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogError, match=reason) as refused:
        name_url(tmp_path, url)
    assert "secret" not in str(refused.value)
    assert not (tmp_path / SETTINGS).exists()


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(CatalogError, match=r"needs the package psycopg.*\n.*pip install"):
        open_database(URL)


def test_migrations_in_the_words_of_postgresql_make_the_same_columns() -> None:
    """As SQLAlchemy would write them for PostgreSQL: names and types of every table."""
    made: dict[str, dict[str, str]] = {}
    for _, sql in migrations():
        for statement in statements(sql, "postgresql"):
            assert not re.search(r"AUTOINCREMENT|\{| REAL\b|PRAGMA|INTEGER PRIMARY KEY", statement)
            if found := re.search(r"ALTER TABLE (\w+) ADD COLUMN (\w+) (\w+)", statement):
                made[found[1]][found[2]] = found[3]
            if found := re.search(r"CREATE TABLE (\w+) \((.*)\)", statement, re.S):
                made[found[1]] = columns(found[2])
    for table in tables.metadata.sorted_tables:
        wanted = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        inside = columns(wanted[wanted.index("(") + 1 : wanted.rindex(")")])
        types = {"SERIAL": "INTEGER", "FLOAT": "DOUBLE"}
        assert made[table.name] == {name: types.get(t, t) for name, t in inside.items()}


def columns(inside: str) -> dict[str, str]:
    """The names and the first word of the type of each column of a CREATE TABLE."""
    lines = (line.split() for line in inside.replace("\t", " ").split("\n") if line.strip())
    keys = ("PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "CONSTRAINT")
    return {words[0]: words[1].rstrip(",") for words in lines if words[0] not in keys}


def test_reasons_are_those_of_the_database(tmp_path: Path) -> None:
    assert plain_reason(ValueError("database or disk is full")).startswith(
        "database or disk is full.\nMake room"
    )
    assert plain_reason(OSError("other")) == "other"
