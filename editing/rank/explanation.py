"""What a network's score of a shot is made of: additive parts, one for each thing it can tell.

A part is how much the score changes when that thing, in the whole film, is levelled to the film's
average shot. Computed by running the network, and what things do only together is a part of its
own: nothing is smoothed over to make the sum come out.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.rank.features import PLACE

INTERPLAY = "interplay of these"
_NUMBERS_AT_ONCE = 16_000_000


def explain(
    network: Callable[[Tensor], Tensor],
    encoded: Tensor,
    level: Tensor,
    contributions: Mapping[str, Tensor],
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Score the shots of a film, and split each score over what is told of the shots.

    With `v(S)` the network's scores of the average shot plus the contributions in `S`, and `N` all
    of them, the part of contribution g is the mean of what it changes last and what it changes
    first,

        1/2 (v(N) - v(N \\ g)) + 1/2 (v(g) - v({})),

    which is its Shapley value wherever at most two act together; the rest is `INTERPLAY`.
    A score is `v(N)` less the mean over shots of `v({})`. How `v({})` itself varies over the
    film, where only the place in the sequence is left, belongs to `PLACE`.

    Args:
        network: `(films, shots, columns)` to `(films, shots)`.
        encoded: `(shots, columns)`.
        level: `(columns,)`, the film's average shot.
        contributions: For each name `(shots, columns)`; together `encoded - level`.

    Returns:
        `(shots,)` scores; and for each contribution, then for `INTERPLAY`, `(shots,)` parts.
    """
    plain = level.expand_as(encoded)
    alone = [plain + part for part in contributions.values()]
    without = [encoded - part for part in contributions.values()]
    scores = _scores(network, [encoded, plain, *alone, *without])
    whole, nothing = scores[0], scores[1]
    first, last = scores[2 : 2 + len(alone)], scores[2 + len(alone) :]
    base = nothing.mean()
    parts = {
        name: ((first[i] - nothing) + (whole - last[i])) / 2 for i, name in enumerate(contributions)
    }
    parts[PLACE] = parts.get(PLACE, np.zeros(len(whole))) + (nothing - base)
    values = whole - base
    parts[INTERPLAY] = values - np.sum([*parts.values()], axis=0)
    return values, parts


def _scores(network: Callable[[Tensor], Tensor], films: Sequence[Tensor]) -> NDArray[np.float64]:
    """`(films, shots)`: the scores of variants of one film, a few at a time."""
    at_once = max(1, _NUMBERS_AT_ONCE // films[0].numel())
    scores = []
    with torch.inference_mode():
        for start in range(0, len(films), at_once):
            some = torch.stack([*films[start : start + at_once]])  # (some, shots, columns)
            scores.append(network(some).double().cpu().numpy())
    return np.concatenate(scores)
