"""What newer interactions change in the histories that a model knows.

Sums over users, such as counts and Gram matrices, are brought up to date by these alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.interactions import Interactions, Ints
from recsys.models.model import Recommender


@dataclass(frozen=True, slots=True)
class Changes:
    """The users whose histories differ."""

    place: Ints
    """`(old items,)`, the new number of each item that the model knows."""
    before: tuple[Ints, ...]
    """The history of each as the model knows it, in new numbers; empty for a new user."""
    after: tuple[Ints, ...]
    """The history of each as it is now; empty for a user who is gone."""


def changes_since(model: Recommender, interactions: Interactions) -> Changes | None:
    """What differs from the histories that `model` learned from; None if one of its items is gone.

    Histories that were only shown to it, by `with_histories`, are none that it learned from: give
    the model as it was loaded or fitted.
    """
    number = {item: place for place, item in enumerate(interactions.items)}
    if not number.keys() >= set(model.items):
        return None
    place = np.array([number[item] for item in model.items], np.int64)
    now = dict(zip(interactions.users, interactions.histories(), strict=True))
    nothing = np.empty(0, np.int64)
    before, after = [], []
    for user in sorted(now.keys() | set(model.users)):
        old = place[model.history(user)] if model.knows(user) else nothing
        new = now.get(user, nothing)
        if not np.array_equal(old, new):
            before.append(old)
            after.append(new)
    return Changes(place, tuple(before), tuple(after))


def users_and_items(histories: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Histories one after the other: `(plays,)` users, numbered from 0, and `(plays,)` items."""
    lengths = [len(history) for history in histories]
    items = np.concatenate([np.empty(0, np.int64), *histories])
    return np.repeat(np.arange(len(histories)), lengths), items
