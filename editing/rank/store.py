"""Rankers in the catalogue: trained on its films, kept beside it, found by name and version.

A training adds a version and replaces none, so whoever named a version keeps it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import safetensors.torch
from sqlalchemy import delete, insert, select

from editing.errors import ModelError
from editing.rank.checkpoint import Card, read_checkpoint, version_of, write_checkpoint
from editing.rank.features import FeatureSpace
from editing.rank.film import Film, Ranker
from editing.rank.networks import NETWORKS
from editing.rank.scoring import LinearRanker
from editing.rank.training import Progress, Training, TrainingPlan, train_network
from ingest import tables
from ingest.catalog import Catalog
from ingest.media import Media, MediaId

RANKERS = ("linear", *NETWORKS)
DEFAULT_RANKER = "linear"
"""Nothing measured so far shows that a network picks better cuts, only more diverse ones."""

_KIND = "ranker"
_FOLDER = "rankers"
_SHORTEST = 1e-3
_LAST_POSITION = 1 - 1e-6
_OBJECTIVE = "diverse and representative selections, without labels (DR-DSN, 2018)"


def film_from_catalog(catalog: Catalog, media: Media, embedding_model: str | None = None) -> Film:
    """The features of an ingested film; the embeddings by `embedding_model` if it has several.

    Raises:
        NotIngested: It was ingested without them.
    """
    times = catalog.frame_times(media.id)  # where they vary in rate, frames do not tell the time
    first_frames = [shot.span.start for shot in catalog.shots(media.id)]
    starts = (times[first_frames] - times[0]) * float(media.time_base)  # (shots,), seconds
    total = float(media.seconds)
    seconds = np.maximum(np.diff(starts, append=total), _SHORTEST)
    position = np.clip(starts / total, 0, _LAST_POSITION)
    return Film(
        catalog.embeddings(media.id, embedding_model),
        catalog.measures(media.id),
        seconds.astype(np.float32),
        position.astype(np.float32),
    )


def train_ranker(
    catalog: Catalog,
    name: str,
    media_ids: Sequence[MediaId],
    *,
    seed: int,
    plan: TrainingPlan | None = None,
    on_progress: Progress | None = None,
) -> Card:
    """Train the network `name` (`lstm`, `transformer`) on ingested films; it becomes the latest.

    Raises:
        ModelError: There is no such network, the films are too short, or their features differ.
        NotIngested: A film was ingested without the features.
        UnknownMedia: The catalogue has no such media.
    """
    if name not in NETWORKS:
        raise ModelError(f"{name!r} cannot be trained; {' and '.join(NETWORKS)} can")
    plan = plan or TrainingPlan()
    media = [catalog.get_media(media_id) for media_id in media_ids]
    films = _alike_films(catalog, media)
    training = train_network(name, films, seed=seed, plan=plan, on_progress=on_progress)
    weights = safetensors.torch.save(training.network.state_dict())
    card = _card(name, training, media, seed=seed, plan=plan, weights=weights)
    path = f"{_FOLDER}/{name}/{card.version}"
    write_checkpoint(catalog.folder / path, card, weights)
    _register(catalog, card, path)
    return card


def load_ranker(catalog: Catalog, name: str = DEFAULT_RANKER) -> Ranker:
    """The ranker `linear`, `lstm` or `transformer`, its latest version, or `name@version`.

    Raises:
        ModelError: There is none by that name and version, or its files are damaged.
    """
    kind, _, version = name.partition("@")
    if kind == "linear":
        return _linear(version)
    known = [card for card in ranker_cards(catalog) if card.name == kind]
    for card in known:
        if version in ("", card.version):
            return read_checkpoint(catalog.folder / _FOLDER / card.name / card.version)[0]
    raise ModelError(_unknown(name, kind, [card.version for card in known]))


def ranker_cards(catalog: Catalog) -> list[Card]:
    """The cards of every trained ranker, the latest first.

    Raises:
        ModelError: The catalogue holds a card that this program cannot read.
    """
    query = select(tables.model.c.card).where(tables.model.c.kind == _KIND)
    with catalog.reading() as connection:
        texts = connection.scalars(query.order_by(tables.model.c.id.desc())).all()
    try:
        return [Card.from_json(text) for text in texts]
    except ValueError as error:
        raise ModelError(
            f"the catalogue in {catalog.folder} has a ranker's card that cannot be read: {error}.\n"
            "Use the version of this program that wrote it, or the linear scorer"
        ) from error


def _alike_films(catalog: Catalog, media: Sequence[Media]) -> list[Film]:
    films = [film_from_catalog(catalog, one) for one in media]
    for one, film in zip(media, films, strict=True):
        if FeatureSpace.of(film) != FeatureSpace.of(films[0]):
            raise ModelError(
                f"{one.name} has {FeatureSpace.of(film)}, and {media[0].name} has "
                f"{FeatureSpace.of(films[0])}.\nIngest them alike: reel ingest --force FILE"
            )
    return films


def _card(
    name: str,
    training: Training,
    media: Sequence[Media],
    *,
    seed: int,
    plan: TrainingPlan,
    weights: bytes,
) -> Card:
    return Card(
        name=name,
        version=version_of(name, training.space, training.config, weights),
        space=training.space,
        config=training.config,
        objective=_OBJECTIVE,
        trained_on=tuple(one.fingerprint for one in media),
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        plan=asdict(plan),
        step=training.step,
        validation=training.validation,
        held_out=training.held_out,
    )


def _register(catalog: Catalog, card: Card, path: str) -> None:
    """Make `card` the latest of its name; the very same network trained again moves up."""
    model = tables.model
    row = {"kind": _KIND, "name": card.name, "version": card.version}
    same = [model.c[column] == value for column, value in row.items()]
    row |= {"path": path, "card": card.to_json(), "created_at": card.trained_at}
    with catalog.transaction() as connection:
        connection.execute(delete(model).where(*same))
        connection.execute(insert(model), [row])


def _linear(version: str) -> LinearRanker:
    ranker = LinearRanker()
    if version not in ("", ranker.version):
        raise ModelError(_unknown(f"linear@{version}", "linear", [ranker.version]))
    return ranker


def _unknown(name: str, kind: str, versions: Sequence[str]) -> str:
    if kind not in RANKERS:
        return f"no ranker is called {name!r}; there are {', '.join(RANKERS)}"
    if not versions:
        return f"no {kind} has been trained in this catalogue.\nTrain one, or use the linear scorer"
    return f"there is no ranker {name!r}.\nOf {kind} there are the versions {', '.join(versions)}"
