"""Where an edit really begins and ends: through fades and dissolves, to the frame.

Each frame of the trailer about an edge is taken for a mix, `trailer = a * ours + b * other + c`,
by least squares over the small pictures. Where `a` rises from 0 to its usual value at once there
is a cut; where it takes several frames, a fade or a dissolve, which begins where the curve
through the rise meets 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.align.lines import Comparison, Line
from editing.align.segmentation import Stretch
from editing.align.signatures import FINE, shrink
from ingest.media import Floats

_REACH = 2.0
"""Seconds on either side of an edge in which it may really be."""
_GONE, _WHOLE = 0.12, 0.85
"""Shares of an edit's usual weight at which it counts as not there, and as alone."""
_AT_ONCE = 0.4
"""Share that is lost from one frame to the next by a cut, and not by a fade."""
_ROUGH = 0.08
"""Root mean square by which a fade may be off its curve."""
_LEAST = 0.012
"""A weight that can be told from none where nothing else disturbs it."""
_VISIBLE = 2.0
"""Of 255: the spread of a picture below which its weight cannot be told."""
_PLATEAU = 24
"""Frames that the usual weight is told from."""


@dataclass(frozen=True, slots=True)
class Span:
    """An edit's frames of the trailer, transitions included, and how long these are."""

    first: int
    last: int
    """Inclusive."""
    fade_in: int
    """Frames over which it appears; 0 for a cut."""
    fade_out: int


def find_spans(comparison: Comparison, stretches: list[Stretch]) -> list[Span]:
    """The true ends of stretches that follow one another in the trailer, in order."""
    spans = []
    for number, stretch in enumerate(stretches):
        before = stretches[number - 1] if number else None
        after = stretches[number + 1] if number + 1 < len(stretches) else None
        weights = _Weights(comparison, stretch)
        first, fade_in = weights.edge(before, backwards=True)
        last, fade_out = weights.edge(after, backwards=False)
        spans.append(Span(min(first, stretch.last), max(last, first), fade_in, fade_out))
    return spans


