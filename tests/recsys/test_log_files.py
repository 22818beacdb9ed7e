"""Files as others send them: compressed, mapped, damaged, hostile; a clear error or a count."""

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from recsys.errors import MissingColumns, UnreadableLog, UnusableMap
from recsys.logs import blocks
from recsys.logs.files import log_files, open_table, read_table
from recsys.logs.mapping import built_in_maps, parse_map, read_map
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


def test_seconds_and_milliseconds_in_one_column_are_told_apart(
    store: LogStore, tmp_path: Path
) -> None:
    file = tmp_path / "units.csv"
    file.write_text("user,item,timestamp\nu,a,1740830400\nv,a,1740830400000\nw,a,1740830400.5\n")
    store.import_file(file)
    assert store.load()["timestamp"].dt.truncate("1s").to_list() == [NOON] * 3


def test_a_unit_that_is_told_is_not_guessed_and_what_does_not_fit_is_set_aside(
    store: LogStore, tmp_path: Path
) -> None:
    file = tmp_path / "units.csv"
    file.write_text("user,item,timestamp\nu,a,1740830400000\nv,a,1740830400\n")
    columns = parse_map('[columns]\ntimestamp = {column = "timestamp", unit = "ms"}', "test")
    done = store.import_file(file, columns=columns)
    assert done.quarantined == {"timestamp is not in 1971-2100": 1}
    assert store.load().select("user", "timestamp").rows() == [("u", NOON)]


def test_times_of_many_zones_become_utc(store: LogStore, tmp_path: Path) -> None:
    file = tmp_path / "zones.csv"
    file.write_text(
        "user,item,timestamp\nu,a,2025-03-01T12:00:00Z\nv,a,2025-03-01T21:00:00+09:00\n"
        "w,a,2025-03-01 07:00:00-05:00\nx,a,2025-03-01 12:00:00\n"
    )
    store.import_file(file)
    assert store.load()["timestamp"].to_list() == [NOON] * 4


def test_local_times_are_read_in_the_maps_zone_and_an_hour_that_came_twice_is_set_aside(
    store: LogStore, tmp_path: Path
) -> None:
    """Berlin: 13:00 on 1 March is 12:00 UTC; 2:30 on 26 October came twice; 30 March had none."""
    file = tmp_path / "local.csv"
    file.write_text(
        "wer,was,wann\nu,a,01.03.2025 13:00\nv,a,26.10.2025 02:30\nw,a,30.03.2025 02:30\n"
    )
    columns = parse_map(
        '[columns]\nuser = "wer"\nitem = "was"\n'
        'timestamp = {column = "wann", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin"}',
        "test",
    )
    done = store.import_file(file, columns=columns)
    assert store.load().select("user", "timestamp").rows() == [("u", NOON)]
    assert done.quarantined == {"timestamp is not a time": 2}


def test_clicks_are_told_by_the_map(tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("user,item,order,event,stars\nu,a,1,view,4\nu,b,2,skip,2\nu,c,3,ad,5\n")
    told = {
        '{column = "event", true = ["view"], false = ["skip"]}': [True, False],
        '{column = "event", true = ["view"]}': [True, False, False],
        '{column = "stars", at_least = 4}': [True, False, True],
        "{constant = false}": [False] * 3,
    }
    for number, (click, expected) in enumerate(told.items()):
        store = LogStore(tmp_path / f"logs{number}")
        done = store.import_file(file, columns=parse_map(f"[columns]\nclick = {click}", "test"))
        assert store.load()["click"].to_list() == expected
        assert done.rows + sum(done.quarantined.values()) == 3


def test_movielens_is_read_in_each_of_its_layouts(tmp_path: Path) -> None:
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\n1,1193,5.0,978300760\n",
        "ratings.dat": "1::1193::5::978300760\n",
        "u.data": "1\t1193\t5\t978300760\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        store = LogStore(tmp_path / f"logs of {name}")
        store.import_file(tmp_path / name, columns=read_map("movielens"))
        row = store.load().select("user", "item", "timestamp", "rating").row(0)
        assert row == ("1", "1193", datetime(2000, 12, 31, 22, 12, 40, tzinfo=UTC), 5.0)
    (tmp_path / "movies.dat").write_bytes("1::Cité, La (1995)::Drama|Sci-Fi\n".encode("latin-1"))
    titles = store.import_titles(tmp_path / "movies.dat", columns=read_map("movielens"))
    assert titles.select("item", "title", "genre").row(0) == (
        "1",
        "Cité, La (1995)",
        "Drama|Sci-Fi",
    )


def test_kuairand_is_read_with_long_views_as_plays(store: LogStore, tmp_path: Path) -> None:
    """A video of 10 s that looped for 25 s counts as watched to its end."""
    file = tmp_path / "log_standard.csv"
    file.write_text(
        "user_id,video_id,date,hourmin,time_ms,is_click,long_view,play_time_ms,duration_ms,tab\n"
        "0,7,20250301,1200,1740830400000,1,1,25000,10000,1\n"
        "0,8,20250301,1200,1740830401000,1,0,2000,10000,4\n"
    )
    store.import_file(file, columns=read_map("kuairand"))
    log = store.load().select("item", "watched_seconds", "duration_seconds", "click", "surface")
    assert log.rows() == [("7", 10.0, 10.0, True, "1"), ("8", 2.0, 10.0, False, "4")]


def test_movietweetings_is_read(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::0114508::8::1381006850\n")
    store.import_file(tmp_path / "ratings.dat", columns=read_map("movietweetings"))
    assert store.load().select("user", "item", "rating").row(0) == ("1", "0114508", 8.0)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("movielens", "ml_100k/ratings.parquet"),
        ("kuairand", "kuairand_pure/log_20220425_20220430.parquet"),
        ("movietweetings", "movietweetings/ratings_to_20130930.parquet"),
    ],
)
def test_the_built_in_maps_read_real_logs(
    shared_data: Path, store: LogStore, name: str, file: str
) -> None:
    """What is set aside of KuaiRand repeats another row, or has a video of no length."""
    done = store.import_file(shared_data / "logs" / file, columns=read_map(name))
    assert done.rows > 0.95 * (done.rows + sum(done.quarantined.values()))
    assert store.load()["timestamp"].null_count() == 0


