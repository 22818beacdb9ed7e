"""Known orders: in which order trailers show the shots of their films, from kept alignments.

An alignment counts in frames, so the shots are those that the catalogue has now: a film whose cuts
were found anew has other sequences, and no stale ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from editing.align.alignment import Alignment
from editing.align.labels import shots_of
from editing.align.store import alignments_of
from editing.errors import ModelError
from editing.rank.film import Film
from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class TrailerOrder:
    """Shots of one film in the order in which one trailer shows them."""

    film: Film
    shots: tuple[int, ...]
    """Indices of shots of the film, each once; at least 2."""

    def __post_init__(self) -> None:
        shots = self.shots
        if len(shots) < 2 or len(set(shots)) < len(shots):
            raise ValueError(f"an order is of 2 shots or more, each once, got {shots}")
        if min(shots) < 0 or max(shots) >= self.film.shots:
            raise ValueError(f"{shots} are not all of a film of {self.film.shots} shots")


@dataclass(frozen=True, slots=True)
class OrderSplit:
    """What to learn from, and what to stop by."""

    training: tuple[TrailerOrder, ...]
    validation: tuple[TrailerOrder, ...]
    """Empty where there is only one trailer."""
    held_out: str
    """What `validation` is, in words for people."""


def shots_in_order(alignment: Alignment, shots: Sequence[FrameRange]) -> list[int]:
    """The film's shots in the order in which a trailer first shows each.

    Several edits within one shot are one; of an edit over several shots, those follow in film
    order; a shot that comes again is told only where it comes first, since a cut places a shot
    once. Left out are slivers (`shots_of`), and edits that look as much like other shots.

    Args:
        alignment: Of a trailer of this film.
        shots: The film's, in order; frames of the same decode.

    Returns:
        Indices into `shots`, each at most once.
    """
    found: dict[int, None] = {}
    for edit in alignment.edits:  # in the trailer's order
        shown = shots_of(edit, shots)
        rivals = [shots_of(replace(edit, source=place), shots) for place in edit.also_at]
        if all(rival == shown for rival in rivals):
            found |= dict.fromkeys(index for index in shown if index not in found)
    return list(found)


def trailer_orders(catalog: Catalog, media: Media, film: Film) -> list[TrailerOrder]:
    """The order of every known trailer of a film that shows 2 of its shots or more.

    Args:
        catalog: Holds the alignments (`reel learn align`).
        media: The film.
        film: Its features, of the shots that the catalogue has now.

    Raises:
        AlignmentError: An alignment cannot be read.
        ModelError: The film has other frames than when it was aligned, or other shots than
            `film`.
    """
    shots = [shot.span for shot in catalog.shots(media.id)]
    if len(shots) != film.shots:
        raise ModelError(
            f"{media.name} has {len(shots)} shots and features of {film.shots}.\n"
            "Ingest it again: reel ingest --force FILE"
        )
    orders = []
    for kept in alignments_of(catalog, media):
        aligned = kept.alignment.film_frames
        if shots[-1].end != aligned:
            raise ModelError(
                f"{media.name} has {shots[-1].end} frames now, and had {aligned} when it was "
                f"aligned with {kept.trailer_path}.\nAlign it again: reel learn align FILM TRAILER"
            )
        found = shots_in_order(kept.alignment, shots)
        if len(found) > 1:
            orders.append(TrailerOrder(film, tuple(found)))
    return orders


def split_orders(known: Sequence[TrailerOrder], generator: torch.Generator) -> OrderSplit:
    """Hold out the trailers of a fifth of the films, of up to 5 films of one; else one trailer.

    A single trailer is learned from, and nothing is held out.

    Raises:
        ModelError: There are no orders.
    """
    if not known:
        raise ModelError(
            "no trailer of these films is known that shows 2 shots or more.\n"
            "Align one: reel learn align FILM TRAILER"
        )
    if len(known) == 1:
        words = "nothing: the only trailer was learned from"
        return OrderSplit(tuple(known), (), words)
    films = list({id(order.film): None for order in known})
    if len(films) > 1:
        drawn = torch.randperm(len(films), generator=generator).tolist()
        out = {films[i] for i in drawn[: -(-len(films) // 5)]}
        held = [id(order.film) in out for order in known]
        words = f"{_count(sum(held), 'trailer')} of {_count(len(out), 'held-out film')}"
    else:
        one = int(torch.randint(len(known), (1,), generator=generator))
        held = [number == one for number in range(len(known))]
        words = "1 held-out trailer; those learned from are of the same film"
    pairs = list(zip(known, held, strict=True))
    training = tuple(order for order, out_of in pairs if not out_of)
    return OrderSplit(training, tuple(order for order, out_of in pairs if out_of), words)


def film_order_share(orders: Sequence[TrailerOrder]) -> float:
    """The share of next shots that film order guesses, among those left; the mean over `orders`.

    It guesses the first one left that lies after the shot placed last, or, if there is none, the
    first left of all. As in `next_shot_share`, the last shot is not guessed.
    """
    return float(np.mean([_film_order_share(order.shots) for order in orders]))


def told(orders: Sequence[TrailerOrder]) -> str:
    """What `orders` are, in words for a card."""
    films = {id(order.film) for order in orders}
    shots = sum(len(order.shots) for order in orders)
    trailers = f"{_count(len(orders), 'trailer')} of {_count(len(films), 'film')}"
    return f"the order of {shots:,} shots in {trailers}"


def _film_order_share(shots: Sequence[int]) -> float:
    right = 0
    for place in range(len(shots) - 1):
        left, last = sorted(shots[place:]), shots[place - 1] if place else -1
        right += next((shot for shot in left if shot > last), left[0]) == shots[place]
    return right / (len(shots) - 1)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
