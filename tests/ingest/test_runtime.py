"""Networks on OpenVINO or torch: who decides, what is kept, and that both say the same."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ingest import runtime
from ingest.errors import EngineUnavailable
from ingest.features import EfficientNetLite
from ingest.runtime import VARIABLE, cache_folder, chosen_runtime, compile_for_openvino

OPENVINO = runtime.find_spec("openvino") is not None
needs_openvino = pytest.mark.skipif(not OPENVINO, reason="needs reelroom[openvino]")


@pytest.fixture
def fresh_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "reelroom"


def twice() -> tuple[torch.nn.Module, torch.Tensor]:
    class Twice(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    return Twice(), torch.zeros(1, 3)


def fail() -> tuple[torch.nn.Module, torch.Tensor]:
    raise AssertionError("converted again")


def test_openvino_is_taken_where_it_is_and_the_environment_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen_runtime() == ("openvino" if OPENVINO else "torch")
    monkeypatch.setenv(VARIABLE, "torch")
    assert chosen_runtime() == "torch"
    monkeypatch.setenv(VARIABLE, "abacus")
    with pytest.raises(EngineUnavailable, match="abacus cannot be used"):
        chosen_runtime()


def test_torch_is_the_fallback_and_asking_for_what_is_missing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen_runtime() == "torch"
    monkeypatch.setenv(VARIABLE, "openvino")
    with pytest.raises(EngineUnavailable, match="not installed"):
        chosen_runtime()


def test_without_a_cache_torch_is_taken_and_asking_for_openvino_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(runtime, "find_spec", lambda name: object())
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen_runtime() == "torch"
    monkeypatch.setenv(VARIABLE, "openvino")
    with pytest.raises(EngineUnavailable, match="cache cannot be written"):
        chosen_runtime()


@needs_openvino
def test_a_network_is_converted_once_and_takes_batches_of_any_length(fresh_cache: Path) -> None:
    for length, make in [(1, twice), (5, fail), (2, fail)]:
        batch = np.arange(3 * length, dtype=np.float32).reshape(length, 3)
        (found,) = compile_for_openvino("twice", make)(batch)
        np.testing.assert_allclose(found, 2 * batch)
    assert [p.name.startswith("twice-") for p in fresh_cache.iterdir()] == [True]
    assert cache_folder() == fresh_cache


def times_weights() -> tuple[torch.nn.Module, torch.Tensor]:
    layer = torch.nn.Linear(3, 1, bias=False)
    layer.weight.data = torch.tensor([[1.0, 10.0, 100.0]])
    return layer, torch.zeros(1, 3)


@needs_openvino
@pytest.mark.parametrize("name", ["network.xml", "network.bin", "network.sha256"])
@pytest.mark.parametrize("content", [b"not a network", b"", b"\xff\x00\x00\x00" * 3, None])
def test_a_damaged_cache_is_made_again(fresh_cache: Path, name: str, content: bytes | None) -> None:
    compile_for_openvino("times", times_weights)
    (file,) = fresh_cache.glob(f"times-*/{name}")
    file.unlink() if content is None else file.write_bytes(content)
    (found,) = compile_for_openvino("times", times_weights)(np.ones((1, 3), np.float32))
    assert found.tolist() == [[111]]


@needs_openvino
def test_what_killed_conversions_left_is_removed_and_what_is_under_way_stays(
    fresh_cache: Path,
) -> None:
    old, new = (fresh_cache / f".other-converting-{name}" for name in ("a", "b"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "network.bin").touch()
    yesterday = time.time() - 86_400
    os.utime(old, (yesterday, yesterday))
    compile_for_openvino("twice", twice)
    assert (old.exists(), new.exists()) == (False, True)


@needs_openvino
def test_a_signal_does_no_harm_after_a_network_was_let_go_of_in_another_thread(
    fresh_cache: Path,
) -> None:
    program = """
import signal, threading
import numpy as np, torch
from ingest.runtime import compile_for_openvino

held = [compile_for_openvino("once", lambda: (torch.nn.Identity(), torch.zeros(1, 3)))]
held[0](np.ones((1, 3), np.float32))
letting_go = threading.Thread(target=held.clear)
letting_go.start()
letting_go.join()
signal.signal(signal.SIGTERM, lambda number, frame: print("noted"))
signal.raise_signal(signal.SIGTERM)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("noted\n", 0), done.stderr


@needs_openvino
def test_embeddings_are_the_same_on_either_runtime() -> None:
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 255, (90, 160, 3), np.uint8), np.full((40, 30, 3), 99, np.uint8)]
    ours, theirs = (EfficientNetLite(name).embed(pictures) for name in ("openvino", "torch"))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
