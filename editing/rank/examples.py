"""Runs of shots to learn from and to be judged by, and what must not be mixed: films held out.

Whatever the objective, the same reward on held-out films tells which step was best: an adversarial
loss has no height of its own that would.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
import torch
from torch import Tensor

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import Network
from editing.rank.plan import MIN_SHOTS
from editing.rank.reward import Reward
from editing.rank.scoring import LinearRanker

_SHOTS_TO_HOLD_OUT = 20
_HELD_OUT = 0.2


@dataclass(frozen=True, slots=True)
class Split:
    """What to train on, and what to stop by."""

    training: tuple[Film, ...]
    validation: tuple[Film, ...]
    held_out: str
    """What `validation` is, in words for people."""


@dataclass(frozen=True, slots=True)
class Example:
    """A run of shots to select from."""

    encoded: Tensor
    """`(shots, columns)`."""
    reward: Reward


def split_films(films: Sequence[Film], generator: torch.Generator) -> Split:
    """Hold out a fifth of the films; of a single film, a fifth of its shots, in one piece.

    Raises:
        ModelError: No film has `MIN_SHOTS` shots.
    """
    usable = [film for film in films if film.shots >= MIN_SHOTS]
    if not usable:
        raise ModelError(
            f"training needs a film of at least {MIN_SHOTS} shots, and these have "
            f"{', '.join(str(film.shots) for film in films) or 'none: there is no film'}.\n"
            "Ingest a longer film, or use the linear scorer, which is not trained"
        )
    if len(usable) > 1:
        order = torch.randperm(len(usable), generator=generator).tolist()
        count = ceil(_HELD_OUT * len(usable))
        held = tuple(usable[i] for i in order[:count])
        return Split(tuple(usable[i] for i in order[count:]), held, f"{count} held-out films")
    return _split_shots(usable[0], generator)


def _split_shots(film: Film, generator: torch.Generator) -> Split:
    if film.shots < _SHOTS_TO_HOLD_OUT:
        return Split((film,), (film,), "the training shots themselves: too few to hold any out")
    count = int(_HELD_OUT * film.shots)
    start = int(torch.randint(film.shots - count + 1, (1,), generator=generator))
    sides = [(0, start), (start + count, film.shots)]
    training = tuple(film.part(a, b) for a, b in sides if b - a >= MIN_SHOTS)
    where = f"shots {start} to {start + count - 1} of the one film, held out"
    return Split(training, (film.part(start, start + count),), where)


def windows(film: Film, longest: int) -> list[Film]:
    """A film in equal pieces of at most `longest` shots."""
    pieces = ceil(film.shots / longest)
    edges = [film.shots * i // pieces for i in range(pieces + 1)]
    return [film.part(a, b) for a, b in pairwise(edges)]


def examples_of(
    films: Sequence[Film], space: FeatureSpace, longest: int, device: torch.device
) -> list[Example]:
    """Every piece of every film, encoded on `device`."""
    pieces = [window for film in films for window in windows(film, longest)]
    return [
        Example(space.encode(piece).to(device), Reward.of(piece.embeddings.vectors))
        for piece in pieces
    ]


def mean_reward(network: Network, examples: Sequence[Example]) -> float:
    """The mean reward of the network's best-scored shots."""
    with torch.inference_mode():
        scores = [network(e.encoded[None])[0].cpu().numpy() for e in examples]
    return float(np.mean([e.reward.of_ranking(s) for e, s in zip(examples, scores, strict=True)]))


def baseline_rewards(
    films: Sequence[Film], examples: Sequence[Example], generator: torch.Generator, longest: int
) -> dict[str, float]:
    """The mean rewards of what a network should beat: `random`, `uniform` and `linear`."""
    pieces = [window for film in films for window in windows(film, longest)]
    linear = LinearRanker()
    pairs = list(zip(pieces, examples, strict=True))
    return {
        "random": float(np.mean([e.reward.of_random(generator) for e in examples])),
        "uniform": float(np.mean([e.reward.of_uniform() for e in examples])),
        "linear": float(np.mean([e.reward.of_ranking(linear.score(w).values) for w, e in pairs])),
    }
