"""What the command and the pages do with logs and recommenders, one function for each.

A workspace's log is a folder (`logs`) and its recommenders another (`recommenders`); each training
adds a folder there and then points `current.json` at it, so a reader never meets half a model.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from recsys.atomic import whole_folder
from recsys.current import current_folder, put_to_use
from recsys.errors import CatalogueTooLarge, NoUsableRows
from recsys.evaluation import Difference, Evaluation, compare, evaluate
from recsys.forgetting import NOTE, note_forgotten
from recsys.interactions import Interactions
from recsys.logs.check import check_log
from recsys.logs.files import read_table
from recsys.logs.mapping import PLAIN, ColumnMap
from recsys.logs.store import ImportReport, LogStore, import_files
from recsys.models.card import read_card
from recsys.models.content import ContentModel
from recsys.models.model import Progress, Recommender, quiet
from recsys.models.registry import load_model
from recsys.selection import AUTO, Choice, choose
from recsys.splits import overlap_in_time, shared_plays
from recsys.viewing_log import ITEM, TIMESTAMP, USER, is_simulated


@dataclass(frozen=True, slots=True)
class Trained:
    """A recommender that was saved."""

    folder: Path
    choice: Choice
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's part of an evaluation."""

    asked: str
    """As it was asked for: a name, or `auto`."""
    evaluation: Evaluation
    choice: Choice
    cpu_seconds: float
    """To choose settings, fit and evaluate."""

    def as_json(self) -> dict[str, object]:
        """Plain values; `model` is the name that was asked for."""
        figures = self.evaluation.as_json()
        if self.asked == AUTO:
            figures["chosen"] = self.choice.model
        return {
            **figures,
            "model": self.asked,
            "config": self.choice.config,
            "reason": self.choice.reason,
            "cpu_seconds": round(self.cpu_seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of all models, and what a reader of them must know."""

    models: list[ModelFigures]
    notes: list[str]

    def differences(self) -> list[tuple[str, str, Difference]]:
        """The first model against each other one: both names, and by how much it is better."""
        first, *others = self.models
        return [
            (first.asked, other.asked, compare(first.evaluation, other.evaluation))
            for other in others
        ]


def import_log(
    files: Iterable[Path],
    logs: Path,
    rename: Mapping[str, str] | None = None,
    *,
    columns: ColumnMap = PLAIN,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Import viewing logs into a workspace; a bad file is reported and the others go on.

    Args:
        files: CSV, Parquet or JSON lines, or folders of them.
        logs: The workspace's folder of logs.
        rename: Columns to rename, `{theirs: ours}`.
        columns: How files of another system are read.
        on_rows: Called with the number of rows read so far.
    """
    return import_files(files, LogStore(logs), rename, columns, on_rows)


def import_titles(
    file: Path,
    logs: Path,
    rename: Mapping[str, str] | None = None,
    *,
    columns: ColumnMap = PLAIN,
) -> pl.DataFrame:
    """Import a table of titles, and return all titles of the workspace."""
    return LogStore(logs).import_titles(file, rename, columns)


def load_log(logs: Path) -> pl.DataFrame:
    """The imported log, with the columns of `viewing_log.SCHEMA`; NoLog if there is none."""
    return LogStore(logs).load()


def load_titles(logs: Path) -> pl.DataFrame:
    """The titles, with the columns of `viewing_log.TITLE_SCHEMA`; empty if none were imported."""
    return LogStore(logs).titles()


def train(
    logs: Path,
    recommenders: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    minutes: float | None = None,
    embeddings: pl.DataFrame | None = None,
    on_progress: Progress = quiet,
) -> Trained:
    """Choose settings (and with `auto` the model), fit on the whole log, save, make it current.

    No setting is begun after so many `minutes` of CPU time, if there is a limit.
    With a table of embeddings (`item`, `vector`) its titles that nobody has watched are ranked too.

    Raises:
        NoLog: Nothing was imported.
        UnknownModel: There is none of that name.
        NoUsableRows: The log is too short to choose a model on.
    """
    log = load_log(logs)
    choice = choose(
        log, model, seed=seed, minutes=minutes, on_progress=lambda done: on_progress(done * 0.8)
    )
    fitted = choice.fitted(log, seed, lambda done: on_progress(0.8 + 0.2 * done))
    if embeddings is not None:
        fitted = ContentModel.around(fitted, embeddings)
    return _put_to_use(fitted, choice, log, logs=logs, recommenders=recommenders, seed=seed)


def update_recommender(logs: Path, recommenders: Path, *, on_progress: Progress = quiet) -> Trained:
    """Let the recommender in use learn the log as it is now, in its settings.

    What can go on from what it knows does so: see `Recommender.updated`. But if a user was
    forgotten since it was trained, it is fitted anew, so that nothing of them stays.

    Raises:
        NoLog, NoModel: There is nothing to learn, or nobody to learn it.
        UnusableModel: The recommender in use is damaged.
    """
    folder = current_folder(recommenders)
    log, card = load_log(logs), read_card(folder)
    model, interactions = load_model(folder), Interactions.from_log(log)
    if NOTE in card:
        fitted = model.refitted(interactions, on_progress)
    else:
        fitted = model.updated(interactions, on_progress)
    reason = f"an update of {folder.name}: {card.get('reason', 'its reason is not known')}"
    choice = Choice(fitted.name, dict(card["config"]), reason, [])
    seed = int(card.get("seed", 0))
    return _put_to_use(fitted, choice, log, logs=logs, recommenders=recommenders, seed=seed)


def _put_to_use(
    fitted: Recommender,
    choice: Choice,
    log: pl.DataFrame,
    *,
    logs: Path,
    recommenders: Path,
    seed: int,
) -> Trained:
    made_at = datetime.now(UTC)
    card = _card(log, choice, seed, made_at, fitted.settled())
    # Two trainings may end in one second; what follows the date keeps their folders apart.
    folder = recommenders / f"{choice.model}-{made_at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    with whole_folder(folder) as draft:
        fitted.save(draft, card)
    note_forgotten(LogStore(logs), folder, fitted.users)
    put_to_use(folder)
    return Trained(folder, choice, read_card(folder))


def evaluate_models(
    train_file: Path,
    test_file: Path,
    models: Sequence[str],
    *,
    k: int = 10,
    seed: int = 0,
    rename: Mapping[str, str] | None = None,
    embeddings: pl.DataFrame | None = None,
    on_progress: Progress = quiet,
) -> EvaluationReport:
    """Fit models on one log and judge them on another, by `evaluation.RULES`.

    Settings are chosen on the newest part of the training log; the test log is used once.

    Raises:
        UnreadableLog, MissingColumns: A file is of no use.
        NoUsableRows: A file has no good rows, or test has no user with a history in train.
    """
    notes: list[str] = []
    train_log = _good_rows(train_file, rename, notes)
    test_log = _good_rows(test_file, rename, notes)
    return judge_models(
        train_log,
        test_log,
        models,
        k=k,
        seed=seed,
        embeddings=embeddings,
        on_progress=on_progress,
        notes=notes,
    )


def judge_models(
    train_log: pl.DataFrame,
    test_log: pl.DataFrame,
    models: Sequence[str],
    *,
    k: int = 10,
    seed: int = 0,
    embeddings: pl.DataFrame | None = None,
    on_progress: Progress = quiet,
    notes: Sequence[str] = (),
) -> EvaluationReport:
    """As `evaluate_models`, for logs with the columns of `viewing_log.SCHEMA`."""
    told = list(notes)
    if overlap_in_time(train_log, test_log):
        told.append("train holds rows as late as test: this is not a global time split")
    leaked = shared_plays(train_log, test_log)
    if leaked:
        told.append(f"{leaked} plays of test are in train as well: a leak, or overlapping exports")
    if is_simulated(train_log) or is_simulated(test_log):
        told.append("the logs are simulated, not those of an audience")
    figures = []
    for done, name in enumerate(models):
        begin = time.process_time()
        try:
            choice = choose(train_log, name, k=k, seed=seed)
            fitted = choice.fitted(train_log, seed)
        except (CatalogueTooLarge, NoUsableRows) as error:
            if len(models) == 1:
                raise
            told.append(f"{name} was left out: {error}")
            continue
        config = {**choice.config, **fitted.settled()}
        choice = replace(choice, config=config, learned={})  # which would hold a lot of memory
        if embeddings is not None:
            fitted = ContentModel.around(fitted, embeddings)
        evaluation = evaluate(fitted, test_log, k=k, seed=seed)
        if not evaluation.users:
            reason = "none of its users has a history in train and a title left to find"
            raise NoUsableRows("the test log", reason)
        figures.append(ModelFigures(name, evaluation, choice, time.process_time() - begin))
        on_progress((done + 1) / len(models))
    if not figures:
        raise NoUsableRows("the training log", "; ".join(told))
    return EvaluationReport(figures, told)


def _good_rows(file: Path, rename: Mapping[str, str] | None, notes: list[str]) -> pl.DataFrame:
    checked = check_log(read_table(file, rename), file)
    left_out = [f"{count} rows left out, {reason}" for reason, count in checked.reasons().items()]
    if checked.rows.is_empty():
        raise NoUsableRows(str(file), "; ".join(left_out) or "it holds no rows")
    notes += [f"{file}: {reason}" for reason in left_out]
    return checked.rows


def _card(
    log: pl.DataFrame, choice: Choice, seed: int, made_at: datetime, settled: Mapping[str, Any]
) -> dict[str, object]:
    first, last = log[TIMESTAMP].min(), log[TIMESTAMP].max()
    return {
        "seed": seed,
        "trained_at": made_at.isoformat(timespec="seconds"),
        "data": {
            "rows": log.height,
            "users": log[USER].n_unique(),
            "items": log[ITEM].n_unique(),
            "first": first.isoformat() if isinstance(first, datetime) else None,
            "last": last.isoformat() if isinstance(last, datetime) else None,
            "simulated": is_simulated(log),
        },
        "reason": choice.reason,
        "settled": settled,
        "validation": [asdict(candidate) for candidate in choice.candidates],
    }
