"""Commands over cuts: `reel cut`, `reel export` and `reel render`."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.cut import Cut, CutKind
    from editing.run import CutOrder
    from ingest.catalog import Catalog


class ExactNumber(click.ParamType[Fraction]):
    """A decimal number above 0, read exactly: `0.1` is a tenth."""

    name = "number"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """The number as a fraction."""
        if isinstance(value, Fraction):
            return value
        number = Fraction(value) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", str(value)) else None
        if number is None or not 0 < number <= self.most:
            self.fail(f"{value!r} is not a number above 0 and up to {self.most:,}", param, ctx)
        return number


_SECONDS = ExactNumber(86_400)


def _suggest_options(seconds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command that suggests a cut; `seconds` is how long it is by default."""
    options = (
        click.argument("media"),
        click.option(
            "--seconds",
            type=_SECONDS,
            default=seconds,
            show_default=True,
            help="How long the cut is; exact to the nearest frame.",
        ),
        click.option(
            "--ranker",
            type=click.Choice(["linear", "lstm", "transformer"]),
            default="linear",
            show_default=True,
            help="What scores the shots; a network has to be trained first (reel learn train).",
        ),
        click.option("--min-shot", type=_SECONDS, help="Seconds of the shortest slot."),
        click.option("--max-shot", type=_SECONDS, help="Seconds of the longest slot."),
        click.option(
            "--spoiler-free",
            type=ExactNumber(1),
            help="Share of the film, from its start, that may be shown: 0.9 keeps a tenth back.",
        ),
        click.option("--author", default="reel", show_default=True, help="Who asks for the cut."),
        format_option("table", "json"),
        shared_options,
    )

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give


@click.group("cut")
def cut_group() -> None:
    """Suggest cuts of a film, and look at them."""


@cut_group.command("trailer")
@_suggest_options("30")
@click.option(
    "--order",
    type=click.Choice(["film", "learned"]),
    default="film",
    show_default=True,
    help="Of the slots: the film's, or as trailers taught a transformer (reel learn order).",
)
def trailer_command(**options: Any) -> None:
    """Suggest a trailer of MEDIA: many short shots, none from the film's last tenth.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    _suggest("trailer", **options)


@cut_group.command("rough")
@_suggest_options("120")
def rough_command(**options: Any) -> None:
    """Suggest a rough cut of MEDIA: fewer, longer shots that cover the whole film evenly.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    _suggest("rough", **options)


@cut_group.command("list")
@format_option("table", "json")
@shared_options
def list_command(output_format: str, workspace: Workspace, console: Console) -> None:
    """List the cuts, each in its latest version."""
    from editing.cut_store import list_cuts
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        cuts = list_cuts(catalog)
    if output_format == "json":
        print_json(
            [
                {
                    **{"id": cut.id, "version": cut.version, "media": cut.media, "name": cut.name},
                    **{"kind": cut.kind, "frames": cut.frames, "rate": str(cut.rate)},
                    **{"slots": cut.slots, "ranker": cut.ranker, "author": cut.author},
                    **{"note": cut.note, "created_at": cut.created_at},
                }
                for cut in cuts
            ]
        )
        return
    header = ("id", "version", "name", "seconds", "frames", "slots", "ranker", "author", "made")
    rows = [
        (
            *(cut.id, cut.version, cut.name, f"{float(cut.frames / cut.rate):.2f}", cut.frames),
            *(cut.slots, cut.ranker, cut.author, cut.created_at),
        )
        for cut in cuts
    ]
    print_table(header, rows)
    if not cuts:
        console.say("no cuts yet; make one with reel cut trailer MEDIA")


@cut_group.command("show")
@click.argument("cut")
@format_option("table", "json")
@shared_options
def show_command(cut: str, output_format: str, workspace: Workspace, console: Console) -> None:
    """Print CUT, an id, or id@version for an older version."""
    from editing.cut_store import find_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        _print_cut(catalog, find_cut(catalog, cut), output_format, console)


