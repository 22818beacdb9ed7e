"""A bidirectional LSTM over the shots of a film, which sees each shot with all around it.

As in Zhang et al., "Video Summarization with Long Short-term Memory", ECCV 2016 (vsLSTM), and the
deep summarization network of Zhou et al., AAAI 2018; over shots, where they read frames.
The network alone: `features.py` makes its input, `training.py` teaches it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class LstmConfig:
    """The sizes of a `ShotLstm`. C columns = `embedding_dim` + `other_dim`."""

    embedding_dim: int
    """D: the first columns of a shot, its picture."""
    other_dim: int
    """O: the columns after it: measures, their masks, length, place."""
    picture_dim: int = 64
    """P: what the picture is narrowed to."""
    hidden_dim: int = 64
    """H: memory cells in each direction."""


class ShotLstm(nn.Module):
    """Scores every shot of a film from the whole of it."""

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        self.picture = nn.Linear(config.embedding_dim, config.picture_dim)
        self.memory = nn.LSTM(
            config.picture_dim + config.other_dim,
            config.hidden_dim,
            batch_first=True,
            bidirectional=True,
        )
        self.head = nn.Linear(2 * config.hidden_dim, 1)

    def forward(self, films: Tensor) -> Tensor:
        """Score shots: `(films, shots, columns)` to `(films, shots)`; any number of shots."""
        dim = self.config.embedding_dim
        picture, other = films[..., :dim], films[..., dim:]  # (B, T, D) and (B, T, O)
        narrow = torch.tanh(self.picture(picture))  # (B, T, P)
        seen, _ = self.memory(torch.cat([narrow, other], dim=-1))  # (B, T, 2H)
        scores: Tensor = self.head(seen).squeeze(-1)  # (B, T)
        return scores
