"""Interactions: who watched what, in order, as numbers that models can learn from.

A log has a row for each stretch of play; an interaction is one user's first play of one title,
and its weight is the share of the title that the user watched in all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from recsys.context import (
    Context,
    Impressions,
    device_numbers,
    first_impressions,
    no_numbers,
)
from recsys.errors import NoTimeOrder, NoUsableRows
from recsys.viewing_log import (
    CLICK,
    DEVICE,
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

LEARNED_FROM = (
    USER,
    ITEM,
    TIMESTAMP,
    ORDER,
    WATCHED_SECONDS,
    DURATION_SECONDS,
    CLICK,
    DEVICE,
)
ROWS_AT_ONCE = 1 << 22

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
    shown: Impressions = field(default_factory=Impressions)
    """Of these users and items; a title may have been played after it was shown."""
    device: Ints = field(default_factory=no_numbers)
    """`(rows,)`, places in `devices`, -1 where unknown; empty if no device is known."""
    devices: tuple[str, ...] = ()
    """The devices of first plays, sorted."""

    @classmethod
    def from_log(cls, log: pl.DataFrame) -> "Interactions":
        """Number the users and items of a log and put their first plays in order.

        Raises:
            NoUsableRows: Nobody played anything.
            NoTimeOrder: Some rows are timed and others only ordered.
        """
        found = cls._numbered(log, is_timed(log))
        if not found.users:
            raise NoUsableRows("the viewing log", "nobody played anything in it")
        return found

    @classmethod
    def from_scan(cls, rows: pl.LazyFrame, rows_at_once: int = ROWS_AT_ONCE) -> "Interactions":
        """The same from a log that is not held in memory, but a lot of users at a time.

        The rows are parted by user on disk, in the folder for temporary files (`TMPDIR`), first.
        What is held is a lot of rows and the interactions, so memory grows with the pairs of user
        and title, 20 bytes each, and with the names, not with the rows. Plays of one instant are
        in order of `order` and then of the title, as in a log that was loaded and sorted.

        Args:
            rows: A log, lazily, with the columns of `SCHEMA`, in any order.
            rows_at_once: Rows of about so many are read at a time; of one user, all.

        Raises:
            NoUsableRows, NoTimeOrder: As `from_log`.
        """
        nulls = pl.col(TIMESTAMP, ORDER).null_count()
        timed = is_timed(rows.select(nulls).collect(engine="streaming"), counted=True)
        counts = rows.group_by(USER).len().collect(engine="streaming").sort(USER)
        lot = (counts["len"].cum_sum() - 1) // rows_at_once
        edges = counts.group_by(lot.alias("lot"), maintain_order=True).agg(pl.col(USER).last())
        lots, shown = [], []
        for log in _lots_of_users(rows.select(LEARNED_FROM), edges[USER].to_list()):
            lots.append(cls._numbered(log.sort(TIMESTAMP, ORDER, USER, ITEM), timed))
            shown.append(first_impressions(log, timed=timed))
        found = _joined(lots) if lots else None
        if found is None or not found.users:
            raise NoUsableRows("the viewing log", "nobody played anything in it")
        every = Impressions.numbered(pl.concat(shown), found.users, found.items)
        return replace(found, shown=every)

    @classmethod
    def _numbered(cls, log: pl.DataFrame, timed: bool) -> "Interactions":
        first = first_plays(log, timed=timed)
        users, user = _numbers(first[USER])
        items, item = _numbers(first[ITEM])
        when = first[WHEN].to_numpy()
        order = np.lexsort((when, user))  # stable: rows of one instant keep the log's order
        counts = np.bincount(user, minlength=len(users))
        device, devices = device_numbers(first[DEVICE])
        return cls(
            users=users,
            items=items,
            starts=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            item=item[order].astype(np.int64),
            when=when[order].astype(np.int64),
            weight=first[SHARE].to_numpy()[order].astype(np.float32),
            timed=timed,
            shown=Impressions.numbered(first_impressions(log, timed=timed), users, items),
            device=device[order] if devices else device,
            devices=devices,
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

    def contexts(self) -> list[Context]:
        """For each user, what is known besides the history; the same order as `histories`."""
        played = np.unique(self.user * len(self.items) + self.item)
        never = self.shown.keep(
            ~np.isin(self.shown.user * len(self.items) + self.shown.item, played)
        )
        begins = np.searchsorted(never.user, np.arange(1, len(self.users)))
        passed = np.split(never.item, begins)
        empty = [no_numbers()] * len(self.users)
        when = np.split(self.when, self.starts[1:-1]) if self.timed else empty
        device = np.split(self.device, self.starts[1:-1]) if self.devices else empty
        return [Context(*parts) for parts in zip(passed, when, device, strict=True)]

    def keep(self, rows: npt.NDArray[np.bool_], until: Ints | None = None) -> "Interactions":
        """The interactions that `rows` marks; users and items keep their numbers.

        Of what was shown, `until` keeps what came before an instant of each user, `(users,)`.
        """
        shown = self.shown if until is None else self.shown.before(until)
        kept = np.bincount(self.user[rows], minlength=len(self.users))
        return Interactions(
            users=self.users,
            items=self.items,
            starts=np.concatenate(([0], np.cumsum(kept))).astype(np.int64),
            item=self.item[rows],
            when=self.when[rows],
            weight=self.weight[rows],
            timed=self.timed,
            shown=shown,
            device=self.device[rows] if self.devices else self.device,
            devices=self.devices,
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
        until = np.full(len(interactions.users), cut)
    else:
        future = np.zeros(len(when), np.bool_)
        future[interactions.starts[1:] - 1] = True
        until = when[interactions.starts[1:] - 1]
    past = ~future
    users = interactions.user
    with_past = np.isin(users, np.unique(users[past]))
    return interactions.keep(past, until), interactions.keep(future & with_past)


def history_matrix(histories: Sequence[Ints], items: int, decay: float = 1.0) -> "sparse.csr_array":
    """`(len(histories), items)`, float32: which items each history holds, and how recent they are.

    A history's newest item has 1, the one before it `decay`, then `decay ** 2`; others have 0.
    """
    starts = np.concatenate(([0], np.cumsum([len(history) for history in histories])))
    columns = np.concatenate(histories) if histories else np.empty(0, np.int64)
    rows = [recency_weights(len(history), decay) for history in histories]
    values = np.concatenate(rows) if rows else np.empty(0, np.float32)
    return sparse.csr_array((values, columns, starts), shape=(len(histories), items))


def check_decay(**decays: float) -> None:
    """Raise ValueError unless each of some named decays is in (0, 1]."""
    for name, value in decays.items():
        if not 0 < value <= 1:
            raise ValueError(f"need 0 < {name} <= 1, got {value}")


def recency_weights(length: int, decay: float) -> Floats:
    """`(length,)`, oldest first: 1 for the newest, and `decay` times as much for each before."""
    return np.float32(decay) ** np.arange(length - 1, -1, -1, dtype=np.float32)


def _numbers(names: pl.Series) -> tuple[tuple[str, ...], Ints]:
    """The different names, sorted, and for each of `names` its place among them."""
    known = names.unique().sort()
    if known.is_empty():
        return (), np.empty(0, np.int64)
    places = names.cast(pl.Enum(known)).to_physical().to_numpy()
    return tuple(known.to_list()), places.astype(np.int64)


def _lots_of_users(rows: pl.LazyFrame, last_users: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of each lot of users, who are those up to its last; parted on disk if several."""
    if len(last_users) < 2:
        yield rows.collect(engine="streaming")
        return
    lot = pl.sum_horizontal([(pl.col(USER) > last).cast(pl.UInt32) for last in last_users[:-1]])
    with TemporaryDirectory(prefix="reel-lots-") as folder:
        parted = pl.PartitionBy(folder, key=lot.alias("lot"), include_key=False)
        rows.sink_parquet(parted, compression="uncompressed", statistics=False, mkdir=True)
        for number in range(len(last_users)):
            files = sorted(Path(folder, f"lot={number}").glob("*.parquet"))
            yield pl.read_parquet(files, glob=False, hive_partitioning=False)


