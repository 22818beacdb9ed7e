"""The recommenders that a workspace has kept: which there are, which is in use, and another choice.

Each training leaves a folder, and `current.json` points at the one in use; going back to an
earlier one is pointing at it again.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.current import current_folder, put_to_use
from recsys.errors import NoModel, UnknownVersion, UnusableModel
from recsys.models.card import read_card
from recsys.models.registry import load_model


@dataclass(frozen=True, slots=True)
class KeptRecommender:
    """A recommender that was trained in a workspace."""

    name: str
    """Of its folder: the model, when it was trained, and what keeps two of one second apart."""
    card: Mapping[str, Any]
    """As training wrote it; empty if it cannot be read."""
    problem: str
    """Why it cannot be used; empty if nothing is known against it."""
    in_use: bool

    @property
    def trained_at(self) -> str:
        """UTC, ISO 8601; empty if it is not known."""
        return str(self.card.get("trained_at", ""))


def kept_recommenders(recommenders: Path) -> list[KeptRecommender]:
    """Every recommender of a workspace, the latest first; those that are damaged say so."""
    used = ""
    with suppress(NoModel, UnusableModel):
        used = current_folder(recommenders).name
    found = []
    folders = recommenders.iterdir() if recommenders.is_dir() else ()
    for folder in folders:
        if folder.is_dir() and not folder.name.startswith("."):
            card, problem = _card_of(folder)
            found.append(KeptRecommender(folder.name, card, problem, folder.name == used))
    return sorted(found, key=lambda one: (one.trained_at, one.name), reverse=True)


def use_recommender(recommenders: Path, name: str) -> KeptRecommender:
    """Put a kept recommender to use; what was used before stays, to go back to.

    Args:
        recommenders: The workspace's folder of recommenders.
        name: As `KeptRecommender.name` has it.

    Raises:
        UnknownVersion: There is none of that name.
        UnusableModel: It is damaged; what was in use stays so.
    """
    known = {one.name: one for one in kept_recommenders(recommenders)}
    if name not in known:
        raise UnknownVersion(name, list(known))
    folder = recommenders / name
    load_model(folder)
    put_to_use(folder)
    return KeptRecommender(name, read_card(folder), "", in_use=True)


def _card_of(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        return read_card(folder), ""
    except UnusableModel as error:
        return {}, str(error)
