"""What is seen and heard of a programme from its first frame to its last, measured in one decode.

A programme is a cut, a timeline or a file. Faults are told from this alone (`picture_faults`,
`sound_faults`, `join_faults`), so all three are judged by the same rules.
"""

from dataclasses import dataclass
from fractions import Fraction

from editing.faults.picture_meter import PictureMeasures
from editing.faults.sound_meter import SoundMeasures
from ingest.timecode import frame_to_timecode


@dataclass(frozen=True, slots=True)
class Clock:
    """Timecodes of a programme's frames."""

    rate: Fraction
    start: int
    """Timecode of the first frame, as a frame number."""
    drop: bool

    def timecode(self, frame: int) -> str:
        """The timecode of a frame, counted from the programme's first."""
        return frame_to_timecode(self.start + frame, self.rate, drop=self.drop)


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme, measured."""

    rate: Fraction
    pictures: PictureMeasures
    sound: SoundMeasures | None
    """None where it has no sound."""
    joins: tuple[int, ...]
    """First frames of new pieces, rising, without 0; where a source runs on there is no join."""
    known: bool
    """Whether the joins were told, rather than found in the pictures."""
    blended: tuple[tuple[int, int], ...] = ()
    """Frames of transitions, first and one after the last."""

    @property
    def frames(self) -> int:
        """How many pictures it has."""
        return len(self.pictures)

    def piece_of(self, frame: int) -> int:
        """Which piece, from 0, a frame is of."""
        return sum(join <= frame for join in self.joins)

    def piece(self, frame: int) -> tuple[int, int]:
        """The first frame of the piece that a frame is of, and the one after its last."""
        at = self.piece_of(frame)
        edges = (0, *self.joins, self.frames)
        return edges[at], edges[at + 1]
