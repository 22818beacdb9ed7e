"""Voice activity: where in a film somebody speaks, told by Silero VAD (`ingest.silero`)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ingest.media import Floats
from ingest.runtime import chosen_runtime, compile_for_openvino

VOICE_RATE = 16_000
"""Samples per second of the mono sound that the network hears."""
CHUNK = 512
"""Samples from one score to the next: 32 ms."""
CONTEXT = 64
"""Samples before a chunk that the network hears with it."""
_BLOCK = 256
"""Chunks that go through the network at once: 8 s."""
_VERSION = "silero-vad-6"

VoiceScorer = Callable[[Floats, Floats, Floats], tuple[Floats, ...]]
"""Takes chunks `(n, CONTEXT + CHUNK)`, values from -1 to 1, and the LSTM's two states `(1, 128)`;
gives the scores `(n,)` in [0, 1] and the states after the last chunk."""


def load_voice_scorer(runtime: str | None = None) -> VoiceScorer:
    """Silero VAD as this machine runs it best.

    Args:
        runtime: One of `ingest.runtime.RUNTIMES`; chosen there if None.

    Raises:
        MissingWeights: The package that carries the weights is not installed.
        EngineUnavailable: The environment asks for a runtime that there is not.
    """
    if (runtime or chosen_runtime()) == "openvino":

        def make() -> object:
            from ingest.silero import to_convert

            return to_convert(CONTEXT + CHUNK)

        return compile_for_openvino(_VERSION, make)
    import torch

    from ingest.silero import load_silero

    network = load_silero()

    def score(chunks: Floats, hidden: Floats, cell: Floats) -> tuple[Floats, ...]:
        with torch.inference_mode():
            state = torch.from_numpy(hidden), torch.from_numpy(cell)
            return tuple(found.numpy() for found in network(torch.from_numpy(chunks), state))

    return score


class SpeechMeter:
    """Scores a film's sound as it comes, in chunks of 32 ms; about 2 ms CPU a second of film."""

    def __init__(self) -> None:
        self._score_chunks = load_voice_scorer()
        self._waiting = np.zeros(CONTEXT, np.float32)
        """The context of the next chunk, then what has not been scored."""
        self._state = (np.zeros((1, 128), np.float32), np.zeros((1, 128), np.float32))
        self._scores: list[Floats] = []

    def push(self, samples: Floats) -> None:
        """Take the next samples, `(n,)` mono at `VOICE_RATE`."""
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= CONTEXT + _BLOCK * CHUNK:
            self._score(_BLOCK)

    def finish(self) -> Floats:
        """The score of every chunk, `(chunks,)` in [0, 1]; silence fills the last."""
        left = len(self._waiting) - CONTEXT
        self._waiting = np.pad(self._waiting, (0, -left % CHUNK))
        if left:
            self._score(-(-left // CHUNK))
        return np.concatenate([np.zeros(0, np.float32), *self._scores])

    def _score(self, chunks: int) -> None:
        used = chunks * CHUNK
        windows = np.lib.stride_tricks.sliding_window_view(
            self._waiting[: used + CONTEXT], CONTEXT + CHUNK
        )[::CHUNK]  # (chunks, 64 + 512)
        scores, *state = self._score_chunks(windows.copy(), *self._state)
        self._state = (state[0], state[1])
        self._scores.append(scores)
        self._waiting = self._waiting[used:]


def voiced_stretches(
    scores: Floats,
    samples: int,
    *,
    threshold: float = 0.5,
    min_speech: float = 0.25,
    min_silence: float = 0.1,
    pad: float = 0.03,
) -> NDArray[np.int64]:
    """Where the voice is, as Silero's own `get_speech_timestamps` tells it from scores.

    A stretch begins at a score of `threshold` and ends where the score has been below
    `threshold - 0.15` for `min_silence`; then it is widened by `pad` on both sides, or by half of
    a gap that is shorter than that on both sides.

    Args:
        scores: `(chunks,)`.
        samples: How many samples the scores are of.
        threshold: 0.15 to 1.
        min_speech: Seconds; a shorter stretch does not count.
        min_silence: Seconds; a shorter silence does not end a stretch.
        pad: Seconds.

    Returns:
        `(stretches, 2)`: first sample and the one after the last, at `VOICE_RATE`, in order,
        disjoint.
    """
    runs = _speech_runs(scores, samples, threshold, round(min_silence * VOICE_RATE))
    least = min_speech * VOICE_RATE
    kept = [(start, end) for start, end in runs if end - start > least]
    found = np.array(kept, dtype=np.int64).reshape(-1, 2)
    if len(found) == 0:
        return found
    margin = round(pad * VOICE_RATE)
    gaps = found[1:, 0] - found[:-1, 1]
    narrow = gaps < 2 * margin
    after = np.append(np.where(narrow, gaps // 2, margin), margin)
    before = np.insert(np.where(narrow, gaps // 2, margin), 0, margin)
    widened = np.stack([found[:, 0] - before, found[:, 1] + after], axis=1)
    return np.asarray(np.clip(widened, 0, samples))


def _speech_runs(
    scores: Floats, samples: int, threshold: float, min_silence: int
) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start, quiet_since = -1, -1
    for chunk, score in enumerate(scores.tolist()):
        now = chunk * CHUNK
        if score >= threshold:
            quiet_since = -1
            if start < 0:
                start = now
        elif score < threshold - 0.15 and start >= 0:
            if quiet_since < 0:
                quiet_since = now
            if now - quiet_since >= min_silence:
                runs.append((start, quiet_since))
                start, quiet_since = -1, -1
    if start >= 0:
        runs.append((start, samples))
    return runs
