"""The audience of an imported log, ready to show: all titles, all segments, one title's seconds."""

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import polars as pl

from recsys.audience.promotion import DAYS, Campaign, plan_campaign
from recsys.audience.retention import (
    Moment,
    RetentionCurve,
    drop_offs,
    rewatched_stretches,
)
from recsys.audience.segments import Segmentation, find_segments
from recsys.audience.shot_effects import Doubles, ShotEffect, shot_effects
from recsys.audience.titles import title_table
from recsys.audience.viewing import (
    RESUME_HOURS,
    Cohort,
    CohortUnit,
    Viewing,
    cohorts,
    last_moment,
    viewing_of,
)
from recsys.errors import NoUsableRows, UnknownTitle
from recsys.interactions import Interactions
from recsys.logs.store import LogStore
from recsys.models.model import Recommender, read_card
from recsys.models.registry import make_model
from recsys.serving import current_folder
from recsys.viewing_log import ITEM, TITLE, is_simulated

SEGMENT_FACTORS = 16


@dataclass(frozen=True, slots=True)
class AudienceTables:
    """What is known of the audience as a whole."""

    titles: pl.DataFrame
    """As `audience.titles.title_table` gives it."""
    segmentation: Segmentation | None
    """None where there are too few users to group."""
    simulated: bool
    """Whether any row of the log was simulated."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is known of one title's viewing, second by second."""

    item: str
    title: str
    simulated: bool
    curve: RetentionCurve
    drop_offs: list[Moment]
    rewatched: list[Moment]
    viewing: Viewing
    cohorts: list[Cohort]
    """Empty unless they were asked for."""

    def as_json(self) -> dict[str, object]:
        """Plain values; `curve` has an entry for each second."""
        return {
            "item": self.item,
            "title": self.title,
            "simulated": self.simulated,
            "viewers": self.curve.viewers,
            "may_go_on": int(self.viewing.may_go_on.sum()),
            "drop_offs": [asdict(moment) for moment in self.drop_offs],
            "rewatched": [asdict(moment) for moment in self.rewatched],
            "curve": curve_table(self.viewing).to_dicts(),
            "cohorts": [
                {
                    "begins": cohort.begins,
                    "viewers": len(cohort.viewing.reached),
                    "may_go_on": int(cohort.viewing.may_go_on.sum()),
                    "curve": curve_table(cohort.viewing).to_dicts(),
                }
                for cohort in self.cohorts
            ],
        }


@dataclass(frozen=True, slots=True)
class ShotRetention:
    """What is known of one title's viewing, shot by shot."""

    item: str
    title: str
    simulated: bool
    viewing: Viewing
    effects: list[ShotEffect]

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "item": self.item,
            "title": self.title,
            "simulated": self.simulated,
            "viewers": len(self.viewing.reached),
            "duration_seconds": self.viewing.duration,
            "shots": [asdict(effect) for effect in self.effects],
        }


def audience_tables(logs: Path, *, segments: int | None = None, seed: int = 0) -> AudienceTables:
    """The titles' audiences and the segments of users; NoLog if nothing was imported."""
    store = LogStore(logs)
    log, titles = store.load(), store.titles()
    try:
        segmentation = segment_users(log, titles, count=segments, seed=seed)
    except NoUsableRows:
        segmentation = None
    return AudienceTables(title_table(log, titles), segmentation, is_simulated(log))


def segment_users(
    log: pl.DataFrame, titles: pl.DataFrame, *, count: int | None = None, seed: int = 0
) -> Segmentation:
    """Group users by the factors of an ALS model of the log.

    Raises:
        NoUsableRows: There are too few users to group.
    """
    interactions = Interactions.from_log(log)
    model = make_model("als", seed, embedding_size=SEGMENT_FACTORS).fit(interactions)
    vectors = model.represent(interactions.histories())
    assert vectors is not None  # ALS represents users
    return find_segments(interactions, vectors, titles, count=count, seed=seed)


def retention(
    logs: Path,
    title: str,
    *,
    cohort: CohortUnit | None = None,
    resume_hours: float = RESUME_HOURS,
) -> Retention:
    """The curves of a title, named by its item or its name (letter case does not matter).

    Args:
        logs: The folder of the imported log.
        title: An item or a name.
        cohort: Also part the viewers by when they first played it.
        resume_hours: A viewer whose last play ended less than this before the log's end may go on.

    Raises:
        NoLog: Nothing was imported.
        UnknownTitle: No played title goes by that name.
        NoUsableRows: The log does not tell positions for it.
    """
    item, name, simulated, viewing = _viewing(logs, title, resume_hours)
    curve = viewing.curve()
    return Retention(
        item=item,
        title=name,
        simulated=simulated,
        curve=curve,
        drop_offs=drop_offs(curve),
        rewatched=rewatched_stretches(curve),
        viewing=viewing,
        cohorts=cohorts(viewing, cohort) if cohort else [],
    )


