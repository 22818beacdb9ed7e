"""What lists are like, whether or not they hit: how much is shown, how popular, how alike.

S. Vargas, P. Castells, Rank and Relevance in Novelty and Diversity Metrics for Recommender
Systems, RecSys 2011; popularity as in H. Abdollahpouri et al., The Unfairness of Popularity Bias
in Recommendation, 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recsys.interactions import Ints, history_matrix
from recsys.models.model import Recommender

LISTS = 2000
"""Lists whose titles are compared with each other; more would say no more."""


@dataclass(frozen=True, slots=True)
class ListQuality:
    """Of the lists of all judged users."""

    coverage: float
    """The share of the titles that stand in at least one list."""
    novelty: float
    """Bits: the mean of `-log2` of the share of users who watched a listed title in train."""
    popularity_lift: float
    """The mean share of users who watched a listed title, over that of the titles in the users'
    own histories; above 1, lists are more popular than what these users choose."""
    diversity: float
    """1 less the mean cosine of the audiences of two titles of one list, 0 to 1."""


def list_quality(model: Recommender, lists: Ints, histories: Sequence[Ints]) -> ListQuality:
    """Look at the lists of users.

    Args:
        model: Fitted; what its users watched is what is popular.
        lists: `(users, k)`, numbers of items, -1 where a list is shorter.
        histories: What each of the users had watched; none is empty.
    """
    watched = history_matrix([model.history(user) for user in model.users], len(model.items))
    viewers = np.asarray(watched.sum(axis=0), np.float64)
    share = np.maximum(viewers, 0.5) / len(model.users)  # a title without viewers has some novelty
    shown = lists[lists >= 0]
    own = np.mean([share[history].mean() for history in histories])
    return ListQuality(
        coverage=len(np.unique(shown)) / len(model.items),
        novelty=float(-np.log2(share[shown]).mean()),
        popularity_lift=float(share[shown].mean() / own),
        diversity=_diversity(watched, lists[:: max(1, len(lists) // LISTS)]),
    )


def _diversity(watched: "sparse.csr_array", lists: Ints) -> float:
    """1 less the mean cosine between the audiences of a list's titles, over all lists."""
    titles, place = np.unique(lists[lists >= 0], return_inverse=True)
    if lists.shape[1] < 2 or len(titles) < 2:
        return 0.0
    columns = sparse.csr_array(watched.T)[titles]  # (titles, users)
    lengths = np.sqrt(np.maximum(np.asarray(columns.sum(axis=1)), 1))
    numbers = np.full(lists.shape, -1, np.int64)
    numbers[lists >= 0] = place
    alike = []
    for row in numbers:
        audience = columns[row[row >= 0]]
        if audience.shape[0] < 2:
            continue
        shared = (audience @ audience.T).toarray()
        cosine = shared / np.outer(lengths[row[row >= 0]], lengths[row[row >= 0]])
        alike.append(cosine[np.triu_indices(len(cosine), 1)].mean())
    return float(1 - np.mean(alike)) if alike else 0.0
