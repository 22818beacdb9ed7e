"""Learning by adversarial reconstruction: the shots are kept from which the film can be rebuilt.

SUM-GAN-AAE (Apostolidis et al., MMM 2020): scores keep shots, an autoencoder rebuilds the film
from them, a discriminator tells it from the film, and a sparsity term lets few shots be kept.
Differences: a shot is kept or not, drawn by its score with a straight-through gradient (Bengio et
al., "Estimating or Propagating Gradients Through Stochastic Neurons", 2013), where theirs is dimmed
by its score, which a decoder can undo; and selector, encoder and decoder take their steps together.
The autoencoder and the discriminator are thrown away after training.
"""

import torch
from torch import Tensor, nn

from editing.rank.reconstruction import KEPT, ByReconstruction, distance, judge_loss


class AdversarialObjective(ByReconstruction):
    """Selections from which the film can be rebuilt."""

    def learn(self, example: int) -> float:
        """Keep shots of one piece, rebuild it, and let all three networks learn from that."""
        encoded = self._training[example].encoded[None]  # (1, T, C)
        film = self._film(encoded)  # (1, T, G)
        chances = torch.sigmoid(self.network(encoded))  # (1, T)
        rebuilt = self._autoencoder(film, drawn(chances, self._generator))  # (1, T, G)
        _, seems = self._judge(rebuilt)  # (1,)
        fooled = (1 - seems).square().mean()  # equation 4: least squares, as all that follow
        sparse = (chances.mean() - KEPT).abs()  # equation 2
        loss = distance(film, rebuilt, self._judge).mean() + fooled + sparse
        self._descend_together(loss)
        self._descend(judge_loss(self._judge, film, rebuilt.detach()), "discriminator")
        return float(loss.detach())

    def _descend_together(self, loss: Tensor) -> None:
        """One step of network and autoencoder down the loss; the discriminator stays."""
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for name in ("network", "autoencoder"):
            nn.utils.clip_grad_norm_(self.modules[name].parameters(), self._plan.longest_gradient)
            self.optimizers[name].step()


def drawn(chances: Tensor, generator: torch.Generator) -> Tensor:
    """1 with each chance, else 0; its gradient is passed on to the chance as it is."""
    uniform = torch.rand(chances.shape, generator=generator).to(chances.device)
    picked = (uniform < chances).float()  # where they are kept
    kept: Tensor = (picked - chances).detach() + chances
    return kept
