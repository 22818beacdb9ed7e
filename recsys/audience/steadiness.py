"""Whether users stay in their segments: the same users, placed by each of two periods.

The representation is learned from the first period alone, and each segment's centre is the mean of
its users there, so that nothing of the second is known when it is used to place them again. In a
log without lasting tastes users stay as often as chance has it, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from recsys.audience.grouping import FitRepresentation, nearest
from recsys.audience.retention import wilson_interval
from recsys.interactions import WHEN, Interactions, Ints, first_plays, is_timed
from recsys.viewing_log import ITEM, TIMESTAMP, USER

FEWEST_TITLES = 3
"""In each period; a user with fewer is not placed."""
FEWEST_USERS = 20


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How many users a segment keeps."""

    users: int
    """Those that the first period places in it and that the second can place as well."""
    stayed: int
    """Of these, those that the second places in it, too."""
    share: float
    low: float
    high: float
    """95 % interval of the share (Wilson)."""
    chance: float
    """The share if users were placed anew by chance, each segment as often as in the second."""


def steadiness(
    log: pl.DataFrame, members: dict[str, int], count: int, fit: FitRepresentation
) -> tuple[Steadiness | None, list[Steadiness | None]]:
    """Of all users together, and of each segment; None where too few can be placed twice.

    The periods are parted where half of the first plays are before and half after.

    Args:
        log: With the columns of `viewing_log.SCHEMA`; without timestamps nothing can be told.
        members: Each user's segment.
        count: How many segments.
        fit: Learns how to represent histories.
    """
    nothing: tuple[None, list[Steadiness | None]] = (None, [None] * count)
    if count < 2 or not is_timed(log):
        return nothing
    plays = first_plays(log).sort(WHEN, maintain_order=True)
    cut = plays[WHEN][plays.height // 2]
    before = log.filter(pl.col(TIMESTAMP).dt.epoch("us") < cut)
    if before.is_empty() or plays.filter(pl.col(WHEN) < cut).is_empty():
        return nothing
    past = Interactions.from_log(before)
    later = _histories(plays.filter(pl.col(WHEN) >= cut), past)
    able = [
        place
        for place, (user, history) in enumerate(zip(past.users, past.histories(), strict=True))
        if len(history) >= FEWEST_TITLES and len(later.get(user, ())) >= FEWEST_TITLES
    ]
    if len(able) < FEWEST_USERS:
        return nothing
    represent, histories = fit(past), past.histories()
    vectors = represent(histories)
    segment = np.array([members[user] for user in past.users])
    if len(np.unique(segment)) < count:
        return nothing
    centres = np.stack([vectors[segment == number].mean(axis=0) for number in range(count)])
    first = nearest(vectors[able], centres)
    second = nearest(represent([later[past.users[place]] for place in able]), centres)
    return _told(first, second, count)


def _told(first: Ints, second: Ints, count: int) -> tuple[Steadiness, list[Steadiness | None]]:
    came = np.bincount(second, minlength=count) / len(second)
    went = np.bincount(first, minlength=count) / len(first)
    each: list[Steadiness | None] = []
    for number in range(count):
        here = first == number
        each.append(_kept(second[here] == number, float(came[number])) if here.any() else None)
    return _kept(first == second, float(went @ came)), each


def _kept(stayed: "np.typing.NDArray[np.bool_]", chance: float) -> Steadiness:
    users, kept = len(stayed), int(stayed.sum())
    low, high = wilson_interval(np.array([kept]), users)
    return Steadiness(users, kept, kept / users, float(low[0]), float(high[0]), chance)


def _histories(plays: pl.DataFrame, known: Interactions) -> dict[str, Ints]:
    """Users' titles that the first period has, oldest first, by user."""
    number = {item: place for place, item in enumerate(known.items)}
    rows = plays.filter(pl.col(ITEM).is_in(known.items))
    grouped: Sequence[tuple[str, list[str]]] = (
        rows.group_by(USER, maintain_order=True).agg(ITEM).rows()
    )
    return {user: np.array([number[item] for item in items], np.int64) for user, items in grouped}
