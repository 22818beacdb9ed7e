"""Users as vectors, from whatever a model has learned of them.

A model that represents histories is asked for its vectors: the factors of ALS, the state of the
Transformer. Of the others the scores are taken apart: what each title alone leads to is a row of
scores, its principal directions are the title's vector, and a user is the mean of the titles
watched.
"""

from collections.abc import Callable, Sequence

import numpy as np

from recsys.errors import NoUsableRows
from recsys.interactions import Floats, Ints
from recsys.models.model import Recommender

Represent = Callable[[Sequence[Ints]], Floats]
"""Turns histories, none of them empty, into `(histories, dim)` of unit length."""

MOST_TITLES = 2048
"""Titles that stand for all in what a title leads to: the most watched."""
BATCH = 512
SAME = 1e-6
"""Below this share of the largest direction there is none."""


def representation(
    model: Recommender, size: int = 16, seed: int = 0, *, items: Sequence[str] | None = None
) -> Represent:
    """How a fitted model sees a history: as a direction.

    Length is left out, since it says mostly how much a user watches.

    Args:
        model: Any, fitted.
        size: Dimensions, for models that have no vectors of their own.
        seed: Of the search for directions (N. Halko, P. G. Martinsson, J. A. Tropp, Finding
            Structure with Randomness, 2011).
        items: The items whose numbers histories will hold, if not the model's own; a history
            without a title that the model knows is at 0.

    Raises:
        NoUsableRows: The model scores all histories alike, as popularity does.
    """
    if items is not None and tuple(items) != model.items:
        return _renumbered(representation(model, size, seed), items, model.items)
    if model.represent([np.zeros(1, np.int64)]) is not None:
        return lambda histories: _unit(_vectors_of(model, histories))
    titles = _title_vectors(model, size, seed)

    def mean_of(histories: Sequence[Ints]) -> Floats:
        lengths = np.array([len(history) for history in histories])
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        watched = titles[np.concatenate(histories)]
        return _unit(np.add.reduceat(watched, starts, axis=0) / lengths[:, None])

    return mean_of


def _renumbered(represent: Represent, ours: Sequence[str], theirs: Sequence[str]) -> Represent:
    place = {item: number for number, item in enumerate(theirs)}
    number = np.array([place.get(item, -1) for item in ours], np.int64)

    def known_only(histories: Sequence[Ints]) -> Floats:
        told = [number[history][number[history] >= 0] for history in histories]
        able = np.array([len(history) > 0 for history in told], np.bool_)
        if not able.any():
            raise NoUsableRows("the grouping of users", "the model knows none of their titles")
        vectors = represent([history for history in told if len(history)])
        found = np.zeros((len(told), vectors.shape[1]), np.float32)
        found[able] = vectors
        return found

    return known_only


def _vectors_of(model: Recommender, histories: Sequence[Ints]) -> Floats:
    vectors = model.represent(histories)
    if vectors is None:
        raise ValueError(f"{model.name} represented one history, and not others")
    return vectors


def _title_vectors(model: Recommender, size: int, seed: int) -> Floats:
    """`(items, size)`: each title's place along the main directions of what titles lead to.

    Scores are standardised within a title, then centred over titles, so that what is popular with
    all does not make a direction.
    """
    from sklearn.utils.extmath import randomized_svd

    count = len(model.items)
    plays = np.zeros(count)
    for user in model.users:
        plays[model.history(user)] += 1
    columns = np.sort(np.argsort(-plays, kind="stable")[:MOST_TITLES])
    leads = np.empty((count, len(columns)), np.float32)
    for begin in range(0, count, BATCH):
        alone = [np.array([item]) for item in range(begin, min(begin + BATCH, count))]
        scores = np.asarray(model.score_histories(alone), np.float32)[:, columns]
        spread = scores.std(axis=1, keepdims=True)
        leads[begin : begin + len(alone)] = (
            scores - scores.mean(axis=1, keepdims=True)
        ) / np.maximum(spread, 1e-12)
    centred = leads - leads.mean(axis=0)
    size = min(size, len(columns) - 1, count - 1)
    left, values, _ = randomized_svd(centred, max(size, 1), random_state=seed)
    if values[0] <= SAME * np.linalg.norm(leads):
        reason = f"{model.name} scores all histories alike; take another model"
        raise NoUsableRows("the grouping of users", reason)
    return np.asarray(left * values, np.float32)


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
