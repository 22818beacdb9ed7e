"""What goes wrong on a page, in words: what a user can put right as it is, the rest to the log.

A fragment that runs again runs alone, so each that may fail guards itself.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.people import NotAllowed, UnusableSignIn
from dashboard.wording import plain
from editing.errors import EditingError
from ingest.errors import IngestError
from recsys.errors import RecsysError


@contextmanager
def told_errors(page: str) -> Iterator[None]:
    """Show what goes wrong inside as an error on the page `page`, never as a traceback."""
    try:
        yield
    except (IngestError, EditingError, RecsysError, NotAllowed, UnusableSignIn) as error:
        st.error(plain(f"{error}"), icon=":material/error:")
    except Exception:
        logging.getLogger(__name__).exception("the page %s failed", page)
        st.error("This page failed; the log of `reel dashboard` says why.", icon=":material/error:")
