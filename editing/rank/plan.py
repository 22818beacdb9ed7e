"""How long and how hard a network is trained, and what every way of training it offers.

`training.py` runs an `Objective` step by step; each is in a file of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import nn

from editing.rank.networks import Network

MIN_SHOTS = 5
"""A shorter film has too few shots to choose between; it is left out of training."""

Progress = Callable[[float], None]
ObjectiveName = Literal["reward", "adversarial", "actor-critic"]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How long and how hard to train."""

    steps: int = 1000
    """At most; each learns from one film, or from one piece of a long one, in turn."""
    patience: int = 700
    """Stop when the validation figure has not risen for so many steps: rewards this noisy first
    fall and then stand still for long."""
    check_every: int = 5
    """Steps between looks at the validation figure."""
    smoothing: int = 10
    """Looks whose mean decides: one alone may be lucky where little was held out."""
    keep_every: int = 10
    """Looks between two states that are kept, to go on from."""
    repeats: int = 4
    """Selections of each size (`BUDGETS`) drawn in a step; at least 2, to compare them."""
    learning_rate: float = 2e-3
    warm_up: int = 100
    """Steps over which the learning rate rises to its full height."""
    weight_decay: float = 1e-5
    longest_gradient: float = 5.0
    """A longer one is cut to this norm."""
    window: int = 512
    """Shots; a longer film is trained on in equal pieces no longer than this."""
    order_steps: int = 300
    """At most, of the order head; 0 leaves it as it began."""

    def __post_init__(self) -> None:
        counts = (self.steps, self.patience, self.check_every, self.smoothing, self.warm_up)
        if min(*counts, self.keep_every) < 1 or self.repeats < 2 or self.window < MIN_SHOTS:
            raise ValueError(f"no training can follow {self}")

    def for_order(self) -> "TrainingPlan":
        """The same for the order head: fewer steps, each of many guesses, so looked at seldom."""
        steps = max(1, self.order_steps)
        return replace(self, steps=steps, patience=steps, check_every=10, smoothing=3, warm_up=10)


FINE_TUNING = TrainingPlan(
    steps=300,
    patience=100,
    check_every=5,
    smoothing=3,
    warm_up=20,
    learning_rate=1e-3,
    weight_decay=1e-4,
)
"""Of a trained network that learns from a few examples more, such as decisions or trailers."""


class Objective(Protocol):
    """One way of teaching a network: what a step learns, and how good the network is by now."""

    @property
    def network(self) -> Network:
        """What is kept in the end."""
        ...

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """Everything that learns, the network among it."""
        ...

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """What moves their weights."""
        ...

    @property
    def examples(self) -> int:
        """How many examples there are; at least 1."""
        ...

    def learn(self, example: int) -> float:
        """Learn once from that example; the loss before."""
        ...

    def figure(self) -> float:
        """How good the network is on what was held out; higher is better."""
        ...
