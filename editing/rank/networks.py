"""The ranking networks by name: made from a seed or from weights, and used as rankers.

A network is made without touching torch's global random state, so making one disturbs nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from editing.errors import ModelError
from editing.rank.explanation import explain
from editing.rank.features import WITHIN_FILM, FeatureSpace
from editing.rank.film import Film, ShotScores
from editing.rank.lstm import LstmConfig, ShotLstm
from editing.rank.transformer import ShotTransformer, TransformerConfig

Network = ShotLstm | ShotTransformer
NETWORKS = ("lstm", "transformer")
ORDER_LAYERS = 1
"""Of the Transformer's order head."""
_FLAT = 1e-4
"""Scores that vary by less are rounding, not preference."""


def config_for(name: str, space: FeatureSpace) -> dict[str, int]:
    """The sizes of the network `name` for films of `space`, every other one at its default.

    Raises:
        ModelError: No network has this name.
    """
    sizes = (space.embedding_dim, space.columns() - space.embedding_dim)
    if name == "lstm":
        return asdict(LstmConfig(*sizes))
    if name == "transformer":
        order = {"order_layers": ORDER_LAYERS, "order_hidden": WITHIN_FILM}
        return asdict(TransformerConfig(*sizes, **order))
    raise _no_network(name)


def compute_device() -> torch.device:
    """Where networks compute: on a GPU if torch finds one, else on the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def new_network(name: str, config: Mapping[str, int], generator: torch.Generator) -> Network:
    """A network with random weights, the same for the same state of `generator`.

    Matrices are uniform as in Glorot and Bengio (AISTATS 2010), biases 0, norms the identity; the
    linear path from a shot to its score begins as nothing.
    """
    network = _shape(name, config).to_empty(device="cpu")
    initialise(network, generator)
    nn.init.zeros_(network.direct.weight)
    return network.eval()


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Give every weight of `network` its first value, as `new_network` does."""
    for module in network.modules():
        for weight in module.parameters(recurse=False):
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight, generator=generator)
            else:
                nn.init.constant_(weight, 0.0)
        if isinstance(module, nn.LayerNorm):
            module.reset_parameters()


def network_from(name: str, config: Mapping[str, int], weights: Mapping[str, Tensor]) -> Network:
    """A network with these weights.

    Raises:
        ValueError: The weights do not fit a network of this name and these sizes.
    """
    try:
        network = _shape(name, config)
        network.load_state_dict(weights, assign=True)
    except (RuntimeError, TypeError) as error:
        why = " ".join(str(error).split())  # torch's goes over many lines
        raise ValueError(f"the weights do not fit: {why}") from error
    for key, weight in weights.items():
        if weight.dtype != torch.float32 or not bool(weight.isfinite().all()):
            raise ValueError(f"{key} holds something else than finite 32-bit numbers")
    return network.eval()


@dataclass(frozen=True, slots=True)
class NetworkRanker:
    """A trained network, for films of the feature space it was trained in."""

    name: str
    version: str
    space: FeatureSpace
    network: Network

    @property
    def config(self) -> dict[str, int]:
        """The network's sizes."""
        return asdict(self.network.config)

    def score(self, film: Film) -> ShotScores:
        """Score every shot of `film`: how likely it is to be picked, on a logarithmic scale.

        0 is what an average shot would get; 1 is one standard deviation of the film's scores, so
        that networks that are more or less sure of themselves weigh alike in a cut.

        Raises:
            ModelError: `film` has other features.
        """
        device = next(self.network.parameters()).device
        encoded = self.space.encode(film).to(device)
        with torch.inference_mode():
            narrow = self.network.read(encoded)
            level = self.network.read(self.space.level(encoded))
        picture_dim = narrow.shape[1] - (self.space.columns() - self.space.embedding_dim)
        told = self.space.contributions(narrow - level, picture_dim)
        values, groups = explain(self.network.judge, narrow, level, told)
        spread = float(values.std())
        scale = spread if spread > _FLAT else 1.0
        parts = np.stack([*groups.values()], axis=1) / scale
        absent, nowhere = self.space.unmeasured(film), np.zeros(film.shots, bool)
        unmeasured = np.stack([absent.get(name, nowhere) for name in groups], axis=1)
        return ShotScores(values / scale, tuple(groups), parts, unmeasured)


def _shape(name: str, config: Mapping[str, int]) -> Network:
    """The network with no memory behind its weights yet."""
    with torch.device("meta"):
        if name == "lstm":
            return ShotLstm(LstmConfig(**config))
        if name == "transformer":
            return ShotTransformer(TransformerConfig(**config))
    raise _no_network(name)


def _no_network(name: str) -> ModelError:
    return ModelError(f"no network is called {name!r}; there are {' and '.join(NETWORKS)}")
