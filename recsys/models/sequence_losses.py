"""What a network of sequences learns by: how far its scores are from the title that came next.

Shapes: D embedding size, I items, N predicted places of a batch.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def gbce_beta(negatives: int, items: int, calibration: float) -> float:
    """The weight of a target: `alpha (t (1 - 1/alpha) + 1/alpha)`, `alpha` the share drawn."""
    alpha = min(1.0, negatives / max(items - 1, 1))
    return alpha * (calibration * (1 - 1 / alpha) + 1 / alpha)


def gbce_loss(positive: Tensor, negative: Tensor, items: int, calibration: float) -> Tensor:
    """Generalised binary cross-entropy of each target, `(N,)`.

    `-(beta log sigmoid(positive) + Σ log(1 - sigmoid(negative)))`.

    Args:
        positive: `(N,)`, the scores of the targets.
        negative: `(N, negatives)`, the scores of titles drawn at random.
        items: The size of the catalogue, at least 2.
        calibration: t, 0 to 1.
    """
    beta = gbce_beta(negative.shape[1], items, calibration)
    hit = beta * functional.logsigmoid(positive)
    return -(hit + functional.logsigmoid(-negative).sum(dim=1))


class _CatalogueCrossEntropy(torch.autograd.Function):
    """Keeps one table of (N, I) in bfloat16, where the plain way moves several in float32."""

    @staticmethod
    def forward(
        ctx: Any, vectors: Tensor, embeddings: Tensor, bias: Tensor, targets: Tensor
    ) -> Tensor:
        narrow, wide = vectors.bfloat16(), embeddings.bfloat16()
        table = torch.addmm(bias.bfloat16(), narrow, wide.T)  # (N, I), scores
        at_target = table.gather(1, targets[:, None])[:, 0].float()
        largest = table.amax(dim=1, keepdim=True)
        table.sub_(largest).exp_()
        total = table.sum(dim=1).float()  # (N,)
        ctx.save_for_backward(table, total, narrow, wide, targets)
        return total.log() + largest[:, 0].float() - at_target

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        table, total, narrow, wide, targets = ctx.saved_tensors
        table = table * (1 / total).bfloat16()[:, None]  # (N, I), probabilities
        table[torch.arange(len(targets), device=targets.device), targets] -= 1
        table.mul_(gradient.bfloat16()[:, None])
        of_bias = table.sum(dim=0).float()
        return (table @ wide).float(), (table.T @ narrow).float(), of_bias, None


def catalogue_cross_entropy(
    vectors: Tensor, embeddings: Tensor, bias: Tensor, targets: Tensor
) -> Tensor:
    """Cross-entropy of each target over all items in bfloat16, `(N,)`; within 1 % of float32.

    Args:
        vectors: `(N, D)`.
        embeddings: `(I, D)`.
        bias: `(I,)`.
        targets: `(N,)`, numbers of items.
    """
    losses: Tensor = _CatalogueCrossEntropy.apply(  # type: ignore[no-untyped-call]
        vectors, embeddings, bias, targets
    )
    return losses


def sampled_softmax(
    vectors: Tensor, embeddings: Tensor, bias: Tensor, targets: Tensor, titles: int
) -> Tensor:
    """Cross-entropy of each target against titles drawn for the whole batch, `(N,)`.

    Each drawn title stands for `(items - 1) / titles` of them, so the sum over all items is met on
    average (Y. Bengio, J.-S. Senécal, Quick Training of Probabilistic Neural Nets, 2003).

    Args:
        vectors: `(N, D)`.
        embeddings: `(I, D)`.
        bias: `(I,)`.
        targets: `(N,)`, numbers of items.
        titles: How many are drawn.
    """
    items = len(bias)
    drawn = torch.randint(items, (titles,)).to(targets.device)
    negative = vectors @ embeddings[drawn].T + bias[drawn]  # (N, titles)
    negative = negative + math.log((items - 1) / titles)
    negative = negative.masked_fill(drawn == targets[:, None], -torch.inf)
    positive = (vectors * embeddings[targets]).sum(dim=1) + bias[targets]  # (N,)
    return torch.logaddexp(positive, negative.logsumexp(dim=1)) - positive
