"""The cuts and shots that fit a segment's taste, best first."""

from pathlib import Path

import streamlit as st

from dashboard import segment_queries
from dashboard.components.audience_start import Audience, sentence
from dashboard.components.downloads import draw_downloads
from dashboard.components.sheet import Card, draw_sheet
from dashboard.media_server import thumbnail_link
from dashboard.review_state import open_cut
from dashboard.sources import folder_state
from dashboard.title_films import LINKS
from dashboard.views import REVIEW
from dashboard.wording import clock, plain
from recsys.errors import NoUsableRows


def draw_fitting_cuts(audience: Audience, folder: Path, segment: str) -> None:
    """Draw them; in place of them the reason, where they cannot be told.

    Args:
        audience: As a page began.
        folder: Of the answer with the segments.
        segment: The name of one.
    """
    workspace = audience.workspace
    state = folder_state(workspace.catalog)
    if not state:
        st.info("No footage yet. Add some with `reel ingest FILE_OR_FOLDER`.",
                icon=":material/movie:")  # fmt: skip
        return
    links = workspace.root / LINKS
    try:
        found = segment_queries.cuts_for_segment(
            workspace.root, folder, segment, state=audience.state, catalog_state=state,
            links_state=f"{links.stat().st_mtime_ns}" if links.is_file() else "",
        )  # fmt: skip
    except NoUsableRows as error:
        st.info(plain(sentence(f"{error}.")), icon=":material/movie_filter:")
        return
    rests = "shots that were watched" if found.by_shot else "titles that were watched"
    st.caption(
        f"Fit is the cosine between what a picture is and what the segment watches more of than "
        f"everyone does (−1 to 1), by the {rests}: {found.films} film"
        f"{'s' * (found.films != 1)} and {found.viewers:,} of the segment's users, pictures by "
        f"{plain(found.model)}. It says what they have watched, not what they would have liked to "
        "see."
    )
    if found.films == 1:
        st.warning(
            "All of it rests on one film, so this says which of its shots the segment stays for, "
            "and little of other films.", icon=":material/warning:",
        )  # fmt: skip
    if found.cuts.is_empty():
        st.info(
            "No cut can be compared. Suggest one on the page Cuts.", icon=":material/content_cut:"
        )
    else:
        _draw_cuts(found.cuts.to_dicts())
        draw_downloads(found.cuts, "cuts_for_segment", key="cuts_download", what="These cuts")
    st.markdown("**Shots that fit best**")
    draw_sheet(
        [
            Card(
                key=row["rank"],
                identity=f"{row['media']}/{row['shot']}",
                link=thumbnail_link(row["media"], row["shot"]),
                head=row["film"],
                lines=(f"{clock(row['from_seconds'])} · fit {row['fit']:+.2f}",),
                left=f"shot {row['shot']}",
            )
            for row in found.shots.head(12).iter_rows(named=True)
        ],
        key="fitting_shots", label="Shots that fit best", selected=None,
        on_chosen=lambda rank: None, card_width=150,
    )  # fmt: skip
    draw_downloads(found.shots, "shots_for_segment", key="fitting_download", what="These shots")


def _draw_cuts(rows: list[dict[str, object]]) -> None:
    event = st.dataframe(
        rows,
        hide_index=True,
        row_height=30,
        key="fitting_cuts",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "rank": st.column_config.NumberColumn("Rank", width="small"),
            "cut": st.column_config.NumberColumn("Cut", width="small"),
            "name": st.column_config.TextColumn("Name", width="medium"),
            "film": "Film",
            "seconds": st.column_config.NumberColumn("Length (s)", format="%.1f"),
            "fit": st.column_config.NumberColumn("Fit", format="%+.3f"),
        },
    )
    chosen = event.selection.rows
    if chosen and chosen[0] < len(rows):
        number = int(str(rows[chosen[0]]["cut"]))
        if st.button(f"Review cut {number}", icon=":material/rate_review:", key="fitting_review"):
            open_cut(number)
            st.switch_page(f"views/{REVIEW.file}", query_params={"cut": f"{number}"})
