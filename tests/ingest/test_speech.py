"""Voice activity, against Silero's own code: its network by chunks, its stretches by scores."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import chirp

from ingest.errors import MissingWeights
from ingest.silero import load_silero
from ingest.speech import (
    CHUNK,
    CONTEXT,
    VOICE_RATE,
    SpeechMeter,
    load_voice_scorer,
    voiced_stretches,
)
from ingest.video import Damage, decode, open_streams


def scores_of(samples: np.ndarray, *, pushed: int = 5000) -> np.ndarray:
    speech = SpeechMeter()
    for start in range(0, len(samples), pushed):
        speech.push(samples[start : start + pushed].astype(np.float32))
    return speech.finish()


def reference_scores(samples: np.ndarray) -> np.ndarray:
    """By the package's TorchScript network, one chunk at a time, as its documentation shows."""
    package = find_spec("silero_vad")
    assert package is not None and package.origin is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit
        network = torch.jit.load(Path(package.origin).parent / "data" / "silero_vad.jit")
    padded = np.pad(samples.astype(np.float32), (0, -len(samples) % CHUNK))
    with torch.inference_mode():
        chunks = torch.from_numpy(padded.reshape(-1, CHUNK))
        return np.array([network(chunk, VOICE_RATE).item() for chunk in chunks])


def buzzing_vowels(seconds: float) -> np.ndarray:
    """Something like a voice: a buzz of 120 Hz through three formants, four syllables a second."""
    time = np.arange(round(seconds * VOICE_RATE)) / VOICE_RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / VOICE_RATE
    voice = np.zeros_like(time)
    for harmonic in range(1, 30):
        hz = 120 * harmonic
        gain = sum(1 / (1 + ((hz - f) / 90) ** 2) for f in (650, 1100, 2500)) / harmonic**0.3
        voice += gain * np.sin(harmonic * phase)
    return 0.1 * voice * np.clip(np.sin(2 * np.pi * 4 * time) + 0.6, 0, 1)


@pytest.mark.parametrize("kind", ["noise", "sweep", "voice", "silence"])
def test_the_network_is_silero_s_own(kind: str) -> None:
    time = np.arange(12 * VOICE_RATE + 100) / VOICE_RATE
    samples = {
        "noise": np.random.default_rng(0).normal(0, 0.1, len(time)),
        "sweep": 0.5 * chirp(time, 80, time[-1], 4000),
        "voice": buzzing_vowels(12),
        "silence": np.zeros(len(time)),
    }[kind]
    np.testing.assert_allclose(scores_of(samples), reference_scores(samples), atol=2e-4)


def test_how_the_sound_is_cut_up_changes_nothing() -> None:
    samples = buzzing_vowels(20)
    whole, parts = scores_of(samples, pushed=10**9), scores_of(samples, pushed=777)
    np.testing.assert_allclose(whole, parts, atol=1e-5)
    assert len(whole) == -(-len(samples) // CHUNK)


def test_silence_and_noise_are_not_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 5 * VOICE_RATE)
    for samples in (noise, np.zeros(5 * VOICE_RATE)):
        assert len(voiced_stretches(scores_of(samples), len(samples))) == 0


def test_a_real_voice_is_found_and_scored_as_by_silero_itself(shared_data: Path) -> None:
    """An astronaut speaks through most of it; five seconds of silence before him stay silent."""
    voice = mono_at_16_khz(shared_data / "footage" / "nasa_13013.mp4")
    late = np.concatenate([np.zeros(5 * VOICE_RATE, np.float32), voice])
    scores = scores_of(late)
    np.testing.assert_allclose(scores, reference_scores(late), atol=2e-4)
    found = voiced_stretches(scores, len(late))
    assert found[0, 0] >= 5 * VOICE_RATE - 0.1 * VOICE_RATE
    assert 0.6 < (found[:, 1] - found[:, 0]).sum() / len(voice) < 1


def mono_at_16_khz(path: Path) -> np.ndarray:
    resampler, parts = av.AudioResampler("fltp", "mono", VOICE_RATE), []
    streams = open_streams(path)
    for frame in decode(streams, Damage()):
        if isinstance(frame, av.AudioFrame):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    streams.container.close()
    return np.concatenate(parts)


def test_a_stretch_is_counted_in_samples_and_padded() -> None:
    """Chunks 10 to 19 speak: samples 5120 to 10240, and 30 ms more on both sides."""
    scores = np.zeros(40, np.float32)
    scores[10:20] = 0.9
    found = voiced_stretches(scores, 40 * CHUNK)
    np.testing.assert_array_equal(found, [[10 * 512 - 480, 20 * 512 + 480]])


def test_a_short_pause_parts_no_stretch_and_a_short_noise_is_none() -> None:
    scores = np.zeros(60, np.float32)
    scores[10:20] = scores[22:30] = 0.9  # 2 chunks, 64 ms, of silence between
    scores[45:48] = 0.9  # 96 ms
    found = voiced_stretches(scores, 60 * CHUNK)
    np.testing.assert_array_equal(found, [[10 * 512 - 480, 30 * 512 + 480]])


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.3, 0.4, 0.6, 0.9]), st.integers(1, 12)), max_size=20
    ),
    st.integers(1, CHUNK),
)
def test_stretches_are_those_of_silero_s_own_code(runs: list[tuple[float, int]], rest: int) -> None:
    official = own_code_of_silero()
    scores = np.array([score for score, length in runs for _ in range(length)], np.float32)
    samples = max(0, len(scores) - 1) * CHUNK + rest if len(scores) else 0
    found = voiced_stretches(scores, samples)
    expected = official(scores.tolist(), audio_length_samples=samples)
    assert found.tolist() == [[stretch["start"], stretch["end"]] for stretch in expected]


def own_code_of_silero() -> Callable[..., list[dict[str, int]]]:
    threads = torch.get_num_threads()
    from silero_vad.utils_vad import get_speech_timestamps_from_probs

    torch.set_num_threads(threads)  # importing the package sets it to 1
    return get_speech_timestamps_from_probs


def test_missing_weights_name_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.package_weights.find_spec", lambda name: None)
    with pytest.raises(MissingWeights, match="pip install silero-vad"):
        load_silero()


def test_openvino_hears_what_torch_hears_block_after_block() -> None:
    pytest.importorskip("openvino", reason="needs reelroom[openvino]")
    rng = np.random.default_rng(4)
    states = {name: [np.zeros((1, 128), np.float32)] * 2 for name in ("openvino", "torch")}
    scorers = {name: load_voice_scorer(name) for name in states}
    for length in (40, 3, 40):
        chunks = rng.normal(0, 0.1, (length, CONTEXT + CHUNK)).astype(np.float32)
        found = {name: scorers[name](chunks, *states[name]) for name in states}
        for ours, theirs in zip(found["openvino"], found["torch"], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
        states = {name: list(found[name][1:]) for name in states}


def test_ingest_on_openvino_does_without_torch() -> None:
    """Importing torch takes longer than all else at the start of an ingest."""
    pytest.importorskip("openvino", reason="needs reelroom[openvino]")
    program = """
import sys
import ingest.analysis
from ingest.features import EfficientNetLite
from ingest.speech import SpeechMeter
from ingest.transnet import load_scorer
for load in (SpeechMeter, EfficientNetLite, load_scorer):
    load()
print("torch" in sys.modules)
"""
    for _ in range(2):  # the first may have to convert the networks
        done = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        )
    assert done.stdout == "False\n"
