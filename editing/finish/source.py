"""A film that a cut is rendered from: is it the one that was ingested, and which frame is meant.

A film of another rate than the cut runs at its own speed: frame `k` of a slot shows the film's
frame that begins nearest to `k / cut rate` after the slot's in point, the later of two as near.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.cut import Slot
from editing.errors import RenderError
from editing.frame_grid import FrameGrid
from ingest.errors import IngestError
from ingest.fingerprint import fingerprint_file
from ingest.media import Media


@dataclass(frozen=True, slots=True)
class Source:
    """A film that a cut is rendered from."""

    media: Media
    grid: FrameGrid
    times: NDArray[np.int64]
    """`(decoded frames,)`, PTS."""

    def grid_frame(self, slot: Slot, frame: int, rate: Fraction) -> int:
        """The frame of the film's grid that frame `frame` of a slot shows; may lie outside."""
        if self.media.rate == rate:
            return slot.source.start + frame
        return floor(slot.source.start + frame * self.media.rate / rate + Fraction(1, 2))

    def decoded_frame(self, slot: Slot, frame: int, rate: Fraction) -> int:
        """The decoded frame that frame `frame` of a slot shows, in a cut of `rate`.

        Raises:
            RenderError: The film has none there: a handle is too short.
        """
        number = self.grid_frame(slot, frame, rate)
        if not 0 <= number < self.grid.frames:
            raise RenderError(
                f"a slot of {self.media.name} from its frame {slot.source.start:,} on needs frame "
                f"{number:,}, and the film has frames 0 to {self.grid.frames - 1:,}; trim the slot "
                "or make its transition shorter"
            )
        return self.grid.to_decoded(number)

    def first_sample(self, slot: Slot, sample_rate: int) -> int:
        """The sample that a slot begins with, counted from the film's first picture."""
        return round(self.grid.seconds(slot.source.start) * sample_rate)


def check_sources(used: Iterable[Source], output: Path | None = None) -> None:
    """Refuse films that are not the ones that were ingested.

    Args:
        used: The films.
        output: What is to be written; none of the films.

    Raises:
        RenderError: A film is gone, has changed, or is `output`.
    """
    for source in used:
        media, path = source.media, Path(source.media.path)
        if not path.is_file():
            raise RenderError(
                f"{path} is gone.\nPut it back, or tell where it is now: reel ingest NEW_PATH"
            )
        if output is not None and output.resolve() == path.resolve():
            raise RenderError(
                f"{output} is the film that the cut is made from; choose another name"
            )
        if not is_file_of(path, media.size_bytes, media.fingerprint):
            raise RenderError(
                f"{path} has changed since it was ingested.\n"
                "Ingest it again (reel ingest FILE) and make the cut again"
            )


def is_file_of(path: Path, size: int | None, fingerprint: str) -> bool:
    """Whether a file is still of a fingerprint, and of a size where one is known.

    Raises:
        RenderError: It cannot be read.
    """
    try:
        if size is not None and path.stat().st_size != size:
            return False
        return fingerprint_file(path) == fingerprint
    except (IngestError, OSError) as error:
        raise RenderError(f"{path} cannot be read: {error}") from error
