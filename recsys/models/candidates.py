"""Candidates for a second ranking, and what is known of each: the features of the booster.

Candidates are what any of the first rankers puts high. All features come from the interactions
that the first rankers learned from and from their scores; nothing later is ever read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from recsys.context import Context
from recsys.interactions import MICROSECONDS_A_DAY, Floats, Interactions, Ints
from recsys.models.model import Recommender

WINDOWS_DAYS = (1.0, 3.0, 7.0, 28.0)
SHOWN_DAYS = (1.0, 3.0)
UNSEEN = np.float32(-np.inf)


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the interactions say of each item, `(items,)` each; time counts back from the newest."""

    plays: Floats
    """`log(1 + plays)` in all."""
    recent: Floats
    """`(items, windows)`: `log(1 + plays)` in the last `WINDOWS_DAYS`; 0 without timestamps."""
    rise: Floats
    """`log` of the plays of the last 3 days over a third of those of the last 9, both plus 1."""
    age: Floats
    """`log(1 + days)` since the first play; 0 without timestamps."""
    idle: Floats
    """`log(1 + days)` since the last play; 0 without timestamps."""
    share: Floats
    """The mean share watched, 0 to 1."""
    part: Floats
    """`(items, windows)`: `log` of the item's part of all plays in the last `WINDOWS_DAYS`."""
    shown: Floats
    """`(items, 2)`: `log(1 + users)` to whom it was shown in vain in the last `SHOWN_DAYS`."""
    taken: Floats
    """`log` of the plays of the last 28 days over plays and vain impressions; 0 without any."""

    @classmethod
    def of(cls, interactions: Interactions) -> "ItemFacts":
        """Count the plays of each item."""
        items, item = len(interactions.items), interactions.item
        plays = np.bincount(item, minlength=items)
        watched = np.bincount(item, interactions.weight, minlength=items)
        days = np.zeros(len(item))
        if interactions.timed and len(item):
            days = (interactions.when.max() - interactions.when) / MICROSECONDS_A_DAY

        def within(window: float) -> npt.NDArray[np.int64]:
            return np.bincount(item[days < window], minlength=items)

        first, last = np.zeros(items), np.full(items, np.inf)
        np.maximum.at(first, item, days)
        np.minimum.at(last, item, days)
        last[plays == 0] = 0
        windows = [within(window) * interactions.timed for window in WINDOWS_DAYS]
        counts = np.stack(windows, axis=1)
        vain = [_vain(interactions, window) for window in (*SHOWN_DAYS, WINDOWS_DAYS[-1])]
        taken = np.log((counts[:, -1] + 1) / (counts[:, -1] + vain[-1] + 3))
        return cls(
            plays=np.log1p(plays).astype(np.float32),
            recent=np.log1p(counts).astype(np.float32),
            rise=np.log((within(3) + 1) / (within(9) / 3 + 1)).astype(np.float32),
            age=np.log1p(first).astype(np.float32),
            idle=np.log1p(last).astype(np.float32),
            share=(watched / np.maximum(plays, 1)).astype(np.float32),
            part=np.log((counts + 0.3) / (counts.sum(axis=0) + 1)).astype(np.float32),
            shown=np.log1p(np.stack(vain[:-1], axis=1)).astype(np.float32),
            taken=(taken * bool(vain[-1].any())).astype(np.float32),
        )

    def columns(self) -> Floats:
        """`(items, columns)`, in the order of `COLUMNS`."""
        values = [getattr(self, field.name) for field in fields(self)]
        return np.column_stack(values).astype(np.float32)


COLUMNS = (
    "plays",
    *(f"plays of {days:g} days" for days in WINDOWS_DAYS),
    "rise",
    "age",
    "idle",
    "share watched",
    *(f"part of {days:g} days" for days in WINDOWS_DAYS),
    *(f"shown in vain {days:g} days" for days in SHOWN_DAYS),
    "taken when shown",
)
"""Names of the columns of `ItemFacts`."""


