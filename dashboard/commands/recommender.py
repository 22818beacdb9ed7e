"""Recommenders: `reel recsys`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.commands.logs import file_path, rename_option
from dashboard.commands.parameters import SEED, FiniteRange
from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace
from dashboard.wording import SIMULATED_NOTE

if TYPE_CHECKING:
    from recsys.run import ModelFigures

DEFAULT_MODELS = ("popularity", "transitions", "knn", "ease", "als", "sasrec", "stack")
MODEL_NAMES = "popularity, transitions, knn, ease, als, sasrec, stack"


embeddings_option = click.option(
    "--embeddings",
    "embeddings_file",
    type=file_path,
    help="A .parquet or .jsonl of item and vector: titles that nobody has watched are ranked too.",
)


@click.group("recsys")
def recsys_group() -> None:
    """Train, judge and ask recommenders."""


@recsys_group.command("train")
@click.option(
    "--model",
    default="auto",
    show_default=True,
    help=f"{MODEL_NAMES}, or auto: the best of them on the newest part of the log.",
)
@click.option(
    "--seed", default=0, show_default=True, type=SEED, help="Of models that start from chance."
)
@click.option(
    "--minutes",
    type=FiniteRange(0),
    help="CPU minutes after which no further setting is tried; no limit if left out.",
)
@embeddings_option
@click.option(
    "--update",
    is_flag=True,
    help="Bring the recommender in use up to date with the log; nothing is chosen anew.",
)
@format_option("table", "json")
@shared_options
def recsys_train(
    *,
    model: str,
    seed: int,
    update: bool,
    minutes: float | None,
    embeddings_file: Path | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Train a recommender on the imported log and put it to use."""
    from recsys.run import train, update_recommender
    from recsys.title_facts import read_embeddings

    logs, recommenders = workspace.logs, workspace.recommenders
    if update:
        with console.progress("Updating the recommender") as on_progress:
            trained = update_recommender(logs, recommenders, on_progress=on_progress)
    else:
        with console.progress(f"Training {model}") as on_progress:
            trained = train(
                logs,
                recommenders,
                model=model,
                seed=seed,
                minutes=minutes,
                embeddings=read_embeddings(embeddings_file) if embeddings_file else None,
                on_progress=on_progress,
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
    help=f"{MODEL_NAMES} or auto; may be given again, or as a list with commas. All but auto if "
    "left out.",
)
@click.option("--train", "train_file", required=True, type=file_path, help="The log to learn from.")
@click.option(
    "--test", "test_file", required=True, type=file_path, help="The later log to judge on."
)
@click.option(
    "--k", default=10, show_default=True, type=click.IntRange(1, 10_000), help="Ranks that count."
)
@click.option(
    "--seed", default=0, show_default=True, type=SEED, help="Of models and of the bootstrap."
)
@rename_option
@embeddings_option
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
    embeddings_file: Path | None,
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
    from recsys.title_facts import read_embeddings

    asked = [name.strip() for names in models for name in names.split(",") if name.strip()]
    names = [name if name == "auto" else canonical_name(name) for name in asked or DEFAULT_MODELS]
    with console.progress("Evaluating") as on_progress:
        report = evaluate_models(
            train_file,
            test_file,
            names,
            k=k,
            seed=seed,
            rename=rename,
            embeddings=read_embeddings(embeddings_file) if embeddings_file else None,
            on_progress=on_progress,
        )
    for note in report.notes:
        console.warn(f"reel: {note}")
    if output_format == "json":
        print_json([figures.as_json() for figures in report.models])
    else:
        _print_figures(report.models, console)
        for first, other, by in report.differences():
            bounds = f"{by.mean.value:+.4f} [{by.mean.low:+.4f}, {by.mean.high:+.4f}]"
            console.say(f"{first} less {other}, {by.metric}: {bounds}, p = {by.p_value:.3f}")


