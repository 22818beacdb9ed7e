"""Delivered files: `reel render` makes one of a cut, `reel verify` checks one against its cut."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.commands.outputs import telling_new_folder
from dashboard.commands.parameters import ExactNumber
from dashboard.console import (
    Console,
    Progress,
    format_option,
    print_json,
    print_table,
    shared_options,
)
from dashboard.interrupts import Interrupts
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.finish.delivery import Delivery
    from editing.finish.render import Rendered
    from editing.verify.finding import Verification

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FADE = ExactNumber(600)
_MP4 = (".mp4", ".m4v")
_DECIBELS = click.FloatRange(-60, 20)

_DELIVERY_OPTIONS = (
    click.option(
        "--delivery",
        "delivery_file",
        type=_FILE,
        help="A TOML file that says all of the below, and titles and slates; options go before it.",
    ),
    click.option(
        "--height",
        type=click.IntRange(16, 8640),
        help="Pixels of the picture's height; as the first film gives by default.",
    ),
    click.option(
        "--aspect",
        type=click.Choice(["source", "16:9", "9:16", "1:1"]),
        help="Shape of the picture; that of the cut's brief by default.",
    ),
    click.option(
        "--fit",
        type=click.Choice(["crop", "pad"]),
        help="A picture of another shape is cropped to it (the default) or shown between bars.",
    ),
    click.option(
        "--no-deinterlace",
        is_flag=True,
        help="Leave the fields of interlaced films as they are, as where they are so in name only.",
    ),
    click.option(
        "--loudness",
        type=click.Choice(["none", "r128", "a85", "stream"]),
        help="-23 LUFS (EBU R 128), -24 LKFS (ATSC A/85), -14 LUFS, or as it is (none, the "
        "default).",
    ),
    click.option(
        "--true-peak",
        type=click.FloatRange(-20, 0),
        help="dBTP that the sound may reach; the loudness target's own by default.",
    ),
    click.option("--fade-in", type=_FADE, help="Seconds from black at the beginning."),
    click.option("--fade-out", type=_FADE, help="Seconds to black at the end."),
    click.option("--captions", type=_FILE, help="An SRT or WebVTT file."),
    click.option(
        "--captions-of",
        type=click.Choice(["cut", "film"]),
        default="cut",
        show_default=True,
        help="Whose times --captions tells.",
    ),
    click.option(
        "--burn", is_flag=True, help="Draw --captions into the picture, instead of a track."
    ),
    click.option(
        "--language", default="und", show_default=True, help="Of --captions: three letters."
    ),
    click.option("--music", type=_FILE, help="Music under the cut, instead of the brief's."),
    click.option("--music-gain", type=_DECIBELS, help="Decibels by which --music is louder."),
    click.option("--no-music", is_flag=True, help="No music, whatever the brief says."),
    click.option("--font", type=_FILE, help="For text; Source Sans 3 by default."),
)


def _delivery_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_DELIVERY_OPTIONS):
        command = option(command)
    return command


@click.command("render")
@click.argument("cut")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The MP4 to write; one of that name is replaced, and a folder that is missing made.",
)
@_delivery_options
@format_option("table", "json")
@shared_options
def render_command(
    *,
    cut: str,
    output: Path,
    output_format: str,
    workspace: Workspace,
    console: Console,
    **options: Any,
) -> None:
    """Render CUT, an id or id@version, to a playable MP4 with its sound.

    Exact to the frame and the sample. Ctrl-C stops it, and then nothing is at OUTPUT that was not
    there before.
    """
    from editing.cut_store import find_cut
    from editing.run import render_cut
    from ingest.catalog import Catalog

    if output.suffix.lower() not in _MP4:
        raise click.UsageError(
            f"a render is an MP4, and {output.name!r} does not end as one; say {output.stem}.mp4"
        )
    delivery = _delivery(**options)
    with (
        Catalog(workspace.catalog) as catalog,
        telling_new_folder(output, console),
        Interrupts() as interrupts,
        console.progress("Rendering") as on_progress,
    ):
        made = render_cut(
            catalog,
            find_cut(catalog, cut),
            output,
            delivery=delivery,
            on_progress=_stopping(on_progress, interrupts),
        )
    for remark in made.remarks:
        console.say(remark)
    _print_rendered(made, output_format)


@click.command("verify")
@click.argument("file", type=_FILE)
@click.option("--against", "cut", required=True, help="The cut: an id, or id@version.")
@click.option(
    "--every-frame", is_flag=True, help="Compare every frame, not only those about joins."
)
@_delivery_options
@format_option("table", "json")
@shared_options
def verify_command(
    *,
    file: Path,
    cut: str,
    every_frame: bool,
    output_format: str,
    workspace: Workspace,
    console: Console,
    **options: Any,
) -> None:
    """Check FILE, a render, against its cut, with the delivery options that it was rendered with.

    Decodes it once and compares it with the footage: frame count and times, the pictures at every
    join to the frame, lengths of picture and sound, loudness, true peak, black, captions, titles
    and slates. The exit status is 1 if anything fails.
    """
    from editing.cut_store import find_cut
    from editing.run import verify_file
    from ingest.catalog import Catalog

    delivery = _delivery(**options)
    with Catalog(workspace.catalog) as catalog, console.progress("Checking") as on_progress:
        found = verify_file(
            catalog,
            find_cut(catalog, cut),
            file,
            delivery=delivery,
            every_frame=every_frame,
            on_progress=on_progress,
        )
    _print_verification(found, output_format)
    if not found.passed:
        sys.exit(1)


def _stopping(on_progress: Progress, interrupts: Interrupts) -> Progress:
    """Progress that ends the work once somebody has asked to stop."""

    def told(done: float) -> None:
        if interrupts.asked():
            raise click.Abort
        on_progress(done)

    return told


def _delivery(
    *,
    delivery_file: Path | None,
    captions: Path | None,
    captions_of: Any,
    burn: bool,
    language: str,
    music: Path | None,
    music_gain: float | None,
    no_music: bool,
    no_deinterlace: bool,
    **plain: Any,
) -> "Delivery":
    """The delivery that the options ask for, over that of a file."""
    from dataclasses import replace

    from editing.captions.reading import read_captions
    from editing.finish.delivery import Captions, Delivery, Music
    from editing.finish.delivery_file import read_delivery

    delivery = read_delivery(delivery_file) if delivery_file else Delivery()
    if captions is None and (burn or captions_of != "cut" or language != "und"):
        raise click.UsageError("--burn, --captions-of and --language are for --captions FILE")
    if music is None and music_gain is not None:
        raise click.UsageError("--music-gain is for --music FILE")
    given = {name: value for name, value in plain.items() if value is not None}
    if no_music:
        given["without_music"] = True
    if no_deinterlace:
        given["deinterlace"] = False
    try:
        if captions is not None:
            lines = tuple(read_captions(captions))
            given["captions"] = Captions(lines, captions_of, burn, language)
        if music is not None:
            given["music"] = Music(music, music_gain or 0.0)
        return replace(delivery, **given)
    except ValueError as error:
        raise click.UsageError(f"no delivery is like that: {error}") from None


def _print_rendered(made: "Rendered", output_format: str) -> None:
    levels = made.levels
    if output_format == "json":
        document = asdict(made) | {"path": str(made.path)}
        print_json(document)
        return
    sound = f"{made.sample_rate} Hz sound" if made.sample_rate else "no sound"
    if levels is not None and levels.loudness is not None and levels.true_peak is not None:
        sound += f" at {levels.loudness:.1f} LUFS, {levels.true_peak:.1f} dBTP"
        if levels.held_back >= 0.05:
            sound += f", limited by up to {levels.held_back:.1f} dB"
    click.echo(f"{made.path}: {made.frames:,} frames, {made.width}x{made.height}, {sound}")


def _print_verification(found: "Verification", output_format: str) -> None:
    if output_format == "json":
        print_json(asdict(found) | {"passed": found.passed})
        return
    marks = {True: "pass", False: "FAIL", None: "-"}
    rows = [
        (
            *(marks[check.passed], check.name, check.found, check.wanted),
            "" if check.frame is None else f"{check.frame:,}",
        )
        for check in found.checks
    ]
    print_table(("", "check", "found", "wanted", "frame"), rows)
