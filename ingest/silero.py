"""The network that hears speech: Silero VAD 6 (Silero Team, 2021–2025, MIT).

The 16 kHz network of the package `silero-vad`, written out so that a block of chunks goes through
it at once. The package itself is never imported: importing it sets the whole process to one thread.
"""

import warnings

import torch
from torch import Tensor, nn

from ingest.package_weights import PackageWeights

WEIGHTS = PackageWeights(
    model="Silero VAD",
    package="silero-vad",
    module="silero_vad",
    file="data/silero_vad.jit",
    digest="e1122837f4154c511485fe0b9c64455f7b929c96fbb8d79fbdb336383ebd3720",
)
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
        ModelUnusable: Its file is not the one that was tested.
    """
    file = WEIGHTS.read()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, which still reads it
        stored = torch.jit.load(file, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
    network = SileroVAD()
    network.load_state_dict({ours: stored[f"_model.{theirs}"] for ours, theirs in _NAMES.items()})
    return network.eval()


def to_convert(samples: int) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The network, and an example of its inputs: chunks of `samples`, and the LSTM's two states."""

    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = load_silero()

        def forward(
            self, chunks: Tensor, hidden: Tensor, cell: Tensor
        ) -> tuple[Tensor, Tensor, Tensor]:
            scores, hidden, cell = self.network(chunks, (hidden, cell))
            return scores, hidden, cell

    state = torch.zeros(1, 128)
    return Flat().eval(), (torch.zeros(2, samples), state, state)
