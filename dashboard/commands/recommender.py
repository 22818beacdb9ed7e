"""Recommenders: `reel recsys`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboard.commands.logs import file_path, rename_option
from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace
from dashboard.wording import SIMULATED_NOTE

if TYPE_CHECKING:
    from recsys.run import ModelFigures

DEFAULT_MODELS = ("popularity", "ease", "als", "sasrec")


@click.group("recsys")
def recsys_group() -> None:
    """Train, judge and ask recommenders."""


@recsys_group.command("train")
@click.option(
    "--model",
    default="auto",
    show_default=True,
    help="popularity, ease, als, sasrec, or auto: the best of them on the newest fifth of the log.",
)
@click.option("--seed", default=0, show_default=True, help="Of models that start from chance.")
@format_option("table", "json")
@shared_options
def recsys_train(
    model: str, seed: int, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Train a recommender on the imported log and put it to use."""
    from recsys.run import train

    with console.progress(f"Training {model}") as on_progress:
        trained = train(
            workspace.logs, workspace.recommenders, model=model, seed=seed, on_progress=on_progress
        )
    if output_format == "json":
        print_json({"folder": str(trained.folder), **trained.card})
        return
    console.say(trained.choice.reason)
    data = trained.card["data"]
    print_table(
        ("model", "users", "titles", "rows", "simulated", "folder"),
        [
            (
                trained.choice.model,
                data["users"],
                data["items"],
                data["rows"],
                "yes" if data["simulated"] else "no",
                trained.folder.name,
            )
        ],
    )


@recsys_group.command("evaluate")
@click.option(
    "--model",
    "models",
    multiple=True,
    help="popularity, ease, als, sasrec or auto; may be given again, or as a list with commas. "
    "All but auto if left out.",
)
@click.option("--train", "train_file", required=True, type=file_path, help="The log to learn from.")
@click.option(
    "--test", "test_file", required=True, type=file_path, help="The later log to judge on."
)
@click.option(
    "--k", default=10, show_default=True, type=click.IntRange(1), help="Ranks that count."
)
@click.option("--seed", default=0, show_default=True, help="Of models and of the bootstrap.")
@rename_option
@format_option("table", "json")
@shared_options
def recsys_evaluate(
    *,
    models: tuple[str, ...],
    train_file: Path,
    test_file: Path,
    k: int,
    seed: int,
    rename: dict[str, str],
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Judge models on a later log, by full ranking, with 95 % intervals over users.

    Both logs are .parquet, .csv or .jsonl with the columns user, item and timestamp (or order).
    Settings are chosen on the newest part of --train; --test is used once.
    """
    from recsys.models.registry import canonical_name
    from recsys.run import evaluate_models

    asked = [name.strip() for names in models for name in names.split(",") if name.strip()]
    names = [name if name == "auto" else canonical_name(name) for name in asked or DEFAULT_MODELS]
    with console.progress("Evaluating") as on_progress:
        report = evaluate_models(
            train_file, test_file, names, k=k, seed=seed, rename=rename, on_progress=on_progress
        )
    for note in report.notes:
        console.warn(f"reel: {note}")
    if output_format == "json":
        print_json([figures.as_json() for figures in report.models])
    else:
        _print_figures(report.models, console)


@recsys_group.command("recommend")
@click.option("--user", required=True, help="The user, as the log names them.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1), help="How many titles.")
@format_option("table", "json")
@shared_options
def recsys_recommend(
    user: str, k: int, output_format: str, workspace: Workspace, console: Console
) -> None:
    """List the titles a user has not seen and would most likely watch."""
    from recsys.run import recommend

    served = recommend(workspace.logs, workspace.recommenders, user, k)
    if not served.known:
        console.warn(f"reel: user {user!r} is not in the log; this is what is popular")
    if output_format == "json":
        print_json(served.as_json())
        return
    if served.simulated:
        console.warn(SIMULATED_NOTE)
    print_table(
        ("rank", "item", "title", "score", "from"),
        [
            (r["rank"], r["item"], r["title"], round(r["score"], 4), served.source)
            for r in served.recommendations
        ],
    )


def _print_figures(models: "list[ModelFigures]", console: Console) -> None:
    metrics = list(models[0].evaluation.metrics)
    rows = []
    for figures in models:
        name = figures.asked
        if name == "auto":
            name = f"auto ({figures.choice.model})"
        console.say(f"{name}: {figures.choice.reason}")
        estimates = [figures.evaluation.metrics[metric] for metric in metrics]
        cells = [f"{e.value:.4f} [{e.low:.4f}, {e.high:.4f}]" for e in estimates]
        rows.append((name, figures.evaluation.users, *cells))
    print_table(("model", "users", *metrics), rows)
