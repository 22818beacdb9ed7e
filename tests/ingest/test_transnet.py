"""TransNetV2 frame by frame: the same scores as the package gives for a whole clip."""

import numpy as np
import pytest
import torch

from ingest.detectors import TransNetDetector
from ingest.shots import transitions_from_scores
from ingest.transnet import TransNet, load_network


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return load_network()


def clip(frames: int, *, seed: int = 0) -> np.ndarray:
    """Noise that changes its colour every 37 frames, `(frames, 27, 48, 3)`."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 60, (frames, 27, 48, 3))
    colour = rng.integers(0, 195, (frames // 37 + 1, 1, 1, 3))
    return (noise + colour[np.arange(frames) // 37]).astype(np.uint8)


@pytest.mark.parametrize("frames", [1, 60])
def test_scores_in_a_stream_are_those_of_the_package(network: torch.nn.Module, frames: int) -> None:
    pictures = clip(frames)
    stream = TransNet(network)
    for picture in pictures:
        stream.push(picture)
    stream.finish()
    with torch.inference_mode():
        expected = network.predict_frames(torch.from_numpy(pictures), quiet=True)
    for ours, theirs in zip(stream.scores(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


def test_loading_the_network_leaves_the_process_as_it_was() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    load_network()
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


def test_no_frames_give_no_scores(network: torch.nn.Module) -> None:
    stream = TransNet(network)
    stream.finish()
    assert stream.scored == 0


def test_what_is_settled_never_changes() -> None:
    """Transitions below `settled` are final: later frames add to them, and change none."""
    detector = TransNetDetector()
    earlier: list[object] = []
    settled = 0
    for picture in clip(160):
        detector.push(picture)
        assert detector.transitions()[: len(earlier)] == earlier
        new = detector.transitions()[len(earlier) :]
        assert all(t.first_frame >= settled for t in new)  # type: ignore[attr-defined]
        earlier, settled = list(detector.transitions()), detector.settled
    detector.finish()
    assert detector.settled == 160
    whole = transitions_from_scores(*detector.network.scores())
    assert detector.transitions() == whole
    assert len(whole) >= 2
