"""Which cut, and which shots, fit what a segment watches.

The catalogue gives each shot's embedding and where the shot lies in its film; the log, through the
titles that are films of the catalogue, who watched it. `recsys.audience.taste` does the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from dashboard.title_films import NamedFilm, films_of, find_film
from editing.cut_store import list_cuts, load_cut
from ingest.catalog import Catalog
from ingest.errors import IngestError
from ingest.media import Embeddings, MediaId
from recsys.audience.taste import VECTOR, Taste, segment_taste
from recsys.errors import NoUsableRows
from recsys.logs.store import LogStore
from recsys.viewing_log import DURATION_SECONDS, FROM_SECONDS, ITEM, TITLE, TO_SECONDS

MOST_FILMS = 200
MOST_CUTS = 200
"""The latest are tried."""


@dataclass(frozen=True, slots=True)
class TitleFilm:
    """A title of the log that is a film of the catalogue."""

    item: str
    title: str
    film: NamedFilm


@dataclass(frozen=True, slots=True)
class FittingCuts:
    """The cuts and shots of a library, by how far they lie towards a segment's taste."""

    segment: str
    model: str
    """By which shots were embedded."""
    viewers: int
    """Users of the segment on whom the taste rests."""
    films: int
    """That anybody of the log watched."""
    by_shot: bool
    """Whether the log tells which shots were watched, or titles only."""
    cuts: pl.DataFrame
    """`rank, cut, name, film, seconds, fit`, best first; fit is a cosine, -1 to 1."""
    shots: pl.DataFrame
    """`rank, film, media, shot, from_seconds, to_seconds, fit`, best first."""


def titles_with_films(
    catalog: Catalog, store: LogStore, links: Mapping[str, str | None]
) -> list[TitleFilm]:
    """The titles of the log that are films of the catalogue."""
    films = films_of(catalog)
    lengths = store.collect(store.scan().group_by(ITEM).agg(pl.col(DURATION_SECONDS).max()))
    names = dict(store.titles().select(ITEM, TITLE).drop_nulls().iter_rows())
    by_name = {film.fingerprint: film for film in films}
    found = []
    for item, seconds in lengths.sort(ITEM).iter_rows():
        if item in links:
            film = by_name.get(links[item] or "")
        else:
            film = find_film(films, {}, item, names.get(item, ""), seconds or 0.0)
        if film is not None:
            found.append(TitleFilm(item, names.get(item, item), film))
    return found[:MOST_FILMS]


def fitting_cuts(
    catalog: Catalog,
    store: LogStore,
    titles: Iterable[TitleFilm],
    segment: str,
    users: Iterable[str],
) -> FittingCuts:
    """Rank the cuts of a catalogue, and the shots of its films, for a segment.

    Args:
        catalog: Holds films, their embeddings, and cuts.
        store: Holds the log.
        titles: Which titles of the log are films of the catalogue.
        segment: Its name.
        users: Of the segment.

    Raises:
        NoUsableRows: No title is a film with embeddings, or too few of its users watched one.
    """
    vectors = _embeddings(catalog, [one.film.media for one in titles])
    watched = [one for one in titles if one.film.media in vectors]
    if not watched:
        reason = (
            "no title of the log is a film of the catalogue with embeddings; ingest its film with "
            "`reel ingest FILE`, and say on the page Audience which title it is"
        )
        raise NoUsableRows("the taste of a segment", reason)
    spans = {one.film.media: _spans(catalog, one.film.media) for one in watched}
    log = store.collect(store.scan().filter(pl.col(ITEM).is_in([one.item for one in watched])))
    by_shot = bool(log[FROM_SECONDS].count())
    table = pl.concat(
        _rows(one.item, spans[one.film.media], vectors[one.film.media], by_shot=by_shot)
        for one in watched
    )
    taste = segment_taste(log, table, set(users))
    return FittingCuts(
        segment=segment,
        model=next(iter(vectors.values())).model,
        viewers=taste.viewers,
        films=len(watched),
        by_shot=by_shot,
        cuts=_ranked_cuts(catalog, taste, vectors),
        shots=_ranked_shots(taste, watched, vectors, spans),
    )


