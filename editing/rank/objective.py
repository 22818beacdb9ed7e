"""What ways of training without labels share: films to learn from, and the reward that stops them.

An adversarial loss has no level of its own that could tell when to stop, so all are judged alike.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from editing.rank.examples import Example, mean_reward
from editing.rank.networks import Network, initialise
from editing.rank.plan import TrainingPlan


class WithoutLabels:
    """The network, what it is trained by, and an optimizer for each; subclasses say how."""

    modules: Mapping[str, nn.Module]
    """`network`, and those that it is trained by."""
    optimizers: Mapping[str, torch.optim.Optimizer]
    """One for each of them."""

    def __init__(
        self,
        network: Network,
        training: Sequence[Example],
        held_out: Sequence[Example],
        *,
        plan: TrainingPlan,
        generator: torch.Generator,
    ) -> None:
        self.network = network
        self._training, self._held_out = training, held_out
        self._plan, self._generator = plan, generator
        beside = self._beside()
        device = next(network.parameters()).device
        for module in beside.values():
            initialise(module, generator)
            module.to(device)
        self.modules = {"network": network, **beside}
        self.optimizers = {name: adam(module, plan) for name, module in self.modules.items()}

    @property
    def examples(self) -> int:
        """Pieces of films."""
        return len(self._training)

    def figure(self) -> float:
        """The mean reward of held-out films."""
        return mean_reward(self.network, self._held_out)

    def _beside(self) -> Mapping[str, nn.Module]:
        """Makes what is thrown away after training, in the order in which it is given weights."""
        return {}

    def _descend(self, loss: Tensor, name: str) -> None:
        """One step of the module `name` down the loss."""
        descend(loss, self.optimizers[name], self.modules[name], self._plan.longest_gradient)


def adam(module: nn.Module, plan: TrainingPlan) -> torch.optim.Adam:
    """The optimizer of `module`'s weights."""
    return torch.optim.Adam(
        module.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )


def descend(
    loss: Tensor, optimizer: torch.optim.Optimizer, module: nn.Module, longest: float
) -> None:
    """One step of `module` down the loss, its gradient cut to the norm `longest`."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(module.parameters(), longest)
    optimizer.step()
