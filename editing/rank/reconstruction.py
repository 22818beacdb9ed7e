"""Judging a selection by whether the film can be told from it: networks that are only for training.

An autoencoder with attention rebuilds a film from the shots that were kept, and a discriminator
tells the film from what was rebuilt: Apostolidis et al., "Unsupervised Video Summarization via
Attention-Driven Adversarial Learning", MMM 2020 (SUM-GAN-AAE), figures 1 and 2. Differences: each
shot attends by what the encoder knows of it, where theirs attends by what was decoded last, so that
a film is decoded in one go; and pictures are narrowed by fixed principal components, where theirs
learn to narrow them and could make every film alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn

from editing.rank.objective import WithoutLabels

KEPT = 0.3
"""The share of shots that should be kept; sigma in the papers."""


@dataclass(frozen=True, slots=True)
class ReconstructionConfig:
    """The sizes of an autoencoder and a discriminator."""

    picture_dim: int = 32
    """G: principal components that a picture is narrowed to, at most."""
    hidden_dim: int = 48
    """H: memory cells."""


class Autoencoder(nn.Module):
    """Rebuilds a film from its kept shots."""

    def __init__(self, config: ReconstructionConfig) -> None:
        super().__init__()
        size, cells = config.picture_dim, config.hidden_dim
        self.encoder = nn.LSTM(size + 1, cells, batch_first=True, bidirectional=True)
        self.query, self.key = nn.Linear(2 * cells, cells), nn.Linear(2 * cells, cells)
        self.decoder = nn.LSTM(4 * cells, cells, batch_first=True)
        self.picture = nn.Linear(cells, size)

    def forward(self, pictures: Tensor, kept: Tensor) -> Tensor:
        """`(B, T, G)` pictures, of which `(B, T)`, 0 to 1, are kept; rebuilt, `(B, T, G)`."""
        shown = torch.cat([pictures * kept[..., None], kept[..., None]], dim=-1)  # (B, T, G + 1)
        seen, _ = self.encoder(shown)  # (B, T, 2H)
        near = self.query(seen) @ self.key(seen).transpose(1, 2) / sqrt(self.query.out_features)
        mixed = near.softmax(dim=-1) @ seen  # (B, T, 2H)
        decoded, _ = self.decoder(torch.cat([seen, mixed], dim=-1))  # (B, T, H)
        rebuilt: Tensor = self.picture(decoded)  # (B, T, G)
        return rebuilt


class Discriminator(nn.Module):
    """Tells films from rebuilt ones, and is where the two are compared."""

    def __init__(self, config: ReconstructionConfig) -> None:
        super().__init__()
        self.memory = nn.LSTM(config.picture_dim, config.hidden_dim, batch_first=True)
        self.verdict = nn.Linear(config.hidden_dim, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """`(B, T, G)` to what it remembers at the end, `(B, H)`, and how real it seems, `(B,)`.

        The second lies between 0 and 1.
        """
        _, (last, _) = self.memory(pictures)  # (1, B, H)
        return last[0], torch.sigmoid(self.verdict(last[0]).squeeze(-1))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Principal components of the pictures of some films."""

    mean: Tensor
    """`(D,)`."""
    components: Tensor
    """`(D, G)`, scaled so that the numbers of an average picture have variance 1."""

    @classmethod
    def of(cls, films: Iterable[Tensor], most: int) -> "Narrowing":
        """For the shots of `films`, `(shots, D)` each: at most `most` components."""
        rows = torch.cat([*films]).double().cpu()  # (N, D)
        mean = rows.mean(dim=0)
        _, _, directions = torch.linalg.svd(rows - mean, full_matrices=False)
        kept = directions[:most].T  # (D, G)
        if kept.shape[1] < most:
            kept = torch.nn.functional.pad(kept, (0, most - kept.shape[1]))
        spread = ((rows - mean) @ kept).square().mean().sqrt().clamp(min=1e-6)
        return cls(mean.float(), (kept / spread).float())

    def __call__(self, pictures: Tensor) -> Tensor:
        """`(..., D)` to `(..., G)`."""
        mean, components = self.mean.to(pictures.device), self.components.to(pictures.device)
        return (pictures - mean) @ components


def distance(film: Tensor, rebuilt: Tensor, judge: Discriminator) -> Tensor:
    """How far a rebuilt film is from the film: `(B,)`, 0 for the same.

    The mean squared difference in what the discriminator remembers of both (equation 1 of the
    paper has its root), and that of the shots themselves, which tells which shot was missed.
    """
    remembered, _ = judge(film)  # (1 or B, H)
    again, _ = judge(rebuilt)  # (B, H)
    of_shots = (film - rebuilt).square().mean(dim=(1, 2))  # (B,)
    apart: Tensor = (remembered - again).square().mean(dim=1) + of_shots
    return apart


def judge_loss(judge: Discriminator, film: Tensor, rebuilt: Tensor) -> Tensor:
    """Least squares of what seems real and is (equation 3), and of what does and is not."""
    _, real = judge(film)
    _, made = judge(rebuilt)
    loss: Tensor = (1 - real).square().mean() + made.square().mean()
    return loss


class ByReconstruction(WithoutLabels):
    """Beside the network an autoencoder and a discriminator, and maybe more."""

    _narrow: Narrowing
    _autoencoder: Autoencoder
    _judge: Discriminator

    def _beside(self) -> Mapping[str, nn.Module]:
        config, dim = ReconstructionConfig(), self.network.config.embedding_dim
        pictures = [example.encoded[:, :dim] for example in self._training]
        self._narrow = Narrowing.of(pictures, config.picture_dim)
        self._autoencoder, self._judge = Autoencoder(config), Discriminator(config)
        return {"autoencoder": self._autoencoder, "discriminator": self._judge}

    def _film(self, encoded: Tensor) -> Tensor:
        """The narrowed pictures of a film, `(1, T, C)` to `(1, T, G)`."""
        return self._narrow(encoded[..., : self.network.config.embedding_dim])
