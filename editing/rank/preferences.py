"""Learning from preferences: of two shots, which one somebody chose, saw or kept watching.

Labels of every source come down to pairs (an editor kept this shot and not that one, a trailer uses
this one, more of the audience stayed for it), so that sources on different scales can be mixed.
The chance that one shot is preferred to another is that of Bradley and Terry, "Rank Analysis of
Incomplete Block Designs", Biometrika 1952: `sigmoid(score - other score)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import Network
from editing.rank.plan import TrainingPlan

MOST_PAIRS = 20_000
"""Of one film and source; of more, so many are drawn."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Which of two shots of a film is preferred, how surely, and by whom."""

    film: Film
    preferred: NDArray[np.int64]
    """`(pairs,)`, indices of shots."""
    other: NDArray[np.int64]
    """`(pairs,)`."""
    weights: NDArray[np.float64]
    """`(pairs,)`, above 0."""
    source: str
    """`editors`, `trailers`, `audience`, …"""

    def __post_init__(self) -> None:
        shape = self.weights.shape
        if self.preferred.shape != shape or self.other.shape != shape or len(shape) != 1:
            raise ValueError(f"{self.preferred.shape}, {self.other.shape} and {shape} do not fit")
        for shots in (self.preferred, self.other):
            if len(shots) and not (shots.min() >= 0 and shots.max() < self.film.shots):
                raise ValueError(f"a pair names a shot that the film of {self.film.shots} has not")
        if not (np.isfinite(self.weights).all() and (self.weights > 0).all()):
            raise ValueError("every pair has a weight above 0")
        if (self.preferred == self.other).any():
            raise ValueError("no shot is preferred to itself")

    def weighing(self, total: float) -> "Preferences":
        """The same with weights that sum to `total`, so that no source drowns another."""
        return replace(self, weights=self.weights * (total / self.weights.sum()))

    def part(self, rows: NDArray[np.bool_]) -> "Preferences":
        """Only the pairs marked in `rows`, `(pairs,)`."""
        return replace(
            self,
            preferred=self.preferred[rows],
            other=self.other[rows],
            weights=self.weights[rows],
        )


def pairs_of_labels(
    film: Film,
    labels: NDArray[np.floating],
    weights: NDArray[np.floating],
    source: str,
    *,
    most: int = MOST_PAIRS,
) -> Preferences:
    """Every shot preferred to each with a lower label; a pair weighs its two weights multiplied.

    Args:
        film: Of the shots.
        labels: `(shots,)`, on any scale; NaN where unknown.
        weights: `(shots,)`, at least 0.
        source: Who says so.
        most: Of more pairs, so many are drawn, always the same.
    """
    known = np.flatnonzero(np.isfinite(labels) & (weights > 0))
    order = known[np.argsort(-labels[known], kind="stable")]  # (K,), falling labels
    lower = np.searchsorted(-labels[order], -labels[order], side="right")  # (K,): first lower one
    counts = len(order) - lower  # (K,): how many each is preferred to
    total = int(counts.sum())
    rows = np.arange(total)
    if total > most:
        rows = np.sort(np.random.default_rng(0).choice(total, most, replace=False))
    ends = np.cumsum(counts)
    first = np.searchsorted(ends, rows, side="right")  # (P,)
    second = lower[first] + rows - (ends[first] - counts[first])
    preferred, other = order[first], order[second]
    return Preferences(film, preferred, other, weights[preferred] * weights[other], source)


def bradley_terry_loss(scores: Tensor, preferred: Tensor, other: Tensor, weights: Tensor) -> Tensor:
    """Minus the mean log chance of the preferences, `sum w log(1 + exp(-(s - t))) / sum w`.

    Args:
        scores: `(shots,)`, with a gradient.
        preferred: `(pairs,)`, indices.
        other: `(pairs,)`, indices.
        weights: `(pairs,)`, above 0; at least one pair.
    """
    losses = nn.functional.softplus(scores[other] - scores[preferred])  # (P,)
    return (weights * losses).sum() / weights.sum()


def agreement(scores: NDArray[np.floating], pairs: Preferences) -> float:
    """The share of `pairs`, by weight, that `scores`, `(shots,)`, order alike; a tie is half."""
    difference = scores[pairs.preferred] - scores[pairs.other]
    right = np.where(difference == 0, 0.5, difference > 0)
    return float((pairs.weights * right).sum() / pairs.weights.sum())


@dataclass(frozen=True, slots=True)
class PreferenceSplit:
    """What to learn from, and what to stop by."""

    training: tuple[Preferences, ...]
    validation: tuple[Preferences, ...]
    held_out: str
    """What `validation` is, in words for people."""


