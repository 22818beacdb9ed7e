"""The frame grid that cuts are made on, and the decoded frames that it shows.

Shots are counted in decoded frames and cuts in frames of the media's rate. The two are the same at
a constant rate; at a variable one, grid frame `n` shows the picture that is up at `n / rate`,
where a picture late by no more than its PTS may be rounded counts as up.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog
from ingest.media import Media
from ingest.timecode import FrameRange


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Which decoded frame each frame of a media's grid shows."""

    ticks: NDArray[np.int64]
    """`(decoded frames,)`, PTS less the first frame's, never falling."""
    rate: Fraction
    time_base: Fraction
    variable: bool

    @classmethod
    def of(cls, catalog: Catalog, media: Media) -> Self:
        """The grid of a media, from what ingest wrote of its frames."""
        times = np.asarray(catalog.frame_times(media.id))
        ticks = np.maximum.accumulate(times - media.start_pts)
        return cls(ticks, media.rate, media.time_base, media.variable_rate)

    @property
    def frames(self) -> int:
        """How many frames the grid has; the last decoded one is shown for one of them."""
        return self.from_decoded(len(self.ticks))

    def from_decoded(self, frame: int) -> int:
        """The first grid frame that shows decoded frame `frame`, or a later one.

        One past the last decoded frame gives one past the last grid frame.
        """
        if not self.variable:
            return frame
        if frame == len(self.ticks):
            return self.from_decoded(frame - 1) + 1
        exact = (int(self.ticks[frame]) * self.time_base - self._slack) * self.rate
        return -(-exact.numerator // exact.denominator)  # rounded up: not shown before its time

    def to_decoded(self, frame: int) -> int:
        """The decoded frame that grid frame `frame` shows."""
        if not self.variable:
            return frame
        exact = (frame / self.rate + self._slack) / self.time_base
        latest = exact.numerator // exact.denominator
        return int(np.searchsorted(self.ticks, latest, side="right")) - 1

    @property
    def _slack(self) -> Fraction:
        """Seconds by which a PTS may be late by rounding: a tick, or a quarter frame if less."""
        return min(self.time_base, 1 / (4 * self.rate))

    def span(self, decoded: FrameRange) -> FrameRange | None:
        """A range of decoded frames on the grid; None if no grid frame shows any of it."""
        start, end = self.from_decoded(decoded.start), self.from_decoded(decoded.end)
        return FrameRange(start, end) if start < end else None

    def seconds(self, frame: int) -> Fraction:
        """When grid frame `frame` begins, in seconds from the first frame of the picture."""
        return frame / self.rate
