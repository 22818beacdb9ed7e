"""Cheap measures of every frame, and of every shot from those of its frames and of its sound.

All of the picture's are taken from one small picture a frame (256 pixels wide), so that a film of
any size costs the same; camera motion and black bars from 8 frames a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.camera import MOTION_MEASURES, CameraMeter, shot_motion
from ingest.faces import FACE_MEASURES, face_measures
from ingest.letterbox import BAR_MEASURES, black_edges, shot_bars
from ingest.loudness import (
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    SILENCE_LUFS,
    block_energy,
    energy_of,
    loudness,
)
from ingest.media import Floats, Shot, ShotMeasures, Sound
from ingest.onsets import ONSETS_A_SECOND, PULSE_SECONDS, pulse_clarity
from ingest.speech import VOICE_RATE

FRAME_MEASURES = ("luma", "contrast", "colourfulness", "motion", "sharpness")
SOUND_MEASURES = ("short_term_max", "true_peak", "silence", "speech", "onset", "pulse")
SHOT_MEASURES = (
    *FRAME_MEASURES,
    *("loudness", "loudness_max"),
    *SOUND_MEASURES,
    *MOTION_MEASURES,
    *BAR_MEASURES,
    *FACE_MEASURES,
)
"""In the order of the columns; `docs/footage.md` says what each is."""

_STEP = Fraction(1, 10)
_MOMENTARY, _SHORT_TERM = MOMENTARY_STEPS * _STEP, SHORT_TERM_STEPS * _STEP
_GATE = -70.0
_OPPONENTS = np.array([[1, -1, 0], [0.5, 0.5, -1]], np.float32)
"""Red and green to red against green, and yellow against blue."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What is told of 8 frames a second."""

    step: int
    """Frames from one sample to the next."""
    seconds: float
    """The same."""
    pairs: NDArray[np.float64]
    """`(pairs, 4)`, of `CameraMeter.values`."""
    edges: Floats
    """`(samples, 5)`: the frame, then its `black_edges`."""

    def of_shot(self, shot: Shot) -> tuple[float, ...]:
        """`MOTION_MEASURES` and `BAR_MEASURES` of a shot."""
        start, end = shot.span.start, shot.span.end
        first, last = np.searchsorted(self.pairs[:, 0], [start + self.step, end])
        motion = shot_motion(self.pairs[first:last], self.seconds)
        first, last = np.searchsorted(self.edges[:, 0], [start, end])
        return (*motion, *shot_bars(self.edges[first:last, 1:]).tolist())


class FrameMeter:
    """Measures the frames of one film, in order.

    - `luma`: mean brightness, 0 (black) to 1 (white).
    - `contrast`: standard deviation of brightness, 0 to 0.5.
    - `colourfulness`: Hasler and Süsstrunk, Measuring colourfulness in natural images, 2003,
      on values from 0 to 1: 0 for grey, about 0.4 for a colourful picture.
    - `motion`: mean absolute change of brightness since the frame before, 0 to 1; NaN at first.
    - `sharpness`: standard deviation of the Laplacian of brightness, 0 for a flat picture.
    """

    def __init__(self, rate: Fraction = Fraction(25)) -> None:
        """Start on a film of about `rate` frames a second."""
        self._last: NDArray[np.uint8] | None = None
        self._rows: list[tuple[float, ...]] = []
        self._camera = CameraMeter(rate)
        self._edges: list[tuple[float, ...]] = []

    def push(self, picture: NDArray[np.uint8]) -> float:
        """Measure the next frame, `(height, width, 3)` RGB; gives its sharpness."""
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        mean, deviation = cv2.meanStdDev(grey)
        _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
        frame, motion = len(self._rows), float("nan")
        self._camera.push(frame, grey)
        if frame % self._camera.step == 0:
            self._edges.append((frame, *black_edges(grey)))
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

    def samples(self, rate: Fraction) -> Samples:
        """What was told of sampled frames only, of a film of exactly `rate` frames a second."""
        edges = np.array(self._edges, dtype=np.float32).reshape(-1, 1 + len(BAR_MEASURES))
        step = self._camera.step
        return Samples(step, float(step / rate), self._camera.values(), edges)


@dataclass(frozen=True, slots=True)
class ShotTimes:
    """When a shot is, on the clock of the sound: seconds since its first sample."""

    start: Fraction
    """May lie below 0, before the sound begins."""
    end: Fraction

    def rows(self, count: int, step: Fraction, length: Fraction, *, centre: bool = False) -> slice:
        """Which of `count` rows are the shot's; if none is, the nearest one if it overlaps.

        Args:
            count: Rows; row `i` covers `length` seconds from `i * step` on.
            step: Seconds.
            length: Seconds.
            centre: Take the rows whose centre is in the shot, rather than those wholly within.
        """
        half = length / 2
        first = max(0, ceil((self.start - half if centre else self.start) / step))
        last = ceil((self.end - half) / step) if centre else floor((self.end - length) / step) + 1
        if first < min(last, count):
            return slice(first, min(last, count))
        nearest = min(max(0, round(((self.start + self.end) / 2 - half) / step)), count - 1)
        overlaps = nearest * step < self.end and nearest * step + length > self.start
        return slice(nearest, nearest + 1) if count and overlaps else slice(0)


