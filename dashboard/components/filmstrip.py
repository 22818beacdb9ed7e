"""A film on its time axis: thumbnails of its shots over lanes of what was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from dashboard.components import register
from dashboard.media_server import thumbnails_link
from dashboard.queries import Film
from dashboard.wording import minus
from ingest.timecode import nominal_rate

_filmstrip = register("filmstrip", "timecode", "bus")


@dataclass(frozen=True, slots=True)
class Lane:
    """One measure over the film."""

    name: str
    kind: Literal["even", "shots", "spans"]
    """Values at even steps over the film, one for each shot, or `(first, end)` frames of
    stretches."""
    values: Sequence[float | None] | Sequence[tuple[int, int]]
    low: float
    """The value at the lane's foot."""
    high: float
    colour: str
    unit: str = ""
    digits: int = 2
    yes: str = "yes"
    """Said inside a stretch, and `no` outside of all."""
    no: str = "no"

    @property
    def range(self) -> str:
        """What the lane's height stands for, for people."""
        if self.kind == "spans":
            return ""
        low, high = (minus(f"{value:.{self.digits}f}") for value in (self.low, self.high))
        return f"{low} – {high}{self.unit}"


def draw_filmstrip(
    film: Film,
    starts: Sequence[int],
    lanes: Sequence[Lane],
    *,
    selected: int,
    channel: str,
    on_chosen: Callable[[int, int], None],
) -> None:
    """Draw a film's strip.

    Args:
        film: Which.
        starts: The first frame of each shot, rising from 0, on the film's grid.
        lanes: Drawn one under the other.
        selected: The shot that is chosen.
        channel: By which it moves the player of the same page.
        on_chosen: Called with the shot and the frame that a user chooses.
    """
    key = f"filmstrip_{film.media.id}"

    def report() -> None:
        chosen = st.session_state[key].get("chosen")
        shot, frame = (
            (chosen.get("shot"), chosen.get("frame")) if isinstance(chosen, dict) else (None, None)
        )
        if type(shot) is int and type(frame) is int and 0 <= shot < len(starts):
            on_chosen(shot, min(max(frame, 0), film.frames - 1))

    data: dict[str, Any] = {
        "channel": channel,
        "label": f"Shots of {film.media.name}",
        "thumbnails": thumbnails_link(film.media.id),
        "starts": list(starts),
        "frames": film.frames,
        "nominal": nominal_rate(film.media.rate),
        "first": film.numbering.first,
        "drop": film.numbering.drop,
        "selected": selected,
        "lanes": [
            {
                "name": lane.name,
                "kind": lane.kind,
                "values": list(lane.values),
                "low": lane.low,
                "high": lane.high,
                "colour": lane.colour,
                "unit": lane.unit,
                "digits": lane.digits,
                "yes": lane.yes,
                "no": lane.no,
                "range": lane.range,
            }
            for lane in lanes
        ],
    }
    _filmstrip(data=data, key=key, on_chosen_change=report)
