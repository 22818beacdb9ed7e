"""A Transformer encoder over the shots of a film, and a head that says which shot comes next.

Pre-norm blocks (Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020)
with rotary positions (Su et al., "RoFormer", 2021), by which attention depends on how many shots
lie between two; where a shot lies in the film is a column of its input. A shot attends to those
within `REACH` of it, so that memory and time grow with the shots and not with their square. Beside
the blocks a linear path from a shot and its two neighbours to its score (Cheng et al., "Wide & Deep
Learning", 2016): attention does not tell neighbours from others until it has learned to.
The order head is after Argaw et al., "Towards Automated Movie Trailer Generation", CVPR 2024.
"""

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

REACH = 128
"""Shots; no shot attends to one further away. Two blocks see twice as far."""


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """The sizes of a `ShotTransformer`. C columns = `embedding_dim` + `other_dim`."""

    embedding_dim: int
    """D: the first columns of a shot, its picture."""
    other_dim: int
    """O: the columns after it: measures, their masks, length, likenesses, and last the place."""
    width: int = 64
    """W: numbers a shot is carried in; a multiple of twice the heads."""
    heads: int = 4
    """h, each W / h wide."""
    layers: int = 2
    order_layers: int = 0
    """Of the order head; 0 for none."""
    order_hidden: int = 0
    """Of the last columns, how many are hidden from the order head."""

    def __post_init__(self) -> None:
        if not (1 <= self.layers <= 64 and 0 <= self.order_layers <= 64):
            raise ValueError(f"need 1 to 64 layers, got {self.layers}, {self.order_layers}")
        if not 0 <= self.order_hidden <= self.other_dim:
            raise ValueError(f"{self.order_hidden = } of {self.other_dim} columns")
        if self.heads < 1 or self.width < 1 or self.width % (2 * self.heads):
            raise ValueError(f"{self.width = } is no multiple of twice the heads, {self.heads}")


