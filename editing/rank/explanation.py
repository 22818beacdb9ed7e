"""What a network's score of a shot is made of: additive parts, one for each group of features.

A group's part is how much the score changes when that group, in the whole film, is levelled to
the film's average shot. Computed by running the network, and what the groups do only together
is a part of its own: nothing is smoothed over to make the sum come out.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.rank.features import PLACE

INTERPLAY = "interplay of these"
_NUMBERS_AT_ONCE = 16_000_000

Groups = Mapping[str, Sequence[int]]


def explain(
    network: Callable[[Tensor], Tensor], encoded: Tensor, level: Tensor, groups: Groups
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Score the shots of a film, and split each score over groups of columns.

    With `v(S)` the network's scores when all groups outside `S` are levelled, and `N` all groups,
    the part of group g is the mean of what it changes last and what it changes first,

        1/2 (v(N) - v(N \\ g)) + 1/2 (v(g) - v({})),

    which is its Shapley value wherever at most two groups act together; the rest is `INTERPLAY`.
    A score is `v(N)` less the mean over shots of `v({})`. How `v({})` itself varies over the
    film, where only the place in the sequence is left, belongs to the group `PLACE`.

    Args:
        network: `(films, shots, columns)` to `(films, shots)`.
        encoded: `(shots, columns)`.
        level: `(columns,)`, the film's average shot.
        groups: For each name, its columns; together all columns, each once.

    Returns:
        `(shots,)` scores; and for each group, then for `INTERPLAY`, `(shots,)` parts.
    """
    columns = len(level)
    alone = [_mask(columns, group) for group in groups.values()]
    kept = [torch.ones(columns, dtype=torch.bool), torch.zeros(columns, dtype=torch.bool)]
    scores = _scores(network, encoded, level, kept + alone + [~mask for mask in alone])
    whole, nothing = scores[0], scores[1]
    first, last = scores[2 : 2 + len(alone)], scores[2 + len(alone) :]
    base = nothing.mean()
    parts = {name: ((first[i] - nothing) + (whole - last[i])) / 2 for i, name in enumerate(groups)}
    parts[PLACE] = parts.get(PLACE, np.zeros(len(whole))) + (nothing - base)
    values = whole - base
    parts[INTERPLAY] = values - np.sum([*parts.values()], axis=0)
    return values, parts


def _mask(columns: int, group: Sequence[int]) -> Tensor:
    mask = torch.zeros(columns, dtype=torch.bool)
    mask[list(group)] = True
    return mask


def _scores(
    network: Callable[[Tensor], Tensor], encoded: Tensor, level: Tensor, kept: Sequence[Tensor]
) -> NDArray[np.float64]:
    """`(variants, shots)`: the scores with only the `kept` columns not levelled."""
    at_once = max(1, _NUMBERS_AT_ONCE // encoded.numel())
    scores = []
    with torch.inference_mode():
        for start in range(0, len(kept), at_once):
            masks = torch.stack(list(kept[start : start + at_once]))  # (variants, columns)
            films = torch.where(masks[:, None], encoded, level)  # (variants, shots, columns)
            scores.append(network(films).double().numpy())
    return np.concatenate(scores)
