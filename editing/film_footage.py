"""What assembly and rankers see of an ingested film, read from the catalogue."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from editing.assemble.footage import Footage, fit_spans, interest_curve
from editing.frame_grid import FrameGrid
from editing.rank.film import Film, Ranker
from editing.rank.networks import NetworkRanker
from editing.rank.store import film_from_catalog
from ingest.catalog import Catalog
from ingest.errors import NotIngested
from ingest.media import Curves, Media
from ingest.speech import VOICE_RATE
from ingest.timecode import FrameRange


def footage_from_catalog(catalog: Catalog, media: Media, ranker: Ranker) -> Footage:
    """What assembly needs to know of an ingested film.

    Raises:
        ModelError: The ranker was made for other features.
        NotIngested: The film was ingested without something that is needed.
    """
    film = film_for(catalog, media, ranker)
    shots, grid = catalog.shots(media.id), FrameGrid.of(catalog, media)
    curves = catalog.curves(media.id)
    columns = {name: np.asarray(curves.frame_values[:, i]) for i, name in _numbered(curves)}
    still = np.zeros(media.frames, np.float32)
    return Footage(
        media=media.id,
        rate=media.rate,
        frames=grid.frames,
        fit=fit_frames(catalog, media),
        interest=interest_curve(
            shots,
            grid,
            columns.get("motion", still),
            curves.loudness,
            media.audio.offset if media.audio else Fraction(0),
        ),
        vectors=film.embeddings.vectors,
        scores=ranker.score(film),
        spans=tuple(grid.span(shot.span) for shot in shots),
        voiced=_voiced(catalog, media),
        sounding=media.audio is not None,
    )


def fit_frames(catalog: Catalog, media: Media) -> tuple[FrameRange | None, ...]:
    """Of each shot of a film, the frames that are fit to show, on its grid."""
    shots, curves = catalog.shots(media.id), catalog.curves(media.id)
    grid = FrameGrid.of(catalog, media)
    columns = {name: np.asarray(curves.frame_values[:, i]) for i, name in _numbered(curves)}
    return fit_spans(shots, grid, columns.get("luma", np.ones(media.frames, np.float32)))


def film_for(catalog: Catalog, media: Media, ranker: Ranker) -> Film:
    """A film's features, with the embeddings that the ranker was made for."""
    model = ranker.space.embedding_model if isinstance(ranker, NetworkRanker) else None
    return film_from_catalog(catalog, media, model)


def _voiced(catalog: Catalog, media: Media) -> NDArray[np.float64]:
    """From when to when somebody speaks, `(stretches, 2)`, in seconds from the first picture."""
    if media.audio is None:
        return np.zeros((0, 2))
    try:
        voiced = catalog.sound(media.id).voiced
    except NotIngested:  # by an ingest that did not listen yet: told as no speech
        return np.zeros((0, 2))
    return voiced / VOICE_RATE + float(media.audio.offset)


def _numbered(curves: Curves) -> list[tuple[int, str]]:
    return list(enumerate(curves.frame_names)) if curves.frame_values.size else []
