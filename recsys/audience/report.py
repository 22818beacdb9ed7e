"""One title's audience in an imported log, ready to show: second by second and shot by shot."""

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import polars as pl

from recsys.audience.retention import (
    Moment,
    RetentionCurve,
    drop_offs,
    rewatched_stretches,
)
from recsys.audience.shot_effects import Doubles, ShotEffect, shot_effects
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
from recsys.logs.store import LogStore
from recsys.viewing_log import ITEM, TITLE, is_simulated


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

    def table(self) -> pl.DataFrame:
        """A row for each second, as `curve_table` gives them."""
        return curve_table(self.curve, self.viewing)

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
            "curve": self.table().to_dicts(),
            "cohorts": [
                {
                    "begins": cohort.begins,
                    "viewers": len(cohort.viewing.reached),
                    "may_go_on": int(cohort.viewing.may_go_on.sum()),
                    "curve": curve_table(cohort.viewing.curve(), cohort.viewing).to_dicts(),
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


def curve_table(curve: RetentionCurve, viewing: Viewing) -> pl.DataFrame:
    """A row for each second: what `RetentionCurve.table` has, and who watches beyond its middle.

    The curve is that of the viewing; whoever has it already need not count it again.
    `still_watching`, with `_low` and `_high`, is the share of viewers by Kaplan and Meier.
    """
    table = curve.table()
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
