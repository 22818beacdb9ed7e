"""A campaign ranks users by what was measured, holds some out by chance, and keeps its word."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from dashboard.commands.audience import audience_group
from recsys.audience.promotion import (
    CAMPAIGN_SCHEMA,
    HOLD_OUT,
    TARGET,
    Campaign,
    plan_campaign,
)
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions
from recsys.models.model import Recommender
from recsys.models.registry import make_model
from recsys.run import import_log, import_titles, train
from recsys.simulate import FILM, Simulation, simulate, write_simulation

TITLE = "t008"  # an animation, which families prefer


def ease(interactions: Interactions) -> Recommender:
    return make_model("ease").fit(interactions)


@pytest.fixture(scope="module")
def made() -> Simulation:
    """600 users, 24 titles, 90 days, some 8 plays each."""
    return simulate(11, users=600, titles=24, plays_per_user=8)


@pytest.fixture(scope="module")
def plan(made: Simulation) -> Campaign:
    return plan_campaign(made.log, TITLE, ease, segments=made.truth.segment_of, seed=3)


def test_nobody_who_has_played_the_title_is_in_its_campaign(
    plan: Campaign, made: Simulation
) -> None:
    seen = set(made.log.filter((pl.col("item") == TITLE) & pl.col("click"))["user"])
    assert plan.users.schema == CAMPAIGN_SCHEMA
    assert not set(plan.users["user"]) & seen
    assert plan.users["rank"].to_list() == list(range(1, plan.users.height + 1))
    assert plan.users["user"].n_unique() == plan.users.height


def test_the_hold_out_is_a_tenth_of_every_band(plan: Campaign) -> None:
    held = plan.users.group_by("band").agg(
        (pl.col("group") == HOLD_OUT).sum().alias("held"), pl.len()
    )
    for _, count, total in held.rows():
        assert abs(count - 0.1 * total) < 1
    target, held_out = plan.groups()
    assert target + held_out == plan.users.height
    assert set(plan.users["group"]) == {TARGET, HOLD_OUT}


def test_the_bands_are_what_was_measured_and_the_best_respond_most(plan: Campaign) -> None:
    assert len(plan.bands) == 10
    for band in plan.bands:
        assert band.rate == band.responses / band.users
        assert band.low <= band.rate <= band.high
    halves = [sum(b.responses for b in plan.bands[:5]), sum(b.responses for b in plan.bands[5:])]
    assert halves[0] > 1.3 * halves[1]
    total = sum(band.responses for band in plan.bands) / sum(band.users for band in plan.bands)
    assert plan.base_rate == pytest.approx(total)


def test_what_is_expected_comes_true() -> None:
    """Planned 14 days before the end; then it is seen who came. Summed over four audiences."""
    expected = observed = low = high = 0.0
    for seed in range(4):
        log = simulate(seed, users=600, titles=16, plays_per_user=6).log
        cut = log["timestamp"].max() - timedelta(days=14)  # type: ignore[operator]
        past, future = log.filter(pl.col("timestamp") < cut), log.filter(pl.col("timestamp") >= cut)
        users = plan_campaign(past, FILM, ease).users
        came = set(future.filter((pl.col("item") == FILM) & pl.col("click"))["user"])
        expected += float(users["expected_response"].sum())
        low, high = low + float(users["low"].sum()), high + float(users["high"].sum())
        observed += sum(user in came for user in users["user"])
    assert low < observed < high
    assert observed == pytest.approx(expected, rel=0.2)


def test_the_users_of_the_titles_own_segment_are_expected_to_respond_more(
    plan: Campaign, made: Simulation
) -> None:
    means = plan.users.group_by("segment").agg(pl.col("expected_response").mean())
    assert means.sort("expected_response")["segment"][-1] == "families"
    families = plan_campaign(
        made.log, TITLE, ease, segments=made.truth.segment_of, segment="families", size=50
    )
    assert families.users.height <= 50
    assert set(families.users["segment"]) == {"families"}


def test_one_seed_draws_one_hold_out(made: Simulation, plan: Campaign) -> None:
    again, other = (
        plan_campaign(made.log, TITLE, ease, segments=made.truth.segment_of, seed=s) for s in (3, 4)
    )
    assert again.users.equals(plan.users)
    assert not other.users["group"].equals(plan.users["group"])


def test_the_smallest_lift_is_its_formula(plan: Campaign) -> None:
    """(1.96 + 0.84) * sqrt(p (1 - p) (1/n + 1/m))."""
    n, m = plan.groups()
    p = float(np.mean(plan.users["expected_response"].to_numpy()))
    lift = (1.959964 + 0.841621) * (p * (1 - p) * (1 / n + 1 / m)) ** 0.5
    assert plan.smallest_lift() == pytest.approx(lift, rel=1e-5)


def test_a_log_that_cannot_tell_a_response_is_refused(made: Simulation) -> None:
    untimed = made.log.with_columns(timestamp=pl.lit(None, pl.Datetime("us", "UTC")), order=1)
    with pytest.raises(NoUsableRows, match="no timestamps"):
        plan_campaign(untimed, TITLE, ease)
    late = made.log.filter(
        (pl.col("item") != TITLE)
        | (pl.col("timestamp") > made.log["timestamp"].max() - timedelta(9))  # type: ignore[operator]
    )
    with pytest.raises(NoUsableRows, match="not played before the last 14 days"):
        plan_campaign(late, TITLE, ease)
    with pytest.raises(ValueError, match="hold_out"):
        plan_campaign(made.log, TITLE, ease, hold_out=1.0)


@pytest.mark.parametrize("model", ["popularity", "als"])  # without chance, and with a seed
def test_the_command_writes_a_campaign_file(tmp_path: Path, model: str) -> None:
    simulation = simulate(0, users=120, titles=12, days=60, plays_per_user=4)
    write_simulation(simulation, tmp_path / "log.parquet", tmp_path / "titles.parquet")
    space = tmp_path / "space"
    import_log([tmp_path / "log.parquet"], space / "logs")
    import_titles(tmp_path / "titles.parquet", space / "logs")
    train(space / "logs", space / "recommenders", model=model)
    title = simulation.titles["title"][1]

    def run(*words: object) -> object:
        call = ["promote", str(title), "-w", str(space), *map(str, words)]
        return CliRunner().invoke(audience_group, call)

    out = tmp_path / "campaign.csv"
    done = run("--out", out, "--size", 40, "--format", "json")
    assert done.exit_code == 0, done.output  # type: ignore[attr-defined]
    told = json.loads(done.stdout)  # type: ignore[attr-defined]
    users = pl.read_csv(out)
    assert users.columns == list(CAMPAIGN_SCHEMA)
    assert users.height == told["target"] + told["hold_out"] == 40
    assert told["simulated"]
    table = run()
    assert "against all" in table.stdout  # type: ignore[attr-defined]
    wrong = run("--segment", "nobody")
    assert "there is none of that name; there are" in str(wrong.exception)  # type: ignore[attr-defined]
