"""A fault of a programme: where it is, how bad, what was measured, and what takes it away."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "flash",
    "mixed",
    "black",
    "freeze",
    "duplicate",
    "dropped",
    "combing",
    "repeat",
    "jump cut",
    "word",
    "click",
    "dropout",
    "clipping",
    "silence",
    "loudness step",
    "exposure step",
    "colour step",
    "bars step",
    "length",
    "damage",
    "offline",
]
Severity = Literal["error", "warning"]

SEVERITY: dict[Kind, Severity] = {
    "flash": "error",
    "mixed": "warning",
    "black": "warning",
    "freeze": "warning",
    "duplicate": "warning",
    "dropped": "warning",
    "combing": "error",
    "repeat": "error",
    "jump cut": "warning",
    "word": "error",
    "click": "error",
    "dropout": "error",
    "clipping": "warning",
    "silence": "warning",
    "loudness step": "warning",
    "exposure step": "warning",
    "colour step": "warning",
    "bars step": "warning",
    "length": "error",
    "damage": "error",
    "offline": "error",
}

_MOVE = "slip, another shot, or trim"
REMEDY: dict[Kind, str] = {
    "flash": "slip, extend, another shot, or trim",
    "mixed": _MOVE,
    "black": _MOVE,
    "freeze": _MOVE,
    "duplicate": _MOVE,
    "dropped": _MOVE,
    "combing": "another shot; or deinterlace the source",
    "repeat": _MOVE,
    "jump cut": "another shot, or slip",
    "word": "slip, extend, another shot, or trim",
    "click": "a micro-crossfade at a join; else slip, another shot, or trim",
    "dropout": _MOVE,
    "clipping": "another shot; gain cannot bring back what is cut off",
    "silence": "another shot",
    "loudness step": "gain",
    "exposure step": "another shot; or grade",
    "colour step": "another shot; or grade",
    "bars step": "another shot; or crop",
    "length": "trim; or render again",
    "damage": "another copy of the file",
    "offline": "bring the media back",
}
"""What takes a fault of each kind away, where something does."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    kind: Kind
    slot: int
    """In which slot or piece, from 0; of a fault at a join, the one after it."""
    frame: int
    """Where in the programme, from its first frame."""
    value: float
    """What was measured."""
    threshold: float
    """From where on it is a fault, in the same unit."""
    unit: str
    words: str
    """For people."""
    frames: int = 1
    """On how many frames it is, where that is known."""
    repair: str = ""
    """What would take it away here, where that was tried."""
    obstacle: str = ""
    """Why nothing does, where that was tried."""

    @property
    def severity(self) -> Severity:
        """`error` is what no editor means; `warning` may be meant."""
        return SEVERITY[self.kind]

    @property
    def remedy(self) -> str:
        """What takes it away: as it was tried, or as such faults are repaired."""
        return self.repair or REMEDY[self.kind]
