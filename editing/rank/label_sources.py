"""Labels from what a catalogue knows, and from audiences' curves: sources to train on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from editing.align.store import trailer_labels
from editing.errors import ModelError
from editing.rank.audience_labels import AudienceLabels, labels_from_plays, labels_from_retention
from editing.rank.decisions import preferences_of_editors
from editing.rank.film import Film
from editing.rank.label_training import Source
from editing.rank.preferences import Preferences, pairs_of_labels
from ingest.catalog import Catalog
from ingest.media import Media, MediaId

SourceName = Literal["trailers", "editors", "audience"]
SOURCES: tuple[SourceName, ...] = get_args(SourceName)


@dataclass(frozen=True, slots=True)
class AudienceCurve:
    """How an audience watched a film, second by second; value `k` is of the second from `k` on."""

    viewers: int
    """Who watched any of it."""
    watched: NDArray[np.float64]
    """`(seconds,)`, who watched each second at least once."""
    again: NDArray[np.float64]
    """`(seconds,)`, who watched it at least twice."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `reel audience retention TITLE --format json` prints.

        Raises:
            ModelError: The file is not that.
        """
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            rows = found["curve"]
            columns = [np.array([float(row[c]) for row in rows]) for c in ("watched", "again")]
            curve = cls(int(found["viewers"]), *columns)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} holds no retention curve: {error!r}.\n"
                "Write one with: reel audience retention TITLE --format json"
            ) from error
        if curve.viewers < 1 or len(curve.watched) < 2:
            raise ModelError(f"{path} holds the curve of a title that nobody watched")
        return curve


def sources_of(
    catalog: Catalog,
    films: Mapping[MediaId, Film],
    wanted: Mapping[SourceName, float],
    curves: Mapping[MediaId, AudienceCurve],
) -> list[Source]:
    """What each wanted source says of `films`.

    Args:
        catalog: Holds alignments and cuts.
        films: To learn from.
        wanted: How much each source counts, above 0.
        curves: Of the films whose audience is known.

    Raises:
        ModelError: A wanted source says nothing of any of the films.
    """
    found: dict[SourceName, list[Preferences]] = {name: [] for name in wanted}
    media = {media_id: catalog.get_media(media_id) for media_id in films}
    for media_id, film in films.items():
        if "trailers" in found:
            found["trailers"] += _of_trailers(catalog, media[media_id], film)
        if "audience" in found and media_id in curves:
            found["audience"] += of_audience(film, media[media_id], curves[media_id])
    if "editors" in found:
        found["editors"] = preferences_of_editors(catalog, dict(films))
    sources = [Source(name, tuple(found[name]), weight) for name, weight in wanted.items()]
    for source in sources:
        if not any(len(pairs.weights) for pairs in source.preferences):
            raise ModelError(f"{_NOTHING[source.name]}\nOr leave out --labels {source.name}")
    return sources


_NOTHING = {
    "trailers": "no trailer of these films is known.\nAlign one: reel learn align FILM TRAILER",
    "editors": "no editor has accepted, replaced or rejected a shot of these films yet.",
    "audience": "no audience of these films is known.\nName a curve: --audience FILM=FILE",
}


def of_audience(film: Film, media: Media, curve: AudienceCurve) -> list[Preferences]:
    """The pairs that a curve stands for: of those who stayed, and of what was watched again."""
    total = float(media.seconds)
    starts = film.position.astype(np.float64) * total
    ends = np.append(starts[1:], total)
    reach = float(len(curve.watched))
    ends = np.where((starts < reach) & (ends > reach) & (ends < reach + 1), reach, ends)
    edges = np.arange(len(curve.watched) + 1, dtype=np.float64)
    share = np.clip(np.append(curve.watched[0], curve.watched) / curve.viewers, 0, 1)
    plays = curve.watched + curve.again
    stayed = labels_from_retention(edges, share, starts, ends, viewers=float(curve.viewers))
    again = labels_from_plays(edges, np.append(plays, plays[-1]), starts, ends)
    return [_pairs(film, labels) for labels in (stayed, again)]


def _pairs(film: Film, labels: AudienceLabels) -> Preferences:
    return pairs_of_labels(film, labels.labels, labels.weights, "audience")


def _of_trailers(catalog: Catalog, media: Media, film: Film) -> Sequence[Preferences]:
    found = trailer_labels(catalog, media)
    return [pairs_of_labels(film, *labels, "trailers") for labels in found]
