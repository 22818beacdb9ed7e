"""What somebody fills in to get a cut, made a brief; suggested by the same function as the command.

Files are named by what the workspace's folders hold, shots as people write them: `3, 17-19`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from dashboard.brief_files import rated, read_workspace_music, rules_file
from dashboard.people import Person, needs
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from editing.assemble.brief import default_brief
from editing.cut import Aspect, Brief, Cut, CutKind, Exclusion, Speech
from editing.errors import EditError
from editing.frame_grid import FrameGrid
from editing.run import CutOrder, suggest_cut
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange

SPEECH: dict[Speech, str] = {
    "ignore": "May be cut",
    "avoid": "Rather whole",
    "strict": "Always whole",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form was filled in with; what is None is as the kind of cut usually is."""

    film: int
    kind: CutKind
    seconds: Fraction
    ranker: str = "linear"
    order: CutOrder = "film"
    aspect: Aspect = "source"
    spoiler_free: Fraction | None = None
    speech: Speech = "avoid"
    min_shot: Fraction | None = None
    max_shot: Fraction | None = None
    include: str = ""
    """Shots, as `shot_numbers` reads them."""
    exclude: str = ""
    music: str | None = None
    """Of the workspace, by name; None for none."""
    rules: str | None = None
    """Rating rules of the workspace, by name."""
    rating: str | None = None
    """One of the rules'; None leaves nothing out."""


@needs("editor")
def suggest(
    person: Person,
    workspace: Workspace,
    wish: Wish,
    report: Callable[[float], None] = lambda done: None,
    *,
    brief: Brief | None = None,
) -> Cut:
    """Have a cut suggested, and kept as its version 1.

    Args:
        person: Who asks.
        workspace: Holds the film, and what the wish names.
        wish: What is asked.
        report: Called with the share done, 0 to 1.
        brief: Taken in place of the wish's own: the nearest one that works.

    Raises:
        EditingError: Something that is named is not there, or no cut keeps the brief.
        IngestError: The film was ingested without something that is needed.
        NotAllowed: The person is no editor.
    """
    catalog = open_catalog(workspace.catalog)
    media = catalog.get_media(wish.film)
    asked = brief or brief_of(workspace, catalog, media, wish)
    return suggest_cut(
        catalog, media, asked, wish.ranker, author=person.name, order=wish.order,
        on_progress=report,
    )  # fmt: skip


def brief_of(workspace: Workspace, catalog: Catalog, media: Media, wish: Wish) -> Brief:
    """The brief that a wish makes for a film.

    Raises:
        EditingError: Something that is named is not there, or the numbers make no brief.
    """
    if wish.min_shot is not None and wish.max_shot is not None and wish.min_shot > wish.max_shot:
        raise EditError(
            f"the shortest slot, {float(wish.min_shot):g} s, is longer than the longest, "
            f"{float(wish.max_shot):g} s; make it shorter, or leave one of them empty"
        )
    shots, grid = catalog.shots(media.id), FrameGrid.of(catalog, media)

    def spans(text: str) -> list[FrameRange]:
        chosen = [grid.span(shots[number].span) for number in shot_numbers(text, len(shots))]
        return [span for span in chosen if span is not None]

    both = set(shot_numbers(wish.include, len(shots))) & set(shot_numbers(wish.exclude, len(shots)))
    if both:
        told = ", ".join(f"{number}" for number in sorted(both))
        raise EditError(f"shot {told} is to be in and to be left out; say one of the two")
    barred = [Exclusion(span, "the brief excludes it") for span in spans(wish.exclude)]
    if wish.rules is not None and wish.rating is not None:
        barred += rated(catalog, media, wish.rating, rules_file(workspace, wish.rules))
    track = None
    if wish.music is not None:
        track = read_workspace_music(workspace, wish.music, media.rate)
    try:
        return default_brief(
            wish.kind,
            wish.seconds,
            media.rate,
            min_shot=wish.min_shot,
            max_shot=wish.max_shot,
            spoiler_free=wish.spoiler_free,
            aspect=wish.aspect,
            include=spans(wish.include),
            exclude=barred,
            speech=wish.speech,
            music=track,
        )
    except ValueError as error:
        raise EditError(f"no cut is like that: {error}") from error


def shot_numbers(text: str, shots: int) -> list[int]:
    """The shots that somebody names as `3, 17-19`, rising and each once.

    Raises:
        EditError: It is not written like that, or the film has no such shot.
    """
    found: set[int] = set()
    for part in text.replace(";", ",").replace("–", "-").split(","):
        if not part.strip():
            continue
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part)
        if match is None:
            raise EditError(f"{part.strip()!r} names no shots; write them as 3, 17-19")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last or last >= shots:
            raise EditError(f"{part.strip()!r}: the film has shots 0 to {shots - 1}")
        found.update(range(first, last + 1))
    return sorted(found)


def told_changes(rate: Fraction, asked: Brief, works: Brief) -> list[str]:
    """What another brief asks differently, in the words of the form; one line each."""

    def seconds(frames: int) -> str:
        return f"{float(frames / rate):.2f} s"

    words = [
        ("frames", f"Seconds: {seconds(works.frames)}"),
        ("min_shot", f"Shortest slot: {seconds(works.min_shot)}"),
        ("max_shot", f"Longest slot: {seconds(works.max_shot)}"),
        ("spoiler_free", f"Show at most the first {float(works.spoiler_free):.1%} of the film"),
        ("speech", f"Words: {SPEECH[works.speech].lower()}"),
        ("max_similarity", f"Two shots may be alike up to a cosine of {works.max_similarity:.3f}"),
        ("handle", f"{works.handle} frames kept free at both ends of a shot"),
        ("acts", "Other shares of the film's acts" if works.acts else "No shares of acts"),
        ("pacing", f"Slots {float(works.pacing):g} times as long at the beginning as at the end"),
        ("music", "No music"),
        ("exclude", "No shots that it may not have, and no rating"),
    ]
    told = [line for name, line in words if getattr(asked, name) != getattr(works, name)]
    if asked.include != works.include:
        left = len(asked.include) - len(works.include)
        told.append(f"Without {left if works.include else 'any'} of the shots that it must have")
    return told
