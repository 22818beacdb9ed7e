"""A cut: slots of exact source frames, each with its reasons, in versions that never change.

Each change of a cut is a new version with its author; undo is choosing an older one.
No I/O: `cut_store.py` keeps cuts in the catalogue.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Literal, NewType

from ingest.media import MediaId
from ingest.timecode import FrameRange

CutId = NewType("CutId", int)
CutKind = Literal["trailer", "teaser", "tv-spot", "rough", "recap", "highlights"]
Speech = Literal["ignore", "avoid", "strict"]
Aspect = Literal["source", "16:9", "9:16", "1:1"]
FILM_ORDER = "film"
"""The order of slots that is the film's own."""


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
class Transition:
    """A change of picture that is no hard cut, at the join before a slot.

    It adds no frames: the pictures of both sides run on beyond the join, from their handles.
    """

    kind: Literal["dissolve", "dip"]
    """`dissolve` mixes both sides; `dip` goes to black up to the join and comes back after it."""
    before: int
    """Frames before the join, at the end of the slot before."""
    after: int
    """Frames from the join on, at the beginning of this slot."""

    def __post_init__(self) -> None:
        if min(self.before, self.after) < 0 or self.frames < 1:
            raise ValueError(f"a transition of {self.before} and {self.after} frames is none")

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class SlotSound:
    """How a slot is heard where it differs from its picture."""

    lead: int = 0
    """Frames by which the join of the sound comes before that of the picture at the slot's
    beginning (a J-cut); below 0 the sound of the slot before runs on (an L-cut)."""
    fade_ms: int = 0
    """Milliseconds of crossfade at the join of the sound at its beginning, half on either side."""
    gain: float = 0.0
    """Decibels; 0 leaves it as it is."""

    def __post_init__(self) -> None:
        if not 0 <= self.fade_ms <= 1000:
            raise ValueError(f"a crossfade lasts 0 to 1000 ms, got {self.fade_ms}")
        if not -60 <= self.gain <= 20:
            raise ValueError(f"a gain lies from -60 to 20 dB, got {self.gain}")


@dataclass(frozen=True, slots=True)
class Reframe:
    """What a slot shows of its picture in a cut of another shape.

    The middle of what is shown, as shares of the source's width and height (0, 0 is its upper left
    corner), at the slot's first and last frame; it moves evenly in between.
    """

    start: tuple[float, float]
    end: tuple[float, float]

    def __post_init__(self) -> None:
        if not all(0 <= share <= 1 for share in (*self.start, *self.end)):
            raise ValueError(f"a middle lies within the picture, got {self.start}, {self.end}")


@dataclass(frozen=True, slots=True)
class Slot:
    """One piece of source in a cut."""

    media: MediaId
    shot: int
    """Index of the shot in its media."""
    source: FrameRange
    """Frames of the source's own grid (`Media.rate`), in and out, end exclusive. A film of another
    rate than the cut begins there too, and has as many frames here as the slot lasts in the cut."""
    score: float
    reasons: tuple[Reason, ...]
    alternates: tuple[Alternate, ...] = ()
    """Best first."""
    locked: bool = False
    transition: Transition | None = None
    """At its beginning; None is a hard cut."""
    sound: SlotSound = SlotSound()
    reframe: Reframe | None = None
    """None shows the middle."""
    note: str = ""
    """What somebody wrote on it; a marker where a format has them."""


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the film, and how much of the cut comes from it."""

    end: Fraction
    """Share of the film at which it ends; it begins where the act before it ends."""
    share: Fraction
    """Share of the cut that it should fill; more of it costs worth."""
    most: Fraction = Fraction(1)
    """Share of the cut that it may fill; more of it is never shown."""

    def __post_init__(self) -> None:
        if not (0 < self.end <= 1 and 0 <= self.share <= 1 and 0 <= self.most <= 1):
            raise ValueError(f"an act is told in shares from 0 to 1, got {self}")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Frames of the film that the cut may not show or sound."""

    span: FrameRange
    """On the film's grid."""
    reason: str
    """For people: `the brief excludes it`, `rating G excludes violence`, …"""


