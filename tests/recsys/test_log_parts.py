"""The imported log by day: lazily read, without repeats however large, and whole after a kill."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.errors import NoLog, NoUsableRows, UnreadableLog
from recsys.interactions import Interactions
from recsys.logs import parts, repeats, staging
from recsys.logs.check import REPEATED, check_log
from recsys.logs.store import ALREADY_IN, LogStore
from recsys.viewing_log import SCHEMA

FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


@pytest.fixture
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bound that is met with millions of rows is met with a few."""
    monkeypatch.setattr("recsys.logs.blocks.BLOCK_BYTES", 200)
    monkeypatch.setattr(parts, "ROWS_AT_ONCE", 16)
    monkeypatch.setattr(parts, "FEWEST_ROWS", 4)
    monkeypatch.setattr(repeats, "KEYS_IN_MEMORY", 8)
    monkeypatch.setattr(staging, "ROWS_IN_MEMORY", 8)


def write_plays(file: Path, plays: list[tuple[str, str, int]]) -> Path:
    """`(user, item, day)`, the days counted from `FIRST`."""
    rows = [f"{user},{item},{FIRST + timedelta(days=day):%Y-%m-%d}" for user, item, day in plays]
    file.write_text("\n".join(["user,item,timestamp", *rows]) + "\n")
    return file


def names(store: LogStore) -> list[str]:
    return sorted(file.name for file in (store.folder / "parts").rglob("*.parquet"))


def test_a_day_of_many_rows_has_its_own_file_and_thin_days_share_one(
    store: LogStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "FEWEST_ROWS", 3)
    plays = [(f"u{n}", "a", day) for day, count in enumerate([1, 1, 3, 1]) for n in range(count)]
    store.import_file(write_plays(tmp_path / "log.csv", plays))
    assert names(store) == [
        "2025-01-01_2025-01-02.00000.parquet",
        "2025-01-03.00001.parquet",
        "2025-01-04.00002.parquet",
    ]


