"""How good a fitted model is on a later log: full rankings, with intervals over users.

Nothing is sampled but the users of the bootstrap. `RULES` says how the cases are handled that
published figures often leave unsaid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.interactions import Floats, Ints, first_plays
from recsys.list_quality import ListQuality, list_quality
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
    "Users are judged by the length of their history as well, and without the unknown titles.",
    "Intervals are 95 %, from the percentiles of a bootstrap over users.",
)
BATCH = 512
HISTORY_LENGTHS = ((1, 2), (3, 9), (10, 49), (50, None))
"""Ranges of the number of titles in a history, both ends within."""

Score = Callable[[Sequence[str], Sequence[Ints]], Floats]
"""Scores all items for users, given with their histories: `(users, items)`."""


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
    by_history: dict[str, "Group"]
    """Users with a history apart, by how many titles it has: `1-2`, `3-9`, `10-49`, `50+`."""
    known_titles: "Group"
    """The same users, with only those titles relevant that train has."""
    lists: ListQuality | None
    """What the lists are like, hits apart; None if all are empty, or nobody asked."""
    names: tuple[str, ...] = field(repr=False)
    """The users behind `metrics`, sorted."""
    values: Doubles = field(repr=False, compare=False)
    """`(users, metrics)`, of `names` and in the order of `METRICS`."""

    def as_json(self) -> dict[str, object]:
        """The same as plain values, single users apart."""
        kept = [one.name for one in fields(self) if one.name not in ("names", "values")]
        return {name: _plain(getattr(self, name)) for name in kept}


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the users, and their figures."""

    users: int
    metrics: dict[str, Estimate]
    """By `name@k`; empty if there are no such users."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the first of two models is than the second, on the same users."""

    metric: str
    users: int
    mean: Estimate
    """Of the differences, with its interval."""
    p_value: float
    """Two-sided, by the bootstrap: how often a mean so far from 0 comes up where there is none."""


@dataclass(frozen=True, slots=True)
class _JudgedUser:
    name: str
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
    score: Score | None = None,
    describe: bool = True,
    on_progress: Progress = quiet,
) -> Evaluation:
    """Rank all titles for every user of a test log, and see where those played come.

    Args:
        model: Fitted on a training log; its histories are what users have seen.
        test: A log, with the columns of `viewing_log.SCHEMA`.
        k: Ranks that count, at least 1.
        resamples: Draws of the bootstrap.
        seed: Of the bootstrap.
        score: Scores all items for users and their histories, in place of the model.
        describe: False leaves out `by_history`, `known_titles` and `lists`, which take time.
        on_progress: Called with the share of users done.
    """
    ranker = score or (lambda users, histories: model.score(users))
    known, new, unknown, seen_before = _judged_users(model, test)
    chance = np.random.default_rng(seed)

    def estimates(values: Doubles) -> dict[str, Estimate]:
        if not len(values):
            return {}
        low, high = bootstrap_interval(values, resamples, chance)
        bounds = zip(METRICS, values.mean(axis=0), low, high, strict=True)
        return {f"{m}@{k}": Estimate(float(v), float(lo), float(hi)) for m, v, lo, hi in bounds}

    best, hits = _lists(ranker, known, k, on_progress)
    values = _values(hits, [user.relevant for user in known])
    _, new_hits = _lists(ranker, new, k, quiet)
    metrics = estimates(values)
    new_metrics = estimates(_values(new_hits, [user.relevant for user in new]))
    lengths = np.array([len(user.history) for user in known], np.int64)
    with_known = np.array([len(user.to_find) > 0 for user in known], np.bool_)
    findable = [len(user.to_find) for user in known if len(user.to_find)]
    only_known = _values(hits[with_known], findable)
    histories = [user.history for user in known]
    groups = _length_groups(lengths) if describe else []
    return Evaluation(
        model=model.name,
        users=len(known),
        metrics=metrics,
        new_users=len(new),
        new_user_metrics=new_metrics,
        unknown_titles=unknown,
        seen_before=seen_before,
        by_history={name: Group(int(rows.sum()), estimates(values[rows])) for name, rows in groups},
        known_titles=Group(len(findable), estimates(only_known) if describe else {}),
        lists=list_quality(model, best, histories) if describe and (best >= 0).any() else None,
        names=tuple(user.name for user in known),
        values=values,
    )


def compare(
    first: Evaluation,
    second: Evaluation,
    *,
    metric: str = "ndcg",
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """A paired bootstrap: the same users are drawn for both models, so what they share cancels.

    B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 16: the p-value is that
    of a mean difference of 0, to which the differences are moved.

    Raises:
        ValueError: The two were not judged on the same users.
    """
    if first.names != second.names or not first.names:
        raise ValueError("models are compared on the same users, and these are not the same")
    column = list(METRICS).index(metric)
    gain = (first.values[:, column] - second.values[:, column])[:, None]
    chance = np.random.default_rng(seed)
    users, mean = len(gain), float(gain.mean())
    even = np.full(users, 1 / users)
    means = (
        np.array([chance.multinomial(users, even) @ gain[:, 0] for _ in range(resamples)]) / users
    )
    low, high = np.percentile(means, [2.5, 97.5])
    as_far = int((np.abs(means - mean) >= abs(mean)).sum())
    p_value = (as_far + 1) / (resamples + 1) if mean else 1.0
    return Difference(metric, users, Estimate(mean, float(low), float(high)), p_value)


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
            group.append(_JudgedUser(user, history, to_find, len(to_find) + unlisted))
    return known, new, unknown, seen_before


def _plain(value: object) -> object:
    if isinstance(value, Estimate | Group | ListQuality):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _length_groups(lengths: Ints) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    groups = []
    for least, most in HISTORY_LENGTHS:
        name = f"{least}+" if most is None else f"{least}-{most}"
        groups.append((name, (lengths >= least) & (lengths <= (most or np.inf))))
    return groups


def _values(hits: Hits, relevant: Sequence[int]) -> Doubles:
    """Every metric of every user, `(users, metrics)`."""
    if not len(hits):
        return np.empty((0, len(METRICS)))
    counts = np.array(relevant, np.int64)
    return np.stack([metric(hits, counts) for metric in METRICS.values()], axis=1)


def _lists(
    score: Score, users: Sequence[_JudgedUser], k: int, on_progress: Progress
) -> tuple[Ints, Hits]:
    """The k best titles of each user, and which are relevant: two of `(users, k)`.

    A catalogue of fewer than k titles leaves the last ranks without hits; their titles are -1.
    """
    lists = np.full((len(users), k), -1, np.int64)
    hits = np.zeros((len(users), k), np.bool_)
    for begin in range(0, len(users), BATCH):
        batch = users[begin : begin + BATCH]
        scores = score([user.name for user in batch], [user.history for user in batch])
        for row, user in enumerate(batch):
            scores[row, user.history] = -np.inf
        best = top_k(scores, k)
        for row, user in enumerate(batch):
            ranked = best[row][scores[row, best[row]] > -np.inf]  # less than k may be left unseen
            lists[begin + row, : len(ranked)] = ranked
            hits[begin + row, : len(ranked)] = np.isin(ranked, user.to_find)
        on_progress(min(begin + BATCH, len(users)) / len(users))
    return lists, hits
