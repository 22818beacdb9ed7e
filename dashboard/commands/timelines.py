"""Timelines back from editing systems: `reel import`."""

from dataclasses import asdict
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


@click.command("import")
@click.argument("cut")
@click.argument("timeline", type=NamedPath(exists=True, dir_okay=False, path_type=Path))
@click.option("--author", default="editor", show_default=True, help="Who edited it.")
@click.option("--dry-run", is_flag=True, help="Only tell what changed; keep nothing.")
@format_option("table", "json")
@shared_options
def import_command(
    cut: str,
    timeline: Path,
    *,
    author: str,
    dry_run: bool,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Take back CUT as an editor finished it in TIMELINE, and tell what changed.

    TIMELINE is an OTIO, EDL, FCP7 XML or FCPXML file that began as an export of CUT, an id or
    id@version. It becomes CUT's next version with every slot locked; reel learn train --labels
    editors learns from what was kept, replaced and removed.
    """
    from editing.cut_changes import summary
    from editing.cut_store import find_cut
    from editing.reimport import reimport_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        found = reimport_cut(
            catalog, find_cut(catalog, cut), timeline, author=author, save=not dry_run
        )
    if output_format == "json":
        document = {
            **{"cut": found.before.id, "from_version": found.before.version},
            "version": found.after.version if found.saved else None,
            "changes": [asdict(change) | {"words": change.words} for change in found.changes],
            "remarks": list(found.remarks),
        }
        print_json(document)
        return
    for remark in found.remarks:
        console.warn(remark)
    changes = [change for change in found.changes if change.kind != "kept"]
    click.echo(f"cut {found.before.id}@{found.before.version}: {summary(found.changes)}")
    print_table(("what changed",), [(change.words,) for change in changes])
    if found.saved:
        console.say(f"kept as cut {found.after.id}@{found.after.version}")
    elif not changes:
        console.say("nothing changed, so there is no new version")