def _embeddings(catalog: Catalog, media: Iterable[int]) -> dict[int, Embeddings]:
    """Those of each film that has some, all by the model of the first."""
    found: dict[int, Embeddings] = {}
    model = None
    for number in dict.fromkeys(media):
        try:
            found[number] = catalog.embeddings(MediaId(number), model)
        except IngestError:
            continue
        model = found[number].model
    return found


def _spans(catalog: Catalog, media: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """`(shots, 2)`: from and to, seconds."""
    film = catalog.get_media(MediaId(media))
    shots = [(shot.span.start, shot.span.end) for shot in catalog.shots(film.id)]
    return np.array(shots, np.float64) / float(film.rate)


def _rows(
    item: str,
    spans: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    vectors: Embeddings,
    *,
    by_shot: bool,
) -> pl.DataFrame:
    """`item, vector` of a title, or of each of its shots with `from_seconds` and `to_seconds`."""
    found = np.asarray(vectors.vectors, np.float32)
    if not by_shot:
        return pl.DataFrame({ITEM: [item], VECTOR: [found.mean(axis=0).tolist()]})
    return pl.DataFrame(
        {
            ITEM: [item] * len(found),
            VECTOR: found.tolist(),
            FROM_SECONDS: spans[:, 0],
            TO_SECONDS: spans[:, 1],
        }
    )


def _ranked_cuts(catalog: Catalog, taste: Taste, known: Mapping[int, Embeddings]) -> pl.DataFrame:
    known = dict(known)
    model = next(iter(known.values())).model
    rows = []
    for summary in sorted(list_cuts(catalog), key=lambda one: -one.id)[:MOST_CUTS]:
        cut = load_cut(catalog, summary.id)
        for media in {int(slot.media) for slot in cut.slots} - known.keys():
            try:
                known[media] = catalog.embeddings(MediaId(media), model)
            except IngestError:
                continue
        slots = [slot for slot in cut.slots if int(slot.media) in known]
        if len(slots) < len(cut.slots) or not slots:
            continue  # a part of it that cannot be judged would be judged as nothing
        shown = np.stack([known[int(slot.media)].vectors[slot.shot] for slot in slots])
        seconds = np.array([slot.source.end - slot.source.start for slot in slots], np.float64)
        rows.append(
            {
                "cut": cut.id,
                "name": cut.name,
                "film": catalog.get_media(slots[0].media).name,
                "seconds": float(cut.frames / cut.rate),
                "fit": taste.fit_of_cut(np.asarray(shown, np.float32), seconds),
            }
        )
    table = pl.DataFrame(rows, schema=_CUTS)
    return table.sort("fit", "cut", descending=[True, False]).with_row_index("rank", 1)


_CUTS = {
    "cut": pl.Int64,
    "name": pl.String,
    "film": pl.String,
    "seconds": pl.Float64,
    "fit": pl.Float64,
}


def _ranked_shots(
    taste: Taste,
    titles: Iterable[TitleFilm],
    vectors: Mapping[int, Embeddings],
    spans: Mapping[int, np.ndarray[tuple[int, int], np.dtype[np.float64]]],
    most: int = 24,
) -> pl.DataFrame:
    tables = []
    for film in {one.film.media: one.film for one in titles}.values():
        found = np.asarray(vectors[film.media].vectors, np.float32)
        tables.append(
            pl.DataFrame(
                {
                    "film": [film.name] * len(found),
                    "media": [film.media] * len(found),
                    "shot": np.arange(len(found)),
                    FROM_SECONDS: spans[film.media][:, 0],
                    TO_SECONDS: spans[film.media][:, 1],
                    "fit": taste.fit(found),
                }
            )
        )
    order = pl.concat(tables).sort("fit", "media", "shot", descending=[True, False, False])
    return order.head(most).with_row_index("rank", 1)
