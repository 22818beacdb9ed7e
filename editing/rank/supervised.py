"""Training on labels: a network learns how important each shot, or each step of a video, is.

A label is one number a shot, with a weight, NaN where nothing is known, so labels of any source
(annotators, viewers, editors) fit, and several can be mixed. Stopped by Kendall's tau on films held
out for that and never by those it is tested on. Same films, labels and seed, same network, on one
machine; a training that was cut off goes on from its last whole epoch as if nothing had been.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.metrics import kendall_tau
from editing.rank.networks import (
    Network,
    compute_device,
    config_for,
    network_from,
    new_network,
)
from editing.rank.scoring import LinearRanker
from editing.rank.training_state import (
    TrainingState,
    identity,
    optimizer_tensors,
    read_state,
    restore_optimizer,
    write_state,
)
from ingest.threads import one_thread

Doubles = NDArray[np.float64]
Loss = Literal["regression", "ranking"]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class SupervisedPlan:
    """How long and how hard to train."""

    epochs: int = 50
    """At most; in each, every film, or piece of a long one, is learned from once."""
    patience: int = 10
    """Stop when the validation tau has not risen for so many epochs."""
    loss: Loss = "regression"
    """`regression`: squared error; `ranking`: which of two shots matters more."""
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    longest_gradient: float = 5.0
    """A longer one is cut to this norm."""
    window: int = 512
    """Shots; a longer film is trained on in equal pieces no longer than this, and scored whole."""

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience) < 1 or self.window < 2:
            raise ValueError(f"no training can follow {self}")
        if self.loss not in ("regression", "ranking"):
            raise ValueError(f"the loss is regression or ranking, got {self.loss!r}")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A film and what is known of its shots' importance."""

    film: Film
    labels: Doubles
    """`(shots,)`, on any scale; NaN where unknown."""
    weights: Doubles
    """`(shots,)`, at least 0: how much each label counts; 0 leaves it out."""
    annotators: Doubles | None = None
    """`(annotators, shots)`, NaN where unknown: who validation is judged by; None: `labels`."""

    def __post_init__(self) -> None:
        shots = self.film.shots
        if self.labels.shape != (shots,) or self.weights.shape != (shots,):
            raise ValueError(
                f"{self.labels.shape = } and {self.weights.shape = } do not fit {shots} shots"
            )
        if np.isinf(self.labels).any():
            raise ValueError("a label is infinite; an unknown one is NaN")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            raise ValueError("every weight is a number of at least 0")
        if self.annotators is not None and self.annotators.shape[1:] != (shots,):
            raise ValueError(f"{self.annotators.shape = } does not fit {shots} shots")

    @property
    def known(self) -> NDArray[np.bool_]:
        """`(shots,)`: which labels count."""
        return np.isfinite(self.labels) & (self.weights > 0)

    @property
    def informative(self) -> bool:
        """Whether any two labels that count differ."""
        labels = self.labels[self.known]
        differ = bool(len(labels)) and bool((labels != labels[0]).any())
        return differ and bool(labels.std() > 0)  # it is 0 where they differ by next to nothing

    def tau(self, scores: Doubles) -> float:
        """Kendall's tau of `scores`, `(shots,)`, with the annotators; NaN if they prefer none."""
        labels = np.where(self.known, self.labels, np.nan)[None]
        return kendall_tau(scores, labels if self.annotators is None else self.annotators)


@dataclass(frozen=True, slots=True)
class SupervisedTraining:
    """A trained network and how it did."""

    network: Network
    space: FeatureSpace
    config: dict[str, int]
    step: int
    """The epoch after which validation was best, from 1; `network` is as it was then."""
    validation: dict[str, float]
    """Kendall's tau on what was held out: `tau` of this network, `untrained` of the same one
    before, `linear` of the scorer that learns nothing."""
    held_out: str
    """What the validation figures are on, in words for people."""
    history: tuple[tuple[float, float], ...]
    """Mean loss and validation tau of every epoch."""

    def scores(self, film: Film) -> Doubles:
        """The network's scores of a film's shots, `(shots,)`, by the scale of its labels.

        Raises:
            ModelError: The film has other features.
        """
        with one_thread(), torch.inference_mode():
            values: Doubles = self.network(self.space.encode(film)[None])[0].double().numpy()
        return values


