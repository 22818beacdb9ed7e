"""What can go wrong in editing that a user can put right.

EditingError
├── ImpossibleBrief    no cut of this film fits what was asked
├── UnknownCut         there is no such cut, or no such version of it
├── ModelError         a ranker's file is damaged, or made for other features
├── RenderError        a cut cannot be rendered: its footage is gone or has changed
└── TimelineError      a timeline cannot be written or read
"""


class EditingError(Exception):
    """Something a user can put right."""


class ImpossibleBrief(EditingError):
    """No cut of this film fits what was asked."""

    def __init__(self, constraint: str, nearest: str) -> None:
        super().__init__(constraint, nearest)  # as args, to survive pickling
        self.constraint, self.nearest = constraint, nearest

    def __str__(self) -> str:
        return (
            f"this brief is impossible: {self.constraint}\nThe nearest that works: {self.nearest}"
        )


class UnknownCut(EditingError):
    """There is no such cut, or no such version of it."""


class ModelError(EditingError):
    """A ranker's file is damaged, or made for other features."""


class RenderError(EditingError):
    """A cut cannot be rendered: its footage is gone or has changed."""


class TimelineError(EditingError):
    """A timeline cannot be written or read."""
