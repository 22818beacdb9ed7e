"""Learning by reward: selections of a film are drawn by the scores, and good ones made likelier.

The policy gradient of DR-DSN (Zhou et al., AAAI 2018) on the reward of `reward.py`. Two things
differ from the paper: selections have a set size, as a cut has, where theirs draw each shot by
itself and are pulled towards half the film (eq. 10); and what a reward is compared with is the
other episodes' mean, where theirs is a moving average.
"""

from math import ceil

import torch
from torch import Tensor

from editing.rank.objective import WithoutLabels
from editing.rank.reward import BUDGETS, Reward


class RewardObjective(WithoutLabels):
    """Diverse and representative selections."""

    def learn(self, example: int) -> float:
        """Draw selections of one piece, and make those with more reward likelier."""
        one, plan = self._training[example], self._plan
        scores = self.network(one.encoded[None])[0]  # (shots,)
        loss = policy_loss(scores, one.reward, plan.repeats, self._generator)
        self._descend(loss, "network")
        return float(loss.detach())


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
