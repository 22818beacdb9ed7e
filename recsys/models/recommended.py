"""What a model answers with: places of a list, and the watched titles that speak for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recommended:
    """One place of a list."""

    rank: int
    """From 1."""
    item: str
    score: float
    """Comparable within one list only."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A watched title that speaks for a recommended one."""

    item: str
    share: float
    """Of all that speaks for the recommended title among what the user watched, in (0, 1]."""


@dataclass(frozen=True, slots=True)
class RecommendationList:
    """What a user is shown, and where it comes from."""

    user: str
    known: bool
    """Whether the model has a history of this user; if not, the list is what is popular."""
    source: str
    """The model that ranked the list: its name, or `popularity` for an unknown user."""
    items: list[Recommended]
