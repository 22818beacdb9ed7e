"""What assembly sees of a film: which frames of each shot are fit to show, and how good they are.

Fit are the frames that no transition mixes and that are not near black at either end of the shot;
a shot more than half of whose frames are near black is left out whole.
Pure: `editing.run` reads these things from the catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from editing.frame_grid import FrameGrid
from editing.rank.film import ShotScores
from ingest.media import Floats, MediaId, Shot
from ingest.timecode import FrameRange

Doubles = NDArray[np.float64]

NEAR_BLACK = 0.02
"""A frame of lower mean brightness, 0 to 1, is near black."""
_SILENCE = -70.0


@dataclass(frozen=True, slots=True)
class Footage:
    """The scored shots of one film, on its frame grid."""

    media: MediaId
    rate: Fraction
    frames: int
    """Frames of the film on its grid."""
    fit: tuple[FrameRange | None, ...]
    """Of each shot, the frames fit to show; None where there are none."""
    interest: Doubles
    """`(frames,)`, how much each frame draws the eye and ear; only differences count."""
    vectors: Floats
    """`(shots, dim)`, rows of unit length."""
    scores: ShotScores
    locked: tuple[tuple[int, FrameRange], ...] = ()
    """Shots, and the frames of each, that are in the cut already and stay."""
    beside: int = 0
    """Frames of the cut that are taken: by `locked`, and by what stays of other films."""
    spans: tuple[FrameRange | None, ...] = ()
    """Of each shot, all its frames; empty for those that are fit."""
    voiced: Doubles = field(default_factory=lambda: np.zeros((0, 2)))
    """`(stretches, 2)`, from when to when somebody speaks, in seconds from the first picture; in
    order and disjoint."""
    sounding: bool = False
    """Whether the film has sound."""

    def __post_init__(self) -> None:
        shots = len(self.fit)
        if len(self.vectors) != shots or len(self.scores.values) != shots:
            raise ValueError(
                f"{len(self.vectors)} embeddings and {len(self.scores.values)} scores "
                f"do not fit {shots} shots"
            )
        if self.interest.shape != (self.frames,):
            raise ValueError(f"{self.interest.shape = } does not fit {self.frames} frames")
        if self.spans and len(self.spans) != shots:
            raise ValueError(f"{len(self.spans)} spans do not fit {shots} shots")

    @property
    def shot_spans(self) -> tuple[FrameRange | None, ...]:
        """Of each shot, all its frames on the grid; None where the grid shows none."""
        return self.spans or self.fit


def fit_spans(
    shots: Sequence[Shot], grid: FrameGrid, luma: Floats
) -> tuple[FrameRange | None, ...]:
    """The frames of each shot that are fit to show, on the grid.

    Args:
        shots: In order, in decoded frames.
        grid: Of the same film.
        luma: `(decoded frames,)`, mean brightness, 0 to 1.
    """
    spans = []
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        start, end = shot.span.start, shot.span.end
        if shot.transition_in.kind == "gradual":
            start = max(start, shot.transition_in.last_frame + 1)
        if following is not None and following.transition_in.kind == "gradual":
            end = min(end, following.transition_in.first_frame)
        lit = start + np.flatnonzero(luma[start:end] >= NEAR_BLACK)
        enough = 0 < end - start <= 2 * len(lit)
        whole = FrameRange(int(lit[0]), int(lit[-1]) + 1) if enough else None
        spans.append(whole and grid.span(whole))
    return tuple(spans)


def interest_curve(
    shots: Sequence[Shot], grid: FrameGrid, motion: Floats, loudness: Floats, offset: Fraction
) -> Doubles:
    """How much each frame of the grid draws the eye and ear, `(grid frames,)`.

    Motion plus loudness, each in standard deviations from its mean over the film. The jump across
    a cut is no motion: the first frame of a shot has the motion of its second.

    Args:
        shots: They tile the film, in decoded frames.
        grid: Of the same film.
        motion: `(decoded frames,)`, change since the frame before.
        loudness: `(blocks,)`, LUFS; of the 400 ms from every 100 ms on, -inf for silence.
        offset: Seconds from the first picture to the first sample.
    """
    moving = np.nan_to_num(motion.astype(np.float64))
    for shot in shots:
        first = shot.span.start
        moving[first] = moving[first + 1] if shot.span.frames > 1 else 0.0
    shown = [grid.to_decoded(frame) for frame in range(grid.frames)]
    interest = _standardised(moving)[shown]
    if len(loudness):
        times = float(offset) + 0.2 + 0.1 * np.arange(len(loudness))  # the middle of each block
        heard = np.maximum(loudness.astype(np.float64), _SILENCE)
        frames = np.arange(grid.frames) / float(grid.rate)
        interest = interest + _standardised(np.interp(frames, times, heard))
    return interest


def _standardised(values: Doubles) -> Doubles:
    spread = float(values.std())
    result: Doubles = (values - values.mean()) / (spread if spread > 1e-9 else 1.0)
    return result


def best_window(
    interest: Doubles, usable: FrameRange, frames: int, clean: NDArray[np.bool_] | None = None
) -> FrameRange:
    """The `frames` neighbours within `usable` of the highest mean interest.

    Of equals the one nearest to the middle, and of those the earlier.

    Args:
        interest: `(film frames,)`.
        usable: Of the film.
        frames: How long the window is.
        clean: `(film frames + 1,)`, where cuts are clean; then only windows count that have the
            most clean ends that any has.
    """
    spare = usable.frames - frames
    if spare < 0:
        raise ValueError(f"{usable.frames} frames cannot hold {frames}")
    sums = np.concatenate([[0.0], np.cumsum(interest[usable.start : usable.end])])
    means = (sums[frames:] - sums[: spare + 1]) / frames
    if clean is not None:
        ends = clean[usable.start : usable.end + 1].astype(np.int64)
        whole = ends[: spare + 1] + ends[frames:]
        means = np.where(whole == whole.max(), means, -np.inf)
    best = np.flatnonzero(means >= means.max() - 1e-9)
    offset = int(best[np.argmin(np.abs(2 * best - spare))])
    return FrameRange(usable.start + offset, usable.start + offset + frames)
