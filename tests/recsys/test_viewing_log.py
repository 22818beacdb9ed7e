"""Every row of a file comes out once: good and typed, or bad and with its reason."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import MissingColumns, UnreadableLog
from recsys.logs.check import REPEATED, check_log, check_titles
from recsys.viewing_log import SCHEMA

FILE = Path("views.csv")
NOON = "2025-03-01T12:00:00Z"

cells = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.sampled_from(
        ["-1", "0", "2.5", "1e400", "nan", "true", NOON, "1740830400", "99999999999999"]
    ),
)
raw_logs = st.lists(
    st.fixed_dictionaries(dict.fromkeys(SCHEMA, cells)), min_size=1, max_size=12
).map(lambda rows: pl.DataFrame(rows, schema=dict.fromkeys(SCHEMA, pl.String)))


def rows(*lines: str) -> pl.DataFrame:
    """A log as text, from lines like those of a CSV."""
    header, *body = [line.split(",") for line in lines]
    return pl.DataFrame(
        [[cell or None for cell in row] for row in body], schema=header, orient="row"
    )


@settings(max_examples=50, deadline=None)
@given(raw_logs)
def test_every_row_is_good_or_quarantined_and_never_both(raw: pl.DataFrame) -> None:
    checked = check_log(raw, FILE)

    numbers = checked.rows["row"].to_list() + checked.quarantine["row"].to_list()
    assert sorted(numbers) == list(range(1, raw.height + 1))
    assert checked.quarantine["reason"].null_count() == 0
    assert sum(checked.reasons().values()) == checked.quarantine.height


@settings(max_examples=50, deadline=None)
@given(raw_logs)
def test_no_good_row_breaks_the_rules(raw: pl.DataFrame) -> None:
    good = check_log(raw, FILE).rows

    assert good.select(*SCHEMA).schema == SCHEMA
    assert good.select("user", "item").null_count().row(0) == (0, 0)
    assert 0 in good.select("timestamp", "order").null_count().row(0)  # one of them in every row
    seconds = good.select("watched_seconds", "from_seconds", "to_seconds").to_series
    for place in range(3):
        assert not (seconds(place) < 0).any()
        assert not seconds(place).is_infinite().any()
    assert not (good["watched_seconds"] > 1.5 * good["duration_seconds"]).any()
    assert not good.select(*SCHEMA).is_duplicated().any()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f",a,{NOON},,,,", "user missing"),
        (f"u,,{NOON},,,,", "item missing"),
        ("u,a,,,,,", "timestamp missing"),
        ("u,a,yesterday,,,,", "timestamp is not a time"),
        ("u,a,0001-01-01,,,,", "timestamp is not in 1971-2100"),
        (f"u,a,{NOON},much,,,", "watched_seconds is not a number"),
        (f"u,a,{NOON},inf,,,", "watched_seconds is not a number"),
        (f"u,a,{NOON},-3,60,,", "watched_seconds is negative"),
        (f"u,a,{NOON},3,0,,", "duration_seconds is not above 0"),
        (f"u,a,{NOON},91,60,,", "watched_seconds is over 1.5 x the duration"),
        (f"u,a,{NOON},10,60,5,", "a position range lacks one of its ends"),
        (f"u,a,{NOON},2700000,,,", "watched_seconds is over 24 hours (are they milliseconds?)"),
        (f"u,a,{NOON},,5400000,,", "duration_seconds is over 24 hours (are they milliseconds?)"),
        (f"u,a,{NOON},10,60,15,5", "to_seconds is before from_seconds"),
        (f"u,a,{NOON},10,60,55,65", "to_seconds is past the duration"),
        (f"u,a,{NOON},10,60,-5,5", "from_seconds is negative"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(line: str, reason: str) -> None:
    header = "user,item,timestamp,watched_seconds,duration_seconds,from_seconds,to_seconds"
    checked = check_log(rows(header, f"ok,a,{NOON},90,60,0,60", line), FILE)

    assert checked.rows["user"].to_list() == ["ok"]
    assert checked.quarantine.select("row", "reason").rows() == [(2, reason)]


def test_the_quarantine_keeps_what_the_file_said() -> None:
    checked = check_log(rows("user,item,timestamp", "u,a,yesterday"), FILE)

    assert checked.quarantine.to_dicts() == [
        {
            "row": 1,
            "reason": "timestamp is not a time",
            "user": "u",
            "item": "a",
            "timestamp": "yesterday",
        }
    ]


def test_the_second_of_two_equal_rows_is_set_aside() -> None:
    checked = check_log(rows("user,item,timestamp", *[f"u,a,{NOON}"] * 2, f"u,b,{NOON}"), FILE)

    assert checked.rows["row"].to_list() == [1, 3]
    assert checked.quarantine.select("row", "reason").rows() == [(2, REPEATED)]


@pytest.mark.parametrize(
    "written",
    [
        "2025-03-01T12:00:00Z",
        "2025-03-01T14:00:00+02:00",
        "2025-03-01 12:00:00",
        "2025-03-01T12:00",
        "1740830400",
        "1740830400000",
        "1740830400000000",
        1740830400,
        1740830400.0,
        1740830400000,
        1740830400000000000,
        datetime(2025, 3, 1, 12),
        datetime(2025, 3, 1, 12, tzinfo=UTC),
    ],
)
def test_a_time_is_read_however_it_is_written(written: object) -> None:
    raw = pl.DataFrame({"user": ["u"], "item": ["a"], "timestamp": [written]})
    assert check_log(raw, FILE).rows["timestamp"][0] == datetime(2025, 3, 1, 12, tzinfo=UTC)


def test_an_id_is_the_same_user_whether_stored_as_number_or_text() -> None:
    for ids in ([17], [17.0], ["17"], ["17.0"]):
        raw = pl.DataFrame({"user": ids, "item": ["a"], "order": [1]})
        assert check_log(raw, FILE).rows["user"].to_list() == ["17"]


def test_an_empty_column_of_no_type_is_missing() -> None:
    raw = pl.DataFrame({"user": ["u"], "item": ["a"], "order": [1], "timestamp": [None]})
    assert check_log(raw, FILE).rows["user"].to_list() == ["u"]


def test_a_name_with_a_point_in_it_stays_as_it_is() -> None:
    raw = pl.DataFrame({"user": ["u1.0"], "item": ["2.05"], "timestamp": [NOON]})
    assert check_log(raw, FILE).rows.select("user", "item").row(0) == ("u1.0", "2.05")


def test_an_empty_column_of_times_leaves_the_order_to_count() -> None:
    raw = rows("user,item,timestamp,order", "u,a,,1", "u,b,,2", "u,c,,")
    checked = check_log(raw, FILE)
    assert checked.rows["order"].to_list() == [1, 2]
    assert checked.reasons() == {"order missing": 1}


def test_missing_columns_are_named_with_likely_renamings() -> None:
    raw = pl.DataFrame({"user_id": ["u"], "movieId": ["a"], "ts": [1], "mood": ["good"]})
    with pytest.raises(MissingColumns) as caught:
        check_log(raw, FILE)

    message = str(caught.value)
    assert "no column user, item, timestamp or order" in message
    assert "user_id, movieId, ts, mood" in message
    assert "--rename user_id=user --rename movieId=item --rename ts=timestamp" in message


def test_a_column_of_lists_is_refused() -> None:
    raw = pl.DataFrame({"user": [["u"]], "item": ["a"], "order": [1]})
    with pytest.raises(UnreadableLog, match="column user holds List"):
        check_log(raw, FILE)


def test_titles_need_an_item_a_title_and_a_length_above_0() -> None:
    good = rows("item,title,duration_seconds", "a,Alpha,60", "b,Beta,", "a,Alpha again,61")
    assert check_titles(good, FILE)["title"].to_list() == ["Beta", "Alpha again"]
    for line in ("a,,60", ",Alpha,60", "a,Alpha,-1", "a,Alpha,long"):
        with pytest.raises(UnreadableLog, match="row 1 needs"):
            check_titles(rows("item,title,duration_seconds", line), FILE)
