"""Commands over cuts: `reel cut`."""

from typing import TYPE_CHECKING, Any

import click

from dashboard.commands.suggestion import order_option, suggest, suggest_options
from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.cut import Cut
    from ingest.catalog import Catalog


@click.group("cut")
def cut_group() -> None:
    """Suggest cuts of a film, and look at them."""


@cut_group.command("trailer")
@suggest_options("30")
@order_option
def trailer_command(**options: Any) -> None:
    """Suggest a trailer of MEDIA: many short shots, more of its beginning, none of its last tenth.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    suggest("trailer", _print_cut, **options)


@cut_group.command("teaser")
@suggest_options("15")
@order_option
def teaser_command(**options: Any) -> None:
    """Suggest a teaser of MEDIA: short shots from anywhere but its last third.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    suggest("teaser", _print_cut, **options)


@cut_group.command("tv-spot")
@suggest_options("30")
@order_option
def tv_spot_command(**options: Any) -> None:
    """Suggest a TV spot of MEDIA: as a trailer, in shorter shots.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    suggest("tv-spot", _print_cut, **options)


@cut_group.command("rough")
@suggest_options("120")
def rough_command(**options: Any) -> None:
    """Suggest a rough cut of MEDIA: fewer, longer shots that cover the whole film evenly.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    suggest("rough", _print_cut, **options)


@cut_group.command("recap")
@suggest_options("90")
def recap_command(**options: Any) -> None:
    """Suggest a recap of MEDIA: shots from all of it evenly, its end too.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    suggest("recap", _print_cut, **options)


@cut_group.command("highlights")
@suggest_options("60")
def highlights_command(**options: Any) -> None:
    """Suggest highlights of MEDIA: the best shots, wherever they are.

    MEDIA is an id, a path or a file name in the catalogue.
    """
    suggest("highlights", _print_cut, **options)


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


def _print_cut(catalog: "Catalog", cut: "Cut", output_format: str, console: Console) -> None:
    from editing.interchange.cut_list import cut_list
    from editing.run import sequence_of

    document = cut_list(sequence_of(catalog, cut))
    document["gap"] = cut.gap
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
