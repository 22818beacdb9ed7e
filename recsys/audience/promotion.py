"""Whom to show a title: users ranked, with how many of them respond, and a hold-out to prove it.

A response is a first play of the title within a number of days, and what is expected is measured,
not taken from a score: the same kind of model is fitted on the log before its last days, ranks the
users of that time, and their share who then came is counted in bands of the ranking. It is what
happens without a campaign; what a campaign adds is the target group's response over the hold-out's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm

from recsys.audience.retention import wilson_interval
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions, Ints, is_timed, played
from recsys.models.model import Recommender
from recsys.viewing_log import ITEM, TIMESTAMP

Doubles = npt.NDArray[np.float64]
Fit = Callable[[Interactions], Recommender]

BANDS = 10
FEWEST_IN_BAND = 20
"""With fewer users than this for each, there are fewer bands."""
DAYS = 14
TARGET, HOLD_OUT = "target", "hold-out"
USERS_AT_ONCE = 1024

CAMPAIGN_SCHEMA = pl.Schema(
    {
        "rank": pl.Int64(),
        "user": pl.String(),
        "item": pl.String(),
        "segment": pl.String(),
        "group": pl.String(),
        "propensity": pl.Float64(),
        "band": pl.Int64(),
        "expected_response": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class Draw:
    """How a hold-out is drawn."""

    hold_out: float = 0.1
    """The share held out, 0 to below 1; each user's chance of it."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.hold_out < 1:  # which is false of nan, too
            raise ValueError(f"need 0 <= hold_out < 1, got {self.hold_out}")


@dataclass(frozen=True, slots=True)
class Band:
    """Users whose place in the ranking is alike, as they were before the log's last days."""

    users: int
    responses: int
    """How many of them then played the title."""
    rate: float
    low: float
    high: float
    """95 % interval of the rate (Wilson)."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """Whom to show a title, and what to expect."""

    item: str
    days: int
    """Within which a first play counts as a response."""
    users: pl.DataFrame
    """With the columns of `CAMPAIGN_SCHEMA`; best first."""
    bands: list[Band]
    """Best first."""
    base_rate: float
    """The response of all users who could have been chosen."""
    by_segment: pl.DataFrame = field(default_factory=pl.DataFrame)
    """The segments, as `responses.SegmentResponses.of_title` gives them; empty if not measured."""

    def groups(self) -> tuple[int, int]:
        """How many users are to be shown the title, and how many are held out."""
        return group_sizes(self.users)

    def smallest_lift(self, level: float = 0.05, power: float = 0.8) -> float | None:
        """The smallest difference in response between the groups that is likely to be told."""
        return smallest_lift(self.users, level, power)


def group_sizes(users: pl.DataFrame) -> tuple[int, int]:
    """How many users of a campaign are to be shown the title, and how many are held out."""
    target = int((users["group"] == TARGET).sum())
    return target, users.height - target


def smallest_lift(users: pl.DataFrame, level: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest difference in response between a campaign's groups that is likely to be told.

    Two-sided test of two shares, normal approximation (J. L. Fleiss, Statistical Methods for
    Rates and Proportions, 1981): `(z + z') * sqrt(p (1 - p) (1/n + 1/m))`. None without both
    groups.

    Args:
        users: With the columns of `CAMPAIGN_SCHEMA`.
        level: How often a difference may be told where there is none.
        power: How often one that is there has to be told.
    """
    target, held_out = group_sizes(users)
    if not target or not held_out:
        return None
    rate = float(users["expected_response"].to_numpy().mean())
    z = float(norm.ppf(1 - level / 2) + norm.ppf(power))
    return float(z * np.sqrt(rate * (1 - rate) * (1 / target + 1 / held_out)))


def plan_campaign(
    log: pl.DataFrame,
    item: str,
    fit: Fit,
    *,
    segments: Mapping[str, str] | None = None,
    segment: str | None = None,
    size: int | None = None,
    hold_out: float = 0.1,
    days: int = DAYS,
    seed: int = 0,
) -> Campaign:
    """Rank the users who have not played a title, and part them into target and hold-out.

    Args:
        log: With the columns of `viewing_log.SCHEMA`, all rows with timestamps.
        item: The title.
        fit: Fits the model that ranks; called twice, for the past and for now.
        segments: Each user's segment, by name.
        segment: Take only users of this segment; the bands are still those of all users.
        size: How many users at most; all if None.
        hold_out: The share held out, 0 to below 1, drawn by chance among users of like place.
        days: Within which a first play counts as a response.
        seed: Of the draw.

    Raises:
        NoUsableRows: The log has no timestamps, or does not reach back far enough to measure.
        ValueError: The hold-out is no share.
    """
    draw = Draw(hold_out, seed)
    if not is_timed(log):
        raise NoUsableRows("the campaign", "the log has no timestamps, so no response is told")
    bands, base_rate = _measured(log, item, fit, days)
    users, place = _ranking(fit(Interactions.from_log(log)), log, item)
    band = _band_of(place, len(bands))
    names = segments or {}
    table = pl.DataFrame(
        {
            "user": users,
            "segment": [names.get(user) for user in users],
            "band": band,
            "expected_response": [bands[b].rate for b in band],
            "low": [bands[b].low for b in band],
            "high": [bands[b].high for b in band],
        },
        schema={name: CAMPAIGN_SCHEMA[name] for name in _FIRST_COLUMNS},
    )
    if segment is not None:
        table = table.filter(pl.col("segment") == segment)
    chosen = table.head(size) if size is not None else table
    ranked = draw_groups(chosen.with_columns(pl.col("band") + 1, pl.lit(item).alias("item")), draw)
    final = ranked.select(*CAMPAIGN_SCHEMA).cast(CAMPAIGN_SCHEMA)
    return Campaign(item, days, final, bands, base_rate)


