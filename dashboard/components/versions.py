"""The versions of a cut on a page: which there are, what changed, and what was refused."""

from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import cut_queries
from dashboard.components.difference import draw_difference
from dashboard.cut_edits import Edit
from dashboard.review_state import Conflict, ask, choose_slot, give_up, make_again, show_version
from dashboard.sources import open_catalog
from dashboard.wording import plain
from editing.approvals import Approval
from editing.cut import Cut
from editing.cut_changes import Change, changes_between, summary
from editing.cut_store import film_steps


def draw_conflict(catalog: Path, cut: Cut, conflict: Conflict, *, state: str) -> None:
    """Draw a change that was refused: what each of the two did, and what can be done.

    Args:
        catalog: The folder of the catalogue.
        cut: The version that is on the screen, to which the change was made.
        conflict: The change, and the version that is in its way.
        state: Of the catalogue.
    """
    edit, after = conflict.edit, conflict.after
    refused = ", then ".join(one.words for one in (edit, *after))
    latest = cut_queries.cut(catalog, edit.cut, None, state=state)
    with st.container(border=True):
        st.warning(
            f"**Not kept: {refused}.** It was made to version {edit.version}, and "
            f"**{plain(latest.author)}** has saved version {latest.version} meanwhile "
            f"({plain(latest.note) or 'no note'}). Nothing is lost: both versions stay.",
            icon=":material/sync_problem:",
        )
        changes = _changes(catalog, cut, latest)
        draw_difference(cut, latest, changes, key="conflict_difference")
        with st.container(horizontal=True, gap="xsmall"):
            if edit.kind != "restore":
                st.button(
                    f"Make it to version {latest.version}", type="primary", key="conflict_again",
                    on_click=_again, args=(catalog, conflict, latest.version),
                    help="The same change, on top of what the other person did",
                )  # fmt: skip
            st.button(
                f"Save mine as version {latest.version + 1}", key="conflict_mine",
                on_click=make_again, args=(catalog, conflict, latest.version),
                help=f"Version {edit.version} with your change; version {latest.version} stays "
                "in the list",
            )  # fmt: skip
            st.button(
                f"Drop it, show version {latest.version}", key="conflict_drop",
                on_click=_drop, args=(edit.cut, latest.version),
            )  # fmt: skip


def _again(catalog: Path, conflict: Conflict, latest: int) -> None:
    show_version(conflict.edit.cut, latest)
    give_up()
    make_again(catalog, conflict)


def _drop(cut_id: int, latest: int) -> None:
    give_up()
    show_version(cut_id, latest)


def draw_newer(cut: Cut, latest: Cut) -> None:
    """Say that somebody has saved a newer version than the one on the screen."""
    text, button = st.columns([5, 1], vertical_alignment="center")
    text.info(
        f"**{plain(latest.author)}** saved version {latest.version}: "
        f"{plain(latest.note) or 'no note'}. "
        f"You see version {cut.version}.",
        icon=":material/update:",
    )
    button.button(
        "Show it", key="show_newer", on_click=show_version, args=(cut.id, latest.version),
        width="stretch",
    )  # fmt: skip


def draw_versions(
    catalog: Path, cut: Cut, made: pl.DataFrame, approvals: list[Approval], *, state: str
) -> None:
    """Draw the versions of a cut, and what changed from one that is chosen to another.

    Args:
        catalog: The folder of the catalogue.
        cut: The version on the screen.
        made: The cut's `versions`, the newest first.
        approvals: Of all of them.
        state: Of the catalogue.
    """
    latest = int(made["version"][0])
    names = {one.version: one.name for one in reversed(approvals)}
    by = pl.col("version").replace_strict(names, default="", return_dtype=pl.String)
    st.dataframe(
        made.drop("created_at").with_columns(approved=by),
        hide_index=True,
        row_height=30,
        height=min(38 + 30 * made.height, 188),
        column_config={
            "version": st.column_config.NumberColumn("Version", width="small"),
            "author": "Author",
            "note": st.column_config.TextColumn("Note", width="large"),
            "made": "Made (UTC)",
            "approved": "Approved by",
        },
    )
    if latest == 1:
        st.caption("One version so far. Each change makes another, and none is ever overwritten.")
        return
    numbers: list[int] = made["version"].to_list()
    left, right, button = st.columns([2, 2, 3], vertical_alignment="bottom")
    old = left.selectbox("From version", numbers[1:], key=f"from_{latest}")
    newer = [number for number in numbers if number > old]
    new = right.selectbox("to version", newer, key=f"to_{latest}_{old}")
    before = cut_queries.cut(catalog, cut.id, old, state=state)
    after = cut_queries.cut(catalog, cut.id, new, state=state)
    changes = _changes(catalog, before, after)
    with button.container(horizontal=True, gap="xsmall"):
        st.button(f"Look at version {old}", key="look_at", on_click=_look, args=(cut.id, old))
        st.button(
            f"Go back to version {old}", icon=":material/undo:", key="restore", on_click=ask,
            args=(catalog, Edit(cut.id, latest, "restore", restored=old)),
            help="It becomes the latest again, as a new version; those after it stay",
        )  # fmt: skip
    draw_difference(before, after, changes, key="version_difference")
    told = [f"- {plain(change.words)}" for change in changes if change.kind != "kept"]
    st.markdown(f"**{summary(changes)}**\n" + "\n".join(told))


def _changes(catalog: Path, before: Cut, after: Cut) -> list[Change]:
    """From one version to another, in frames of the cut whatever the rates of its films."""
    steps = film_steps(open_catalog(catalog), before.rate, before.slots, after.slots)
    return changes_between(before.slots, after.slots, steps)


def _look(cut_id: int, version: int) -> None:
    show_version(cut_id, version)
    choose_slot(0, 0)
