"""How a network of sequences learns: from every play, by the running mean of its weights."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.interactions import Interactions
from recsys.models.sequence_batches import batches, padded, pieces
from recsys.models.sequence_inputs import INPUTS, inputs_of_all, table_rows
from recsys.models.sequence_losses import (
    catalogue_cross_entropy,
    gbce_beta,
    gbce_loss,
    sampled_softmax,
)
from recsys.models.sequence_network import Network, SequenceConfig

AVERAGED_STEPS = 5
"""Training steps between two of the running mean, which then costs little; or all of an epoch."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Pieces of histories of like lengths, in one order."""

    histories: list[Tensor]
    """`(L + 1,)` numbers of items each."""
    weights: list[Tensor]
    """`(L + 1,)` each, what a title counts for as a target."""
    told: list[Tensor]
    """`(L + 1, 4)` each, rows of the table of times and devices."""


def new_network(config: SequenceConfig, items: int, inputs: int) -> Network:
    """A network of the config's seed, on a GPU if there is one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Network(config, items, inputs).to("cuda" if torch.cuda.is_available() else "cpu")


def untrained(config: SequenceConfig, interactions: Interactions) -> Network:
    """A new network that begins at what is popular, so that only the rest is left to learn."""
    tells = config.context and (interactions.timed or interactions.devices)
    inputs = table_rows(len(interactions.devices)) if tells else 0
    network = new_network(config, len(interactions.items), inputs)
    counts = np.bincount(interactions.item, minlength=network.items) + 1.0
    log_share = np.log(counts / counts.sum())
    if config.loss == "gbce":
        # The score at which the loss of a title no history tells anything about is least:
        # beta times as often right as its share, against draws at negatives / items.
        beta = gbce_beta(config.negatives, network.items, config.calibration)
        log_share += np.log(beta * network.items / config.negatives)
    with torch.no_grad():
        network.item_bias.copy_(torch.from_numpy(log_share))
    return network


def training(
    network: Network, interactions: Interactions, config: SequenceConfig, rate: float = 1.0
) -> Iterator[Network]:
    """Train, and after each epoch yield the running mean of the network, until nobody asks again.

    Draws nothing from global chance. `rate` scales the learning rate.
    """
    spans = list(pieces(interactions.starts, config.max_length))
    histories = [torch.from_numpy(interactions.item[span]) for span in spans]
    shares = interactions.weight ** np.float32(config.watch_weighting)
    weights = [torch.from_numpy(shares[span]) for span in spans]
    told = torch.from_numpy(inputs_of_all(interactions))
    dropout = 0.0 if network.told is None else config.context_dropout
    parameters = [weight for weight in network.parameters() if weight.dim() == 2]
    plain = [weight for weight in network.parameters() if weight.dim() != 2]
    groups: list[dict[str, Any]] = [{"params": parameters}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
    average = copy.deepcopy(network)
    chance = torch.Generator().manual_seed(config.seed).get_state()
    steps = 0
    warm_up = min(200, len(histories) // config.batch_size + 1)
    # Of a short log at least once an epoch, or the search would end before the mean has moved.
    every = max(1, min(AVERAGED_STEPS, -(-len(histories) // config.batch_size)))
    while True:
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(chance)
            network.train()
            for batch in batches([len(history) for history in histories], config.batch_size):
                steps += 1
                for group in optimizer.param_groups:
                    group["lr"] = rate * config.learning_rate * min(1.0, steps / warm_up)
                chosen = _Batch(
                    histories=[histories[row] for row in batch],
                    weights=[weights[row] for row in batch],
                    told=_with_dropout([told[spans[row]] for row in batch], dropout),
                )
                _step(network, optimizer, chosen, config)
                if steps % every == 0:
                    # The first steps say little, so the mean forgets them sooner.
                    kept = min(config.averaging, 1 - 10 / (steps + 10))
                    _average(average, network, kept, every)
            chance = torch.get_rng_state()
        if config.averaging == 0:
            average.load_state_dict(network.state_dict())
        yield average


def _with_dropout(told: Sequence[Tensor], dropout: float) -> list[Tensor]:
    """Rows of the table of times and devices; of some histories those of what is unknown."""
    rows = torch.tensor(INPUTS)
    if not dropout:
        return [one + rows for one in told]
    kept = (torch.rand(len(told)) >= dropout).tolist()
    return [one * keep + rows for one, keep in zip(told, kept, strict=True)]


def _average(average: Network, network: Network, kept: float, steps: int) -> None:
    """Move the mean towards the network, as so many steps would."""
    with torch.no_grad():
        share = 1 - kept**steps
        for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight, share)


def _step(
    network: Network, optimizer: torch.optim.Optimizer, batch: _Batch, config: SequenceConfig
) -> None:
    device = network.turns.device
    sequence = padded(batch.histories, network.items).to(device)  # (B, L + 1)
    targets = sequence[:, 1:]  # (B, L)
    real = targets != network.items
    with torch.autocast(device.type, torch.bfloat16, enabled=config.bfloat16):
        known = padded(batch.told, 0).to(device)[:, :-1]  # (B, L, 4)
        vectors = network(sequence[:, :-1], known)[real].float()  # (N, D)
    weight = padded(batch.weights, 0).to(device)[:, 1:][real]  # (N,)
    losses = _losses(network, vectors, targets[real], config)  # (N,)
    loss = (losses * weight).sum() / weight.sum().clamp(min=1e-6)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


def _losses(network: Network, vectors: Tensor, targets: Tensor, config: SequenceConfig) -> Tensor:
    embeddings, bias = network.item_embedding.weight[: network.items], network.item_bias
    if config.loss == "softmax" and network.items > config.softmax_items:
        return sampled_softmax(vectors, embeddings, bias, targets, config.softmax_items)
    if config.loss == "softmax" and config.bfloat16:
        return catalogue_cross_entropy(vectors, embeddings, bias, targets)
    if config.loss == "softmax":
        return functional.cross_entropy(network.scores(vectors), targets, reduction="none")
    drawn = torch.randint(network.items, (len(targets), config.negatives))  # (N, negatives)
    drawn = drawn.to(targets.device)
    drawn = torch.where(drawn == targets[:, None], (drawn + 1) % network.items, drawn)
    positive = (vectors * embeddings[targets]).sum(dim=1) + bias[targets]  # (N,)
    negative = torch.einsum("nd,nkd->nk", vectors, embeddings[drawn])  # (N, negatives)
    return gbce_loss(positive, negative + bias[drawn], network.items, config.calibration)
