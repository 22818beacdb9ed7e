"""How often a segment's users come to a title that they have not played: which to promote to whom.

Measured, as for a campaign: users are placed in segments by what they had played before the log's
last days, and in those it is counted who came. Counts of one title in one segment are small, so
each is drawn towards what the other segments did with the title, and those towards all titles: a
beta-binomial with both strengths chosen by their marginal likelihood (empirical Bayes: B. Efron,
Large-Scale Inference, 2010, chapter 1). Without that the title that looks best of many would often
be one that was lucky.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import betaln
from scipy.stats import beta

from recsys.audience.grouping import FitRepresentation, nearest
from recsys.audience.promotion import CAMPAIGN_SCHEMA, Draw, draw_groups
from recsys.audience.segments import Segmentation
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions, Ints, first_plays, is_timed
from recsys.viewing_log import ITEM, TIMESTAMP, TITLE, USER

Doubles = npt.NDArray[np.float64]

STRENGTHS = (1.0, 5.0, 20.0, 100.0, 500.0, 2500.0)
"""How many users what is known from elsewhere may count as."""


@dataclass(frozen=True, slots=True)
class SegmentResponses:
    """Users of each segment who had not played each title, and who of them came."""

    segments: list[str]
    items: tuple[str, ...]
    """Those that were played before the last days; others cannot be measured."""
    days: int
    """Within which a first play counts as a response."""
    then: Ints
    """`(segments, items)`: users who had not played it."""
    came: Ints
    """`(segments, items)`: of these, who then did."""
    now: Ints
    """`(segments, items)`: users who have not played it to this day."""
    above: Doubles
    below: Doubles
    """`(segments, items)`: the beta distribution of the response."""

    def titles(self, segment: str, titles: pl.DataFrame) -> pl.DataFrame:
        """The titles for a segment, highest expected response first; ties by item.

        Columns: `rank, item, title, expected_response, low, high, lift, then, came, now`. `lift` is
        over the mean of all users of all segments.
        """
        place = self.segments.index(segment)
        names = dict(titles.select(ITEM, TITLE).drop_nulls().iter_rows())
        table = self._table([place], range(len(self.items))).drop("segment")
        named = table.with_columns(
            pl.col(ITEM).replace_strict(names, default=pl.col(ITEM)).alias(TITLE)
        )
        ranked = named.sort("expected_response", ITEM, descending=[True, False])
        first = ("rank", ITEM, TITLE)
        return ranked.with_row_index("rank", 1).select(*first, pl.exclude(first))

    def of_title(self, item: str) -> pl.DataFrame:
        """The segments for a title, highest expected response first; empty if not measured.

        Columns: `segment, expected_response, low, high, lift, then, came, now`.
        """
        wanted = [place for place, name in enumerate(self.items) if name == item]
        table = self._table(range(len(self.segments)), wanted).drop(ITEM)
        return table.sort("expected_response", "segment", descending=[True, False])

    def _table(self, segments: "range | list[int]", items: "range | list[int]") -> pl.DataFrame:
        cells = list(product(segments, items))
        row = np.array([cell[0] for cell in cells], np.int64)
        column = np.array([cell[1] for cell in cells], np.int64)
        above, below = self.above[row, column], self.below[row, column]
        all_above, all_then = self.came.sum(axis=0), self.then.sum(axis=0)
        overall = (all_above / np.maximum(all_then, 1))[column]
        expected = above / (above + below)
        return pl.DataFrame(
            {
                "segment": pl.Series([self.segments[place] for place in row], dtype=pl.String),
                ITEM: pl.Series([self.items[place] for place in column], dtype=pl.String),
                "expected_response": expected,
                "low": beta.ppf(0.025, above, below),
                "high": beta.ppf(0.975, above, below),
                "lift": pl.Series(expected / np.where(overall > 0, overall, np.nan)).fill_nan(None),
                "then": self.then[row, column],
                "came": self.came[row, column],
                "now": self.now[row, column],
            }
        )


def segment_responses(
    log: pl.DataFrame, segmentation: Segmentation, fit: FitRepresentation, *, days: int
) -> SegmentResponses:
    """Measure each segment's response to each title in the last days of a log.

    Args:
        log: With the columns of `viewing_log.SCHEMA`, all rows with timestamps.
        segmentation: Of the log's users.
        fit: Learns how to represent histories; here from the log before its last days.
        days: Within which a first play counts as a response.

    Raises:
        NoUsableRows: The log has no timestamps, does not reach back so far, or nobody came.
    """
    if not is_timed(log):
        raise NoUsableRows("the promotion", "the log has no timestamps, so no response is told")
    early = log.filter(pl.col(TIMESTAMP) < pl.lit(log[TIMESTAMP].max()) - timedelta(days=days))
    if early.is_empty():
        raise NoUsableRows("the promotion", f"the log has no plays before its last {days} days")
    past, whole = Interactions.from_log(early), Interactions.from_log(log)
    count = len(segmentation.segments)
    place = _placed(past, segmentation.members, count, fit)
    played, users = _by_segment(past, past, place, count)
    later, _ = _by_segment(whole, past, place, count)
    to_this_day = np.array([segmentation.members[user] for user in whole.users])
    played_now, users_now = _by_segment(whole, past, None, count, to_this_day)
    then, came = users[:, None] - played, later - played
    if not came.any():
        raise NoUsableRows("the promotion", f"nobody came to a new title in the last {days} days")
    above, below = _shrunk(came.astype(np.float64), then.astype(np.float64))
    return SegmentResponses(
        segments=[segment.name for segment in segmentation.segments],
        items=past.items,
        days=days,
        then=then,
        came=came,
        now=users_now[:, None] - played_now,
        above=above,
        below=below,
    )


def segment_campaign(
    responses: SegmentResponses,
    log: pl.DataFrame,
    segmentation: Segmentation,
    segment: str,
    *,
    titles: int = 5,
    size: int | None = None,
    draw: Draw,
) -> pl.DataFrame:
    """Who of a segment is to be shown which title: for each user the best they have not played.

    Users are ranked by the response expected of them, ties by name; the hold-out is drawn among
    those with the same title. `band` is the title's place among those promoted.

    Args:
        responses: As measured.
        log: The same log.
        segmentation: Of its users.
        segment: The name of a segment.
        titles: How many titles are promoted.
        size: How many users at most.
        draw: The share held out, and the seed.

    Returns:
        With the columns of `promotion.CAMPAIGN_SCHEMA`; users who played all titles are left out.
    """
    promoted = responses.titles(segment, pl.DataFrame(schema={ITEM: pl.String, TITLE: pl.String}))
    promoted = promoted.head(titles)
    place = [one.name for one in segmentation.segments].index(segment)
    users = [user for user, number in segmentation.members.items() if number == place]
    pairs = first_plays(log).filter(pl.col(ITEM).is_in(promoted[ITEM].to_list()))
    open_pairs = (
        pl.DataFrame({USER: users}, schema={USER: pl.String})
        .join(promoted.rename({"rank": "band"}), how="cross")
        .join(pairs.select(USER, ITEM), on=[USER, ITEM], how="anti")
    )
    best = open_pairs.sort(USER, "band").unique(USER, keep="first", maintain_order=True)
    ranked = best.sort("band", USER).with_columns(pl.lit(segment).alias("segment"))
    ranked = ranked if size is None else ranked.head(size)
    return draw_groups(ranked, draw).select(*CAMPAIGN_SCHEMA).cast(CAMPAIGN_SCHEMA)


def _placed(
    past: Interactions, members: Mapping[str, int], count: int, fit: FitRepresentation
) -> Ints:
    """`(users,)`: the segment of each, by the past alone; centres are the means of members."""
    if count == 1:
        return np.zeros(len(past.users), np.int64)
    vectors = fit(past)(past.histories())
    segment = np.array([members[user] for user in past.users])
    centres = np.full((count, vectors.shape[1]), np.inf, np.float32)
    for number in np.unique(segment):
        centres[number] = vectors[segment == number].mean(axis=0)
    filled = np.flatnonzero(np.isfinite(centres).all(axis=1))
    return np.asarray(filled[nearest(vectors, centres[filled])], np.int64)


def _by_segment(
    plays: Interactions,
    past: Interactions,
    place: Ints | None,
    count: int,
    of_all: Ints | None = None,
) -> tuple[Ints, Ints]:
    """`(segments, items)` of plays of the past's titles, and `(segments,)` of users.

    By the past's users and their places, or by all users of the plays and theirs.
    """
    titles = {item: number for number, item in enumerate(past.items)}
    number = np.array([titles.get(item, -1) for item in plays.items], np.int64)[plays.item]
    if place is not None:
        users = {user: n for n, user in enumerate(past.users)}
        segment = np.array([place[users[u]] if u in users else -1 for u in plays.users], np.int64)
    else:
        assert of_all is not None
        segment = of_all
    here = segment[plays.user]
    use = (number >= 0) & (here >= 0)
    table = np.zeros((count, len(past.items)), np.int64)
    np.add.at(table, (here[use], number[use]), 1)
    return table, np.bincount(segment[segment >= 0], minlength=count)


def _shrunk(came: Doubles, then: Doubles) -> tuple[Doubles, Doubles]:
    """The beta distributions, `(segments, items)` each, at the strengths of best likelihood."""
    overall = came.sum() / then.sum()
    others_came, others_then = came.sum(axis=0) - came, then.sum(axis=0) - then
    best, likeliest = (came, then), -np.inf
    for to_all, to_title in product(STRENGTHS, STRENGTHS):
        mean = (others_came + to_all * overall) / (others_then + to_all)
        mean = np.minimum(mean, 1 - 1e-9)  # where all came, some beta distribution is left
        above, below = to_title * mean, to_title * (1 - mean)
        likelihood = float((betaln(above + came, below + then - came) - betaln(above, below)).sum())
        if likelihood > likeliest:
            best, likeliest = (above + came, below + then - came), likelihood
    return best
