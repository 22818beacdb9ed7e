"""Curves whose labels can be worked out by hand: what people do anyway says nothing of a shot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.rank.audience_labels import labels_from_plays, labels_from_retention

SECONDS = np.arange(0, 101, dtype=float)
STARTS, ENDS = np.arange(0, 100, 10.0), np.arange(10, 101, 10.0)


def test_natural_decay_says_nothing_of_any_shot() -> None:
    """One in a hundred leaves each second, whatever is shown: every hazard is the expected one."""
    found = labels_from_retention(SECONDS, np.exp(-0.01 * SECONDS), STARTS, ENDS, viewers=1000)

    assert found.labels == pytest.approx(np.zeros(10), abs=1e-9)
    assert (found.weights > 0.9).all()


def test_the_shot_in_which_people_leave_is_the_lowest_and_one_in_which_none_do_the_highest() -> (
    None
):
    rate = np.full(100, 0.01)
    rate[30:40], rate[60:70] = 0.05, 0.0
    watching = np.exp(-np.concatenate([[0], np.cumsum(rate)]))

    found = labels_from_retention(SECONDS, watching, STARTS, ENDS, viewers=1000)

    assert found.labels.argmin() == 3
    assert found.labels.argmax() == 6
    assert found.labels[3] < 0 < found.labels[6]


def test_a_label_is_in_standard_errors_of_those_who_should_have_left() -> None:
    """A fall of 0.1 in the logarithm is usual; the second shot of nine short ones falls by 0.3.

    Shots of 10 s lie 0.74 widths (13.5 s) apart, so its two neighbours outweigh it.
    """
    seconds = np.arange(0, 91, 10.0)
    watching = np.exp(-np.cumsum([0, 0.1, 0.3, *[0.1] * 7]))
    starts, ends = seconds[:-1], seconds[1:]
    found = labels_from_retention(seconds, watching, starts, ends, viewers=1000)

    there = 1000 * np.exp(-0.1)
    assert found.labels[1] == pytest.approx((0.1 - 0.3) * there / np.sqrt(0.1 * there))
    assert np.delete(found.labels, 1) == pytest.approx(np.zeros(8))


def test_few_viewers_weigh_less_and_where_none_is_left_nothing_is_known() -> None:
    watching = np.exp(-0.01 * SECONDS)
    many = labels_from_retention(SECONDS, watching, STARTS, ENDS, viewers=10_000)
    few = labels_from_retention(SECONDS, watching, STARTS, ENDS, viewers=10)
    gone = labels_from_retention(
        SECONDS, np.where(SECONDS < 45, 0.5, 0.0), STARTS, ENDS, viewers=100
    )

    assert (many.weights > few.weights).all()
    assert np.isnan(gone.labels[4:]).all()
    assert (gone.weights[4:] == 0).all()
    assert np.isfinite(gone.labels[:4]).all()


def test_shots_that_the_curve_does_not_reach_are_unknown() -> None:
    found = labels_from_retention(SECONDS[:51], np.linspace(1, 0.5, 51), STARTS, ENDS, viewers=100)

    assert np.isfinite(found.labels).tolist() == [True] * 5 + [False] * 5


def test_a_rewatched_shot_stands_out_however_few_get_there() -> None:
    """Plays fall from 1000 to 500; shot 7 is played half as often again."""
    plays = np.linspace(1000, 500, 101)
    plays[70:80] *= 1.5

    found = labels_from_plays(SECONDS, plays, STARTS, ENDS)

    assert found.labels.argmax() == 7
    assert found.labels[7] > 0.2
    assert abs(found.labels[1]) < 0.1


def test_the_mean_of_a_shot_is_the_area_under_the_curve() -> None:
    """A curve of a single step in two equal shots: 10 plays, then 20, seen by both alike."""
    seconds = np.array([0.0, 10.0, 10.0 + 1e-9, 20.0])
    plays = np.array([10.0, 10.0, 20.0, 20.0])
    found = labels_from_plays(seconds, plays, np.array([0.0, 10.0]), np.array([10.0, 20.0]))

    assert found.labels.tolist() == pytest.approx([0, 0], abs=1e-6)  # each is usual where it lies
    assert found.weights.tolist() == pytest.approx([10 / 20, 20 / 30])


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(1, 1e6))
@settings(max_examples=40, deadline=None)
def test_whatever_the_curve_labels_are_numbers_where_they_count(
    seed: int, shots: int, viewers: float
) -> None:
    rng = np.random.default_rng(seed)
    seconds = np.cumsum(rng.uniform(0.1, 3, 50))
    watching = rng.uniform(0, 1, 50) * (rng.random(50) < 0.9)
    edges = np.sort(rng.uniform(0, seconds[-1] * 1.1, shots + 1)) + np.arange(shots + 1) * 1e-3
    for found in (
        labels_from_retention(seconds, watching, edges[:-1], edges[1:], viewers=viewers),
        labels_from_plays(seconds, watching * viewers, edges[:-1], edges[1:]),
    ):
        assert ((found.weights >= 0) & (found.weights <= 1)).all()
        assert np.isfinite(found.labels[found.weights > 0]).all()
        assert (found.weights[np.isnan(found.labels)] == 0).all()


@pytest.mark.parametrize(
    ("seconds", "watching", "viewers", "what"),
    [
        ([0, 1, 1], [1, 1, 1], 10, "rise"),
        ([0, 1, 2], [1, np.nan, 1], 10, "NaN"),
        ([0, 1, 2], [1, 2, 1], 10, r"\[0, 1\]"),
        ([0, 1, 2], [1, 1], 10, "no curve"),
        ([0, 1, 2], [1, 1, 1], 0, "above 0 viewers"),
    ],
)
def test_what_is_no_curve_is_refused(
    seconds: list[float], watching: list[float], viewers: float, what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        labels_from_retention(
            np.array(seconds, float),
            np.array(watching, float),
            np.array([0.0]),
            np.array([1.0]),
            viewers=viewers,
        )
