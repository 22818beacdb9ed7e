"""The register of trained rankers in the catalogue: the latest of a name is the one in force."""

from contextlib import suppress

from sqlalchemy import delete, insert, select

from editing.rank.checkpoint import Card
from ingest import tables
from ingest.catalog import Catalog

RANKER_FOLDER = "rankers"
"""Beside the catalogue; a folder for each name and in it one for each version."""
_KIND = "ranker"


def ranker_cards(catalog: Catalog) -> list[Card]:
    """The cards of every trained ranker that this program can read, the latest first."""
    cards = []
    for _, _, text in ranker_rows(catalog):
        with suppress(ValueError):  # of another version of this program; `load_ranker` says so
            cards.append(Card.from_json(text))
    return cards


def ranker_rows(catalog: Catalog) -> list[tuple[str, str, str]]:
    """Name, version and card of every ranker, the latest first."""
    model = tables.model
    query = select(model.c.name, model.c.version, model.c.card).where(model.c.kind == _KIND)
    with catalog.reading() as connection:
        rows = connection.execute(query.order_by(model.c.id.desc())).all()
    return [(row.name, row.version, row.card) for row in rows]


def register_card(catalog: Catalog, card: Card) -> None:
    """Make a kept ranker the latest of its name; one that is known already moves up."""
    model = tables.model
    row = {"kind": _KIND, "name": card.name, "version": card.version}
    same = [model.c[column] == value for column, value in row.items()]
    row |= {"path": path_of(card), "card": card.to_json(), "created_at": card.trained_at}
    with catalog.transaction() as connection:
        connection.execute(delete(model).where(*same))
        connection.execute(insert(model), [row])


def path_of(card: Card) -> str:
    """Where a ranker is kept, from the catalogue's folder on."""
    return f"{RANKER_FOLDER}/{card.name}/{card.version}"
