"""Shot detectors behind one interface: frames go in one by one, transitions come out.

A detector says how far its word is final, so that what is kept of a shot can be let go as soon
as the shot is over, whatever the length of the film.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.cascade import Cascade
from ingest.change import REACH, is_blend
from ingest.growing import GrowingArray
from ingest.media import Transition
from ingest.shots import (
    Candidate,
    candidates_from_scores,
    is_abrupt,
    is_flash,
    without_overlaps,
)
from ingest.transnet import TransNet

DETECTORS = ("cascade", "transnet", "adaptive", "content")
_REACH = 8
"""Frames on either side of a cut that tell whether it is one."""


class Detector(Protocol):
    """Finds transitions in a stream of frames."""

    @property
    def settled(self) -> int:
        """How many frames, from the first, can have no further transition among them."""
        ...

    def push(self, picture: NDArray[np.uint8]) -> None:
        """Take the next frame, `(height, width, 3)` RGB."""
        ...

    def finish(self) -> None:
        """There are no more frames; every one is settled then."""
        ...

    def transitions(self) -> list[Transition]:
        """The transitions found so far, in order; final for frames below `settled`."""
        ...

    def scores(self) -> NDArray[np.float32]:
        """The score of every frame, `(frames,)`: in [0, 1] for TransNetV2, else its own unit."""
        ...


def make_detector(name: str, rate: Fraction) -> Detector:
    """The detector called `name`, one of `DETECTORS`, for a film of about `rate` frames a second.

    Raises:
        ValueError: There is no detector of that name.
    """
    if name == "cascade":
        return TransNetDetector(Cascade())
    if name == "transnet":
        return TransNetDetector(TransNet())
    if name in DETECTORS:
        return SceneDetectDetector(name, rate)
    raise ValueError(f"no detector {name!r}; there are {', '.join(DETECTORS)}")


class TransNetDetector:
    """TransNetV2: cuts and gradual transitions.

    What the network is sure of counts, unless it is a flash; what it half believes counts as a cut
    if the picture also changes abruptly there, and as a gradual transition if one picture blends
    into another.
    """

    def __init__(
        self,
        network: TransNet | Cascade | None = None,
        *,
        threshold: float = 0.5,
        doubt: float = 0.3,
    ) -> None:
        """Start on a film's first frame.

        Args:
            network: Gives the scores: of every frame, or only where there is doubt. The latter if
                None.
            threshold: Scores from here on are transitions.
            doubt: Scores from here to `threshold` are for the pictures to decide.
        """
        self.network = network or Cascade()
        self._threshold, self._doubt = threshold, doubt
        self._found: list[Transition] = []
        self._settled = 0
        self._pictures: list[NDArray[np.uint8]] = []
        self._first_picture = 0
        """Which frame the first of `_pictures` is."""

    @property
    def settled(self) -> int:
        """Frames before the last quiet one: a run of high scores at the end may still go on."""
        return self._settled

    def push(self, picture: NDArray[np.uint8]) -> None:
        """Take the next frame, `(height, width, 3)` RGB."""
        scored = self.network.scored
        self._pictures.append(self.network.push(picture))
        if self.network.scored > scored:
            self._settle(at_end=False)

    def finish(self) -> None:
        """Score the frames that still wait."""
        self.network.finish()
        self._settle(at_end=True)

    def transitions(self) -> list[Transition]:
        """Runs of high scores: short ones are cuts, long ones gradual."""
        return self._found

    def scores(self) -> NDArray[np.float32]:
        """TransNetV2's single-frame score, in [0, 1]."""
        return self.network.scores()[0]

    def _settle(self, *, at_end: bool) -> None:
        """Read the scores up to the last quiet frame, where no run of high ones can cross."""
        start = self._settled
        single, many = (scores[start:] for scores in self.network.scores())
        quiet = np.flatnonzero(np.maximum(single, many) < self._doubt)
        end = len(single) if at_end else int(quiet[-1]) + 1 if len(quiet) else 0
        candidates = candidates_from_scores(
            single[:end], many[:end], threshold=self._threshold, doubt=self._doubt
        )
        decided = (self._decide(candidate, start) for candidate in candidates)
        self._found += [
            replace(t, first_frame=t.first_frame + start, last_frame=t.last_frame + start)
            for t in without_overlaps(t for t in decided if t is not None)
        ]
        self._settled += end if at_end else max(0, end - 1)
        keep = max(0, self._settled - _REACH - self._first_picture)
        del self._pictures[:keep]
        self._first_picture += keep

    def _decide(self, candidate: Candidate, start: int) -> Transition | None:
        """What a candidate is by the pictures around it; its frames count from `start`."""
        if candidate.sure and candidate.long:
            return candidate.as_gradual()
        cut = candidate.cut + start
        near, middle = self._near(cut - _REACH, cut + _REACH), _REACH
        if candidate.sure or is_abrupt(near, middle):
            return None if is_flash(near, middle) else candidate.as_cut()
        around = self._near(candidate.first + start - REACH, candidate.last + start + 1 + REACH)
        return candidate.as_gradual() if candidate.long and is_blend(around) else None

    def _near(self, start: int, end: int) -> NDArray[np.uint8]:
        """The small pictures from `start` to `end`, the film's first and last repeated beyond."""
        last = self._first_picture + len(self._pictures) - 1
        numbers = np.clip(np.arange(start, end), self._first_picture, last)
        return np.stack([self._pictures[n - self._first_picture] for n in numbers])


