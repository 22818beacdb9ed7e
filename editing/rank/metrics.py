"""How well scores agree with annotators: correlation of ranks, precision at a budget, AP, HIT@1.

Annotators differ, so agreement is measured with each by itself and then averaged. Correlation with
their mean is another, higher number (it is what they share), and none of these functions gives it.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata, spearmanr

Scores = NDArray[np.floating]
Correlation = Callable[[Scores, Scores], float]


def kendall_tau(scores: Scores, annotators: Scores) -> float:
    """Mean over annotators of Kendall's tau-b with `scores`, in [-1, 1].

    tau-b (Kendall, "The treatment of ties in ranking problems", Biometrika 1945) counts ties, of
    which importance from 1 to 5 has many. Scores that are all alike rank nothing and get 0; an
    annotator who is so has no opinion to agree with and is left out.

    Args:
        scores: `(items,)`, finite.
        annotators: `(annotators, items)`; NaN where an annotator says nothing of an item.

    Returns:
        NaN where no annotator tells any two items apart.

    Raises:
        ValueError: The shapes do not fit, or a score is not finite.
    """
    return _mean_correlation(scores, annotators, _tau)


def spearman_rho(scores: Scores, annotators: Scores) -> float:
    """Mean over annotators of Spearman's rho with `scores`; all else is as in `kendall_tau`."""
    return _mean_correlation(scores, annotators, _rho)


def human_kendall_tau(annotators: Scores) -> float:
    """Mean of Kendall's tau-b over all pairs of annotators who tell items apart.

    Args:
        annotators: `(annotators, items)`, finite.

    Returns:
        In [-1, 1]; NaN with fewer than two such annotators.
    """
    return _mean_of_pairs(annotators, _tau)


def human_spearman_rho(annotators: Scores) -> float:
    """Mean of Spearman's rho over all pairs; all else is as in `human_kendall_tau`."""
    return _mean_of_pairs(annotators, _rho)


def precision_at_budget(
    scores: Scores, relevant: Scores, lengths: NDArray[np.number], share: float
) -> NDArray[np.float64]:
    """How much of the best-scored part of a film each annotator would have taken, in [0, 1].

    Items are taken from the best down until they fill `share` of the whole length. Items of equal
    score that do not all fit are all taken in the same proportion, so that no order among ties is
    favoured: what this gives is the mean over all ways to break them, where lengths are equal.

    Args:
        scores: `(items,)`, finite.
        relevant: `(annotators, items)`, in [0, 1]: how much of each item an annotator took.
        lengths: `(items,)`, above 0, in any unit.
        share: Of the whole length, in (0, 1].

    Returns:
        `(annotators,)`.

    Raises:
        ValueError: The shapes do not fit, or a number is out of its range.
    """
    _check(scores, relevant)
    amounts = np.asarray(lengths, np.float64)
    if amounts.shape != scores.shape or not (amounts > 0).all():
        raise ValueError(f"need {len(scores)} lengths above 0, got {lengths.shape = }")
    if not 0 < share <= 1:
        raise ValueError(f"need 0 < share <= 1, got {share}")
    budget = share * amounts.sum()
    level = rankdata(-np.asarray(scores, np.float64), method="dense") - 1  # 0 is the best
    in_level = np.bincount(level, amounts)
    before = np.cumsum(in_level) - in_level
    taken = np.clip((budget - before) / in_level, 0, 1)[level] * amounts  # (items,)
    precision: NDArray[np.float64] = np.asarray(relevant, np.float64) @ taken / taken.sum()
    return precision


def average_precision(scores: Scores, relevant: NDArray[np.bool_]) -> float:
    """Interpolated average precision, as QVHighlights measures it, in [0, 1].

    The mean, over the recalls that some threshold on the scores reaches, of the best precision at
    that recall or a higher one (Lei et al., "QVHighlights", NeurIPS 2021; the interpolation is
    that of PASCAL VOC 2010). 1 where all items are relevant, 0 where none is.

    Args:
        scores: `(items,)`, finite; at least one item.
        relevant: `(items,)`.

    Raises:
        ValueError: The shapes do not fit, or a score is not finite.
    """
    _check(scores, relevant[None])
    if relevant.all() or not relevant.any():
        return float(relevant[0])
    level = rankdata(-np.asarray(scores, np.float64), method="dense") - 1  # 0 is the best
    hits = np.cumsum(np.bincount(level, relevant.astype(np.float64)))  # at or above each threshold
    precision = hits / np.cumsum(np.bincount(level))
    interpolated = np.maximum.accumulate(precision[::-1])[::-1]
    rises = np.diff(hits, prepend=0.0) > 0
    return float(interpolated[rises].mean())


def hit_at_one(scores: Scores, relevant: NDArray[np.bool_]) -> bool:
    """Whether any annotator finds the best-scored item relevant; of equals, the first counts.

    Args:
        scores: `(items,)`, finite; at least one item.
        relevant: `(annotators, items)`; an item past its end is relevant to nobody.

    Raises:
        ValueError: A score is not finite.
    """
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError(f"need finite scores of some items, got {scores.shape = }")
    best = int(np.argmax(scores))
    return best < relevant.shape[1] and bool(relevant[:, best].any())


def _tau(a: Scores, b: Scores) -> float:
    return float(kendalltau(a, b).statistic)


def _rho(a: Scores, b: Scores) -> float:
    return float(spearmanr(a, b).statistic)


def _mean_correlation(scores: Scores, annotators: Scores, correlation: Correlation) -> float:
    _check(scores, annotators)
    found = []
    for row in annotators:
        known = ~np.isnan(row)
        if not _varies(row[known]):
            continue
        found.append(correlation(scores[known], row[known]) if _varies(scores[known]) else 0.0)
    return float(np.mean(found)) if found else float("nan")


def _mean_of_pairs(annotators: Scores, correlation: Correlation) -> float:
    rows = [row for row in annotators if _varies(row)]
    found = [correlation(a, b) for a, b in combinations(rows, 2)]
    return float(np.mean(found)) if found else float("nan")


def _varies(values: Scores) -> bool:
    return bool(len(values)) and bool((values != values[0]).any())


def _check(scores: Scores, annotators: NDArray[np.generic]) -> None:
    if scores.ndim != 1 or not len(scores) or annotators.shape[1:] != scores.shape:
        raise ValueError(f"annotations of {annotators.shape = } do not fit {scores.shape = }")
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite, and cannot be ranked")
