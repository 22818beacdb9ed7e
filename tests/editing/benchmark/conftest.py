"""Annotated videos whose importance is planted in their features."""

from collections.abc import Callable

import numpy as np
import pytest

from editing.benchmark.annotated_video import AnnotatedVideo

Maker = Callable[..., AnnotatedVideo]
EVERY, SEGMENT = 15, 75
"""Frames between steps; frames of a segment."""


def planted_video(
    seed: int,
    *,
    steps: int = 60,
    dim: int = 16,
    users: int = 5,
    user_scores: bool = True,
    shuffled: bool = False,
) -> AnnotatedVideo:
    """Each feature drifts over time like all others, and the first one is the importance.

    Each user sees it through noise of their own and keeps the best 15 % of segments. `shuffled`
    mixes the steps of all that is known of importance, so that nothing can be learned from it.
    """
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(dim, steps + 8))
    walks = np.stack([np.convolve(row, np.ones(9), "valid") for row in noise])  # (dim, steps)
    walks = (walks - walks.mean(axis=1, keepdims=True)) / walks.std(axis=1, keepdims=True)
    importance = rng.permutation(walks[0]) if shuffled else walks[0]
    frames = EVERY * steps
    opinions = importance + 0.7 * rng.normal(size=(users, steps))
    scores = np.clip(np.round(3 + opinions), 1, 5)
    starts = np.arange(0, frames, SEGMENT)
    points = np.stack([starts, np.append(starts[1:], frames) - 1], axis=1)
    worth = np.add.reduceat(np.repeat(opinions, EVERY, axis=1), starts, axis=1)
    kept = np.zeros(worth.shape, bool)
    best = np.argsort(-worth, axis=1)[:, : max(1, int(0.15 * len(starts)))]
    np.put_along_axis(kept, best, True, axis=1)
    return AnnotatedVideo(
        features=(walks.T + 0.5 * rng.normal(size=(steps, dim))).astype(np.float32),
        gtscore=scores.mean(axis=0).astype(np.float32),
        user_summary=np.repeat(kept, points[:, 1] - points[:, 0] + 1, axis=1),
        change_points=points.astype(np.int64),
        picks=np.arange(0, frames, EVERY),
        user_scores=scores.astype(np.float32) if user_scores else None,
        video_name=f"planted {seed}",
    )


@pytest.fixture(scope="session")
def make_video() -> Maker:
    """Makes a video with planted importance: `make_video(seed, steps=60, shuffled=False)`."""
    return planted_video
