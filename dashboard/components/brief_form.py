"""The form that asks for a cut: its fields, its files, and what is said of a brief that fails."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from dashboard import cut_queries, film_queries
from dashboard.brief_files import (
    MOST_MUSIC_MB,
    MOST_RULES_MB,
    MUSIC_SUFFIXES,
    RULES_SUFFIXES,
    keep_music,
    keep_rules,
    music_names,
    ratings_in,
    rules_names,
)
from dashboard.briefs import SPEECH, Wish, brief_of, suggest, told_changes
from dashboard.components.progress import progress_bar
from dashboard.film_queries import FilmFilter
from dashboard.people import NotAllowed
from dashboard.review_state import editor
from dashboard.settings import Workspace
from dashboard.sources import open_catalog
from dashboard.wording import plain
from editing.assemble.brief import default_brief
from editing.cut import Aspect, Brief, Cut, CutKind
from editing.errors import EditingError, ImpossibleBrief, RatingsError
from editing.run import CutOrder
from ingest.errors import IngestError

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
ORDERS: dict[CutOrder, str] = {"film": "As in the film", "learned": "As trailers taught"}
_CHOICES = 30
"""Films that a search offers to choose from."""
_MUSIC_HELP = (
    "It lies under the cut from its first frame, and slots join on its beats. The render has it; "
    "timelines for other systems do not, and say so."
)
_RULES_HELP = (
    "A TOML file of labelled ranges or shots, and of the labels that each rating leaves out, as "
    "`reel cut --rating-rules` takes it."
)


@dataclass(frozen=True, slots=True)
class _Nearest:
    """A brief that works, next to the one that was asked for and did not."""

    wish: Wish
    problem: str
    changes: list[str]
    brief: Brief | None


def draw_brief_form(workspace: Workspace, state: str, *, opened: bool = False) -> Cut | None:
    """Draw the form; gives the new cut when one was asked for and suggested.

    Args:
        workspace: Holds the films.
        state: Of the catalogue.
        opened: Whether the form is open at first.
    """
    with st.expander("Suggest a cut", icon=":material/auto_awesome:", expanded=opened):
        wish = _wish(workspace, state)
        if wish is not None:
            st.session_state.pop("brief_nearest", None)
            return _suggest(workspace, wish)
        nearest = st.session_state.get("brief_nearest")
        return _draw_nearest(workspace, nearest) if nearest is not None else None


def _suggest(workspace: Workspace, wish: Wish, brief: Brief | None = None) -> Cut | None:
    bar, report = progress_bar("Assembling…")
    try:
        return suggest(editor(), workspace, wish, report, brief=brief)
    except ImpossibleBrief as error:
        bar.empty()
        nearest = _Nearest(wish, error.constraint, _told(workspace, wish, error), error.brief)
        st.session_state["brief_nearest"] = nearest
        st.rerun()  # it is drawn there, in place of one that may be on the page already
    except (EditingError, IngestError, NotAllowed) as error:
        bar.empty()
        st.error(plain(f"{error}"), icon=":material/error:")
        return None


def _told(workspace: Workspace, wish: Wish, error: ImpossibleBrief) -> list[str]:
    if error.brief is None:
        return [error.nearest]
    catalog = open_catalog(workspace.catalog)
    media = catalog.get_media(wish.film)
    asked = brief_of(workspace, catalog, media, wish)
    return told_changes(media.rate, asked, error.brief) or [error.nearest]


def _draw_nearest(workspace: Workspace, nearest: _Nearest) -> Cut | None:
    lines = "\n".join(f"- {plain(line)}" for line in nearest.changes)
    st.error(
        f"this brief is impossible: {plain(nearest.problem)}\n\nThe nearest that works:\n\n{lines}",
        icon=":material/error:",
    )
    if nearest.brief is not None and st.button("Suggest the nearest", key="brief_take_nearest"):
        del st.session_state["brief_nearest"]
        return _suggest(workspace, nearest.wish, nearest.brief)
    return None


def _wish(workspace: Workspace, state: str) -> Wish | None:
    catalog = workspace.catalog
    search, choice, kinds = st.columns([2, 3, 2], vertical_alignment="bottom")
    text = search.text_input(
        "Find a film", key="brief_text", placeholder="Part of its name",
        help=f"Narrows the films beside it, of which the first {_CHOICES} are offered",
    )  # fmt: skip
    _, rows = film_queries.film_page(
        catalog, FilmFilter(text.strip()), "name", start=0, count=_CHOICES, state=state
    )
    if not rows:
        st.info("No film has this in its name. Search for less of it.")
        return None
    films = {int(row.media.id): row.media.name for row in rows}
    film = choice.selectbox(
        "Film to cut", films, format_func=films.__getitem__, key="brief_film",
        help="All shots of the cut are of this film",
    )  # fmt: skip
    kind: CutKind = kinds.selectbox(
        "Kind", KINDS, format_func=KINDS.__getitem__, key="brief_kind",
        help="Decides what is usual: length of slots, pacing, shares of the acts, and how much of "
        "the film is shown",
    )  # fmt: skip
    music, rules, rating = _files(workspace)
    with st.form("brief", border=False):
        fields = _fields(catalog, kind, state)
        asked = st.form_submit_button("Suggest", type="primary")
    if not asked:
        return None
    return Wish(film, kind, **fields, music=music, rules=rules, rating=rating)


def _fields(catalog: Path, kind: CutKind, state: str) -> dict[str, Any]:
    """The fields that are sent together, by the names that a `Wish` has for them."""
    one, two, three = st.columns(3)
    seconds = one.number_input(
        "Seconds", 0.1, 86_400.0, SECONDS[kind], step=1.0, format="%.2f",
        key=f"brief_seconds_{kind}",
        help="How long the cut is; exact to the nearest frame of the film",
    )  # fmt: skip
    ranker = two.selectbox(
        "Ranker", cut_queries.ranker_names(catalog, state=state),
        help="What scores the shots. Networks appear once trained: `reel learn train`.",
    )  # fmt: skip
    aspect = three.selectbox(
        "Shape of the picture", get_args(Aspect), format_func=_shape,
        help="Another shape than the film's shows the salient part of each slot, and moves evenly",
    )  # fmt: skip
    one, two, three = st.columns(3)
    spoiler = one.slider(
        "Show at most the first … of the film", 5, 100, _shown(kind), 5, format="%d %%",
        key=f"brief_spoiler_{kind}",
        help="The spoiler budget: nothing that comes later in the film is shown or heard",
    )  # fmt: skip
    speech = two.selectbox(
        "Words", SPEECH, index=1, format_func=SPEECH.__getitem__,
        help="Of slots that would begin or end while somebody speaks: never mind, only if need "
        "be, or never",
    )  # fmt: skip
    order = three.selectbox(
        "Order", ORDERS, format_func=ORDERS.__getitem__,
        help="A learned order takes a transformer that was taught: `reel learn order`.",
    )  # fmt: skip
    one, two, three = st.columns(3)
    include = one.text_input(
        "Shots it must have", placeholder="3, 17-19", max_chars=1000,
        help="By the numbers that the film's own page shows, from 0; each is in the cut whole or "
        "in part",
    )  # fmt: skip
    exclude = two.text_input(
        "Shots it may not have", placeholder="40-44", max_chars=1000,
        help="Neither seen nor heard",
    )  # fmt: skip
    with three:
        least, most = st.columns(2)
        shortest = least.number_input(
            "Shortest slot (s)", 0.04, 600.0, None, step=0.5, placeholder="usual",
            help="Empty is what this kind usually has",
        )  # fmt: skip
        longest = most.number_input(
            "Longest slot (s)", 0.04, 3600.0, None, step=0.5, placeholder="usual",
            help="Empty is what this kind usually has",
        )  # fmt: skip
    return {
        "seconds": _exact(seconds),
        "ranker": ranker,
        "order": order,
        "aspect": aspect,
        "spoiler_free": None if spoiler == _shown(kind) else Fraction(int(spoiler), 100),
        "speech": speech,
        "min_shot": None if shortest is None else _exact(shortest),
        "max_shot": None if longest is None else _exact(longest),
        "include": include,
        "exclude": exclude,
    }


def _files(workspace: Workspace) -> tuple[str | None, str | None, str | None]:
    """Draw the choice of music and of a rating, and take in what is uploaded."""
    one, two, three, more = st.columns([4, 3, 2, 2], vertical_alignment="bottom")
    with more.popover("Upload…", icon=":material/upload_file:", width="stretch"):
        _take_upload(workspace, "music", f"Music, at most {MOST_MUSIC_MB} MB and half an hour",
                     MUSIC_SUFFIXES, MOST_MUSIC_MB)  # fmt: skip
        _take_upload(workspace, "rules", f"Rating rules, TOML of at most {MOST_RULES_MB} MB",
                     RULES_SUFFIXES, MOST_RULES_MB)  # fmt: skip
    music = one.selectbox(
        "Music", music_names(workspace), index=None, key="brief_music", placeholder="None",
        help=_MUSIC_HELP,
    )  # fmt: skip
    rules = two.selectbox(
        "Rating rules", rules_names(workspace), index=None, key="brief_rules", placeholder="None",
        help=_RULES_HELP,
    )  # fmt: skip
    try:
        ratings = ratings_in(workspace, rules) if rules is not None else []
    except RatingsError as error:
        st.error(plain(f"{error}"), icon=":material/error:")
        ratings = []
    if not ratings:  # a field that is disabled could hardly be read
        return music, rules, None
    rating = three.selectbox(
        "Rating", ratings, index=None, key="brief_rating", placeholder="None",
        help="Leaves out what this rating does by the rules; each exclusion keeps its reason",
    )  # fmt: skip
    return music, rules, rating


def _take_upload(
    workspace: Workspace, what: str, label: str, suffixes: tuple[str, ...], most_mb: int
) -> None:
    """Keep a file that was uploaded, once, and choose it."""
    sent = st.file_uploader(
        label, [suffix[1:] for suffix in suffixes], key=f"brief_{what}_upload",
        max_upload_size=most_mb, disabled=not editor().may("editor"),
        help="It is kept in the workspace, for other cuts too",
    )  # fmt: skip
    if sent is None:
        return
    known: tuple[str, str] | None = st.session_state.get(f"brief_{what}_taken")
    if known is None or known[0] != sent.file_id:
        keep = keep_music if what == "music" else keep_rules
        try:
            with st.spinner("Listening for beats…" if what == "music" else "Reading…"):
                name = keep(editor(), workspace, sent.name, sent.getvalue())
        except (EditingError, NotAllowed, OSError) as error:
            known = (sent.file_id, f"{error}")
        else:
            st.session_state[f"brief_{what}"] = name
            known = (sent.file_id, "")
        st.session_state[f"brief_{what}_taken"] = known
    if known[1]:
        st.error(plain(known[1]), icon=":material/error:")
    else:
        st.success("Kept, and chosen for this cut.", icon=":material/check:")


def _shown(kind: CutKind) -> int:
    """The share of the film that this kind usually shows, in steps of 5 %."""
    usual = default_brief(kind, Fraction(60), Fraction(24)).spoiler_free
    return round(float(usual) * 20) * 5


def _shape(aspect: Aspect) -> str:
    return "As the film" if aspect == "source" else aspect


def _exact(seconds: float) -> Fraction:
    return Fraction(f"{seconds:.2f}")
