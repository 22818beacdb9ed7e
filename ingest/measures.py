"""Cheap measures of every frame, and of every shot from those of its frames.

All are taken from one small picture a frame (256 pixels wide), so that a film of any size costs
the same.
"""

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.media import Floats, Shot, ShotMeasures

FRAME_MEASURES = ("luma", "contrast", "colourfulness", "motion", "sharpness")
SHOT_MEASURES = (*FRAME_MEASURES, "loudness", "loudness_max")
_LOUDNESS_STEP = Fraction(1, 10)
_LOUDNESS_BLOCK = Fraction(4, 10)
_SILENCE = -70.0


class FrameMeter:
    """Measures the frames of one film, in order.

    - `luma`: mean brightness, 0 (black) to 1 (white).
    - `contrast`: standard deviation of brightness, 0 to 0.5.
    - `colourfulness`: Hasler and Süsstrunk, Measuring colourfulness in natural images, 2003,
      on values from 0 to 1: 0 for grey, about 0.4 for a colourful picture.
    - `motion`: mean absolute change of brightness since the frame before, 0 to 1; NaN at first.
    - `sharpness`: standard deviation of the Laplacian of brightness, 0 for a flat picture.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._rows: list[tuple[float, ...]] = []

    def push(self, picture: NDArray[np.uint8]) -> float:
        """Measure the next frame, `(height, width, 3)` RGB; gives its sharpness."""
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        mean, deviation = cv2.meanStdDev(grey)
        _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
        motion = float("nan")
        if self._last is not None:
            motion = cv2.norm(grey, self._last, cv2.NORM_L1) / grey.size / 255
        self._last = grey
        sharpness = edges.item() / 255
        brightness, contrast = mean.item() / 255, deviation.item() / 255
        self._rows.append((brightness, contrast, _colourfulness(picture), motion, sharpness))
        return sharpness

    def values(self) -> Floats:
        """`(frames, FRAME_MEASURES)`."""
        return np.array(self._rows, dtype=np.float32).reshape(-1, len(FRAME_MEASURES))


def shot_measures(
    shots: Sequence[Shot],
    frames: Floats,
    loudness: Floats,
    *,
    rate: Fraction,
    sound_offset: Fraction = Fraction(0),
) -> ShotMeasures:
    """Measure each shot: the mean over its frames, and how loud its sound is.

    Motion leaves out the change across the cut itself. A measure that a shot does not have is NaN:
    motion in a shot of one frame, loudness where there is no sound or only digital silence.

    Args:
        shots: They tile the film.
        frames: `(frames, FRAME_MEASURES)`.
        loudness: `(blocks,)`, LUFS; momentary loudness every 100 ms.
        rate: Frames per second.
        sound_offset: Seconds from the first frame to the first sample.
    """
    rows = []
    for shot in shots:
        inside = frames[shot.span.start : shot.span.end].astype(np.float64)
        means = inside.mean(axis=0)
        motion = inside[1:, FRAME_MEASURES.index("motion")]
        means[FRAME_MEASURES.index("motion")] = motion.mean() if len(motion) else np.nan
        blocks = _blocks_inside(shot, loudness, rate, sound_offset)
        rows.append([*means, *_shot_loudness(blocks)])
    values = np.array(rows, dtype=np.float32).reshape(-1, len(SHOT_MEASURES))
    return ShotMeasures(SHOT_MEASURES, values)


def _blocks_inside(shot: Shot, loudness: Floats, rate: Fraction, offset: Fraction) -> Floats:
    """The blocks that begin within the shot; the nearest one for a shot too short to hold any."""
    start = (shot.span.start / rate - offset) / _LOUDNESS_STEP
    end = (shot.span.end / rate - offset - _LOUDNESS_BLOCK) / _LOUDNESS_STEP
    first = max(0, -(-start.numerator // start.denominator))
    last = max(first + 1, end.numerator // end.denominator + 1)
    return loudness[first:last]


def _shot_loudness(blocks: Floats) -> tuple[float, float]:
    """Loudness of the mean energy, and of the loudest block, in LUFS; NaN for silence."""
    heard = blocks[np.isfinite(blocks) & (blocks > _SILENCE)].astype(np.float64)
    if len(heard) == 0:
        return float("nan"), float("nan")
    energy = np.sum(10 ** (heard / 10)) / len(blocks)
    return float(10 * np.log10(energy)), float(heard.max())


def _colourfulness(picture: NDArray[np.uint8]) -> float:
    small = cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    red, green, blue = small[..., 0], small[..., 1], small[..., 2]
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))
