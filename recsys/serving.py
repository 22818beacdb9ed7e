"""Lists from the recommender in use: for one user, for a batch, and for a title."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from recsys.atomic import whole_file
from recsys.context import Impressions, first_impressions
from recsys.current import current_folder, load_recommender
from recsys.errors import NoUsableRows, UnknownTitle, UnreadableLog
from recsys.forgetting import refuse_forgotten
from recsys.interactions import Interactions, played
from recsys.logs.store import LogStore
from recsys.models.card import read_card
from recsys.models.model import Progress, Recommender, quiet
from recsys.models.recommended import Reason
from recsys.models.registry import load_model
from recsys.off_policy import draw_list
from recsys.rules import Occasion, Rule, apply_rules
from recsys.viewing_log import ITEM, ORDER, TIMESTAMP, TITLE, USER

DRAWN_FROM = 5
"""A list of k drawn by chance is drawn from the best so many times k titles."""
BATCH_SCHEMA = pl.Schema(
    {
        "user": pl.String(),
        "known": pl.Boolean(),
        "rank": pl.Int64(),
        "item": pl.String(),
        "title": pl.String(),
        "score": pl.Float64(),
        "because": pl.String(),
        "rules": pl.String(),
        "propensity": pl.Float64(),
    }
)
WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    ".parquet": lambda lists, file: lists.write_parquet(file),
    ".csv": lambda lists, file: lists.write_csv(file),
    ".jsonl": lambda lists, file: lists.write_ndjson(file),
}


@dataclass(frozen=True, slots=True)
class Placing:
    """What a business adds to a ranking, and where and when the list is shown."""

    rules: Sequence[Rule] = ()
    occasion: Occasion = field(default_factory=Occasion)
    facts: pl.DataFrame | None = None
    """A table of titles, `item` and the columns that rules ask for."""


@dataclass(frozen=True, slots=True)
class Exploring:
    """How lists are drawn by chance; as it is, they are not."""

    temperature: float = 0.0
    """Of `off_policy.draw_list`; 0 gives the best titles."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """A list for one user, with titles."""

    user: str
    known: bool
    """False for a user without a history, who is given what is popular."""
    source: str
    """Who ranked the list: a model's name, or `popularity`."""
    simulated: bool
    """Whether the model learned from a simulated log."""
    recommendations: list[dict[str, Any]]
    """`rank, item, title, score, because, rules, propensity`, best first.

    `because` names the watched titles that speak for the item, `item, title, share` each; `rules`
    the rules that touched its place; `propensity` is the chance at which the title came to it, 1
    unless the list was drawn.
    """
    exact: bool
    """Whether `because` is how the score adds up; if not, what each title changes when left out."""

    def as_json(self) -> dict[str, object]:
        """The same, as plain values."""
        return asdict(self)


def recommend(
    logs: Path,
    recommenders: Path,
    user: str,
    k: int = 10,
    placing: Placing | None = None,
) -> Served:
    """The k best titles that a user has not seen, from the recommender in use, after the rules.

    Raises:
        ForgottenUser: The user was removed from the log, though the model may know them still.
    """
    refuse_forgotten(logs, user)
    folder = current_folder(recommenders)
    store = LogStore(logs)
    model = up_to_date(load_model(folder), store, [user])
    return serve(model, read_card(folder), store.titles(), user, k=k, placing=placing)


def up_to_date(model: Recommender, store: LogStore, users: Sequence[str]) -> Recommender:
    """The model with what users played up to now, though it may have been trained before.

    A user who came after the training has a history from the first play on of a title that the
    model knows. Without a log the histories stay those of the training.
    """
    if not store.imports():
        return model
    return knowing(model, store.collect(store.scan().filter(pl.col(USER).is_in(list(users)))))


def knowing(model: Recommender, log: pl.DataFrame) -> Recommender:
    """The model with the histories that a log tells; those of users it does not tell of stay."""
    rows = log.filter(pl.col(ITEM).is_in(model.items)).sort(TIMESTAMP, ORDER, ITEM)
    if played(rows).is_empty():
        return model
    found = _as_numbered_by(model, rows)
    histories = dict(zip(found.users, found.histories(), strict=True))
    contexts = found.contexts() if model.reads_context else []
    return model.with_histories(histories, dict(zip(found.users, contexts, strict=False)))


