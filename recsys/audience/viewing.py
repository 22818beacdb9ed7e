"""How far each viewer of a title got, whether they left there, and when they first came.

A viewer leaves at the furthest position they reached, unless that is the end, or unless they may
yet go on: their last play ended shortly before the log does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.audience.retention import RetentionCurve, retention_curve
from recsys.audience.survival import SurvivalCurve, kaplan_meier
from recsys.interactions import Ints, played
from recsys.viewing_log import (
    DURATION_SECONDS,
    FROM_SECONDS,
    TIMESTAMP,
    TO_SECONDS,
    USER,
    WATCHED_SECONDS,
)

Doubles = npt.NDArray[np.float64]
CohortUnit = Literal["day", "week", "month"]

END_SLACK = 1.0
"""Seconds; who gets so near to the end has not left."""
RESUME_HOURS = 24.0
"""A viewer whose last play ended less than this before the log's end may yet go on."""
MOST_RESUME_HOURS = 87_660.0
"""Ten years."""
_EVERY: dict[CohortUnit, str] = {"day": "1d", "week": "1w", "month": "1mo"}


@dataclass(frozen=True, slots=True)
class Viewing:
    """The viewers of one title, and their plays as ranges of its time."""

    duration: float
    """Seconds."""
    reached: Doubles
    """`(viewers,)`, seconds: the furthest position of each."""
    left: npt.NDArray[np.bool_]
    """`(viewers,)`: they left there; False for who got to the end or may yet go on."""
    may_go_on: npt.NDArray[np.bool_]
    """`(viewers,)`: short of the end when the log ended, and not long gone."""
    first: pl.Series
    """`(viewers,)`: when each first played it; null in a log without timestamps."""
    viewer: Ints
    """`(ranges,)`: whose each range is."""
    start: Doubles
    """`(ranges,)`, seconds."""
    end: Doubles
    """`(ranges,)`, seconds."""

    def survival(self) -> SurvivalCurve:
        """The share of viewers who watch beyond each second; who may go on has not left."""
        return kaplan_meier(self.reached, self.left)

    def curve(self) -> RetentionCurve:
        """Who played each second, and who played it again."""
        return retention_curve(self.viewer, self.start, self.end, self.duration)

    def of(self, members: npt.NDArray[np.bool_]) -> "Viewing":
        """The same of some viewers only."""
        numbers = np.cumsum(members) - 1
        rows = members[self.viewer]
        return Viewing(
            duration=self.duration,
            reached=self.reached[members],
            left=self.left[members],
            may_go_on=self.may_go_on[members],
            first=self.first.filter(pl.Series(members)),
            viewer=numbers[self.viewer[rows]].astype(np.int64),
            start=self.start[rows],
            end=self.end[rows],
        )


@dataclass(frozen=True, slots=True)
class Cohort:
    """The viewers who first played a title in one day, week or month."""

    begins: str
    """Its first day, `2025-01-06`."""
    viewing: Viewing


def last_moment(log: pl.LazyFrame) -> datetime | None:
    """When a log ends: the latest end of a play; None in a log without timestamps."""
    length = pl.col(TO_SECONDS) - pl.col(FROM_SECONDS)
    watched = pl.max_horizontal(WATCHED_SECONDS, length).fill_null(0) * 1e6
    ends = pl.col(TIMESTAMP) + pl.duration(microseconds=watched.cast(pl.Int64))
    found = log.select(ends.max()).collect().item()
    return found if isinstance(found, datetime) else None


def viewing_of(
    rows: pl.DataFrame, log_end: datetime | None, resume_hours: float = RESUME_HOURS
) -> Viewing | None:
    """The viewing of one title; None if its plays tell no positions.

    Args:
        rows: The title's rows, with the columns of `viewing_log.SCHEMA`.
        log_end: When the whole log ends; None if it has no timestamps, and then nobody may go on.
        resume_hours: A viewer whose last play ended less than this before `log_end` may go on; 0 to
            `MOST_RESUME_HOURS`.

    Raises:
        ValueError: The hours are out of their range.
    """
    if not 0 <= resume_hours <= MOST_RESUME_HOURS:  # which is false of nan, too
        raise ValueError(f"need 0 <= resume_hours <= {MOST_RESUME_HOURS:g}, got {resume_hours}")
    told = pl.col(FROM_SECONDS).is_not_null() & pl.col(TO_SECONDS).is_not_null()
    plays = played(rows).filter(told)
    if plays.is_empty():
        return None
    furthest = plays[TO_SECONDS].to_numpy().max()
    duration = float(plays[DURATION_SECONDS].fill_null(0).to_numpy().max() or furthest)
    length = (pl.col(TO_SECONDS) - pl.col(FROM_SECONDS)) * 1e6
    stopped = pl.col(TIMESTAMP) + pl.duration(microseconds=length.cast(pl.Int64))
    viewers = (
        plays.group_by(USER, maintain_order=True)
        .agg(
            pl.col(TO_SECONDS).max().clip(0, duration).alias("reached"),
            pl.col(TIMESTAMP).min().alias("first"),
            stopped.max().alias("stopped"),
        )
        .with_row_index("viewer")
    )
    reached = viewers["reached"].to_numpy()
    short = reached < duration - END_SLACK
    recent = np.zeros(len(reached), np.bool_)
    if log_end is not None:
        since = log_end - timedelta(hours=resume_hours)
        recent = (viewers["stopped"] > since).fill_null(False).to_numpy()
    numbered = plays.join(viewers.select(USER, "viewer"), on=USER, maintain_order="left")
    return Viewing(
        duration=duration,
        reached=reached,
        left=short & ~recent,
        may_go_on=short & recent,
        first=viewers["first"],
        viewer=numbered["viewer"].to_numpy().astype(np.int64),
        start=numbered[FROM_SECONDS].to_numpy(),
        end=numbered[TO_SECONDS].to_numpy(),
    )


def cohorts(viewing: Viewing, unit: CohortUnit) -> list[Cohort]:
    """The viewers by the day, week or month in which they first played the title, oldest first.

    Viewers without a timestamp are in none.
    """
    begins = viewing.first.dt.truncate(_EVERY[unit]).dt.date()
    return [
        Cohort(f"{day}", viewing.of((begins == day).fill_null(False).to_numpy()))
        for day in begins.drop_nulls().unique().sort()
    ]
