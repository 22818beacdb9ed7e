"""How each question about the audience is worked out; also the process that does it for large logs.

`dashboard.audience_answers` starts it; people do not.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard.audience_question import REFUSED, Question, progress_file
from dashboard.child import Task, answer_parent
from dashboard.settings import Workspace
from recsys.atomic import whole_file, whole_folder
from recsys.errors import NoUsableRows, RecsysError
from recsys.viewing_log import (
    CLICK,
    ITEM,
    SIMULATED,
    TIMESTAMP,
    USER,
    WATCHED_SECONDS,
)

if TYPE_CHECKING:
    from recsys.audience.segments import Segmentation
    from recsys.models.model import Recommender

Report = Callable[[float], None]
Worker = Callable[[Workspace, Question, Path, Report], None]

TRAIT_KINDS = {"genres": "genre", "titles": "title", "hours": "part of day", "devices": "device"}
TEST_SHARE = 0.2


def figures(workspace: Workspace, question: Question, folder: Path, report: Report) -> None:
    """The log at a glance, each title's audience, and its viewers in each week."""
    from recsys.audience.titles import title_table
    from recsys.audience.viewing import last_moment
    from recsys.logs.store import LogStore

    store = LogStore(workspace.logs)
    plays = store.scan().filter(pl.col(CLICK).fill_null(True))
    day = pl.col(TIMESTAMP).dt.date().cast(pl.String)
    told = pl.col(WATCHED_SECONDS).count() > 0
    facts = store.collect(
        plays.select(
            plays=pl.len(),
            viewers=pl.col(USER).n_unique(),
            titles=pl.col(ITEM).n_unique(),
            hours=pl.when(told).then(pl.col(WATCHED_SECONDS).sum() / 3600),
            first=day.min(),
            last=day.max(),
            simulated=pl.col(SIMULATED).any(),
        )
    ).row(0, named=True)
    end = last_moment(store.scan())
    report(0.2)
    week = pl.col(TIMESTAMP).dt.truncate("1w").dt.date().alias("week")
    timed = plays.filter(pl.col(TIMESTAMP).is_not_null())
    counts = timed.group_by(ITEM, week).agg(pl.col(USER).n_unique().alias("viewers"))
    store.collect(counts).sort(ITEM, "week").write_parquet(folder / "weeks.parquet")
    report(0.4)
    table = title_table(store.collect(store.scan()), store.titles())
    table.write_parquet(folder / "titles.parquet")
    facts["log_end"] = None if end is None else end.isoformat()
    (folder / "facts.json").write_text(json.dumps(facts), "utf-8")


def segments(workspace: Workspace, question: Question, folder: Path, report: Report) -> None:
    """The segments with what sets them apart, who is in which, and how each takes to each title."""
    from recsys.audience.marketing import measured_responses, segment_users
    from recsys.logs.store import LogStore
    from recsys.viewing_log import is_simulated

    store = LogStore(workspace.logs)
    log, titles = store.load(), store.titles()
    report(0.1)
    found = segment_users(log, titles)
    report(0.7)
    _write_segments(found, folder)
    summary: dict[str, Any] = {
        "count": len(found.segments),
        "reason": "" if found.number is None else found.number.reason(),
        "silhouette": found.silhouette,
        "simulated": is_simulated(log),
        "steadiness": None if found.steadiness is None else asdict(found.steadiness),
        "no_responses": "",
    }
    try:
        responses = measured_responses(log, found, days=question.days)
    except NoUsableRows as error:
        summary["no_responses"] = f"{error}"
    else:
        count, items = len(found.segments), len(responses.items)
        arrays = ("then", "came", "now", "above", "below")
        pl.DataFrame(
            {
                "place": [place for place in range(count) for _ in range(items)],
                ITEM: list(responses.items) * count,
                **{name: getattr(responses, name).ravel() for name in arrays},
            }
        ).write_parquet(folder / "responses.parquet")
    (folder / "summary.json").write_text(json.dumps(summary), "utf-8")


