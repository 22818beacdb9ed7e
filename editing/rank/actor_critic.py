"""Learning to choose fragments by an actor and a critic, with reconstruction as the reward.

AC-SUM-GAN (Apostolidis et al., "AC-SUM-GAN: Connecting Actor-Critic and Generative Adversarial
Networks for Unsupervised Video Summarization", IEEE TCSVT 2021): a film is cut into fragments, the
actor chooses one after another, each choice is rewarded by how well the film is rebuilt from all
so far, and the critic foretells what is still to come. Differences: the actor is the ranker
itself, its preference for a fragment the mean of its scores there, where theirs is a network over
the fragments and only the sparsity loss teaches the scores; a fragment is chosen once, where theirs
may be again to no effect; the critic reads any number of fragments; the autoencoder is that of
SUM-GAN-AAE, theirs is variational.
"""

from collections.abc import Mapping
from math import ceil

import torch
from torch import Tensor, nn

from editing.rank.policy import draw_orders, log_probabilities
from editing.rank.reconstruction import KEPT, ByReconstruction, distance, judge_loss

FRAGMENTS = 60
"""Of a film, at most, as in the paper; a film of fewer shots has one a shot."""
_CHOICES = 12
"""Rewards of an episode: each is of so many more fragments that they come to `KEPT` of them."""
_EPISODES = 3
_DISCOUNT = 0.99
_ENTROPY = 0.01


class Critic(nn.Module):
    """Foretells what an episode will still earn from where it stands."""

    def __init__(self, hidden_dim: int = 32) -> None:
        super().__init__()
        self.fragment = nn.Linear(2, hidden_dim)
        self.value = nn.Linear(hidden_dim, 1)

    def forward(self, preferences: Tensor, chosen: Tensor) -> Tensor:
        """Of `(B, F)` preferences and which are chosen, 0 or 1: `(B,)`, however many F are."""
        state = torch.stack([preferences, chosen], dim=-1)  # (B, F, 2)
        pooled = torch.relu(self.fragment(state)).mean(dim=1)  # (B, hidden)
        value: Tensor = self.value(pooled).squeeze(-1)  # (B,)
        return value


class ActorCriticObjective(ByReconstruction):
    """Fragments from which the film can be rebuilt."""

    def _beside(self) -> Mapping[str, nn.Module]:
        self._critic = Critic()
        return {"critic": self._critic, **super()._beside()}

    def learn(self, example: int) -> float:
        """Choose fragments of one piece a few times; actor, critic and the judges learn."""
        encoded = self._training[example].encoded[None]  # (1, T, C)
        film = self._film(encoded)  # (1, T, G)
        of_shot = fragments_of(film.shape[1]).to(film.device)  # (T,)
        preferences = mean_by(self.network(encoded)[0], of_shot)  # (F,)
        order = draw_orders(preferences, _EPISODES, self._generator)  # (E, F)
        stages = stages_of(len(preferences)).to(film.device)  # (K,): fragments chosen at each
        chosen = (order.argsort(dim=1)[:, None] < stages[:, None]).float()  # (E, K, F)
        kept = chosen[:, :, of_shot]  # (E, K, T)
        earned = self._earned(film, kept)  # (E, K)
        advantage = self._foretell(preferences.detach(), chosen, earned)  # (E, K)
        logs = log_probabilities(preferences, order).cumsum(dim=1)[:, stages - 1]  # (E, K)
        steps = torch.diff(logs, dim=1, prepend=torch.zeros_like(logs[:, :1]))  # (E, K)
        log_chances = preferences.log_softmax(dim=0)
        entropy = -(log_chances.exp() * log_chances).sum()
        actor = -(steps * advantage).mean() - _ENTROPY * entropy
        self._descend(actor, "network")
        return self._rebuild(film, kept[:, -1])

    def _earned(self, film: Tensor, kept: Tensor) -> Tensor:
        """`(E, K)`: what each stage of the episodes is still to earn; `(E, K, T)` are kept."""
        with torch.no_grad():
            flat = kept.flatten(0, 1)  # (E K, T)
            rebuilt = self._autoencoder(film.expand(len(flat), -1, -1), flat)  # (E K, T, G)
            missed = distance(film, rebuilt, self._judge)  # (E K,)
        return discounted((1 - missed).view(kept.shape[:2]))

    def _foretell(self, preferences: Tensor, chosen: Tensor, earned: Tensor) -> Tensor:
        """Teach the critic; `(E, K)`: how much better each stage went than it foretold."""
        before = torch.cat([torch.zeros_like(chosen[:, :1]), chosen[:, :-1]], dim=1).flatten(0, 1)
        values = self._critic(preferences.expand_as(before), before).view(earned.shape)  # (E, K)
        self._descend((earned - values).square().mean(), "critic")
        advantage = (earned - values).detach()
        spread = advantage.std(correction=0).clamp(min=1e-6)
        centred: Tensor = (advantage - advantage.mean()) / spread
        return centred

    def _rebuild(self, film: Tensor, kept: Tensor) -> float:
        """Let autoencoder and discriminator learn from the shots kept, `(E, T)`; the loss."""
        shown = film.expand(len(kept), -1, -1)  # (E, T, G)
        rebuilt = self._autoencoder(shown, kept)
        _, seems = self._judge(rebuilt)
        loss = distance(film, rebuilt, self._judge).mean() + (1 - seems).square().mean()
        self._descend(loss, "autoencoder")
        self._descend(judge_loss(self._judge, film, rebuilt.detach()), "discriminator")
        return float(loss.detach())


def fragments_of(shots: int) -> Tensor:
    """`(shots,)`: which fragment each shot lies in, from 0; as equal as can be."""
    fragments = min(FRAGMENTS, shots)
    return torch.arange(shots) * fragments // shots


def mean_by(scores: Tensor, of_shot: Tensor) -> Tensor:
    """`(fragments,)`: the mean score of each fragment's shots."""
    fragments = int(of_shot[-1]) + 1
    sums = scores.new_zeros(fragments).index_add(0, of_shot, scores)
    return sums / torch.bincount(of_shot, minlength=fragments)


def stages_of(fragments: int) -> Tensor:
    """How many fragments are chosen at each reward of an episode: rising, to `KEPT` of them."""
    most = max(1, ceil(KEPT * fragments))
    count = min(_CHOICES, most)
    return torch.arange(1, count + 1) * most // count


def discounted(rewards: Tensor) -> Tensor:
    """What each step of an episode is still to earn, `(E, K)` (equation 6)."""
    earned = rewards.clone()
    for step in range(rewards.shape[1] - 2, -1, -1):
        earned[:, step] += _DISCOUNT * earned[:, step + 1]
    return earned
