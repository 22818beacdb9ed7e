"""Planted groups are found, groups that are not there are not, and what is told of them is so."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from recsys.audience.grouping import count_groups, shuffled
from recsys.audience.portrait import portraits
from recsys.audience.representations import Represent, representation
from recsys.audience.steadiness import steadiness
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions
from recsys.models.registry import make_model
from recsys.viewing_log import TITLE_SCHEMA

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]
NO_TITLES = pl.DataFrame(schema=TITLE_SCHEMA)
SHELVES = 12
"""Titles of a kind."""


def fit(interactions: Interactions) -> Represent:
    return representation(make_model("als", embedding_size=8).fit(interactions))


def plays(
    groups: int, *, loyal: float, users: int = 240, seed: int = 0
) -> list[tuple[str, str, int]]:
    """Each user of a group takes 8 titles, `loyal` of them from the group's own shelf."""
    chance = np.random.default_rng(seed)
    rows = []
    for n in range(users):
        odds = np.ones(groups * SHELVES)
        own = np.arange(len(odds)) // SHELVES == n % groups
        odds[own] = loyal / max(1 - loyal, 1e-9) * (~own).sum() / own.sum() if groups > 1 else 1
        taken = chance.choice(len(odds), 8, replace=False, p=odds / odds.sum())
        rows += [(f"u{n:03d}", f"t{item:02d}", 24 * day) for day, item in enumerate(taken)]
    return rows


@pytest.mark.parametrize("groups", [2, 4])
def test_as_many_groups_are_found_as_were_planted(log_of: LogOf, groups: int) -> None:
    found = count_groups(Interactions.from_log(log_of(plays(groups, loyal=0.85))), fit)
    assert found.count == groups
    assert max(found.agreement, key=lambda one: one.value).count == groups
    assert "found again" in found.reason()


@pytest.mark.parametrize("seed", range(2))
def test_tastes_that_are_all_alike_make_no_groups(log_of: LogOf, seed: int) -> None:
    """Titles differ in popularity, users in nothing."""
    chance = np.random.default_rng(seed)
    odds = chance.dirichlet(np.full(40, 0.7)) + 0.002
    rows = [
        (f"u{n:03d}", f"t{item:02d}", 1)
        for n in range(240)
        for item in chance.choice(40, 8, replace=False, p=odds / odds.sum())
    ]
    found = count_groups(Interactions.from_log(log_of(rows)), fit, seed=seed)
    assert found.count == 1
    assert "no groups that can be found again" in found.reason()


def test_too_few_users_make_no_groups(log_of: LogOf) -> None:
    found = count_groups(Interactions.from_log(log_of(plays(2, loyal=1.0, users=12))), fit)
    assert (found.count, found.agreement) == (1, [])
    assert "too few users" in found.reason()


