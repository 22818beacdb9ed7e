"""A bar that long work moves."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def progress_bar(label: str) -> tuple[DeltaGenerator, Callable[[float], None]]:
    """A bar, and what long work calls with the share done; leaving the page stops the work."""
    bar = st.progress(0.0, label)

    def report(done: float) -> None:
        bar.progress(min(max(done, 0.0), 1.0), f"{label} {done:.0%}")

    return bar, report
