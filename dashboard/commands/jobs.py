"""Commands over the jobs of `reel ingest`: `reel jobs list` and `reel jobs cancel`."""

from typing import Any

import click
from click.core import ParameterSource

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace
from dashboard.wording import first_line
from ingest.paths import visible

_TYPED = ParameterSource.COMMANDLINE
_STATES = ("queued", "running", "stale", "done", "failed", "cancelled")


def _list_options(command: Any) -> Any:
    states = click.Choice(_STATES)
    command = format_option("table", "json")(shared_options(command))
    return click.option("--state", type=states, help="Only those in this state.")(command)


@click.group("jobs", invoke_without_command=True)
@_list_options
@click.pass_context
def jobs_group(
    context: click.Context,
    state: str | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """List what each file's ingest has come to, or cancel one.

    A job is stale if the batch that ran it died; `reel ingest` takes it up again.
    """
    if context.invoked_subcommand is None:
        _print_jobs(workspace, state, output_format)
    elif any(context.get_parameter_source(name) is _TYPED for name in context.params):
        raise click.UsageError(f"options go after the word {context.invoked_subcommand}")


@jobs_group.command("list")
@_list_options
def jobs_list_command(
    state: str | None, output_format: str, workspace: Workspace, console: Console
) -> None:
    """List the jobs, as `reel jobs` alone does."""
    _print_jobs(workspace, state, output_format)


@jobs_group.command("cancel")
@click.argument("job_id", metavar="ID", type=int)
@shared_options
def jobs_cancel_command(job_id: int, workspace: Workspace, console: Console) -> None:
    """Cancel the job ID; a batch that is at work on it stops that file within seconds."""
    from ingest.catalog import Catalog
    from ingest.jobs import JobStore

    with Catalog(workspace.catalog) as catalog:
        job = JobStore(catalog).cancel(job_id)
    console.say(f"job {job.id} is cancelled: {visible(job.path)}")


def _print_jobs(workspace: Workspace, state: str | None, output_format: str) -> None:
    from dataclasses import asdict

    from ingest.catalog import Catalog
    from ingest.jobs import JobStore

    with Catalog(workspace.catalog) as catalog:
        jobs = JobStore(catalog).all(state)
    if output_format == "json":
        print_json([asdict(job) | {"state": job.shown_state} for job in jobs])
        return
    rows = [
        (
            *(job.id, job.shown_state, f"{job.progress:.0%}", job.attempts, job.started_at or "-"),
            *(job.finished_at or "-", job.path, first_line(job.reason)),
        )
        for job in jobs
    ]
    header = ("id", "state", "done", "attempts", "started", "finished", "path", "remarks")
    print_table(header, rows)
