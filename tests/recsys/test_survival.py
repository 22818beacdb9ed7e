"""Kaplan-Meier against published values, and viewers who may yet go on."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.audience.survival import kaplan_meier
from recsys.audience.viewing import cohorts, last_moment, viewing_of
from recsys.viewing_log import SCHEMA

START = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday


def rows(*plays: tuple[str, float, float, float]) -> pl.DataFrame:
    """Plays of a title of 100 s: user, day, from and to."""
    log = pl.DataFrame(
        [
            {
                "user": user,
                "item": "a",
                "timestamp": START + timedelta(days=day),
                "watched_seconds": to - start,
                "duration_seconds": 100.0,
                "from_seconds": start,
                "to_seconds": to,
            }
            for user, day, start, to in plays
        ]
    )
    missing = [pl.lit(None, dtype).alias(n) for n, dtype in SCHEMA.items() if n not in log.columns]
    return log.with_columns(missing).select(*SCHEMA).cast(SCHEMA)


def test_remission_under_6_mp_is_as_published() -> None:
    """Weeks of remission of 21 children with leukaemia, E. J. Freireich and others, Blood 21, 1963.

    The estimate and its standard error are those of textbooks (D. R. Cox and D. Oakes, Analysis of
    Survival Data, 1984; D. G. Kleinbaum and M. Klein, Survival Analysis, 2012), the intervals those
    that Stata's `sts list` prints, which uses the same scale.
    """
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    weeks = np.array([*ended, *censored], np.float64)
    curve = kaplan_meier(weeks, np.arange(21) < len(ended))

    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.ended.tolist() == [3, 1, 1, 1, 1, 1, 1]
    published = {
        "survival": [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482],
        "standard_error": [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346],
        "low": [0.6197, 0.5631, 0.5032, 0.4316, 0.3675, 0.2678, 0.1881],
        "high": [0.9516, 0.9228, 0.8894, 0.8491, 0.8049, 0.7468, 0.6801],
    }
    for name, values in published.items():
        assert getattr(curve, name).tolist() == pytest.approx(values, abs=5e-5), name
    assert curve.at(np.array([5.9, 6.0, 22.5]))[0] == pytest.approx([1, 6 / 7, 0.5378], abs=5e-5)


def test_the_placebo_group_has_all_gone_at_the_end() -> None:
    """The other arm of the same trial: nobody was censored, so it is the plain share left."""
    weeks = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])
    curve = kaplan_meier(weeks.astype(np.float64), np.ones(21, np.bool_))
    shares = [(weeks > week).mean() for week in curve.times]
    assert curve.survival.tolist() == pytest.approx(shares)
    assert (curve.survival[-1], curve.low[-1]) == (0, 0)
    assert curve.high[-1] == curve.high[-2]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40))
def test_a_curve_falls_and_lies_in_its_interval(subjects: list[tuple[int, bool]]) -> None:
    lasted = np.array([float(time) for time, _ in subjects])
    curve = kaplan_meier(lasted, np.array([end for _, end in subjects], np.bool_))
    assert (np.diff(curve.survival) < 0).all()
    assert (curve.low <= curve.survival + 1e-12).all()
    assert (curve.survival <= curve.high + 1e-12).all()
    assert ((curve.low >= 0) & (curve.high <= 1)).all()


def test_wrong_times_are_refused() -> None:
    with pytest.raises(ValueError, match="1 times and 2 ends"):
        kaplan_meier(np.ones(1), np.ones(2, np.bool_))
    with pytest.raises(ValueError, match="finite numbers, 0 or more"):
        kaplan_meier(np.array([-1.0]), np.ones(1, np.bool_))


def test_who_stopped_shortly_before_the_log_ends_may_go_on() -> None:
    """Of four viewers, one saw all, one left at 50 s, and one stopped an hour before the end."""
    log = rows(("all", 0, 0, 100), ("left", 0, 0, 50), ("last", 10, 0, 100), ("now", 9.96, 0, 30))
    end = last_moment(log.lazy())
    assert end == START + timedelta(days=10, seconds=100)
    viewing = viewing_of(log, end)
    assert viewing is not None
    assert viewing.reached.tolist() == [100, 50, 100, 30]
    assert viewing.left.tolist() == [False, True, False, False]
    assert viewing.may_go_on.tolist() == [False, False, False, True]
    # Three had got to 50 s and were still watched, and one of them left.
    assert viewing.survival().at(np.array([40.0, 60.0]))[0].tolist() == [1, pytest.approx(2 / 3)]
    assert viewing_of(log, end, resume_hours=0.1).left.tolist()[3]  # type: ignore[union-attr]


def test_in_a_log_without_times_nobody_may_go_on() -> None:
    log = rows(("u", 0, 0, 50)).with_columns(timestamp=pl.lit(None, SCHEMA["timestamp"]), order=1)
    viewing = viewing_of(log, last_moment(log.lazy()))
    assert viewing is not None
    assert viewing.left.tolist() == [True]
    assert cohorts(viewing, "week") == []


def test_a_viewer_is_in_the_cohort_of_the_first_play() -> None:
    """u comes on Monday and again a week later; v on the Sunday between; w on the next Monday."""
    log = rows(("u", 7, 0, 100), ("u", 0, 0, 20), ("v", 6, 0, 40), ("w", 7, 0, 60))
    viewing = viewing_of(log, None)
    assert viewing is not None
    found = cohorts(viewing, "week")
    assert [(c.begins, c.viewing.reached.tolist()) for c in found] == [
        ("2025-01-06", [100.0, 40.0]),
        ("2025-01-13", [60.0]),
    ]
    assert found[0].viewing.curve().again.sum() == 20
    assert found[1].viewing.curve().again.sum() == 0
    assert [c.begins for c in cohorts(viewing, "month")] == ["2025-01-01"]


def test_correcting_for_who_may_go_on_undoes_the_bias_of_a_log_that_is_cut_short() -> None:
    """All leave evenly over 100 s, but half of the log was cut off as they watched."""
    chance = np.random.default_rng(0)
    plays = []
    for n in range(4000):
        leaves, cut = chance.uniform(0, 125), chance.uniform(0, 100)
        ends_now = n % 2 == 0 and cut < leaves
        day = 10 - cut / 86_400 if ends_now else 0.0
        plays.append((f"u{n}", day, 0.0, float(min(cut if ends_now else leaves, 100))))
    log = rows(*plays, ("last", 10, 0, 1e-6))
    viewing = viewing_of(log, last_moment(log.lazy()))
    assert viewing is not None
    (share,), (low,), (high,) = viewing.survival().at(np.array([80.0]))
    assert low < 1 - 80 / 125 < high
    plain = viewing.curve().retention()[0][80]
    assert plain < low, "the plain share takes those still watching for gone"
    assert share == pytest.approx(1 - 80 / 125, abs=0.03)