class SceneDetectDetector:
    """PySceneDetect's `ContentDetector` or `AdaptiveDetector` at their defaults: hard cuts only."""

    def __init__(self, name: str, rate: Fraction) -> None:
        import scenedetect

        detectors = {
            "content": scenedetect.ContentDetector,
            "adaptive": scenedetect.AdaptiveDetector,
        }
        self._detector = detectors[name]()
        metric = self._detector.get_metrics()[-1 if name == "adaptive" else 0]
        self._metric = _OneMetric(metric)
        self._detector.stats_manager = self._metric
        self._timecode = scenedetect.FrameTimecode
        self._rate = float(rate)
        self._frames = 0
        self._cuts: list[int] = []
        self._finished = False

    @property
    def settled(self) -> int:
        """Frames before those that the detector still holds back."""
        if self._finished:
            return self._frames
        return max(0, self._frames - int(self._detector.event_buffer_length) - 1)

    def push(self, picture: NDArray[np.uint8]) -> None:
        """Take the next frame, `(height, width, 3)` RGB."""
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        now = self._timecode(self._frames, fps=self._rate)
        self._cuts += [cut.frame_num for cut in self._detector.process_frame(now, bgr)]
        self._frames += 1

    def finish(self) -> None:
        """Let the detector give what it held back."""
        end = self._timecode(self._frames, fps=self._rate)
        self._cuts += [cut.frame_num for cut in self._detector.post_process(end)]
        self._finished = True

    def transitions(self) -> list[Transition]:
        """A hard cut at every frame that the detector named. It gives no confidence: 1."""
        cuts = sorted({cut for cut in self._cuts if 0 < cut < self._frames})
        return [Transition("cut", cut, cut, 1.0) for cut in cuts]

    def scores(self) -> NDArray[np.float32]:
        """The detector's metric of every frame, in its own unit; 0 where it has none."""
        return self._metric.until(self._frames)


class _OneMetric:
    """In place of PySceneDetect's `StatsManager`, which keeps 600 bytes of each frame."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._values = GrowingArray(np.float32)

    def set_metrics(self, timecode: Any, metrics: Mapping[str, float | None]) -> None:
        """Note the metric of a frame; frames come in order, though not all of them."""
        value = metrics.get(self._name)
        if value is not None:
            missing = max(0, timecode.frame_num + 1 - len(self._values))
            self._values.extend(np.zeros(missing))
            self._values.values[timecode.frame_num] = value

    def until(self, frames: int) -> NDArray[np.float32]:
        """The metric of the first `frames` frames, `(frames,)`; 0 where there is none."""
        values = self._values.values[:frames]
        return np.pad(values, (0, frames - len(values)))
