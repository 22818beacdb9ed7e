"""CLIP and SigLIP image embeddings, through `transformers` (the extra `reelroom[clip]`).

Radford et al., Learning transferable visual models from natural language supervision, 2021; Zhai
et al., Sigmoid loss for language image pre-training, 2023. No weights come with any package.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ingest.errors import ModelUnusable
from ingest.media import Floats

FAMILIES = ("clip", "siglip", "siglip2")
_BATCH = 16


class ContrastiveModel:
    """The image half of a CLIP or SigLIP model: vectors that its text half can be compared with."""

    def __init__(self, source: str) -> None:
        """Load a model from a folder, or by its id on the Hugging Face hub.

        Weights are read from safetensors only, and no code that comes with a model is run. A
        folder never leads to the network. A hub id is looked for in the local cache first, and
        fetched only if it is not there.

        Args:
            source: A folder as `save_pretrained` writes it, or a hub id such as
                `openai/clip-vit-base-patch32`.

        Raises:
            ModelUnusable: `transformers` is not installed, or there is no such model, or it is
                of another family.
        """
        self.name = Path(source).name if Path(source).is_dir() else source.replace("/", "--")
        self._network, self._processor = _load(source)
        self.version = _content_hash(self._network, self._processor)

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> Floats:
        """One vector of unit length for each RGB picture `(h, w, 3)`: `(pictures, dim)`.

        A picture is scaled and cropped as the model's own preprocessor says.
        """
        parts = []
        for start in range(0, len(pictures), _BATCH):
            batch = list(pictures[start : start + _BATCH])
            pixels = self._processor(
                images=batch, return_tensors="pt", input_data_format="channels_last"
            )["pixel_values"]  # (B, 3, side, side)
            with torch.inference_mode():
                vectors = self._network.get_image_features(pixel_values=pixels).pooler_output
                parts.append(torch.nn.functional.normalize(vectors, dim=1).numpy())  # (B, dim)
        return np.concatenate(parts).astype(np.float32)


def _load(source: str) -> tuple[Any, Any]:
    try:
        import transformers
    except ImportError as error:
        raise ModelUnusable(
            source, "the package transformers is not installed", "pip install 'reelroom[clip]'"
        ) from error
    transformers.utils.logging.disable_progress_bar()
    local = [True] if Path(source).is_dir() else [True, False]
    for only_local in local:
        try:
            return _from_pretrained(source, only_local)
        except (OSError, ValueError) as error:
            reason, cause = str(error).splitlines()[0], error
    raise ModelUnusable(
        source,
        reason,
        "Give a folder that holds config.json, preprocessor_config.json and "
        "model.safetensors, or a hub id that this machine can reach",
    ) from cause


def _from_pretrained(source: str, only_local: bool) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoImageProcessor, AutoModel

    where: dict[str, Any] = {"local_files_only": only_local, "trust_remote_code": False}
    family = AutoConfig.from_pretrained(source, **where).model_type
    if family not in FAMILIES:
        raise ValueError(f"it is of the family {family!r}, not one of {', '.join(FAMILIES)}")
    processor = AutoImageProcessor.from_pretrained(source, backend="pil", **where)
    network = AutoModel.from_pretrained(source, use_safetensors=True, dtype=torch.float32, **where)
    return network.eval(), processor


def _content_hash(network: Any, processor: Any) -> str:
    """12 hex digits of the image half's weights and of how pictures are prepared for it."""
    settings = {k: str(v) for k, v in processor.to_dict().items()}
    digest = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=6)
    for name, tensor in sorted(network.state_dict().items()):
        if not name.startswith("text_"):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
