"""Rankers in the catalogue: trained on its films, kept beside it, found by name and version.

A training adds a version and replaces none, so whoever named a version keeps it.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import safetensors.torch

from editing.align.store import alignments_of
from editing.errors import ModelError
from editing.rank.checkpoint import Card, read_checkpoint, version_of, write_checkpoint
from editing.rank.features import FeatureSpace
from editing.rank.film import Film, Ranker
from editing.rank.label_training import LABEL_PLAN, Source, train_on_preferences
from editing.rank.networks import NETWORKS, NetworkRanker
from editing.rank.order_training import (
    ORDER_OBJECTIVE,
    before_trailers,
    order_plan,
    train_order,
)
from editing.rank.plan import ObjectiveName, Progress, TrainingPlan
from editing.rank.register import (
    RANKER_FOLDER,
    path_of,
    ranker_cards,
    ranker_rows,
    register_card,
)
from editing.rank.scoring import LinearRanker
from editing.rank.trailer_order import TrailerOrder, told, trailer_orders
from editing.rank.training import OBJECTIVES, Training, plan_for, train_network
from ingest.catalog import Catalog
from ingest.media import Media, MediaId

RANKERS = ("linear", *NETWORKS)
DEFAULT_RANKER = "linear"
"""Nothing measured so far shows that a network picks better cuts, only more diverse ones."""

_UNFINISHED = ".training"
_SHORTEST = 1e-3
_LAST_POSITION = 1 - 1e-6
_OBJECTIVES: dict[ObjectiveName, str] = {
    "reward": "diverse and representative selections, without labels (DR-DSN, 2018)",
    "adversarial": "selections that the film can be rebuilt from, without labels "
    "(SUM-GAN-AAE, 2020)",
    "actor-critic": "fragments that the film can be rebuilt from, without labels "
    "(AC-SUM-GAN, 2021)",
}
_PREFERENCES = "shots in the order in which they are preferred (Bradley-Terry)"


def film_from_catalog(catalog: Catalog, media: Media, embedding_model: str | None = None) -> Film:
    """The features of an ingested film.

    The embeddings are those by `embedding_model`; if that is None, by the default model, or by
    the only one that the film has embeddings of. Which of several others is never guessed.

    Raises:
        ModelError: They are damaged: embeddings hold NaN, or are of other shots.
        NotIngested: It was ingested without them.
    """
    times = catalog.frame_times(media.id)  # where they vary in rate, frames do not tell the time
    first_frames = [shot.span.start for shot in catalog.shots(media.id)]
    starts = (times[first_frames] - times[0]) * float(media.time_base)  # (shots,), seconds
    total = float(media.seconds)
    seconds = np.maximum(np.diff(starts, append=total), _SHORTEST)
    position = np.clip(starts / total, 0, _LAST_POSITION)
    embeddings, measures = catalog.embeddings(media.id, embedding_model), catalog.measures(media.id)
    try:
        return Film(embeddings, measures, seconds.astype(np.float32), position.astype(np.float32))
    except ValueError as error:
        raise ModelError(
            f"the features of {media.name} cannot be used: {error}.\n"
            "Ingest it again: reel ingest --force FILE"
        ) from error


def train_ranker(
    catalog: Catalog,
    name: str,
    media_ids: Sequence[MediaId],
    *,
    seed: int,
    objective: ObjectiveName = "reward",
    plan: TrainingPlan | None = None,
    afresh: bool = False,
    on_progress: Progress = lambda done: None,
) -> Card:
    """Train the network `name` (`lstm`, `transformer`) on ingested films; it becomes the latest.

    A training that was cut off goes on from the state that it kept, to the same network.

    Args:
        catalog: Holds the films.
        name: Which network.
        media_ids: The films.
        seed: Of all that is drawn.
        objective: What is taught; nothing of it needs labels.
        plan: How long and how hard.
        afresh: Forget what an unfinished training of the same kind kept.
        on_progress: Called with the share done, 0 to 1; an exception from it cuts the training off.

    Raises:
        ModelError: There is no such network or objective, the films are too short, their features
            differ, or the state that was kept is damaged.
        NotIngested: A film was ingested without the features.
        UnknownMedia: The catalogue has no such media.
    """
    _trainable(name)
    media = [catalog.get_media(media_id) for media_id in media_ids]
    films = _alike_films(catalog, media)
    if objective not in OBJECTIVES:
        raise ModelError(f"nothing is taught by {objective!r}; there are {', '.join(OBJECTIVES)}")
    plan = plan or plan_for(objective)
    with _unfinished(catalog, (name, objective, seed), media, afresh) as folder:
        training = train_network(
            name,
            films,
            seed=seed,
            objective=objective,
            plan=plan,
            state_folder=folder,
            on_progress=on_progress,
        )
        taught = _Taught(_OBJECTIVES[objective], seed, plan)
        return _keep(catalog, name, training, media, taught)


def train_ranker_on_labels(
    catalog: Catalog,
    name: str,
    sources: Sequence[Source],
    media_ids: Sequence[MediaId],
    *,
    seed: int,
    start: str = "",
    plan: TrainingPlan = LABEL_PLAN,
    afresh: bool = False,
    on_progress: Progress = lambda done: None,
) -> Card:
    """Train the network `name` on preferences; a new version, which becomes the latest.

    Args:
        catalog: Keeps it.
        name: Which network.
        sources: What to learn from.
        media_ids: The films that the sources speak of.
        seed: Of all that is drawn.
        start: The version to take further, of which only the last layers then learn; empty for a
            new network.
        plan: How long and how hard.
        afresh: Forget what an unfinished training of the same kind kept.
        on_progress: Called with the share done, 0 to 1; an exception from it cuts the training off.

    Raises:
        ModelError: There is nothing to learn, no such network or version, the films' features
            differ, or the state that was kept is damaged.
    """
    _trainable(name)
    media = [catalog.get_media(media_id) for media_id in media_ids]
    begin = load_ranker(catalog, f"{name}@{start}") if start else None
    if begin is not None and not isinstance(begin, NetworkRanker):
        raise ModelError(f"{name}@{start} is no network")
    told = tuple(_told(source) for source in sources)
    with _unfinished(catalog, (name, *told, start, seed), media, afresh) as folder:
        training = train_on_preferences(
            name,
            sources,
            seed=seed,
            start=begin,
            plan=plan,
            state_folder=folder,
            on_progress=on_progress,
        )
        taught = _Taught(_PREFERENCES, seed, plan, told, start)
        return _keep(catalog, name, training, media, taught)


def train_ranker_on_orders(
    catalog: Catalog,
    media_ids: Sequence[MediaId],
    *,
    seed: int,
    start: str = "",
    plan: TrainingPlan | None = None,
    afresh: bool = False,
    on_progress: Progress = lambda done: None,
) -> Card:
    """Teach a Transformer's order head the order of known trailers; a new version, the latest.

    It scores shots as `start` does. The head always begins as it was before trailers taught it, so
    trailers that are held out now were not learned from earlier.

    Args:
        catalog: Holds the films and the alignments of their trailers, and keeps the version.
        media_ids: The films; those without a trailer are left out.
        seed: Of what is held out and of all that is drawn.
        start: Whose scores it keeps; empty for the latest. One that trailers taught orders stands
            for the one it was made from.
        plan: How long and how hard; `order_plan` if None.
        afresh: Forget what an unfinished training of the same kind kept.
        on_progress: Called with the share done, 0 to 1; an exception from it cuts the training off.

    Raises:
        AlignmentError: An alignment cannot be read.
        ModelError: There is no transformer or no order, or a film has other features or frames.
        NotIngested: A film was ingested without the features.
        UnknownMedia: The catalogue has no such media.
    """
    name = "transformer"
    if not start and not any(kind == name for kind, _, _ in ranker_rows(catalog)):
        raise ModelError(
            "no transformer has been trained in this catalogue, so none can learn orders.\n"
            f"Train one first: reel learn train --model {name}"
        )
    wanted = _network(catalog, f"{name}@{start}" if start else name)
    versions = before_trailers(ranker_cards(catalog), wanted.version)
    begin, head_of = (_network(catalog, f"{name}@{version}") for version in versions)
    films = [catalog.get_media(media_id) for media_id in media_ids]
    known = [(one, order) for one in films for order in _orders_for(begin, catalog, one)]
    media = list({one.id: one for one, _ in known}.values())
    orders = [order for _, order in known]
    plan = plan or order_plan(len(orders))
    with _unfinished(catalog, (name, "order", begin.version, seed), media, afresh) as folder:
        training = train_order(
            begin,
            head_of,
            orders,
            seed=seed,
            plan=plan,
            state_folder=folder,
            on_progress=on_progress,
        )
        taught = _Taught(ORDER_OBJECTIVE, seed, plan, (told(orders),), begin.version)
        return _keep(catalog, name, training, media, taught)


def load_ranker(catalog: Catalog, name: str = DEFAULT_RANKER) -> Ranker:
    """The ranker `linear`, `lstm` or `transformer`, its latest version, or `name@version`.

    Raises:
        ModelError: There is none by that name and version, or its files are damaged.
    """
    kind, _, version = name.partition("@")
    if kind == "linear":
        return _linear(version)
    known = [row_version for row_kind, row_version, _ in ranker_rows(catalog) if row_kind == kind]
    if not known or version not in ("", *known):
        raise ModelError(_unknown(name, kind, known))
    chosen = version or known[0]
    try:
        return read_checkpoint(catalog.folder / RANKER_FOLDER / kind / chosen)[0]
    except ModelError as error:
        others = [f"{kind}@{other}" for other in known if other != chosen]
        if not others:
            raise
        raise ModelError(f"{error}; there is {', '.join(others)}") from error


def _network(catalog: Catalog, name: str) -> NetworkRanker:
    found = load_ranker(catalog, name)
    if not isinstance(found, NetworkRanker):
        raise ModelError(f"{name} is no network")
    return found


def _orders_for(ranker: NetworkRanker, catalog: Catalog, media: Media) -> list[TrailerOrder]:
    """The known orders of a film, which has the features that `ranker` was made for."""
    if not alignments_of(catalog, media):
        return []
    film = film_from_catalog(catalog, media, ranker.space.embedding_model)
    try:
        ranker.space.check(film)
    except ModelError as error:
        raise ModelError(f"{media.name} cannot be learned from: {error}") from error
    return trailer_orders(catalog, media, film)


def _trainable(name: str) -> None:
    if name not in NETWORKS:
        raise ModelError(f"{name!r} cannot be trained; {' and '.join(NETWORKS)} can")


def _told(source: Source) -> str:
    pairs = sum(len(preferences.weights) for preferences in source.preferences)
    return f"{source.name}, weight {source.weight:g}, {pairs:,} pairs"


@contextmanager
def _unfinished(
    catalog: Catalog, what: tuple[object, ...], media: Sequence[Media], afresh: bool
) -> Iterator[Path]:
    """The folder that keeps one training on its way; it goes once that is over and done."""
    text = json.dumps([*map(str, what), *(one.fingerprint for one in media)])
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = catalog.folder / RANKER_FOLDER / _UNFINISHED / name
    if afresh:
        shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _alike_films(catalog: Catalog, media: Sequence[Media]) -> list[Film]:
    films = [film_from_catalog(catalog, one) for one in media]
    for one, film in zip(media, films, strict=True):
        if FeatureSpace.of(film) != FeatureSpace.of(films[0]):
            raise ModelError(
                f"{one.name} has {FeatureSpace.of(film)}, and {media[0].name} has "
                f"{FeatureSpace.of(films[0])}.\nIngest them alike: reel ingest --force FILE"
            )
    return films


@dataclass(frozen=True, slots=True)
class _Taught:
    """What a card says of how a ranker was taught."""

    objective: str
    seed: int
    plan: TrainingPlan
    learned_from: tuple[str, ...] = ()
    started_from: str = ""


def _keep(
    catalog: Catalog, name: str, training: Training, media: Sequence[Media], taught: _Taught
) -> Card:
    """Write a trained network beside the catalogue and make it the latest of its name."""
    weights = safetensors.torch.save(training.network.state_dict())
    card = Card(
        name=name,
        version=version_of(name, training.space, training.config, weights),
        space=training.space,
        config=training.config,
        objective=taught.objective,
        learned_from=taught.learned_from,
        started_from=taught.started_from,
        trained_on=tuple(one.fingerprint for one in media),
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=taught.seed,
        plan=asdict(taught.plan),
        step=training.step,
        validation=training.validation,
        held_out=training.held_out,
    )
    write_checkpoint(catalog.folder / path_of(card), card, weights)
    register_card(catalog, card)
    return card


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
