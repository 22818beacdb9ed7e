"""Recommenders side by side: as training judged them, and judged anew on the newest of the log."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from dashboard.audience_answers import Answer, ask
from dashboard.audience_question import Question
from dashboard.people import Person, needs
from dashboard.settings import Workspace

FIGURES = pl.Schema(
    {
        "model": pl.String(),
        "metric": pl.String(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)


@needs("editor")
def start_evaluation(
    person: Person, workspace: Workspace, question: Question, *, state: str
) -> Answer:
    """Begin to judge models, in a process of its own; it takes minutes on a large log.

    Raises:
        NotAllowed: The person is no editor.
        NoLog: Nothing was imported.
    """
    return ask(workspace, question, state=state)


def validation_figures(card: Mapping[str, Any]) -> pl.DataFrame:
    """The best setting of each model that was tried in training, best first.

    With the columns of `FIGURES`; empty if the card tells none. Where a stack was judged as well,
    all figures are those of the later half of validation, which decided.
    """
    tried = [one for one in card.get("validation", []) if isinstance(one, dict)]
    late = any(one.get("late") for one in tried)
    best: dict[str, dict[str, Any]] = {}
    for one in tried:
        figure = one.get("late" if late else "ndcg")
        if not isinstance(figure, dict):
            continue
        name = str(one.get("model"))
        if name not in best or figure["value"] > best[name]["value"]:
            best[name] = {"model": name, "metric": "ndcg", **figure}
    rows = sorted(best.values(), key=lambda row: -row["value"])
    return pl.DataFrame(rows, schema=FIGURES)


def read_evaluation(folder: Path) -> dict[str, Any]:
    """`rule, k, notes, models, differences` of an evaluation that was worked out."""
    told: dict[str, Any] = json.loads((folder / "evaluation.json").read_text("utf-8"))
    return told


def evaluation_figures(told: Mapping[str, Any]) -> pl.DataFrame:
    """All metrics of all models of an evaluation, with the columns of `FIGURES`."""
    rows = [
        {"model": one["model"], "metric": metric, **figure}
        for one in told["models"]
        for metric, figure in one["metrics"].items()
    ]
    return pl.DataFrame(rows, schema=FIGURES)
