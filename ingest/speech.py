"""Voice activity: where in a film somebody speaks.

Silero VAD 6 (Silero Team, 2021–2025, MIT), the 16 kHz network of the package `silero-vad`, written
out here so that a block of chunks goes through it at once. The package itself is never imported:
importing it sets the whole process to one thread.
"""

import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ingest.errors import MissingWeights
from ingest.media import Floats

VOICE_RATE = 16_000
"""Samples per second of the mono sound that the network hears."""
CHUNK = 512
"""Samples from one score to the next: 32 ms."""
_WEIGHTS = Path("data", "silero_vad.jit")
_NAMES = {
    "stft_conv.weight": "stft.forward_basis_buffer",
    **{
        f"conv{n}.{part}": f"encoder.{n - 1}.reparam_conv.{part}"
        for n in (1, 2, 3, 4)
        for part in ("weight", "bias")
    },
    **{
        f"lstm.{part}_l0": f"decoder.rnn.{part}"
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    },
    **{f"final_conv.{part}": f"decoder.decoder.2.{part}" for part in ("weight", "bias")},
}
"""What the package's file calls each tensor."""
_CONTEXT = 64
_BLOCK = 256
"""Chunks that go through the network at once: 8 s."""


class SileroVAD(nn.Module):
    """The network: a learned spectrum, four convolutions, one LSTM cell over the chunks."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm = nn.LSTM(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def forward(
        self, chunks: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """How likely each chunk holds speech.

        Args:
            chunks: `(N, 64 + 512)`, each with the 64 samples before it; values from -1 to 1.
            state: `(1, 128)` twice: the LSTM's after the chunk before.

        Returns:
            `(N,)` in [0, 1], and the state after the last chunk.
        """
        x = nn.functional.pad(chunks[:, None], (0, 64), mode="reflect")  # (N, 1, 640)
        real, imaginary = self.stft_conv(x).chunk(2, dim=1)  # (N, 129, 4) each
        x = (real**2 + imaginary**2).sqrt()
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = layer(x).relu()  # the last: (N, 128, 1)
        heard, (hidden, cell) = self.lstm(x[:, :, 0], state)  # (N, 128)
        scores = self.final_conv(heard.relu().T[None])  # (1, 1, N)
        return scores[0, 0].sigmoid(), hidden, cell


def load_silero() -> SileroVAD:
    """The network with its weights, from the package's TorchScript file.

    TorchScript's own reader takes the tensors out of it; Python's pickle has no part in that. (The
    safetensors beside it in silero-vad 6.2.3 are of an older network, with other scores.)

    Raises:
        MissingWeights: The package that carries them is not installed.
    """
    package = find_spec("silero_vad")
    path = Path(package.origin if package and package.origin else "").parent / _WEIGHTS
    if not path.is_file():
        raise MissingWeights("Silero VAD", "silero-vad")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, which still reads it
        stored = torch.jit.load(path, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
    network = SileroVAD()
    network.load_state_dict({ours: stored[f"_model.{theirs}"] for ours, theirs in _NAMES.items()})
    return network.eval()


class SpeechMeter:
    """Scores a film's sound as it comes, in chunks of 32 ms; about 2 ms CPU a second of film."""

    def __init__(self) -> None:
        self._network = load_silero()
        self._waiting = np.zeros(_CONTEXT, np.float32)
        """The context of the next chunk, then what has not been scored."""
        self._state = (torch.zeros(1, 128), torch.zeros(1, 128))
        self._scores: list[Floats] = []

    def push(self, samples: Floats) -> None:
        """Take the next samples, `(n,)` mono at `VOICE_RATE`."""
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= _CONTEXT + _BLOCK * CHUNK:
            self._score(_BLOCK)

    def finish(self) -> Floats:
        """The score of every chunk, `(chunks,)` in [0, 1]; silence fills the last."""
        left = len(self._waiting) - _CONTEXT
        self._waiting = np.pad(self._waiting, (0, -left % CHUNK))
        if left:
            self._score(-(-left // CHUNK))
        return np.concatenate([np.zeros(0, np.float32), *self._scores])

    def _score(self, chunks: int) -> None:
        used = chunks * CHUNK
        windows = np.lib.stride_tricks.sliding_window_view(
            self._waiting[: used + _CONTEXT], _CONTEXT + CHUNK
        )[::CHUNK]  # (chunks, 64 + 512)
        with torch.inference_mode():
            scores, *state = self._network(torch.from_numpy(windows.copy()), self._state)
        self._state = (state[0], state[1])
        self._scores.append(scores.numpy())
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
