"""Faults that the films of the footage have of their own, judged by people; `own_faults.json`.

A searcher that tells one of them is right, though nobody planted it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("own_faults.json")


@dataclass(frozen=True, slots=True)
class OwnFault:
    """One fault of a film, or what may be taken for one."""

    kind: str
    frame: int
    """First frame, from 0."""
    frames: int
    verdict: Literal["fault", "either"]
    """`either` counts neither way."""

    def moved(self, by: int) -> "OwnFault":
        """The same, so many frames later; its frame may then be below 0."""
        return OwnFault(self.kind, self.frame + by, self.frames, self.verdict)


def own_faults(film: str, path: Path = FILE) -> list[OwnFault]:
    """The faults of one film's picture and sound, by frame.

    Args:
        film: Name of its file, without ending.
        path: The list; see its note.

    Raises:
        ValueError: An entry is not one.
    """
    told = json.loads(path.read_text())
    found = []
    for entry in (*told["pictures"], *told["sounds"]):
        if entry["verdict"] not in ("fault", "either") or not entry["why"]:
            raise ValueError(f"{path}: {entry} needs a verdict, fault or either, and why")
        if entry["frame"] < 0 or entry["frames"] < 1:
            raise ValueError(f"{path}: {entry} needs a frame from 0 and one frame or more")
        if entry["film"] == film:
            found.append(OwnFault(entry["kind"], entry["frame"], entry["frames"], entry["verdict"]))
    return sorted(found, key=lambda fault: (fault.frame, fault.kind))
