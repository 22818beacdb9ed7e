"""A title's curves over the pictures of its film, and the shots behind each drop and peak."""

from typing import Any

import numpy as np
import polars as pl
import streamlit as st

from dashboard import audience_queries as queries
from dashboard import queries as footage
from dashboard.components import audience_charts as figures
from dashboard.components import charts
from dashboard.components.audience_charts import StripFilm
from dashboard.components.audience_start import Audience, marked
from dashboard.components.downloads import draw_downloads
from dashboard.components.figure import draw_figure
from dashboard.components.sheet import Card, draw_sheet
from dashboard.media_server import thumbnail_link, thumbnails_link
from dashboard.people import NotAllowed
from dashboard.sources import folder_state
from dashboard.title_films import (
    NamedFilm,
    find_film,
    link_film,
    of_same_length,
    read_links,
)
from dashboard.views import TITLE
from dashboard.visitor import visitor
from dashboard.wording import clock, plain
from recsys.audience.report import Retention
from recsys.audience.shot_effects import ShotEffect, shot_effects

MOST_CARDS = 12


def retention_of(audience: Audience, item: str) -> Retention:
    """A title's curves; NoUsableRows if the log tells no positions of it."""
    return queries.title_retention(
        audience.workspace.logs, item, queries.title_names(audience.figures)[item],
        log_end=audience.facts.log_end, state=audience.state,
    )  # fmt: skip


def draw_curves(audience: Audience, found: Retention) -> None:
    """Retention and rewatch of a title, over the pictures of its film if it has one."""
    state = folder_state(audience.workspace.catalog)
    films = queries.named_films(audience.workspace.catalog, state=state)
    links = read_links(audience.workspace)
    film = find_film(films, links, found.item, found.title, found.viewing.duration)
    if film is None:
        curve = found.curve.table()
        draw_figure(charts.retention(curve, found), f"retention {found.title}")
        draw_figure(charts.rewatch(curve, found), f"rewatch {found.title}")
        _moments(found)
    else:
        _curves_over(audience, found, film, state)
    table = queries.retention_table(
        audience.workspace.logs, found.item, found.title,
        log_end=audience.facts.log_end, state=audience.state,
    )  # fmt: skip
    with st.container(horizontal=True, gap="medium"):
        draw_downloads(table, f"retention_{found.item}", key="curve_download", what="Each second")
    _film_choice(audience, found, film, films)


def _curves_over(audience: Audience, found: Retention, film: NamedFilm, state: str) -> None:
    """The curves above the film's pictures, and the shots behind each drop and peak."""
    if not of_same_length(film.seconds, found.viewing.duration):
        st.warning(
            f"{plain(film.name)} runs {film.seconds:.1f} s, the log's title "
            f"{found.viewing.duration:.1f} s: are they one?",
            icon=":material/warning:",
        )
    shots = footage.shot_table(audience.workspace.catalog, film.media, state=state)
    starts = shots["from"].to_numpy()
    ends = np.append(starts[1:], starts[-1] + shots["seconds"][-1])
    effects = shot_effects(starts, ends, found.viewing)
    losing = [one for one in effects if one.loses]
    winning = [one for one in effects if one.wins_back]
    strip = StripFilm(starts.tolist(), ends.tolist(), thumbnails_link(film.media))
    curve = found.curve.table()
    viewers = f"{found.curve.viewers:,} viewers"
    for name, told, marks, what in (
        ("retention", f"Retention: share of {viewers} who saw each second", losing,
         "leave in this shot"),
        ("rewatch", "Rewatch: share of those who saw a second who saw it again", winning,
         "see this shot again"),
    ):  # fmt: skip
        title = marked(told, simulated=found.simulated)
        chart = figures.curve_over_film(curve, name, title, strip, marks, what=what)
        event = draw_figure(
            chart, f"{name} {found.title}", on_select="rerun", selection_mode="marked"
        )
        clicked = event.selection.get("marked") or []
        pressed = clicked[0].get("shot") if clicked else None
        if pressed != st.session_state.get(f"{name}_clicked"):
            st.session_state[f"{name}_clicked"] = pressed
            if pressed is not None:
                st.session_state["audience_shot"] = int(pressed)
    _standing_out(film, losing, winning)
    draw_downloads(
        pl.DataFrame([_one_row(one) for one in effects]), f"shots_{found.item}",
        key="shots_download", what="Each shot, tested",
    )  # fmt: skip


