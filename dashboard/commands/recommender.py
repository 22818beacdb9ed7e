"""`reel logs`, `reel recsys`, `reel audience`: viewing logs in; lists and figures out."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from recsys.logs.store import FileImport
    from recsys.run import ModelFigures

DEFAULT_MODELS = ("popularity", "ease", "als", "sasrec")
SIMULATED_NOTE = "Simulated data: made by the simulator, not by an audience."

file_path = click.Path(path_type=Path)


@click.group("logs")
def logs_group() -> None:
    """Bring viewing logs into the workspace."""


@click.group("recsys")
def recsys_group() -> None:
    """Train, judge and ask recommenders."""


@click.group("audience")
def audience_group() -> None:
    """What the viewing log says about titles and the people who watch them."""


def _renamings(
    context: click.Context, parameter: click.Parameter, pairs: Iterable[str]
) -> dict[str, str]:
    """`THEIRS=OURS`, split."""
    split = [pair.partition("=") for pair in pairs]
    for theirs, equals, ours in split:
        if not (theirs and equals and ours):
            raise click.BadParameter("give it as THEIRS=OURS", context, parameter)
    return {theirs: ours for theirs, _, ours in split}


rename_option = click.option(
    "--rename",
    multiple=True,
    metavar="THEIRS=OURS",
    callback=_renamings,
    help="Read the column THEIRS of each file as OURS; may be given again.",
)


@logs_group.command("import")
@click.argument("files", nargs=-1, required=True, type=file_path, metavar="FILE...")
@rename_option
@format_option("table", "json")
@shared_options
def logs_import(
    files: tuple[Path, ...],
    rename: dict[str, str],
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Add viewing logs to the workspace.

    FILE is a .csv, .parquet or .jsonl with the columns user, item and timestamp (or order).
    Optional are watched_seconds, duration_seconds, from_seconds, to_seconds (all in seconds),
    device, surface, click, rating and simulated. Bad rows are set aside with their reason; a file
    that was imported before changes nothing.
    """
    from recsys.run import import_log

    report = import_log(files, workspace.logs, rename)
    for failed in report.failed:
        console.warn(f"reel: {failed.reason}")
    for done in report.imported:
        _tell_import(done, workspace, console)
    if output_format == "json":
        entries = [asdict(done) for done in report.imported]
        print_json({"imported": entries, "failed": [asdict(f) for f in report.failed]})
    elif report.imported:
        print_table(
            ("file", "rows", "quarantined", "state"),
            [
                (
                    f.source,
                    f.rows,
                    sum(f.quarantined.values()),
                    "unchanged" if f.unchanged else "new",
                )
                for f in report.imported
            ],
        )
    if report.failed:
        sys.exit(1)


@logs_group.command("titles")
@click.argument("file", type=file_path)
@rename_option
@shared_options
def logs_titles(file: Path, rename: dict[str, str], workspace: Workspace, console: Console) -> None:
    """Add names of titles to the workspace.

    FILE is a .csv, .parquet or .jsonl with the columns item and title; optional are
    duration_seconds, genre and simulated. A newer row of an item replaces the older.
    """
    from recsys.run import import_titles

    titles = import_titles(file, workspace.logs, rename)
    console.say(f"{titles.height} titles in the workspace")


