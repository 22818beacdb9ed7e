"""Logs small enough to check by eye, and one simulation that the tests share."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from recsys.logs.check import check_log
from recsys.simulate import Simulation, simulate

Plays = Sequence[tuple[str, str, int]]


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """300 users and 40 titles over 60 days."""
    return simulate(7, users=300, titles=40, days=60, plays_per_user=18)


@pytest.fixture(scope="session")
def log_of() -> Callable[[Plays], pl.DataFrame]:
    """Makes a log from `(user, item, hour)`."""

    def make(plays: Plays) -> pl.DataFrame:
        start = datetime(2025, 1, 1, tzinfo=UTC)
        raw = pl.DataFrame(
            [(user, item, start + timedelta(hours=hour)) for user, item, hour in plays],
            schema={
                "user": pl.String,
                "item": pl.String,
                "timestamp": pl.Datetime("us", "UTC"),
            },
            orient="row",
        )
        return check_log(raw, Path("plays")).rows.drop("row")

    return make
