"""Estimates from logged propensities find the value of another policy, where it is known."""

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.off_policy import Predictions, draw_list, policy_value

RATES = np.array([0.1, 0.2, 0.6])
"""The true chance of a click, by arm."""
LOGGED, TARGET = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.2, 0.7])
VALUE = float(TARGET @ RATES)


def log_of(seed: int, impressions: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    arm = chance.choice(3, impressions, p=LOGGED)
    return arm, (chance.random(impressions) < RATES[arm]).astype(float)


def test_all_three_estimates_find_the_value_and_the_plain_mean_does_not() -> None:
    arm, reward = log_of(0)
    half_right = Predictions(RATES[arm] / 2, np.full(len(arm), VALUE / 2))
    found = policy_value(reward, LOGGED[arm], TARGET[arm], predictions=half_right)
    assert found.doubly_robust is not None
    for estimate in (found.ips, found.snips, found.doubly_robust):
        assert estimate.low < VALUE < estimate.high
        assert estimate.value == pytest.approx(VALUE, rel=0.08)
    assert not found.ips.low < reward.mean() < found.ips.high
    assert 1 < found.effective < found.impressions


def test_right_predictions_narrow_the_doubly_robust_interval() -> None:
    arm, reward = log_of(1)
    right = Predictions(RATES[arm], np.full(len(arm), VALUE))
    found = policy_value(reward, LOGGED[arm], TARGET[arm], predictions=right)
    assert found.doubly_robust is not None
    width = found.doubly_robust.high - found.doubly_robust.low
    assert width < found.ips.high - found.ips.low


def test_the_policy_that_logged_has_the_mean_reward() -> None:
    reward, chances = np.array([1.0, 0.0, 0.0, 1.0]), np.full(4, 0.25)
    found = policy_value(reward, chances, chances)
    assert (found.ips.value, found.snips.value, found.effective) == (0.5, 0.5, 4.0)


def test_intervals_hold_the_value_about_95_times_of_100() -> None:
    held = 0
    for seed in range(100):
        arm, reward = log_of(seed, 1500)
        found = policy_value(reward, LOGGED[arm], TARGET[arm], resamples=200, seed=seed)
        held += found.snips.low <= VALUE <= found.snips.high
    assert 88 <= held <= 100


@pytest.mark.parametrize("wrong", [0.0, 1.5])
def test_a_propensity_out_of_range_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        policy_value(np.ones(1), np.array([wrong]), np.ones(1))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8), st.integers(1, 9), st.floats(0.0, 5.0))
def test_a_drawn_list_has_no_repeats_and_chances_above_0(
    scores: list[float], k: int, temperature: float
) -> None:
    drawn = draw_list(np.sort(scores)[::-1], k, temperature, np.random.default_rng(0))
    assert len(set(drawn.order.tolist())) == len(drawn.order) == min(k, len(scores))
    assert ((drawn.propensity > 0) & (drawn.propensity <= 1 + 1e-12)).all()
    if temperature == 0:
        assert drawn.order.tolist() == list(range(len(drawn.order)))


def test_titles_are_drawn_as_often_as_their_propensity_says() -> None:
    chance = np.random.default_rng(0)
    drawn = [draw_list(np.array([1.0, 0.5, 0.0]), 1, 1.0, chance) for _ in range(4000)]
    counts = Counter(int(one.order[0]) for one in drawn)
    for one in drawn[:20]:
        place = int(one.order[0])
        assert counts[place] / 4000 == pytest.approx(one.propensity[0], abs=0.03)


@pytest.mark.parametrize("campaign", ["men", "women"])
def test_the_random_policys_clicks_are_estimated_from_the_other_log(
    shared_data: Path, campaign: str
) -> None:
    """Both logs of the Open Bandit Data give the rate of clicks under uniform chances."""
    folder = shared_data / "logs" / "obd_small"
    other = pl.read_parquet(folder / f"bts_{campaign}.parquet")
    uniform = pl.read_parquet(folder / f"random_{campaign}.parquet")
    propensity = other["propensity_score"].to_numpy()
    target = np.full(len(propensity), uniform["propensity_score"].mean())
    reward = other["click"].to_numpy().astype(float)
    found = policy_value(reward, propensity, target)
    truth = float(uniform["click"].mean())  # type: ignore[arg-type]
    error = 1.96 * np.sqrt(truth * (1 - truth) / len(uniform))
    assert found.snips.low - error < truth < found.snips.high + error