class ShotTransformer(nn.Module):
    """Scores every shot of a film from those around it."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.picture = nn.Linear(config.embedding_dim, config.width)
        self.other = nn.Linear(config.other_dim, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, 1)
        self.direct = nn.Conv1d(config.width + config.other_dim, 1, kernel_size=3, padding=1)
        self.order = OrderHead(config) if config.order_layers else None

    def forward(self, films: Tensor) -> Tensor:
        """Score shots: `(films, shots, columns)` to `(films, shots)`; any number of shots."""
        return self.judge(self.read(films))

    def read(self, films: Tensor) -> Tensor:
        """Narrow the pictures, which is linear: `(B, T, C)` to `(B, T, W + O)`."""
        dim = self.config.embedding_dim
        picture, other = films[..., :dim], films[..., dim:]  # (B, T, D) and (B, T, O)
        return torch.cat([self.picture(picture), other], dim=-1)

    def judge(self, narrow: Tensor) -> Tensor:
        """Score shots as `read` gives them: `(B, T, W + O)` to `(B, T)`."""
        picture, other = narrow[..., : self.config.width], narrow[..., self.config.width :]
        x = picture + self.other(other)  # (B, T, W)
        for block in self.blocks:
            x = block(x)
        direct = self.direct(narrow.transpose(1, 2))  # (B, 1, T)
        scores: Tensor = self.head(self.norm(x)).squeeze(-1) + direct.squeeze(1)  # (B, T)
        return scores


class OrderHead(nn.Module):
    """Which of some candidates comes next, given the shots that are already placed.

    A causal decoder over the placed shots, as in the CVPR 2024 paper; where that regresses the next
    shot's embedding, this one points at a candidate (Vinyals et al., "Pointer Networks", 2015).
    It reads shots by itself, and of their columns not those that only the rest of the film makes
    true: where a shot lies would give away the order of a film that it is to learn from.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.hidden = config.order_hidden
        columns = config.embedding_dim + config.other_dim
        self.read = nn.Linear(columns, config.width)
        self.again = nn.Linear(config.width, config.width)
        self.start = nn.Parameter(torch.empty(config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.order_layers))
        self.norm = nn.LayerNorm(config.width)
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)

    def forward(self, placed: Tensor, candidates: Tensor) -> Tensor:
        """Score what comes next after each beginning of a sequence.

        Args:
            placed: `(B, P, C)`, in the order in which they are placed; P may be 0.
            candidates: `(B, K, C)`.

        Returns:
            `(B, P + 1, K)`: row p is of what follows the first p placed; before a softmax.
        """
        films, width = placed.shape[0], len(self.start)
        start = self.start.expand(films, 1, width)  # (B, 1, W)
        x = torch.cat([start, self._shots(placed)], dim=1)  # (B, P + 1, W)
        for block in self.blocks:
            x = block(x, causal=True)
        queries = self.query(self.norm(x))  # (B, P + 1, W)
        keys = self.key(self._shots(candidates))  # (B, K, W)
        scores: Tensor = queries @ keys.transpose(1, 2) / sqrt(width)  # (B, P + 1, K)
        return scores

    def _shots(self, shots: Tensor) -> Tensor:
        seen = shots.shape[-1] - self.hidden
        shots = torch.cat([shots[..., :seen], torch.zeros_like(shots[..., seen:])], dim=-1)
        wide = nn.functional.gelu(self.read(shots))  # (B, N, W)
        out: Tensor = self.again(wide)  # (B, N, W)
        return out


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

    def forward(self, x: Tensor, *, causal: bool = False) -> Tensor:
        """`(B, T, W)` to `(B, T, W)`; if `causal`, a shot attends to itself and those before."""
        x = x + self._attend(self.before_attention(x), causal)
        wide = nn.functional.gelu(self.widen(self.before_layers(x)))  # (B, T, 2W)
        out: Tensor = x + self.narrow(wide)
        return out

    def _attend(self, x: Tensor, causal: bool) -> Tensor:
        films, shots, width = x.shape
        packed = self.queries_keys_values(x)  # (B, T, 3W)
        split = packed.view(films, shots, 3, self.heads, width // self.heads)  # (B, T, 3, h, W/h)
        q, k, v = split.permute(2, 0, 3, 1, 4)  # (B, h, T, W/h) each
        q, k = rotate(q), rotate(k)
        if causal:
            mixed = scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            mixed = attend_nearby(q, k, v, REACH)  # (B, h, T, W/h)
        out: Tensor = self.attended(mixed.transpose(1, 2).reshape(films, shots, width))  # (B, T, W)
        return out


def attend_nearby(q: Tensor, k: Tensor, v: Tensor, reach: int) -> Tensor:
    """Attention of each shot to those at most `reach` shots away.

    By blocks of `reach` queries, each with its own keys and those of both its neighbours, so that
    at most `3 * reach` products are held for each shot.

    Args:
        q: `(B, h, T, size)`, like `k` and `v`.
        k: Keys.
        v: Values.
        reach: Shots, at least 1.

    Returns:
        The same shape.
    """
    shots = q.shape[-2]
    if shots <= reach + 1:  # all are near
        return scaled_dot_product_attention(q, k, v)
    blocks = -(-shots // reach)
    filled = blocks * reach  # T', a multiple of the reach
    around = (0, 0, reach, filled - shots + reach)
    # Films and heads as one batch and blocks as heads: with five dimensions torch takes a slow way.
    films, heads, _, size = q.shape
    queries = pad(q, (0, 0, 0, filled - shots)).view(films * heads, blocks, reach, size)
    keys = pad(k, around).flatten(0, 1).unfold(1, 3 * reach, reach).transpose(-1, -2)
    values = pad(v, around).flatten(0, 1).unfold(1, 3 * reach, reach).transpose(-1, -2)
    # (B h, n, R, size) and twice (B h, n, 3R, size)
    place = torch.arange(filled, device=q.device).view(blocks, reach, 1)  # (n, R, 1)
    first = torch.arange(blocks, device=q.device).view(blocks, 1, 1) * reach - reach
    other = first + torch.arange(3 * reach, device=q.device)  # (n, 1, 3R)
    near = ((place - other).abs() <= reach) & (other >= 0) & (other < shots)  # (n, R, 3R)
    near |= place >= shots  # what only fills the last block up may see anything
    mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=near[None])
    whole = mixed.reshape(films, heads, filled, size)
    return whole[:, :, :shots]


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
