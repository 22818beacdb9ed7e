"""A chart that can be saved as PNG or SVG, in the browser and without a network."""

from typing import Any

import streamlit as st

from dashboard.components import register
from dashboard.title_films import plain_name

_figure = register("figure")


def draw_figure(chart: Any, name: str, **options: Any) -> Any:
    """Draw a chart with buttons that save it.

    Args:
        chart: Of Altair.
        name: Of the file, in words; on a page no two figures have the same.
        options: For `st.altair_chart`; a key is made of the name.

    Returns:
        What `st.altair_chart` does: what is selected, if it was asked to tell.
    """
    plain = plain_name(name) or "figure"
    key = f"figure_{plain if plain.isascii() else plain.encode().hex()}"
    with st.container(key=key, gap="small"):
        event = st.altair_chart(chart, key=f"{key}_chart", **options)
        _figure(data={"name": plain, "key": key}, key=f"{key}_files")
    return event
