"""The audience of an imported log, ready to show: all titles, all segments, one title's seconds."""

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from recsys.audience.retention import (
    Moment,
    RetentionCurve,
    drop_offs,
    rewatched_stretches,
    title_curve,
)
from recsys.audience.segments import Segmentation, find_segments
from recsys.audience.titles import title_table
from recsys.errors import NoUsableRows, UnknownTitle
from recsys.interactions import Interactions
from recsys.logs.store import LogStore
from recsys.models.registry import make_model
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

    def as_json(self) -> dict[str, object]:
        """Plain values; `curve` has an entry for each second."""
        return {
            "item": self.item,
            "title": self.title,
            "simulated": self.simulated,
            "viewers": self.curve.viewers,
            "drop_offs": [asdict(moment) for moment in self.drop_offs],
            "rewatched": [asdict(moment) for moment in self.rewatched],
            "curve": self.curve.table().to_dicts(),
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


def retention(logs: Path, title: str) -> Retention:
    """The curves of a title, named by its item or its name (letter case does not matter).

    Raises:
        NoLog: Nothing was imported.
        UnknownTitle: No played title goes by that name.
        NoUsableRows: The log does not tell positions for it.
    """
    store = LogStore(logs)
    log, titles = store.load(), store.titles()
    item, name = find_title(log, titles, title)
    curve = title_curve(log, item)
    if not curve.viewers:
        raise NoUsableRows(f"the retention of {name}", "the log tells no positions of its plays")
    simulated = is_simulated(log.filter(pl.col(ITEM) == item))
    return Retention(item, name, simulated, curve, drop_offs(curve), rewatched_stretches(curve))


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
