"""The versions of a cut: `reel cut versions`, `reel cut diff` and `reel cut undo`."""

from dataclasses import asdict, replace

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace


@click.command("versions")
@click.argument("cut")
@format_option("table", "json")
@shared_options
def versions_command(cut: str, output_format: str, workspace: Workspace, console: Console) -> None:
    """List the versions of CUT, an id, oldest first."""
    from editing.cut_store import cut_versions, find_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        rows = cut_versions(catalog, find_cut(catalog, cut).id)
    if output_format == "json":
        names = ("version", "author", "note", "created_at")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    print_table(
        ("version", "author", "made", "note"),
        [(version, author, made, note) for version, author, note, made in rows],
    )


@click.command("diff")
@click.argument("before")
@click.argument("after")
@format_option("table", "json")
@shared_options
def diff_command(
    before: str, after: str, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Tell what changed from BEFORE to AFTER, each an id or id@version."""
    from editing.cut_changes import changes_between, summary
    from editing.cut_store import film_steps, find_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        old, new = find_cut(catalog, before), find_cut(catalog, after)
        steps = film_steps(catalog, old.rate, old.slots, new.slots)
    if old.media != new.media:
        raise click.UsageError(f"cut {before} and cut {after} are of different films")
    changes = changes_between(old.slots, new.slots, steps)
    if output_format == "json":
        print_json([asdict(change) | {"words": change.words} for change in changes])
        return
    click.echo(f"cut {old.id}@{old.version} to {new.id}@{new.version}: {summary(changes)}")
    told = [(change.words,) for change in changes if change.kind != "kept"]
    print_table(("what changed",), told)
    if not told:
        console.say("nothing changed")


@click.command("undo")
@click.argument("cut")
@click.option("--author", default="editor", show_default=True, help="Who takes it back.")
@shared_options
def undo_command(cut: str, author: str, workspace: Workspace, console: Console) -> None:
    """Make CUT, id@version, the latest version again; the versions after it stay.

    An id alone goes back to the version before the latest.
    """
    from editing.cut_store import find_cut, load_cut, save_version
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        wanted = find_cut(catalog, cut)
        latest = load_cut(catalog, wanted.id)
        if "@" not in cut:
            if latest.version == 1:
                raise click.UsageError(f"cut {cut} has one version; there is none to go back to")
            wanted = load_cut(catalog, wanted.id, latest.version - 1)
        note = f"version {wanted.version} again"
        kept = save_version(
            catalog, replace(wanted, author=author, note=note), expected_version=latest.version
        )
    click.echo(f"cut {kept.id}@{kept.version}: {note}")
