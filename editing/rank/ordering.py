"""Learning which shot comes next: from the order of the films themselves, or of known trailers.

A step takes a sequence of shots in their order and guesses, after each of its beginnings, which of
the rest comes next. Without trailers the sequences are runs of a film. All are thinned at random,
and the shots' places in the film are hidden from the head (`TransformerConfig.order_hidden`).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import Network
from editing.rank.objective import adam, descend
from editing.rank.plan import TrainingPlan
from editing.rank.transformer import OrderHead, ShotTransformer

SEQUENCE = 12
"""Shots of a sequence taken from a film."""
_SKIPS = 3
"""At most so many shots from one shot of such a sequence to the next."""
_A_STEP = 8
"""Sequences that a step learns from."""
_JUDGED = 4
"""Times as many, of each held-out film, tell how good the head is."""

Draw = Callable[[torch.Generator], Tensor]
"""Gives sequences of shots, each in its order: `(sequences, shots, columns)`."""


class OrderObjective:
    """The next shot of a sequence is told from those that come later."""

    def __init__(
        self,
        network: Network,
        training: Sequence[Draw],
        held_out: Sequence[Tensor],
        *,
        plan: TrainingPlan,
        generator: torch.Generator,
    ) -> None:
        """Learn from the sequences that `training` draws, judged by those of `held_out`.

        Raises:
            ModelError: The network has no order head, or there is nothing to learn from.
        """
        self.network, self._head = network, order_head(network)
        if not training or not held_out:
            raise ModelError(
                "there is no order to learn: no sequence has 2 shots.\nTrain on longer films"
            )
        self._training, self._held_out = training, held_out
        self._plan, self._generator = plan, generator
        self._optimizer = adam(self._head, plan)

    @classmethod
    def of_films(
        cls,
        network: Network,
        training: Sequence[Tensor],
        held_out: Sequence[Tensor],
        *,
        plan: TrainingPlan,
        generator: torch.Generator,
    ) -> "OrderObjective":
        """Learn the order of films, encoded, `(shots, columns)` each."""
        draws: list[Draw] = [lambda g, film=film: runs_of(film, g) for film in training]  # type: ignore[misc]
        judge = torch.Generator().manual_seed(0)  # the same guesses for every seed and step
        judged = [runs_of(film, judge) for film in held_out for _ in range(_JUDGED)]
        return cls(network, draws, judged, plan=plan, generator=generator)

    @classmethod
    def of_sequences(
        cls,
        network: Network,
        training: Sequence[Tensor],
        held_out: Sequence[Tensor],
        *,
        plan: TrainingPlan,
        generator: torch.Generator,
    ) -> "OrderObjective":
        """Learn the order of known sequences, such as trailers: `(shots, columns)`, encoded.

        Those to learn from are thinned at random, or a few would be learned by heart; those held
        out are judged whole.
        """
        usable: list[Draw] = [lambda g, s=s: thinned(s, g) for s in training if len(s) > 1]  # type: ignore[misc]
        judged = [sequence[None] for sequence in held_out if len(sequence) > 1]
        return cls(network, usable, judged, plan=plan, generator=generator)

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The whole network, of which only the order head moves."""
        return {"network": self.network}

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The head's."""
        return {"order": self._optimizer}

    @property
    def examples(self) -> int:
        """Films, or sequences."""
        return len(self._training)

    def learn(self, example: int) -> float:
        """Guess every next shot of a few sequences of one film."""
        loss = next_shot_loss(self._head, self._training[example](self._generator))
        descend(loss, self._optimizer, self._head, self._plan.longest_gradient)
        return float(loss.detach())

    def figure(self) -> float:
        """Minus the mean loss on held-out sequences."""
        with torch.inference_mode():
            return -float(np.mean([float(next_shot_loss(self._head, s)) for s in self._held_out]))

    def figures(self) -> dict[str, float]:
        """Of the next shots of held-out sequences, the share guessed: `order`, and by chance."""
        with torch.inference_mode():
            shares = [next_shot_share(self._head, sequences) for sequences in self._held_out]
        chance = [chance_of(sequences.shape[1]) for sequences in self._held_out]
        return {"order": float(np.mean(shares)), "order by chance": float(np.mean(chance))}


