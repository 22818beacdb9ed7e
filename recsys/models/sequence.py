"""A causal Transformer over watch histories, whole in this file.

W.-C. Kang, J. McAuley, Self-Attentive Sequential Recommendation, ICDM 2018 (SASRec), with the loss
over the whole catalogue, or the gBCE of A. Petrov, C. Macdonald, gSASRec, RecSys 2023, section 5.
Shapes: B histories, L places, D embedding size, H heads, I items, N predicted places of a batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.interactions import Floats, Interactions, Ints
from recsys.metrics import ndcg, top_k
from recsys.models.model import Progress, Recommender, State


@dataclass(frozen=True, slots=True)
class SequenceConfig:
    """Size of the network, and how it learns."""

    embedding_size: int = 64
    layers: int = 2
    heads: int = 2
    max_length: int = 50
    """Only the newest so many titles of a history are seen; a longer one is learned in pieces."""
    dropout: float = 0.3
    loss: str = "softmax"
    """`softmax` over the items, or `gbce` with sampled negatives."""
    softmax_items: int = 1024
    """A larger catalogue is drawn from: so many titles for each batch stand for all of them."""
    negatives: int = 128
    """For gBCE: titles drawn for each target."""
    calibration: float = 0.75
    """For gBCE: t of the paper; 0 is plain binary cross-entropy, 1 fully calibrated."""
    watch_weighting: float = 0.0
    """A target counts for `share watched ** watch_weighting`; 0 counts all targets alike."""
    epochs: int = 40
    """The most; the number is chosen on the newest part of the training log, if one is held out."""
    patience: int = 4
    """Epochs without a better validation before the search for their number ends."""
    validation_share: float = 0.1
    """0 holds out nothing and trains for all `epochs`."""
    batch_size: int = 64
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in ("softmax", "gbce"):
            raise ValueError(f"loss is softmax or gbce, not {self.loss!r}")
        if self.embedding_size % self.heads:
            raise ValueError(f"{self.embedding_size = } does not divide by {self.heads = }")


class Block(nn.Module):
    """Attention to the past, then a feed-forward layer; each normalised before and added after."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        size = config.embedding_size
        self.heads, self.dropout = config.heads, config.dropout
        self.attention_norm = nn.LayerNorm(size)
        self.query_key_value = nn.Linear(size, 3 * size)
        self.project = nn.Linear(size, size)
        self.feed_norm = nn.LayerNorm(size)
        self.widen = nn.Linear(size, 4 * size)
        self.narrow = nn.Linear(4 * size, size)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, L, D)` to `(B, L, D)`; place l sees places 0 to l."""
        batch, length, size = x.shape
        parts = self.query_key_value(self.attention_norm(x))  # (B, L, 3 D)
        split = parts.view(batch, length, 3, self.heads, size // self.heads)  # (B, L, 3, H, D/H)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # 3 × (B, H, L, D/H)
        seen = functional.scaled_dot_product_attention(
            query, key, value, dropout_p=self.dropout if self.training else 0.0, is_causal=True
        )  # (B, H, L, D/H)
        joined = seen.transpose(1, 2).reshape(batch, length, size)  # (B, L, D)
        x = x + self.drop(self.project(joined))
        fed = self.narrow(functional.gelu(self.widen(self.feed_norm(x))))  # (B, L, D)
        return x + torch.as_tensor(self.drop(fed))


class Network(nn.Module):
    """Embeds a history and gives, at each place, a vector near that of the title to come."""

    def __init__(self, config: SequenceConfig, items: int) -> None:
        super().__init__()
        self.items = items
        self.max_length = config.max_length
        self.item_embedding = nn.Embedding(items + 1, config.embedding_size, padding_idx=items)
        self.place_embedding = nn.Embedding(config.max_length, config.embedding_size)
        # What is popular goes here, else it draws all embeddings into one direction.
        self.item_bias = nn.Parameter(torch.zeros(items))
        nn.init.normal_(self.item_embedding.weight, std=0.02)
        nn.init.normal_(self.place_embedding.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.embedding_size)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, history: Tensor) -> Tensor:
        """`(B, L)` numbers of items, padded at the end with `items`, to `(B, L, D)`.

        Padding comes after a history, so the causal attention of real places never sees it. Places
        are counted from the newest title back, so a title's place says how recent it is.
        """
        lengths = (history != self.items).sum(dim=1, keepdim=True)  # (B, 1)
        age = (lengths - 1 - torch.arange(history.shape[1])).clamp(min=0)  # (B, L)
        x = self.drop(self.item_embedding(history) + self.place_embedding(age))  # (B, L, D)
        for block in self.blocks:
            x = block(x)
        return torch.as_tensor(self.norm(x))

    def scores(self, vectors: Tensor) -> Tensor:
        """`(N, D)` to `(N, I)`: the products with every item's embedding, and the item's bias."""
        return vectors @ self.item_embedding.weight[: self.items].T + self.item_bias


class SequenceModel(Recommender):
    """Predicts the next title from the order of those before it."""

    name = "sasrec"
    config_type = SequenceConfig

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        """Find the number of epochs on held-out newest plays, then learn from all plays afresh."""
        self.validation: list[float] = []
        epochs, found = self.config.epochs, 0.0
        if self.config.validation_share:
            past, future = newest_part(interactions, self.config.validation_share)
            if future.starts[-1]:
                epochs = self._best_epochs(past, future, lambda done: on_progress(done / 2))
                found = 0.5
        self.epochs = epochs
        self.network = _untrained(self.config, interactions)
        for epoch, _ in enumerate(_training(self.network, interactions, self.config, epochs), 1):
            on_progress(found + (1 - found) * epoch / epochs)

    def settled(self) -> dict[str, Any]:
        """The number of epochs that was best."""
        return {"epochs": self.epochs, "validation_share": 0.0}

    def _best_epochs(self, past: Interactions, future: Interactions, on_progress: Progress) -> int:
        self.network = _untrained(self.config, past)
        for _ in _training(self.network, past, self.config, self.config.epochs):
            self.validation.append(self._validate(past, future))
            best = int(np.argmax(self.validation)) + 1
            on_progress(len(self.validation) / self.config.epochs)
            if len(self.validation) - best >= self.config.patience:
                break
        return best

    def _validate(self, past: Interactions, future: Interactions, users: int = 10_000) -> float:
        """NDCG@10 of the held-out plays, over all items not yet watched."""
        pairs = zip(past.histories(), future.histories(), strict=True)
        judged = [(seen, to_come) for seen, to_come in pairs if len(seen) and len(to_come)][:users]
        hits = np.zeros((len(judged), 10), np.bool_)
        for begin in range(0, len(judged), 512):  # a table of scores for all would be large
            batch = judged[begin : begin + 512]
            scores = self._score([seen for seen, _ in batch])
            for row, (seen, _) in enumerate(batch):
                scores[row, seen] = -np.inf
            for row, best in enumerate(top_k(scores, 10)):
                hits[begin + row, : len(best)] = np.isin(best, batch[row][1])
        return float(ndcg(hits, np.array([len(to_come) for _, to_come in judged])).mean())

    def represent(self, histories: Sequence[Ints]) -> Floats:
        """The network's vector at the newest title of each history, `(histories, D)`."""
        self.network.eval()
        with torch.inference_mode():
            vectors = [
                self.network(batch)[torch.arange(len(batch)), (batch != len(self.items)).sum(1) - 1]
                for batch in self._batches(histories)
            ]
        return np.asarray(torch.cat(vectors).numpy(), np.float32)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        with torch.inference_mode():
            scores = self.network.scores(torch.from_numpy(self.represent(histories)))
        return np.asarray(scores.numpy(), np.float32)

    def _batches(self, histories: Sequence[Ints], size: int = 256) -> Iterator[Tensor]:
        newest = [torch.from_numpy(history[-self.config.max_length :]) for history in histories]
        for begin in range(0, len(newest), size):
            yield _padded(newest[begin : begin + size], len(self.items))

    def _state(self) -> State:
        return {name: tensor.numpy() for name, tensor in self.network.state_dict().items()}

    def _restore(self, state: State) -> None:
        self.epochs = self.config.epochs
        self.network = _new_network(self.config, len(self.items))
        self.network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})


def newest_part(interactions: Interactions, share: float) -> tuple[Interactions, Interactions]:
    """Part plays into past and future: by one instant, or each user's last where there is no time.

    The future may be empty, if all plays have one time. Only users with a past can be judged, so
    the future of the others goes unused.
    """
    when = interactions.when
    if interactions.timed:
        cut = np.sort(when)[int(len(when) * (1 - share))]
        future = when >= cut
    else:
        future = np.zeros(len(when), np.bool_)
        future[interactions.starts[1:] - 1] = True
    past = ~future
    users = interactions.user
    with_past = np.isin(users, np.unique(users[past]))
    return interactions.keep(past), interactions.keep(future & with_past)


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


def _new_network(config: SequenceConfig, items: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Network(config, items)


def _untrained(config: SequenceConfig, interactions: Interactions) -> Network:
    """A new network that begins at what is popular, so that only the rest is left to learn."""
    network = _new_network(config, len(interactions.items))
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


def _training(
    network: Network, interactions: Interactions, config: SequenceConfig, epochs: int
) -> Iterator[None]:
    """Train for some epochs, and yield after each. Draws nothing from global chance."""
    spans = list(_pieces(interactions.starts, config.max_length))
    histories = [torch.from_numpy(interactions.item[span]) for span in spans]
    shares = interactions.weight ** np.float32(config.watch_weighting)
    weights = [torch.from_numpy(shares[span]) for span in spans]
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=0.01)
    chance = torch.Generator().manual_seed(config.seed).get_state()
    for _ in range(epochs):
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(chance)
            network.train()
            order = torch.randperm(len(histories)).tolist()
            for begin in range(0, len(order), config.batch_size):
                batch = order[begin : begin + config.batch_size]
                chosen = [histories[row] for row in batch], [weights[row] for row in batch]
                _step(network, optimizer, *chosen, config)
            chance = torch.get_rng_state()
        yield


def _pieces(starts: Ints, length: int) -> Iterator[slice]:
    """Rows of at most `length` titles and the one after; each play but a first is a target once.

    The newest piece of a history is whole; what does not fill one is at its beginning.
    """
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        for last in range(end, begin + 1, -length):
            yield slice(max(begin, last - length - 1), last)


def _step(
    network: Network,
    optimizer: torch.optim.Optimizer,
    histories: Sequence[Tensor],
    weights: Sequence[Tensor],
    config: SequenceConfig,
) -> None:
    sequence = _padded(histories, network.items)  # (B, L + 1)
    targets = sequence[:, 1:]  # (B, L)
    real = targets != network.items
    vectors = network(sequence[:, :-1])[real]  # (N, D)
    weight = _padded(weights, 0)[:, 1:][real]  # (N,)
    losses = _losses(network, vectors, targets[real], config)  # (N,)
    loss = (losses * weight).sum() / weight.sum().clamp(min=1e-6)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _losses(network: Network, vectors: Tensor, targets: Tensor, config: SequenceConfig) -> Tensor:
    if config.loss == "softmax" and network.items <= config.softmax_items:
        return functional.cross_entropy(network.scores(vectors), targets, reduction="none")
    if config.loss == "softmax":
        return sampled_softmax(network, vectors, targets, config.softmax_items)
    embeddings = network.item_embedding.weight
    drawn = torch.randint(network.items, (len(targets), config.negatives))  # (N, negatives)
    drawn = torch.where(drawn == targets[:, None], (drawn + 1) % network.items, drawn)
    positive = (vectors * embeddings[targets]).sum(dim=1) + network.item_bias[targets]  # (N,)
    negative = torch.einsum("nd,nkd->nk", vectors, embeddings[drawn])  # (N, negatives)
    negative = negative + network.item_bias[drawn]
    return gbce_loss(positive, negative, network.items, config.calibration)


def sampled_softmax(network: Network, vectors: Tensor, targets: Tensor, titles: int) -> Tensor:
    """Cross-entropy of each target against titles drawn for the whole batch, `(N,)`.

    Each drawn title stands for `(items - 1) / titles` of them, so the sum over all items is met on
    average (Y. Bengio, J.-S. Senécal, Quick Training of Probabilistic Neural Nets, 2003).
    """
    embeddings = network.item_embedding.weight
    drawn = torch.randint(network.items, (titles,))
    negative = vectors @ embeddings[drawn].T + network.item_bias[drawn]  # (N, titles)
    negative = negative + np.log((network.items - 1) / titles)
    negative = negative.masked_fill(drawn == targets[:, None], -torch.inf)
    positive = (vectors * embeddings[targets]).sum(dim=1) + network.item_bias[targets]  # (N,)
    return torch.logaddexp(positive, negative.logsumexp(dim=1)) - positive


def _padded(rows: Sequence[Tensor], value: int) -> Tensor:
    """`(B, L)`, L the longest row; shorter ones end with `value`."""
    return nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=value)
