"""TransNetV2 over a stream of frames: how likely each one is the last before a transition.

Windows of 200 frames every 150, of which the middle 150 count: a quarter of the frames run twice,
where the released windows (100 every 50) run every frame twice and see less of a long dissolve.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.growing import GrowingArray
from ingest.runtime import chosen_runtime, compile_for_openvino

STEP, CONTEXT = 150, 25
WINDOW = CONTEXT + STEP + CONTEXT
WIDTH, HEIGHT = 48, 27
"""Pixels that the network sees."""

VERSION = "transnetv2-2"
"""Counts up whenever what is converted changes."""
CEILINGS = (12.0, 14.0, 14.0, 14.0, 12.0)
"""The greatest value that goes into each cell but the first, rounded up, that
`benchmarks/transnet_ranges.py` finds in footage; films hardly differ in it."""

Scorer = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], ...]]
"""Takes a window, `(frames, 27, 48, 3)` RGB, and gives the two scores of `TransNet.scores`."""


class TransNet:
    """Takes frames one by one and gives scores in blocks, at most `WINDOW` frames later."""

    def __init__(self, network: Scorer | None = None) -> None:
        """Start on a film's first frame.

        Args:
            network: From `load_scorer`, to share one between films; loaded if None.
        """
        self._network = load_scorer() if network is None else network
        self._waiting: list[NDArray[np.uint8]] = []
        self._pushed = 0
        self._single, self._many = GrowingArray(np.float32), GrowingArray(np.float32)

    @property
    def scored(self) -> int:
        """How many frames, from the first, have their scores."""
        return len(self._single)

    def push(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Take the next frame, `(height, width, 3)` RGB of any size.

        Returns:
            What the network sees of it, `(27, 48, 3)`.
        """
        small = shrink(picture)
        if self._pushed == 0:
            self._waiting = [small] * CONTEXT
        self._waiting.append(small)
        self._pushed += 1
        if len(self._waiting) == WINDOW:
            self._score(STEP)
        return small

    def finish(self) -> None:
        """Score the frames that still wait, with the last one repeated behind them."""
        left = self._pushed - self.scored
        if left > 0:
            missing = CONTEXT + left + CONTEXT - len(self._waiting)
            self._waiting += [self._waiting[-1]] * missing
            self._score(left)

    def scores(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two scores of every frame that has them, each `(scored,)` in [0, 1].

        The first is high on the one frame before a new shot (or in the middle of a gradual
        transition), the second on every frame that takes part in a transition.
        """
        return self._single.values, self._many.values

    def _score(self, frames: int) -> None:
        """Score `frames` frames after the first `CONTEXT` of those that wait, and let them go."""
        window = np.stack(self._waiting)  # (CONTEXT + frames + CONTEXT, 27, 48, 3)
        single, many = self._network(window)
        self._single.extend(single[CONTEXT : CONTEXT + frames])
        self._many.extend(many[CONTEXT : CONTEXT + frames])
        del self._waiting[:frames]


def load_scorer(runtime: str | None = None) -> Scorer:
    """The released network as this machine runs it best.

    Args:
        runtime: One of `ingest.runtime.RUNTIMES`; chosen there if None.

    Raises:
        MissingWeights: The package that carries the weights is not installed.
        EngineUnavailable: The environment asks for a runtime that there is not.
    """
    if (runtime or chosen_runtime()) == "openvino":
        return compile_for_openvino(VERSION, to_convert, bfloat16=True, ceilings=CEILINGS)
    import torch

    from ingest.transnet_network import load_network

    network = load_network()

    def score(window: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        with torch.inference_mode():
            return tuple(scores.numpy() for scores in network(torch.from_numpy(window)))

    return score


def to_convert() -> object:
    """The network as OpenVINO runs it best, as a module, and an example of its input."""
    from ingest import transnet_volumes

    return transnet_volumes.to_convert(HEIGHT, WIDTH)


def shrink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What the network sees of a picture: `(height, width, 3)` to `(27, 48, 3)`."""
    resized = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.uint8)
