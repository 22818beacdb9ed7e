"""What every command that suggests a cut takes, and what it does: from options to a kept cut."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.commands.parameters import Acts, ExactNumber
from dashboard.console import Console, format_option, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.cut import Brief, Cut, CutKind
    from editing.run import CutOrder
    from ingest.catalog import Catalog
    from ingest.media import Media

_SECONDS = ExactNumber(86_400)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option(
        "--ranker",
        type=click.Choice(["linear", "lstm", "transformer"]),
        default="linear",
        show_default=True,
        help="What scores the shots; a network has to be trained first (reel learn train).",
    ),
    click.option(
        "--aspect",
        type=click.Choice(["source", "16:9", "9:16", "1:1"]),
        default="source",
        show_default=True,
        help="The shape of the picture; of another than the film's, each slot shows its salient "
        "part.",
    ),
    click.option("--min-shot", type=_SECONDS, help="Seconds of the shortest slot."),
    click.option("--max-shot", type=_SECONDS, help="Seconds of the longest slot."),
    click.option(
        "--pacing",
        type=ExactNumber(100),
        help="How many times as long slots are at the beginning as at the end; 1 is even.",
    ),
    click.option(
        "--similarity",
        type=ExactNumber(1),
        help="Cosine above which two shots are too alike for one cut; 1 lets any two in.",
    ),
    click.option(
        "--spoiler-free",
        type=ExactNumber(1),
        help="Share of the film, from its start, that may be shown: 0.9 keeps a tenth back.",
    ),
    click.option(
        "--acts",
        type=Acts(),
        help="Acts of the film, END:SHARE or END:SHARE:MOST each, as in 0.25:0.4,0.75:0.4,"
        "1:0.2:0.3: where each ends, the share of the cut it should have, and at most; or even.",
    ),
    click.option(
        "--include",
        multiple=True,
        metavar="IN-OUT",
        help="A range that the cut shows, in source timecode or in frames; may be given again.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="IN-OUT",
        help="A range that the cut does not show or sound; may be given again.",
    ),
    click.option("--rating", help="Leave out what this rating does, by --rating-rules."),
    click.option(
        "--rating-rules",
        type=_FILE,
        help="A TOML file of labelled ranges or shots, and of the labels each rating leaves out.",
    ),
    click.option(
        "--speech",
        type=click.Choice(["ignore", "avoid", "strict"]),
        default="avoid",
        show_default=True,
        help="Slots that begin or end within speech: never mind, only if need be, or never.",
    ),
    click.option(
        "--music", type=_FILE, help="Music that lies under the cut: its slots join on the beats."
    ),
    click.option(
        "--lead",
        type=ExactNumber(10, zero=True),
        help="Seconds by which sound may join before or after the picture, so that speech is "
        "whole; 0 cuts both at once, and half a second is the default.",
    ),
    click.option(
        "--fade",
        "fade_ms",
        type=click.IntRange(0, 1000),
        help="Milliseconds of crossfade at every join of the sound; 10 by default.",
    ),
    click.option(
        "--handles",
        type=ExactNumber(60, zero=True),
        help="Seconds kept free at both ends of a shot; a twelfth by default.",
    ),
    click.option("--author", default="reel", show_default=True, help="Who asks for the cut."),
    format_option("table", "json"),
    shared_options,
)

order_option = click.option(
    "--order",
    type=click.Choice(["film", "learned"]),
    default="film",
    show_default=True,
    help="Of the slots: the film's, or as trailers taught a transformer (reel learn order).",
)


def suggest_options(seconds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command that suggests a cut; `seconds` is how long it is by default."""
    length = click.option(
        "--length",
        "--seconds",
        "seconds",
        type=_SECONDS,
        default=seconds,
        show_default=True,
        help="How many seconds the cut lasts; exact to the nearest frame.",
    )

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((click.argument("media"), length, *_OPTIONS)):
            command = option(command)
        return command

    return give


def suggest(
    kind: "CutKind",
    show: "Callable[[Catalog, Cut, str, Console], None]",
    *,
    media: str,
    ranker: str,
    author: str,
    output_format: str,
    workspace: Workspace,
    console: Console,
    order: "CutOrder" = "film",
    **asked: Any,
) -> None:
    """Suggest a cut as options ask for it, keep it, and `show` it."""
    from editing.run import suggest_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        film = catalog.find_media(media)
        brief = _brief(catalog, film, kind, console, **asked)
        what = {"highlights": "highlights", "rough": "a rough cut"}.get(kind, f"a {kind}")
        with console.progress(f"Assembling {what}") as on_progress:
            cut = suggest_cut(
                catalog, film, brief, ranker, author=author, order=order, on_progress=on_progress
            )
        show(catalog, cut, output_format, console)


def _brief(
    catalog: "Catalog",
    film: "Media",
    kind: "CutKind",
    console: Console,
    *,
    seconds: Fraction,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    rating: str | None,
    rating_rules: Path | None,
    music: Path | None,
    **limits: Any,
) -> "Brief":
    from dashboard.brief_files import rated
    from editing.assemble.brief import default_brief
    from editing.cut import Exclusion
    from editing.frame_grid import FrameGrid
    from editing.music.track import read_music
    from editing.source_range import read_range

    frames = FrameGrid.of(catalog, film).frames
    ranges = [read_range(text, film.rate, film.start_timecode, frames) for text in exclude]
    barred = [Exclusion(span, "the brief excludes it") for span in ranges]
    if (rating is None) != (rating_rules is None):
        raise click.UsageError("--rating and --rating-rules are given together")
    if rating is not None and rating_rules is not None:
        barred += rated(catalog, film, rating, rating_rules)
    track = None
    if music is not None:
        console.say(f"looking for the beats of {music.name}")
        track = read_music(music, film.rate)
    try:
        return default_brief(
            kind,
            seconds,
            film.rate,
            include=[read_range(t, film.rate, film.start_timecode, frames) for t in include],
            exclude=barred,
            music=track,
            **limits,
        )
    except ValueError as error:
        raise click.UsageError(f"no cut is like that: {error}") from None