def test_only_the_files_of_the_days_asked_for_are_opened(
    store: LogStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other files are spoiled, and nobody notices."""
    monkeypatch.setattr(parts, "FEWEST_ROWS", 1)
    plays = [(f"u{day}", "a", day) for day in range(5)]
    store.import_file(write_plays(tmp_path / "log.csv", plays))
    for file in (store.folder / "parts").rglob("*.parquet"):
        if not file.name.startswith("2025-01-03"):
            file.write_bytes(b"spoiled")
    day = date(2025, 1, 3)
    assert store.scan(day, day).collect()["user"].to_list() == ["u2"]
    with pytest.raises(UnreadableLog, match="the imported log is damaged"):
        store.load()


def test_a_range_of_days_is_cut_exactly_even_inside_a_shared_file(
    store: LogStore, tmp_path: Path
) -> None:
    store.import_file(write_plays(tmp_path / "log.csv", [("u", f"t{d}", d) for d in range(6)]))
    assert len(names(store)) == 1
    rows = store.scan(date(2025, 1, 2), date(2025, 1, 4)).collect()
    assert rows["item"].sort().to_list() == ["t1", "t2", "t3"]


play = st.tuples(st.sampled_from("uvw"), st.sampled_from("abc"), st.integers(0, 5))
some_plays = st.lists(play, min_size=1, max_size=60)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some_plays, some_plays)
def test_in_lots_of_any_size_each_row_comes_in_once(
    small_lots: None,
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[str, str, int]],
    second: list[tuple[str, str, int]],
) -> None:
    """Two files that overlap, against sets: nothing lost, nothing twice, everything counted."""
    folder = tmp_path_factory.mktemp("lots")
    store = LogStore(folder / "logs")
    done = store.import_file(write_plays(folder / "first.csv", first))
    later = store.import_file(write_plays(folder / "second.csv", [*second, ("x", "a", 0)]))

    new = set(second) - set(first)
    assert done.rows == len(set(first))
    assert done.quarantined.get(REPEATED, 0) == len(first) - len(set(first))
    assert later.rows == len(new) + 1
    known = sum(play in set(first) for play in second)
    assert later.quarantined.get(ALREADY_IN, 0) == known
    assert later.quarantined.get(REPEATED, 0) == len(second) - known - len(new)
    log = store.load()
    assert log.height == done.rows + later.rows
    assert not log.is_duplicated().any()
    for one in (done, later):
        kept = pl.read_parquet(store.quarantine_of(one.digest))
        assert kept.height == sum(one.quarantined.values())


def test_the_rows_set_aside_as_repeats_are_the_later_ones(
    small_lots: None, store: LogStore, tmp_path: Path
) -> None:
    """Rows 1 to 30 on falling days, then all again: 31 to 60 are the repeats."""
    plays = [(f"u{n}", "a", 30 - n) for n in range(30)]
    done = store.import_file(write_plays(tmp_path / "twice.csv", plays * 2))
    kept = pl.read_parquet(store.quarantine_of(done.digest))
    assert kept["row"].sort().to_list() == list(range(31, 61))
    assert set(kept["reason"]) == {REPEATED}


def test_in_lots_a_log_is_what_it_is_at_once(
    small_lots: None, store: LogStore, tmp_path: Path
) -> None:
    """Bad rows of many kinds among good ones; the whole file checked at once is the reference."""
    lines = ["user,item,timestamp,watched_seconds,duration_seconds"]
    for n in range(60):
        watched = ["-1", "5", "much", "99", "7"][n % 5]
        lines.append(f"u{n % 7},t{n % 3},2025-01-{n % 9 + 1:02d},{watched},{'10' if n % 4 else ''}")
    file = tmp_path / "mixed.csv"
    file.write_text("\n".join(lines))
    whole = check_log(pl.read_csv(file, infer_schema=False), file)
    done = store.import_file(file)

    assert done.quarantined == whole.reasons()
    same = list(SCHEMA)
    assert store.load().sort(same).equals(whole.rows.select(same).sort(same))


def test_rows_that_differ_only_in_a_column_that_one_file_lacks_are_two_rows(
    store: LogStore, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("user,item,order,device\nu,a,1,tv\n")
    (tmp_path / "b.csv").write_text("user,item,order\nu,a,1\n")
    (tmp_path / "c.csv").write_text("user,item,order,device,rating\nu,a,1,tv,\n")
    found = [store.import_file(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")]
    assert [one.rows for one in found] == [1, 1, 0]
    assert found[2].quarantined == {ALREADY_IN: 1}


def test_an_empty_column_of_times_is_noticed_over_all_lots(
    small_lots: None, store: LogStore, tmp_path: Path
) -> None:
    rows = [f"u{n},a,,{n}" for n in range(50)]
    (tmp_path / "order.csv").write_text("\n".join(["user,item,timestamp,order", *rows]))
    assert store.import_file(tmp_path / "order.csv").rows == 50
    rows[49] = "u49,a,2025-01-01,49"  # one time, at the very end: now all need one
    (tmp_path / "time.csv").write_text("\n".join(["user,item,timestamp,order", *rows]))
    done = LogStore(tmp_path / "other").import_file(tmp_path / "time.csv")
    assert (done.rows, done.quarantined) == (1, {"timestamp missing": 49})


KILLED = """
import os, signal, sys
from pathlib import Path
from recsys.logs import parts, store

def die(*anything):
    os.kill(os.getpid(), signal.SIGKILL)

parts.ROWS_AT_ONCE, parts.FEWEST_ROWS = 16, 4
where = sys.argv[3]
if where == "while reading":
    from recsys.logs import blocks
    blocks.BLOCK_BYTES = 400
if where == "before the ledger":
    store.LogStore._write_entry = die
stop = (lambda rows: rows > 60 and die()) if where == "while reading" else (lambda rows: None)
store.LogStore(Path(sys.argv[2])).import_file(Path(sys.argv[1]), on_rows=stop)
"""


@pytest.mark.parametrize("where", ["while reading", "before the ledger"])
def test_a_killed_import_leaves_the_log_as_it_was(
    store: LogStore, tmp_path: Path, where: str
) -> None:
    old = write_plays(tmp_path / "old.csv", [("u", "a", 0)])
    new = write_plays(tmp_path / "new.csv", [(f"v{n}", "b", n) for n in range(100)])
    store.import_file(old)
    before = store.load()
    command = [sys.executable, "-c", KILLED, str(new), str(store.folder), where]
    assert subprocess.run(command, check=False).returncode == -9

    assert store.load().equals(before)
    assert len(list(store.folder.rglob("*.parquet"))) > 2, "the killed import had begun to write"
    assert store.import_file(new).rows == 100
    assert store.load().height == 101
    leftover = [f.name for f in store.folder.rglob("*") if f.name.endswith((".part", ".scratch"))]
    assert leftover == []


def test_a_log_that_an_earlier_version_imported_is_still_read(
    store: LogStore, tmp_path: Path
) -> None:
    """One file of all rows for each import, and a ledger without parts."""
    old = check_log(pl.DataFrame({"user": ["u"], "item": ["a"], "order": [1]}), Path("old"))
    (store.folder / "parts").mkdir(parents=True)
    (store.folder / "ledger").mkdir()
    old.rows.select(*SCHEMA).write_parquet(store.folder / "parts" / "abc.parquet")
    (store.folder / "ledger" / "abc.json").write_text(
        '{"source": "old.csv", "digest": "abc", "rows": 1, "quarantined": {}, '
        '"ignored_columns": [], "simulated": false, "unchanged": false}'
    )
    assert store.load().select("user", "item", "order").rows() == [("u", "a", 1)]
    (tmp_path / "new.csv").write_text("user,item,order\nu,a,1\nv,a,2\n")
    done = store.import_file(tmp_path / "new.csv")
    assert (done.rows, done.quarantined) == (1, {ALREADY_IN: 1})
    assert store.forget("u") == 1
    assert store.load()["user"].to_list() == ["v"]


def test_a_ledger_of_a_newer_version_is_refused(store: LogStore, tmp_path: Path) -> None:
    (store.folder / "ledger").mkdir(parents=True)
    (store.folder / "ledger" / "abc.json").write_text('{"format": 3}')
    with pytest.raises(UnreadableLog, match="a newer version wrote it, format 3"):
        store.load()


def test_a_log_without_rows_of_a_day_is_empty_and_none_at_all_is_told(
    store: LogStore, tmp_path: Path
) -> None:
    with pytest.raises(NoLog):
        store.scan()
    store.import_file(write_plays(tmp_path / "log.csv", [("u", "a", 0)]))
    empty = store.scan(date(2030, 1, 1)).collect()
    assert empty.is_empty()
    assert empty.schema == SCHEMA


def test_rows_of_one_instant_that_fall_into_two_lots_are_still_compared(
    small_lots: None, store: LogStore, tmp_path: Path
) -> None:
    """In order of time, with the same row at the end of one batch and the start of the next."""
    plays = [(f"u{n}", "a", day) for day in range(4) for n in range(9)]
    plays = [play for play in plays for _ in range(2 if play[0] == "u8" else 1)]
    done = store.import_file(write_plays(tmp_path / "log.csv", plays))
    assert done.quarantined == {REPEATED: 4}
    assert done.rows == 36


event = st.tuples(
    st.sampled_from(["u", "v", "ü", "w1", "w10"]),
    st.sampled_from("abc"),
    st.integers(0, 3),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "5", "9"]),
    st.sampled_from(["", "true", "false"]),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(event, min_size=1, max_size=40), st.integers(1, 20))
def test_interactions_read_in_lots_are_those_of_the_loaded_log(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[str, str, int, str, str, str]],
    rows_at_once: int,
) -> None:
    """Ties in time, plays again, impressions: the log as a whole is the reference."""
    folder = tmp_path_factory.mktemp("lots")
    lines = [f"{u},{i},2025-01-0{d + 1},{o},{w},10,{c}" for u, i, d, o, w, c in events]
    header = "user,item,timestamp,order,watched_seconds,duration_seconds,click"
    (folder / "log.csv").write_text("\n".join([header, "u,a,2024-01-01,,,,", *lines]))
    store = LogStore(folder / "logs")
    store.import_file(folder / "log.csv")

    whole = Interactions.from_log(store.load())
    in_lots = Interactions.from_scan(store.scan(), rows_at_once)

    assert (in_lots.users, in_lots.items, in_lots.timed) == (whole.users, whole.items, True)
    for name in ("starts", "item", "when", "weight"):
        np.testing.assert_array_equal(getattr(in_lots, name), getattr(whole, name))
    for name in ("user", "item", "when"):
        np.testing.assert_array_equal(getattr(in_lots.shown, name), getattr(whole.shown, name))


def test_a_part_of_a_log_that_has_times_is_still_ordered_as_the_whole_is(
    store: LogStore, tmp_path: Path
) -> None:
    """Only v's play has a time, so the order counts, in v's lot too."""
    (tmp_path / "a.csv").write_text("user,item,order\nu,a,1\nu,b,2\n")
    (tmp_path / "b.csv").write_text("user,item,order,timestamp\nv,a,7,2025-01-01\n")
    for name in ("a.csv", "b.csv"):
        store.import_file(tmp_path / name)
    found = Interactions.from_scan(store.scan(), rows_at_once=1)
    assert not found.timed
    assert found.when.tolist() == [1, 2, 7]


def test_a_log_in_which_nobody_played_has_no_interactions(store: LogStore, tmp_path: Path) -> None:
    (tmp_path / "shown.csv").write_text("user,item,order,click\nu,a,1,false\nv,b,1,false\n")
    store.import_file(tmp_path / "shown.csv")
    with pytest.raises(NoUsableRows, match="nobody played"):
        store.interactions()
