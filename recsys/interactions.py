"""Interactions: who watched what, in order, as numbers that models can learn from.

A log has a row for each stretch of play; an interaction is one user's first play of one title,
and its weight is the share of the title that the user watched in all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from recsys.errors import NoTimeOrder, NoUsableRows
from recsys.viewing_log import (
    CLICK,
    DURATION_SECONDS,
    ITEM,
    ORDER,
    TIMESTAMP,
    USER,
    WATCHED_SECONDS,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

WHEN = "when"
"""Microseconds since 1970 where the log has timestamps, else its order."""
SHARE = "share"
"""The share of the title watched, 0 to 1; 1 where the log does not tell."""

MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Interactions:
    """First plays, sorted by user and then by time; ties keep the log's order."""

    users: tuple[str, ...]
    """Sorted; a user's number is its place here."""
    items: tuple[str, ...]
    """Sorted; an item's number is its place here."""
    starts: Ints
    """`(users + 1,)`: the rows of user `u` are `starts[u]` to `starts[u + 1]`."""
    item: Ints
    """`(rows,)`, numbers of items; no user has the same item twice."""
    when: Ints
    """`(rows,)`, microseconds since 1970 if `timed`, else an order."""
    weight: Floats
    """`(rows,)`, in [0, 1]: the share of the title that was watched."""
    timed: bool

    @classmethod
    def from_log(cls, log: pl.DataFrame) -> "Interactions":
        """Number the users and items of a log and put their first plays in order.

        Raises:
            NoUsableRows: Nobody played anything.
            NoTimeOrder: Some rows are timed and others only ordered.
        """
        timed = is_timed(log)
        first = first_plays(log)
        if first.is_empty():
            raise NoUsableRows("the viewing log", "nobody played anything in it")
        users, user = np.unique(first[USER].to_numpy(), return_inverse=True)
        items, item = np.unique(first[ITEM].to_numpy(), return_inverse=True)
        when = first[WHEN].to_numpy()
        order = np.lexsort((when, user))  # stable: rows of one instant keep the log's order
        counts = np.bincount(user, minlength=len(users))
        return cls(
            users=tuple(users.tolist()),
            items=tuple(items.tolist()),
            starts=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            item=item[order].astype(np.int64),
            when=when[order].astype(np.int64),
            weight=first[SHARE].to_numpy()[order].astype(np.float32),
            timed=timed,
        )

    @property
    def user(self) -> Ints:
        """`(rows,)`, numbers of users."""
        return np.repeat(np.arange(len(self.users)), np.diff(self.starts))

    def histories(self) -> list[Ints]:
        """For each user, the numbers of the items watched, oldest first."""
        return np.split(self.item, self.starts[1:-1])

    def matrix(self) -> "sparse.csr_array":
        """`(users, items)` of 0 and 1, float32."""
        return history_matrix(self.histories(), len(self.items))

    def keep(self, rows: npt.NDArray[np.bool_]) -> "Interactions":
        """The interactions that `rows` marks; users and items keep their numbers."""
        kept = np.bincount(self.user[rows], minlength=len(self.users))
        return Interactions(
            users=self.users,
            items=self.items,
            starts=np.concatenate(([0], np.cumsum(kept))).astype(np.int64),
            item=self.item[rows],
            when=self.when[rows],
            weight=self.weight[rows],
            timed=self.timed,
        )


def newest_part(interactions: Interactions, share: float) -> tuple[Interactions, Interactions]:
    """Part plays into past and future: by one instant, or each user's last where there is no time.

    The future may be empty, if all plays have one time. Only users with a past can be judged, so
    the future of the others goes unused.
    """
    when = interactions.when
    if interactions.timed:
        cut = np.sort(when)[int(len(when) * (1 - share))]
        future = when >= cut
    else:
        future = np.zeros(len(when), np.bool_)
        future[interactions.starts[1:] - 1] = True
    past = ~future
    users = interactions.user
    with_past = np.isin(users, np.unique(users[past]))
    return interactions.keep(past), interactions.keep(future & with_past)


def history_matrix(histories: Sequence[Ints], items: int, decay: float = 1.0) -> "sparse.csr_array":
    """`(len(histories), items)`, float32: which items each history holds, and how recent they are.

    A history's newest item has 1, the one before it `decay`, then `decay ** 2`; others have 0.
    """
    starts = np.concatenate(([0], np.cumsum([len(history) for history in histories])))
    columns = np.concatenate(histories) if histories else np.empty(0, np.int64)
    rows = [recency_weights(len(history), decay) for history in histories]
    values = np.concatenate(rows) if rows else np.empty(0, np.float32)
    return sparse.csr_array((values, columns, starts), shape=(len(histories), items))


def recency_weights(length: int, decay: float) -> Floats:
    """`(length,)`, oldest first: 1 for the newest, and `decay` times as much for each before."""
    return np.float32(decay) ** np.arange(length - 1, -1, -1, dtype=np.float32)


def is_timed(log: pl.DataFrame) -> bool:
    """Whether the rows are ordered by timestamps (True) or by their order only (False).

    Raises:
        NoTimeOrder: Neither column is filled in every row.
    """
    if log[TIMESTAMP].null_count() == 0:
        return True
    if log[ORDER].null_count() == 0:
        return False
    raise NoTimeOrder("the viewing log")


def played(log: pl.DataFrame) -> pl.DataFrame:
    """The rows that were played: all but impressions without a click."""
    return log.filter(pl.col(CLICK).fill_null(True))


def first_plays(log: pl.DataFrame) -> pl.DataFrame:
    """One row for each user and item that the user played: `user, item, when, share`.

    `when` is the first play's; `share` is the watched seconds of all plays over the title's length,
    at most 1.
    """
    when = pl.col(TIMESTAMP).dt.epoch("us") if is_timed(log) else pl.col(ORDER)
    pairs = (
        played(log)
        .group_by(USER, ITEM, maintain_order=True)
        .agg(
            when.min().alias(WHEN),
            pl.when(pl.col(WATCHED_SECONDS).count() > 0)
            .then(pl.col(WATCHED_SECONDS).sum())
            .alias(WATCHED_SECONDS),
            pl.col(DURATION_SECONDS).max(),
        )
    )
    share = (pl.col(WATCHED_SECONDS) / pl.col(DURATION_SECONDS)).clip(0, 1).fill_null(1.0)
    return pairs.select(USER, ITEM, WHEN, share.alias(SHARE))