def shot_measures(
    shots: Sequence[Shot],
    frames: Floats,
    samples: Samples,
    sound: Sound,
    times: Sequence[ShotTimes],
    *,
    faces: Sequence[tuple[float, float]] | None = None,
    rotation: int = 0,
) -> ShotMeasures:
    """Measure each shot: the mean over its frames, how the camera moves, its sound, its faces.

    Motion leaves out the change across the cut itself. A measure that a shot does not have is NaN:
    motion in a shot of one frame, loudness where there is no sound or only digital silence.

    Args:
        shots: They tile the film.
        frames: `(frames, FRAME_MEASURES)`.
        samples: Of the whole film.
        sound: Of the whole film; empty for a film without.
        times: Of each shot.
        faces: By `ingest.faces.find_faces`, of each shot; None where nobody looked for any.
        rotation: Degrees clockwise to turn the picture for display.
    """
    found = [(float("nan"), float("nan"))] * len(shots) if faces is None else faces
    loud, short_term = momentary(sound), block_loudness(sound.levels, SHORT_TERM_STEPS)
    pulse = pulse_clarity(sound.onsets)
    rows = []
    for shot, when, seen in zip(shots, times, found, strict=True):
        inside = frames[shot.span.start : shot.span.end].astype(np.float64)
        means = inside.mean(axis=0)
        motion = inside[1:, FRAME_MEASURES.index("motion")]
        means[FRAME_MEASURES.index("motion")] = motion.mean() if len(motion) else np.nan
        camera = samples.of_shot(shot)
        bars = np.array(camera[-len(BAR_MEASURES) :], dtype=np.float32)
        rows.append(
            [
                *means,
                *_shot_loudness(loud[when.rows(len(loud), _STEP, _MOMENTARY)]),
                *_shot_sound(sound, short_term, pulse, when),
                *camera,
                *face_measures(seen, bars, rotation),
            ]
        )
    values = np.array(rows, dtype=np.float32).reshape(-1, len(SHOT_MEASURES))
    return ShotMeasures(SHOT_MEASURES, values)


def block_loudness(levels: Floats, steps: int) -> Floats:
    """Loudness of each block of `steps` steps, one from every step on, in LUFS.

    Args:
        levels: `(steps,)`, LUFS of each 100 ms.
        steps: `MOMENTARY_STEPS` or `SHORT_TERM_STEPS`.
    """
    return loudness(block_energy(energy_of(levels), steps)).astype(np.float32)


def momentary(sound: Sound) -> Floats:
    """Momentary loudness, `(blocks,)` in LUFS: block `i` is the 400 ms from `i / 10` s on."""
    return block_loudness(sound.levels, MOMENTARY_STEPS)


def voiced_share(voiced: NDArray[np.int64], when: ShotTimes) -> float:
    """The share of a shot's time in which somebody speaks, 0 to 1.

    Args:
        voiced: `(stretches, 2)`, samples at `VOICE_RATE`, disjoint.
        when: The shot.
    """
    start, end = (float(t * VOICE_RATE) for t in (when.start, when.end))
    inside = np.clip(voiced, start, end)
    return float((inside[:, 1] - inside[:, 0]).sum() / (end - start))


def _shot_loudness(blocks: Floats) -> tuple[float, float]:
    """Loudness of the mean energy, and of the loudest block, in LUFS; NaN for silence."""
    heard = blocks[np.isfinite(blocks) & (blocks > _GATE)].astype(np.float64)
    if len(heard) == 0:
        return float("nan"), float("nan")
    energy = np.sum(10 ** (heard / 10)) / len(blocks)
    return float(10 * np.log10(energy)), float(heard.max())


def _shot_sound(
    sound: Sound, short_term: Floats, pulse: Floats, when: ShotTimes
) -> tuple[float, ...]:
    """`SOUND_MEASURES` of a shot; all NaN where there is no sound."""
    steps = when.rows(len(sound.levels), _STEP, _STEP)
    levels = sound.levels[steps]
    if len(levels) == 0:
        return (float("nan"),) * len(SOUND_MEASURES)
    blocks = when.rows(len(short_term), _STEP, _SHORT_TERM, centre=True)
    onset_step = Fraction(1, ONSETS_A_SECOND)
    onsets = sound.onsets[when.rows(len(sound.onsets), onset_step, onset_step)]
    beats = pulse[when.rows(len(pulse), Fraction(1), Fraction(PULSE_SECONDS), centre=True)]
    return (
        _largest(short_term[blocks]),
        _largest(sound.true_peaks[steps]),
        float((levels < SILENCE_LUFS).mean()),
        voiced_share(sound.voiced, when),
        float(onsets.mean()) if len(onsets) else float("nan"),
        float(beats.mean()) if len(beats) else float("nan"),
    )


def _largest(values: Floats) -> float:
    """The largest finite value, NaN if there is none."""
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")


def _colourfulness(picture: NDArray[np.uint8]) -> float:
    small = cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32)
    mean, spread = cv2.meanStdDev(cv2.transform(small, _OPPONENTS))  # each (2, 1)
    return float(np.hypot(*spread.ravel()) + 0.3 * np.hypot(*mean.ravel())) / 255
