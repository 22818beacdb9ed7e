"""Putting chosen shots into the order that the order head holds likeliest; the choice stays."""

from collections.abc import Sequence

import torch

from editing.errors import ModelError
from editing.rank.film import Film, Ranker
from editing.rank.networks import NetworkRanker
from editing.rank.order_training import before_trailers
from editing.rank.ordering import order_head
from editing.rank.register import ranker_cards
from editing.rank.store import load_ranker
from ingest.catalog import Catalog
from ingest.threads import one_thread

BEAM = 8
"""Beginnings that are followed at once."""


def ranker_of_order(catalog: Catalog, ranker: Ranker) -> NetworkRanker:
    """What tells the order of a cut that `ranker` scored: itself, or else the latest transformer.

    Raises:
        ModelError: There is no transformer, or trailers have taught it no order.
    """
    found = ranker if ranker.name == "transformer" else load_ranker(catalog, "transformer")
    taught = before_trailers(ranker_cards(catalog), found.version)[1] != found.version
    if not isinstance(found, NetworkRanker) or not taught:
        raise ModelError(
            f"{found.name}@{found.version} has learned the order of no trailer.\n"
            "Teach it: reel learn order; or keep film order: --order film"
        )
    return found


def arranged(
    ranker: NetworkRanker, film: Film, shots: Sequence[int], *, beam: int = BEAM
) -> list[int]:
    """The order of `shots` with the highest chance, as far as a beam search finds it.

    The chance of an order is the product of those of each next shot among the ones left. After
    each shot the `beam` likeliest beginnings are kept, of equals the one found first; so the
    same input gives the same order.

    Args:
        ranker: A Transformer with an order head.
        film: Of the shots.
        shots: Indices of shots, each once.
        beam: At least 1, which takes the likeliest next shot each time.

    Returns:
        Places in `shots`, in order.

    Raises:
        ModelError: The ranker has no order head, or was made for other features.
        ValueError: A shot comes twice, or is none of the film.
    """
    if len(set(shots)) < len(shots) or any(not 0 <= shot < film.shots for shot in shots):
        raise ValueError(f"{list(shots)} are not shots of a film of {film.shots}, each once")
    head, device = order_head(ranker.network), next(ranker.network.parameters()).device
    encoded = ranker.space.encode(film).to(device)[list(shots)]  # (N, C)
    begun = torch.zeros((1, 0), dtype=torch.long, device=device)  # (beams, placed)
    chances = torch.zeros(1, dtype=torch.float64, device=device)  # (beams,), logarithms
    with one_thread(), torch.inference_mode():  # each step is small
        for _ in shots:
            candidates = encoded.expand(len(begun), -1, -1)  # (beams, N, C)
            scores = head(encoded[begun], candidates)[:, -1].double()  # (beams, N)
            scores = scores.scatter(1, begun, -torch.inf).log_softmax(dim=1)
            both = (chances[:, None] + scores).flatten()  # (beams * N,)
            best = both.argsort(descending=True, stable=True)[:beam]
            best = best[both[best].isfinite()]
            beams, following = best // len(shots), best % len(shots)
            begun = torch.cat([begun[beams], following[:, None]], dim=1)
            chances = both[best]
    order: list[int] = begun[0].tolist()
    return order
