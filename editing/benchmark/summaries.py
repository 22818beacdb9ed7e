"""Summaries of a video: the segments that a knapsack takes, and their overlap with what users kept.

The protocol of Zhang et al. ("Video Summarization with Long Short-term Memory", ECCV 2016). Much
of its F-score comes from the lengths of the segments and not from the scores: Otani et al.,
"Rethinking the Evaluation of Video Summaries", CVPR 2019. So it means nothing but beside the F of
random scores on the same segments, and is given nowhere without it.
"""

import numpy as np
from numpy.typing import NDArray

from editing.benchmark.annotated_video import AnnotatedVideo


def knapsack(values: NDArray[np.float64], lengths: NDArray[np.int64], capacity: int) -> list[int]:
    """The items of the greatest sum of values that fit together; exact, by dynamic programming.

    Args:
        values: `(items,)`; an item of no more than 0 is never taken.
        lengths: `(items,)`, above 0.
        capacity: At least 0; the lengths taken sum to no more.

    Returns:
        Indices, rising. Of equally good choices, one without the last item it can do without.
    """
    if len(values) != len(lengths) or (lengths <= 0).any() or capacity < 0:
        raise ValueError(
            f"no knapsack of {capacity = }, {len(values)} values, {len(lengths)} lengths"
        )
    best = np.zeros(capacity + 1)  # the greatest value by capacity, of the items so far
    taken = np.zeros((len(values), capacity + 1), bool)
    for i, (value, length) in enumerate(zip(values, lengths, strict=True)):
        if length > capacity:
            continue
        with_item = best[: capacity + 1 - length] + value
        taken[i, length:] = with_item > best[length:]
        best = np.concatenate([best[:length], np.maximum(best[length:], with_item)])
    chosen, left = [], capacity
    for i in range(len(values) - 1, -1, -1):
        if taken[i, left]:
            chosen.append(i)
            left -= int(lengths[i])
    return chosen[::-1]


def summarise(
    video: AnnotatedVideo, scores: NDArray[np.floating], share: float
) -> NDArray[np.bool_]:
    """The summary of a video by a ranker's scores: `(frames,)`, true where a frame is kept.

    Scores are brought to 0..1 within the video, a segment is worth the mean over its frames
    (whatever its length, as published), and the segments worth most together are kept.

    Args:
        video: Its segments are `change_points`.
        scores: `(steps,)`, finite.
        share: Of the frames, at most; in (0, 1].
    """
    spread = float(np.ptp(scores))
    level = (scores - scores.min()) / spread if spread > 0 else np.ones(len(scores))
    frames = video.on_frames(level)
    starts = video.change_points[:, 0]
    lengths = video.change_points[:, 1] - starts + 1
    worth = np.add.reduceat(frames, starts) / lengths
    kept = np.zeros(len(starts), bool)
    kept[knapsack(worth, lengths, int(share * video.frames))] = True
    return np.repeat(kept, lengths)


def f_scores(summary: NDArray[np.bool_], users: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The F-score of a summary with that of each user, `2 |A and B| / (|A| + |B|)`, in [0, 1].

    Args:
        summary: `(frames,)`.
        users: `(users, frames)`.

    Returns:
        `(users,)`; 0 where neither keeps anything.
    """
    both = (users & summary).sum(axis=1)
    total = users.sum(axis=1) + summary.sum()
    scores: NDArray[np.float64] = 2 * both / np.maximum(total, 1)
    return scores


def human_f_scores(users: NDArray[np.bool_]) -> tuple[float, float]:
    """How well each user's summary does against those of the others: mean over users.

    Args:
        users: `(users, frames)`.

    Returns:
        By the mean over the others, and by the best of the others; NaN with fewer than two users.
    """
    if len(users) < 2:
        return float("nan"), float("nan")
    others = [f_scores(user, np.delete(users, i, axis=0)) for i, user in enumerate(users)]
    return float(np.mean([f.mean() for f in others])), float(np.mean([f.max() for f in others]))
