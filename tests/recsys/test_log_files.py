"""Files as others send them: compressed, mapped, damaged, hostile; a clear error or a count."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from recsys.errors import UnreadableLog
from recsys.logs import blocks
from recsys.logs.files import log_files, open_table, read_table
from recsys.logs.mapping import parse_map, read_map
from recsys.logs.store import LogStore, import_files

LINES = "user,item,timestamp\nu,a,2025-01-01T10:00\nv,b,2025-01-02T10:00\n"
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


@pytest.mark.parametrize("name", ["log.csv.gz", "log.csv.zst", "log.tsv", "log.jsonl.gz"])
def test_a_log_is_the_same_however_it_is_packed(store: LogStore, tmp_path: Path, name: str) -> None:
    text = LINES
    if name.endswith(".tsv"):
        text = LINES.replace(",", "\t")
    if "jsonl" in name:
        text = pl.read_csv(LINES.encode(), infer_schema=False).write_ndjson()
    pack = {"gz": gzip.compress, "zst": zstd}.get(name.rpartition(".")[2], bytes)
    (tmp_path / name).write_bytes(pack(text.encode()))

    assert store.import_file(tmp_path / name).rows == 2
    assert store.load().select("user", "item").rows() == [("u", "a"), ("v", "b")]


@pytest.mark.parametrize(("name", "pack"), [("cut.csv.gz", gzip.compress), ("cut.csv.zst", zstd)])
def test_a_truncated_archive_leaves_nothing_behind(
    store: LogStore, tmp_path: Path, name: str, pack: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole blocks come out before the end is missed: even those are not imported."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4096)
    rows = "".join(f"u{n},a,{1_740_000_000 + n * 7919 % 100_000}\n" for n in range(20_000))
    whole = pack(f"user,item,timestamp\n{rows}".encode())  # type: ignore[operator]
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])

    with pytest.raises(UnreadableLog, match="not a whole"):
        store.import_file(tmp_path / name)
    assert not any(store.folder.rglob("*"))


def test_an_archive_that_expands_beyond_its_bound_is_refused(
    store: LogStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ALWAYS_ALLOWED", 1 << 20)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 16)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(LINES.encode() + b"u,a,2025-01-01\n" * 1_000_000))
    with pytest.raises(UnreadableLog, match="expands to more than"):
        store.import_file(bomb)
    assert not any(store.folder.rglob("*"))


def test_a_quote_that_is_never_closed_is_refused_before_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(blocks, "LONGEST_LINE", 5000)
    file = tmp_path / "quote.csv"
    file.write_text("user,item,order\nu,a,1\n" + 'v,"b,2\n' + "w,c,3\n" * 3000)
    with pytest.raises(UnreadableLog, match=r"line 3 is longer than .* is a quote not closed"):
        read_table(file)


def test_a_value_with_line_ends_in_it_is_not_torn_at_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)
    file = tmp_path / "quoted.csv"
    file.write_text('user,item,order\n"u\n\n1",a,1\n"say ""hi"",\n you",b,2\nv,c,3\n')
    rows = read_table(file).rows()
    assert rows == [("u\n\n1", "a", "1"), ('say "hi",\n you', "b", "2"), ("v", "c", "3")]


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_blocks_of_any_size_hold_the_same_lines(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    file = tmp_path / "log.csv"
    file.write_text("user,item,order\n" + "".join(f"u{n},a,{n}\n" for n in range(30)) + "z,a,99")
    found = list(blocks.text_blocks(file, quotes=True))
    assert b"".join(block.data for block in found) == file.read_bytes()
    assert all(block.data.endswith(b"\n") for block in found[:-1])
    for block in found:
        before = file.read_bytes()[: sum(len(b.data) for b in found[: found.index(block)])]
        assert block.first_line == before.count(b"\n") + 1


def test_an_error_names_the_line_of_the_file_not_of_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    ragged, latin = tmp_path / "ragged.csv", tmp_path / "latin.csv"
    good = "".join(f"u{n},a,{n}\n" for n in range(50))
    ragged.write_text(f"user,item,order\n{good}u,a,1,2\n{good}")
    latin.write_bytes(f"user,item,order\n{good}José,a,1\n".encode("latin-1"))
    with pytest.raises(UnreadableLog, match="line 52 has 4 fields"):
        read_table(ragged)
    with pytest.raises(UnreadableLog, match="line 52 is not UTF-8"):
        read_table(latin)


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_values(
    store: LogStore, tmp_path: Path
) -> None:
    file = tmp_path / "windows.csv"
    file.write_bytes(b"\xef\xbb\xbf" + LINES.replace("\n", "\r\n").encode())
    assert store.import_file(file).quarantined == {}
    assert store.load()["user"].to_list() == ["u", "v"]


def test_a_folder_is_read_whole_but_for_its_links(store: LogStore, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "day2").mkdir(parents=True)
    (folder / "one.csv").write_text("user,item,order\nu,a,1\n")
    (folder / "day2" / "two.csv").write_text("user,item,order\nv,b,1\n")
    (folder / "README.md").write_text("read me")
    (tmp_path / "secret.csv").write_text("user,item,order\nx,y,1\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "circle").symlink_to(folder)

    report = import_files([folder], store)

    assert store.load()["user"].sort().to_list() == ["u", "v"]
    assert sorted(failed.source for failed in report.failed) == [
        str(folder / "circle"),
        str(folder / "link.csv"),
    ]
    assert all("symbolic link" in failed.reason for failed in report.failed)


def test_an_empty_folder_is_told(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (failed,) = import_files([tmp_path / "empty"], store).failed
    assert "no file of the formats read" in failed.reason


def test_a_parquet_file_that_claims_too_many_rows_at_once_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.logs.files.MOST_GROUP_ROWS", 100)
    file = tmp_path / "wide.parquet"
    pl.DataFrame({"user": ["u"] * 101}).write_parquet(file)
    with pytest.raises(UnreadableLog, match="a row group of 101 rows"):
        open_table(file)


def test_json_numbers_that_polars_cannot_read_spoil_their_row_only(
    store: LogStore, tmp_path: Path
) -> None:
    file = tmp_path / "log.jsonl"
    lines = [
        {"user": "u", "item": "a", "order": 1, "rating": 4},
        {"user": "v", "item": "a", "order": 10**30},
        {"user": {"id": 1}, "item": "a", "order": 3},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines))
    done = store.import_file(file)
    assert done.quarantined == {"order is not a whole number": 1}
    assert store.load()["user"].to_list() == ["u", '{"id": 1}']


@pytest.mark.parametrize("block", [64, 1 << 20])
def test_a_column_may_begin_anywhere_in_a_file_of_json_lines(
    store: LogStore, tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2,000 plays, then impressions: without their column, they would count as plays."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    lines = [{"user": f"u{n}", "item": "a", "order": n} for n in range(2000)]
    lines += [{"user": "v", "item": "b", "order": 1, "click": False, "mood": "bad"}]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    assert store.import_file(file).ignored_columns == ["mood"]
    assert store.load().filter(pl.col("click").not_())["user"].to_list() == ["v"]


def test_json_lines_with_names_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.logs.files.MOST_NAMES", 50)
    file = tmp_path / "names.jsonl"
    file.write_text("\n".join(f'{{"n{n}": 1}}' for n in range(60)))
    with pytest.raises(UnreadableLog, match="more than 50 different names"):
        open_table(file)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pl.Series([b"u"]), "column user holds Binary, not single values"),
        (pl.Series([timedelta(seconds=1)]), r"column user holds Duration.*as numbers, in seconds"),
        (pl.Series([["u"]]), "column user holds List.*, not single values"),
    ],
)
def test_a_column_of_no_single_values_is_refused(
    store: LogStore, tmp_path: Path, value: pl.Series, message: str
) -> None:
    file = tmp_path / "odd.parquet"
    pl.DataFrame({"user": value, "item": ["a"], "order": [1]}).write_parquet(file)
    with pytest.raises(UnreadableLog, match=message):
        store.import_file(file)


def test_a_header_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(f"user,{'x' * 200_000},order\nu,a,1\n")
    with pytest.raises(UnreadableLog, match="line 1 names no columns"):
        read_table(file)


def test_a_folder_that_may_not_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, closed = os.scandir, tmp_path / "in" / "closed"
    closed.mkdir(parents=True)
    (tmp_path / "in" / "one.csv").write_text(LINES)

    def scandir(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(closed))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = log_files(tmp_path / "in")
    assert found.files == [tmp_path / "in" / "one.csv"]
    assert found.refused == [(closed, "Permission denied")]


def test_quotes_mean_nothing_between_separators_of_several_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A title with an inch mark does not make the rest of the file one line."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(blocks, "LONGEST_LINE", 256)
    file = tmp_path / "movies.dat"
    file.write_text('1::The 8" Floppy::Drama\n' + "2::Beta::Comedy\n" * 99)
    titles = read_table(file, columns=read_map("movielens"))
    assert titles.height == 100
    assert titles["title"][0] == 'The 8" Floppy'


def test_a_constant_time_beside_an_order_is_a_time(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,order\nu,a,1\nu,b,2\n")
    columns = parse_map("[columns]\ntimestamp = {constant = '2025-03-01T12:00:00Z'}", "test")
    assert store.import_file(tmp_path / "log.csv", columns=columns).rows == 2
    assert store.load()["timestamp"].to_list() == [NOON] * 2


def test_a_log_of_one_user_is_a_log(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("user,item,order\nu,a,1\nu,b,2\n")
    assert store.import_file(tmp_path / "one.csv").rows == 2


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_batch_comes_before_the_rest_of_the_file_is_read(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so is memory bounded: the damage at the end of the file is met when it is reached."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4096)
    rows = pl.DataFrame(
        {"user": [f"u{n * 7919 % 9973}" for n in range(5000)], "item": ["a"] * 5000}
    )
    text = rows.write_csv() if suffix == "csv" else rows.write_ndjson()
    file = tmp_path / f"log.{suffix}.gz"
    file.write_bytes(gzip.compress(text.encode())[:-20])
    batches = open_table(file, ["user"]).batches
    assert next(batches).height > 0
    with pytest.raises(UnreadableLog, match="not a whole gzip file"):
        list(batches)
