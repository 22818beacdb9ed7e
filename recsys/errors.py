"""What can go wrong in recsys that a user can put right.

RecsysError
├── UnreadableLog      the file is missing, empty, truncated, not UTF-8, or not a table
├── MissingColumns     the table lacks columns that every log needs
├── UnusableMap        a column map is missing, or not written as one
├── ForgottenUser      the user was removed from the log, and stays out
├── NoUsableRows       nothing is left to work on
├── NoTimeOrder        the rows carry neither a usable timestamp nor an order
├── NoLog              no log was imported into this workspace
├── NoModel            no recommender was trained in this workspace
├── UnusableRules      a file of business rules is missing, or not written as one
├── UnusableModel      a saved model is damaged, or was made by something else
├── UnknownModel       there is no model of that name
├── UnknownVersion     no recommender of that name was kept in this workspace
├── UnknownTitle       no title in the log goes by that name
└── CatalogueTooLarge  the model needs more memory than it may take
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path


class RecsysError(Exception):
    """Something a user can put right; printed without a traceback."""


class UnreadableLog(RecsysError):
    """The file is missing, empty, truncated, not UTF-8, or not a table."""

    def __init__(self, source: Path, reason: str) -> None:
        super().__init__(source, reason)  # as args: errors must survive a trip between processes
        self.source, self.reason = source, reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class MissingColumns(RecsysError):
    """The table lacks columns that every log needs."""

    def __init__(
        self,
        source: Path,
        missing: Sequence[str],
        present: Sequence[str],
        likely: Mapping[str, str],
    ) -> None:
        super().__init__(source, missing, present, likely)
        self.source, self.missing, self.present, self.likely = source, missing, present, likely

    def __str__(self) -> str:
        lines = [
            f"{self.source} has no column {', '.join(self.missing)}",
            f"columns found: {', '.join(self.present) or 'none'}",
        ]
        if self.likely:
            named = (f"{theirs}={ours}" for theirs, ours in self.likely.items())
            pairs = " ".join(f"--rename {shlex.quote(pair)}" for pair in named)
            lines.append(f"perhaps they are only named otherwise; try {pairs}")
        else:
            lines.append("rename your columns, or name them with --rename THEIRS=OURS")
        return "\n".join(lines)


class UnusableMap(RecsysError):
    """A column map is missing, or not written as one."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"the map {self.name} cannot be used: {self.reason}"


class ForgottenUser(RecsysError):
    """The user was removed from the log, and stays out."""

    def __init__(self, user: str) -> None:
        super().__init__(user)
        self.user = user

    def __str__(self) -> str:
        return f"user {self.user!r} was forgotten, so nothing is recommended to them"


class NoUsableRows(RecsysError):
    """Nothing is left to work on."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what, self.reason = what, reason

    def __str__(self) -> str:
        return f"{self.what} has no usable rows: {self.reason}"


class NoTimeOrder(RecsysError):
    """The rows carry neither a usable timestamp nor an order."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.what}: some rows have a timestamp and others only an order, "
            "so they cannot be put in one sequence; import them into separate workspaces"
        )


class NoLog(RecsysError):
    """No log was imported into this workspace."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"no viewing log in {self.folder}; import one with `reel logs import FILE`"


class NoModel(RecsysError):
    """No recommender was trained in this workspace."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"no recommender in {self.folder}; train one with `reel recsys train`"


class UnusableRules(RecsysError):
    """A file of business rules is missing, or not written as one."""

    def __init__(self, source: Path, reason: str) -> None:
        super().__init__(source, reason)
        self.source, self.reason = source, reason

    def __str__(self) -> str:
        return f"{self.source} holds no usable rules: {self.reason}; mend it, or go without --rules"


class UnusableModel(RecsysError):
    """A saved model is damaged, or was made by something else."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(folder, reason)
        self.folder, self.reason = folder, reason

    def __str__(self) -> str:
        return f"{self.folder} holds no usable recommender: {self.reason}; train it again"


class UnknownModel(RecsysError):
    """There is no model of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, known

    def __str__(self) -> str:
        return f"there is no model {self.name!r}; choose from {', '.join(self.known)}"


class UnknownVersion(RecsysError):
    """No recommender of that name was kept in this workspace."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, known

    def __str__(self) -> str:
        known = ", ".join(self.known) or "none"
        return f"no recommender {self.name!r} was kept here; there are: {known}"


class UnknownTitle(RecsysError):
    """No title in the log goes by that name."""

    def __init__(self, asked: str, near: Sequence[str]) -> None:
        super().__init__(asked, near)
        self.asked, self.near = asked, near

    def __str__(self) -> str:
        hint = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        return f"no title {self.asked!r} in the viewing log{hint}"


class CatalogueTooLarge(RecsysError):
    """The model needs more memory than it may take."""

    def __init__(self, model: str, items: int, limit: int) -> None:
        super().__init__(model, items, limit)
        self.model, self.items, self.limit = model, items, limit

    def __str__(self) -> str:
        return (
            f"{self.model} holds a table of items × items, and {self.items:,} items are more than "
            f"its limit of {self.limit:,}; use another model (als, sasrec)"
        )