def order_scores(
    network: Network,
    space: FeatureSpace,
    film: Film,
    placed: Sequence[int],
    candidates: Sequence[int],
) -> NDArray[np.float64]:
    """How likely each candidate comes next in a cut, given the shots that are already placed.

    Args:
        network: A Transformer with an order head.
        space: What it was made for.
        film: Of the shots.
        placed: Indices of shots in the order in which they stand; none at the start.
        candidates: Indices of shots, at least one.

    Returns:
        `(candidates,)`, logarithms of probabilities that sum to 1.

    Raises:
        ModelError: The network has no order head, or was made for other features.
        ValueError: There are no candidates, or an index is not of a shot of the film.
    """
    wrong = [shot for shot in (*placed, *candidates) if not 0 <= shot < film.shots]
    if wrong or not candidates:
        raise ValueError(f"{wrong or 'nothing'} cannot come next in a film of {film.shots} shots")
    head, device = order_head(network), next(network.parameters()).device
    encoded = space.encode(film).to(device)
    with torch.inference_mode():
        scores = head(encoded[list(placed)][None], encoded[list(candidates)][None])[0, -1]
    probabilities: NDArray[np.float64] = scores.double().log_softmax(0).cpu().numpy()
    return probabilities


def order_head(network: Network) -> OrderHead:
    """The network's order head.

    Raises:
        ModelError: It has none.
    """
    if not isinstance(network, ShotTransformer) or network.order is None:
        raise ModelError("this ranker cannot tell orders; a transformer can: reel learn train")
    return network.order


def next_shot_loss(head: OrderHead, sequences: Tensor) -> Tensor:
    """Mean of `-log(probability)` of each next shot among those left; `(S, shots, columns)` in."""
    chances = _scores_of_those_left(head, sequences).log_softmax(dim=-1)  # (S, N - 1, N)
    return -chances.diagonal(dim1=1, dim2=2).mean()


def next_shot_share(head: OrderHead, sequences: Tensor) -> float:
    """The share of next shots that are guessed, among those left; of equals each has its share."""
    scores = _scores_of_those_left(head, sequences)
    best = (scores == scores.amax(dim=-1, keepdim=True)).float()  # (S, N - 1, N)
    return float((best.diagonal(dim1=1, dim2=2) / best.sum(dim=-1)).mean())


def chance_of(shots: int) -> float:
    """The share of next shots that a blind guess finds: the mean of `1 / left`, the last apart."""
    return float(np.mean([1 / left for left in range(shots, 1, -1)]))


def _scores_of_those_left(head: OrderHead, sequences: Tensor) -> Tensor:
    """`(S, N - 1, N)`: row p is of what follows p shots; those already placed have no chance.

    The last shot is never guessed: nothing else would be left.
    """
    shots = sequences.shape[1]
    scores = head(sequences[:, : shots - 2], sequences)  # (S, N - 1, N)
    placed = torch.ones_like(scores, dtype=torch.bool).tril(-1)
    left: Tensor = scores.masked_fill(placed, -torch.inf)
    return left


def runs_of(film: Tensor, generator: torch.Generator) -> Tensor:
    """`_A_STEP` runs of a film, `(runs, shots, columns)`: up to `SEQUENCE` shots, in order.

    They begin anywhere, and are thinned alike: up to `_SKIPS` from one shot to the next.
    """
    steps = torch.randint(1, _SKIPS + 1, (SEQUENCE,), generator=generator)
    places = steps.cumsum(0) - steps[0]
    places = places[places < len(film)]
    room = len(film) - int(places[-1])
    starts = torch.randint(room, (_A_STEP,), generator=generator)
    return film[(places + starts[:, None]).to(film.device)]


def thinned(sequence: Tensor, generator: torch.Generator) -> Tensor:
    """`_A_STEP` times a half or more of a sequence's shots, in its order: `(sequences, kept, C)`.

    Args:
        sequence: `(shots, C)`, at least 2 shots.
        generator: Draws how many are kept, the same of each, and which.
    """
    shots = len(sequence)
    kept = int(torch.randint(max(2, -(-shots // 2)), shots + 1, (1,), generator=generator))
    chances = torch.rand((_A_STEP, shots), generator=generator)
    rows = chances.topk(kept, dim=1).indices.sort(dim=1).values  # (sequences, kept)
    return sequence[rows.to(sequence.device)]