@cut_group.command("why")
@click.argument("cut")
@click.argument("shot", type=click.IntRange(0))
@format_option("table", "json")
@shared_options
def why_command(
    cut: str, shot: int, output_format: str, workspace: Workspace, console: Console
) -> None:
    """Tell whether CUT's brief chooses SHOT, and the smallest changes that would turn that.

    The shot is counted from 0, as reel shots counts it. Each change was tried: the cut was
    assembled anew with it.
    """
    from editing.cut_store import find_cut
    from editing.run import why_shot
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        choice, reasons = why_shot(catalog, find_cut(catalog, cut), shot)
    changes = [
        {"setting": change.setting, "before": change.before, "after": change.after}
        for change in choice.changes
    ]
    if output_format == "json":
        parts = [{"name": reason.name, "value": reason.value} for reason in reasons]
        found = {"shot": shot, "chosen": choice.chosen, "obstacle": choice.obstacle}
        print_json(found | {"reasons": parts, "changes": changes})
        return
    click.echo(f"shot {shot} is {'chosen' if choice.chosen else 'not chosen'}")
    if choice.obstacle:
        click.echo(f"what keeps it out: {choice.obstacle}")
    print_table(("part of its score", "value"), [(r.name, f"{r.value:+.3f}") for r in reasons])
    wanted = "no longer be chosen" if choice.chosen else "be chosen"
    print_table((f"it would {wanted} with", "now", "then"), [(*c.values(),) for c in changes])
    if not changes:
        console.say("no single change that was tried would turn that")


@click.command("export")
@click.argument("cut")
@click.option(
    "--to",
    "target",
    type=click.Choice(["otio", "edl", "fcp7", "fcpxml", "ale", "csv"]),
    required=True,
    help="OpenTimelineIO, CMX3600 EDL, Final Cut Pro 7 XML (for Premiere and Resolve), FCPXML (for "
    "Final Cut Pro), Avid Log Exchange (source ranges only), or a CSV cut list.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write; one of that name is replaced.",
)
@shared_options
def export_command(
    cut: str, target: Any, output: Path, workspace: Workspace, console: Console
) -> None:
    """Write CUT, an id or id@version, as a timeline for another editing system."""
    from editing.cut_store import find_cut
    from editing.run import export_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        sequence = export_cut(catalog, find_cut(catalog, cut), target, output)
    click.echo(f"{output}: {len(sequence.events)} events, {sequence.frames:,} frames")


@click.command("render")
@click.argument("cut")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The MP4 to write; one of that name is replaced.",
)
@click.option(
    "--height",
    type=click.IntRange(16, 8640),
    help="Pixels of the picture's height; the film's own by default.",
)
@shared_options
def render_command(
    cut: str, output: Path, height: int | None, workspace: Workspace, console: Console
) -> None:
    """Render CUT, an id or id@version, to a playable MP4 with its sound."""
    from editing.cut_store import find_cut
    from editing.run import render_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog, console.progress("Rendering") as on_progress:
        made = render_cut(
            catalog, find_cut(catalog, cut), output, height=height, on_progress=on_progress
        )
    sound = f"{made.sample_rate} Hz sound" if made.sample_rate else "no sound"
    click.echo(f"{output}: {made.frames:,} frames, {made.width}x{made.height}, {sound}")


def _suggest(
    kind: "CutKind",
    *,
    media: str,
    seconds: Fraction,
    ranker: str,
    author: str,
    output_format: str,
    workspace: Workspace,
    console: Console,
    order: "CutOrder" = "film",
    **limits: Fraction | None,
) -> None:
    from editing.assemble.brief import default_brief
    from editing.run import suggest_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        film = catalog.find_media(media)
        try:
            brief = default_brief(kind, seconds, film.rate, **limits)
        except ValueError as error:
            raise click.UsageError(f"no cut is like that: {error}") from None
        with console.progress(f"Assembling a {kind}") as on_progress:
            cut = suggest_cut(
                catalog, film, brief, ranker, author=author, order=order, on_progress=on_progress
            )
        _print_cut(catalog, cut, output_format, console)


def _print_cut(catalog: "Catalog", cut: "Cut", output_format: str, console: Console) -> None:
    from editing.interchange.cut_list import cut_list
    from editing.run import sequence_of

    document = cut_list(sequence_of(catalog, cut))
    if output_format == "json":
        print_json(document)
        return
    rows = []
    for slot in document["slots"]:
        strongest = sorted(slot["reasons"], key=lambda reason: -abs(reason["value"]))[:3]
        why = ", ".join(f"{reason['name']} {reason['value']:+.2f}" for reason in strongest)
        times = ("source_in_timecode", "source_out_timecode", "record_in_timecode")
        rows.append(
            (
                *(slot["index"] + 1, slot["shot"], *(slot[time] for time in times)),
                *(slot["frames"], round(slot["score"], 3), why),
            )
        )
    header = ("slot", "shot", "source in", "source out", "record in", "frames", "score", "why")
    click.echo(
        f"cut {cut.id}@{cut.version}: {cut.name}, {cut.frames:,} frames, "
        f"{float(cut.frames / cut.rate):.2f} s, {len(cut.slots)} slots, by {cut.ranker}"
    )
    print_table(header, rows)
    if cut.note:
        console.say(cut.note)