def _as_numbered_by(model: Recommender, rows: pl.DataFrame) -> Interactions:
    """The interactions of a log of the model's items, with its numbers of items and devices."""
    found = Interactions.from_log(rows)
    place = model.numbers
    listed = sorted(place)
    shown = Impressions.numbered(first_impressions(rows, timed=found.timed), found.users, listed)
    number = np.array([place[item] for item in listed], np.int64)
    known = {device: number for number, device in enumerate(model.devices)}
    device = np.array([*(known.get(name, -1) for name in found.devices), -1], np.int64)
    return replace(
        found,
        items=model.items,
        item=np.array([place[item] for item in found.items], np.int64)[found.item],
        shown=replace(shown, item=number[shown.item]),
        device=device[found.device] if model.devices else found.device[:0],
        devices=model.devices if found.devices else (),
    )


def write_batch(
    logs: Path,
    recommenders: Path,
    users: Sequence[str],
    out: Path,
    *,
    k: int = 10,
    placing: Placing | None = None,
    exploring: Exploring | None = None,
    on_progress: Progress = quiet,
) -> int:
    """Write the lists of many users to one file, a row for each title, and count the rows.

    The columns are `user, known, rank, item, title, score, because, rules, propensity`; the file
    appears whole or not at all. Users who were forgotten are left out.

    Args:
        logs: The workspace's folder of logs.
        recommenders: Its folder of recommenders.
        users: Any users; one without a history is given what is popular.
        out: `.parquet`, `.csv` or `.jsonl`.
        k: How many titles a user.
        placing: What the business adds, before any list is drawn.
        exploring: Whether and how lists are drawn by chance.
        on_progress: Called with the share of users done.

    Raises:
        UnreadableLog: The name of `out` does not tell its kind.
    """
    if out.suffix not in WRITERS:
        raise UnreadableLog(out, f"lists are written as {', '.join(WRITERS)}")
    folder, store = current_folder(recommenders), LogStore(logs)
    model, card, titles = load_model(folder), read_card(folder), store.titles()
    model = up_to_date(model, store, users)
    drawing = exploring or Exploring()
    chance = np.random.default_rng(drawing.seed)
    rows: list[dict[str, Any]] = []
    forgotten = store.forgotten(users)
    for done, user in enumerate(users, start=1):
        if user in forgotten:
            continue
        depth = DRAWN_FROM * k if drawing.temperature else k
        served = serve(model, card, titles, user, k=depth, placing=placing)
        listed = served.recommendations
        scores = np.array([entry["score"] for entry in listed], np.float64)
        if listed:
            # After rules a title is drawn by its place: one that was raised has the score there.
            by_place = np.sort(scores)[::-1]
            drawn = draw_list(by_place, k, drawing.temperature, chance)
            pairs = zip(drawn.order.tolist(), drawn.propensity.tolist(), strict=True)
            rows += [
                _batch_row(served, listed[place], rank, propensity)
                for rank, (place, propensity) in enumerate(pairs, start=1)
            ]
        on_progress(done / len(users))
    with whole_file(out) as draft:
        WRITERS[out.suffix](pl.DataFrame(rows, schema=BATCH_SCHEMA), draft)
    return len(rows)


def _batch_row(
    served: Served, entry: Mapping[str, Any], rank: int, propensity: float
) -> dict[str, Any]:
    return {
        **entry,
        "user": served.user,
        "known": served.known,
        "rank": rank,
        "because": "; ".join(reason["title"] for reason in entry["because"]),
        "rules": "; ".join(entry["rules"]),
        "propensity": propensity,
    }