def _one_row(effect: ShotEffect) -> dict[str, Any]:
    return {name: getattr(effect, name) for name in ShotEffect.__slots__}


def _standing_out(film: NamedFilm, losing: list[ShotEffect], winning: list[ShotEffect]) -> None:
    """A card for each shot that loses or wins back viewers; the chosen one leads to its film."""
    found = sorted({one.shot: one for one in [*losing, *winning]}.values(), key=lambda e: e.shot)
    if not found:
        st.caption("No shot loses viewers, or wins them back, beyond chance.")
        return
    st.markdown("**Shots that stand out**, beyond chance. Choose one, here or in a curve.")
    strongest = sorted(found, key=lambda e: min(e.left_q, e.again_q))[:MOST_CARDS]
    shown = sorted(strongest, key=lambda e: e.shot)
    chosen = st.session_state.get("audience_shot")
    draw_sheet(
        [
            Card(
                key=one.shot,
                identity=f"{film.media}/{one.shot}",
                link=thumbnail_link(film.media, one.shot),
                head=f"{clock(one.start)} – {clock(one.end)}",
                lines=_effect_lines(one),
                left=f"shot {one.shot}",
                right="loses" if one.loses else "wins back",
            )
            for one in shown
        ],
        key="standing_out",
        label="Shots that stand out",
        selected=chosen,
        on_chosen=lambda shot: st.session_state.update(audience_shot=shot),
        card_width=190,
    )
    if len(found) > len(shown):
        st.caption(f"The {len(shown)} surest of {len(found)}; the download has them all.")
    if chosen in {one.shot for one in found} and st.button(
        f"Open shot {chosen} of {plain(film.name)}", icon=":material/movie:", key="open_shot",
        type="primary",
    ):  # fmt: skip
        st.session_state["shot"] = st.session_state["shot_to_open"] = int(chosen)
        st.switch_page(f"views/{TITLE.file}", query_params={"film": f"{film.media}"})


def _effect_lines(one: ShotEffect) -> tuple[str, ...]:
    lines = []
    if one.loses:
        share = one.left / max(one.watching, 1)
        lines.append(f"{share:.0%} of {one.watching:,} leave; {one.expected_left:.0f} expected")
    if one.wins_back:
        share = one.again / max(one.seen, 1)
        lines.append(f"{share:.0%} of {one.seen:,} see it again; {one.expected_again:.0f} expected")
    return tuple(lines)


def _film_choice(
    audience: Audience, found: Retention, film: NamedFilm | None, films: list[NamedFilm]
) -> None:
    """Which film of the catalogue the title is; an editor may say so."""
    if not films:
        st.caption("With this title's film in the catalogue (`reel ingest FILE`), its shots stand "
                   "under the curves.")  # fmt: skip
        return
    told = (
        f"Its film: **{plain(film.name)}**"
        if film
        else "No film of the catalogue is named like it."
    )
    with st.expander(told, icon=":material/movie:", expanded=False):
        person = visitor()
        text = st.text_input("Find a film", placeholder="Part of its file's name", key="film_text")
        near = [one for one in films if text.strip().casefold() in one.name.casefold()][:100]
        by_id = {one.fingerprint: one for one in near}
        picked = st.selectbox(
            "This title is", [None, *by_id], key="film_pick",
            format_func=lambda one: "none of them" if one is None else
            f"{by_id[one].name} · {clock(by_id[one].seconds)}",
        )  # fmt: skip
        if st.button("Keep this", disabled=not person.may("editor"), key="film_keep"):
            try:
                link_film(person, audience.workspace, found.item, picked)
            except NotAllowed as refusal:
                st.error(plain(f"{refusal}"), icon=":material/block:")
            else:
                st.rerun()
        if not person.may("editor"):
            st.caption("Saying which film a title is, is for editors.")


def _moments(found: Retention) -> None:
    lines = [
        f"- **{moment.share:.0%}** of those watching leave at **{clock(moment.start)}**"
        for moment in found.drop_offs[:5]
    ] + [
        f"- **{clock(moment.start)} – {clock(moment.end)}** is watched again by up to "
        f"**{moment.share:.0%}** of those who saw it"
        for moment in found.rewatched[:5]
    ]
    if lines:
        st.markdown("What stands out, beyond chance:\n" + "\n".join(lines))
    else:
        st.caption("No second of this title stands out beyond chance.")
