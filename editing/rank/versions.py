"""Versions of trained rankers: which of a name is in force, and another choice.

In force is the one that was registered last; to go back to an earlier one is to register it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from editing.errors import ModelError
from editing.rank.checkpoint import Card
from editing.rank.register import ranker_cards, register_card
from editing.rank.store import load_ranker
from ingest.catalog import Catalog


@dataclass(frozen=True, slots=True)
class RankerVersion:
    """A trained ranker of a catalogue."""

    card: Card
    in_force: bool
    """Whether its name alone means it."""


def ranker_versions(catalog: Catalog) -> list[RankerVersion]:
    """Every trained ranker; of each name the one in force first."""
    seen: set[str] = set()
    found = []
    for card in ranker_cards(catalog):
        found.append(RankerVersion(card, in_force=card.name not in seen))
        seen.add(card.name)
    return found


def put_in_force(catalog: Catalog, name: str) -> Card:
    """Let a name mean this version from now on; cuts that name a version are not changed.

    Args:
        catalog: Holds the ranker.
        name: `transformer@VERSION`.

    Raises:
        ModelError: There is none by that name and version, or its files are damaged; what was in
            force stays so.
    """
    kind, _, version = name.partition("@")
    cards = ranker_cards(catalog)
    found = [card for card in cards if (card.name, card.version) == (kind, version)]
    if not found:
        raise ModelError(_unknown(name, cards))
    load_ranker(catalog, name)
    register_card(catalog, found[0])
    return found[0]


def _unknown(name: str, cards: Sequence[Card]) -> str:
    known = ", ".join(f"{card.name}@{card.version}" for card in cards)
    return f"no trained ranker is called {name!r}; there are: {known or 'none'}"
