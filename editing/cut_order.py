"""The order of the slots of a cut: the film's, or the one that a ranker learned from trailers.

A brief names the ranker, so that a cut that is assembled anew stands in the order it was made in.
"""

from collections.abc import Iterable

from editing.assemble.solving import Arrange
from editing.cut import FILM_ORDER
from editing.errors import ModelError
from editing.film_footage import film_for
from editing.rank.arrangement import arranged, ranker_of_order
from editing.rank.film import Ranker
from editing.rank.networks import NetworkRanker
from editing.rank.store import load_ranker
from ingest.catalog import Catalog
from ingest.media import Media


def learned_order(catalog: Catalog, ranker: Ranker) -> str:
    """The order, as a brief names it, of a cut that `ranker` scored and trailers are to order.

    Raises:
        ModelError: No ranker has learned an order.
    """
    found = ranker_of_order(catalog, ranker)
    return f"{found.name} {found.version}"


def arrangement(catalog: Catalog, media: Media, order: str) -> Arrange | None:
    """How the shots of a film stand in an order that a brief names; None for the film's own.

    Raises:
        ModelError: The ranker is gone, or tells no order.
        NotIngested: The film was ingested without something that is needed.
    """
    if order == FILM_ORDER:
        return None
    found = load_ranker(catalog, "@".join(order.split()))
    if not isinstance(found, NetworkRanker):
        raise ModelError(f"{order} tells no order of shots, so the cut cannot stand in it")
    ranker, film = found, film_for(catalog, media, found)

    def arrange(shots: Iterable[int]) -> list[int]:
        shots = list(shots)
        once = list(dict.fromkeys(shots))  # of one shot, what the brief includes stays together
        places = [once[place] for place in arranged(ranker, film, once)]
        return [i for shot in places for i, other in enumerate(shots) if other == shot]

    return arrange


def order_in_words(order: str) -> str:
    """What a note says of an order; empty for the film's own."""
    return "" if order == FILM_ORDER else f"; its order is that of {order}, not the film's"