@dataclass(frozen=True, slots=True)
class Music:
    """A piece of music under the cut, from its first frame on."""

    path: str
    """Where it was."""
    fingerprint: str
    """Of its content, as that of a media."""
    beats: tuple[int, ...]
    """Frames of the cut's rate, rising, above 0."""

    def __post_init__(self) -> None:
        if any(b <= a for a, b in pairwise((0, *self.beats))):
            raise ValueError("beats rise from above 0")


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
    aspect: Aspect = "source"
    """The shape of the picture; `source` is that of the film."""
    acts: tuple[Act, ...] = ()
    """In the film's order, the last one to its end; without any, parts of equal length have equal
    shares."""
    pacing: Fraction = Fraction(1)
    """How many times as long a slot should be at the cut's beginning as at its end."""
    include: tuple[FrameRange, ...] = ()
    """Frames of the film's grid that the cut shows, rising and apart."""
    exclude: tuple[Exclusion, ...] = ()
    speech: Speech = "ignore"
    """Of slots that begin or end where somebody speaks: `avoid` makes them cost worth and lets the
    sound run on, `strict` refuses them."""
    music: Music | None = None
    """Slots join on its beats."""
    lead: int = 0
    """Frames by which a join of the sound may be before or after that of the picture, at most."""
    fade_ms: int = 0
    """Milliseconds of crossfade at every join of the sound."""
    order: str = FILM_ORDER
    """Of the slots: the film's, or the name and version of the ranker that tells another, as
    `transformer 3`."""

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise ValueError(f"a cut has at least 1 frame, got {self.frames}")
        if not 1 <= self.min_shot <= self.max_shot:
            raise ValueError(
                f"need 1 <= min_shot <= max_shot, got {self.min_shot}, {self.max_shot}"
            )
        if not 0 < self.spoiler_free <= 1:
            raise ValueError(f"spoiler_free lies in (0, 1], got {self.spoiler_free}")
        if not 0 < self.pacing <= 100:
            raise ValueError(f"pacing lies in (0, 100], got {self.pacing}")
        if self.lead < 0 or not 0 <= self.fade_ms <= 1000:
            raise ValueError(f"need lead >= 0 and 0 <= fade_ms <= 1000, got {self}")
        ends = [Fraction(0), *(act.end for act in self.acts)]
        if any(b <= a for a, b in pairwise(ends)) or ends[-1] not in (0, 1):
            raise ValueError(f"acts end one after the other, the last at 1, got {ends[1:]}")
        if self.acts and sum(act.share for act in self.acts) != 1:
            raise ValueError(f"the shares of acts sum to 1, got {[act.share for act in self.acts]}")
        if any(b.start < a.end for a, b in pairwise(self.include)):
            raise ValueError("the ranges to include rise and do not overlap")


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
    gap: float | None = None
    """By what share the cut is below the best possible at most; None where nobody knows, as of a
    version that was changed by hand."""

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

    def picture_range(self, number: int) -> FrameRange:
        """The source frames that slot `number` (from 0) shows, with those within transitions.

        They may lie outside the film where a slot has too short a handle.
        """
        slot = self.slots[number]
        following = self.slots[number + 1].transition if number + 1 < len(self.slots) else None
        before = slot.transition.before if slot.transition and _mixes(slot.transition) else 0
        after = following.after if following and _mixes(following) else 0
        return FrameRange(slot.source.start - before, slot.source.end + after)

    def sound_range(self, number: int) -> FrameRange:
        """The source frames that slot `number` (from 0) is heard of, without crossfades.

        Raises:
            ValueError: Leads leave nothing of its sound.
        """
        slot = self.slots[number]
        lead = slot.sound.lead if number else 0
        following = self.slots[number + 1].sound.lead if number + 1 < len(self.slots) else 0
        return FrameRange(slot.source.start - lead, slot.source.end - following)


def _mixes(transition: Transition) -> bool:
    """Whether both sides show frames beyond the join."""
    return transition.kind == "dissolve"
