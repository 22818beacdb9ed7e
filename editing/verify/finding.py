"""What a check of a delivered file found."""

from dataclasses import dataclass
from typing import Literal

CheckName = Literal[
    "whole file",
    "streams",
    "picture size",
    "frame rate",
    "frame count",
    "frame times",
    "lengths",
    "joins",
    "slots",
    "colours",
    "slate",
    "titles",
    "captions",
    "black",
    "sound",
    "loudness",
    "true peak",
]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: CheckName
    passed: bool | None
    """None where the delivery asks for nothing, so that it is only told."""
    found: str
    """For people: what was measured."""
    wanted: str = ""
    frame: int | None = None
    """Of the file, from 0: where it fails first."""


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was looked at."""

    checks: tuple[Check, ...]
    frames: int
    """That the file decodes to."""
    joins: int
    """How many were compared."""
    untold: int
    """Of them, where neighbouring frames are too alike to tell a shift by one."""

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(check.passed is not False for check in self.checks)