def retention_by_shot(
    logs: Path,
    title: str,
    starts: Doubles,
    ends: Doubles,
    *,
    resume_hours: float = RESUME_HOURS,
) -> ShotRetention:
    """Which shots of a title lose viewers or win them back.

    Args:
        logs: The folder of the imported log.
        title: An item or a name.
        starts: `(shots,)`, seconds of the title's time, rising.
        ends: `(shots,)`, seconds.
        resume_hours: As for `retention`.

    Raises:
        As `retention`.
    """
    item, name, simulated, viewing = _viewing(logs, title, resume_hours)
    effects = shot_effects(starts, ends, viewing)
    return ShotRetention(item, name, simulated, viewing, effects)


def campaign(
    logs: Path,
    recommenders: Path,
    title: str,
    *,
    segment: str | None = None,
    size: int | None = None,
    hold_out: float = 0.1,
    days: int = DAYS,
    seed: int = 0,
) -> tuple[str, bool, Campaign]:
    """Whom to show a title, ranked by a model like the recommender in use.

    Users who were forgotten are in no log, and so in no campaign.

    Args:
        logs: The folder of the imported log.
        recommenders: The folder of recommenders; the one in use says which model to fit.
        title: An item or a name.
        segment: Only users of the segment of this name (letter case does not matter).
        size: How many users at most.
        hold_out: The share of them held out.
        days: Within which a first play counts as a response.
        seed: Of the model and of the draw.

    Returns:
        The title's name, whether the log is simulated, and the campaign.

    Raises:
        NoLog, NoModel: Nothing was imported, or nothing was trained.
        UnknownTitle: No played title goes by that name.
        NoUsableRows: There is no such segment, or the log cannot tell a response.
    """
    store = LogStore(logs)
    card = read_card(current_folder(recommenders))
    log, titles = store.load(), store.titles()
    item, name = find_title(log, titles, title)
    names: dict[str, str] = {}
    try:
        found = segment_users(log, titles, seed=seed)
        names = {user: found.segments[place].name for user, place in found.members.items()}
    except NoUsableRows:
        if segment is not None:
            raise
    if segment is not None:
        known = {name.casefold(): name for name in names.values()}
        if segment.casefold() not in known:
            told = f"there is none of that name; there are {', '.join(sorted(known.values()))}"
            raise NoUsableRows(f"the segment {segment!r}", told)
        segment = known[segment.casefold()]

    def fit(interactions: Interactions) -> Recommender:
        return make_model(str(card["model"]), seed, **card["config"]).fit(interactions)

    plan = plan_campaign(
        log,
        item,
        fit,
        segments=names,
        segment=segment,
        size=size,
        hold_out=hold_out,
        days=days,
        seed=seed,
    )
    return name, is_simulated(log), plan


def curve_table(viewing: Viewing) -> pl.DataFrame:
    """A row for each second: what `RetentionCurve.table` has, and who watches beyond its middle.

    `still_watching`, with `_low` and `_high`, is the share of viewers by Kaplan and Meier.
    """
    table = viewing.curve().table()
    value, low, high = viewing.survival().at(np.arange(table.height, dtype=np.float64) + 0.5)
    return table.with_columns(
        still_watching=value, still_watching_low=low, still_watching_high=high
    )


def _viewing(logs: Path, title: str, resume_hours: float) -> tuple[str, str, bool, Viewing]:
    store = LogStore(logs)
    items = store.collect(store.scan().select(ITEM).unique())
    item, name = find_title(items, store.titles(), title)
    rows = store.collect(store.scan().filter(pl.col(ITEM) == item))
    viewing = viewing_of(rows, last_moment(store.scan()), resume_hours)
    if viewing is None:
        raise NoUsableRows(f"the retention of {name}", "the log tells no positions of its plays")
    return item, name, is_simulated(rows), viewing


def find_title(log: pl.DataFrame, titles: pl.DataFrame, asked: str) -> tuple[str, str]:
    """The item and the name of a title in the log, by either; UnknownTitle if there is none."""
    items = log[ITEM].unique().sort().to_list()
    names = dict.fromkeys(items, "") | {
        item: name for item, name in titles.select(ITEM, TITLE).iter_rows() if item in set(items)
    }
    if asked in names:
        return asked, names[asked] or asked
    for item, name in names.items():
        if name.casefold() == asked.casefold():
            return item, name
    known = [*items, *filter(None, names.values())]
    raise UnknownTitle(asked, get_close_matches(asked, known, n=3))
