"""Faults of cuts, files and timelines: `reel check` and `reel repair`."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from editing.cut import Cut
    from editing.faults.finding import Fault
    from ingest.catalog import Catalog

BUNDLE = ".fcpxmld"
"""A folder that Final Cut Pro writes, with a timeline within."""
Timecode = Callable[[int], str]


class FrameRate(click.ParamType[Fraction]):
    """A frame rate as people write it: 24, 23.976, 30000/1001."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A `Fraction`, 23.976 and its kind as the exact ones."""
        try:
            rate = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no frame rate; write 24, 23.976 or 30000/1001", param, ctx)
        if not 1 <= rate <= 1000:
            self.fail(f"{value} frames per second is no frame rate", param, ctx)
        exact = Fraction(round(rate) * 1000, 1001)
        return exact if abs(rate - exact) < Fraction(1, 200) else rate


@click.command("check")
@click.argument("target")
@click.option(
    "--decode/--no-decode",
    default=True,
    show_default=True,
    help="Decode a cut's footage, or go by what ingest measured alone.",
)
@click.option(
    "--media",
    "folders",
    multiple=True,
    type=NamedPath(exists=True, file_okay=False, path_type=Path),
    help="Where to look for a timeline's media besides; may be given more than once.",
)
@click.option("--rate", type=FrameRate(), help="Frames per second of an EDL, which tells none.")
@format_option("table", "json")
@shared_options
def check_command(
    target: str,
    *,
    decode: bool,
    folders: tuple[Path, ...],
    rate: Fraction | None,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Look for faults in TARGET: a cut (an id or id@version), a media file, or a timeline.

    At the joins and within the pieces: flash, black, frozen, repeated, missing and combed frames,
    shots shown twice, jump cuts, words cut in half, clicks, dropouts, clipping, silence, and steps
    of loudness, brightness, colour and black bars. A cut is decoded if its footage is there; a
    file and the media of a timeline (OTIO, EDL, FCP7 XML, FCPXML: told by what is in it, whatever
    its name) need not be in the catalogue.
    The exit status is 1 if there is an error; warnings may be meant.
    """
    from editing.interchange.reading import is_timeline

    path = _path_of(target)
    if path is None:
        found, timecode, faults = _check_cut(target, decode, workspace, console)
    elif is_timeline(path):
        found, timecode, faults = _check_timeline(path, folders, rate, workspace, console)
    else:
        found, timecode, faults = _check_file(path, console)
    if output_format == "json":
        print_json([_document(fault, timecode) for fault in faults])
    else:
        _print_faults(found, faults, timecode)
    if any(fault.severity == "error" for fault in faults):
        sys.exit(1)


@click.command("repair")
@click.argument("cut")
@click.option("--author", default="editor", show_default=True, help="Who repairs it.")
@click.option(
    "--decode/--no-decode",
    default=True,
    show_default=True,
    help="Decode the footage, or go by what ingest measured alone.",
)
@format_option("table", "json")
@shared_options
def repair_command(
    cut: str,
    *,
    author: str,
    decode: bool,
    output_format: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Repair the faults of CUT's latest version, as its next version, and look again.

    A slot is slipped within its shot, given another gain, filled with an alternate, extended,
    trimmed, or filled with another shot that the brief allows, whichever first takes the fault away
    and brings no other; a click at a join gets a short crossfade. A cut that is as long as its
    brief asks stays so: what one slot gains another gives. Locked slots and the footage stay as
    they are. What is left is told, and why.
    """
    from editing.faults.of_cut import repair_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        before = _cut_named(catalog, cut)
        with console.progress("Repairing") as on_progress:
            found = repair_cut(
                catalog, before, author=author, decode=decode, on_progress=on_progress
            )
        timecode = _timecode_of(catalog, found.cut)
    if output_format == "json":
        done = [{"words": r.words, "gone": [asdict(f) for f in r.faults]} for r in found.repairs]
        left = [_document(fault, timecode) for fault in found.left.faults]
        undone = [repair.words for repair in found.undone]
        told = {"version": found.cut.version, "decoded": found.left.decoded}
        print_json(told | {"repairs": done, "undone": undone, "left": left})
        return
    for repair in found.repairs:
        click.echo(f"{repair.words}; gone: {', '.join(f.words for f in repair.faults)}")
    if found.repairs:
        click.echo(f"kept as cut {found.cut.id}@{found.cut.version}, {found.cut.frames:,} frames")
    else:
        console.say("nothing was repaired")
    for repair in found.undone:
        console.say(f"tried and undone, for it brought another fault: {repair.words}")
    _tell_missing(console, found.left.missing)
    _print_faults(_name(found.cut), found.left.faults, timecode, last="left because")


def _path_of(target: str) -> Path | None:
    """The file that is meant; None if a cut is.

    Raises:
        UnreadableMedia: It is a folder, or there is neither such a file nor a cut of such a name.
    """
    from ingest.errors import UnreadableMedia

    if not target.strip():
        raise click.UsageError("an empty name; name a cut, a media file or a timeline")
    path = Path(target)
    if path.is_file() or (path.is_dir() and path.suffix.lower() == BUNDLE):
        return path
    if path.is_dir():
        advice = "Name one file in it: reel check FILE; or a cut: reel cut list"
        raise UnreadableMedia(target, "a folder, not a media file or a timeline", advice)
    if target.replace("@", "").isdecimal():
        return None
    advice = "Cuts are named by number or NUMBER@VERSION (reel cut list), files by their path"
    raise UnreadableMedia(target, "there is no such file, nor a cut of that name", advice)


def _cut_named(catalog: "Catalog", target: str) -> "Cut":
    """The cut that is to be repaired; a file that is named instead is told apart.

    Raises:
        EditError: It is a file: what was delivered, and footage, are never changed.
        UnknownCut: There is no such cut.
    """
    from editing.cut_store import find_cut
    from editing.errors import EditError

    if not target.strip():
        raise click.UsageError("an empty name; name a cut")
    if not target.replace("@", "").isdecimal() and Path(target).exists():
        raise EditError(
            f"{target} is a file, and only cuts are repaired: files are never changed.\n"
            "Look for its faults: reel check FILE; see the cuts: reel cut list"
        )
    return find_cut(catalog, target)


def _check_cut(
    target: str, decode: bool, workspace: Workspace, console: Console
) -> tuple[str, Timecode, "Sequence[Fault]"]:
    from editing.cut_store import find_cut
    from editing.faults.of_cut import check_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        cut = find_cut(catalog, target)
        with console.progress("Looking for faults") as on_progress:
            checked = check_cut(catalog, cut, decode=decode, on_progress=on_progress)
        timecode = _timecode_of(catalog, cut)
    if decode:
        _tell_missing(console, checked.missing)
    for remark in checked.remarks:
        console.warn(remark)
    return _name(cut), timecode, checked.faults


def _check_file(path: Path, console: Console) -> tuple[str, Timecode, "Sequence[Fault]"]:
    from editing.faults.file_check import check_file

    with console.progress("Looking for faults") as on_progress:
        checked = check_file(path, on_progress)
    for remark in checked.remarks:
        console.warn(remark)
    found = f"{path.name}, {checked.frames:,} frames, {len(checked.joins)} joins"
    return found, checked.clock.timecode, checked.faults


def _check_timeline(
    path: Path,
    folders: tuple[Path, ...],
    rate: Fraction | None,
    workspace: Workspace,
    console: Console,
) -> tuple[str, Timecode, "Sequence[Fault]"]:
    from editing.faults.timeline_check import check_timeline
    from ingest.catalog import Catalog

    with (
        Catalog(workspace.catalog) as catalog,
        console.progress("Looking for faults") as on_progress,
    ):
        checked = check_timeline(path, catalog, rate=rate, folders=folders, on_progress=on_progress)
    for remark in checked.remarks:
        console.warn(remark)
    found = f"{path.name}, {checked.looked_at} of {checked.events} events decoded"
    return found, checked.clock.timecode, checked.faults


def _tell_missing(console: Console, missing: Sequence[str]) -> None:
    for path in missing:
        console.warn(f"{path} is gone: the cut was not decoded, and goes by what ingest measured")


def _name(cut: "Cut") -> str:
    return f"cut {cut.id}@{cut.version}"


def _timecode_of(catalog: "Catalog", cut: "Cut") -> Timecode:
    from editing.run import sequence_of

    sequence = sequence_of(catalog, cut)
    return sequence.timecode


def _document(fault: "Fault", timecode: Timecode) -> dict[str, object]:
    told = {"severity": fault.severity, "timecode": timecode(fault.frame)}
    return told | asdict(fault) | {"repair": fault.remedy}


def _print_faults(
    found: str, faults: "Sequence[Fault]", timecode: Timecode, *, last: str = "repair"
) -> None:
    errors = sum(fault.severity == "error" for fault in faults)
    warnings = len(faults) - errors
    click.echo(
        f"{found}: {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    )
    rows = [
        (
            *(f.slot + 1, f.frame, timecode(f.frame), f.severity, f.kind, f.words),
            *(f"{f.value:.3g} {f.unit}", f"{f.threshold:.3g}"),
            (f.obstacle or f.remedy) if last != "repair" else f.remedy,
        )
        for f in faults
    ]
    if rows:
        header = ("slot", "frame", "record", "severity", "fault", "what", "measured", "from")
        print_table((*header, last), rows)
