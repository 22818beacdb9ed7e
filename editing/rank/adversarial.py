"""Learning by adversarial reconstruction: the shots are kept from which the film can be rebuilt.

SUM-GAN-AAE (Apostolidis et al., MMM 2020): scores keep shots, an autoencoder rebuilds the film
from them, a discriminator tells it from the film, and a sparsity term lets few shots be kept.
Differences: a shot is kept or not, drawn by its score with a straight-through gradient (Bengio et
al., "Estimating or Propagating Gradients Through Stochastic Neurons", 2013), where theirs is dimmed
by its score, which a decoder can undo; and selector, encoder and decoder take their steps together.
The autoencoder and the discriminator are thrown away after training.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from editing.rank.examples import Example, mean_reward
from editing.rank.networks import Network, initialise
from editing.rank.plan import TrainingPlan
from editing.rank.policy import adam, descend
from editing.rank.reconstruction import (
    Autoencoder,
    Discriminator,
    Narrowing,
    ReconstructionConfig,
    distance,
)

KEPT = 0.3
"""The share of shots that should be kept; the paper's sigma."""


class AdversarialObjective:
    """Selections from which the film can be rebuilt."""

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
        pictures = pictures_of(training, network)
        config = ReconstructionConfig()
        self._narrow = Narrowing.of(pictures, config.picture_dim)
        device = pictures[0].device
        self._autoencoder, self._judge = Autoencoder(config), Discriminator(config)
        for module in (self._autoencoder, self._judge):
            initialise(module, generator)
            module.to(device)
        self._optimizers = {name: adam(module, plan) for name, module in self.modules.items()}

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The network and the two that it is trained by."""
        return {
            "network": self.network,
            "autoencoder": self._autoencoder,
            "discriminator": self._judge,
        }

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """One for each of them."""
        return self._optimizers

    @property
    def examples(self) -> int:
        """Pieces of films."""
        return len(self._training)

    def learn(self, example: int) -> float:
        """Keep shots of one piece, rebuild it, and let all three networks learn from that."""
        encoded = self._training[example].encoded[None]  # (1, T, C)
        film = self._narrow(encoded[..., : self.network.config.embedding_dim])  # (1, T, G)
        chances = torch.sigmoid(self.network(encoded))  # (1, T)
        rebuilt = self._autoencoder(film, drawn(chances, self._generator))  # (1, T, G)
        _, seems = self._judge(rebuilt)  # (1,)
        fooled = (1 - seems).square().mean()  # equation 4: least squares, as all that follow
        sparse = (chances.mean() - KEPT).abs()  # equation 2
        loss = distance(film, rebuilt, self._judge).mean() + fooled + sparse
        descend_all(loss, self._optimizers, self.modules, self._plan, but="discriminator")
        verdict = judge_loss(self._judge, film, rebuilt.detach())
        optimizer = self._optimizers["discriminator"]
        descend(verdict, optimizer, self._judge, self._plan.longest_gradient)
        return float(loss.detach())

    def figure(self) -> float:
        """The mean reward of held-out films: the losses themselves do not tell when to stop."""
        return mean_reward(self.network, self._held_out)


def pictures_of(examples: Sequence[Example], network: Network) -> list[Tensor]:
    """The first columns of each example, `(shots, D)`: its pictures."""
    return [example.encoded[:, : network.config.embedding_dim] for example in examples]


def drawn(chances: Tensor, generator: torch.Generator) -> Tensor:
    """1 with each chance, else 0; its gradient is passed on to the chance as it is."""
    uniform = torch.rand(chances.shape, generator=generator).to(chances.device)
    picked = (uniform < chances).float()  # where they are kept
    kept: Tensor = (picked - chances).detach() + chances
    return kept


def judge_loss(judge: Discriminator, film: Tensor, rebuilt: Tensor) -> Tensor:
    """Least squares of what seems real and is (equation 3), and of what does and is not."""
    _, real = judge(film)
    _, made = judge(rebuilt)
    loss: Tensor = (1 - real).square().mean() + made.square().mean()
    return loss


def descend_all(
    loss: Tensor,
    optimizers: Mapping[str, torch.optim.Optimizer],
    modules: Mapping[str, nn.Module],
    plan: TrainingPlan,
    *,
    but: str,
) -> None:
    """One step of every module down the loss, `but` one; that one's gradients are dropped."""
    for optimizer in optimizers.values():
        optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for name, module in modules.items():
        if name != but:
            nn.utils.clip_grad_norm_(module.parameters(), plan.longest_gradient)
            optimizers[name].step()
