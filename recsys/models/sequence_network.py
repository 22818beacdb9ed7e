"""A causal Transformer over watch histories, whole in this file.

W.-C. Kang, J. McAuley, Self-Attentive Sequential Recommendation, ICDM 2018 (SASRec), with the loss
over the whole catalogue, or the gBCE of A. Petrov, C. Macdonald, gSASRec, RecSys 2023, section 5.
Shapes: B histories, L places, D embedding size, H heads, I items, N predicted places of a batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


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
    context: bool = True
    """Times and devices are inputs, where the log tells them."""
    context_dropout: float = 0.1
    """The share of histories learned without them, so that one without is no surprise."""
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

    def __init__(self, config: SequenceConfig, items: int, inputs: int = 0) -> None:
        """`inputs`: rows of the table of times and devices, 0 without one."""
        super().__init__()
        self.items = items
        self.max_length = config.max_length
        self.item_embedding = nn.Embedding(items + 1, config.embedding_size, padding_idx=items)
        # What is popular goes here, else it draws all embeddings into one direction.
        self.item_bias = nn.Parameter(torch.zeros(items))
        nn.init.normal_(self.item_embedding.weight, std=0.02)
        self.told = nn.Parameter(torch.zeros(inputs, config.embedding_size)) if inputs else None
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

    def forward(self, history: Tensor, told: Tensor | None = None) -> Tensor:
        """`(B, L)` numbers of items, padded at the end with `items`, to `(B, L, D)`.

        Padding comes after a history, so the causal attention of real places never sees it.
        `told`: `(B, L, 4)`, rows of the table of times and devices.
        """
        x = self._embedded(history, told)
        for block in self.blocks:
            x = block(x, self.turns[:, : history.shape[1]])
        return torch.as_tensor(self.norm(x))

    def _embedded(self, history: Tensor, told: Tensor | None) -> Tensor:
        x = self.item_embedding(history)  # (B, L, D)
        if self.told is not None and told is not None:
            x = x + functional.embedding(told, self.told).sum(dim=2)
        return torch.as_tensor(self.drop(x))

    def newest(self, history: Tensor, told: Tensor | None = None) -> Tensor:
        """`(B, L)`, padded as for `forward`, to its vector at each newest title, `(B, D)`."""
        place = (history != self.items).sum(dim=1) - 1
        turns = self.turns[:, : history.shape[1]]
        x = self._embedded(history, told)
        for block in self.blocks[:-1]:
            x = block(x, turns)
        last = self.blocks[-1]
        assert isinstance(last, Block)
        return torch.as_tensor(self.norm(last.at(x, turns, place)))

    def scores(self, vectors: Tensor) -> Tensor:
        """`(N, D)` to `(N, I)`: the products with every item's embedding, and the item's bias."""
        return vectors @ self.item_embedding.weight[: self.items].T + self.item_bias
