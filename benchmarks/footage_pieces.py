"""Real footage in pieces of about a second: the shots of ten short films are too few to learn from.

Measures are means of the catalogue's curves over a piece; its vector is the image model's of its
middle frame. Pieces of one shot are alike, as shots of one scene are.
"""

import itertools
from pathlib import Path

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from editing.rank.film import Film
from ingest.catalog import Catalog
from ingest.features import make_image_model
from ingest.media import Embeddings, Floats, Media, ShotMeasures
from ingest.video import Damage, decode, open_streams

SECONDS = 1.0
_WIDTH = 320


def film_in_pieces(catalog: Catalog, media: Media) -> Film:
    """An ingested film with its pieces for shots."""
    edges = piece_edges(catalog, media)
    curves = catalog.curves(media.id)
    columns = [_means(np.asarray(curves.frame_values[:, i]), edges) for i in range(5)]
    model = make_image_model()
    vectors = model.embed(frames_at(Path(media.path), (edges[:-1] + edges[1:]) // 2))
    seconds = np.diff(edges) / float(media.rate)
    return Film(
        Embeddings(model.name, model.version, vectors),
        ShotMeasures(curves.frame_names[:5], np.stack(columns, axis=1).astype(np.float32)),
        seconds.astype(np.float32),
        (edges[:-1] / edges[-1]).astype(np.float32),
    )


def piece_edges(catalog: Catalog, media: Media) -> NDArray[np.int64]:
    """`(pieces + 1,)`, frames: every shot in equal pieces of `SECONDS` or somewhat more."""
    edges = [0]
    for shot in catalog.shots(media.id):
        pieces = max(1, int(shot.span.frames / float(media.rate) / SECONDS))
        edges += [shot.span.start + shot.span.frames * (i + 1) // pieces for i in range(pieces)]
    return np.array(edges)


def frames_at(path: Path, wanted: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
    """The RGB pictures of the `wanted` frames, rising, 320 wide; the last for any missing."""
    pictures: list[NDArray[np.uint8]] = []
    streams = open_streams(path)
    count = 0
    for frame in decode(streams, Damage()):
        if not isinstance(frame, VideoFrame):
            continue
        while len(pictures) < len(wanted) and wanted[len(pictures)] <= count:
            height = max(1, _WIDTH * frame.height // frame.width)
            picture = frame.reformat(_WIDTH, height, "rgb24").to_ndarray()
            pictures.append(picture.astype(np.uint8))
        count += 1
    streams.container.close()
    return pictures + pictures[-1:] * (len(wanted) - len(pictures))


def _means(curve: Floats, edges: NDArray[np.int64]) -> Floats:
    """`(pieces,)`: the mean of the finite values of each piece; NaN where there are none."""
    parts = [curve[a:b][np.isfinite(curve[a:b])] for a, b in itertools.pairwise(edges)]
    return np.array([part.mean() if len(part) else np.nan for part in parts], np.float32)