def train_supervised(
    films: Sequence[Film],
    labels: Sequence[Doubles],
    weights: Sequence[Doubles] | None = None,
    *,
    validation: Sequence[Labelled],
    name: str = "lstm",
    seed: int,
    plan: SupervisedPlan | None = None,
    state_file: Path | None = None,
    on_progress: Progress = lambda done: None,
) -> SupervisedTraining:
    """Train the network `name` (`lstm`, `transformer`) to order shots as their labels do.

    Labels are compared within a film only: they are standardised over its known shots, as its
    features are over the film.

    Args:
        films: What to learn from.
        labels: For each film `(shots,)`; NaN where unknown.
        weights: For each film `(shots,)`, at least 0; None: all 1.
        validation: What to stop by; none of `films` should be among it.
        name: Which network.
        seed: Of the first weights and of the order of films.
        plan: How long and how hard.
        state_file: Where the training is kept after every epoch, to go on from; None for nowhere.
        on_progress: Called with the share done, 0 to 1; an exception from it ends the training.

    Raises:
        ModelError: No two known labels of a film differ, no two of what is held out do, the films
            have different features, or `state_file` holds another training.
        ValueError: Labels or weights do not fit their film.
    """
    plan = plan or SupervisedPlan()
    counts = [np.ones(film.shots) for film in films] if weights is None else weights
    labelled = [Labelled(*one) for one in zip(films, labels, counts, strict=True)]
    space, held_out = _checked(labelled, validation)
    with one_thread():
        device = compute_device()
        examples = [e for one in labelled for e in _examples(one, space, plan.window, device)]
        judged = [(one, space.encode(one.film).to(device)) for one in held_out]
        generator = torch.Generator().manual_seed(seed)
        config = config_for(name, space)
        network = new_network(name, config, generator).to(device)
        untrained = _mean_tau(network, judged)
        of = ""
        if state_file is not None:
            settings = {"network": name, "seed": seed, "config": config, "plan": asdict(plan)}
            of = identity(settings, _content(examples, judged))
        fit = _Fit(network, examples, judged, plan, generator, state_file, of)
        state = fit.run(on_progress)
        best = network_from(name, config, {key: value.cpu() for key, value in state.best.items()})
    linear = LinearRanker()
    figures = {
        "tau": state.validation[state.best_epoch - 1],
        "untrained": untrained,
        "linear": float(np.mean([one.tau(linear.score(one.film).values) for one in held_out])),
    }
    return SupervisedTraining(
        network=best,
        space=space,
        config=config,
        step=state.best_epoch,
        validation=figures,
        held_out=f"{len(held_out)} films held out",
        history=tuple(zip(state.losses, state.validation, strict=True)),
    )


