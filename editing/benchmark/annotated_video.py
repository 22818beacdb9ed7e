"""A video that people annotated, as SumMe and TVSum are passed around: features of every step.

A step is one frame in some (every 15th, mostly), so it is what a ranker scores here; there are no
shots and no measures. No I/O.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editing.rank.film import Film
from editing.rank.likeness import unit_rows
from editing.rank.supervised import Labelled
from ingest.media import Embeddings, Floats, ShotMeasures

Ints = NDArray[np.int64]


class FieldError(ValueError):
    """A field of a video is not what the layout says."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field, self.problem = field, problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


@dataclass(frozen=True, slots=True)
class AnnotatedVideo:
    """One video: its features, what people said of it, and how it is cut into segments.

    Raises:
        FieldError: A field does not fit the others, or holds a number out of its range.
    """

    features: Floats
    """`(steps, dim)`, finite."""
    gtscore: Floats
    """`(steps,)`, finite: the importance to learn from, mostly a mean over annotators."""
    user_summary: NDArray[np.bool_]
    """`(users, frames)`: which frames each user would keep."""
    change_points: Ints
    """`(segments, 2)`: first and last frame of each, both inclusive; they tile the frames."""
    picks: Ints
    """`(steps,)`: the frame of each step, rising."""
    user_scores: Floats | None = None
    """`(users, frames)` or `(users, steps)`: each user's importance, if kept."""
    video_name: str = ""

    def __post_init__(self) -> None:
        _check_steps(self)
        _check_frames(self)

    @property
    def steps(self) -> int:
        """How many steps; at least 1."""
        return len(self.picks)

    @property
    def frames(self) -> int:
        """How many frames; at least as many as steps."""
        return int(self.user_summary.shape[1])

    def film(self, model: str = "h5") -> Film:
        """The steps as a ranker reads them: unit embeddings, no measures, all of one length.

        Args:
            model: What the embeddings are called; rankers refuse those of another name.
        """
        steps = self.steps
        return Film(
            Embeddings(model, "1", unit_rows(self.features)),
            ShotMeasures((), np.zeros((steps, 0), np.float32)),
            np.ones(steps, np.float32),  # the layout keeps no frame rate
            (np.arange(steps) / steps).astype(np.float32),
        )

    def annotators(self) -> Floats:
        """`(users, steps)`: each user's importance of each step, or else whether it was kept."""
        if self.user_scores is None:
            return self.user_summary[:, self.picks].astype(np.float32)
        if self.user_scores.shape[1] == self.frames:
            return self.user_scores[:, self.picks]
        return self.user_scores

    def labelled(self, model: str = "h5") -> Labelled:
        """The video as training reads it: `gtscore` to learn, the annotators to be judged by."""
        return Labelled(
            self.film(model),
            self.gtscore.astype(np.float64),
            np.ones(self.steps),
            self.annotators().astype(np.float64),
        )

    def lengths(self) -> Ints:
        """`(steps,)`, above 0: the frames that each step stands for, until the next step."""
        starts = self.picks.copy()
        starts[0] = 0
        return np.diff(starts, append=self.frames)

    def on_frames(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Scores of steps, `(steps,)`, on every frame they stand for, `(frames,)`."""
        return np.repeat(np.asarray(scores, np.float64), self.lengths())

    def kept_of_steps(self) -> NDArray[np.float64]:
        """`(users, steps)`, in [0, 1]: the share of each step's frames that each user kept."""
        lengths = self.lengths()
        starts = np.cumsum(lengths) - lengths
        kept = np.add.reduceat(self.user_summary.astype(np.float64), starts, axis=1)
        shares: NDArray[np.float64] = kept / lengths
        return shares


def _check_steps(video: AnnotatedVideo) -> None:
    steps = len(video.picks)
    if video.picks.ndim != 1 or not steps:
        raise FieldError("picks", f"shape {video.picks.shape}; need (n_steps,), at least one step")
    if video.features.ndim != 2 or len(video.features) != steps or not video.features.shape[1]:
        raise FieldError("features", f"shape {video.features.shape}; need ({steps}, dim)")
    if not np.isfinite(video.features).all():
        row = int(np.argmin(np.isfinite(video.features).all(axis=1)))
        raise FieldError("features", f"NaN or infinity at step {row}")
    if video.gtscore.shape != (steps,):
        raise FieldError("gtscore", f"shape {video.gtscore.shape}; need ({steps},)")
    if not np.isfinite(video.gtscore).all():
        raise FieldError(
            "gtscore", f"NaN or infinity at step {np.argmin(np.isfinite(video.gtscore))}"
        )


def _check_frames(video: AnnotatedVideo) -> None:
    if video.user_summary.ndim != 2 or not min(video.user_summary.shape):
        raise FieldError(
            "user_summary", f"shape {video.user_summary.shape}; need (n_users, n_frames)"
        )
    users, frames = video.user_summary.shape
    picks, points = video.picks, video.change_points
    if picks[0] < 0 or picks[-1] >= frames or (np.diff(picks) <= 0).any():
        raise FieldError("picks", f"they do not rise within frames 0 to {frames - 1}")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise FieldError("change_points", f"shape {points.shape}; need (n_segments, 2)")
    ends = (int(points[0, 0]), int(points[-1, 1]))
    gaps = (points[1:, 0] != points[:-1, 1] + 1).any() or (points[:, 0] > points[:, 1]).any()
    if ends != (0, frames - 1) or gaps:
        raise FieldError(
            "change_points",
            f"the segments do not tile frames 0 to {frames - 1}: the first begins at 0, the last "
            f"ends at {frames - 1}, and each begins one frame after the end of the one before",
        )
    scores = video.user_scores
    if scores is None:
        return
    if scores.shape not in ((users, frames), (users, len(picks))):
        raise FieldError(
            "user_scores",
            f"shape {scores.shape}; need ({users}, {frames}) for frames or "
            f"({users}, {len(picks)}) for steps",
        )
    if not np.isfinite(scores).all():
        raise FieldError("user_scores", "NaN or infinity")
