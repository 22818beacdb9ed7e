"""Summaries by knapsack, their F-scores, and the figures that are made of them."""

from collections.abc import Callable
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editing.benchmark.annotated_video import AnnotatedVideo
from editing.benchmark.figures import (
    FIGURES,
    estimates,
    human_figures,
    random_figures,
    uniform_scores,
    video_figures,
)
from editing.benchmark.summaries import f_scores, human_f_scores, knapsack, summarise

items = st.lists(st.tuples(st.integers(-3, 20), st.integers(1, 8)), min_size=1, max_size=9)


@given(items, st.integers(0, 30))
def test_no_other_choice_of_items_is_worth_more(
    pairs: list[tuple[int, int]], capacity: int
) -> None:
    values, lengths = np.array(pairs, np.int64).T
    chosen = knapsack(values.astype(np.float64), lengths, capacity)

    assert lengths[chosen].sum() <= capacity
    everything = range(len(pairs))
    subsets = chain.from_iterable(combinations(everything, n) for n in range(len(pairs) + 1))
    best = max(values[list(s)].sum() for s in subsets if lengths[list(s)].sum() <= capacity)
    assert values[chosen].sum() == best


def test_f_scores_by_hand() -> None:
    """Two frames kept, one of them by the user, who kept three: 2 * 1 / (2 + 3)."""
    summary = np.array([1, 1, 0, 0, 0], bool)
    users = np.array([[0, 1, 1, 1, 0], [0, 0, 0, 0, 1], [1, 1, 0, 0, 0]], bool)

    assert f_scores(summary, users) == pytest.approx([2 / 5, 0, 1])
    assert f_scores(np.zeros(5, bool), np.zeros((1, 5), bool)) == pytest.approx([0])


def test_people_are_judged_by_each_other() -> None:
    """F of the pairs: (a, b) 1, (a, c) 0, (b, c) 0."""
    users = np.array([[1, 0], [1, 0], [0, 1]], bool)

    assert human_f_scores(users) == pytest.approx(((0.5 + 0.5 + 0) / 3, (1 + 1 + 0) / 3))


@pytest.fixture
def video() -> AnnotatedVideo:
    """Ten steps of ten frames, five segments of twenty frames; the one user kept the second."""
    kept = np.zeros((1, 100), bool)
    kept[0, 20:40] = True
    starts = np.arange(0, 100, 20)
    return AnnotatedVideo(
        features=np.eye(10, dtype=np.float32),
        gtscore=np.zeros(10, np.float32),
        user_summary=kept,
        change_points=np.stack([starts, starts + 19], axis=1),
        picks=np.arange(0, 100, 10),
    )


def test_the_best_segment_that_fits_is_the_summary(video: AnnotatedVideo) -> None:
    scores = np.array([0, 0, 5, 4, 1, 9, 0, 0, 0, 0.0])  # segment means 0, 4.5, 5, 0, 0

    assert np.flatnonzero(summarise(video, scores, 0.2)).tolist() == list(range(40, 60))
    assert np.flatnonzero(summarise(video, scores, 0.4)).tolist() == list(range(20, 60))
    assert not summarise(video, scores, 0.15).any()  # no segment is that short


def test_a_summary_does_not_depend_on_the_scale_of_scores(video: AnnotatedVideo) -> None:
    scores = np.random.default_rng(0).normal(size=10)

    np.testing.assert_array_equal(
        summarise(video, scores, 0.4), summarise(video, 100 * scores - 7, 0.4)
    )


def test_figures_of_scores_that_match_the_user(video: AnnotatedVideo) -> None:
    scores = np.array([0, 0, 1, 1, 0, 0, 0, 0, 0, 0.0])

    found = dict(zip(FIGURES, video_figures(video, scores, 0.2), strict=True))

    assert found == pytest.approx({"tau": 1, "rho": 1, "precision": 1, "f_mean": 1, "f_max": 1})


def test_random_scores_agree_with_nobody_but_take_the_base_rate(video: AnnotatedVideo) -> None:
    found = random_figures(video, 0.2, np.random.default_rng(0), draws=400)
    tau, _, precision, *_ = found

    assert abs(tau) < 0.05
    assert precision == pytest.approx(0.2, abs=0.03)


def test_one_annotator_alone_has_nobody_to_agree_with(video: AnnotatedVideo) -> None:
    assert np.isnan(human_figures(video, 0.2)).all()


def test_people_who_agree_reach_the_best_figures(video: AnnotatedVideo) -> None:
    twice = AnnotatedVideo(
        video.features,
        video.gtscore,
        np.repeat(video.user_summary, 2, axis=0),
        video.change_points,
        video.picks,
    )

    assert human_figures(twice, 0.2) == pytest.approx(np.ones(5))


@pytest.mark.parametrize("steps", [1, 2, 7, 16, 100])
def test_uniform_scores_take_steps_that_lie_apart(steps: int) -> None:
    order = np.argsort(-uniform_scores(steps), kind="stable")

    assert sorted(order.tolist()) == list(range(steps))
    best = np.sort(order[: max(1, steps // 4)])
    assert (np.diff(best) >= 2).all()


def test_intervals_hold_the_mean_and_tell_missing_figures() -> None:
    rows = [np.array([0.1 * i, np.nan, 1.0 if i == 0 else np.nan]) for i in range(11)]

    first, nothing, single = estimates(rows, np.random.default_rng(0))

    assert first.mean == pytest.approx(0.5)
    assert first.low < 0.5 < first.high
    assert first.videos == 11
    assert np.isnan(nothing.mean)
    assert nothing.videos == 0
    assert single.mean == 1
    assert np.isnan(single.low)


def test_the_bootstrap_has_the_known_width() -> None:
    """Of 100 numbers with deviation 1, the mean is within 1.96 / 10 of the truth 19 times of 20."""
    values = np.random.default_rng(1).normal(size=100)
    values = (values - values.mean()) / values.std()

    (found,) = estimates([np.array([v]) for v in values], np.random.default_rng(0))

    assert found.high - found.low == pytest.approx(2 * 1.96 / 10, rel=0.1)


def test_the_figures_of_a_planted_video_are_in_range(
    make_video: Callable[..., AnnotatedVideo],
) -> None:
    video = make_video(3)
    figures = video_figures(video, video.gtscore.astype(np.float64), 0.15)

    assert ((figures >= -1) & (figures <= 1)).all()
    assert figures[0] > 0.5  # the mean over annotators agrees with each of them
