"""A causal Transformer over watch histories, whole in this file.

W.-C. Kang, J. McAuley, Self-Attentive Sequential Recommendation, ICDM 2018 (SASRec), with the loss
over the whole catalogue, or the gBCE of A. Petrov, C. Macdonald, gSASRec, RecSys 2023, section 5.
Shapes: B histories, L places, D embedding size, H heads, I items, N predicted places of a batch.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.interactions import Floats, Interactions, Ints, newest_part
from recsys.metrics import ndcg, top_k
from recsys.models.model import Progress, Recommender, State, quiet
from recsys.models.sequence_batches import batches, padded, pieces
from recsys.models.sequence_losses import (
    catalogue_cross_entropy,
    gbce_beta,
    gbce_loss,
    sampled_softmax,
)

AVERAGED_STEPS = 5
"""Training steps between two of the running mean, which then costs little."""


@dataclass(frozen=True, slots=True)
class SequenceConfig:
    """Size of the network, and how it learns."""

    embedding_size: int = 128
    layers: int = 2
    heads: int = 2
    max_length: int = 200
    """Only the newest so many titles of a history are seen; a longer one is learned in pieces."""
    dropout: float = 0.2
    loss: str = "softmax"
    """`softmax` over the items, or `gbce` with sampled negatives."""
    softmax_items: int = 8192
    """A larger catalogue is drawn from: so many titles for each batch stand for all of them."""
    negatives: int = 128
    """For gBCE: titles drawn for each target."""
    calibration: float = 0.75
    """For gBCE: t of the paper; 0 is plain binary cross-entropy, 1 fully calibrated."""
    watch_weighting: float = 0.0
    """A target counts for `share watched ** watch_weighting`; 0 counts all targets alike."""
    epochs: int = 60
    """The most; the number is chosen on the newest part of the training log, if one is held out."""
    patience: int = 3
    """Epochs without a better validation before the search for their number ends."""
    validation_share: float = 0.1
    """0 holds out nothing and trains for all `epochs`."""
    further_epochs: int = 2
    """Over all plays, held out ones and later ones too, from the weights that were best."""
    batch_size: int = 64
    learning_rate: float = 1e-3
    averaging: float = 0.998
    """What the running mean of the weights, which is the network, keeps at each step; [0, 1)."""
    bfloat16: bool = True
    """Train in mixed precision; scores are always computed in float32."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in ("softmax", "gbce"):
            raise ValueError(f"loss is softmax or gbce, not {self.loss!r}")
        if self.embedding_size % (2 * self.heads):
            raise ValueError(f"{self.embedding_size = } does not divide by twice {self.heads = }")


