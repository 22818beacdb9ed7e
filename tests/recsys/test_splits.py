"""A split loses no row, gives none to both sides, and never lets the future into train."""

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import NoTimeOrder, NoUsableRows
from recsys.interactions import Interactions, first_plays, newest_part
from recsys.splits import default_split, leave_last_out, overlap_in_time, time_split

plays = st.lists(
    st.tuples(st.sampled_from("uvwxy"), st.sampled_from("abcdef"), st.integers(0, 9)),
    min_size=2,
    max_size=30,
    unique=True,
)


def as_rows(log: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(log.select("user", "item", "timestamp", "order").rows(), key=repr)


@given(plays=plays, share=st.floats(0.05, 0.95))
def test_a_time_split_parts_all_rows_at_one_instant(
    log_of: Callable[..., pl.DataFrame], plays: list[tuple[str, str, int]], share: float
) -> None:
    log = log_of(plays)
    if log["timestamp"].n_unique() == 1:
        with pytest.raises(NoUsableRows):
            time_split(log, share)
        return
    split = time_split(log, share)

    assert as_rows(pl.concat([split.train, split.test])) == as_rows(log)
    assert split.train.height and split.test.height
    assert split.train["timestamp"].max() < split.test["timestamp"].min()
    assert not overlap_in_time(split.train, split.test)


@given(plays=plays)
def test_leave_last_out_takes_one_title_of_each_user_that_has_two(
    log_of: Callable[..., pl.DataFrame], plays: list[tuple[str, str, int]]
) -> None:
    log = log_of(plays)
    split = leave_last_out(log)

    assert as_rows(pl.concat([split.train, split.test])) == as_rows(log)
    held_out = split.test.group_by("user").agg(pl.col("item").n_unique())
    assert held_out["item"].to_list() == [1] * held_out.height
    kept = split.train.select("user", "item").unique()
    assert split.test.join(kept, on=["user", "item"]).is_empty()
    assert set(split.train["user"]) == set(log["user"])
    first = first_plays(log).select("user", "item", "when")
    for user, item in split.test.select("user", "item").unique().rows():
        of_user = first.filter(pl.col("user") == user)
        assert of_user.filter(pl.col("item") == item)["when"][0] == of_user["when"].max()


@given(plays=plays, share=st.floats(0.05, 0.95))
def test_the_validation_part_is_later_than_what_is_learned_from(
    log_of: Callable[..., pl.DataFrame], plays: list[tuple[str, str, int]], share: float
) -> None:
    interactions = Interactions.from_log(log_of(plays))
    past, future = newest_part(interactions, share)

    assert past.starts[-1] + future.starts[-1] <= interactions.starts[-1]
    if past.starts[-1] and future.starts[-1]:
        assert past.when.max() < future.when.min()
    judged = {
        user for user in range(len(past.users)) if future.starts[user + 1] > future.starts[user]
    }
    assert all(past.starts[user + 1] > past.starts[user] for user in judged)


def test_ties_at_the_instant_all_go_to_test(log_of: Callable[..., pl.DataFrame]) -> None:
    log = log_of([("u", "a", 1), ("u", "b", 2), ("v", "a", 2), ("v", "b", 2), ("w", "a", 3)])
    split = time_split(log, 0.4)  # of 5 rows the fourth, at hour 2, is the first of test
    assert split.train["item"].to_list() == ["a"]
    assert split.test.height == 4


def test_a_log_without_timestamps_leaves_the_last_title_out() -> None:
    log = ordered([("u", "a", 2), ("u", "b", 1), ("v", "c", 1)])
    split = default_split(log)
    assert split.test.select("user", "item").rows() == [("u", "a")]


def test_a_log_ordered_in_part_by_time_is_refused(log_of: Callable[..., pl.DataFrame]) -> None:
    mixed = pl.concat([log_of([("u", "a", 1)]), ordered([("u", "b", 1)])])
    with pytest.raises(NoTimeOrder):
        default_split(mixed)


def ordered(plays: list[tuple[str, str, int]]) -> pl.DataFrame:
    """A log of `(user, item, order)`."""
    from pathlib import Path

    from recsys.logs.check import check_log

    raw = pl.DataFrame(plays, schema=["user", "item", "order"], orient="row")
    return check_log(raw, Path("plays")).rows.drop("row")
