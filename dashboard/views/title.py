"""Title: one film on its time axis, played from any shot, with what looks like it. Reads only."""

from pathlib import Path
from typing import Any, cast

import polars as pl
import streamlit as st

from dashboard import cut_queries, film_queries, queries
from dashboard.components import charts
from dashboard.components.filmstrip import draw_filmstrip
from dashboard.components.player import draw_player, film_clip
from dashboard.components.sheet import Card, draw_sheet
from dashboard.cut_queries import CutFilter
from dashboard.film_lanes import film_lanes
from dashboard.film_pairs import RELATIONS
from dashboard.guard import told_errors
from dashboard.media_server import thumbnail_link
from dashboard.queries import Film
from dashboard.review_state import open_cut
from dashboard.shot_words import FEW_MEASURES, shot_classes
from dashboard.similar_shots import similar_shots
from dashboard.sources import folder_state, load_workspace, open_catalog
from dashboard.views import LIBRARY, REVIEW, TITLE
from dashboard.wording import (
    clock,
    measure_label,
    plain,
    rate_label,
    size_label,
    sound_label,
)
from ingest.duplicates import Pair, duplicates_of
from ingest.errors import IngestError, UnknownMedia

CHANNEL = "title"


def choose_shot(shot: int, frame: int | None = None) -> None:
    """Keep the shot that was chosen; the player goes to `frame`, or to its first one."""
    st.session_state["shot"] = shot
    st.session_state["shot_frame"] = frame
    st.session_state["shot_request"] = st.session_state.get("shot_request", 0) + 1


def film_facts(film: Film, shots: pl.DataFrame) -> None:
    media = film.media
    facts = {
        "Duration": clock(media.seconds),
        "Frames": f"{media.frames:,}",
        "Frame rate": rate_label(media.rate, variable=media.variable_rate),
        "Picture": size_label(media.display_size),
        "Codec": media.codec,
        "Start timecode": media.start_timecode or "none",
        "Sound": sound_label(media.audio),
        "Shots": f"{shots.height:,} by {film.detector}",
        "Median shot": f"{cast(float, shots['seconds'].median()):.1f} s",
    }
    st.caption("  ·  ".join(f"{name} **{plain(value)}**" for name, value in facts.items()))
    for warning in media.warnings:
        st.warning(plain(warning), icon=":material/warning:")


@st.fragment
def film_viewer(catalog: Path, media_id: int) -> None:
    with told_errors("Title"):
        if {"open_film", "open_cut"} & st.session_state.keys():
            st.rerun()  # the page as a whole goes there
        state = folder_state(catalog)
        film = queries.film(catalog, media_id, state=state)
        shots = queries.shot_table(catalog, media_id, state=state)
        draw_film(catalog, film, shots, state)


def draw_film(catalog: Path, film: Film, shots: pl.DataFrame, state: str) -> None:
    chosen = min(int(st.session_state.get("shot", 0)), shots.height - 1)
    shot = shots.row(chosen, named=True)
    draw_filmstrip(
        film, shots["start"].to_list(), film_lanes(catalog, film.media.id, state=state),
        selected=chosen, channel=CHANNEL, on_chosen=choose_shot,
    )  # fmt: skip
    left, right = st.columns([11, 10], gap="medium")
    with left:
        kept = st.session_state.get("shot_frame")
        seek = int(shot["start"]) if kept is None else int(kept)
        request = f"{film.media.id}:{st.session_state.get('shot_request', 0)}"
        draw_player(film_clip(film), seek=seek, request=request, channel=CHANNEL)
    with right:
        about, alike, copies, cuts = st.tabs(
            ["Shot", "Similar shots", "Near-duplicates", "Cuts"], key="title_tab",
            on_change="rerun",
        )  # fmt: skip
        if about.open:
            with about:
                shot_details(film, shot)
        if alike.open:
            with alike:
                similar(catalog, film, chosen, state)
        if copies.open:
            with copies:
                near_duplicates(catalog, film, state)
        if cuts.open:
            with cuts:
                cuts_of(catalog, film, state)


