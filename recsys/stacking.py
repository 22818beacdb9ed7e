"""Lessons for a second ranking, from a log that is split for validation.

Validation is a stretch of days with fashions of its own, and whoever learned from other users'
plays of those days knows them. So a second ranking learns from the first half of them and is judged
on the second; where a log tells no time, it is judged out of fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from recsys.interactions import Interactions, Ints, first_plays
from recsys.models.boosting import Lesson
from recsys.models.model import Recommender
from recsys.splits import Split, time_split
from recsys.viewing_log import ITEM, USER


@dataclass(frozen=True, slots=True)
class Halves:
    """The two halves of a validation part, the one to learn from and the one to be judged on."""

    early: Lesson
    late: Lesson
    """Its past has the early half, which its bases have learned."""
    judged_on: pl.DataFrame
    """The rows of the late half."""
    rule: str


def halves(split: Split, past: Interactions, learned: Mapping[str, Recommender]) -> Halves:
    """Part validation at one instant, and bring the models up to it.

    Args:
        split: Of a log with times.
        past: The interactions of `split.train`.
        learned: Models by name, fitted on `past`.

    Raises:
        NoUsableRows: All rows of validation have one timestamp.
    """
    parts = time_split(split.test, 0.5)
    middle = Interactions.from_log(pl.concat([split.train, parts.train]))
    later = [model.updated(middle) for model in learned.values()]
    return Halves(
        early=lesson(past, parts.train, list(learned.values())),
        late=lesson(middle, parts.test, later),
        judged_on=parts.test,
        rule=parts.rule,
    )


def lesson(past: Interactions, came: pl.DataFrame, bases: Sequence[Recommender]) -> Lesson:
    """What users came to, among the items that the past has."""
    return Lesson(past, targets(past, came), bases)


def targets(past: Interactions, came: pl.DataFrame) -> dict[str, Ints]:
    """For each user of a later log, the numbers of those of its items that the past has."""
    numbers = {item: number for number, item in enumerate(past.items)}
    plays = first_plays(came).filter(pl.col(ITEM).is_in(past.items))
    grouped = plays.group_by(USER, maintain_order=True).agg(ITEM)
    return {
        user: np.array([numbers[title] for title in titles], np.int64)
        for user, titles in grouped.iter_rows()
    }
