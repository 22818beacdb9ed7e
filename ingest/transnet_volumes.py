"""TransNetV2's network as OpenVINO runs it quickest: the released branches, over volumes.

Each branch is two convolutions over `(1, C, T, H, W)`, as released, with batch normalisation
folded in. OpenVINO dilates within its convolutions, where torch is quicker with shifts and sums
(`ingest.transnet_network`). The convolutions over pixels, most of the work, compute in 8 bits.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ingest.transnet_network import Branch, TransNetNetwork, load_weights

_EXAMPLE_FRAMES = 52


class TransNetVolumes(TransNetNetwork):
    """The same network as its parent, arranged for OpenVINO, in float32."""

    _stacks: list[list[list[Branch]]]  # type: ignore[assignment]

    def _cell(self, weights: dict[str, Tensor], stack: int, cell: int) -> Any:
        return self._branches(weights, stack, cell)

    def _maps(self, frames: Tensor) -> list[Tensor]:
        x = frames.permute(3, 0, 1, 2)[None].float() / 255  # (1, 3, T, 27, 48)
        maps = []
        for first, second in self._stacks:
            x = functional.relu(self._volume(x, first))
            x = functional.relu(self._volume(x, second)) + x
            x = functional.avg_pool3d(x, (1, 2, 2))  # (1, C, T, H, W)
            maps.append(x[0].permute(1, 0, 2, 3))
        return maps

    def _volume(self, x: Tensor, branches: list[Branch]) -> Tensor:
        """One cell: `(1, C, T, H, W)` to `(1, 4F, T, H, W)`."""
        parts = []
        for branch, step in zip(branches, self.config.dilations, strict=True):
            pixels = functional.conv3d(x, branch.spatial[:, :, None], padding=(0, 1, 1))
            taps = branch.temporal[..., None, None]  # (F, 2F, 3, 1, 1)
            parts.append(
                functional.conv3d(
                    pixels, taps, branch.bias, padding=(step, 0, 0), dilation=(step, 1, 1)
                )
            )
        return torch.cat(parts, dim=1)


def to_convert(height: int, width: int) -> tuple[torch.nn.Module, Tensor]:
    """The network as a module, and an example of its input: frames of this size."""
    network = TransNetVolumes(load_weights())

    class Module(torch.nn.Module):
        def forward(self, window: Tensor) -> tuple[Tensor, Tensor]:
            return network(window)

    return Module(), torch.zeros((_EXAMPLE_FRAMES, height, width, 3), dtype=torch.uint8)
