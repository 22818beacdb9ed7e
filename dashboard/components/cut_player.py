"""The player of a cut and the timeline under it: slots that play through as one video."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import streamlit as st

from dashboard.components import register
from dashboard.components.cut_playback import piece_of, playback_of, shape_of
from dashboard.components.player import film_clip
from dashboard.queries import Film
from dashboard.review_state import answered_edits
from dashboard.wording import rate_label
from editing.cut import Cut, Slot
from editing.interchange.sequence import Sequence as CutSequence
from ingest.timecode import nominal_rate

_player = register("cutplayer", "timecode", "bus", "edits", "playback", "recovery", "reel")
_timeline = register("timeline", "timecode", "bus", "edits")
_compare = register("compare", "playback", "recovery", "reel")

Send = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Block:
    """One slot as the timeline draws it."""

    identity: str
    """Of the picture; a block with the same one is kept when the timeline is drawn again."""
    link: str
    """A signed link to the picture."""
    frames: int
    before: int
    """Frames of its shot before it, by which it can be extended."""
    after: int
    """Frames of its shot after it."""
    locked: bool
    faults: tuple[str, ...]
    """The severity of each: `error` or `warning`."""
    noted: bool
    spoken: str
    """What a screen reader says of it."""
    tip: str


def draw_cut_player(
    sequence: CutSequence,
    films: Mapping[int, Film],
    *,
    seek: int,
    request: str,
    editable: bool,
    on_edit: Send,
) -> None:
    """Draw the player of a cut; it goes to a frame when `request` changes.

    Args:
        sequence: The cut with its timecodes.
        films: Each that a slot is of, by its id.
        seek: The frame of the cut to go to, from 0.
        request: Names this wish; the same name does not move the player again.
        editable: Whether a slot can be trimmed to what is marked.
        on_edit: Called with what the browser asks for.
    """
    cut = sequence.cut
    played = playback_of(cut, {media: film.frames for media, film in films.items()})
    data: dict[str, Any] = {
        "channel": f"cut-{cut.id}",
        "cut": {"cut": cut.id, "version": cut.version},
        "answered": answered_edits(),
        "label": f"Player of {sequence.name}",
        "rate": float(sequence.rate),
        "rate_label": rate_label(sequence.rate),
        "nominal": nominal_rate(sequence.rate),
        "frames": sequence.frames,
        "first": sequence.start,
        "drop": sequence.drop,
        "aspect": shape_of(cut) or aspect_of(films[cut.slots[0].media]),
        "shape": shape_of(cut),
        "sources": _sources(films),
        "slots": [
            piece_of(slot, join) | {"shot": slot.shot}
            for slot, join in zip(cut.slots, played.joins, strict=True)
        ],
        "untrue": list(played.untrue),
        "seek": {"frame": seek, "request": request},
        "editable": editable,
    }
    _player(
        data=data,
        key=f"cut_player_{cut.id}",
        on_edit_change=_sender(f"cut_player_{cut.id}", "edit", on_edit),
        on_expired_change=lambda: None,
    )


def draw_timeline(
    sequence: CutSequence,
    blocks: Sequence[Block],
    *,
    selected: int,
    editable: bool,
    hint: str,
    on_chosen: Send,
    on_edit: Send,
) -> None:
    """Draw the timeline of a cut, which the player of the same cut moves along.

    Args:
        sequence: The cut with its timecodes.
        blocks: Its slots.
        selected: Which of them is chosen, from 0.
        editable: Whether slots can be dragged and trimmed.
        hint: Said above it.
        on_chosen: Called with `{slot, frame}` when a slot is chosen.
        on_edit: Called with what the browser asks for.
    """
    cut = sequence.cut
    data: dict[str, Any] = {
        "channel": f"cut-{cut.id}",
        "cut": {"cut": cut.id, "version": cut.version},
        "answered": answered_edits(),
        "label": f"Slots of {sequence.name}",
        "nominal": nominal_rate(sequence.rate),
        "frames": sequence.frames,
        "first": sequence.start,
        "drop": sequence.drop,
        "selected": selected,
        "editable": editable,
        "hint": hint,
        "slots": [
            {
                "identity": block.identity,
                "src": block.link,
                "frames": block.frames,
                "before": block.before,
                "after": block.after,
                "locked": block.locked,
                "faults": list(block.faults),
                "note": block.noted,
                "spoken": block.spoken,
                "tip": block.tip,
            }
            for block in blocks
        ],
    }
    key = f"timeline_{cut.id}"
    _timeline(
        data=data,
        key=key,
        on_chosen_change=_sender(key, "chosen", on_chosen),
        on_edit_change=_sender(key, "edit", on_edit),
    )


def draw_comparison(
    cut: Cut, film: Film, pieces: Sequence[Slot], captions: Sequence[tuple[str, str]], *, key: str
) -> None:
    """Draw two pieces of a film side by side, stepped and played together.

    Args:
        cut: Where the first one is.
        film: Of both.
        pieces: Two.
        captions: A headline and a line for each.
        key: Of the component.
    """
    data: dict[str, Any] = {
        "aspect": aspect_of(film),
        "sources": _sources({int(cut.media): film, int(film.media.id): film}),
        "pieces": [
            {"media": int(slot.media), "start": slot.source.start, "end": slot.source.end}
            for slot in pieces
        ],
        "captions": [list(caption) for caption in captions],
    }
    _compare(data=data, key=key, on_expired_change=lambda: None)


def aspect_of(film: Film) -> float:
    """Width of the picture in heights, kept between 4:3 and 2.4 so that a page stays usable."""
    width, height = film.media.display_size
    return float(min(max(Fraction(width, height), Fraction(4, 3)), Fraction(12, 5)))


def _sources(films: Mapping[int, Film]) -> dict[str, dict[str, Any]]:
    sources = {}
    for media, film in films.items():
        clip = film_clip(film)
        sources[f"{media}"] = {
            "identity": clip.identity,
            "src": clip.link,
            "rate": float(clip.rate),
            "nominal": nominal_rate(clip.rate),
            "drop": clip.drop,
            "first": clip.first,
            "frames": clip.frames,
            "picture_start": float(clip.picture_start),
            "variable_rate": clip.variable_rate,
        }
    return sources


def _sender(key: str, name: str, receive: Send) -> Callable[[], None]:
    def send() -> None:
        sent = st.session_state[key].get(name)
        if sent is not None:
            receive(sent)

    return send
