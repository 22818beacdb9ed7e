"""The parts of a page that Streamlit has no widget for: players, timelines, sheets of shots.

Each is plain HTML, CSS and JavaScript beside a typed function that draws it. A browser is given one
script a component, so pieces that several share are put in front of it.
"""

from importlib.resources import files

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def register(name: str, *shared: str) -> ComponentRenderer:
    """Make a component of the files `NAME.html`, `NAME.css` and `NAME.js` of this package.

    Args:
        name: Of the component.
        shared: Names of scripts without exports that its own script calls.
    """
    scripts = [_read(f"{piece}.js") for piece in (*shared, name)]
    return st.components.v2.component(
        f"reelroom.{name}",
        html=_read(f"{name}.html"),
        css=_read(f"{name}.css"),
        js="\n".join(scripts),
    )


def _read(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")
