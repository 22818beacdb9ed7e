"""A trained ranker as a folder: `model.safetensors`, and `card.json` that says what it is.

Nothing is unpickled. A folder is written under another name and renamed, so it is whole or not
there; its version is the hash of all that decides its scores, so a changed file is noticed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import safetensors.torch
from safetensors import SafetensorError

from editing.errors import ModelError
from editing.rank.features import FeatureSpace
from editing.rank.networks import NetworkRanker, compute_device, network_from

FORMAT = 3
"""1 had networks without the linear path and the order head; 2 knew nothing of likeness."""
WEIGHTS, CARD = "model.safetensors", "card.json"


@dataclass(frozen=True, slots=True)
class Card:
    """What a ranker is, what it learned from, and how it did."""

    name: str
    """The kind of network: `lstm`, `transformer`."""
    version: str
    """12 hex digits, the hash of its weights, sizes and features."""
    space: FeatureSpace
    config: Mapping[str, int]
    """The network's sizes."""
    objective: str
    """What it was taught to do, in words for people."""
    learned_from: tuple[str, ...]
    """Where its labels came from, with their weights and numbers; none for training without."""
    started_from: str
    """The version that was trained further; empty for a new network."""
    trained_on: tuple[str, ...]
    """Fingerprints of the media."""
    trained_at: str
    """UTC, ISO 8601."""
    seed: int
    plan: Mapping[str, float]
    """The settings of the training."""
    step: int
    """The step of the training that was kept: the best by validation."""
    validation: Mapping[str, float]
    """Figures on what was held out, for this ranker and those that it should beat."""
    held_out: str
    """What the validation figures are on, in words for people."""

    def to_json(self) -> str:
        """The text of `card.json`."""
        return json.dumps({"format": FORMAT} | asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else, or of a later format.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            if values.pop("format") != FORMAT:
                raise ValueError("it was written by another version of this program")
            space = values["space"] | {"measures": tuple(values["space"]["measures"])}
            lists = {name: tuple(values[name]) for name in ("trained_on", "learned_from")}
            if not all(type(size) is int for size in values["config"].values()):
                raise ValueError("the sizes of its network are no whole numbers")
            return cls(**values | {"space": FeatureSpace(**space)} | lists)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"it is no ranker's card: {error!r}") from error


def version_of(name: str, space: FeatureSpace, config: Mapping[str, int], weights: bytes) -> str:
    """The hash of all that decides a ranker's scores."""
    sizes = json.dumps([name, asdict(space), dict(config)], sort_keys=True)
    return hashlib.sha256(sizes.encode() + weights).hexdigest()[:12]


def write_checkpoint(folder: Path, card: Card, weights: bytes) -> None:
    """Write a ranker to `folder`, whole or not at all.

    A sound checkpoint that is already there has the same content, by its version, and is kept.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        try:
            read_checkpoint(folder)
        except ModelError:
            shutil.rmtree(folder)
        else:
            return
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".writing-"))
    try:
        _write(temporary / WEIGHTS, weights)
        _write(temporary / CARD, card.to_json().encode())
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def read_checkpoint(folder: Path) -> tuple[NetworkRanker, Card]:
    """Read the ranker in `folder`.

    Raises:
        ModelError: A file is missing, damaged or changed.
    """
    try:
        card = Card.from_json((folder / CARD).read_text(encoding="utf-8"))
        weights = (folder / WEIGHTS).read_bytes()
        if version_of(card.name, card.space, card.config, weights) != card.version:
            raise ValueError("its content is not what its version stands for")
        network = network_from(card.name, card.config, safetensors.torch.load(weights))
        network.to(compute_device())
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"the ranker in {folder} is missing or damaged ({error}).\n"
            "Train it again, or name another version"
        ) from error
    return NetworkRanker(card.name, card.version, card.space, network), card


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
