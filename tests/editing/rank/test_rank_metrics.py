"""Agreement with annotators: by hand on few items, by its laws on any, and as published on known
annotations."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from editing.rank.metrics import (
    average_precision,
    hit_at_one,
    human_kendall_tau,
    human_spearman_rho,
    kendall_tau,
    precision_at_budget,
    spearman_rho,
)

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 1))  # rounded, so that ties happen


def items(count: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, count, elements=numbers)


def test_tau_and_rho_of_four_items_by_hand() -> None:
    """Of six pairs one is the other way round: tau (5 - 1) / 6; ranks differ by 0, 0, 1, 1."""
    scores, annotator = np.array([1.0, 2.0, 3.0, 4.0]), np.array([[1.0, 2.0, 4.0, 3.0]])

    assert kendall_tau(scores, annotator) == pytest.approx((5 - 1) / 6)
    assert spearman_rho(scores, annotator) == pytest.approx(1 - 6 * (0 + 0 + 1 + 1) / (4 * 15))


def test_tau_counts_ties_as_tau_b_does() -> None:
    """Three items, the annotator ties two: 2 pairs agree, of 3 and of 2 that are no ties."""
    tau = kendall_tau(np.array([1.0, 2.0, 3.0]), np.array([[1.0, 1.0, 2.0]]))

    assert tau == pytest.approx(2 / np.sqrt(3 * 2))


def test_agreement_is_with_each_annotator_and_never_with_their_mean() -> None:
    """Two annotators who contradict each other: their mean would agree with the scores fully."""
    scores = np.array([1.0, 2.0, 3.0])
    annotators = np.array([[1.0, 3.0, 9.0], [3.0, 2.0, 1.0]])

    assert kendall_tau(scores, annotators.mean(axis=0)[None]) == pytest.approx(1)
    assert kendall_tau(scores, annotators) == pytest.approx((1 - 1) / 2)


def test_an_annotator_without_a_preference_is_left_out_and_flat_scores_get_nothing() -> None:
    flat, rising = np.ones(3), np.array([1.0, 2.0, 3.0])

    assert kendall_tau(rising, np.stack([flat, rising])) == pytest.approx(1)
    assert kendall_tau(flat, rising[None]) == 0
    assert np.isnan(kendall_tau(rising, flat[None]))


def test_what_an_annotator_does_not_say_is_left_out() -> None:
    annotators = np.array([[1.0, np.nan, 2.0, 3.0]])

    assert kendall_tau(np.array([1.0, 99.0, 2.0, 3.0]), annotators) == pytest.approx(1)


def test_people_are_compared_pair_by_pair() -> None:
    """Taus of the three pairs: 1, -1, -1."""
    people = np.array([[1.0, 2.0], [3.0, 5.0], [2.0, 1.0]])

    assert human_kendall_tau(people) == pytest.approx((1 - 1 - 1) / 3)
    assert human_spearman_rho(people) == pytest.approx((1 - 1 - 1) / 3)


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        kendall_tau(np.array([1.0, np.nan]), np.ones((1, 2)))
    with pytest.raises(ValueError, match="do not fit"):
        kendall_tau(np.ones(2), np.ones((1, 3)))


@given(items(12), items(12))
def test_the_reverse_of_a_ranking_has_the_opposite_agreement(a: np.ndarray, b: np.ndarray) -> None:
    tau = kendall_tau(a, b[None])
    if not np.isnan(tau):
        assert kendall_tau(-a, b[None]) == pytest.approx(-tau)
        assert -1 - 1e-9 <= tau <= 1 + 1e-9
        assert kendall_tau(3 * a + 7, b[None]) == pytest.approx(tau)


def test_precision_of_the_best_quarter_by_hand() -> None:
    """Of 8 seconds 2 fit: the item of 1 s, then half of that of 2 s. One user took the first."""
    scores, seconds = np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 5.0])
    relevant = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 1.0]])

    precision = precision_at_budget(scores, relevant, seconds, 0.25)

    assert precision == pytest.approx([1 / 2, 1 * 0.5 / 2])


def test_equal_scores_share_the_budget_so_order_does_not_matter() -> None:
    relevant = np.array([[1.0, 0.0, 0.0, 0.0]])

    assert precision_at_budget(np.zeros(4), relevant, np.ones(4), 0.25) == pytest.approx(1 / 4)
    assert precision_at_budget(np.zeros(4), relevant[:, ::-1], np.ones(4), 0.25) == pytest.approx(
        1 / 4
    )


@given(items(9), arrays(np.float64, (3, 9), elements=st.floats(0, 1)), st.floats(0.01, 1))
def test_precision_is_a_share_and_that_of_everything_is_the_base_rate(
    scores: np.ndarray, relevant: np.ndarray, share: float
) -> None:
    lengths = np.arange(1, 10)
    precision = precision_at_budget(scores, relevant, lengths, share)

    assert ((precision >= -1e-9) & (precision <= 1 + 1e-9)).all()
    everything = precision_at_budget(scores, relevant, lengths, 1.0)
    assert everything == pytest.approx(relevant @ lengths / lengths.sum())


def test_average_precision_by_hand() -> None:
    """Relevant at ranks 1, 4 and 5: precisions 1, 2/4 and 3/5; at recall 2/3 the best is 3/5."""
    scores = np.array([5.0, 4.0, 3.0, 2.0, 1.0])

    found = average_precision(scores, np.array([True, False, False, True, True]))

    assert found == pytest.approx((1 + 3 / 5 + 3 / 5) / 3)


def test_average_precision_without_a_choice_is_all_or_nothing() -> None:
    assert average_precision(np.array([2.0, 1.0]), np.array([True, True])) == 1
    assert average_precision(np.array([2.0, 1.0]), np.array([False, False])) == 0


def test_average_precision_takes_items_of_equal_score_together() -> None:
    """All four share one threshold, at which one in four is relevant."""
    assert average_precision(np.ones(4), np.array([True, False, False, False])) == 1 / 4


@given(items(10), arrays(np.bool_, 10))
def test_average_precision_is_never_below_the_base_rate(
    scores: np.ndarray, relevant: np.ndarray
) -> None:
    """At full recall the precision is at least the base rate, and interpolation only rises."""
    found = average_precision(scores, relevant)

    assert relevant.mean() - 1e-9 <= found <= 1 + 1e-9
    order = np.argsort(-scores, kind="stable")
    if all(a > b for a, b in pairwise(scores[order])) and relevant.any():
        perfect = relevant[order][: relevant.sum()].all()
        assert (found == pytest.approx(1)) == perfect


def test_a_hit_is_the_best_item_by_any_annotator() -> None:
    relevant = np.array([[False, False, True], [False, True, False]])

    assert hit_at_one(np.array([0.0, 5.0, 1.0]), relevant)
    assert not hit_at_one(np.array([5.0, 0.0, 1.0]), relevant)
    assert not hit_at_one(np.array([0.0, 0.0, 1.0, 5.0]), relevant)  # past the annotated end