class _Weights:
    """How much of one stretch shows in the frames about its ends."""

    def __init__(self, comparison: Comparison, stretch: Stretch) -> None:
        self.comparison, self.stretch = comparison, stretch
        middle = (stretch.first + stretch.last) // 2
        half = min(_PLATEAU, stretch.last - stretch.first + 1) // 2
        inside = np.arange(max(stretch.first, middle - half), min(stretch.last, middle + half) + 1)
        weights = self._of(inside, None)
        known = weights[np.isfinite(weights)]
        self.usual = float(np.median(known)) if len(known) else float("nan")

    def edge(self, neighbour: Stretch | None, *, backwards: bool) -> tuple[int, int]:
        """The outermost frame of the stretch on one side, and over how many frames it appears."""
        stretch, step = self.stretch, -1 if backwards else 1
        start = stretch.first if backwards else stretch.last
        if not (np.isfinite(self.usual) and self.usual > 0):
            return start, 0
        reach = round(_REACH / self.comparison.trailer.frame_seconds)
        length = stretch.last - stretch.first
        outwards = np.arange(-min(reach, length // 2), reach + 1) * step + start
        outwards = outwards[(outwards >= 0) & (outwards < self.comparison.trailer.frames)]
        near = neighbour if neighbour and self._gap(neighbour) <= reach else None
        share = self._of(outwards, near.line if near else None) / self.usual
        share = np.where(np.isfinite(share), share, 0.0)
        outer = _outer_end(share)
        if outer is None:
            return start, 0
        last, fade = outer
        return int(outwards[last]), fade

    def _gap(self, other: Stretch) -> int:
        ours = self.stretch
        return max(other.first - ours.last, ours.first - other.last) - 1

    def _of(self, frames: NDArray[np.int64], other: Line | None) -> NDArray[np.float64]:
        """`(frames,)`: the weight of our picture in each, NaN where it cannot be told."""
        line = self.stretch.line
        shown = self._trailer(line, frames)
        parts = [self._film(line, frames)]
        if other is not None:
            parts.append(self._film(other, frames))
        weights = np.full(len(frames), np.nan)
        for i in range(len(frames)):
            if parts[0][i].std() < _VISIBLE:
                continue
            usable = [part[i] for part in parts if part[i].std() >= _VISIBLE]
            columns = np.stack([*usable, np.ones_like(parts[0][i])], axis=1)
            weights[i] = np.linalg.lstsq(columns, shown[i], rcond=None)[0][0]
        return weights

    def _trailer(self, line: Line, frames: NDArray[np.int64]) -> Floats:
        """`(frames, cells)`, 0 to 255, through the line's window."""
        pictures = np.asarray(self.comparison.trailer.pictures[frames])
        return shrink(pictures, self.comparison.windows[line.shown], FINE).reshape(len(frames), -1)

    def _film(self, line: Line, frames: NDArray[np.int64]) -> Floats:
        """What a line has for frames of the trailer; all 0 where it has left the film."""
        film = self.comparison.film
        at = np.floor(self.comparison.positions(line, frames) + 0.5).astype(np.int64)
        inside = (at >= 0) & (at < film.frames)
        cells = np.zeros((len(frames), *FINE), np.float32)
        if inside.any():
            cells[inside] = shrink(np.asarray(film.pictures[at[inside]]), line.crop, FINE)
        if line.mirrored:
            cells = cells[:, :, ::-1]
        return cells.reshape(len(frames), -1)


def _outer_end(share: NDArray[np.float64]) -> tuple[int, int] | None:
    """Where a weight that is whole at the start of `share` comes to 0.

    Returns:
        The last index at which any of it shows, and over how many frames it goes, 0 for a cut;
        None where it is never whole, or goes as no fade does.
    """
    solid = np.flatnonzero(share >= _WHOLE)
    if not len(solid):
        return None
    for cut in np.flatnonzero(share[:-1] - share[1:] >= _AT_ONCE):
        if cut >= solid[0] and share[cut + 1 : cut + 6].max() < _WHOLE:
            return int(cut), 0
    gone = np.flatnonzero(share[solid[0] :] <= _GONE)
    end = int(solid[0] + gone[0]) if len(gone) else len(share)
    whole = int(solid[solid < end][-1])
    if end - whole <= 2:
        partly = end - whole == 2 and share[whole + 1] >= 0.5
        return whole + int(partly), 0
    beyond = np.abs(share[end + len(share) // 8 :])
    noise = float(np.median(beyond)) if len(beyond) else _GONE
    quiet = np.flatnonzero(share[end:] <= np.clip(4 * noise, _LEAST, _GONE))
    end += int(quiet[0]) if len(quiet) else 0
    zero, misfit = _zero_of(np.arange(whole, end), share[whole:end])
    if misfit > _ROUGH:
        return None
    last = int(np.clip(np.ceil(zero) - 1, end - 1, end - 1 + 0.35 * (end - whole)))
    last = min(last, len(share) - 1)
    return last, last - whole


def _zero_of(x: NDArray[np.int64], share: NDArray[np.float64]) -> tuple[float, float]:
    """Where a falling share meets 0, by the straight line through it or through its square root.

    A fade within a dissolve falls with the square.

    Returns:
        The place, and how far the share is off that curve: the root of the mean square.
    """
    found = []
    for power in (1.0, 0.5):
        raised = np.maximum(share, 0) ** power
        slope, height = np.polyfit(x, raised, 1)
        if slope < 0:
            back = np.maximum(height + slope * x, 0) ** (1 / power)
            misfit = float(np.sqrt(((back - share) ** 2).mean()))
            found.append((misfit, float(-height / slope)))
    misfit, zero = min(found, default=(np.inf, 0.0))
    return zero, misfit
