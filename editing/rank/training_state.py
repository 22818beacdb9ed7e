"""A training that can be taken up again: all that decides how it goes on, in one safetensors file.

Written after every epoch, whole or not at all. It names what it is the state of (films, labels,
settings, seed), so that a training never goes on from another's.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from editing.errors import ModelError
from editing.finish.whole_file import whole_file

FORMAT = "1"


@dataclass(slots=True)
class TrainingState:
    """Where a training stands after an epoch."""

    network: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    """The network as it was after its best epoch."""
    optimizer: Mapping[str, Tensor]
    """`<parameter's number>.<name>`, as in torch's optimizers."""
    generator: Tensor
    """The state of the random numbers, `uint8`."""
    best_epoch: int
    """From 1."""
    losses: list[float] = field(default_factory=list)
    """Mean loss of each epoch so far."""
    validation: list[float] = field(default_factory=list)
    """Validation figure of each epoch so far."""
    finished: bool = False

    @property
    def epochs(self) -> int:
        """How many epochs are done."""
        return len(self.losses)


def identity(settings: Mapping[str, object], arrays: Iterable[Tensor]) -> str:
    """The hash of what a training is made of: another training has another.

    Args:
        settings: What `json` can write.
        arrays: Films, labels, weights, in order; NaN is a value like others.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for array in arrays:
        digest.update(f"{array.dtype}{tuple(array.shape)}".encode())
        digest.update(array.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def write_state(path: Path, state: TrainingState, of: str) -> None:
    """Write `state`, of the training with the identity `of`, to `path`.

    Raises:
        ModelError: The file cannot be written.
    """
    tensors = {"generator": state.generator}
    groups = {"network": state.network, "best": state.best, "optimizer": state.optimizer}
    for group, values in groups.items():
        tensors |= {f"{group}/{name}": value.clone() for name, value in values.items()}
    card = {
        "best_epoch": state.best_epoch,
        "losses": state.losses,
        "validation": state.validation,
        "finished": state.finished,
    }
    metadata = {"format": FORMAT, "training": of, "card": json.dumps(card)}
    try:
        with whole_file(path) as temporary:
            temporary.write_bytes(safetensors.torch.save(tensors, metadata))
    except OSError as error:
        raise ModelError(
            f"the training's state cannot be written to {path}: {error}.\n"
            "Give it a folder that can be written to"
        ) from error


def read_state(path: Path, of: str) -> TrainingState | None:
    """The state in `path` of the training with the identity `of`; None if there is no file.

    Raises:
        ModelError: It is damaged, or of another training.
    """
    if not path.exists():
        return None
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata.get("format") != FORMAT or metadata.get("training") != of:
            raise ValueError("it is of other films, labels, settings or another seed")
        card: dict[str, Any] = json.loads(metadata["card"])
        groups: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}, "optimizer": {}}
        generator = tensors.pop("generator")
        for name, tensor in tensors.items():
            group, _, rest = name.partition("/")
            groups[group][rest] = tensor
        return TrainingState(
            network=groups["network"],
            best=groups["best"],
            optimizer=groups["optimizer"],
            generator=generator,
            **card,
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(
            f"the training cannot go on from {path}: {error}.\n"
            "Remove the file to start again, or name another place"
        ) from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer remembers of each parameter, as `TrainingState.optimizer` has it."""
    return {
        f"{number}.{name}": torch.as_tensor(value)
        for number, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Make `optimizer` remember what `optimizer_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
