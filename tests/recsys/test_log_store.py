"""Files to the log of a workspace: whole or not at all, once and not twice."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from recsys.errors import NoLog, UnreadableLog
from recsys.logs.files import read_table
from recsys.logs.mapping import read_map
from recsys.logs.store import ALREADY_IN, LogStore, import_files
from recsys.viewing_log import SCHEMA

THREE = "user,item,timestamp\nu,a,2025-01-02\nu,b,2025-01-01\nu,,2025-01-03\n"


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Two good rows, newest first, and one without an item."""
    file = tmp_path / "three.csv"
    file.write_text(THREE)
    return file


@contextmanager
def fails_at_rename(monkeypatch: pytest.MonkeyPatch, fatal: int) -> Iterator[None]:
    """The disk is full from the rename of that number on, files and folders alike."""
    renames = 0

    def failing(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def rename(self: Path, target: Path) -> Path:
            nonlocal renames
            renames += 1
            if renames > fatal:
                raise OSError("disk full")
            return real(self, target)

        return rename

    with monkeypatch.context() as patched:
        for name in ("replace", "rename"):
            patched.setattr(Path, name, failing(getattr(Path, name)))
        yield


def everything(folder: Path) -> dict[str, bytes]:
    """Each file under a folder, and what it holds."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_an_import_counts_good_and_bad_rows_and_sorts_the_log(store: LogStore, three: Path) -> None:
    done = store.import_file(three)

    assert (done.rows, done.quarantined) == (2, {"item missing": 1})
    assert store.load()["item"].to_list() == ["b", "a"]
    assert store.load().schema == SCHEMA
    assert pl.read_parquet(store.quarantine_of(done.digest))["row"].to_list() == [3]


def test_the_same_file_twice_changes_nothing(store: LogStore, three: Path) -> None:
    store.import_file(three)
    before = everything(store.folder)

    assert store.import_file(three).unchanged
    assert everything(store.folder) == before


def test_rows_that_two_files_share_come_in_once(store: LogStore, three: Path) -> None:
    store.import_file(three)
    later = three.with_name("later.csv")
    later.write_text(THREE + "v,a,2025-01-04\n")

    done = store.import_file(later)

    assert (done.rows, done.quarantined) == (1, {ALREADY_IN: 2, "item missing": 1})
    assert store.load().select("user", "item").rows() == [("u", "b"), ("u", "a"), ("v", "a")]


def test_an_import_that_dies_leaves_nothing_that_is_read(
    store: LogStore, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at each rename in turn; then the import works as if nothing had happened."""
    for fatal in range(3):
        with fails_at_rename(monkeypatch, fatal), pytest.raises(UnreadableLog, match="disk full"):
            store.import_file(three)
        with pytest.raises(NoLog):
            store.load()

    assert store.import_file(three).rows == 2
    assert not [name for name in everything(store.folder) if name.endswith(".part")]


def test_three_formats_hold_the_same_log(tmp_path: Path, three: Path) -> None:
    table = pl.read_csv(three, infer_schema=False)
    table.write_parquet(tmp_path / "three.parquet")
    table.write_ndjson(tmp_path / "three.jsonl")
    logs = []
    for suffix in ("csv", "parquet", "jsonl"):
        store = LogStore(tmp_path / suffix)
        store.import_file(tmp_path / f"three.{suffix}")
        logs.append(store.load())
    assert logs[0].equals(logs[1])
    assert logs[0].equals(logs[2])


def test_a_json_value_of_the_wrong_type_spoils_its_row_only(
    store: LogStore, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_text(
        '{"user": 1, "item": "a", "order": 1, "click": true}\n'
        '{"user": "v", "item": "a", "order": "first"}\n'
    )
    done = store.import_file(file)
    assert done.quarantined == {"order is not a whole number": 1}
    assert store.load().select("user", "click").rows() == [("1", True)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("empty.parquet", b"", "the file is empty"),
        ("blank.jsonl", b"\n\n", "the file is empty"),
        ("latin.csv", "user,item,order\nJosé,a,1\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("latin.jsonl", '{"user": "José"}'.encode("latin-1"), "line 1 is not UTF-8"),
        (
            "ragged.csv",
            b"user,item,order\nu,a,1\nu,a,1,2\n",
            "line 3 has 4 fields, and there are 3",
        ),
        ("text.parquet", b"user,item,order\n", "not a whole Parquet file"),
        ("broken.jsonl", b'{"user": "u"}\n{"user": \n', "line 2 is not JSON"),
        ("list.jsonl", b"[1]\n", "line 1 is not a JSON object"),
        ("views.xlsx", b"x", "not one of the formats read"),
    ],
)
def test_a_bad_file_gets_a_clear_error_and_changes_nothing(
    store: LogStore, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableLog, match=message):
        store.import_file(tmp_path / name)
    assert everything(store.folder) == {}


def test_a_truncated_parquet_is_refused(tmp_path: Path, three: Path) -> None:
    file = tmp_path / "cut.parquet"
    pl.read_csv(three).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(UnreadableLog, match="not a whole Parquet file"):
        read_table(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UnreadableLog, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UnreadableLog, match="not a file"):
        read_table(tmp_path / "folder.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(three: Path) -> None:
    three.chmod(0)
    with pytest.raises(UnreadableLog, match="Permission denied"):
        read_table(three)


def test_a_batch_goes_on_past_a_bad_file(store: LogStore, three: Path) -> None:
    report = import_files([three.with_name("none.csv"), three], store)

    assert [done.rows for done in report.imported] == [2]
    assert [failed.source for failed in report.failed] == [str(three.with_name("none.csv"))]


def test_columns_can_be_renamed_and_unused_ones_are_told(store: LogStore, tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text("uid,film,order,mood\nu,a,1,good\n")
    done = store.import_file(file, {"uid": "user", "film": "item"})
    assert (done.rows, done.ignored_columns) == (1, ["mood"])
    with pytest.raises(UnreadableLog, match="no column who to rename"):
        read_table(file, {"who": "user"})
    with pytest.raises(UnreadableLog, match="two columns would have one name"):
        read_table(file, {"uid": "film"})


def test_a_renamed_column_no_longer_goes_by_its_own_name(store: LogStore, tmp_path: Path) -> None:
    """Or a position in the history would be read as seconds since 1970 as well."""
    file = tmp_path / "log.csv"
    file.write_text("user,item,timestamp\nu,a,7\n")
    assert store.import_file(file, {"timestamp": "order"}).rows == 1
    assert store.load().select("timestamp", "order").rows() == [(None, 7)]

    swapped = LogStore(tmp_path / "swapped")
    swapped.import_file(file, {"user": "item", "item": "user", "timestamp": "order"})
    assert swapped.load().select("user", "item").rows() == [("a", "u")]


def test_titles_are_read_with_a_map_and_renamings_at_once(store: LogStore, tmp_path: Path) -> None:
    file = tmp_path / "movies.dat"
    file.write_bytes("1::Cité, La (1995)::Drama\n".encode("latin-1"))
    titles = store.import_titles(file, {"genres": "genre"}, read_map("movielens"))
    assert titles.select("item", "title", "genre").rows() == [("1", "Cité, La (1995)", "Drama")]
    with pytest.raises(UnreadableLog, match="no column kind to rename"):
        store.import_titles(file, {"kind": "genre"}, read_map("movielens"))


def test_a_failed_import_leaves_the_folder_that_others_wait_for(
    store: LogStore, tmp_path: Path
) -> None:
    """The lock is on the folder: whoever waits for it must not wake up in one that is gone."""
    (tmp_path / "bad.csv").write_text("user,item,order\nu,a,1,2\n")
    store.folder.mkdir()
    before = store.folder.stat().st_ino
    with pytest.raises(UnreadableLog):
        store.import_file(tmp_path / "bad.csv")
    assert store.folder.stat().st_ino == before


def test_a_damaged_part_or_a_full_disk_is_told_and_the_batch_goes_on(
    store: LogStore, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.import_file(three)
    (part,) = (store.folder / "parts").rglob("*.parquet")
    whole = part.read_bytes()
    part.write_bytes(whole[:20])
    overlaps, alone = three.with_name("overlaps.csv"), three.with_name("alone.csv")
    overlaps.write_text("user,item,timestamp\nx,a,2025-01-02\n")
    alone.write_text("user,item,timestamp\ny,a,2030-01-01\n")
    report = import_files([overlaps, alone], store)
    assert [done.source for done in report.imported] == [str(alone)]
    assert "the imported log could not be changed" in report.failed[0].reason

    part.write_bytes(whole)
    with fails_at_rename(monkeypatch, 0):
        report = import_files([overlaps, alone], store)
    assert [failed.source for failed in report.failed] == [str(overlaps)]
    assert report.imported[0].unchanged


def test_a_folder_of_logs_that_cannot_be_made_is_told(three: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (failed,) = import_files([three], LogStore(tmp_path / "file")).failed
    assert "the imported log could not be changed" in failed.reason


def test_the_newer_row_of_a_title_replaces_the_older(store: LogStore, tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("item,title\na,Alpha\nb,Beta\n")
    new.write_text("item,title\na,Alpha (restored)\n")
    store.import_titles(old)
    assert store.import_titles(new)["title"].to_list() == ["Beta", "Alpha (restored)"]