def test_a_shuffled_log_keeps_how_often_and_loses_what_belongs_together(log_of: LogOf) -> None:
    log = Interactions.from_log(log_of(plays(2, loyal=1.0)))
    dealt = shuffled(log, np.random.default_rng(0))
    assert np.diff(dealt.starts).tolist() == np.diff(log.starts).tolist()
    assert np.bincount(dealt.item).tolist() == np.bincount(log.item).tolist()
    assert all(len(set(history.tolist())) == len(history) for history in dealt.histories())
    own = [np.bincount(history // SHELVES, minlength=2).max() for history in dealt.histories()]
    assert np.mean(own) < 6.5  # 8 before


@pytest.mark.parametrize("name", ["ease", "knn", "transitions", "als"])
def test_every_model_that_tells_titles_apart_tells_users_apart(log_of: LogOf, name: str) -> None:
    """Of two camps without a title in common, the users of one point the same way."""
    log = Interactions.from_log(log_of(plays(2, loyal=1.0)))
    vectors = representation(make_model(name).fit(log))(log.histories())
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    camp = np.array([int(user[1:]) % 2 for user in log.users])
    alike = vectors @ vectors.T
    assert (
        alike[np.ix_(camp == 0, camp == 0)].mean()
        > alike[np.ix_(camp == 0, camp == 1)].mean() + 0.2
    )


def test_popularity_tells_nobody_apart(log_of: LogOf) -> None:
    log = Interactions.from_log(log_of(plays(2, loyal=1.0)))
    with pytest.raises(NoUsableRows, match="popularity scores all histories alike"):
        representation(make_model("popularity").fit(log))


def test_a_model_that_knows_other_titles_uses_those_it_knows(log_of: LogOf) -> None:
    log = Interactions.from_log(log_of(plays(2, loyal=1.0)))
    model = make_model("als").fit(log)
    plain = representation(model)([np.array([3, 5])])
    items = ["new", *log.items]  # every number is one more
    told = representation(model, items=items)([np.array([0, 4, 6]), np.array([0])])
    assert told[0] == pytest.approx(plain[0])
    assert not told[1].any()


def test_a_lift_and_its_interval_are_those_of_a_bootstrap_over_users(log_of: LogOf) -> None:
    """Forty users in two groups; one title is watched by 15 of the first 20, 5 of the others."""
    rows = [(f"u{n:02d}", "a", 1) for n in range(40) if n < 15 or n >= 35]
    rows += [(f"u{n:02d}", "b", 2) for n in range(40)]
    log = Interactions.from_log(log_of(rows))
    groups = (np.arange(40) >= 20).astype(np.int64)
    (favourite,) = portraits(log, groups, 2, NO_TITLES)[0].titles
    assert (favourite.name, favourite.lift) == ("a", pytest.approx((15 / 20) / (20 / 40)))

    chance = np.random.default_rng(0)
    watched = np.array([n < 15 or n >= 35 for n in range(40)])
    draws = []
    for _ in range(4000):
        drawn = chance.integers(40, size=40)
        here = groups[drawn] == 0
        draws.append(watched[drawn][here].mean() / watched[drawn].mean())
    low, high = np.percentile(draws, [2.5, 97.5])
    assert favourite.low == pytest.approx(low, abs=0.12)
    assert favourite.high == pytest.approx(high, abs=0.12)


def test_hours_and_devices_are_told_where_the_log_tells_them(log_of: LogOf) -> None:
    """The first ten play at 2 h on a phone, the others at 20 h on a television."""
    rows = [(f"u{n:02d}", "a", 2 if n < 10 else 20) for n in range(20)]
    log = log_of(rows).with_columns(
        device=pl.when(pl.col("user") < "u10").then(pl.lit("phone")).otherwise(pl.lit("tv"))
    )
    groups = (np.arange(20) >= 10).astype(np.int64)
    interactions = Interactions.from_log(log)
    first, second = portraits(interactions, groups, 2, NO_TITLES, log)
    assert [(one.name, one.lift) for one in first.devices] == [("phone", 2.0)]
    assert [(one.name, one.lift) for one in first.hours] == [("nights, 0 to 6 h", 2.0)]
    assert [one.name for one in second.hours] == ["evenings, 18 to 24 h"]
    assert portraits(interactions, groups, 2, NO_TITLES)[0].devices == []


def test_users_of_lasting_tastes_stay_and_others_stay_by_chance(log_of: LogOf) -> None:
    members = {f"u{n:03d}": n % 2 for n in range(240)}
    every, each = steadiness(log_of(plays(2, loyal=0.9)), members, 2, fit)
    assert every is not None and each[0] is not None
    assert every.low > 0.85 and every.chance == pytest.approx(0.5, abs=0.02)
    assert each[0].users + each[1].users == every.users  # type: ignore[union-attr]
    fickle, _ = steadiness(log_of(plays(2, loyal=0.5)), members, 2, fit)
    assert fickle is not None
    assert fickle.low < fickle.chance + 0.05 and fickle.share < 0.65