def test_every_built_in_map_is_one(tmp_path: Path) -> None:
    assert built_in_maps() == ["kuairand", "movielens", "movietweetings"]
    for name in built_in_maps():
        assert {"user", "item", "timestamp"} <= read_map(name).sources.keys()
    with pytest.raises(UnusableMap, match="no built-in map; those are kuairand"):
        read_map(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns =", "not TOML"),
        ("[colums]", "colums is not understood"),
        ("[columns]\nviewer = 'u'", "viewer is none of our columns"),
        ("[columns]\nuser = 3", "needs a column's name"),
        ("[columns]\nuser = {}", "either a column or a constant"),
        ("[columns]\nuser = {column = 'u', unit = 's'}", "user is no time"),
        ("[columns]\ntimestamp = {column = 't', unit = 'min'}", "none of s, ms, us, ns"),
        ("[columns]\ntimestamp = {column = 't', zone = 'Mars/Base'}", "no time zone 'Mars/Base'"),
        ("[columns]\nitem = {column = 't', true = [1]}", "only click"),
        ("[columns]\nwatched_seconds = {column = 't', at_most = 'x'}", "none of our columns"),
        ("[columns]\nwatched_seconds = {column = 't', at_most = ['x']}", "at_most must be text"),
        ("[columns]\nwatched_seconds = {column = 't', at_most = 'user'}", "must hold numbers"),
        ("[columns]\nuser = {column = 't', at_most = 'item'}", "must hold numbers"),
        ("[columns]\nwatched_seconds = {column = 't', unit = ['s']}", "unit must be text"),
        ("[columns]\ntimestamp = {column = 't', format = 1}", "format must be text"),
        ("[columns]\ntimestamp = {column = 't', zone = 1}", "zone must be text"),
        ("[columns]\nclick = {column = 't', at_least = 'x'}", "at_least must be a number"),
        ("[columns]\nclick = {column = 't', at_least = nan}", "at_least must be a number"),
        ("[columns]\nclick = {column = 't', at_least = true}", "at_least must be a number"),
        ("[columns]\nrating = {constant = nan}", "constant must be one text, number"),
        ("[columns]\nrating = {constant = [1]}", "constant must be one text, number"),
        ("[files.csv]\nseparator = ''", "1 to 4 bytes"),
        ("[files.csv]\nencoding = 'utf-16'", "encoding must be one of"),
        ("[files.csv]\nheader = ['a', 'a']", "names a column twice"),
    ],
)
def test_a_wrong_map_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(UnusableMap, match=message):
        parse_map(text, "theirs.toml")


def test_a_column_that_goes_by_another_name_is_missing_under_its_own(
    store: LogStore, tmp_path: Path
) -> None:
    """The map says that users are in `who`; a column `user` of such a file is something else."""
    (tmp_path / "log.csv").write_text("user,item,order\nu,a,1\n")
    with pytest.raises(MissingColumns, match="no column user"):
        store.import_file(tmp_path / "log.csv", columns=parse_map("[columns]\nuser='who'", "test"))
    (tmp_path / "titles.csv").write_text("item,title\na,Alpha\n")
    with pytest.raises(MissingColumns, match="no column title"):
        store.import_titles(
            tmp_path / "titles.csv", columns=parse_map("[columns]\ntitle='name'", "test")
        )


def test_another_separator_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user;item;order\nu;a;1\n")
    with pytest.raises(UnreadableLog, match="columns are separated by ';', not ','"):
        open_table(tmp_path / "log.csv")


def test_a_column_that_no_name_of_the_map_finds_is_missing(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("viewer_id,video_id,time_ms\nu,a,1740830400000\n")
    with pytest.raises(MissingColumns, match="no column user"):
        store.import_file(tmp_path / "log.csv", columns=read_map("kuairand"))


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
