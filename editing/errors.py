"""What can go wrong in editing that a user can put right.

EditingError
├── ImpossibleBrief    no cut of this film fits what was asked
├── EditError          a change that this cut or its footage does not allow
├── StaleCut           somebody saved a newer version of the cut meanwhile
├── UnknownCut         there is no such cut, or no such version of it
├── ModelError         a ranker's file is damaged, or made for other features
├── DatasetError       a file of annotated videos, or of their splits, is not as it should be
├── AlignmentError     a kept alignment of a trailer cannot be read
├── RangeError         a range of a film is not written as one, or not of it
├── RatingsError       rating rules cannot be read, or do not fit the film
├── MusicError         music has no beat that slots could join on
├── RenderError        a cut cannot be rendered: its footage is gone or has changed
└── TimelineError      a timeline cannot be written or read
"""

from pathlib import Path

from editing.cut import Brief


class EditingError(Exception):
    """Something a user can put right."""


class ImpossibleBrief(EditingError):
    """No cut of this film fits what was asked."""

    def __init__(self, constraint: str, nearest: str, brief: Brief | None = None) -> None:
        super().__init__(constraint, nearest, brief)  # as args, to survive pickling
        self.constraint, self.nearest = constraint, nearest
        self.brief = brief
        """The nearest brief that works; None where none does."""

    def __str__(self) -> str:
        return (
            f"this brief is impossible: {self.constraint}\nThe nearest that works: {self.nearest}"
        )


class EditError(EditingError):
    """A change that this cut or its footage does not allow."""


class StaleCut(EditingError):
    """Somebody saved a newer version of the cut meanwhile."""

    def __init__(self, cut: int, expected: int, latest: int) -> None:
        super().__init__(cut, expected, latest)
        self.cut, self.expected, self.latest = cut, expected, latest

    def __str__(self) -> str:
        return (
            f"cut {self.cut} was changed meanwhile: this change was made to version "
            f"{self.expected}, and the latest is {self.latest}.\n"
            "Look at the latest version and make the change again."
        )


class UnknownCut(EditingError):
    """There is no such cut, or no such version of it."""

    def __init__(self, wanted: str, why: str) -> None:
        super().__init__(wanted, why)
        self.wanted, self.why = wanted, why

    def __str__(self) -> str:
        return f"no cut {self.wanted}: {self.why}.\nSee what there is: reel cut list"


class ModelError(EditingError):
    """A ranker's file is damaged, or made for other features."""


class DatasetError(EditingError):
    """A file of annotated videos, or of their splits, is not as it should be."""

    def __init__(self, path: Path, where: str, problem: str) -> None:
        super().__init__(path, where, problem)
        self.path, self.where, self.problem = path, where, problem

    def __str__(self) -> str:
        where = f", {self.where}" if self.where else ""
        return (
            f"{self.path}{where}: {self.problem}.\n"
            "What such a file holds: docs/formats.md, Annotated videos"
        )


class AlignmentError(EditingError):
    """A kept alignment of a trailer cannot be read."""


class RangeError(EditingError):
    """A range of a film is not written as one, or not of it."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(text, why)
        self.text, self.why = text, why

    def __str__(self) -> str:
        return f"{self.text!r} is no range of this film: {self.why}"


class RatingsError(EditingError):
    """Rating rules cannot be read, or do not fit the film."""


class MusicError(EditingError):
    """Music has no beat that slots could join on."""


class RenderError(EditingError):
    """A cut cannot be rendered: its footage is gone or has changed."""


class TimelineError(EditingError):
    """A timeline cannot be written or read."""
