"""Train and test: every split is of whole rows, loses none and gives none to both sides."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from recsys.errors import NoUsableRows
from recsys.interactions import SHARE, WHEN, first_plays, is_timed, played
from recsys.viewing_log import ITEM, ORDER, TIMESTAMP, USER

LAST = "last"


@dataclass(frozen=True, slots=True)
class Split:
    """Two logs that together hold every row of one."""

    train: pl.DataFrame
    test: pl.DataFrame
    rule: str
    """How the rows were parted, in words."""


def time_split(log: pl.DataFrame, test_share: float = 0.2) -> Split:
    """Part a log at one instant, the same for all users.

    The instant is the timestamp of the row that `1 - test_share` of the rows come before. Rows of
    exactly that instant all go to test, so every train timestamp is before every test timestamp.

    Raises:
        NoUsableRows: All rows have one timestamp, or there are too few.
    """
    if not 0 < test_share < 1:
        raise ValueError(f"need 0 < test_share < 1, got {test_share}")
    times = log[TIMESTAMP].sort()
    if times.is_empty() or times[0] == times[-1]:
        raise NoUsableRows("a time split", "all rows of the log have the same timestamp")
    cut = times[int(len(times) * (1 - test_share))]
    if cut == times[0]:  # more than the share of train ties with the first row
        cut = times.filter(times > cut)[0]
    return Split(
        train=log.filter(pl.col(TIMESTAMP) < cut),
        test=log.filter(pl.col(TIMESTAMP) >= cut),
        rule=f"global time split: test begins at {cut:%Y-%m-%d %H:%M:%S} UTC for all users",
    )


def leave_last_out(log: pl.DataFrame) -> Split:
    """Hold out the title that each user came to last, with all of the user's rows of it.

    Of titles that a user first played at the same point, the one whose row comes later in the log
    is the last. A user with one title stays in train whole, and so do impressions without a click.
    """
    first = first_plays(log).drop(SHARE).with_row_index("place")
    last = (
        first.sort(WHEN, "place")
        .group_by(USER, maintain_order=True)
        .agg(pl.col(ITEM).last(), pl.len())
        .filter(pl.col("len") > 1)
        .select(USER, ITEM, pl.lit(True).alias(LAST))
    )
    marked = log.join(last, on=[USER, ITEM], how="left", maintain_order="left")
    held_out = pl.col(LAST).fill_null(False)
    return Split(
        train=marked.filter(~held_out).drop(LAST),
        test=marked.filter(held_out).drop(LAST),
        rule="leave last out: each user's last title is in test",
    )


def default_split(log: pl.DataFrame, test_share: float = 0.2) -> Split:
    """A time split where the log has timestamps, else each user's last title.

    Raises:
        NoTimeOrder: Some rows are timed and others only ordered.
        NoUsableRows: One of the two sides would be empty.
    """
    split = time_split(log, test_share) if is_timed(log) else leave_last_out(log)
    if split.test.is_empty() or split.train.is_empty():
        raise NoUsableRows("the split", "one of its two sides is empty; the log is too short")
    return split


def overlap_in_time(train: pl.DataFrame, test: pl.DataFrame) -> bool:
    """Whether train holds rows at or after the first of test, as no global time split does."""
    if not (is_timed(train) and is_timed(test)) or train.is_empty() or test.is_empty():
        return False
    return bool(np.max(train[TIMESTAMP].to_numpy()) >= np.min(test[TIMESTAMP].to_numpy()))


def shared_plays(train: pl.DataFrame, test: pl.DataFrame) -> int:
    """How many plays of test, to the instant, are in train as well: a leak, if there are any."""
    instant = [USER, ITEM, TIMESTAMP if is_timed(train) and is_timed(test) else ORDER]
    both = played(test).select(instant).unique().join(played(train), on=instant, how="semi")
    return both.height
