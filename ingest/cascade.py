"""A cascade: cheap signals of every frame, and TransNetV2 only where they leave doubt.

Most frames are plainly within a shot, and most cuts plainly cuts: of an animated film the network
sees a quarter of the frames. Frames go in one by one and two scores of each come out, as from
`ingest.transnet.TransNet`; where the network did not look they are 0, or, at a cut that was sure
without it, the cut's confidence.
"""

import numpy as np
from numpy.typing import NDArray

from ingest.change import REACH, SHADOW, doubtful, measure_change, widen
from ingest.growing import GrowingArray
from ingest.transnet import CONTEXT, Scorer, load_scorer, shrink

_BLOCK = 64
"""Frames that are judged at once."""
LONGEST = 100
"""Frames whose scores one window gives, at most; longer doubts take several. It bounds memory."""
_MARGIN = 4
"""Frames on either side of a doubtful one whose scores count."""
_PEAK = 2.0
"""Numerator of a sure cut's confidence, see `_confidence`."""


class Cascade:
    """Takes frames one by one and gives scores in blocks, at most a window of frames later."""

    def __init__(self, network: Scorer | None = None) -> None:
        """Start on a film's first frame.

        Args:
            network: From `load_scorer`, to share one between films; loaded at the first doubt
                if None.
        """
        self._network = network
        self._pictures: list[NDArray[np.uint8]] = []
        self._first = 0
        """Which frame the first of `_pictures` is."""
        self._pushed = 0
        self._sure = GrowingArray(np.bool_)
        self._cut_like = GrowingArray(np.bool_)
        self._blend_like = GrowingArray(np.bool_)
        self._confidence = GrowingArray(np.float32)
        self._doubtful = GrowingArray(np.bool_)
        """Final, with its margin."""
        self._single, self._many = GrowingArray(np.float32), GrowingArray(np.float32)
        self.looked_at = 0
        """Frames that went through the network; one in two windows counts twice."""

    @property
    def scored(self) -> int:
        """How many frames, from the first, have their scores."""
        return len(self._single)

    def push(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Take the next frame, `(height, width, 3)` RGB of any size.

        Returns:
            What the network would see of it, `(27, 48, 3)`.
        """
        small = shrink(picture)
        self._pictures.append(small)
        self._pushed += 1
        if self._pushed - REACH - len(self._sure) >= _BLOCK:
            self._advance(at_end=False)
        return small

    def finish(self) -> None:
        """Score the frames that still wait, with the last one repeated behind them."""
        if self.scored < self._pushed:
            self._advance(at_end=True)

    def scores(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two scores of every frame that has them, each `(scored,)` in [0, 1].

        The first is high on the one frame before a new shot (or in the middle of a gradual
        transition), the second on every frame that takes part in a transition.
        """
        return self._single.values, self._many.values

    def _advance(self, *, at_end: bool) -> None:
        self._judge(self._pushed if at_end else self._pushed - REACH)
        self._doubt(at_end=at_end)
        self._score(at_end=at_end)
        keep = max(0, self.scored - CONTEXT - REACH - SHADOW - _MARGIN)
        del self._pictures[: keep - self._first]
        self._first = max(keep, self._first)

    def _judge(self, end: int) -> None:
        """Tell the cheap signals of the frames up to `end`."""
        change = measure_change(self._stretch(len(self._sure) - REACH, end + REACH))
        self._sure.extend(change.sure_cut)
        self._cut_like.extend(change.cut_like)
        self._blend_like.extend(change.blend_like)
        self._confidence.extend(_confidence(change.ratio))

    def _doubt(self, *, at_end: bool) -> None:
        """Tell which further frames are doubtful, as far as the frames after them allow."""
        margin = SHADOW + _MARGIN
        start, judged = len(self._doubtful), len(self._sure)
        end = judged if at_end else max(start, judged - margin)
        near = slice(max(0, start - margin), judged)
        doubt = doubtful(
            self._sure.values[near], self._cut_like.values[near], self._blend_like.values[near]
        )
        own = slice(start - near.start, end - near.start)
        self._doubtful.extend(widen(doubt, _MARGIN)[own])

    def _score(self, *, at_end: bool) -> None:
        """Score what can be scored: nothing where no doubt is, else a window of the network."""
        while self.scored < len(self._doubtful):
            start, known = self.scored, len(self._doubtful)
            waiting = self._doubtful.values[start:]
            if not waiting[0]:
                quiet = int(waiting.argmax()) or len(waiting)
                self._give(np.zeros((2, quiet), np.float32))
                continue
            end = start + _run_length(waiting[:LONGEST])
            may_go_on = end - start < LONGEST and known <= end + 2 * CONTEXT
            if not at_end and (may_go_on or self._pushed < end + CONTEXT):
                return
            self._give(self._look(start, end))

    def _look(self, start: int, end: int) -> NDArray[np.float32]:
        """The network's two scores of some frames, `(2, end - start)`."""
        if self._network is None:
            self._network = load_scorer()
        window = self._stretch(start - CONTEXT, end + CONTEXT)
        self.looked_at += len(window)
        return np.stack([s[CONTEXT : CONTEXT + end - start] for s in self._network(window)])

    def _give(self, scores: NDArray[np.float32]) -> None:
        """Append scores, `(2, frames)`, and put in the cuts that were sure without the network."""
        start = self.scored
        cuts = np.flatnonzero(self._sure.values[start + 1 : start + 1 + scores.shape[1]])
        found = self._confidence.values[start + 1 + cuts]
        scores[:, cuts] = np.maximum(scores[:, cuts], found)  # on the last frame before the cut
        self._single.extend(scores[0])
        self._many.extend(scores[1])

    def _stretch(self, start: int, end: int) -> NDArray[np.uint8]:
        """The pictures from `start` to `end`; the film's first and last repeated beyond it."""
        numbers = np.clip(np.arange(start, end), 0, self._pushed - 1)
        return np.stack([self._pictures[n - self._first] for n in numbers])


def _run_length(waiting: NDArray[np.bool_]) -> int:
    """How many frames from the first go into one window: gaps that context would fill count in."""
    held = np.flatnonzero(waiting)
    gaps = np.flatnonzero(np.diff(held) > 2 * CONTEXT)
    return int(held[gaps[0]] if len(gaps) else held[-1]) + 1


def _confidence(ratio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of a sure cut, by how far its change stands out: .75 at 8 times the usual, .95 at 40."""
    return (1 - _PEAK / np.maximum(ratio, _PEAK)).astype(np.float32)
