"""What the search for faults sees of a film: what ingest measured, on the film's frame grid."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from editing.cut import Slot
from editing.errors import EditError
from editing.faults.finding import Kind
from editing.faults.stills import Stills
from editing.frame_grid import FrameGrid
from ingest.catalog import Catalog
from ingest.errors import NotIngested
from ingest.letterbox import BAR_MEASURES
from ingest.media import Curves, Floats, Media, MediaId, Signatures, Sound
from ingest.speech import VOICE_RATE
from ingest.timecode import FrameRange

Doubles = NDArray[np.float64]

_LEVELS_A_SECOND = 10


@dataclass(frozen=True, slots=True)
class Blemish:
    """A fault of a film's own pictures or sound, seen or heard when it was decoded."""

    kind: Kind
    frames: FrameRange
    """On the film's grid."""
    value: float
    threshold: float
    unit: str
    words: str


@dataclass(frozen=True, slots=True)
class FilmSeen:
    """One film; frames are of its grid, seconds from its first picture."""

    name: str
    rate: Fraction
    frames: int
    shots: tuple[FrameRange | None, ...]
    """The frames of each shot; None where the grid shows none of it."""
    mixed: NDArray[np.bool_]
    """`(frames,)`, which are mixed by a gradual transition."""
    luma: Floats
    """`(frames,)`, mean brightness, 0 to 1; NaN where it was not measured."""
    motion: Floats
    """`(frames,)`, change since the frame before, 0 to 1; NaN where it was not measured."""
    vectors: Floats
    """`(shots, dim)`, rows of unit length."""
    bars: Floats
    """`(shots, 4)`, black bars as shares of the picture; NaN where they were not measured."""
    voiced: Doubles
    """`(stretches, 2)`, from when to when somebody speaks, in seconds."""
    energy: Doubles
    """`(steps,)`, of the sound in each 100 ms; empty without sound."""
    sound_start: float
    """When the sound begins, in seconds."""
    sound_end: float = float("nan")
    """When it ends, in seconds; NaN without sound."""
    signatures: Signatures = field(default_factory=Signatures)
    """Of some of its pictures, at frames of the grid."""
    stills: Stills = field(default_factory=lambda: Stills({}))
    """A small grey picture of each shot that has one."""
    blemishes: tuple[Blemish, ...] = ()
    """Found where the film was decoded, which need not be all of it."""
    akin: frozenset[tuple[int, MediaId, int]] = frozenset()
    """Of its shots, those that were seen decoded beside one of the same set-up, and that one."""

    @classmethod
    def of(cls, catalog: Catalog, media: Media) -> Self:
        """A film as the catalogue knows it.

        Raises:
            NotIngested: It was ingested without something that is needed.
        """
        grid = FrameGrid.of(catalog, media)
        shots, measures = catalog.shots(media.id), catalog.measures(media.id)
        shown = np.array([grid.to_decoded(frame) for frame in range(grid.frames)], np.int64)
        mixed = np.zeros(media.frames, bool)
        for shot in shots:
            change = shot.transition_in
            if change.kind == "gradual":
                mixed[change.first_frame : change.last_frame + 1] = True
        curves, sound = catalog.curves(media.id), _sound(catalog, media)
        bars = [measures.column(name) for name in BAR_MEASURES if name in measures.names]
        offset = float(media.audio.offset) if media.audio else 0.0
        return cls(
            name=media.name,
            rate=media.rate,
            frames=grid.frames,
            shots=tuple(grid.span(shot.span) for shot in shots),
            mixed=mixed[shown],
            luma=_curve(curves, "luma", media.frames)[shown],
            motion=_curve(curves, "motion", media.frames)[shown],
            vectors=catalog.embeddings(media.id).vectors,
            bars=np.stack(bars, axis=1) if bars else np.full((len(shots), 4), np.nan, np.float32),
            voiced=sound.voiced / VOICE_RATE + offset,
            energy=10 ** (sound.levels.astype(np.float64) / 10),
            sound_start=offset,
            sound_end=_sound_end(media),
            signatures=_signatures(catalog, media, grid),
            stills=Stills.of(catalog, media),
        )

    def seconds(self, frame: int) -> float:
        """When a frame begins."""
        return float(frame / self.rate)

    def check(self, slot: Slot, number: int) -> None:
        """Refuse a slot of a shot, or of frames, that the film does not have.

        Args:
            slot: Of this film.
            number: Of the slot, from 0.

        Raises:
            EditError: The film was ingested again since, and is cut into other shots now.
        """
        shot = self.shots[slot.shot] if slot.shot < len(self.shots) else None
        if shot is not None and slot.source.overlaps(shot) and slot.source.end <= self.frames:
            return
        raise EditError(
            f"slot {number + 1} is of shot {slot.shot}, frames {slot.source.start:,} to "
            f"{slot.source.end - 1:,}, of {self.name}, which has {len(self.shots)} shots and "
            f"{self.frames:,} frames since it was ingested again.\n"
            "Make the cut again: reel cut trailer FILM"
        )

    def loudness(self, start: float, end: float) -> float:
        """Mean loudness from one moment to another, in LUFS; -inf for silence, NaN for no sound."""
        first, last = (
            round((moment - self.sound_start) * _LEVELS_A_SECOND) for moment in (start, end)
        )
        heard = self.energy[max(0, first) : max(0, last)]
        if not len(heard):
            return float("nan")
        with np.errstate(divide="ignore"):
            return float(10 * np.log10(heard.mean()))


def _sound_end(media: Media) -> float:
    audio = media.audio
    if audio is None or not audio.samples:
        return float("nan")
    return float(audio.offset) + audio.samples / audio.sample_rate


def _signatures(catalog: Catalog, media: Media, grid: FrameGrid) -> Signatures:
    try:
        found = catalog.signatures(media.id)
    except NotIngested:  # by an ingest that told no pictures by them yet: told as none
        return Signatures()
    frames = [grid.from_decoded(int(frame)) for frame in found.frames]
    return Signatures(np.array(frames, np.int64), found.values)


def _sound(catalog: Catalog, media: Media) -> Sound:
    try:
        return catalog.sound(media.id)
    except NotIngested:  # by an ingest that did not listen yet: told as no sound
        return Sound()


def _curve(curves: Curves, name: str, frames: int) -> Floats:
    if name in curves.frame_names:
        return np.asarray(curves.frame_values[:, curves.frame_names.index(name)], np.float32)
    return np.full(frames, np.nan, np.float32)
