"""Training on preferences of one source or several: editors, trailers, audiences, mixed by weight.

Stopped by pairs that were held out; a network that was trained before may be taken further, and is
then a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.networks import (
    Network,
    NetworkRanker,
    compute_device,
    config_for,
    network_from,
    new_network,
)
from editing.rank.plan import FINE_TUNING, Progress, TrainingPlan
from editing.rank.preferences import (
    PreferenceObjective,
    Preferences,
    PreferenceSplit,
    agreement,
    split_preferences,
)
from editing.rank.scoring import LinearRanker
from editing.rank.training import Keeping, Training, fit
from ingest.threads import one_thread

LABEL_PLAN = FINE_TUNING


@dataclass(frozen=True, slots=True)
class Source:
    """Preferences that come from one place, and how much they count beside others."""

    name: str
    preferences: tuple[Preferences, ...]
    weight: float = 1.0
    """All its pairs together count this much; above 0."""

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise ValueError(f"the weight of {self.name} is above 0, got {self.weight}")


def mixed(sources: Sequence[Source]) -> list[Preferences]:
    """Every source's pairs, so weighted that each source counts as much as it should.

    A source's weight is shared among its films in equal parts, and a film's among its pairs by
    their own weights.
    """
    found = []
    for source in sources:
        telling = [pairs for pairs in source.preferences if len(pairs.weights)]
        found += [pairs.weighing(source.weight / len(telling)) for pairs in telling]
    return found


def train_on_preferences(
    name: str,
    sources: Sequence[Source],
    *,
    seed: int,
    start: NetworkRanker | None = None,
    plan: TrainingPlan = LABEL_PLAN,
    state_folder: Path | None = None,
    on_progress: Progress = lambda done: None,
) -> Training:
    """Train the network `name` on what was preferred.

    Args:
        name: `lstm` or `transformer`.
        sources: What to learn from.
        seed: Of the first weights, what is held out, and the turns of films.
        start: Taken further: only its last layers learn. None for a new network.
        plan: How long and how hard.
        state_folder: Where the training is kept on its way, to go on from; None for nowhere.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        ModelError: No shot is preferred to another, the films have different features, or `start`
            was made for others or is another network.
    """
    generator, device = torch.Generator().manual_seed(seed), compute_device()
    split = split_preferences(mixed(sources), generator)
    space = FeatureSpace.of(split.training[0].film)
    network, config = _first(name, start, split, space, generator)
    with one_thread():
        network.to(device)
        made = PreferenceObjective(
            network,
            split,
            start.space if start else space,
            plan=plan,
            head_only=start is not None,
            device=device,
        )
        figures = _baselines(split.validation) | {"untrained": made.figure()}
        settings = {"network": name, "config": config, "seed": seed}
        settings["start"] = start.version if start else ""
        keep = Keeping(state_folder, settings, made.content)
        fitted = fit(
            made,
            plan=plan,
            seed=seed,
            generator=generator,
            keep=keep.of("preferences", plan),
            on_progress=on_progress,
        )
    figures["agreement"] = fitted.figure
    made_for = start.space if start else space
    return Training(network.cpu(), made_for, config, fitted.step, figures, split.held_out)


def _first(
    name: str,
    start: NetworkRanker | None,
    split: PreferenceSplit,
    space: FeatureSpace,
    generator: torch.Generator,
) -> tuple[Network, dict[str, int]]:
    if start is None:
        config = config_for(name, space)
        return new_network(name, config, generator), config
    if start.name != name:
        raise ModelError(f"{start.name}@{start.version} is no {name} and cannot become one")
    for pairs in (*split.training, *split.validation):
        start.space.check(pairs.film)
    config = start.config
    weights = {key: value.clone() for key, value in start.network.state_dict().items()}
    return network_from(name, config, weights), config


def _baselines(validation: Sequence[Preferences]) -> dict[str, float]:
    """The agreement of the linear scorer; chance is a half."""
    linear, total, right = LinearRanker(), 0.0, 0.0
    for pairs in validation:
        weight = float(pairs.weights.sum())
        right += weight * agreement(linear.score(pairs.film).values, pairs)
        total += weight
    return {"linear": right / total}