def shot_details(film: Film, shot: dict[str, Any]) -> None:
    classes = shot_classes(shot)
    kind = shot["transition"]
    transition = "film start" if kind == "start" else f"{kind}, {shot['confidence']:.0%} sure"
    picture, words = st.columns([2, 3])
    picture.html(
        f'<img src="{thumbnail_link(film.media.id, shot["shot"])}" alt="Shot {shot["shot"]}" '
        'style="width:100%;border-radius:4px">'
    )
    words.markdown(f"**Shot {shot['shot']}** · {shot['seconds']:.2f} s")
    words.caption(
        f"Shot **{shot['shot']}** · {shot['start_tc']} – {shot['end_tc']} · "
        f"**{shot['end'] - shot['start']} frames**  \nbegins with {transition}"
    )
    values = [f"camera **{classes['camera_move']}**", f"shot scale **{classes['shot_scale']}**"]
    known = [name for name in FEW_MEASURES if shot.get(name) is not None]
    values += [measure_label(name, shot[name]) for name in known]
    st.caption(" · ".join(values))


def similar(catalog: Path, film: Film, chosen: int, state: str) -> None:
    try:
        found = similar_shots(catalog, film.media.id, chosen, state=state)
    except IngestError as error:
        st.info(plain(f"{error}"), icon=":material/image_search:")
        return
    if not found.shots:
        st.info("No other shot was embedded, so none can be compared.")
        return
    places = [(one.media, one.shot) for one in found.shots]
    draw_sheet(
        [
            Card(
                key=number,
                identity=f"{one.media}/{one.shot}",
                link=thumbnail_link(one.media, one.shot),
                head="this film" if one.media == film.media.id else one.film,
                lines=(f"likeness {one.similarity:.2f}",),
                left=f"shot {one.shot}",
            )
            for number, one in enumerate(found.shots)
        ],
        key="similar_sheet",
        label="Similar shots",
        selected=None,
        on_chosen=lambda number: go_to(film, *places[number]),
        card_width=112,
    )
    reach = (
        f"all {found.films:,} films" if found.searched == found.films
        else f"this film and the newest {found.searched - 1:,} of {found.films - 1:,} others"
    )  # fmt: skip
    st.caption(f"Cosine of the picture embeddings by {plain(found.model)}; looked through {reach}.")


def go_to(film: Film, media: int, shot: int) -> None:
    if media != film.media.id:
        st.session_state["open_film"] = media
    choose_shot(shot)


def near_duplicates(catalog: Path, film: Film, state: str) -> None:
    asked = st.session_state.get("duplicates_of") == film.media.id
    if not asked:
        st.caption(
            "Compares the pictures of this film with those of every other: copies, excerpts, and "
            "films with shots in common. In a large library this takes a while."
        )
        st.button(
            "Look for near-duplicates", icon=":material/content_copy:",
            on_click=lambda: st.session_state.update(duplicates_of=film.media.id),
        )  # fmt: skip
        return
    with st.spinner("Comparing pictures…"):
        try:
            pairs = found_pairs(catalog, film.media.id, state=state)
        except IngestError as error:
            st.info(plain(f"{error}"), icon=":material/content_copy:")
            return
    if not pairs:
        st.success("No other film has pictures in common with this one.", icon=":material/check:")
        return
    rows = [
        {
            "film": pair.second.name,
            "this is": RELATIONS[pair.relation].replace("the second", "it"),
            "shots": 100 * pair.of_first.share,
            "of its": 100 * pair.of_second.share,
        }
        for pair in pairs
    ]
    st.dataframe(
        pl.DataFrame(rows),
        hide_index=True,
        row_height=30,
        column_config={
            "film": st.column_config.TextColumn("Film", width="medium"),
            "this is": "This one",
            "shots": st.column_config.NumberColumn("Shots of this one in it", format="%.0f %%"),
            "of its": st.column_config.NumberColumn("Its shots in this one", format="%.0f %%"),
        },
    )


@st.cache_data(max_entries=32, show_spinner=False)
def found_pairs(folder: Path, media_id: int, *, state: str) -> list[Pair]:
    catalog = open_catalog(folder)
    return duplicates_of(catalog, catalog.get_media(media_id))


def cuts_of(catalog: Path, film: Film, state: str) -> None:
    wanted = CutFilter(media=film.media.id)
    total, rows = cut_queries.cut_page(catalog, wanted, start=0, count=12, state=state)
    if not rows:
        st.info(
            "No cut of this film yet. Suggest one on the page Cuts, or with "
            f"`reel cut trailer {film.media.id} --seconds 30`.",
            icon=":material/content_cut:",
        )
        return
    for row in rows:
        approved = f", approved by {plain(row.approved_by)}" if row.approved_by else ""
        st.button(
            f"{row.id} · {plain(row.name)} · {row.seconds:.1f} s · version {row.version}{approved}",
            key=f"open_cut_{row.id}", width="stretch", icon=":material/rate_review:",
            on_click=lambda number=row.id: st.session_state.update(open_cut=number),
        )  # fmt: skip
    if total > len(rows):
        st.caption(f"And {total - len(rows):,} more on the page Cuts.")