_FIRST_COLUMNS = ("user", "segment", "band", "expected_response", "low", "high")


def draw_groups(users: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Number ranked users and part those of each band into target and hold-out, by chance.

    Adds `rank`, from 1; `group`; and `propensity`, the chance with which a user came into their
    group, so that what follows can be weighed by it.

    Args:
        users: Best first, with a column `band`.
        draw: The share held out, and the seed.
    """
    held = _draw(users["band"].to_numpy(), draw.hold_out, np.random.default_rng(draw.seed))
    return users.with_columns(
        pl.Series("group", np.where(held, HOLD_OUT, TARGET), dtype=pl.String),
        pl.Series("propensity", np.where(held, draw.hold_out, 1 - draw.hold_out)),
    ).with_row_index("rank", 1)


def _measured(log: pl.DataFrame, item: str, fit: Fit, days: int) -> tuple[list[Band], float]:
    """What the users ranked before the last days did in them."""
    end = log[TIMESTAMP].max()
    cut = pl.lit(end) - timedelta(days=days)
    early = log.filter(pl.col(TIMESTAMP) < cut)
    if played(early).filter(pl.col(ITEM) == item).is_empty():
        reason = f"title {item} was not played before the last {days} days, so none can be measured"
        raise NoUsableRows("the campaign", reason)
    users, place = _ranking(fit(Interactions.from_log(early)), early, item)
    later = Interactions.from_log(log)
    came = set(_users_of(later, item))
    responded = np.array([user in came for user in users], np.bool_)
    if not responded.any():
        reason = f"nobody who could be ranked came to title {item} in the last {days} days"
        raise NoUsableRows("the campaign", reason)
    count = int(np.clip(len(users) // FEWEST_IN_BAND, 1, BANDS))
    band = _band_of(place, count)
    total = np.bincount(band, minlength=count)
    hits = np.bincount(band[responded], minlength=count)
    low, high = wilson_interval(hits, total)
    found = zip(total.tolist(), hits.tolist(), low.tolist(), high.tolist(), strict=True)
    bands = [Band(n, k, k / max(n, 1), lo, hi) for n, k, lo, hi in found]
    return bands, float(responded.mean())


def _ranking(model: Recommender, log: pl.DataFrame, item: str) -> tuple[list[str], Doubles]:
    """Users who have not played a title, best first, and the place of each, 0 (best) to 1.

    A model's scores compare within one user only, so users are ranked by where the title stands
    among the titles they have not seen; ties go to more titles watched, then to the name.
    """
    number = {name: place for place, name in enumerate(model.items)}[item]
    users = [user for user in model.users if number not in model.history(user)]
    if not users:
        raise NoUsableRows("the campaign", f"everyone has played title {item}")
    above: list[Doubles] = []
    for begin in range(0, len(users), USERS_AT_ONCE):
        lot = users[begin : begin + USERS_AT_ONCE]
        scores = model.score(lot).astype(np.float64)
        for row, user in enumerate(lot):
            scores[row, model.history(user)] = -np.inf
        unseen = np.maximum(np.isfinite(scores).sum(axis=1), 1)
        above.append((scores > scores[:, [number]]).sum(axis=1) / unseen)
    stands = np.concatenate(above)
    watched = np.array([len(model.history(user)) for user in users])
    order = np.lexsort((np.array(users), -watched, stands))
    return [users[row] for row in order], (np.arange(len(users)) + 0.5) / len(users)


def _band_of(place: Doubles, count: int) -> Ints:
    return np.minimum((place * count).astype(np.int64), count - 1)


def _users_of(interactions: Interactions, item: str) -> list[str]:
    number = {name: place for place, name in enumerate(interactions.items)}[item]
    return [interactions.users[user] for user in interactions.user[interactions.item == number]]


def _draw(band: Ints, share: float, chance: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Within each band, mark the share by chance; what is left over of it is drawn as well."""
    drawn = np.zeros(len(band), np.bool_)
    for one in np.unique(band):
        rows = np.flatnonzero(band == one)
        exact = share * len(rows)
        count = int(exact) + int(chance.random() < exact - int(exact))
        drawn[chance.choice(rows, count, replace=False)] = True
    return drawn