def _joined(lots: Sequence[Interactions]) -> Interactions:
    """Lots of different users, in the users' order, as one."""
    items = pl.concat([pl.Series(lot.items, dtype=pl.String) for lot in lots]).unique().sort()
    numbers = [items.search_sorted(pl.Series(lot.items, dtype=pl.String)) for lot in lots]
    ends = np.cumsum([0, *(len(lot.item) for lot in lots)])
    starts = [lot.starts[1:] + end for lot, end in zip(lots, ends[:-1], strict=True)]
    placed = list(zip(lots, [place.to_numpy() for place in numbers], strict=True))
    return Interactions(
        users=tuple(chain.from_iterable(lot.users for lot in lots)),
        items=tuple(items.to_list()),
        starts=np.concatenate([[0], *starts]).astype(np.int64),
        item=np.concatenate([place[lot.item] for lot, place in placed]).astype(np.int64),
        when=np.concatenate([lot.when for lot in lots]),
        weight=np.concatenate([lot.weight for lot in lots]),
        timed=lots[0].timed,
        **_joined_devices(lots),
    )


def _joined_devices(lots: Sequence[Interactions]) -> dict[str, Any]:
    devices = tuple(sorted(set(chain.from_iterable(lot.devices for lot in lots))))
    if not devices:
        return {}
    number = {device: place for place, device in enumerate(devices)}
    parts = []
    for lot in lots:
        places = np.array([*(number[device] for device in lot.devices), -1], np.int64)
        parts.append(places[lot.device] if lot.devices else np.full(len(lot.item), -1, np.int64))
    return {"device": np.concatenate(parts), "devices": devices}