class Block(nn.Module):
    """Attention to the past, then a feed-forward layer; each normalised before and added after."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        size = config.embedding_size
        self.heads = config.heads
        self.attention_norm = nn.LayerNorm(size)
        self.query_key_value = nn.Linear(size, 3 * size)
        self.project = nn.Linear(size, size)
        self.feed_norm = nn.LayerNorm(size)
        self.widen = nn.Linear(size, 4 * size)
        self.narrow = nn.Linear(4 * size, size)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, turns: Tensor) -> Tensor:
        """`(B, L, D)` to `(B, L, D)`; place l sees places 0 to l. `turns`: `(2, L, D/2H)`."""
        query, key, value = self._parts(x, turns)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._fed(x, seen.transpose(1, 2).reshape(x.shape))  # (B, L, D)

    def at(self, x: Tensor, turns: Tensor, place: Tensor) -> Tensor:
        """What `forward` gives at one place of each history, `(B, D)`, for less work."""
        rows = torch.arange(len(x), device=x.device)
        query, key, value = self._parts(x, turns)
        past = torch.arange(x.shape[1], device=x.device) <= place[:, None]  # (B, L)
        seen = functional.scaled_dot_product_attention(
            query[rows, :, place][:, :, None], key, value, attn_mask=past[:, None, None]
        )  # (B, H, 1, D/H)
        return self._fed(x[rows, place], seen.reshape(len(x), x.shape[2]))

    def _parts(self, x: Tensor, turns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value, `(B, H, L, D/H)` each."""
        batch, length, size = x.shape
        parts = self.query_key_value(self.attention_norm(x))  # (B, L, 3 D)
        split = parts.view(batch, length, 3, self.heads, size // self.heads)  # (B, L, 3, H, D/H)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        return turned(query, turns), turned(key, turns), value

    def _fed(self, x: Tensor, seen: Tensor) -> Tensor:
        x = x + self.drop(self.project(seen))
        fed = self.narrow(functional.gelu(self.widen(self.feed_norm(x))))
        return x + torch.as_tensor(self.drop(fed))


def turned(x: Tensor, turns: Tensor) -> Tensor:
    """Turn the two halves of each vector by its place, `(B, H, L, D/H)` to the same.

    Products of a query and a key then tell how many places lie between them, and nothing of where
    both are: J. Su et al., RoFormer, 2021, section 3.2.
    """
    cosine, sine = turns
    first, second = x.chunk(2, dim=-1)
    halves = (first * cosine - second * sine, first * sine + second * cosine)
    return torch.cat(halves, dim=-1).to(x.dtype)


class Network(nn.Module):
    """Embeds a history and gives, at each place, a vector near that of the title to come."""

    turns: Tensor

    def __init__(self, config: SequenceConfig, items: int) -> None:
        super().__init__()
        self.items = items
        self.max_length = config.max_length
        self.item_embedding = nn.Embedding(items + 1, config.embedding_size, padding_idx=items)
        # What is popular goes here, else it draws all embeddings into one direction.
        self.item_bias = nn.Parameter(torch.zeros(items))
        nn.init.normal_(self.item_embedding.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.embedding_size)
        self.drop = nn.Dropout(config.dropout)
        for weights in self.blocks.parameters():
            if weights.dim() == 2:
                nn.init.xavier_normal_(weights)
        half = config.embedding_size // config.heads // 2
        angles = torch.outer(torch.arange(config.max_length), 1000 ** -(torch.arange(half) / half))
        turns = torch.stack((angles.cos(), angles.sin()))  # (2, L, D/2H)
        self.register_buffer("turns", turns, persistent=False)

    def forward(self, history: Tensor) -> Tensor:
        """`(B, L)` numbers of items, padded at the end with `items`, to `(B, L, D)`.

        Padding comes after a history, so the causal attention of real places never sees it.
        """
        x = self.drop(self.item_embedding(history))  # (B, L, D)
        for block in self.blocks:
            x = block(x, self.turns[:, : history.shape[1]])
        return torch.as_tensor(self.norm(x))

    def newest(self, history: Tensor) -> Tensor:
        """`(B, L)`, padded as for `forward`, to its vector at each newest title, `(B, D)`."""
        place = (history != self.items).sum(dim=1) - 1
        turns = self.turns[:, : history.shape[1]]
        x = self.drop(self.item_embedding(history))  # (B, L, D)
        for block in self.blocks[:-1]:
            x = block(x, turns)
        last = self.blocks[-1]
        assert isinstance(last, Block)
        return torch.as_tensor(self.norm(last.at(x, turns, place)))

    def scores(self, vectors: Tensor) -> Tensor:
        """`(N, D)` to `(N, I)`: the products with every item's embedding, and the item's bias."""
        return vectors @ self.item_embedding.weight[: self.items].T + self.item_bias


class SequenceModel(Recommender):
    """Predicts the next title from the order of those before it."""

    name = "sasrec"
    config_type = SequenceConfig

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        """Find the best weights against held-out newest plays, then go on from them with all."""
        self.validation: list[float] = []
        self.network = _untrained(self.config, interactions)
        most = self.config.epochs
        if self.config.validation_share:
            past, future = newest_part(interactions, self.config.validation_share)
            if future.starts[-1]:
                self._search(past, future, on_progress)
                self._train_further(interactions)
                return
        for epoch, network in enumerate(_training(self.network, interactions, self.config), 1):
            on_progress(epoch / most)
            if epoch == most:
                self.network = network
                break
        self.epochs = most

    def settled(self) -> dict[str, Any]:
        """The number of epochs that was best."""
        return {"epochs": self.epochs, "validation_share": 0.0}

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> "SequenceModel":
        """Goes on from these weights for `further_epochs`; new titles begin where all began."""
        other = type(self)(self.config)
        other._remember(interactions)
        other.epochs, other.validation = self.epochs, list(self.validation)
        other.network = _untrained(self.config, interactions)
        number = {item: place for place, item in enumerate(self.items)}
        shared = [place for place, item in enumerate(other.items) if item in number]
        known = [number[other.items[place]] for place in shared]
        state = {name: tensor.cpu() for name, tensor in self.network.state_dict().items()}
        for name, grown in other.network.state_dict().items():
            if name in ("item_embedding.weight", "item_bias"):
                kept = grown.cpu().clone()
                kept[shared] = state[name][known]
                state[name] = kept
        other.network.load_state_dict(state)
        other._train_further(interactions)
        on_progress(1.0)
        return other

    def _search(self, past: Interactions, future: Interactions, on_progress: Progress) -> None:
        self.epochs = 0
        best: dict[str, Tensor] = {}
        for network in _training(_untrained(self.config, past), past, self.config):
            self.network = network
            self.validation.append(self._validate(past, future))
            epoch = len(self.validation)
            if self.validation[-1] > max(self.validation[:-1], default=-1.0):
                self.epochs = epoch
                best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
            on_progress(epoch / self.config.epochs)
            if epoch == self.config.epochs or epoch - self.epochs >= self.config.patience:
                break
        self.network.load_state_dict(best)

    def _train_further(self, interactions: Interactions) -> None:
        epochs = range(self.config.further_epochs)
        trained = _training(self.network, interactions, self.config, rate=0.3)
        for _, network in zip(epochs, trained, strict=False):
            self.network = network

    def _validate(self, past: Interactions, future: Interactions, users: int = 2500) -> float:
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
            vectors = [self.network.newest(batch) for batch in self._batches(histories)]
        return np.asarray(torch.cat(vectors).cpu().numpy(), np.float32)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        with torch.inference_mode():
            vectors = torch.from_numpy(self.represent(histories)).to(self.network.turns.device)
            scores = self.network.scores(vectors)
        return np.asarray(scores.cpu().numpy(), np.float32)

    def _batches(self, histories: Sequence[Ints], size: int = 256) -> Iterator[Tensor]:
        newest = [torch.from_numpy(history[-self.config.max_length :]) for history in histories]
        for begin in range(0, len(newest), size):
            batch = padded(newest[begin : begin + size], len(self.items))
            yield batch.to(self.network.turns.device)

    def _state(self) -> State:
        return {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}

    def _restore(self, state: State) -> None:
        self.epochs, self.validation = self.config.epochs, []
        self.network = _new_network(self.config, len(self.items))
        self.network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})


