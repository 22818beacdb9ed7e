"""Times, clicks and names of columns as other systems write them, read by maps."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from recsys.errors import MissingColumns, UnreadableLog, UnusableMap
from recsys.logs.files import open_table
from recsys.logs.mapping import built_in_maps, parse_map, read_map
from recsys.logs.store import LogStore

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


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
