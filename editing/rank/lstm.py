"""A bidirectional LSTM over the shots of a film, which sees each shot with all around it.

As in Zhang et al., "Video Summarization with Long Short-term Memory", ECCV 2016 (vsLSTM), and the
deep summarization network of Zhou et al., AAAI 2018; over shots, where they read frames. Beside it
a linear path from a shot and its two neighbours to its score (Cheng et al., "Wide & Deep Learning",
2016), so that what needs little context is learned without memory. `features.py` makes its input,
`training.py` teaches it.
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
    """O: the columns after it: measures, their masks, length, likenesses, place."""
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
        columns = config.picture_dim + config.other_dim
        self.direct = nn.Conv1d(columns, 1, kernel_size=3, padding=1)

    def forward(self, films: Tensor) -> Tensor:
        """Score shots: `(films, shots, columns)` to `(films, shots)`; any number of shots."""
        return self.judge(self.read(films))

    def read(self, films: Tensor) -> Tensor:
        """Narrow the pictures, which is linear: `(B, T, C)` to `(B, T, P + O)`."""
        dim = self.config.embedding_dim
        picture, other = films[..., :dim], films[..., dim:]  # (B, T, D) and (B, T, O)
        return torch.cat([self.picture(picture), other], dim=-1)

    def judge(self, narrow: Tensor) -> Tensor:
        """Score shots as `read` gives them: `(B, T, P + O)` to `(B, T)`."""
        size = self.config.picture_dim
        shot = torch.cat([torch.tanh(narrow[..., :size]), narrow[..., size:]], dim=-1)
        seen, _ = self.memory(shot)  # (B, T, 2H)
        direct = self.direct(shot.transpose(1, 2))  # (B, 1, T)
        scores: Tensor = self.head(seen).squeeze(-1) + direct.squeeze(1)  # (B, T)
        return scores
