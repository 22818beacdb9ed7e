"""The figures of one video, and what a set of videos says of them: means and intervals.

Every figure is taken for each annotator and averaged; none is against their mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.benchmark.annotated_video import AnnotatedVideo
from editing.benchmark.summaries import f_scores, human_f_scores, summarise
from editing.rank.metrics import (
    human_kendall_tau,
    human_spearman_rho,
    kendall_tau,
    precision_at_budget,
    spearman_rho,
)

FIGURES = ("tau", "rho", "precision", "f_mean", "f_max")
"""Kendall's tau-b and Spearman's rho of the steps; precision of the best-scored share of the
frames; F of the knapsack's summary, by the mean over users and by the best user."""

Doubles = NDArray[np.float64]


def video_figures(video: AnnotatedVideo, scores: NDArray[np.floating], share: float) -> Doubles:
    """The figures of a ranker's scores, `(FIGURES,)`; NaN where the annotators prefer nothing.

    Args:
        video: Who annotated it judges.
        scores: `(steps,)`, finite.
        share: Of the frames, for precision and summary; in (0, 1].
    """
    annotators = video.annotators()
    overlap = f_scores(summarise(video, scores, share), video.user_summary)
    precision = precision_at_budget(scores, video.kept_of_steps(), video.lengths(), share)
    return np.array(
        [
            kendall_tau(scores, annotators),
            spearman_rho(scores, annotators),
            precision.mean(),
            overlap.mean(),
            overlap.max(),
        ]
    )


def human_figures(video: AnnotatedVideo, share: float) -> Doubles:
    """The figures of the annotators themselves, each against the others, `(FIGURES,)`.

    F is that of the summaries they made, not of a knapsack; NaN with fewer than two annotators.
    """
    annotators, kept, lengths = video.annotators(), video.kept_of_steps(), video.lengths()
    if len(annotators) < 2:
        return np.full(len(FIGURES), np.nan)
    precision = [
        precision_at_budget(row, np.delete(kept, i, axis=0), lengths, share).mean()
        for i, row in enumerate(annotators)
    ]
    tau, rho = human_kendall_tau(annotators), human_spearman_rho(annotators)
    return np.array([tau, rho, np.mean(precision), *human_f_scores(video.user_summary)])


def random_figures(
    video: AnnotatedVideo, share: float, chance: np.random.Generator, draws: int
) -> Doubles:
    """The mean figures of scores drawn at random, `(FIGURES,)`."""
    scores = chance.random((draws, video.steps))
    mean: Doubles = np.mean([video_figures(video, row, share) for row in scores], axis=0)
    return mean


def uniform_scores(steps: int) -> Doubles:
    """Scores by which any number of best steps lie about evenly over the video, `(steps,)`.

    The steps in the order of van der Corput: the first, the middle, the quarters, the eighths.
    """
    bits = max(1, (steps - 1).bit_length())
    reversed_bits = [int(f"{step:0{bits}b}"[::-1], 2) for step in range(steps)]
    return -np.array(reversed_bits, np.float64)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over videos and where it might have been with other videos."""

    mean: float
    low: float
    """Start of the 95 % interval; NaN from a single video."""
    high: float
    videos: int
    """How many have the figure."""


def estimates(
    rows: Sequence[Doubles], chance: np.random.Generator, resamples: int = 2000
) -> list[Estimate]:
    """The mean of each column, with the 2.5th and 97.5th percentile of a bootstrap over videos.

    Args:
        rows: One for each video, `(figures,)`; NaN where a video lacks a figure.
        chance: Where the draws come from.
        resamples: How many draws of as many videos, with replacement.
    """
    table = np.stack(rows)  # (videos, figures)
    picks = chance.integers(len(table), size=(resamples, len(table)))
    return [_estimate(column, picks) for column in table.T]


def _estimate(column: Doubles, picks: NDArray[np.int64]) -> Estimate:
    known = ~np.isnan(column)
    count = int(known.sum())
    if count < 2:
        mean = float(column[known][0]) if count else float("nan")
        return Estimate(mean, float("nan"), float("nan"), count)
    drawn = known[picks].sum(axis=1)
    sums = np.where(known, column, 0.0)[picks].sum(axis=1)
    low, high = np.percentile(sums[drawn > 0] / drawn[drawn > 0], [2.5, 97.5])
    return Estimate(float(column[known].mean()), float(low), float(high), count)