def regression_loss(scores: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean squared error over weights, `sum w (s - y)^2 / sum w`.

    Args:
        scores: `(shots,)`, with a gradient.
        targets: `(shots,)`, finite where `weights` is above 0.
        weights: `(shots,)`; not all 0.
    """
    errors = torch.where(weights > 0, scores - targets, 0.0)
    return (weights * errors**2).sum() / weights.sum()


def ranking_loss(scores: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """How surely the shot with the higher target of two scores higher, over all such pairs.

    The mean of `log(1 + exp(-(s_i - s_j)))` over pairs with `y_i > y_j`, each weighing
    `w_i w_j` (RankNet: Burges et al., "Learning to Rank using Gradient Descent", ICML 2005).
    Arguments as of `regression_loss`; 0 where no two targets differ.
    """
    counts = weights > 0
    s, y, w = scores[counts], targets[counts], weights[counts]  # (K,) each
    higher = (y[:, None] > y[None]) * (w[:, None] * w[None])  # (K, K)
    losses = torch.nn.functional.softplus(s[None] - s[:, None])  # (K, K)
    return (higher * losses).sum() / higher.sum().clamp(min=1e-12)


_LOSSES = {"regression": regression_loss, "ranking": ranking_loss}


@dataclass(frozen=True, slots=True)
class _Example:
    """A run of shots to learn from."""

    encoded: Tensor
    """`(shots, columns)`."""
    targets: Tensor
    """`(shots,)`; 0 where unknown."""
    weights: Tensor
    """`(shots,)`; 0 where unknown."""


@dataclass(slots=True)
class _Fit:
    """One training under way."""

    network: Network
    examples: Sequence[_Example]
    judged: Sequence[tuple[Labelled, Tensor]]
    plan: SupervisedPlan
    generator: torch.Generator
    state_file: Path | None
    of: str

    def run(self, on_progress: Progress) -> TrainingState:
        """Train until the plan ends it, from where it was left; the state it came to."""
        plan = self.plan
        optimizer = torch.optim.Adam(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        state = self._resumed(optimizer)
        while state is None or not state.finished:
            loss = self._epoch(optimizer)
            state = self._after(state, optimizer, loss)
            if self.state_file is not None:
                write_state(self.state_file, state, self.of)
            on_progress(state.epochs / plan.epochs)
        on_progress(1.0)
        return state

    def _resumed(self, optimizer: torch.optim.Optimizer) -> TrainingState | None:
        state = None if self.state_file is None else read_state(self.state_file, self.of)
        if state is not None:
            self.network.load_state_dict(dict(state.network))
            restore_optimizer(optimizer, state.optimizer)
            self.generator.set_state(state.generator)
        return state

    def _epoch(self, optimizer: torch.optim.Optimizer) -> float:
        """Learn from every example once, in a random order; the mean loss."""
        loss_of = _LOSSES[self.plan.loss]
        losses = []
        self.network.train()
        for i in torch.randperm(len(self.examples), generator=self.generator).tolist():
            example = self.examples[i]
            optimizer.zero_grad()
            scores = self.network(example.encoded[None])[0]  # (shots,)
            loss = loss_of(scores, example.targets, example.weights)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.longest_gradient)
            optimizer.step()
            losses.append(float(loss.detach()))
        self.network.eval()
        return float(np.mean(losses))

    def _after(
        self, state: TrainingState | None, optimizer: torch.optim.Optimizer, loss: float
    ) -> TrainingState:
        """The state one epoch after `state`."""
        tau = _mean_tau(self.network, self.judged)
        losses = [*(state.losses if state else ()), loss]
        taus = [*(state.validation if state else ()), tau]
        now = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        best, best_epoch = now, len(taus)
        if state is not None and taus[state.best_epoch - 1] >= tau:
            best, best_epoch = dict(state.best), state.best_epoch
        return TrainingState(
            network=now,
            best=best,
            optimizer=optimizer_tensors(optimizer),
            generator=self.generator.get_state(),
            best_epoch=best_epoch,
            losses=losses,
            validation=taus,
            finished=len(taus) >= self.plan.epochs or len(taus) - best_epoch >= self.plan.patience,
        )


def _checked(
    labelled: Sequence[Labelled], validation: Sequence[Labelled]
) -> tuple[FeatureSpace, list[Labelled]]:
    """The features to learn from, and what of `validation` can tell rankings apart."""
    if not any(one.informative for one in labelled):
        raise ModelError(
            f"there is nothing to learn: in none of {len(labelled)} films do two known labels "
            "differ.\nGive labels that tell shots apart"
        )
    held_out = [
        one
        for one in validation
        if not np.isnan(one.tau(np.arange(one.film.shots, dtype=np.float64)))
    ]
    if not held_out:
        raise ModelError(
            f"there is nothing to stop by: in none of {len(validation)} held-out films do two "
            "labels differ.\nHold out a film whose labels tell shots apart"
        )
    return FeatureSpace.of(labelled[0].film), held_out


def _examples(
    one: Labelled, space: FeatureSpace, longest: int, device: torch.device
) -> Iterator[_Example]:
    """A film's pieces in which something is to be learned, with standardised labels."""
    if not one.informative:
        return
    encoded, known = space.encode(one.film), one.known
    labels = one.labels[known]
    targets = np.zeros(one.film.shots)
    targets[known] = (labels - labels.mean()) / labels.std()
    weights = np.where(known, one.weights, 0.0)
    pieces = ceil(one.film.shots / longest)
    edges = [one.film.shots * i // pieces for i in range(pieces + 1)]
    for start, stop in pairwise(edges):
        if weights[start:stop].any():
            yield _Example(
                encoded[start:stop].to(device),
                torch.from_numpy(targets[start:stop].astype(np.float32)).to(device),
                torch.from_numpy(weights[start:stop].astype(np.float32)).to(device),
            )


def _mean_tau(network: Network, judged: Sequence[tuple[Labelled, Tensor]]) -> float:
    with torch.inference_mode():
        scores = [network(encoded[None])[0].cpu().double().numpy() for _, encoded in judged]
    return float(np.mean([one.tau(s) for (one, _), s in zip(judged, scores, strict=True)]))


def _content(
    examples: Sequence[_Example], judged: Sequence[tuple[Labelled, Tensor]]
) -> Iterator[Tensor]:
    for example in examples:
        yield from (example.encoded, example.targets, example.weights)
    for one, encoded in judged:
        yield encoded
        yield torch.from_numpy(one.labels if one.annotators is None else one.annotators)
