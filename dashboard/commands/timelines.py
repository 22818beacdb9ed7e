"""Timelines to editing systems and back: `reel export`, `reel relink` and `reel import`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.commands.outputs import telling_new_folder
from dashboard.console import (
    Console,
    NamedPath,
    format_option,
    print_json,
    print_table,
    shared_options,
)
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.reimport import Reimported
    from editing.relink.matching import Match

_FILE = NamedPath(exists=True, dir_okay=False, path_type=Path)


@click.command("export")
@click.argument("cut")
@click.option(
    "--to",
    "target",
    type=click.Choice(["otio", "edl", "fcp7", "fcpxml", "ale", "csv", "srt", "vtt"]),
    required=True,
    help="OpenTimelineIO, CMX3600 EDL, Final Cut Pro 7 XML (for Premiere and Resolve), FCPXML (for "
    "Final Cut Pro), Avid Log Exchange (source ranges only), a CSV cut list, or captions as SRT or "
    "WebVTT.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write; one of that name is replaced, and a folder that is missing made.",
)
@click.option(
    "--captions",
    type=_FILE,
    help="For srt and vtt: the captions of CUT's film, SRT or WebVTT, from its first frame on.",
)
@click.option(
    "--links",
    type=_FILE,
    help="Name the camera originals that reel relink found, with their paths and timecodes.",
)
@format_option("table", "json")
@shared_options
def export_command(
    cut: str,
    *,
    target: Any,
    output: Path,
    captions: Path | None,
    links: Path | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Write CUT, an id or id@version, as a timeline for another editing system.

    What the format cannot hold is told. With --to srt or vtt the captions of CUT's film are
    written, moved to where the cut shows them.
    """
    from editing.cut_store import find_cut
    from editing.interchange.remarks import Remark, remarks_of
    from editing.run import export_captions, export_cut
    from ingest.catalog import Catalog

    is_captions = target in ("srt", "vtt")
    if is_captions != (captions is not None):
        raise click.UsageError("--captions FILE goes with --to srt and --to vtt, and with no other")
    if is_captions and links:
        raise click.UsageError("captions name no files, so --links says nothing to them")
    with Catalog(workspace.catalog) as catalog, telling_new_folder(output, console):
        found = find_cut(catalog, cut)
        if captions is not None:
            count, words = export_captions(catalog, found, target, captions, output)
            told = [Remark((), one) for one in words]
            frames, what = found.frames, "captions"
        else:
            sequence = export_cut(catalog, found, target, output, links=links)
            told = remarks_of(sequence, target)
            count, frames, what = len(sequence.events), sequence.frames, "events"
    if output_format == "json":
        remarks = [{"slots": list(one.slots), "words": one.text} for one in told]
        document = {"output": f"{output}", "format": target, what: count, "frames": frames}
        print_json(document | {"remarks": remarks})
        return
    click.echo(f"{output}: {count} {what}, {frames:,} frames")
    for remark in told:
        console.warn(remark.text)


