"""The pages of the dashboard: a script each, and the list by which the application shows them.

A new page is a file in this folder and a line in `PAGES`.
"""

from dataclasses import dataclass
from typing import Literal

import streamlit as st


@dataclass(frozen=True, slots=True)
class View:
    """One page."""

    file: str
    """In this folder."""
    title: str
    icon: str
    """A Material symbol: `movie`."""
    default: bool = False
    """Whether it opens first; of one page."""
    visibility: Literal["visible", "hidden"] = "visible"
    """A hidden page has no link of its own: other pages lead to it."""

    def page(self) -> st.Page:
        """The page, for Streamlit's navigation."""
        return st.Page(
            f"views/{self.file}",
            title=self.title,
            icon=f":material/{self.icon}:",
            default=self.default,
            visibility=self.visibility,
        )


LIBRARY, TITLE, CUTS, REVIEW = (
    View("library.py", "Library", "video_library", default=True),
    View("title.py", "Title", "movie", visibility="hidden"),
    View("cuts.py", "Cuts", "content_cut"),
    View("review.py", "Review", "rate_review"),
)
SEGMENTS, PROMOTE = (
    View("segments.py", "Segments", "group_work"),
    View("promote.py", "Promote", "campaign"),
)
PAGES: tuple[View, ...] = (
    *(LIBRARY, TITLE, CUTS, REVIEW),
    *(View("audience.py", "Audience", "groups"), SEGMENTS, PROMOTE),
    View("recommendations.py", "Recommendations", "recommend"),
    View("jobs.py", "Jobs", "queue"),
    View("models.py", "Models", "model_training"),
    View("system.py", "System", "monitor_heart"),
)
"""In the order of the navigation."""
