"""Viewing logs in: `reel logs`."""

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

file_path = click.Path(path_type=Path)


@click.group("logs")
def logs_group() -> None:
    """Bring viewing logs into the workspace, and take users out of it."""


def _renamings(
    context: click.Context, parameter: click.Parameter, pairs: Iterable[str]
) -> dict[str, str]:
    """`THEIRS=OURS`, split."""
    split = [pair.partition("=") for pair in pairs]
    for theirs, equals, ours in split:
        if not (theirs and equals and ours):
            raise click.BadParameter("give it as THEIRS=OURS", context, parameter)
    if split:
        from recsys.logs.mapping import OUR_COLUMNS

        for _, _, ours in split:
            if ours not in OUR_COLUMNS:
                known = ", ".join(OUR_COLUMNS)
                told = f"{ours!r} is none of our columns: {known}"
                raise click.BadParameter(told, context, parameter)
    return {theirs: ours for theirs, _, ours in split}


rename_option = click.option(
    "--rename",
    multiple=True,
    metavar="THEIRS=OURS",
    callback=_renamings,
    help="Read the column THEIRS of each file as OURS; may be given again.",
)


map_option = click.option(
    "--map",
    "map_name",
    metavar="MAP",
    help="How the columns of another system are read: movielens, kuairand, movietweetings, or a "
    ".toml file (docs/formats.md).",
)


@logs_group.command("import")
@click.argument("files", nargs=-1, required=True, type=file_path, metavar="FILE...")
@map_option
@rename_option
@format_option("table", "json")
@shared_options
def logs_import(
    *,
    files: tuple[Path, ...],
    map_name: str | None,
    rename: dict[str, str],
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Add viewing logs to the workspace.

    FILE is a .csv, .tsv, .parquet or .jsonl (text also as .gz or .zst), or a folder of them, with
    the columns user, item and timestamp (or order). Optional are watched_seconds,
    duration_seconds, from_seconds, to_seconds (all in seconds), device, surface, click, rating and
    simulated. Bad rows are set aside with their reason; a file that was imported before changes
    nothing.
    """
    from recsys.logs.mapping import PLAIN, read_map
    from recsys.run import import_log

    columns = PLAIN if map_name is None else read_map(map_name)
    report = import_log(
        files, workspace.logs, rename, columns=columns, on_rows=_RowsTold(console).tell
    )
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


@logs_group.command("forget")
@click.argument("user")
@format_option("table", "json")
@shared_options
def logs_forget(user: str, output_format: str, workspace: Workspace, console: Console) -> None:
    """Remove USER from the log, for good.

    Their rows go from the log and from those set aside. A salted hash of the name is kept, so that
    importing a file again does not bring them back. Nothing is recommended to them from now on;
    models forget them at the next training, and their cards say so until then.
    """
    from dashboard.audience_answers import forget_answers
    from recsys.forgetting import forget_user

    done = forget_user(workspace.logs, workspace.recommenders, user)
    forget_answers(workspace)
    if not done.rows:
        console.say(f"no rows of {user} in the log; the name is kept out of later imports")
    if done.models:
        console.warn("reel: saved recommenders learned from the user: run `reel recsys train`")
    if output_format == "json":
        print_json(asdict(done))
    else:
        print_table(("rows removed", "models to train again"), [(done.rows, len(done.models))])


@logs_group.command("titles")
@click.argument("file", type=file_path)
@map_option
@rename_option
@shared_options
def logs_titles(
    file: Path,
    map_name: str | None,
    rename: dict[str, str],
    workspace: Workspace,
    console: Console,
) -> None:
    """Add names of titles to the workspace.

    FILE is a .csv, .parquet or .jsonl with the columns item and title; optional are
    duration_seconds, genre and simulated. A newer row of an item replaces the older.
    """
    from recsys.logs.mapping import PLAIN, read_map
    from recsys.run import import_titles

    columns = PLAIN if map_name is None else read_map(map_name)
    titles = import_titles(file, workspace.logs, rename, columns=columns)
    console.say(f"{titles.height} titles in the workspace")


@logs_group.command("simulate")
@click.option("--out", required=True, type=file_path, help="The log to write, a .parquet.")
@click.option("--titles-out", type=file_path, help="The table of titles to write, a .parquet.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="The same seed, the same log.",
)
@click.option(
    "--users", default=600, show_default=True, type=click.IntRange(1, 50_000), help="Users."
)
@click.option(
    "--titles", default=60, show_default=True, type=click.IntRange(8, 10_000), help="Titles."
)
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="Days it runs."
)
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


class _RowsTold:
    """Says how far a long import has come."""

    def __init__(self, console: Console, every: int = 10_000_000) -> None:
        self.console, self.every, self.told = console, every, 0

    def tell(self, rows: int) -> None:
        """Say it, if enough rows were read since it was said last."""
        if rows // self.every > self.told // self.every:
            self.console.say(f"{rows:,} rows read")
        self.told = rows


def _tell_import(done: "FileImport", workspace: Workspace, console: Console) -> None:
    from recsys.logs.store import LogStore

    if done.unchanged:
        console.say(f"{done.source}: imported before, nothing changed")
        return
    for reason, count in done.quarantined.items():
        rows = "1 row" if count == 1 else f"{count:,} rows"
        console.warn(f"reel: {done.source}: {rows} set aside: {reason}")
    if done.quarantined:
        kept = LogStore(workspace.logs).quarantine_of(done.digest)
        console.say(f"the rows set aside are in {kept}")
    if done.ignored_columns:
        console.say(f"{done.source}: columns not used: {', '.join(done.ignored_columns)}")
