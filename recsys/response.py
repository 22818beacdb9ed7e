"""Who would watch a title: each user's probability, calibrated on plays that came later.

A model of the same kind is fitted on the older part of the log, and its scores of titles that were
new to each user are set against whether the user came to them in the newer part: a logistic
regression (J. Platt, Probabilistic Outputs for Support Vector Machines, 1999, with more inputs than
the score), judged on the half of the users that it did not learn from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from recsys.context import Context
from recsys.current import load_recommender
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions, Ints, first_plays, is_timed
from recsys.logs.store import LogStore
from recsys.metrics import Doubles
from recsys.models.model import Recommender
from recsys.selection import validation_split
from recsys.serving import find_item, knowing
from recsys.splits import Split
from recsys.viewing_log import ITEM, TIMESTAMP, USER

DRAWN = 40
"""Titles that a user did not come to, drawn to stand for all of them."""
FEWEST_PLAYS = 60
"""Later plays, below which there is nothing to calibrate on."""
BINS = 10
BATCH = 512


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs of users and titles of about the same probability."""

    plays: int
    """Pairs in which the user came to the title."""
    predicted: float
    """The mean probability."""
    observed: float
    """The share of the pairs in which the user came to the title."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far the probabilities are to be believed."""

    bins: list[ReliabilityBin]
    """By probability, lowest first; each has about as many plays."""
    error: float
    """The mean of `|log2(predicted / observed)|` over the bins: 0 is perfect, 1 a factor of two."""
    rate: float
    """The share of all pairs in which the user came to the title."""
    days: float | None
    """The probability is that of a play within so many days; None for a log without times."""


@dataclass(frozen=True, slots=True)
class Likely:
    """A user who has not watched the title."""

    user: str
    probability: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a model's scores into probabilities."""

    regression: LogisticRegression
    reliability: Reliability

    def rank(self, model: Recommender, item: str) -> list[Likely]:
        """The users who have not watched a title, those most likely to first.

        Raises:
            KeyError: The item is not one of `model.items`.
        """
        number = {name: place for place, name in enumerate(model.items)}[item]
        users = [user for user in model.users if number not in model.history(user)]
        chances = [
            self.regression.predict_proba(inputs[:, number])[:, 1]
            for inputs in _inputs(
                model,
                [model.history(user) for user in users],
                [model.context(user) for user in users],
            )
        ]
        probability = np.concatenate(chances) if chances else np.empty(0)
        order = np.argsort(-probability, kind="stable").tolist()
        return [Likely(users[place], float(probability[place])) for place in order]


def calibrate(model: Recommender, split: Split, *, seed: int = 0) -> Calibration:
    """Learn probabilities from what users came to in the newer part of a log.

    Args:
        model: Fitted on `split.train`.
        split: The older and the newer part.
        seed: Of the titles that are drawn, and of the halves of the users.

    Raises:
        NoUsableRows: Too few plays in the newer part were of titles new to their users.
    """
    past = Interactions.from_log(split.train)
    number = {item: place for place, item in enumerate(model.items)}
    later = first_plays(split.test).filter(pl.col(ITEM).is_in(model.items))
    came = {
        user: np.array([number[item] for item in items], np.int64)
        for user, items in later.group_by(USER).agg(ITEM).iter_rows()
    }
    chance = np.random.default_rng(seed)
    parts: list[tuple[Doubles, Doubles, Doubles]] = []
    histories = past.histories()
    users = iter(zip(past.users, histories, strict=True))
    for inputs in _inputs(model, histories, past.contexts()):
        for row in inputs:
            user, history = next(users)
            parts.append(_pairs(row, history, came.get(user, np.empty(0, np.int64)), chance))
    owner = np.repeat(np.arange(len(parts)), [len(part[1]) for part in parts])
    table, label, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    if label.sum() < FEWEST_PLAYS:
        reason = f"{int(label.sum())} later plays of titles new to a user; it needs {FEWEST_PLAYS}"
        raise NoUsableRows("the calibration", reason)
    half = (chance.permutation(len(parts)) % 2 == 0)[owner]
    if any(len(np.unique(label[rows])) < 2 for rows in (half, ~half)):
        reason = "in one half of the users all came to every title that was new to them, or none"
        raise NoUsableRows("the calibration", reason)
    judged = _regression(table[half], label[half], weight[half])
    predicted = judged.predict_proba(table[~half])[:, 1]
    found = reliability(predicted, label[~half], weight[~half], _days(split.test))
    return Calibration(_regression(table, label, weight), found)


