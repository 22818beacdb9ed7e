"""The form that asks for a cut, and has it suggested by the same function as the command."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from dashboard import cut_queries, film_queries
from dashboard.components.progress import progress_bar
from dashboard.film_queries import FilmFilter
from dashboard.people import NotAllowed, Person, needs
from dashboard.review_state import editor
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from editing.assemble.brief import default_brief
from editing.cut import Aspect, Brief, Cut, CutKind, Exclusion, Speech
from editing.errors import EditError, EditingError
from editing.frame_grid import FrameGrid
from editing.run import CutOrder, suggest_cut
from ingest.catalog import Catalog
from ingest.errors import IngestError
from ingest.media import Media
from ingest.timecode import FrameRange

SECONDS: dict[CutKind, float] = {
    "trailer": 30.0,
    "teaser": 15.0,
    "tv-spot": 20.0,
    "rough": 120.0,
    "recap": 60.0,
    "highlights": 60.0,
}
KINDS: dict[CutKind, str] = {
    "trailer": "Trailer",
    "teaser": "Teaser",
    "tv-spot": "TV spot",
    "rough": "Rough cut",
    "recap": "Recap",
    "highlights": "Highlights",
}
SPEECH: dict[Speech, str] = {
    "ignore": "May be cut",
    "avoid": "Rather whole",
    "strict": "Always whole",
}
ORDERS: dict[CutOrder, str] = {"film": "As in the film", "learned": "As trailers taught"}
_CHOICES = 30
"""Films that a search offers to choose from."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form was filled in with; what is None is as the kind of cut usually is."""

    film: int
    kind: CutKind
    seconds: Fraction
    ranker: str
    order: CutOrder
    aspect: Aspect
    spoiler_free: Fraction | None
    speech: Speech
    min_shot: Fraction | None
    max_shot: Fraction | None
    include: str
    """Shots, as `shot_numbers` reads them."""
    exclude: str


def draw_brief_form(workspace: Workspace, state: str, *, opened: bool = False) -> Cut | None:
    """Draw the form; gives the new cut when one was asked for and suggested.

    Args:
        workspace: Holds the films.
        state: Of the catalogue.
        opened: Whether the form is open at first.
    """
    with st.expander("Suggest a cut", icon=":material/auto_awesome:", expanded=opened):
        wish = _wish(workspace.catalog, state)
        if wish is None:
            return None
        bar, report = progress_bar("Assembling…")
        try:
            return suggest(editor(), open_catalog(workspace.catalog), wish, report)
        except (EditingError, IngestError, NotAllowed, ValueError) as error:
            bar.empty()
            st.error(f"{error}", icon=":material/error:")
            return None


def _wish(catalog: Path, state: str) -> Wish | None:
    search, choice, kinds = st.columns([2, 3, 2], vertical_alignment="bottom")
    text = search.text_input("Find a film", key="brief_text", placeholder="Part of its name")
    _, rows = film_queries.film_page(
        catalog, FilmFilter(text.strip()), "name", start=0, count=_CHOICES, state=state
    )
    if not rows:
        st.info("No film has this in its name.")
        return None
    films = {int(row.media.id): row.media.name for row in rows}
    film = choice.selectbox("Film to cut", films, format_func=films.__getitem__, key="brief_film")
    kind: CutKind = kinds.selectbox("Kind", KINDS, format_func=KINDS.__getitem__, key="brief_kind")
    with st.form("brief", border=False):
        one, two, three = st.columns(3)
        seconds = one.number_input(
            "Seconds", 0.1, 86_400.0, SECONDS[kind], step=1.0, format="%.2f",
            key=f"brief_seconds_{kind}",
        )  # fmt: skip
        ranker = two.selectbox(
            "Ranker", cut_queries.ranker_names(catalog, state=state),
            help="What scores the shots. Networks appear once trained: `reel learn train`.",
        )  # fmt: skip
        aspect = three.selectbox("Shape of the picture", get_args(Aspect), format_func=_shape)
        one, two, three = st.columns(3)
        spoiler = one.slider(
            "Show at most the first … of the film", 5, 100, _shown(kind), 5, format="%d %%",
            key=f"brief_spoiler_{kind}",
        )  # fmt: skip
        speech = two.selectbox("Words", SPEECH, index=1, format_func=SPEECH.__getitem__)
        order = three.selectbox(
            "Order", ORDERS, format_func=ORDERS.__getitem__,
            help="A learned order takes a transformer that was taught: `reel learn order`.",
        )  # fmt: skip
        one, two, three = st.columns(3)
        include = one.text_input("Shots it must have", placeholder="3, 17-19")
        exclude = two.text_input("Shots it may not have", placeholder="40-44")
        with three:
            least, most = st.columns(2)
            shortest = least.number_input("Shortest slot (s)", 0.04, 600.0, None, step=0.5)
            longest = most.number_input("Longest slot (s)", 0.04, 3600.0, None, step=0.5)
        asked = st.form_submit_button("Suggest", type="primary")
    if not asked:
        return None
    return Wish(
        film, kind, _exact(seconds), ranker, order, aspect,
        None if spoiler == _shown(kind) else Fraction(int(spoiler), 100), speech,
        None if shortest is None else _exact(shortest),
        None if longest is None else _exact(longest), include, exclude,
    )  # fmt: skip


@needs("editor")
def suggest(person: Person, catalog: Catalog, wish: Wish, report: Any) -> Cut:
    """Have a cut suggested, and kept as its version 1.

    Raises:
        EditingError: A shot that is named is none of the film's, or no cut keeps the brief.
        IngestError: The film was ingested without something that is needed.
        NotAllowed: The person is no editor.
        ValueError: The numbers make no brief.
    """
    media = catalog.get_media(wish.film)
    brief = _brief(catalog, media, wish)
    return suggest_cut(
        catalog, media, brief, wish.ranker, author=person.name, order=wish.order,
        on_progress=report,
    )  # fmt: skip


def _brief(catalog: Catalog, media: Media, wish: Wish) -> Brief:
    shots, grid = catalog.shots(media.id), FrameGrid.of(catalog, media)

    def spans(text: str) -> list[FrameRange]:
        chosen = [grid.span(shots[number].span) for number in shot_numbers(text, len(shots))]
        return [span for span in chosen if span is not None]

    return default_brief(
        wish.kind,
        wish.seconds,
        media.rate,
        min_shot=wish.min_shot,
        max_shot=wish.max_shot,
        spoiler_free=wish.spoiler_free,
        aspect=wish.aspect,
        include=spans(wish.include),
        exclude=[Exclusion(span, "the brief excludes it") for span in spans(wish.exclude)],
        speech=wish.speech,
    )


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


def _shown(kind: CutKind) -> int:
    """The share of the film that this kind usually shows, in steps of 5 %."""
    usual = default_brief(kind, Fraction(60), Fraction(24)).spoiler_free
    return round(float(usual) * 20) * 5


def _shape(aspect: Aspect) -> str:
    return "As the film" if aspect == "source" else aspect


def _exact(seconds: float) -> Fraction:
    return Fraction(f"{seconds:.2f}")
