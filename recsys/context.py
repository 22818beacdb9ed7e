"""What a log tells of users besides the titles they watched: what they passed over, when, on what.

Scores may depend on it; who came to what is in `interactions`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.viewing_log import CLICK, ITEM, ORDER, TIMESTAMP, USER

Ints = npt.NDArray[np.int64]
WHEN = "when"


def no_numbers() -> Ints:
    """`(0,)`."""
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a user besides the order of the titles watched."""

    passed: Ints = field(default_factory=no_numbers)
    """Numbers of the items that were shown to the user and never played."""
    when: Ints = field(default_factory=no_numbers)
    """`(history,)`, microseconds since 1970; empty if the log tells no times."""
    device: Ints = field(default_factory=no_numbers)
    """`(history,)`, places in `Interactions.devices`, -1 where unknown; empty if none is known."""

    def of_titles(self, kept: npt.NDArray[np.bool_]) -> "Context":
        """The context of the history without some of its titles; `kept` is `(history,)`."""
        when = self.when[kept] if len(self.when) else self.when
        device = self.device[kept] if len(self.device) else self.device
        return Context(self.passed, when, device)

    def without(self, row: int, length: int) -> "Context":
        """The context of a history of so many titles without one of them."""
        return self.of_titles(np.arange(length) != row)


CONTEXT = tuple(one.name for one in fields(Context))
"""The names of what a context holds."""


@dataclass(frozen=True, slots=True)
class Impressions:
    """Titles that were shown and not played at once, the first time for each user and item."""

    user: Ints = field(default_factory=no_numbers)
    """`(rows,)`, sorted numbers of users."""
    item: Ints = field(default_factory=no_numbers)
    """`(rows,)`, numbers of items."""
    when: Ints = field(default_factory=no_numbers)
    """`(rows,)`, microseconds since 1970 or, in a log without times, an order."""

    @classmethod
    def numbered(
        cls, shown: pl.DataFrame, users: Sequence[str], items: Sequence[str]
    ) -> "Impressions":
        """What `first_impressions` found, of these users and items; both are sorted."""
        names = pl.Series(users, dtype=pl.String), pl.Series(items, dtype=pl.String)
        known = shown.filter(
            pl.col(USER).is_in(names[0].implode()), pl.col(ITEM).is_in(names[1].implode())
        ).sort(USER, ITEM)
        user, item = (
            name.search_sorted(known[column]).to_numpy().astype(np.int64)
            for name, column in zip(names, (USER, ITEM), strict=True)
        )
        return cls(user, item, known[WHEN].to_numpy().astype(np.int64))

    def keep(self, rows: npt.NDArray[np.bool_]) -> "Impressions":
        """The impressions that `rows` marks."""
        return Impressions(self.user[rows], self.item[rows], self.when[rows])

    def before(self, until: Ints) -> "Impressions":
        """Those from before an instant of each user, `(users,)`."""
        return self.keep(self.when < until[self.user])


def first_impressions(log: pl.DataFrame, *, timed: bool) -> pl.DataFrame:
    """`user, item, when` of the first time each title was shown to each user and not played."""
    when = pl.col(TIMESTAMP).dt.epoch("us") if timed else pl.col(ORDER)
    shown = log.filter(~pl.col(CLICK).fill_null(True))
    return shown.group_by(USER, ITEM).agg(when.min().alias(WHEN))


def device_numbers(devices: pl.Series) -> tuple[Ints, tuple[str, ...]]:
    """For each row the place of its device among all, -1 where unknown, and the devices, sorted.

    Without any device the first is empty.
    """
    known = devices.drop_nulls().unique().sort()
    if known.is_empty():
        return no_numbers(), ()
    places = devices.cast(pl.Enum(known)).to_physical().cast(pl.Int64).fill_null(-1)
    return places.to_numpy(), tuple(known)
