"""How good a fitted model is on a later log: full rankings, with intervals over users.

Nothing is sampled but the users of the bootstrap. `RULES` says how the cases are handled that
published figures often leave unsaid.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from recsys.interactions import Ints, first_plays
from recsys.metrics import METRICS, Doubles, Hits, top_k
from recsys.models.model import Progress, Recommender, quiet
from recsys.viewing_log import ITEM, USER

RULES = (
    "Every title of the training log is ranked for every user; no titles are sampled.",
    "A title that the user watched in train is left out of the ranking, and of what is relevant.",
    "Each remaining title that the user played in test is relevant, once, whatever its weight.",
    "A test title that train does not have counts as relevant and missed.",
    "Ties are broken by the title's id, in text order.",
    "Users of test without a history in train are judged apart, as new users.",
    "Intervals are 95 %, from the percentiles of a bootstrap over users.",
)
BATCH = 512


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over users, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one model on one test log."""

    model: str
    users: int
    """Test users with a history in train and something left to find."""
    metrics: dict[str, Estimate]
    """By `name@k`; empty if there are no such users."""
    new_users: int
    """Test users without a history in train, who are given what is popular."""
    new_user_metrics: dict[str, Estimate]
    unknown_titles: int
    """Plays in test of titles that train does not have; each counts as missed."""
    seen_before: int
    """Plays in test of titles that the same user had watched in train; left out."""

    def as_json(self) -> dict[str, object]:
        """The same, as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _JudgedUser:
    history: Ints
    """Numbers of the items seen in train."""
    to_find: Ints
    """Numbers of the relevant items that the model can rank."""
    relevant: int
    """How many are relevant, with those that it cannot."""


def evaluate(
    model: Recommender,
    test: pl.DataFrame,
    *,
    k: int = 10,
    resamples: int = 1000,
    seed: int = 0,
    on_progress: Progress = quiet,
) -> Evaluation:
    """Rank all titles for every user of a test log, and see where those played come.

    Args:
        model: Fitted on a training log; its histories are what users have seen.
        test: A log, with the columns of `viewing_log.SCHEMA`.
        k: Ranks that count, at least 1.
        resamples: Draws of the bootstrap.
        seed: Of the bootstrap.
        on_progress: Called with the share of users done.
    """
    known, new, unknown, seen_before = _judged_users(model, test)
    chance = np.random.default_rng(seed)

    def estimates(users: Sequence[_JudgedUser], progress: Progress) -> dict[str, Estimate]:
        if not users:
            return {}
        values = _values(model, users, k, progress)  # (users, metrics)
        low, high = bootstrap_interval(values, resamples, chance)
        bounds = zip(METRICS, values.mean(axis=0), low, high, strict=True)
        return {f"{m}@{k}": Estimate(float(v), float(lo), float(hi)) for m, v, lo, hi in bounds}

    return Evaluation(
        model=model.name,
        users=len(known),
        metrics=estimates(known, on_progress),
        new_users=len(new),
        new_user_metrics=estimates(new, quiet),
        unknown_titles=unknown,
        seen_before=seen_before,
    )


def bootstrap_interval(
    values: Doubles, resamples: int, chance: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """The 2.5th and 97.5th percentile of the means of resampled users.

    Args:
        values: `(users, metrics)`; a user is drawn with all of its metrics.
        resamples: Draws of `users` users with replacement.
        chance: Where the draws come from.

    Returns:
        Two of `(metrics,)`.
    """
    users = len(values)
    even = np.full(users, 1 / users)
    # Drawing how often each user comes up is the same as drawing users, and is one product.
    means = np.stack([chance.multinomial(users, even) @ values / users for _ in range(resamples)])
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high


def _judged_users(
    model: Recommender, test: pl.DataFrame
) -> tuple[list[_JudgedUser], list[_JudgedUser], int, int]:
    """Users with a history, users without, plays of unknown titles, plays of titles seen before."""
    numbers = {item: number for number, item in enumerate(model.items)}
    plays = first_plays(test).group_by(USER, maintain_order=True).agg(ITEM).sort(USER)
    known: list[_JudgedUser] = []
    new: list[_JudgedUser] = []
    unknown = seen_before = 0
    for user, titles in plays.iter_rows():
        history = model.history(user)
        listed = np.array([numbers[title] for title in titles if title in numbers], np.int64)
        to_find = np.setdiff1d(listed, history)
        unlisted = len(titles) - len(listed)
        unknown += unlisted
        seen_before += len(listed) - len(to_find)
        if len(to_find) + unlisted:
            group = known if len(history) else new
            group.append(_JudgedUser(history, to_find, len(to_find) + unlisted))
    return known, new, unknown, seen_before


def _values(
    model: Recommender, users: Sequence[_JudgedUser], k: int, on_progress: Progress
) -> Doubles:
    """Every metric of every user, `(users, metrics)`."""
    hits = []
    for begin in range(0, len(users), BATCH):
        hits.append(_hits(model, users[begin : begin + BATCH], k))
        on_progress(min(begin + BATCH, len(users)) / len(users))
    relevant = np.array([user.relevant for user in users])
    return np.stack([m(np.concatenate(hits), relevant) for m in METRICS.values()], axis=1)


def _hits(model: Recommender, users: Sequence[_JudgedUser], k: int) -> Hits:
    """`(users, k)`; a catalogue of fewer than k titles leaves the last ranks without hits."""
    scores = model.score_histories([user.history for user in users])
    for row, user in enumerate(users):
        scores[row, user.history] = -np.inf
    best = top_k(scores, k)
    hits = np.zeros((len(users), k), np.bool_)
    for row, user in enumerate(users):
        hits[row, : best.shape[1]] = np.isin(best[row], user.to_find)
    return hits
