"""A fault of a cut: where it is, how bad, and what was measured."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "flash",
    "mixed",
    "black",
    "freeze",
    "repeat",
    "jump cut",
    "word",
    "loudness step",
    "exposure step",
    "bars step",
]
Severity = Literal["error", "warning"]

SEVERITY: dict[Kind, Severity] = {
    "flash": "error",
    "mixed": "warning",
    "black": "warning",
    "freeze": "warning",
    "repeat": "error",
    "jump cut": "warning",
    "word": "error",
    "loudness step": "warning",
    "exposure step": "warning",
    "bars step": "warning",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    kind: Kind
    slot: int
    """In which slot, from 0; of a fault at a join, the one after it."""
    frame: int
    """Where in the cut, from its first frame."""
    value: float
    """What was measured."""
    threshold: float
    """From where on it is a fault, in the same unit."""
    unit: str
    words: str
    """For people."""

    @property
    def severity(self) -> Severity:
        """`error` is what no editor means; `warning` may be meant."""
        return SEVERITY[self.kind]
