"""A user out of the log and out of what is served, at once; out of the models at the next training.

The card of each saved model notes that it was trained before, until it is trained again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from recsys.atomic import whole_file
from recsys.errors import ForgottenUser, UnusableModel
from recsys.logs.forgotten import user_identity
from recsys.logs.store import LogStore
from recsys.models.card import CARD, read_card
from recsys.viewing_log import USER

NOTE = "trained_before_forgetting"
"""Of a card: when a user was last forgotten after the model was trained, and how many were."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What was done to forget a user."""

    rows: int
    """Rows of the log that were removed."""
    models: list[str]
    """Folders of models that learned from the user, and know them until they are replaced."""


def forget_user(logs: Path, recommenders: Path, user: str) -> Forgetting:
    """Remove a user from the log, and note it on every saved model that learned from them.

    The notes come first, so that a call that is cut off, and repeated, leaves none out; it may
    then count the user twice.

    Raises:
        UnreadableLog: The imported log, or the list of forgotten users, is damaged.
    """
    store, at = LogStore(logs), datetime.now(UTC)
    known_before = store.is_forgotten(user)
    learned = _who_learned(recommenders, user)
    for folder in learned:
        if not known_before or NOTE not in read_card(folder):
            _note(folder, at)
    rows = store.forget(user, at)
    # A training that ended meanwhile may have asked who was forgotten just before the log said so.
    late = [folder for folder in _who_learned(recommenders, user) if folder not in learned]
    for folder in late:
        if NOTE not in read_card(folder):
            _note(folder, at)
    return Forgetting(rows, [folder.name for folder in (*learned, *late)])


def note_forgotten(store: LogStore, folder: Path, users: Iterable[str]) -> None:
    """Note on the card of a model that was just saved which of its users were forgotten meanwhile.

    A training reads the log long before it saves its model.
    """
    for _ in store.forgotten(users):
        _note(folder, datetime.now(UTC))


def _who_learned(recommenders: Path, user: str) -> list[Path]:
    """The folders of saved models that learned from a user."""
    name = user_identity(user)
    return [one for one in sorted(recommenders.glob("[!.]*/")) if _learned_from(one, name)]


def _learned_from(folder: Path, user: str) -> bool:
    """Whether a saved model has the history of a user, or may have; not if it cannot be served."""
    try:
        read_card(folder)
    except UnusableModel:
        return False
    try:
        users = pl.scan_parquet(folder / "histories.parquet", glob=False)
        return bool(users.filter(pl.col(USER) == user).select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError):
        return True


def _note(folder: Path, at: datetime) -> None:
    card = read_card(folder)
    users = card.get(NOTE, {"users": 0})["users"]
    card[NOTE] = {"users": users + 1, "last": at.isoformat(timespec="seconds")}
    with whole_file(folder / CARD) as draft:
        draft.write_text(json.dumps(card, indent=2, ensure_ascii=False), "utf-8")


def refuse_forgotten(logs: Path, user: str) -> None:
    """Raise ForgottenUser if a user was forgotten: a model may know them still."""
    if LogStore(logs).is_forgotten(user):
        raise ForgottenUser(user)
