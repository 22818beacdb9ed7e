"""Learning by reward: selections of a film are drawn by the scores, and good ones made likelier.

The policy gradient of DR-DSN (Zhou et al., AAAI 2018) on the reward of `reward.py`. Two things
differ from the paper: selections have a set size, as a cut has, where theirs draw each shot by
itself and are pulled towards half the film (eq. 10); and what a reward is compared with is the
other episodes' mean, where theirs is a moving average.
"""

from collections.abc import Mapping, Sequence
from math import ceil

import torch
from torch import Tensor, nn

from editing.rank.examples import Example, mean_reward
from editing.rank.networks import Network
from editing.rank.plan import TrainingPlan
from editing.rank.reward import BUDGETS, Reward


class RewardObjective:
    """Diverse and representative selections."""

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
        self._optimizer = adam(network, plan)

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
        """Pieces of films."""
        return len(self._training)

    def learn(self, example: int) -> float:
        """Draw selections of one piece, and make those with more reward likelier."""
        one, plan = self._training[example], self._plan
        scores = self.network(one.encoded[None])[0]  # (shots,)
        loss = policy_loss(scores, one.reward, plan.repeats, self._generator)
        descend(loss, self._optimizer, self.network, plan.longest_gradient)
        return float(loss.detach())

    def figure(self) -> float:
        """The mean reward of held-out films."""
        return mean_reward(self.network, self._held_out)


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
    torch.nn.utils.clip_grad_norm_(module.parameters(), longest)
    optimizer.step()


def policy_loss(scores: Tensor, reward: Reward, repeats: int, generator: torch.Generator) -> Tensor:
    """What to descend so that selections with more reward become likelier.

    Its gradient is that of Zhou et al. (2018, eq. 8): minus the mean over episodes of
    `(reward - baseline) * gradient of log(probability of the selection)`, with the mean reward of
    the other episodes of its size as baseline (Kool et al., "Buy 4 REINFORCE Samples, Get a
    Baseline for Free!", 2019).

    Args:
        scores: `(shots,)`, with a gradient.
        reward: Of the same shots.
        repeats: Selections of each size; the sizes are `BUDGETS` of the shots.
        generator: Draws the noise.
    """
    shots = len(scores)
    counts = torch.tensor([ceil(share * shots) for share in BUDGETS]).repeat(repeats)  # (E,)
    order = draw_orders(scores, len(counts), generator)  # (E, T)
    picked = (torch.arange(shots) < counts[:, None]).to(scores.device)  # (E, T)
    log_probability = (log_probabilities(scores, order) * picked).sum(dim=1)  # (E,)
    picks = zip(order.cpu(), counts.tolist(), strict=True)
    by_size = torch.tensor([reward(o[:n]) for o, n in picks]).view(repeats, len(BUDGETS))
    gain = (by_size - by_size.mean(dim=0)) * repeats / (repeats - 1)  # less the others' mean
    return -(gain.flatten().to(scores.device) * log_probability).mean()


def draw_orders(scores: Tensor, episodes: int, generator: torch.Generator) -> Tensor:
    """`(episodes, shots)`: shots drawn one by one, each with probability softmax(score) of those
    left.

    Adding Gumbel noise to the scores and sorting does just that (Kool et al., "Stochastic Beams",
    ICML 2019).
    """
    uniform = torch.rand(episodes, len(scores), generator=generator).clamp(1e-9, 1 - 1e-7)
    gumbel = -(-uniform.log()).log()
    return (scores.detach() + gumbel.to(scores.device)).argsort(dim=1, descending=True)


def log_probabilities(scores: Tensor, order: Tensor) -> Tensor:
    """`(episodes, shots)`: of each draw of `order`, its log probability among those then left."""
    ordered = scores[order]  # (E, T)
    left = ordered.flip(1).logcumsumexp(dim=1).flip(1)  # (E, T): log sum over those not yet drawn
    return ordered - left
