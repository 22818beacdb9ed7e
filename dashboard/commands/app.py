"""The command `reel dashboard`."""

from importlib.util import find_spec
from pathlib import Path

import click

from dashboard.console import (
    Console,
    NamedPath,
    format_option,
    print_json,
    print_table,
    shared_options,
)
from dashboard.settings import Workspace


@click.command("dashboard")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8501,
    show_default=True,
    help="The port to listen on.",
)
@click.option(
    "--sign-in",
    envvar="REEL_SIGN_IN_FILE",
    type=NamedPath(path_type=Path, dir_okay=False),
    help="Let people sign in by OpenID Connect, as this TOML file says: docs/dashboard.md.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on; another than this takes --sign-in.",
)
@shared_options
def dashboard_command(
    workspace: Workspace, console: Console, port: int, sign_in: Path | None, host: str
) -> None:
    """Browse footage, cuts and audiences of a workspace in the browser.

    Without --sign-in the dashboard answers this computer only, and whoever sits at it may do
    everything.
    """
    from dashboard.people import UnusableSignIn, read_sign_in
    from dashboard.server import is_free, serve

    try:
        if sign_in is not None:
            if find_spec("authlib") is None:
                raise UnusableSignIn("to sign in takes a library: pip install 'reelroom[sign-in]'")
            read_sign_in(sign_in)
        elif host != "127.0.0.1":
            raise UnusableSignIn(f"to listen on {host} takes a sign-in: --sign-in FILE")
    except UnusableSignIn as error:
        raise click.ClickException(str(error)) from None
    if not is_free(port):
        raise click.ClickException(
            f"port {port} is in use; choose another one: reel dashboard --port {port % 65535 + 1}"
        )
    if not workspace.root.is_dir():
        console.warn(f"{workspace.root} does not exist yet; `reel ingest` will make it.")
    click.echo(f"http://{host}:{port}")
    console.say(f"Workspace {workspace.root.resolve()}. Stop with Ctrl+C.")
    serve(workspace, port, sign_in=sign_in, host=host)


@click.command("status")
@format_option("table", "json")
@shared_options
def status_command(output_format: str, workspace: Workspace, console: Console) -> None:
    """Tell whether a workspace is well, and how much room it takes.

    The exit status is 1 if something is not well. The dashboard answers the same at /healthz.
    """
    from dataclasses import asdict

    from dashboard.health import look_after
    from dashboard.storage import storage_of

    findings, storage = look_after(workspace), storage_of(workspace)
    well = all(finding.well for finding in findings)
    if output_format == "json":
        rooms = {room.kind: room.bytes for room in storage.rooms}
        parts = [asdict(finding) for finding in findings]
        print_json({"well": well, "findings": parts, "bytes": rooms, "free": storage.free})
    else:
        rows = [(f.part, "well" if f.well else "NOT WELL", f.words) for f in findings]
        rows += [
            (room.kind, f"{room.bytes / 1e6:,.1f} MB", f"{room.files:,} files")
            for room in storage.rooms
        ]
        print_table(("part", "state or size", "what"), rows)
    if not well:
        raise SystemExit(1)
