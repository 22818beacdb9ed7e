"""A Transformer encoder over the shots of a film: each shot attends to every other.

Pre-norm blocks (Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020)
with rotary positions (Su et al., "RoFormer", 2021), by which attention depends on how many shots
lie between two and no table of all pairs is held in memory. Where a shot lies in the film is a
column of its input. One score a shot; it does not order shots.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """The sizes of a `ShotTransformer`. C columns = `embedding_dim` + `other_dim`."""

    embedding_dim: int
    """D: the first columns of a shot, its picture."""
    other_dim: int
    """O: the columns after it: measures, their masks, length, place."""
    width: int = 64
    """W: numbers a shot is carried in; a multiple of twice the heads."""
    heads: int = 4
    """h, each W / h wide."""
    layers: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.layers <= 64:
            raise ValueError(f"need 1 <= layers <= 64, got {self.layers}")
        if self.width % (2 * self.heads):
            raise ValueError(f"{self.width = } is not a multiple of {2 * self.heads}")


class ShotTransformer(nn.Module):
    """Scores every shot of a film from the whole of it."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.picture = nn.Linear(config.embedding_dim, config.width)
        self.other = nn.Linear(config.other_dim, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, 1)

    def forward(self, films: Tensor) -> Tensor:
        """Score shots: `(films, shots, columns)` to `(films, shots)`; any number of shots."""
        dim = self.config.embedding_dim
        picture, other = films[..., :dim], films[..., dim:]  # (B, T, D) and (B, T, O)
        x = self.picture(picture) + self.other(other)  # (B, T, W)
        for block in self.blocks:
            x = block(x)
        scores: Tensor = self.head(self.norm(x)).squeeze(-1)  # (B, T)
        return scores


class Block(nn.Module):
    """Attention, then two layers at each shot, each added to what came in."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.before_attention = nn.LayerNorm(config.width)
        self.queries_keys_values = nn.Linear(config.width, 3 * config.width)
        self.attended = nn.Linear(config.width, config.width)
        self.before_layers = nn.LayerNorm(config.width)
        self.widen = nn.Linear(config.width, 2 * config.width)
        self.narrow = nn.Linear(2 * config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, T, W)` to `(B, T, W)`."""
        x = x + self._attend(self.before_attention(x))
        wide = nn.functional.gelu(self.widen(self.before_layers(x)))  # (B, T, 2W)
        out: Tensor = x + self.narrow(wide)
        return out

    def _attend(self, x: Tensor) -> Tensor:
        films, shots, width = x.shape
        packed = self.queries_keys_values(x)  # (B, T, 3W)
        split = packed.view(films, shots, 3, self.heads, width // self.heads)  # (B, T, 3, h, W/h)
        q, k, v = split.permute(2, 0, 3, 1, 4)  # (B, h, T, W/h) each
        mixed = scaled_dot_product_attention(rotate(q), rotate(k), v)  # (B, h, T, W/h)
        out: Tensor = self.attended(mixed.transpose(1, 2).reshape(films, shots, width))  # (B, T, W)
        return out


def rotate(x: Tensor) -> Tensor:
    """Turn the pairs of numbers of shot t by t times their frequency (RoFormer, eq. 34).

    Then the product of a query at shot s and a key at shot t depends on the place only by s - t.

    Args:
        x: `(..., shots, size)`, size even.

    Returns:
        The same shape.
    """
    shots, size = x.shape[-2:]
    frequency = 10_000 ** (-torch.arange(0, size, 2, device=x.device) / size)  # (size / 2,)
    angle = torch.arange(shots, device=x.device)[:, None] * frequency  # (T, size / 2)
    cos, sin = angle.cos(), angle.sin()
    even, odd = x[..., 0::2], x[..., 1::2]  # (..., T, size / 2)
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1)
    return turned.flatten(-2)  # (..., T, size)
