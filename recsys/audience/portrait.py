"""What sets each segment apart, in readable terms: titles, genres, hours and devices.

A lift is the segment's share over everyone's, such as the share of its plays that are on a phone.
Its interval is that of users drawn anew into segments that stay as they are: the logarithm of a
ratio of sums, linearised (W. G. Cochran, Sampling Techniques, 1977, section 6). The grouping itself
looks for what differs in titles, so their lifts, and those of genres, describe and do not test.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse
from scipy.stats import norm

from recsys.interactions import Interactions, Ints, played
from recsys.viewing_log import DEVICE, GENRE, ITEM, TIMESTAMP, TITLE, USER

Doubles = npt.NDArray[np.float64]

FEWEST_VIEWERS = 5
"""Fewer users of a segment say nothing about it."""
MOST_TITLES = 5
HOURS = {0: "nights, 0 to 6 h", 6: "mornings, 6 to 12 h", 12: "afternoons, 12 to 18 h"}
HOURS |= {18: "evenings, 18 to 24 h"}
"""By the first hour of each, UTC."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """Something that a segment watches, or does, more than others do."""

    name: str
    lift: float
    """The segment's share over everyone's."""
    low: float = 0.0
    high: float = float("inf")
    """95 % interval of the lift."""
    apart: bool = True
    """Above 1 beyond chance, with all of its kind and all segments accounted for (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """What one segment does more than others; each list by lift, highest first."""

    genres: list[Favourite]
    """All that are known."""
    titles: list[Favourite]
    """At most `MOST_TITLES`, each above 1."""
    hours: list[Favourite]
    """Parts of the day (UTC); empty where times are not told."""
    devices: list[Favourite]
    """Empty where devices are not told."""


@dataclass(frozen=True, slots=True)
class _Traits:
    """How often each user did each of some things."""

    names: list[str]
    counts: sparse.csr_array
    """`(users, traits)`."""
    totals: Doubles
    """`(users,)`: of how many each count is a part."""


def portraits(
    interactions: Interactions,
    groups: Ints,
    count: int,
    titles: pl.DataFrame,
    log: pl.DataFrame | None = None,
) -> list[Portrait]:
    """Describe each group of users.

    Args:
        interactions: What the users watched.
        groups: `(users,)`, numbers of groups from 0.
        count: How many groups.
        titles: With the columns of `viewing_log.TITLE_SCHEMA`; may be empty.
        log: The rows behind the interactions, for hours and devices; none of them if None.
    """
    kinds = (
        _genres(interactions, titles),
        _titles(interactions, titles),
        _hours(interactions, log),
        _plays(interactions, log, DEVICE),
    )
    genres, watched, hours, devices = (_lifts(kind, groups, count) for kind in kinds)
    return [
        Portrait(
            genres=genres[group],
            titles=[one for one in watched[group] if one.lift > 1][:MOST_TITLES],
            hours=hours[group],
            devices=devices[group],
        )
        for group in range(count)
    ]


def _genres(interactions: Interactions, titles: pl.DataFrame) -> _Traits:
    """Of a user's titles with a genre, how many are of each."""
    genre_of = dict(titles.select(ITEM, GENRE).drop_nulls().iter_rows())
    genre = [genre_of.get(item) for item in interactions.items]
    names = sorted(set(genre_of.values()) & set(genre))
    number = {name: place for place, name in enumerate(names)}
    known = [place for place, name in enumerate(genre) if name is not None]
    of_genre = sparse.csr_array(
        (np.ones(len(known)), (known, [number[str(genre[place])] for place in known])),
        shape=(len(genre), len(names)),
    )
    return _traits(names, sparse.csr_array(interactions.matrix().astype(np.float64) @ of_genre))


def _titles(interactions: Interactions, titles: pl.DataFrame) -> _Traits:
    """Which titles a user watched; each user counts once."""
    title_of = dict(titles.select(ITEM, TITLE).drop_nulls().iter_rows())
    names = [title_of.get(item, item) for item in interactions.items]
    counts = sparse.csr_array(interactions.matrix().astype(np.float64))
    return _Traits(names, counts, np.ones(len(interactions.users)))


def _hours(interactions: Interactions, log: pl.DataFrame | None) -> _Traits:
    if log is None:
        return _plays(interactions, None, "part")
    first = pl.col(TIMESTAMP).dt.hour() // 6 * 6
    return _plays(
        interactions, log.with_columns(first.replace_strict(HOURS, default=None).alias("part")),
        "part",
    )  # fmt: skip


def _plays(interactions: Interactions, log: pl.DataFrame | None, column: str) -> _Traits:
    """Of a user's plays that tell a column, how many have each of its values."""
    users = len(interactions.users)
    if log is None:
        return _Traits([], sparse.csr_array((users, 0)), np.zeros(users))
    rows = played(log).select(USER, column).drop_nulls()
    counted = rows.group_by(USER, column).len()
    names = counted[column].unique().sort().to_list()
    place = {user: number for number, user in enumerate(interactions.users)}
    counted = counted.filter(pl.col(USER).is_in(interactions.users))
    user = [place[name] for name in counted[USER]]
    trait = np.searchsorted(np.array(names, dtype=str), counted[column].to_numpy().astype(str))
    cells = (counted["len"].to_numpy().astype(np.float64), (user, trait))
    return _traits(names, sparse.csr_array(cells, shape=(users, len(names))))


def _traits(names: list[str], counts: sparse.csr_array) -> _Traits:
    return _Traits(names, counts, np.asarray(counts.sum(axis=1), np.float64).ravel())


def _lifts(traits: _Traits, groups: Ints, count: int) -> list[list[Favourite]]:
    """For each group its traits, highest lift first; those of too few users are left out."""
    if not traits.names:
        return [[] for _ in range(count)]
    users = len(groups)
    member = sparse.csr_array((np.ones(users), (groups, np.arange(users))), shape=(count, users))
    a, b = traits.counts, traits.totals
    doers = np.asarray((member @ (a > 0).astype(np.float64)).todense())  # (groups, traits)
    sums = np.asarray((member @ a).todense())
    squares = np.asarray((member @ a.multiply(a)).todense())
    products = np.asarray((member @ a.multiply(b[:, None]).tocsr()).todense())
    whole, whole_squares = member @ b, member @ b**2  # (groups,)
    with np.errstate(divide="ignore", invalid="ignore"):
        lift, spread = _log_lift(sums, squares, products, whole, whole_squares)
        low, high = (np.exp(np.log(lift) + side * 1.96 * spread) for side in (-1, 1))
        z = norm.isf(0.05 / max(lift.size, 1))
        apart = np.log(lift) > z * spread
    found = []
    for group in range(count):
        told = np.flatnonzero(doers[group] >= min(FEWEST_VIEWERS, users))
        order = sorted(told, key=lambda n: (-lift[group, n], traits.names[n]))
        found.append(
            [
                Favourite(
                    name=traits.names[n],
                    lift=float(lift[group, n]),
                    low=float(low[group, n]),
                    high=float(high[group, n]),
                    apart=bool(apart[group, n]),
                )
                for n in order
            ]
        )
    return found


def _log_lift(
    sums: Doubles, squares: Doubles, products: Doubles, whole: Doubles, whole_squares: Doubles
) -> tuple[Doubles, Doubles]:
    """`(groups, traits)`: the lift, and the standard error of its logarithm.

    With sums A, B over all users and A', B' over the group, `lift = A' / B' / (A / B)`. A user of
    the group moves its logarithm by `a (1/A' - 1/A) - b (1/B' - 1/B)`, another one by
    `b / B - a / A`; the variance is the sum of their squares.
    """
    total, total_whole = sums.sum(axis=0), whole.sum()
    here, there = 1 / sums - 1 / total, (1 / whole - 1 / total_whole)[:, None]
    inside = here**2 * squares - 2 * here * there * products + there**2 * whole_squares[:, None]
    others = (squares.sum(axis=0) - squares) / total**2
    others -= 2 * (products.sum(axis=0) - products) / (total * total_whole)
    others += (whole_squares.sum() - whole_squares)[:, None] / total_whole**2
    lift = sums / whole[:, None] / (total / total_whole)
    return lift, np.sqrt(np.maximum(inside + others, 0))


def strongest(found: Sequence[Favourite], least: float) -> list[str]:
    """The names of those that set a segment apart by a lift of `least` or more."""
    return [one.name for one in found if one.apart and one.lift >= least]