def rule_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of business rules, passed on as `rules, facts, region, day`."""
    for option in (
        click.option(
            "--rules", type=file_path, help="A .toml file of business rules (docs/recommender.md)."
        ),
        click.option(
            "--facts",
            type=file_path,
            help="A table of titles with item and the columns that rules ask for.",
        ),
        click.option("--region", help="Where the list is shown, for rules of availability."),
        click.option(
            "--day",
            type=click.DateTime(["%Y-%m-%d"]),
            help="When the list is shown, for rules of dates; today if left out.",
        ),
    ):
        command = option(command)
    return command


@recsys_group.command("recommend")
@click.option("--user", help="One user, as the log names them.")
@click.option("--users", "users_file", type=file_path, help="Many users: a file with one a line.")
@click.option("--out", type=file_path, help="With --users: the .parquet, .csv or .jsonl to write.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1), help="How many titles.")
@click.option(
    "--explore",
    default=0.0,
    show_default=True,
    type=FiniteRange(0),
    help="With --users: draw each list by chance, more evenly the larger this is.",
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Of --explore.")
@rule_options
@format_option("table", "json")
@shared_options
def recsys_recommend(
    *,
    user: str | None,
    users_file: Path | None,
    out: Path | None,
    k: int,
    explore: float,
    seed: int,
    rules: Path | None,
    facts: Path | None,
    region: str | None,
    day: datetime | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """List the titles a user has not seen and would most likely watch, and why.

    For --user the list is printed. For --users FILE --out FILE the lists of all are written, a row
    for each title, with the chance (propensity) at which it was drawn for its place.
    """
    from recsys.rules import Occasion, read_rules
    from recsys.serving import Exploring, Placing, recommend
    from recsys.title_facts import read_facts

    if (user is None) == (users_file is None) or (users_file is None) != (out is None):
        raise click.UsageError("give either --user, or both --users and --out")
    occasion = Occasion(region=region) if day is None else Occasion(day.date(), region)
    placing = Placing(
        rules=read_rules(rules) if rules else (),
        occasion=occasion,
        facts=read_facts(facts) if facts else None,
    )
    if users_file is not None and out is not None:
        asked = {"k": k, "placing": placing, "exploring": Exploring(explore, seed)}
        _write_lists(users_file, out, workspace=workspace, console=console, **asked)
        return
    served = recommend(workspace.logs, workspace.recommenders, str(user), k, placing)
    if not served.known:
        console.warn(f"reel: user {user!r} is not in the log; this is what is popular")
    if output_format == "json":
        print_json(served.as_json())
        return
    if served.simulated:
        console.warn(SIMULATED_NOTE)
    rows = []
    for r in served.recommendations:
        because = ", ".join(f"{why['title']} ({why['share']:.0%})" for why in r["because"])
        row = (r["rank"], r["item"], r["title"], round(r["score"], 4), served.source, because)
        rows.append((*row, ", ".join(r["rules"])))
    print_table(("rank", "item", "title", "score", "from", "because of", "rules"), rows)


def _write_lists(
    users_file: Path, out: Path, *, workspace: Workspace, console: Console, **asked: Any
) -> None:
    from recsys.serving import read_users, write_batch

    users = read_users(users_file)
    logs, recommenders = workspace.logs, workspace.recommenders
    with console.progress(f"Recommending to {len(users)}") as on_progress:
        rows = write_batch(logs, recommenders, users, out, on_progress=on_progress, **asked)
    print_table(("file", "users", "rows"), [(out.name, len(users), rows)])


@recsys_group.command("similar")
@click.argument("item")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1), help="How many titles.")
@format_option("table", "json")
@shared_options
def recsys_similar(
    item: str, k: int, output_format: str, workspace: Workspace, console: Console
) -> None:
    """List the titles nearest to ITEM, an id or a title: what fits who watched it and no more."""
    from recsys.serving import similar_titles

    found, titles = similar_titles(workspace.logs, workspace.recommenders, item, k)
    if output_format == "json":
        print_json({"item": found, "similar": titles})
        return
    rows = [(t["rank"], t["item"], t["title"], round(t["score"], 4)) for t in titles]
    print_table(("rank", "item", "title", "score"), rows)


@recsys_group.command("audience")
@click.argument("item")
@click.option("--k", default=20, show_default=True, type=click.IntRange(1), help="How many users.")
@click.option("--plot", type=file_path, help="The .svg of the reliability to write.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Of the calibration.")
@format_option("table", "json")
@shared_options
def recsys_audience(
    *,
    item: str,
    k: int,
    plot: Path | None,
    seed: int,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """List the users most likely to watch ITEM, an id or a title, with calibrated probabilities.

    A probability is that of a first play within as many days as the newest part of the log has, on
    which it was calibrated; the reliability is measured on users it was not learned from.
    """
    from recsys.atomic import whole_file
    from recsys.reliability_plot import reliability_plot
    from recsys.response import title_audience

    logs, recommenders = workspace.logs, workspace.recommenders
    found, users, reliability = title_audience(logs, recommenders, item, seed=seed)
    if plot is not None:
        with whole_file(plot) as draft:
            draft.write_text(reliability_plot(reliability), "utf-8")
    if output_format == "json":
        listed = [asdict(user) for user in users[:k]]
        print_json({"item": found, "users": listed, "reliability": asdict(reliability)})
        return
    within = "" if reliability.days is None else f" within {reliability.days:.0f} days"
    console.say(
        f"the chance of a play{within}; on other users, predicted and observed differ by a factor "
        f"of {2**reliability.error:.2f} on average"
    )
    rows = [(rank, u.user, round(u.probability, 5)) for rank, u in enumerate(users[:k], start=1)]
    print_table(("rank", "user", "probability"), rows)


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
