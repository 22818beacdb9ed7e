"""A cut: slots of exact source frames, each with its reasons, in versions that never change.

Each change of a cut is a new version with its author; undo is choosing an older one.
No I/O: `cut_store.py` keeps cuts in the catalogue.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Literal, NewType

from ingest.media import MediaId
from ingest.timecode import FrameRange

CutId = NewType("CutId", int)
CutKind = Literal["trailer", "rough"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One additive part of a slot's score. The parts of a slot sum to its score."""

    name: str
    """What counted, in words for people: `motion`, `representative of the film`, …"""
    value: float
    """How much of the score is due to it; below 0 if it spoke against the shot."""


@dataclass(frozen=True, slots=True)
class Alternate:
    """A shot that could take a slot's place, at the same number of frames."""

    shot: int
    """Index of the shot in its media."""
    source: FrameRange
    score: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One piece of source in a cut."""

    media: MediaId
    shot: int
    """Index of the shot in its media."""
    source: FrameRange
    """Frames of the source's own grid (`Media.rate`), in and out, end exclusive."""
    score: float
    reasons: tuple[Reason, ...]
    alternates: tuple[Alternate, ...] = ()
    """Best first."""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Brief:
    """What a cut is asked to be."""

    kind: CutKind
    frames: int
    """The exact length, in frames of the cut's rate."""
    min_shot: int
    """Frames; no slot is shorter."""
    max_shot: int
    """Frames; no slot is longer."""
    spoiler_free: Fraction
    """Share of the film, from its start, that may be shown: 9/10 keeps the last tenth back."""
    max_similarity: float
    """Cosine similarity of embeddings above which two shots do not go into one cut."""
    handle: int = 0
    """Frames kept free at both ends of a shot, so that an editor can trim outwards."""

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise ValueError(f"a cut has at least 1 frame, got {self.frames}")
        if not 1 <= self.min_shot <= self.max_shot:
            raise ValueError(
                f"need 1 <= min_shot <= max_shot, got {self.min_shot}, {self.max_shot}"
            )
        if not 0 < self.spoiler_free <= 1:
            raise ValueError(f"spoiler_free lies in (0, 1], got {self.spoiler_free}")


@dataclass(frozen=True, slots=True)
class Cut:
    """One version of a cut."""

    id: CutId
    version: int
    """From 1; a higher one came later."""
    media: MediaId
    name: str
    kind: CutKind
    brief: Brief
    rate: Fraction
    """Frames per second of the cut's timeline."""
    slots: tuple[Slot, ...]
    ranker: str
    """Name and version of the ranker that scored the shots."""
    author: str
    note: str
    created_at: str
    """UTC, ISO 8601."""

    @property
    def frames(self) -> int:
        """How long the cut is, in frames of its rate."""
        return sum(slot.source.frames for slot in self.slots)

    def record_ranges(self) -> tuple[FrameRange, ...]:
        """Where each slot lies in the cut, in frames from its first."""
        ends = list(accumulate(slot.source.frames for slot in self.slots))
        return tuple(
            FrameRange(end - slot.source.frames, end)
            for slot, end in zip(self.slots, ends, strict=True)
        )
