"""A table of which rows can be chosen."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

ROW_HEIGHT, HEADER_HEIGHT = 30, 38
"""Pixels."""


def choice_table(
    table: pl.DataFrame,
    columns: Mapping[str, Any],
    *,
    key: str,
    most_rows: int,
    several: bool = False,
) -> list[int]:
    """Draw a table, and return the places of the rows that are chosen in it.

    A row that was chosen and is there no more, since the table became shorter, is left out.

    Args:
        table: What it shows.
        columns: How the columns are shown, as `st.dataframe` takes it.
        key: Of the element.
        most_rows: More than so many are scrolled.
        several: Whether more than one row can be chosen.
    """
    event = st.dataframe(
        table,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=HEADER_HEIGHT + ROW_HEIGHT * min(table.height, most_rows),
        key=key,
        on_select="rerun",
        selection_mode="multi-row" if several else "single-row",
        column_config=columns,
    )
    return [row for row in event.selection.rows if row < table.height]
