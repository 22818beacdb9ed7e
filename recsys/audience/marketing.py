"""What marketing asks of an imported log: its segments, whom to show a title, what to show whom."""

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from recsys.audience.grouping import FitRepresentation, count_groups
from recsys.audience.promotion import DAYS, Campaign, Draw, group_sizes, plan_campaign
from recsys.audience.report import find_title
from recsys.audience.representations import Represent, representation
from recsys.audience.responses import SegmentResponses, segment_campaign, segment_responses
from recsys.audience.segments import Segmentation, find_segments
from recsys.audience.steadiness import steadiness
from recsys.audience.titles import title_table
from recsys.current import current_folder
from recsys.errors import NoUsableRows
from recsys.interactions import Interactions
from recsys.logs.store import LogStore
from recsys.models.card import read_card
from recsys.models.model import Recommender
from recsys.models.registry import load_model, make_like, make_model
from recsys.viewing_log import is_simulated

FACTORS = 16
DEAR = frozenset({"sasrec", "stack", "content"})
"""Models that are not learned again to tell how many segments there are."""


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
class SegmentPromotion:
    """Which titles to show a segment, and to whom of it."""

    segment: str
    simulated: bool
    days: int
    """Within which a first play counts as a response."""
    titles: pl.DataFrame
    """All that can be measured, as `SegmentResponses.titles` gives them."""
    users: pl.DataFrame
    """With the columns of `promotion.CAMPAIGN_SCHEMA`; best first."""

    def groups(self) -> tuple[int, int]:
        """How many users are to be shown a title, and how many are held out."""
        return group_sizes(self.users)


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
    log: pl.DataFrame,
    titles: pl.DataFrame,
    *,
    count: int | None = None,
    seed: int = 0,
    recommenders: Path | None = None,
    over_time: bool = True,
) -> Segmentation:
    """Group users by how a model sees them: an ALS model of the log, or the one in use.

    Args:
        log: With the columns of `viewing_log.SCHEMA`.
        titles: With the columns of `viewing_log.TITLE_SCHEMA`; may be empty.
        count: How many segments; None takes as many as can be found again, which may be one.
        seed: Of the model and of the grouping.
        recommenders: The folder of recommenders, to take the model in use.
        over_time: Whether it is also measured how many users stay in their segments.

    Raises:
        NoModel: The model in use was asked for, and there is none.
        NoUsableRows: There are too few users to group, or the model tells them not apart.
    """
    interactions = Interactions.from_log(log)
    fit, learned = _seeing(interactions, recommenders, seed)
    if len(interactions.users) < 4 or len(interactions.items) < 2:
        told = f"{len(interactions.users)} users and {len(interactions.items)} titles are too few"
        raise NoUsableRows("the grouping of users", told)
    represent = learned or fit(interactions)
    number = None
    if count is None:
        number = count_groups(interactions, fit, represent=learned, seed=seed)
        count = number.count
    vectors = represent(interactions.histories())
    found = find_segments(
        interactions, vectors, titles, count=count, seed=seed, log=log, number=number
    )
    if not over_time:
        return found
    if learned is not None:  # to see users as of the past, it would have to be learned again
        return found
    every, each = steadiness(log, found.members, count, fit)
    kept = [replace(one, steadiness=told) for one, told in zip(found.segments, each, strict=True)]
    return replace(found, segments=kept, steadiness=every)


def _seeing(
    interactions: Interactions, recommenders: Path | None, seed: int
) -> tuple[FitRepresentation, Represent | None]:
    """How to learn a representation, and one that was learned where learning again is dear."""
    if recommenders is None:
        return _fit_factors(seed), None
    folder = current_folder(recommenders)
    if read_card(folder)["model"] in DEAR:
        learned = representation(load_model(folder), FACTORS, seed, items=interactions.items)
        return _fit_factors(seed), learned
    return (lambda part: representation(make_like(folder, seed).fit(part), FACTORS, seed)), None


def _fit_factors(seed: int) -> FitRepresentation:
    def fit(part: Interactions) -> Represent:
        return representation(make_model("als", seed, embedding_size=FACTORS).fit(part))

    return fit


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
    in_use = current_folder(recommenders)
    make_like(in_use, seed)  # a damaged one is told before any work is done
    log, titles = store.load(), store.titles()
    item, name = find_title(log, titles, title)
    names: dict[str, str] = {}
    responses = None
    try:
        found = segment_users(log, titles, seed=seed, over_time=False)
        names = {user: found.segments[place].name for user, place in found.members.items()}
        segment = None if segment is None else find_segment(found, segment)
        responses = measured_responses(log, found, days=days, seed=seed).of_title(item)
    except NoUsableRows:
        if segment is not None:
            raise

    def fit(interactions: Interactions) -> Recommender:
        return make_like(in_use, seed).fit(interactions)

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
    if responses is not None:
        plan = replace(plan, by_segment=responses)
    return name, is_simulated(log), plan


def promote_to_segment(
    logs: Path,
    segment: str,
    *,
    titles: int = 5,
    size: int | None = None,
    draw: Draw | None = None,
    days: int = DAYS,
    seed: int = 0,
) -> SegmentPromotion:
    """What to show a segment, by how its users responded to each title in the log's last days.

    Args:
        logs: The folder of the imported log.
        segment: The name of a segment (letter case does not matter).
        titles: How many titles the campaign shows; each user gets the best not yet played.
        size: How many users at most; the first of the ranking.
        draw: The share held out, and the seed of that.
        days: Within which a first play counts as a response.
        seed: Of the segments.

    Raises:
        NoLog: Nothing was imported.
        NoUsableRows: There is no such segment, or the log cannot tell a response.
    """
    store = LogStore(logs)
    log, names = store.load(), store.titles()
    found = segment_users(log, names, seed=seed, over_time=False)
    name = find_segment(found, segment)
    responses = measured_responses(log, found, days=days, seed=seed)
    users = segment_campaign(
        responses, log, found, name, titles=titles, size=size, draw=draw or Draw()
    )
    ranked = responses.titles(name, names)
    return SegmentPromotion(name, is_simulated(log), days, ranked, users)


def measured_responses(
    log: pl.DataFrame, segmentation: Segmentation, *, days: int = DAYS, seed: int = 0
) -> SegmentResponses:
    """Each segment's response to each title, its users placed by ALS factors of the older log.

    Raises:
        NoUsableRows: The log cannot tell a response.
    """
    return segment_responses(log, segmentation, _fit_factors(seed), days=days)


def find_segment(segmentation: Segmentation, asked: str) -> str:
    """The name of a segment, whatever its letter case; NoUsableRows names those there are."""
    known = {segment.name.casefold(): segment.name for segment in segmentation.segments}
    if asked.casefold() not in known:
        told = f"there is none of that name; there are {', '.join(sorted(known.values()))}"
        raise NoUsableRows(f"the segment {asked!r}", told)
    return known[asked.casefold()]
