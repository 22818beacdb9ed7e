"""Users who asked to be forgotten: kept as salted hashes, so that a file cannot bring them back.

The list never holds a name. Whoever has the workspace can still test a name that they know or
guess against it: that is what keeps the user out.
"""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

import polars as pl

from recsys.atomic import whole_file
from recsys.errors import UnreadableLog
from recsys.logs.columns import BLANKS, identities

FILE = "forgotten.json"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The users that a workspace has forgotten."""

    salt: bytes
    """32 bytes of chance, of this workspace alone."""
    since: Mapping[str, str]
    """When each was forgotten (ISO 8601, UTC), by HMAC-SHA-256 of their name under the salt."""

    @classmethod
    def read(cls, logs: Path) -> Self:
        """The list of a folder of logs; an empty one with a new salt if there is none.

        Raises:
            UnreadableLog: The list is damaged.
        """
        file = logs / FILE
        if not file.is_file():
            return cls(secrets.token_bytes(32), {})
        try:
            told = json.loads(file.read_text("utf-8"))
            return cls(bytes.fromhex(told["salt"]), dict(told["since"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"the list of forgotten users is damaged ({error}); restore it from a copy"
            raise UnreadableLog(file, reason) from error

    def write(self, logs: Path) -> None:
        """Keep the list, readable by its owner only."""
        with whole_file(logs / FILE) as draft:
            draft.touch(mode=0o600)
            told = {"salt": self.salt.hex(), "since": dict(self.since)}
            draft.write_text(json.dumps(told, indent=2), "utf-8")

    def with_user(self, user: str, at: datetime) -> "Forgotten":
        """The list with one more user; one who is on it keeps their date."""
        when = at.astimezone(UTC).isoformat(timespec="seconds")
        return Forgotten(self.salt, {self._hash(user): when, **self.since})

    def holds(self, user: str) -> bool:
        """Whether a user was forgotten."""
        return bool(self.since) and self._hash(user) in self.since

    def which(self, users: pl.Series) -> pl.Series:
        """`(users,)` of booleans: who was forgotten."""
        return pl.Series([self.holds(user) for user in users], dtype=pl.Boolean)

    def latest(self) -> str | None:
        """When a user was last forgotten, ISO 8601 in UTC; None if nobody ever was."""
        return max(self.since.values(), default=None)

    def _hash(self, user: str) -> str:
        return hmac.new(self.salt, user.encode(), sha256).hexdigest()


def user_identity(name: str) -> str:
    """A user's name as the log has it: without blanks around it, and 17 for 17.0."""
    return user_identities([name])[0]


def user_identities(names: Sequence[str]) -> list[str]:
    """As `user_identity`, of many at once."""
    return identities(pl.Series([name.strip(BLANKS) for name in names], dtype=pl.String)).to_list()