def split_preferences(known: Sequence[Preferences], generator: torch.Generator) -> PreferenceSplit:
    """Hold out a fifth of the films; of a single film, the pairs within a fifth of its shots.

    Raises:
        ModelError: There are no pairs.
    """
    known = [pairs for pairs in known if len(pairs.weights)]
    if not known:
        raise ModelError(
            "there is nothing to learn: no shot is preferred to another.\n"
            "Accept or replace slots of a cut, align a trailer, or give a retention curve"
        )
    films = list({id(pairs.film): pairs.film for pairs in known}.values())
    if len(films) > 1:
        order = torch.randperm(len(films), generator=generator).tolist()
        held = {id(films[i]) for i in order[: -(-len(films) // 5)]}
        validation = tuple(pairs for pairs in known if id(pairs.film) in held)
        training = tuple(pairs for pairs in known if id(pairs.film) not in held)
        return PreferenceSplit(training, validation, f"the pairs of {len(held)} held-out films")
    return _split_pairs(known, generator)


def _split_pairs(known: Sequence[Preferences], generator: torch.Generator) -> PreferenceSplit:
    """Of one film: shots are either learned from or judged by, so no pair has one of each."""
    shots = known[0].film.shots
    held = np.zeros(shots, bool)
    count = max(2, shots // 5)
    start = int(torch.randint(max(1, shots - count + 1), (1,), generator=generator))
    held[start : start + count] = True
    inside = [pairs.part(held[pairs.preferred] & held[pairs.other]) for pairs in known]
    outside = [pairs.part(~held[pairs.preferred] & ~held[pairs.other]) for pairs in known]
    inside = [pairs for pairs in inside if len(pairs.weights)]
    outside = [pairs for pairs in outside if len(pairs.weights)]
    if not inside or not outside:
        what = "the training pairs themselves: too few to hold any out"
        return PreferenceSplit(tuple(known), tuple(known), what)
    where = f"the pairs within shots {start} to {start + count - 1} of the one film, held out"
    return PreferenceSplit(tuple(outside), tuple(inside), where)


class PreferenceObjective:
    """Scores that order shots as they were preferred."""

    def __init__(
        self,
        network: Network,
        split: PreferenceSplit,
        space: FeatureSpace,
        *,
        plan: TrainingPlan,
        head_only: bool,
        device: torch.device,
    ) -> None:
        """Learn from and be judged by the pairs of `split`.

        Args:
            network: Moves as it learns.
            split: Of pairs.
            space: What the network is made for.
            plan: Learning rate and the like.
            head_only: Only the last layers learn: a few decisions must not make a ranker forget
                all that it knew.
            device: Where the network is.
        """
        self.network, self._plan = network, plan
        self._training = [_Pairs.of(pairs, space, device) for pairs in split.training]
        self._held_out = [
            (pairs, space.encode(pairs.film).to(device)) for pairs in split.validation
        ]
        self._moving = nn.ModuleList([network.head, network.direct]) if head_only else network
        self._optimizer = torch.optim.Adam(
            self._moving.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The network alone."""
        return {"network": self.network}

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """One."""
        return {"network": self._optimizer}

    @property
    def examples(self) -> int:
        """Films and sources."""
        return len(self._training)

    @property
    def content(self) -> list[Tensor]:
        """All that it learns from and is judged by."""
        learned = [t for p in self._training for t in (p.encoded, p.preferred, p.other, p.weights)]
        return learned + [encoded for _, encoded in self._held_out]

    def learn(self, example: int) -> float:
        """Learn from all pairs of one film and source."""
        one = self._training[example]
        scores = self.network(one.encoded[None])[0]  # (shots,)
        loss = one.share * bradley_terry_loss(scores, one.preferred, one.other, one.weights)
        self.network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._moving.parameters(), self._plan.longest_gradient)
        self._optimizer.step()
        return float(loss.detach())

    def figure(self) -> float:
        """The share of held-out pairs that are ordered as preferred, by weight."""
        shares, totals = [], []
        with torch.inference_mode():
            for pairs, encoded in self._held_out:
                scores = self.network(encoded[None])[0].double().cpu().numpy()
                shares.append(agreement(scores, pairs))
                totals.append(float(pairs.weights.sum()))
        return float(np.average(shares, weights=totals))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs of one film and source, as tensors."""

    encoded: Tensor
    """`(shots, columns)`."""
    preferred: Tensor
    other: Tensor
    weights: Tensor
    share: float
    """What the pairs weigh together."""

    @classmethod
    def of(cls, pairs: Preferences, space: FeatureSpace, device: torch.device) -> "_Pairs":
        return cls(
            space.encode(pairs.film).to(device),
            torch.from_numpy(pairs.preferred).to(device),
            torch.from_numpy(pairs.other).to(device),
            torch.from_numpy(pairs.weights.astype(np.float32)).to(device),
            float(pairs.weights.sum()),
        )
