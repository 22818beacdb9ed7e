"""Shots that look like one: nearest by the embeddings of their pictures, over the whole library.

An exact search over the films' own files, its own film first and then the newest; it ends after a
while and tells how far it came, so that a page stays quick however large the library is.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from sqlalchemy import select

from dashboard.sources import open_catalog
from ingest import tables
from ingest.arrays import read_array
from ingest.catalog import Catalog
from ingest.derived_files import EMBEDDINGS
from ingest.errors import CatalogError
from ingest.media import MediaId

MOST_SECONDS = 0.4
"""Of looking through other films."""


@dataclass(frozen=True, slots=True)
class SimilarShot:
    """A shot, and how like the one asked about it is."""

    media: int
    shot: int
    film: str
    similarity: float
    """Cosine of the embeddings, -1 to 1."""


@dataclass(frozen=True, slots=True)
class SimilarShots:
    """What a search found."""

    shots: list[SimilarShot]
    """The most similar first."""
    searched: int
    """Films that were looked through."""
    films: int
    """Films with embeddings by the same model."""
    model: str


@st.cache_data(max_entries=64, show_spinner=False)
def similar_shots(
    folder: Path, media_id: int, shot: int, *, count: int = 12, state: str
) -> SimilarShots:
    """The shots of the library that look most like one.

    Args:
        folder: Of the catalogue.
        media_id: The film of the shot.
        shot: Its index.
        count: How many are told.
        state: Of the catalogue.

    Raises:
        NotIngested: The film has no embeddings.
    """
    catalog = open_catalog(folder)
    own = catalog.embeddings(MediaId(media_id))
    if not 0 <= shot < len(own.vectors):
        return SimilarShots([], 0, 0, own.model)
    wanted = np.asarray(own.vectors[shot], np.float32)
    others = _embedding_files(catalog, own.model, media_id)
    began, searched = time.monotonic(), 1
    best = [(media_id, *pair) for pair in _nearest(own.vectors, wanted, count + 1, without=shot)]
    for other, path in others:
        if time.monotonic() - began > MOST_SECONDS:
            break
        searched += 1
        try:
            vectors = read_array(folder / path)
        except CatalogError:
            continue
        if vectors.ndim == 2 and vectors.shape[1] == len(wanted):
            best += [(other, *pair) for pair in _nearest(vectors, wanted, count)]
    best = sorted(best, key=lambda found: (-found[2], found[0], found[1]))[:count]
    names = {number: catalog.get_media(number).name for number in {found[0] for found in best}}
    shots = [SimilarShot(media, index, names[media], cosine) for media, index, cosine in best]
    return SimilarShots(shots, searched, 1 + len(others), own.model)


def _nearest(
    vectors: NDArray[np.float32], wanted: NDArray[np.float32], count: int, *, without: int = -1
) -> list[tuple[int, float]]:
    """The rows with the greatest dot product, as `(row, product)`; not the row `without`."""
    products = np.asarray(vectors, np.float32) @ wanted
    if without >= 0:
        products[without] = -np.inf
    rows = np.argsort(-products, kind="stable")[:count]
    return [(int(row), float(products[row])) for row in rows if np.isfinite(products[row])]


def _embedding_files(catalog: Catalog, model: str, without: int) -> list[tuple[int, str]]:
    """The embeddings of the other films by a model, of the newest film first."""
    files = tables.array_file.c
    query = select(files.media_id, files.path).where(
        files.kind == EMBEDDINGS, files.model == model, files.media_id != without
    )
    with catalog.reading() as connection:
        rows = connection.execute(query.order_by(files.media_id.desc())).all()
    return [(row[0], row[1]) for row in rows]