@logs_group.command("simulate")
@click.option("--out", required=True, type=file_path, help="The log to write, a .parquet.")
@click.option("--titles-out", type=file_path, help="The table of titles to write, a .parquet.")
@click.option("--seed", default=0, show_default=True, help="The same seed, the same log.")
@click.option("--users", default=600, show_default=True, type=click.IntRange(1), help="Users.")
@click.option("--titles", default=60, show_default=True, type=click.IntRange(8), help="Titles.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1), help="Days it runs.")
@shared_options
def logs_simulate(
    *,
    out: Path,
    titles_out: Path | None,
    seed: int,
    users: int,
    titles: int,
    days: int,
    workspace: Workspace,
    console: Console,
) -> None:
    """Write a simulated viewing log, every row marked as simulated."""
    from recsys.simulate import simulate, write_simulation

    simulation = simulate(seed, users=users, titles=titles, days=days)
    write_simulation(simulation, out, titles_out)
    console.say(f"{out}: {simulation.log.height} simulated rows")


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
    _tell_simulated(served.simulated, console)
    print_table(
        ("rank", "item", "title", "score", "from"),
        [
            (r["rank"], r["item"], r["title"], round(r["score"], 4), served.source)
            for r in served.recommendations
        ],
    )


@audience_group.command("titles")
@format_option("table", "json")
@shared_options
def audience_titles(output_format: str, workspace: Workspace, console: Console) -> None:
    """Each title's audience: viewers, views, completion, mean share watched, two-week trend."""
    from recsys.audience.titles import title_table
    from recsys.run import load_log, load_titles
    from recsys.viewing_log import is_simulated

    log = load_log(workspace.logs)
    table = title_table(log, load_titles(workspace.logs))
    if output_format == "json":
        print_json(table.to_dicts())
        return
    _tell_simulated(is_simulated(log), console)
    header = ("item", "title", "genre", "viewers", "views", "completion", "mean share", "trend")
    shares = ("completion", "mean_share", "trend")
    rows = [
        (
            *(row[name] or "" for name in ("item", "title", "genre")),
            row["viewers"],
            row["views"],
            *("" if row[name] is None else f"{row[name]:.0%}" for name in shares),
        )
        for row in table.iter_rows(named=True)
    ]
    print_table(header, rows)


@audience_group.command("retention")
@click.argument("title")
@format_option("table", "json")
@shared_options
def audience_retention(
    title: str, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Which seconds of TITLE (an item or a name) its viewers watched, and watched again.

    The table has a row for every 10 seconds, JSON one for each second; shares have 95 % intervals.
    """
    from recsys.audience.report import retention

    found = retention(workspace.logs, title)
    if output_format == "json":
        print_json(found.as_json())
        return
    _tell_simulated(found.simulated, console)
    console.say(f"{found.title}: {found.curve.viewers} viewers")
    for moment in found.drop_offs:
        console.say(f"{moment.share:.0%} of those watching leave at {moment.start} s")
    for moment in found.rewatched:
        span = f"{moment.start} s to {moment.end} s"
        console.say(f"{span} is watched again by up to {moment.share:.0%} of its viewers")
    print_table(
        ("second", "watched", "retention", "interval", "again", "rewatch"),
        [
            (
                row["second"],
                row["watched"],
                f"{row['retention']:.1%}",
                f"{row['retention_low']:.1%} to {row['retention_high']:.1%}",
                row["again"],
                f"{row['rewatch']:.1%}",
            )
            for row in found.curve.table().gather_every(10).iter_rows(named=True)
        ],
    )


@audience_group.command("segments")
@click.option(
    "--count",
    type=click.IntRange(2),
    help="How many segments; the number from 2 to 8 that parts users best if left out.",
)
@click.option("--seed", default=0, show_default=True, help="Of the grouping.")
@format_option("table", "json")
@shared_options
def audience_segments(
    count: int | None, seed: int, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Groups of users who watch alike, and what sets each apart."""
    from recsys.audience.report import segment_users
    from recsys.run import load_log, load_titles
    from recsys.viewing_log import is_simulated

    log = load_log(workspace.logs)
    found = segment_users(log, load_titles(workspace.logs), count=count, seed=seed)
    simulated = is_simulated(log)
    if output_format == "json":
        segments = [asdict(segment) for segment in found.segments]
        print_json({"simulated": simulated, "silhouette": found.silhouette, "segments": segments})
        return
    _tell_simulated(simulated, console)
    print_table(
        ("segment", "users", "share", "set apart by"),
        [
            (
                segment.name,
                segment.size,
                f"{segment.share:.0%}",
                ", ".join(f"{title.name} ({title.lift:.1f}x)" for title in segment.titles[:3]),
            )
            for segment in found.segments
        ],
    )


def _tell_simulated(simulated: bool, console: Console) -> None:
    if simulated:
        console.warn(SIMULATED_NOTE)


def _tell_import(done: "FileImport", workspace: Workspace, console: Console) -> None:
    from recsys.logs.store import LogStore

    if done.unchanged:
        console.say(f"{done.source}: imported before, nothing changed")
        return
    for reason, count in done.quarantined.items():
        console.warn(f"reel: {done.source}: {count} rows set aside, {reason}")
    if done.quarantined:
        kept = LogStore(workspace.logs).quarantine_of(done.digest)
        console.say(f"the rows set aside are in {kept}")
    if done.ignored_columns:
        console.say(f"{done.source}: columns not used: {', '.join(done.ignored_columns)}")


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