def read_users(file: Path) -> list[str]:
    """The users that a text file names, one a line, without repeats.

    Raises:
        UnreadableLog: The file cannot be read.
        NoUsableRows: It names nobody.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableLog(file, f"it cannot be read as text ({error})") from error
    users = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not users:
        raise NoUsableRows(str(file), "it names no users")
    return users


def _with_facts(titles: pl.DataFrame, facts: pl.DataFrame | None) -> pl.DataFrame:
    if facts is None:
        return titles
    new = [name for name in facts.columns if name not in titles.columns or name == ITEM]
    return titles.join(facts.select(new), on=ITEM, how="full", coalesce=True)


def serve(
    model: Recommender,
    card: Mapping[str, Any],
    titles: pl.DataFrame,
    user: str,
    *,
    k: int = 10,
    placing: Placing | None = None,
) -> Served:
    """The list of a model that is loaded already, for pages that ask for many.

    Args:
        model: Fitted.
        card: Of the model, as `read_card` gives it.
        titles: With `item` and `title`; other columns are for rules to ask for.
        user: Any user; one without a history is given what is popular.
        k: How many titles.
        placing: What the business adds; nothing if left out.
    """
    adds = placing or Placing()
    asked = len(model.items) if adds.rules else k  # a rule may bring up any title
    ranked = model.recommend(user, asked)
    table = _with_facts(titles, adds.facts) if adds.rules else titles.head(0)
    facts = {row[ITEM]: row for row in table.iter_rows(named=True)}
    scores = {entry.item: entry.score for entry in ranked.items}
    placed = apply_rules(scores, adds.rules, facts, adds.occasion, k)
    known = placed if ranked.known else []
    shown = np.array([model.numbers[entry.item] for entry in known], np.int64)
    because: list[list[Reason]] = [[] for _ in placed]
    if len(shown):
        because = model.reasons(model.history(user), shown, context=model.context(user))
    named = {e.item for e in placed} | {reason.item for reasons in because for reason in reasons}
    told = titles.select(ITEM, TITLE).filter(pl.col(ITEM).is_in(list(named)))
    names = {item: name or item for item, name in told.iter_rows()}
    return Served(
        user=user,
        known=ranked.known,
        source=ranked.source,
        simulated=bool(card.get("data", {}).get("simulated", False)),
        recommendations=[
            {
                "rank": rank,
                "item": entry.item,
                "title": names.get(entry.item, entry.item),
                "score": entry.score,
                "because": [
                    {"item": r.item, "title": names.get(r.item, r.item), "share": r.share}
                    for r in reasons
                ],
                "rules": list(entry.rules),
                "propensity": 1.0,
            }
            for rank, (entry, reasons) in enumerate(zip(placed, because, strict=True), start=1)
        ],
        exact=model.exact_reasons,
    )


def similar_titles(
    logs: Path, recommenders: Path, asked: str, k: int = 10
) -> tuple[str, list[dict[str, Any]]]:
    """The titles nearest to one, by the recommender in use.

    Args:
        logs: The workspace's folder of logs.
        recommenders: Its folder of recommenders.
        asked: An item of the log, or the name of a title.
        k: How many.

    Returns:
        The item that was asked for, and `rank, item, title, score` of the others.

    Raises:
        UnknownTitle: The recommender knows no such item or title.
    """
    model, titles = load_recommender(recommenders), LogStore(logs).titles()
    item = find_item(model, titles, asked)
    names = dict(titles.select(ITEM, TITLE).iter_rows())
    return item, [
        {"rank": r.rank, "item": r.item, "title": names.get(r.item, r.item), "score": r.score}
        for r in model.similar(item, k)
    ]


def find_item(model: Recommender, titles: pl.DataFrame, asked: str) -> str:
    """The item of a model that goes by this id or, whatever the case, by this title.

    Raises:
        UnknownTitle: There is none.
    """
    if asked in model.items:
        return asked
    known = titles.filter(pl.col(ITEM).is_in(model.items)).select(TITLE, ITEM)
    by_name = {name.casefold(): item for name, item in known.iter_rows() if name}
    if asked.casefold() in by_name:
        return str(by_name[asked.casefold()])
    raise UnknownTitle(asked, get_close_matches(asked, known[TITLE].drop_nulls().to_list(), n=3))