def _write_segments(found: "Segmentation", folder: Path) -> None:
    rows, traits = [], []
    for place, segment in enumerate(found.segments):
        kept = segment.steadiness
        rows.append(
            {
                "place": place,
                "segment": segment.name,
                "users": segment.size,
                "share": segment.share,
                "stay": None if kept is None else kept.share,
                "stay_low": None if kept is None else kept.low,
                "stay_high": None if kept is None else kept.high,
                "chance": None if kept is None else kept.chance,
            }
        )
        traits += [
            {"place": place, "kind": kind, **asdict(one)}
            for name, kind in TRAIT_KINDS.items()
            for one in getattr(segment, name)
        ]
    pl.DataFrame(rows, schema=SEGMENT_SCHEMA).write_parquet(folder / "segments.parquet")
    pl.DataFrame(traits, schema=TRAIT_SCHEMA).write_parquet(folder / "traits.parquet")
    members = {USER: list(found.members), "place": list(found.members.values())}
    pl.DataFrame(members, schema={USER: pl.String, "place": pl.Int64}).write_parquet(
        folder / "members.parquet"
    )


SEGMENT_SCHEMA = pl.Schema(
    {
        "place": pl.Int64(),
        "segment": pl.String(),
        "users": pl.Int64(),
        "share": pl.Float64(),
        "stay": pl.Float64(),
        "stay_low": pl.Float64(),
        "stay_high": pl.Float64(),
        "chance": pl.Float64(),
    }
)
TRAIT_SCHEMA = pl.Schema(
    {
        "place": pl.Int64(),
        "kind": pl.String(),
        "name": pl.String(),
        "lift": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "apart": pl.Boolean(),
    }
)


def campaign(workspace: Workspace, question: Question, folder: Path, report: Report) -> None:
    """The users who have not played a title, best first, and how those like them responded."""
    from recsys.audience.promotion import plan_campaign
    from recsys.interactions import Interactions
    from recsys.logs.store import LogStore
    from recsys.models.registry import make_like

    recommender = make_like(workspace.recommenders / question.recommender)
    log = LogStore(workspace.logs).load()
    fits = 0

    def fit(interactions: Interactions) -> "Recommender":
        nonlocal fits
        fits += 1
        report(0.1 + 0.4 * (fits - 1))
        return make_like(workspace.recommenders / question.recommender).fit(interactions)

    plan = plan_campaign(log, question.item, fit, days=question.days)
    plan.users.write_parquet(folder / "users.parquet")
    told = {
        "days": plan.days,
        "base_rate": plan.base_rate,
        "model": recommender.name,
        "bands": [asdict(band) for band in plan.bands],
    }
    (folder / "plan.json").write_text(json.dumps(told), "utf-8")


def evaluation(workspace: Workspace, question: Question, folder: Path, report: Report) -> None:
    """Models judged on the newest part of the log, each fitted on the older part."""
    from recsys.logs.store import LogStore
    from recsys.run import judge_models
    from recsys.splits import default_split

    split = default_split(LogStore(workspace.logs).load(), TEST_SHARE)
    report(0.05)
    judged = judge_models(
        split.train,
        split.test,
        question.models,
        k=question.k,
        on_progress=lambda done: report(0.05 + 0.95 * done),
    )
    differences = [
        {"first": first, "other": other, "metric": by.metric, "users": by.users,
         **asdict(by.mean), "p_value": by.p_value}
        for first, other, by in judged.differences()
    ]  # fmt: skip
    told = {
        "rule": split.rule,
        "k": question.k,
        "notes": judged.notes,
        "models": [figures.as_json() for figures in judged.models],
        "differences": differences,
    }
    (folder / "evaluation.json").write_text(json.dumps(told, default=str), "utf-8")


WORKERS: dict[str, Worker] = {
    "figures": figures,
    "segments": segments,
    "campaign": campaign,
    "evaluation": evaluation,
}
"""By the kind of question."""


def work_out(workspace: Workspace, question: Question, place: Path) -> None:
    """Work an answer out into a folder that appears whole; the reason, where there is none."""
    note = progress_file(place)
    place.parent.mkdir(parents=True, exist_ok=True)

    def report(done: float) -> None:
        with whole_file(note) as draft:
            draft.write_text(f"{done:.3f}", "utf-8")

    try:
        with suppress(FileExistsError), whole_folder(place) as draft:
            try:
                WORKERS[question.kind](workspace, question, draft, report)
            except RecsysError as error:
                told = {"reason": f"{error}"}
                (draft / REFUSED).write_text(json.dumps(told), "utf-8")
    except OSError:
        if not place.is_dir():  # else another process was quicker, with the same answer
            raise
    finally:
        note.unlink(missing_ok=True)


def work(asked: Task) -> None:
    """Work one question out, as `dashboard.audience_answers` asks it."""
    question = Question(**{**asked["question"], "models": tuple(asked["question"]["models"])})
    work_out(Workspace(Path(asked["workspace"])), question, Path(asked["place"]))


if __name__ == "__main__":
    answer_parent(work)
