"""A user out of the log and out of what is served, at once; out of the models at the next training.

The card of each saved model notes that it was trained before, until it is trained again.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recsys.atomic import whole_file
from recsys.errors import ForgottenUser, UnusableModel
from recsys.logs.store import LogStore
from recsys.models.model import read_card

NOTE = "trained_before_forgetting"
"""Of a card: when a user was last forgotten after the model was trained, and how many were."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What was done to forget a user."""

    rows: int
    """Rows of the log that were removed."""
    models: list[str]
    """Folders of models that learned from the user, or may have."""


def forget_user(logs: Path, recommenders: Path, user: str) -> Forgetting:
    """Remove a user from the log, and note it on every saved model.

    Raises:
        UnreadableLog: The imported log, or the list of forgotten users, is damaged.
    """
    known_before = LogStore(logs).is_forgotten(user)
    at = datetime.now(UTC)
    rows = LogStore(logs).forget(user, at)
    noted = []
    for folder in sorted(recommenders.glob("[!.]*/")):
        try:
            card = read_card(folder)
        except UnusableModel:
            continue  # it cannot be served
        note = card.get(NOTE, {"users": 0})
        if not known_before or rows:
            card[NOTE] = {"users": note["users"] + 1, "last": at.isoformat(timespec="seconds")}
            with whole_file(folder / "card.json") as draft:
                draft.write_text(json.dumps(card, indent=2, ensure_ascii=False), "utf-8")
        noted.append(folder.name)
    return Forgetting(rows, noted)


def refuse_forgotten(logs: Path, user: str) -> None:
    """Raise ForgottenUser if a user was forgotten: a model may know them still."""
    if LogStore(logs).is_forgotten(user):
        raise ForgottenUser(user)
