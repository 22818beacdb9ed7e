"""A sheet of shots: thumbnails in order, each with its marks and lines, one of them chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from dashboard.components import register

_sheet = register("sheet")


@dataclass(frozen=True, slots=True)
class Card:
    """One thumbnail of a sheet."""

    key: int
    """What the page is told when this card is chosen."""
    identity: str
    """Of the picture; a card with the same one is kept when the sheet is drawn again."""
    link: str
    """A signed link to the picture."""
    head: str
    lines: tuple[str, ...] = ()
    left: str = ""
    """Written in the upper left corner of the picture."""
    right: str = ""


def draw_sheet(
    cards: Sequence[Card],
    *,
    key: str,
    label: str,
    selected: int | None,
    on_chosen: Callable[[int], None],
    layout: Literal["grid", "strip"] = "grid",
    card_width: int = 150,
) -> None:
    """Draw a sheet; `on_chosen` is called with the key of the card that a user chooses."""

    def report() -> None:
        chosen = st.session_state[key].get("chosen")
        if chosen is not None:
            on_chosen(int(chosen))

    data: dict[str, Any] = {
        "label": label,
        "layout": layout,
        "card_width": card_width,
        "selected": selected,
        "cards": [
            {
                "key": card.key,
                "identity": card.identity,
                "src": card.link,
                "head": card.head,
                "lines": list(card.lines),
                "left": card.left,
                "right": card.right,
            }
            for card in cards
        ],
    }
    _sheet(data=data, key=key, on_chosen_change=report)
