"""Library: which footage is in, and how it was cut into shots. Reads, never writes."""

from typing import Any, cast

import polars as pl
import streamlit as st

from dashboard import queries
from dashboard.components import charts
from dashboard.components.player import draw_player, film_clip
from dashboard.components.sheet import Card, draw_sheet
from dashboard.media_server import thumbnail_link
from dashboard.queries import Film
from dashboard.shot_words import FEW_MEASURES, shot_classes
from dashboard.sources import folder_state, load_workspace
from dashboard.wording import clock, measure_label, rate_label, size_label, sound_label

SHOTS_A_PAGE = 24


def library_table(films: pl.DataFrame) -> None:
    st.dataframe(
        films,
        hide_index=True,
        row_height=30,
        height=min(38 + 30 * films.height, 188),
        column_config={
            "id": None,
            "film": st.column_config.TextColumn("Film", width="medium"),
            "duration": st.column_config.TextColumn("Duration", help="Hours, minutes, seconds"),
            "shots": st.column_config.NumberColumn("Shots", format="localized"),
            "size": "Picture",
            "rate": "Frame rate",
            "timecode": st.column_config.TextColumn("Start timecode"),
            "sound": st.column_config.TextColumn("Sound", width="medium"),
            "file": st.column_config.NumberColumn("File (MB)", format="%.1f"),
            "warnings": st.column_config.TextColumn("Warnings", width="medium"),
        },
    )


def failure_list(failures: pl.DataFrame) -> None:
    if failures.is_empty():
        return
    label = f"{failures.height} file{'s' * (failures.height > 1)} failed"
    with st.popover(label, icon=":material/warning:", width="stretch"):
        st.markdown("These files could not be ingested; the others went on.")
        st.dataframe(
            failures,
            hide_index=True,
            width=900,
            column_config={
                "file": "File",
                "reason": st.column_config.TextColumn("Reason", width="large"),
                "when": "When (UTC)",
                "path": "Path",
            },
        )


def film_choice(films: pl.DataFrame, failures: pl.DataFrame) -> int:
    names = dict(zip(films["id"], films["film"], strict=True))
    left, right = st.columns([5, 1]) if failures.height else (st.container(), st.empty())
    with right:
        failure_list(failures)
    picked: int = left.selectbox(
        "Film",
        names,
        format_func=names.__getitem__,
        key="film",
        bind="query-params",
        label_visibility="collapsed",
        on_change=lambda: choose_shot(0),
    )
    return picked


def choose_shot(shot: int) -> None:
    """Keep the shot that was chosen, and count the choice: the same one seeks again."""
    st.session_state["shot"] = shot
    st.session_state["shot_request"] = st.session_state.get("shot_request", 0) + 1


def choose_bar() -> None:
    bars = st.session_state["shot_bars"].selection.get("shot_bar", [])
    if bars:
        choose_shot(int(bars[0]["shot"]))


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
    st.caption("  ·  ".join(f"{name} **{value}**" for name, value in facts.items()))
    for warning in media.warnings:
        st.warning(warning, icon=":material/warning:")


def shot_card(film: Film, shot: dict[str, Any]) -> Card:
    index, kind = int(shot["shot"]), shot["transition"]
    transition = "film start" if kind == "start" else f"{kind}, {shot['confidence']:.0%} sure"
    return Card(
        key=index,
        identity=f"{film.media.fingerprint}/{index}",
        link=thumbnail_link(film.media.id, index),
        head=f"{shot['start_tc']}",
        lines=(f"to {shot['end_tc']}", transition),
        left=f"{index}",
        right=f"{shot['seconds']:.1f} s",
    )


def shot_sheet(film: Film, shots: pl.DataFrame, chosen: int) -> None:
    pages = -(-shots.height // SHOTS_A_PAGE)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"shot_page_{film.media.id}")
    part = shots.slice((page - 1) * SHOTS_A_PAGE, SHOTS_A_PAGE)
    with st.container(height=430, border=False):
        draw_sheet(
            [shot_card(film, shot) for shot in part.iter_rows(named=True)],
            key="shot_sheet",
            label=f"Shots of {film.media.name}",
            selected=chosen,
            on_chosen=choose_shot,
        )


def shot_details(shot: dict[str, Any]) -> None:
    classes = shot_classes(shot)
    values = [f"camera **{classes['camera_move']}**", f"shot scale **{classes['shot_scale']}**"]
    known = [name for name in FEW_MEASURES if shot.get(name) is not None]
    values += [measure_label(name, shot[name]) for name in known]
    st.caption(
        f"Shot **{shot['shot']}** · {shot['start_tc']} – {shot['end_tc']} · "
        f"**{shot['end'] - shot['start']} frames**  \n" + " · ".join(values)
    )


@st.fragment
def film_viewer(film: Film, shots: pl.DataFrame) -> None:
    chosen = min(int(st.session_state.get("shot", 0)), shots.height - 1)
    shot = shots.row(chosen, named=True)
    screen, sheet = st.columns([11, 10], gap="medium")
    with screen:
        request = f"{film.media.id}:{st.session_state.get('shot_request', 0)}"
        draw_player(film_clip(film), seek=int(shot["start"]), request=request)
        shot_details(shot)
    with sheet:
        shot_sheet(film, shots, chosen)
    st.altair_chart(
        charts.shot_lengths(shots, chosen, float(film.media.seconds)),
        key="shot_bars",
        on_select=choose_bar,
    )


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


def film_charts(film: Film, curves: pl.DataFrame) -> None:
    names = curves["measure"].unique(maintain_order=True).to_list()
    shown = [name for name in ("motion", "loudness") if name in names] or names[:2]
    for place, name in zip(st.columns(len(shown) or 1), shown, strict=False):
        place.altair_chart(charts.film_curve(curves, name, float(film.media.seconds)))


st.title("Library")
catalog = load_workspace().catalog
state = folder_state(catalog)
films = queries.media_table(catalog, state=state) if state else pl.DataFrame()
failures = queries.failure_table(catalog, state=state) if state else pl.DataFrame()
if films.is_empty():
    st.info("No footage yet. Add some with `reel ingest FILE_OR_FOLDER`.", icon=":material/movie:")
    failure_list(failures)
    st.stop()

library_table(films)
picked = film_choice(films, failures)
film = queries.film(catalog, picked, state=state)
shots = queries.shot_table(catalog, picked, state=state)
film_facts(film, shots)
film_viewer(film, shots)
film_charts(film, queries.film_curves(catalog, picked, state=state))
with st.expander("Every shot, with its measures", icon=":material/table:"):
    shots_table(shots)
