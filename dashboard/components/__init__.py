"""The parts of a page that Streamlit has no widget for: a frame player and a sheet of shots.

Each is plain HTML, CSS and JavaScript beside a typed function that draws it.
"""

from importlib.resources import files

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def register(name: str) -> ComponentRenderer:
    """Make a component of the files `NAME.html`, `NAME.css` and `NAME.js` of this package."""
    html, css, js = (
        (files(__name__) / f"{name}.{ending}").read_text(encoding="utf-8")
        for ending in ("html", "css", "js")
    )
    return st.components.v2.component(f"reelroom.{name}", html=html, css=css, js=js)