@click.command("relink")
@click.argument("cut")
@click.option(
    "--originals",
    type=NamedPath(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The folder of camera originals; those in it are searched too.",
)
@click.option(
    "--map",
    "named",
    type=_FILE,
    help="A CSV file FILM,ORIGINAL for films that are not to be guessed; checked all the same.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the links here, for reel export --links and reel import --links.",
)
@format_option("table", "json")
@shared_options
def relink_command(
    cut: str,
    *,
    originals: Path,
    named: Path | None,
    output: Path | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Find the camera originals of CUT, which was made on proxies, and report what fits.

    By timecode, reel and frame count, then by name. Each original is checked to hold every frame
    that the cut asks for, at its rate. Exit status 1 if a film has none, or several.
    """
    from editing.cut_store import find_cut
    from editing.relink.links import write_links
    from editing.relink.run import relink_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        found = find_cut(catalog, cut)
        matches, unreadable = relink_cut(catalog, found, originals, named)
        media = {match.wanted.media: catalog.get_media(match.wanted.media) for match in matches}
    whole = all(match.status == "matched" for match in matches)
    if output is not None and whole:
        with telling_new_folder(output, console):
            write_links(output, matches, media)
    if output_format == "json":
        files = [{"path": f"{path}", "problem": reason} for path, reason in unreadable]
        print_json({"films": [_match_row(match) for match in matches], "unreadable": files})
    else:
        for path, reason in unreadable:
            console.warn(f"{path}: {reason}")
        _print_matches(matches)
    if not whole:
        console.warn("not every film has its one original, so no links are written")
        raise SystemExit(1)
    if output is not None:
        console.say(f"{output}: {len(matches)} links; export with --links {output}")


def _match_row(match: "Match") -> dict[str, Any]:
    original = match.original
    return {
        "film": match.wanted.file.name,
        "status": match.status,
        "original": original.file.path if original else None,
        "reel": original.file.reel if original else None,
        "first_frame": match.shift if original else None,
        "matched_by": list(match.by),
        "remarks": list(match.remarks),
    }


def _print_matches(matches: "list[Match]") -> None:
    rows = []
    for match in matches:
        place = match.original.file.path if match.original else ""
        told = (*match.by, *match.remarks) if match.original else match.remarks
        rows.append((match.wanted.file.name, match.status, place, "; ".join(told)))
    print_table(("film", "status", "original", "why"), rows)


@click.command("import")
@click.argument("cut")
@click.argument("timeline", type=NamedPath(exists=True, path_type=Path))
@click.option("--author", default="editor", show_default=True, help="Who edited it.")
@click.option("--dry-run", is_flag=True, help="Only tell what changed; keep nothing.")
@click.option(
    "--links",
    type=_FILE,
    help="If the timeline names camera originals: the links of reel relink, back to CUT's films.",
)
@click.option(
    "--is",
    "named",
    multiple=True,
    metavar="NAME=MEDIA",
    help="What the timeline calls NAME is MEDIA (id, path or name), for a file that was renamed.",
)
@format_option("table", "json")
@shared_options
def import_command(
    cut: str,
    timeline: Path,
    *,
    author: str,
    dry_run: bool,
    links: Path | None,
    named: tuple[str, ...],
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Take back CUT as an editor finished it in TIMELINE, and tell what changed.

    TIMELINE is an OTIO, EDL, FCP7 XML or FCPXML file (or Final Cut Pro's .fcpxmld) that began as
    an export of CUT, an id or id@version. It becomes CUT's next version with every slot locked;
    reel learn train --labels editors learns from what was kept, replaced and removed. What a cut
    cannot hold is told.
    """
    from editing.cut_store import find_cut
    from editing.reimport import reimport_cut
    from ingest.catalog import Catalog

    pairs = [pair.rpartition("=") for pair in named]
    if not all(name and media for name, _, media in pairs):
        raise click.UsageError("--is takes NAME=MEDIA")
    with Catalog(workspace.catalog) as catalog:
        found = reimport_cut(
            catalog,
            find_cut(catalog, cut),
            timeline,
            author=author,
            save=not dry_run,
            links=links,
            named={name: media for name, _, media in pairs},
        )
    if output_format == "json":
        print_json(_import_document(found))
        return
    _print_import(found, console)


def _import_document(found: "Reimported") -> dict[str, Any]:
    return {
        **{"cut": found.before.id, "from_version": found.before.version},
        "version": found.after.version if found.saved else None,
        "changes": [asdict(change) | {"words": change.words} for change in found.changes],
        "remarks": list(found.remarks),
    }


def _print_import(found: "Reimported", console: Console) -> None:
    from editing.cut_changes import summary

    for remark in found.remarks:
        console.warn(remark)
    changes = [change for change in found.changes if change.kind != "kept"]
    click.echo(f"cut {found.before.id}@{found.before.version}: {summary(found.changes)}")
    print_table(("what changed",), [(change.words,) for change in changes])
    if found.saved:
        console.say(f"kept as cut {found.after.id}@{found.after.version}")
    elif not changes:
        console.say("nothing changed, so there is no new version")