def _new_network(config: SequenceConfig, items: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return Network(config, items).to("cuda" if torch.cuda.is_available() else "cpu")


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
    network: Network, interactions: Interactions, config: SequenceConfig, rate: float = 1.0
) -> Iterator[Network]:
    """Train, and after each epoch yield the running mean of the network, until nobody asks again.

    Draws nothing from global chance. `rate` scales the learning rate.
    """
    spans = list(pieces(interactions.starts, config.max_length))
    histories = [torch.from_numpy(interactions.item[span]) for span in spans]
    shares = interactions.weight ** np.float32(config.watch_weighting)
    weights = [torch.from_numpy(shares[span]) for span in spans]
    parameters = [weight for weight in network.parameters() if weight.dim() == 2]
    plain = [weight for weight in network.parameters() if weight.dim() != 2]
    groups: list[dict[str, Any]] = [{"params": parameters}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
    average = copy.deepcopy(network)
    chance = torch.Generator().manual_seed(config.seed).get_state()
    steps = 0
    warm_up = min(200, len(histories) // config.batch_size + 1)
    while True:
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(chance)
            network.train()
            for batch in batches([len(history) for history in histories], config.batch_size):
                steps += 1
                for group in optimizer.param_groups:
                    group["lr"] = rate * config.learning_rate * min(1.0, steps / warm_up)
                chosen = [histories[row] for row in batch], [weights[row] for row in batch]
                _step(network, optimizer, *chosen, config)
                if steps % AVERAGED_STEPS == 0:
                    # The first steps say little, so the mean forgets them sooner.
                    _average(average, network, min(config.averaging, 1 - 10 / (steps + 10)))
            chance = torch.get_rng_state()
        if config.averaging == 0:
            average.load_state_dict(network.state_dict())
        yield average


def _average(average: Network, network: Network, kept: float) -> None:
    """Move the mean towards the network, as `AVERAGED_STEPS` steps would."""
    with torch.no_grad():
        share = 1 - kept**AVERAGED_STEPS
        for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(weight, share)


def _step(
    network: Network,
    optimizer: torch.optim.Optimizer,
    histories: Sequence[Tensor],
    weights: Sequence[Tensor],
    config: SequenceConfig,
) -> None:
    device = network.turns.device
    sequence = padded(histories, network.items).to(device)  # (B, L + 1)
    targets = sequence[:, 1:]  # (B, L)
    real = targets != network.items
    with torch.autocast(device.type, torch.bfloat16, enabled=config.bfloat16):
        vectors = network(sequence[:, :-1])[real].float()  # (N, D)
    weight = padded(weights, 0).to(device)[:, 1:][real]  # (N,)
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
