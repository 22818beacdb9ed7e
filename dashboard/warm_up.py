"""Imports what most pages need once the first one is shown, before somebody opens one that does.

Networks, solvers and codecs take seconds to import, and the library, which is shown first, needs
none of them. Only the server does this: a test that runs a page does not.

Streamlit collects garbage after every run of a page, and each collection looks at all that was
ever imported, .16 s of it with everything in. What is imported stays, so it is set aside.
"""

import functools
import gc
import importlib
import threading

_MODULES = (
    *("dashboard.cut_edits", "dashboard.cut_queries", "dashboard.components.brief_form"),
    *("dashboard.components.title_curves", "dashboard.recommendation_queries"),
)
_wanted = threading.Event()


def want() -> None:
    """Let the first page that is shown begin the import."""
    _wanted.set()
    set_aside()


def begin() -> None:
    """Import in the background, once, if it is wanted."""
    if _wanted.is_set():
        _begin_once()


@functools.cache
def _begin_once() -> None:
    threading.Thread(target=_import, name="warm-up", daemon=True).start()


def _import() -> None:
    for module in _MODULES:
        importlib.import_module(module)
    _draw_nothing()
    set_aside()


def _draw_nothing() -> None:
    """Altair reads its grammar, .2 s of it, when it is first asked for a chart."""
    import altair
    import polars as pl

    altair.Chart(pl.DataFrame({"x": [0.0]})).mark_bar().encode(x=altair.X("x:Q")).to_dict()


def set_aside() -> None:
    """Keep what is in memory now out of later collections of garbage."""
    gc.collect()
    gc.freeze()