def is_timed(log: pl.DataFrame, *, counted: bool = False) -> bool:
    """Whether the rows are ordered by timestamps (True) or by their order only (False).

    Args:
        log: The log or, if `counted`, one row with the number of nulls in each of both columns.
        counted: See `log`.

    Raises:
        NoTimeOrder: Neither column is filled in every row.
    """
    nulls = {n: int(log[n][0]) if counted else log[n].null_count() for n in (TIMESTAMP, ORDER)}
    if nulls[TIMESTAMP] == 0:
        return True
    if nulls[ORDER] == 0:
        return False
    raise NoTimeOrder("the viewing log")


def played(log: pl.DataFrame) -> pl.DataFrame:
    """The rows that were played: all but impressions without a click."""
    return log.filter(pl.col(CLICK).fill_null(True))


def first_plays(log: pl.DataFrame, *, timed: bool | None = None) -> pl.DataFrame:
    """One row for each user and item that the user played: `user, item, when, share, device`.

    `when` is the first play's; `share` is the watched seconds of all plays over the title's length,
    at most 1. `timed` is what `is_timed` says of the whole log, where this is a part of it.
    """
    timed = is_timed(log) if timed is None else timed
    when = pl.col(TIMESTAMP).dt.epoch("us") if timed else pl.col(ORDER)
    told = log[DEVICE].null_count() < log.height  # if not, no time goes into finding the first's
    pairs = (
        played(log)
        .group_by(USER, ITEM, maintain_order=True)
        .agg(
            when.min().alias(WHEN),
            pl.when(pl.col(WATCHED_SECONDS).count() > 0)
            .then(pl.col(WATCHED_SECONDS).sum())
            .alias(WATCHED_SECONDS),
            pl.col(DURATION_SECONDS).max(),
            (pl.col(DEVICE).sort_by(when) if told else pl.col(DEVICE)).first(),
        )
    )
    share = (pl.col(WATCHED_SECONDS) / pl.col(DURATION_SECONDS)).clip(0, 1).fill_null(1.0)
    return pairs.select(USER, ITEM, WHEN, share.alias(SHARE), DEVICE)