def _vain(interactions: Interactions, window: float) -> npt.NDArray[np.int64]:
    """To how many users each item was shown and not played, in the last days of the log."""
    shown, items = interactions.shown, len(interactions.items)
    if not (interactions.timed and len(shown.item)):
        return np.zeros(items, np.int64)
    days = (interactions.when.max() - shown.when) / MICROSECONDS_A_DAY
    return np.bincount(shown.item[days < window], minlength=items)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The same number of candidates for each history of a batch."""

    items: Ints
    """`(histories, candidates)`; where a history leaves fewer, watched titles fill the rest."""
    real: npt.NDArray[np.bool_]
    """`(histories, candidates)`; False for those that only fill."""
    features: Floats
    """`(histories, candidates, features)`."""
    order: Floats
    """`(histories, items)`, in [-1, 0]: all items by the place that any ranker gives them."""


def feature_names(bases: Sequence[Recommender]) -> list[str]:
    """Names of the features, in their order."""
    of_bases = [f"{base.name} {what}" for base in bases for what in ("score", "place")]
    of_users = ("history length", "history plays", "plays above", "passed over")
    return [*of_bases, "best place", *COLUMNS, *of_users]


def steady_columns(bases: Sequence[Recommender]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Places of the features that a few weights can use, and which of them enter by logarithm."""
    steady = {"age", "idle", "plays above", "passed over", "taken when shown"}
    names = feature_names(bases)
    of_bases = 2 * len(bases)
    kept = [
        place
        for place, name in enumerate(names)
        if place < of_bases or name in steady or name.startswith(("part of", "shown in vain"))
    ]
    by_logarithm = [place < of_bases and names[place].endswith(" place") for place in kept]
    return np.array(kept, np.int64), np.array(by_logarithm, np.bool_)


def find_candidates(
    bases: Sequence[Recommender],
    columns: Floats,
    histories: Sequence[Ints],
    contexts: Sequence[Context],
    count: int,
) -> Candidates:
    """What the first rankers put highest for each history, taken from them in turn.

    Args:
        bases: Fitted on the same interactions.
        columns: `ItemFacts.columns` of those interactions.
        histories: Numbers of items, oldest first; none is empty.
        contexts: What else is known, for each history.
        count: How many candidates; at most as many as there are items.
    """
    items, rows = len(columns), len(histories)
    count = min(count, items)
    scores = [base.score_histories(histories, contexts) for base in bases]
    seen = np.zeros((rows, items), np.bool_)
    for row, history in enumerate(histories):
        seen[row, history] = True
    places = np.stack([_places(score, seen, count) for score in scores])  # (bases, rows, items)
    # A small part of the mean place parts those that tie at their best one.
    joint = places.min(axis=0) + places.mean(axis=0) / (count + 1)
    joint[seen] = 2 * count + 2
    chosen = np.argpartition(joint, count - 1, axis=1)[:, :count]
    chosen.sort(axis=1)
    real = ~np.take_along_axis(seen, chosen, axis=1)
    parts = []
    for score, place in zip(scores, places, strict=True):
        value = np.take_along_axis(score, chosen, axis=1)
        parts += [_standardised(value, real), np.take_along_axis(place, chosen, axis=1)]
    parts.append(np.take_along_axis(places.min(axis=0), chosen, axis=1))
    of_items = columns[chosen]  # (rows, count, columns)
    parts += list(np.moveaxis(of_items, 2, 0))
    lengths = np.log1p([len(history) for history in histories])
    usual = np.array([columns[history, 0].mean() for history in histories])
    shape = (rows, count)
    parts += [np.broadcast_to(lengths[:, None], shape), np.broadcast_to(usual[:, None], shape)]
    parts.append(of_items[:, :, 0] - usual[:, None])
    passed = np.zeros((rows, items), np.float32)
    for row, context in enumerate(contexts):
        passed[row, context.passed] = 1
    parts.append(np.take_along_axis(passed, chosen, axis=1))
    return Candidates(
        items=chosen,
        real=real,
        features=np.stack(parts, axis=2).astype(np.float32),
        order=(-joint / (2 * count + 2)).astype(np.float32),
    )


def _places(scores: Floats, seen: npt.NDArray[np.bool_], count: int) -> Floats:
    """`(rows, items)`: each item's place in its row from 0, or `count` past the first `count`."""
    open_scores = np.where(seen, UNSEEN, scores)
    best = np.argpartition(-open_scores, count - 1, axis=1)[:, :count]
    best.sort(axis=1)  # so that ties go to the lower number
    order = np.argsort(-np.take_along_axis(open_scores, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    places = np.full(scores.shape, count, np.float32)
    ranks = np.broadcast_to(np.arange(count, dtype=np.float32), best.shape)
    np.put_along_axis(places, best, ranks, axis=1)
    return places


def _standardised(values: Floats, real: npt.NDArray[np.bool_]) -> Floats:
    """Less the mean of a row's real candidates, over their standard deviation."""
    count = np.maximum(real.sum(axis=1, keepdims=True), 1)
    mean = (values * real).sum(axis=1, keepdims=True) / count
    spread = np.sqrt((((values - mean) * real) ** 2).sum(axis=1, keepdims=True) / count)
    return np.asarray((values - mean) / np.maximum(spread, 1e-12), np.float32)
