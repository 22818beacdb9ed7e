"""The audience of each title, as one table."""

from datetime import timedelta

import polars as pl

from recsys.interactions import first_plays, is_timed, played
from recsys.viewing_log import (
    DURATION_SECONDS,
    GENRE,
    ITEM,
    SIMULATED,
    TIMESTAMP,
    TITLE,
    TO_SECONDS,
    USER,
    WATCHED_SECONDS,
)

COMPLETE = 0.95
"""A viewer has completed a title who played it to this share of its length."""
TREND_DAYS = 14


def title_table(log: pl.DataFrame, titles: pl.DataFrame) -> pl.DataFrame:
    """A row for each title that was played, most viewers first; ties by item.

    Columns: `item, title, genre, viewers, views, completion, mean_share, trend, simulated`.

    - `views`: different days (UTC) on which a viewer played the title, summed over viewers; equal
      to `viewers` in a log without timestamps.
    - `completion`: the share of viewers who got to `COMPLETE` of the title's length, by position
      or, in logs without positions, by seconds watched in all; null where neither is told.
    - `mean_share`: the mean over viewers of the share watched, 0 to 1; null where not told.
    - `trend`: viewers who first came in the last `TREND_DAYS` over those of as many days before,
      less 1; null in a log without timestamps or where nobody came before.

    Args:
        log: With the columns of `viewing_log.SCHEMA`.
        titles: With the columns of `viewing_log.TITLE_SCHEMA`; may be empty.
    """
    table = _viewing(log).join(_trend(log), on=ITEM, how="left")
    named = table.join(titles.select(ITEM, TITLE, GENRE), on=ITEM, how="left")
    return named.select(
        ITEM,
        pl.col(TITLE).fill_null(pl.col(ITEM)),
        GENRE,
        "viewers",
        "views",
        "completion",
        "mean_share",
        "trend",
        SIMULATED,
    ).sort("viewers", ITEM, descending=[True, False])


def _viewing(log: pl.DataFrame) -> pl.DataFrame:
    length = pl.col(DURATION_SECONDS).max()
    watched = pl.when(pl.col(WATCHED_SECONDS).count() > 0).then(pl.col(WATCHED_SECONDS).sum())
    furthest = pl.coalesce(pl.col(TO_SECONDS).max(), watched)
    days = pl.col(TIMESTAMP).dt.date().n_unique() if is_timed(log) else pl.lit(1, pl.UInt32)
    by_viewer = (
        played(log)
        .group_by(ITEM, USER)
        .agg(
            days.alias("days"),
            (furthest >= COMPLETE * length).alias("complete"),
            (watched / length).clip(0, 1).alias("share"),
            pl.col(SIMULATED).fill_null(False).any(),
        )
    )
    return by_viewer.group_by(ITEM).agg(
        pl.len().alias("viewers"),
        pl.col("days").sum().alias("views"),
        pl.col("complete").mean().alias("completion"),
        pl.col("share").mean().alias("mean_share"),
        pl.col(SIMULATED).any(),
    )


def _trend(log: pl.DataFrame) -> pl.DataFrame:
    if not is_timed(log) or log.is_empty():
        return pl.DataFrame(schema={ITEM: pl.String, "trend": pl.Float64})
    first = first_plays(log).with_columns(pl.from_epoch("when", time_unit="us").alias("at"))
    end = pl.col("at").max()
    days = timedelta(days=TREND_DAYS)
    dated = first.with_columns(
        (pl.col("at") > end - days).alias("late"),
        ((pl.col("at") <= end - days) & (pl.col("at") > end - 2 * days)).alias("early"),
    )
    counts = dated.group_by(ITEM).agg(pl.col("late").sum(), pl.col("early").sum())
    growth = pl.col("late") / pl.col("early") - 1
    return counts.select(ITEM, pl.when(pl.col("early") > 0).then(growth).alias("trend"))
