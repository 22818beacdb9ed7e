"""Fixtures that the tests of ingest share."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch


def save_tiny_model(folder: Path, family: str = "Clip") -> Path:
    """A CLIP or SigLIP of a few thousand random weights, saved as a real one is."""
    transformers = pytest.importorskip("transformers", reason="needs reelroom[clip]")
    transformers.utils.logging.disable_progress_bar()
    tower = {
        **{"hidden_size": 16, "intermediate_size": 32},
        **{"num_hidden_layers": 1, "num_attention_heads": 2},
    }
    text = tower | {"vocab_size": 64, "max_position_embeddings": 8}
    text |= {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    vision = tower | {"image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    if family == "Clip":
        config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)
        transformers.CLIPModel(config).save_pretrained(folder)
        processor = transformers.models.clip.image_processing_pil_clip.CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        )
    else:
        config = transformers.SiglipConfig(text_config=text, vision_config=vision)
        transformers.SiglipModel(config).save_pretrained(folder)
        siglip = transformers.models.siglip.image_processing_pil_siglip
        processor = siglip.SiglipImageProcessorPil(size={"height": 32, "width": 32})
    processor.save_pretrained(folder)
    return folder


@pytest.fixture
def tiny_model() -> Callable[..., Path]:
    """Saves a tiny model: `tiny_model(folder, "Clip")` or `"Siglip"`."""
    return save_tiny_model
