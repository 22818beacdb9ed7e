"""Image embeddings: quick is the same as plain, and models of other kinds share one interface."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ingest.errors import ModelUnusable
from ingest.features import EfficientNetLite, make_image_model


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    """Blocks of colour, of a shape that is no square."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (count, 9, 16, 3), dtype=np.uint8)
    return list(coarse.repeat(16, axis=1).repeat(16, axis=2))


def test_the_arrangement_in_memory_does_not_change_the_vectors() -> None:
    model = EfficientNetLite()
    quick = model.embed(pictures(3))
    model._network.to(memory_format=torch.contiguous_format)
    plain = model.embed(pictures(3))
    assert quick.shape == (3, 1280)
    assert (np.sum(quick * plain, axis=1) > 0.99999).all()


def test_the_default_model_is_efficientnet() -> None:
    assert make_image_model().name == "efficientnet-lite0"


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


@pytest.mark.parametrize(("family", "dim"), [("Clip", 12), ("Siglip", 16)])
def test_a_local_model_gives_vectors_of_unit_length(tmp_path: Path, family: str, dim: int) -> None:
    model = make_image_model(str(save_tiny_model(tmp_path / "tiny", family)))
    vectors = model.embed(pictures(17))  # more than a batch
    assert vectors.shape == (17, dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[16:], model.embed(pictures(17)[16:]), atol=1e-5)
    assert model.name == "tiny"


def test_the_vectors_of_clip_are_those_of_transformers_itself(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "tiny")
    from PIL import Image
    from transformers import CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    processor = CLIPImageProcessorPil.from_pretrained(folder)
    inputs = processor(images=[Image.fromarray(p) for p in pictures(2)], return_tensors="pt")
    with torch.inference_mode():
        vectors = CLIPModel.from_pretrained(folder).get_image_features(**inputs).pooler_output
    expected = torch.nn.functional.normalize(vectors, dim=1).numpy()
    found = make_image_model(str(folder)).embed(pictures(2))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_version_tells_other_weights_and_is_the_same_for_the_same(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_tiny_model(tmp_path / "tiny")
    first, again = (make_image_model(str(folder)).version for _ in range(2))
    weights = load_file(folder / "model.safetensors")
    weights["visual_projection.weight"][0, 0] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert first == again != make_image_model(str(folder)).version


def test_a_folder_without_a_model_is_refused_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers", reason="needs reelroom[clip]")
    import socket

    def no_network(*args: object) -> None:
        raise AssertionError("a local folder led to the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    with pytest.raises(ModelUnusable, match=r"cannot be used.*\n.*model\.safetensors"):
        make_image_model(str(tmp_path))


def test_without_transformers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelUnusable, match=r"pip install 'reelroom\[clip\]'"):
        make_image_model("openai/clip-vit-base-patch32")
