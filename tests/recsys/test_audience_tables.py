"""Audience figures on logs small enough to count by eye."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.audience.marketing import audience_tables
from recsys.audience.report import find_title, retention
from recsys.audience.retention import retention_curve, wilson_interval
from recsys.audience.segments import find_segments
from recsys.audience.titles import title_table
from recsys.audience.viewing import viewing_of
from recsys.errors import NoUsableRows, UnknownTitle
from recsys.interactions import Interactions
from recsys.logs.store import LogStore
from recsys.viewing_log import TITLE_SCHEMA

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]
NO_TITLES = pl.DataFrame(schema=TITLE_SCHEMA)

ranges = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 20), st.integers(0, 20)).map(
        lambda r: (r[0], min(r[1:]), max(r[1:]))
    ),
    min_size=1,
    max_size=25,
)


def test_a_curve_counts_who_watched_and_who_watched_again() -> None:
    """Three viewers of five seconds: all of it; its first two; all, then seconds 2 and 3 again."""
    curve = retention_curve(
        np.array([0, 1, 2, 2]), np.array([0.0, 0, 0, 2]), np.array([5.0, 2, 5, 4]), 5.0
    )
    assert curve.viewers == 3
    assert curve.watched.tolist() == [3, 3, 2, 2, 2]
    assert curve.again.tolist() == [0, 0, 1, 1, 0]
    assert curve.rewatch()[0].tolist() == [0, 0, 1 / 2, 1 / 2, 0]


@given(ranges)
def test_a_curve_agrees_with_counting_each_second(plays: list[tuple[int, int, int]]) -> None:
    """The reference walks through all ranges for each viewer and second."""
    numbers = {viewer: n for n, viewer in enumerate(sorted({viewer for viewer, _, _ in plays}))}
    viewer = np.array([numbers[v] for v, _, _ in plays])
    start = np.array([float(s) for _, s, _ in plays])
    end = np.array([float(e) for _, _, e in plays])
    curve = retention_curve(viewer, start, end, 20.0)

    for second in range(20):
        times = [
            sum(v == name and s <= second < e for v, s, e in plays) for name in sorted(numbers)
        ]
        assert curve.watched[second] == sum(t >= 1 for t in times)
        assert curve.again[second] == sum(t >= 2 for t in times)
    assert (curve.watched <= curve.viewers).all()


def test_a_second_counts_when_its_middle_was_played() -> None:
    curve = retention_curve(np.array([0]), np.array([0.6]), np.array([2.4]), 3.2)
    assert curve.watched.tolist() == [0, 1, 0]


def test_wilsons_interval_is_his() -> None:
    """From Newcombe, Statistics in Medicine 17, 1998, table I: 81 of 263 and 0 of 20."""
    low, high = wilson_interval(np.array([81, 0]), np.array([263, 20]))
    assert low.tolist() == pytest.approx([0.2553, 0.0], abs=5e-5)
    assert high.tolist() == pytest.approx([0.3662, 0.1611], abs=5e-5)
    nothing = wilson_interval(np.array([0]), np.array([0]))
    assert (nothing[0][0], nothing[1][0]) == (0, pytest.approx(1))


def test_a_title_without_positions_has_no_curve(log_of: LogOf) -> None:
    assert viewing_of(log_of([("u", "a", 1)]), None) is None


def test_the_title_table_is_its_derivation(log_of: LogOf) -> None:
    """Title a of 100 s: u watches it all in two sittings on two days, v leaves at 40 s."""
    log = log_of([("u", "a", 0), ("u", "a", 30), ("v", "a", 30), ("v", "b", 31)]).with_columns(
        watched_seconds=pl.Series([60.0, 40.0, 40.0, None]),
        duration_seconds=pl.Series([100.0, 100.0, 100.0, None]),
        from_seconds=pl.Series([0.0, 60.0, 0.0, None]),
        to_seconds=pl.Series([60.0, 100.0, 40.0, None]),
        simulated=pl.Series([None, None, None, True]),
    )
    table = title_table(log, pl.DataFrame({"item": ["a"], "title": ["Alpha"], "genre": ["Drama"]}))
    assert table.drop("trend").rows() == [
        ("a", "Alpha", "Drama", 2, 3, 1 / 2, (1.0 + 0.4) / 2, False),
        ("b", "b", None, 1, 1, None, None, True),
    ]


def test_a_trend_compares_the_last_two_weeks_with_the_two_before(log_of: LogOf) -> None:
    """Two new viewers in the last 14 days, three in the 14 before, one older still."""
    days = {"p": 0, "q": 20, "r": 21, "s": 22, "t": 30, "u": 40}
    log = log_of([(user, "a", 24 * day) for user, day in days.items()])
    assert title_table(log, NO_TITLES)["trend"].to_list() == [2 / 3 - 1]


def test_an_impression_without_a_click_is_no_view(log_of: LogOf) -> None:
    log = log_of([("u", "a", 1), ("v", "a", 2)]).with_columns(click=pl.Series([True, False]))
    assert title_table(log, NO_TITLES)["viewers"].to_list() == [1]


def test_two_camps_are_two_segments_named_by_what_they_watch(log_of: LogOf) -> None:
    """Twenty users watch a and b only, twelve watch c and d only."""
    camps = [(f"u{n}", item) for n in range(20) for item in "ab"]
    camps += [(f"v{n}", item) for n in range(12) for item in "cd"]
    interactions = Interactions.from_log(log_of([(user, item, 1) for user, item in camps]))
    noise = np.random.default_rng(0).normal(0, 0.01, (32, 2))
    vectors = np.where(np.arange(32)[:, None] < 20, [1, 0], [0, 1]) + noise
    found = find_segments(interactions, vectors.astype(np.float32), NO_TITLES, count=2)

    assert [(s.name, s.size, s.share) for s in found.segments] == [
        ("Viewers of a", 20, 20 / 32),
        ("Viewers of c", 12, 12 / 32),
    ]
    # All twenty of twenty watch a, against twenty of thirty-two overall.
    assert found.segments[0].titles[0].lift == pytest.approx(1 / (20 / 32))
    assert {found.members[f"u{n}"] for n in range(20)} == {0}


def test_users_who_are_all_alike_are_not_grouped(log_of: LogOf) -> None:
    interactions = Interactions.from_log(log_of([("u", "a", 1), ("v", "a", 1), ("w", "a", 1)]))
    with pytest.raises(NoUsableRows, match="only 1 kinds of users"):
        find_segments(interactions, np.ones((3, 2), np.float32), NO_TITLES, count=2)


def test_a_title_is_found_by_item_or_name_and_a_slip_gets_a_hint(log_of: LogOf) -> None:
    log = log_of([("u", "a1", 1), ("u", "b2", 2)])
    titles = pl.DataFrame({"item": ["a1", "zz"], "title": ["Alpha Station", "Never Played"]})
    assert find_title(log, titles, "a1") == ("a1", "Alpha Station")
    assert find_title(log, titles, "alpha station") == ("a1", "Alpha Station")
    assert find_title(log, titles, "b2") == ("b2", "b2")
    with pytest.raises(UnknownTitle, match="did you mean Alpha Station"):
        find_title(log, titles, "Alpha Staton")
    with pytest.raises(UnknownTitle):
        find_title(log, titles, "Never Played")


def test_a_tiny_log_has_titles_but_no_segments(tmp_path: Path) -> None:
    (tmp_path / "tiny.csv").write_text("user,item,order\nu,a,1\n")
    LogStore(tmp_path / "logs").import_file(tmp_path / "tiny.csv")
    tables = audience_tables(tmp_path / "logs")
    assert tables.titles.select("item", "viewers", "views", "trend").rows() == [("a", 1, 1, None)]
    assert tables.segmentation is None
    assert not tables.simulated
    with pytest.raises(NoUsableRows, match="no positions"):
        retention(tmp_path / "logs", "a")