def reliability(
    predicted: Doubles, label: Doubles, weight: Doubles, days: float | None = None
) -> Reliability:
    """Set probabilities against what came, in bins of about as many plays each.

    Args:
        predicted: `(pairs,)`, in (0, 1).
        label: `(pairs,)`, 1 if the user came to the title, else 0; not all 0.
        weight: `(pairs,)`, how many pairs each stands for.
        days: What the probabilities are about.
    """
    order = np.argsort(predicted, kind="stable")
    predicted, label, weight = predicted[order], label[order], weight[order]
    # Equal probabilities stay together: each takes the count at the last of its equals.
    last = np.searchsorted(predicted, predicted, side="right") - 1
    plays = np.cumsum(label * weight)[last]
    bin_of = np.minimum((plays - 1e-9) / plays[-1] * BINS, BINS - 1).astype(np.int64).clip(0)
    bins = []
    for number in range(BINS):
        rows = bin_of == number
        if (label * weight)[rows].sum() > 0:
            bins.append(
                ReliabilityBin(
                    plays=round((label * weight)[rows].sum()),
                    predicted=float(np.average(predicted[rows], weights=weight[rows])),
                    observed=float(np.average(label[rows], weights=weight[rows])),
                )
            )
    far = [abs(np.log2(one.predicted / one.observed)) for one in bins]
    rate = float(np.average(label, weights=weight))
    return Reliability(bins, float(np.mean(far)), rate, days)


def title_audience(
    logs: Path, recommenders: Path, asked: str, *, seed: int = 0
) -> tuple[str, list[Likely], Reliability]:
    """The audience of a title, by the recommender in use.

    Args:
        logs: The workspace's folder of logs.
        recommenders: Its folder of recommenders.
        asked: An item of the log, or the name of a title.
        seed: Of the calibration.

    Returns:
        The item; the users who have not watched it, those most likely to first; the reliability.

    Raises:
        UnknownTitle: The recommender knows no such item or title.
        NoUsableRows: The newest part of the log is too short to calibrate on.
    """
    store = LogStore(logs)
    model = load_recommender(recommenders)
    item = find_item(model, store.titles(), asked)
    log = store.load()
    model = knowing(model, log)
    split = validation_split(log)
    older = type(model)(model.config).fit(Interactions.from_log(split.train))
    calibration = calibrate(older, split, seed=seed)
    ranked = calibration.rank(model, item)
    forgotten = store.forgotten(one.user for one in ranked)
    kept = [one for one in ranked if one.user not in forgotten]
    return item, kept, calibration.reliability


def _inputs(
    model: Recommender, histories: Sequence[Ints], contexts: Sequence[Context]
) -> Iterator[Doubles]:
    """Batches of `(users, items, 4)`: the score among the user's, its square, plays, history."""
    items = len(model.items)
    plays = np.zeros(items)
    for user in model.users:
        plays[model.history(user)] += 1
    for begin in range(0, len(histories), BATCH):
        batch = histories[begin : begin + BATCH]
        told = contexts[begin : begin + BATCH]
        scores = np.asarray(model.score_histories(batch, told), np.float64)
        spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-12)
        score = np.clip((scores - scores.mean(axis=1, keepdims=True)) / spread, -4, 12)
        length = np.log1p([len(history) for history in batch])[:, None]
        popular = np.broadcast_to(np.log1p(plays), score.shape)
        long = np.broadcast_to(length, score.shape)
        yield np.stack([score, score**2, popular, long], axis=2)


def _pairs(
    inputs: Doubles, history: Ints, came: Ints, chance: np.random.Generator
) -> tuple[Doubles, Doubles, Doubles]:
    """The titles a user came to and some others: inputs, labels, how many each stands for."""
    new = np.setdiff1d(came, history)
    others = np.setdiff1d(np.arange(len(inputs)), np.concatenate((history, new)))
    drawn = chance.choice(others, min(DRAWN, len(others)), replace=False)
    stands = len(others) / max(len(drawn), 1)
    label = np.concatenate((np.ones(len(new)), np.zeros(len(drawn))))
    weight = np.concatenate((np.ones(len(new)), np.full(len(drawn), stands)))
    return inputs[np.concatenate((new, drawn))], label, weight


def _regression(table: Doubles, label: Doubles, weight: Doubles) -> LogisticRegression:
    return LogisticRegression(C=100.0, max_iter=1000).fit(table, label, sample_weight=weight)


def _days(log: pl.DataFrame) -> float | None:
    if not is_timed(log):
        return None
    length = log[TIMESTAMP].max() - log[TIMESTAMP].min()  # type: ignore[operator]
    assert isinstance(length, timedelta)
    return length / timedelta(days=1)