def shots_table(shots: pl.DataFrame) -> None:
    measure_columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(format="%.3f") for name in measures_of(shots)
    }
    classes = pl.DataFrame([shot_classes(shot) for shot in shots.iter_rows(named=True)])
    st.dataframe(
        shots.drop("from").hstack(classes),
        hide_index=True,
        row_height=30,
        column_config=measure_columns
        | {
            "shot": "Shot",
            "start": "First frame",
            "end": st.column_config.NumberColumn("End frame", help="The first one after the shot"),
            "start_tc": "Starts at",
            "end_tc": "Ends at",
            "seconds": st.column_config.NumberColumn("Length (s)", format="%.2f"),
            "transition": "Transition in",
            "transition_frames": st.column_config.NumberColumn("Its frames"),
            "confidence": st.column_config.NumberColumn("Confidence", format="percent"),
            "camera_move": "Camera",
            "shot_scale": "Shot scale",
        },
    )


def measures_of(shots: pl.DataFrame) -> list[str]:
    return shots.columns[shots.columns.index("confidence") + 1 :]


def film_tables(catalog: Path, film: Film, shots: pl.DataFrame, state: str) -> None:
    with st.expander(
        "Every shot, with its measures", icon=":material/table:", key="shots_open",
        on_change="rerun",
    ) as table:  # fmt: skip
        if table.open:
            shots_table(shots)
    with st.expander(
        "Length of the shots, motion and loudness", icon=":material/bar_chart:",
        key="charts_open", on_change="rerun",
    ) as drawn:  # fmt: skip
        if drawn.open:
            film_charts(catalog, film, shots, state)


def film_charts(catalog: Path, film: Film, shots: pl.DataFrame, state: str) -> None:
    seconds = float(film.media.seconds)
    st.altair_chart(charts.shot_lengths(shots, int(st.session_state.get("shot", 0)), seconds))
    curves = queries.film_curves(catalog, film.media.id, state=state)
    names = curves["measure"].unique(maintain_order=True).to_list()
    shown = [name for name in ("motion", "loudness") if name in names] or names[:2]
    for place, name in zip(st.columns(len(shown) or 1), shown, strict=False):
        place.altair_chart(charts.film_curve(curves, name, seconds))


def wanted_film(catalog: Path, state: str) -> int | None:
    """The film that the address names, else the one seen last, else the first of the library."""
    named = st.query_params.get("film", "")
    kept = st.session_state.get("film")
    if named.isdecimal() and len(named) < 10:
        if kept is not None and int(named) != kept:
            st.session_state["shot"] = st.session_state.pop("shot_to_open", 0)
            st.session_state["shot_frame"] = None
        return int(named)
    if kept is not None:
        return int(kept)
    _, rows = film_queries.film_page(
        catalog, film_queries.FilmFilter(), "name", start=0, count=1, state=state
    )
    return int(rows[0].media.id) if rows else None


def leave_for_another_page() -> None:
    film, cut = (st.session_state.pop(name, None) for name in ("open_film", "open_cut"))
    if film is not None:
        st.session_state["shot_to_open"] = st.session_state.get("shot", 0)
        st.switch_page(f"views/{TITLE.file}", query_params={"film": f"{film}"})
    if cut is not None:
        open_cut(int(cut))
        st.switch_page(f"views/{REVIEW.file}", query_params={"cut": f"{cut}"})


leave_for_another_page()
catalog = load_workspace().catalog
state = folder_state(catalog)
picked = wanted_film(catalog, state) if state else None
if picked is None:
    st.title("Title")
    st.info("No footage yet. Add some with `reel ingest FILE_OR_FOLDER`.", icon=":material/movie:")
    st.stop()
try:
    film = queries.film(catalog, picked, state=state)
except UnknownMedia:
    st.title("Title")
    st.info("There is no such film in this workspace any more. Choose one in the library.")
    st.page_link(f"views/{LIBRARY.file}", label="Library", icon=":material/arrow_back:")
    st.stop()
st.session_state["film"] = picked
st.query_params["film"] = f"{picked}"
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.page_link(f"views/{LIBRARY.file}", label="Library", icon=":material/arrow_back:")
    st.title(plain(film.media.name), anchor=False)
shots = queries.shot_table(catalog, picked, state=state)
film_facts(film, shots)
film_viewer(catalog, picked)
film_tables(catalog, film, shots, state)
