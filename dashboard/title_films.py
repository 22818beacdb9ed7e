"""Which film of the catalogue a title of the log is, so that its curves point at shots.

A person says so, or the names say it: a file named as the title or the item, of the same length.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sqlalchemy import select

from dashboard.people import Person, needs
from dashboard.settings import Workspace
from ingest import tables
from ingest.catalog import Catalog
from recsys.atomic import whole_file

LINKS = "title_films.json"
"""In the workspace: for each item that a person has linked, the fingerprint of its film or null."""


@dataclass(frozen=True, slots=True)
class NamedFilm:
    """A film that a title may be."""

    media: int
    name: str
    fingerprint: str
    seconds: float


def plain_name(text: str) -> str:
    """Letters and digits only, in lower case: `Big Buck Bunny (2008)` is `bigbuckbunny2008`."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def of_same_length(film_seconds: float, title_seconds: float) -> bool:
    """Whether both are as long but for two seconds, or two in a hundred."""
    return abs(film_seconds - title_seconds) <= max(2.0, 0.02 * title_seconds)


def films_of(catalog: Catalog) -> list[NamedFilm]:
    """Every film of the catalogue, by name."""
    media = tables.media.c
    query = select(media.id, media.path, media.fingerprint, media.frames, media.rate)
    with catalog.reading() as connection:
        rows = connection.execute(query).all()
    films = [
        NamedFilm(
            row.id,
            row.path.replace("\\", "/").rsplit("/", 1)[-1],
            row.fingerprint,
            float(row.frames / Fraction(row.rate)),
        )
        for row in rows
    ]
    return sorted(films, key=lambda film: film.name.casefold())


def find_film(
    films: list[NamedFilm],
    links: Mapping[str, str | None],
    item: str,
    title: str,
    seconds: float,
) -> NamedFilm | None:
    """The film of a title: the one that a person linked, else one named like it and as long.

    Args:
        films: Those of the catalogue.
        links: As `read_links` gives them.
        item: Of the log.
        title: Its name.
        seconds: Its length.
    """
    if item in links:
        return next((film for film in films if film.fingerprint == links[item]), None)
    wanted = {plain_name(item), plain_name(title)} - {""}
    return next(
        (
            film
            for film in films
            if plain_name(Path(film.name).stem) in wanted and of_same_length(film.seconds, seconds)
        ),
        None,
    )


def read_links(workspace: Workspace) -> dict[str, str | None]:
    """What people have linked; nothing where the file is damaged or not there."""
    try:
        links = json.loads((workspace.root / LINKS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return links if isinstance(links, dict) else {}


@needs("editor")
def link_film(person: Person, workspace: Workspace, item: str, fingerprint: str | None) -> None:
    """Keep which film a title is; None keeps that it is none.

    Raises:
        NotAllowed: The person is no editor.
    """
    links = read_links(workspace) | {item: fingerprint}
    with whole_file(workspace.root / LINKS) as draft:
        draft.write_text(json.dumps(links, indent=1, sort_keys=True), "utf-8")
