"""Probabilities of watching a title mean what they say, on users they were not learned from."""

from math import log2
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from recsys.errors import NoUsableRows
from recsys.interactions import Interactions, first_plays
from recsys.models.registry import make_model
from recsys.reliability_plot import reliability_plot
from recsys.response import Calibration, calibrate, reliability
from recsys.simulate import Simulation
from recsys.splits import Split, time_split


@pytest.fixture(scope="module")
def split(simulation: Simulation) -> Split:
    return time_split(simulation.log, 0.25)


@pytest.fixture(scope="module")
def calibration(split: Split) -> Calibration:
    return calibrate(make_model("ease").fit(Interactions.from_log(split.train)), split)


def test_probabilities_are_those_that_come_true(calibration: Calibration) -> None:
    found = calibration.reliability
    assert found.error < 0.4  # a bin is off by less than a third, on average
    assert found.days == pytest.approx(15, abs=5)
    observed = [one.observed for one in found.bins]
    assert observed[-1] > 2 * observed[0]
    assert sum(one.plays for one in found.bins) > 200


def test_the_users_ranked_first_come_more_often(calibration: Calibration, split: Split) -> None:
    """Over all titles: of the first quarter of the ranking against the last."""
    model = make_model("ease").fit(Interactions.from_log(split.train))
    came = set(first_plays(split.test).select("user", "item").iter_rows())
    first, last, expected = [], [], []
    for item in model.items:
        ranked = calibration.rank(model, item)
        assert [r.probability for r in ranked] == sorted(r.probability for r in ranked)[::-1]
        quarter = len(ranked) // 4
        first += [(one.user, item) in came for one in ranked[:quarter]]
        last += [(one.user, item) in came for one in ranked[-quarter:]]
        expected += [one.probability for one in ranked]
    assert np.mean(first) > 2 * np.mean(last)
    assert np.mean(expected) == pytest.approx(calibration.reliability.rate, rel=0.25)


def test_who_watched_the_title_is_not_in_its_audience(
    calibration: Calibration, split: Split
) -> None:
    model = make_model("ease").fit(Interactions.from_log(split.train))
    listed = {one.user for one in calibration.rank(model, model.items[0])}
    watched = {user for user in model.users if 0 in model.history(user)}
    assert watched and listed == set(model.users) - watched


def test_reliability_by_hand() -> None:
    """Ten pairs at .1, one came; four at .8, two came: nothing to mend, and .8 where .5 is true."""
    predicted = np.array([0.1] * 10 + [0.8] * 4)
    label = np.array([1.0] + [0.0] * 9 + [1, 1, 0, 0])
    found = reliability(predicted, label, np.ones(14))
    assert found.rate == 3 / 14
    low, high = found.bins
    assert (low.plays, low.predicted, low.observed) == (1, pytest.approx(0.1), 0.1)
    assert (high.plays, high.predicted, high.observed) == (2, pytest.approx(0.8), 0.5)
    assert found.error == pytest.approx((0 + log2(0.8 / 0.5)) / 2)


def test_the_plot_has_a_dot_for_each_bin(tmp_path: Path) -> None:
    predicted, label = np.array([0.1] * 10 + [0.5] * 4), np.array([1.0] + [0.0] * 9 + [1, 1, 0, 0])
    found = reliability(predicted, label, np.ones(14), days=7.0)
    picture = ElementTree.fromstring(reliability_plot(found))
    assert len(picture.findall("{http://www.w3.org/2000/svg}circle")) == 2


def test_too_few_later_plays_are_an_error(split: Split) -> None:
    model = make_model("ease").fit(Interactions.from_log(split.train))
    few = Split(split.train, split.test.filter(pl.col("click")).head(5), "")
    with pytest.raises(NoUsableRows, match="it needs 60"):
        calibrate(model, few)
