"""Who approved a cut: `reel cut approve`, `reel cut withdraw` and `reel cut approvals`."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from dashboard.people import Person


@click.command("approve")
@click.argument("cut")
@click.option("--author", help="Who approves it; your user name by default.")
@shared_options
def approve_command(cut: str, author: str | None, workspace: Workspace, console: Console) -> None:
    """Approve CUT, an id or id@version, in its latest version.

    An older version is refused: somebody has changed it since. Whatever is changed later is a new
    version that nobody has approved.
    """
    from dashboard.cut_approval import approve_cut
    from editing.cut_store import find_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        wanted = find_cut(catalog, cut)
        given = approve_cut(_person(author), catalog, wanted.id, wanted.version)
    click.echo(f"cut {given.cut}@{given.version}: approved by {given.name}, {given.approved_at}")


@click.command("withdraw")
@click.argument("cut")
@click.option("--of", "name", help="Whose approval; your own by default.")
@click.option("--author", help="Who takes it back; your user name by default.")
@shared_options
def withdraw_command(
    cut: str, name: str | None, author: str | None, workspace: Workspace, console: Console
) -> None:
    """Take back the approval of CUT, an id or id@version; the latest version if none is named.

    What was approved, and who took it back and when, stays in reel cut approvals.
    """
    from dashboard.cut_approval import withdraw_approval
    from editing.cut_store import find_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        wanted = find_cut(catalog, cut)
        taken = withdraw_approval(_person(author), catalog, wanted.id, wanted.version, name)
    click.echo(
        f"cut {taken.cut}@{taken.version}: no longer approved by {taken.name}; withdrawn by "
        f"{taken.withdrawn_by}, {taken.withdrawn_at}"
    )


@click.command("approvals")
@click.argument("cut")
@format_option("table", "json")
@shared_options
def approvals_command(cut: str, output_format: str, workspace: Workspace, console: Console) -> None:
    """List who approved which version of CUT, an id, and what was withdrawn."""
    from editing.approvals import approvals_of, withdrawals_of
    from editing.cut_store import find_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        wanted = find_cut(catalog, cut)
        standing = [asdict(one) for one in approvals_of(catalog, wanted.id)]
        withdrawn = [asdict(one) for one in withdrawals_of(catalog, wanted.id)]
    found = sorted(withdrawn + standing, key=lambda one: one["approved_at"])
    if output_format == "json":
        none = {"withdrawn_by": None, "withdrawn_at": None}
        print_json([none | one for one in found])
        return
    columns = ("version", "name", "approved_at", "withdrawn_by", "withdrawn_at")
    header = ("version", "approved by", "at", "withdrawn by", "at")
    print_table(header, [tuple(one.get(column, "") for column in columns) for one in found])
    if not found:
        console.say(f"nobody has approved it; approve it with reel cut approve {wanted.id}")


def _person(author: str | None) -> "Person":
    from dashboard.people import local_person

    person = local_person()
    return person if author is None else replace(person, name=author)


APPROVAL_COMMANDS = (approve_command, withdraw_command, approvals_command)
