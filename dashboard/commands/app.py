"""The command `reel dashboard`."""

import click

from dashboard.console import Console, shared_options
from dashboard.settings import Workspace


@click.command("dashboard")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8501,
    show_default=True,
    help="The port to listen on, at 127.0.0.1 only.",
)
@shared_options
def dashboard_command(workspace: Workspace, console: Console, port: int) -> None:
    """Browse footage, cuts and audiences of a workspace in the browser."""
    from dashboard.server import HOST, is_free, serve

    if not is_free(port):
        raise click.ClickException(
            f"port {port} is in use; choose another one: reel dashboard --port {port % 65535 + 1}"
        )
    if not workspace.root.is_dir():
        console.warn(f"{workspace.root} does not exist yet; `reel ingest` will make it.")
    click.echo(f"http://{HOST}:{port}")
    console.say(f"Workspace {workspace.root.resolve()}. Stop with Ctrl+C.")
    serve(workspace, port)
