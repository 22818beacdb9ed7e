"""Ranking metrics at k from a full ranking, one value for each user.

A relevant title is a title of the test log; relevance is 0 or 1. Each function takes where the
hits are among the first k, and how many titles were relevant, and agrees with `trec_eval`.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recsys.interactions import Floats, Ints

Hits = npt.NDArray[np.bool_]
"""`(users, k)`: whether the title at each rank is relevant."""
Doubles = npt.NDArray[np.float64]

Metric = Callable[[Hits, Ints], Doubles]


def top_k(scores: Floats, k: int) -> Ints:
    """The numbers of the k best items of each row, best first; ties go to the lower number.

    Args:
        scores: `(users, items)`, no NaN.
        k: At least 1; more than there are items gives all of them.

    Returns:
        `(users, min(k, items))`.

    Raises:
        ValueError: A score is NaN, which has no rank, or k is below 1.
    """
    if k < 1:
        raise ValueError(f"need k >= 1, got {k}")
    if np.isnan(scores).any():
        raise ValueError("a score is NaN, which has no rank")
    k = min(k, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]  # (users, k), of ties at the edge any
    edge = np.take_along_axis(scores, best, axis=1).min(axis=1, keepdims=True)  # (users, 1)
    tied = (scores >= edge).sum(axis=1) > k
    best[tied] = np.argsort(-scores[tied], axis=1, kind="stable")[:, :k]
    best.sort(axis=1)
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def ndcg(hits: Hits, relevant: Ints) -> Doubles:
    """Normalised discounted cumulative gain, `sum(1 / log2(rank + 1))` over that of a perfect list.

    Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002.

    Args:
        hits: `(users, k)`.
        relevant: `(users,)`, > 0; how many titles are relevant.

    Returns:
        `(users,)`, in [0, 1]; likewise for the other metrics.
    """
    discounts: Doubles = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    perfect = np.cumsum(discounts)[np.minimum(relevant, hits.shape[1]) - 1]
    return np.asarray((hits * discounts).sum(axis=1) / perfect)


def recall(hits: Hits, relevant: Ints) -> Doubles:
    """The share of the relevant titles that are among the first k."""
    return np.asarray(hits.sum(axis=1) / relevant)


def hit_rate(hits: Hits, relevant: Ints) -> Doubles:
    """1 if any of the first k is relevant, else 0."""
    return np.asarray(hits.any(axis=1), np.float64)


def mrr(hits: Hits, relevant: Ints) -> Doubles:
    """One over the rank of the first relevant title, 0 if it is not among the first k."""
    return np.asarray(hits.any(axis=1) / (hits.argmax(axis=1) + 1))


def average_precision(hits: Hits, relevant: Ints) -> Doubles:
    """The precision at the rank of each hit, summed, over the number of relevant titles."""
    ranks = np.arange(hits.shape[1]) + 1
    precision = hits.cumsum(axis=1) / ranks
    return np.asarray((precision * hits).sum(axis=1) / relevant)


METRICS: dict[str, Metric] = {
    "ndcg": ndcg,
    "recall": recall,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "map": average_precision,
}
"""By name; a result is keyed `name@k`."""
