"""Faults of a cut: `reel check` and `reel repair`."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.cut import Cut
    from editing.faults.finding import Fault


@click.command("check")
@click.argument("cut")
@format_option("table", "json")
@shared_options
def check_command(cut: str, output_format: str, workspace: Workspace, console: Console) -> None:
    """Look for faults at the joins and inside the slots of CUT, an id or id@version.

    By what ingest measured: flash frames, frames of a dissolve, black and frozen ones, frames
    shown twice, jump cuts, speech cut in half, and steps of loudness, exposure and black bars. The
    exit status is 1 if there is an error; warnings may be meant.
    """
    from editing.cut_store import find_cut
    from editing.revision import check_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        found = find_cut(catalog, cut)
        faults = check_cut(catalog, found)
        if output_format == "json":
            print_json([_document(catalog, found, fault) for fault in faults])
        else:
            _print_faults(catalog, found, faults)
    if any(fault.severity == "error" for fault in faults):
        sys.exit(1)


@click.command("repair")
@click.argument("cut")
@click.option("--author", default="editor", show_default=True, help="Who repairs it.")
@format_option("table", "json")
@shared_options
def repair_command(
    cut: str, author: str, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Repair the faults of CUT's latest version, as its next version, and look again.

    A slot is slipped within its shot, filled with an alternate, or trimmed, whichever first takes
    the fault away and makes nothing worse. Locked slots and the footage stay as they are.
    """
    from editing.cut_store import find_cut
    from editing.revision import repair_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        before = find_cut(catalog, cut)
        after, repairs, left = repair_cut(catalog, before, author=author)
        if output_format == "json":
            done = [{"words": r.words, "gone": [asdict(f) for f in r.faults]} for r in repairs]
            faults = [_document(catalog, after, fault) for fault in left]
            print_json({"version": after.version, "repairs": done, "left": faults})
            return
        for repair in repairs:
            click.echo(f"{repair.words}; gone: {', '.join(f.words for f in repair.faults)}")
        if repairs:
            click.echo(f"kept as cut {after.id}@{after.version}, {after.frames:,} frames")
        else:
            console.say("nothing could be repaired")
        _print_faults(catalog, after, left)


def _document(catalog: Any, cut: "Cut", fault: "Fault") -> dict[str, object]:
    from editing.run import sequence_of

    timecode = sequence_of(catalog, cut).timecode(fault.frame)
    return {"severity": fault.severity, "timecode": timecode} | asdict(fault)


def _print_faults(catalog: Any, cut: "Cut", faults: "list[Fault]") -> None:
    from editing.run import sequence_of

    errors = sum(fault.severity == "error" for fault in faults)
    warnings = len(faults) - errors
    click.echo(
        f"cut {cut.id}@{cut.version}: {errors} error{'s' * (errors != 1)}, "
        f"{warnings} warning{'s' * (warnings != 1)}"
    )
    sequence = sequence_of(catalog, cut)
    rows = [
        (
            *(f.slot + 1, sequence.timecode(f.frame), f.severity, f.kind, f.words),
            *(f"{f.value:.3g} {f.unit}", f"{f.threshold:g}"),
        )
        for f in faults
    ]
    if rows:
        header = ("slot", "record", "severity", "fault", "what", "measured", "from")
        print_table(header, rows)
