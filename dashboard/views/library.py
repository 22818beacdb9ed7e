"""Library: the films of the workspace with their posters, found by search, filters and order."""

from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import film_queries, queries
from dashboard.components.sheet import Card, draw_sheet
from dashboard.film_queries import LENGTHS, ORDERS, PICTURES, TRAITS, FilmFilter, FilmRow, Order
from dashboard.media_server import thumbnail_link
from dashboard.sources import folder_state, load_workspace
from dashboard.views import TITLE
from dashboard.wording import clock, rate_label, size_label, sound_label

FILMS_A_PAGE = 24
GRID, TABLE = "Pictures", "Table"


def search(catalog: Path, state: str) -> tuple[FilmFilter, Order]:
    text, order, more = st.columns([5, 2, 2], vertical_alignment="bottom")
    wanted = text.text_input(
        "Search", placeholder="Part of a file's name or folder", key="film_text",
        label_visibility="collapsed", icon=":material/search:", persist_state="session",
    )  # fmt: skip
    sorting = order.selectbox(
        "Order", ORDERS, format_func=str.capitalize, key="film_order", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    kept = st.session_state
    active = sum(bool(kept.get(f"film_{name}")) for name in ("length", "picture", "rate", "traits"))
    label = f"Filters: {active}" if active else "Filters"
    with more.popover(label, icon=":material/filter_list:", width="stretch"):
        length = st.selectbox(
            "Length", LENGTHS, index=None, key="film_length", placeholder="Any",
            persist_state="session",
        )  # fmt: skip
        picture = st.selectbox(
            "Picture", PICTURES, index=None, key="film_picture", placeholder="Any",
            persist_state="session",
        )  # fmt: skip
        rate = st.selectbox(
            "Frame rate", film_queries.rates(catalog, state=state), index=None, key="film_rate",
            placeholder="Any", persist_state="session",
        )  # fmt: skip
        having = st.pills(
            "With", TRAITS, selection_mode="multi", key="film_traits", persist_state="session"
        )
        lacking = st.pills(
            "Without", TRAITS, selection_mode="multi", key="film_lacks", persist_state="session"
        )
        st.button("Clear all", on_click=clear_filters, disabled=not active)
    found = FilmFilter(wanted.strip(), length, picture, rate, tuple(having), tuple(lacking))
    return found, sorting


def clear_filters() -> None:
    kept = st.session_state
    kept.update(film_length=None, film_picture=None, film_rate=None, film_traits=[], film_lacks=[])
    kept["film_text"] = ""


def film_card(catalog: Path, row: FilmRow) -> Card:
    media = row.media
    shot = film_queries.poster(catalog, media.id, media.fingerprint, row.shots)
    cuts = f" · {row.cuts} cut{'s' * (row.cuts != 1)}" if row.cuts else ""
    marks = f"⚠ {media.warnings[0]}" if media.warnings else sound_label(media.audio)
    return Card(
        key=int(media.id),
        identity=f"{media.fingerprint}/{shot}",
        link=thumbnail_link(media.id, shot),
        head=media.name,
        lines=(
            f"{row.shots:,} shots{cuts}",
            f"{size_label(media.display_size)}, "
            f"{rate_label(media.rate, variable=media.variable_rate)}",
            marks,
        ),
        right=clock(media.seconds),
    )


def film_table(rows: list[FilmRow]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "id": int(row.media.id),
                "film": row.media.name,
                "duration": clock(row.media.seconds),
                "shots": row.shots,
                "cuts": row.cuts,
                "size": size_label(row.media.display_size),
                "rate": rate_label(row.media.rate, variable=row.media.variable_rate),
                "timecode": row.media.start_timecode or "none",
                "sound": sound_label(row.media.audio),
                "file": row.media.size_bytes / 1e6,
                "ingested": row.ingested,
                "warnings": "; ".join(row.media.warnings),
            }
            for row in rows
        ]
    )


def draw_table(rows: list[FilmRow]) -> None:
    st.dataframe(
        film_table(rows),
        hide_index=True,
        row_height=30,
        height=38 + 30 * len(rows),
        key="film_table",
        on_select=choose_row,
        selection_mode="single-row",
        column_config={
            "id": None,
            "film": st.column_config.TextColumn("Film", width="medium"),
            "duration": st.column_config.TextColumn("Duration", help="Hours, minutes, seconds"),
            "shots": st.column_config.NumberColumn("Shots", format="localized"),
            "cuts": st.column_config.NumberColumn("Cuts"),
            "size": "Picture",
            "rate": "Frame rate",
            "timecode": st.column_config.TextColumn("Start timecode"),
            "sound": st.column_config.TextColumn("Sound", width="medium"),
            "file": st.column_config.NumberColumn("File (MB)", format="%.1f"),
            "ingested": "Ingested (UTC)",
            "warnings": st.column_config.TextColumn("Warnings", width="medium"),
        },
    )
    st.session_state["film_rows"] = [int(row.media.id) for row in rows]


def choose_row() -> None:
    rows = st.session_state["film_table"].selection.rows
    if rows:
        st.session_state["open_film"] = st.session_state["film_rows"][rows[0]]


def failure_list(catalog: Path, state: str) -> None:
    failures = queries.failure_table(catalog, state=state)
    if failures.is_empty():
        return
    label = f"{failures.height:,} file{'s' * (failures.height > 1)} failed"
    with st.popover(label, icon=":material/warning:"):
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


def film_list(catalog: Path, state: str) -> None:
    wanted, order = search(catalog, state)
    kept = st.session_state
    if kept.get("film_asked") != (wanted, order):  # another list begins at its top
        kept["film_asked"], kept["film_list"] = (wanted, order), kept.get("film_list", 0) + 1
    key = f"film_list_page_{kept['film_list']}"
    page = int(kept.get(key, 1))
    start = (page - 1) * FILMS_A_PAGE
    total, rows = film_queries.film_page(
        catalog, wanted, order, start=start, count=FILMS_A_PAGE, state=state
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        last = start + len(rows)
        st.caption(f"**{start + 1:,} – {last:,}** of {total:,} films" if rows else "No film")
        look = st.segmented_control(
            "Look", [GRID, TABLE], default=GRID, required=True, label_visibility="collapsed",
            key="film_look", persist_state="session",
        )  # fmt: skip
        failure_list(catalog, state)
    if not rows:
        st.info(
            "No film is like that. Clear the search, or choose other filters.",
            icon=":material/search_off:",
        )
        return
    if look == TABLE:
        draw_table(rows)
    else:
        draw_sheet(
            [film_card(catalog, row) for row in rows],
            key="film_sheet",
            label="Films",
            selected=None,
            on_chosen=lambda number: st.session_state.update(open_film=number),
            card_width=190,
        )
    pages = -(-total // FILMS_A_PAGE)
    if pages > 1:
        st.pagination(pages, key=key, persist_state="session")


st.title("Library")
catalog = load_workspace().catalog
state = folder_state(catalog)
chosen = st.session_state.pop("open_film", None)
if chosen is not None:
    st.switch_page(f"views/{TITLE.file}", query_params={"film": f"{chosen}"})
if not state or not film_queries.film_count(catalog, state=state):
    st.info("No footage yet. Add some with `reel ingest FILE_OR_FOLDER`.", icon=":material/movie:")
    if state:
        failure_list(catalog, state)
    st.stop()
film_list(catalog, state)
