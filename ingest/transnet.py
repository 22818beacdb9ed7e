"""TransNetV2 over a stream of frames: how likely each one is the last before a transition.

Windows of 250 frames every 200, of which the middle 200 count: a fifth of the frames run twice,
where the released windows (100 every 50) run every frame twice and see less of a long dissolve.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ingest.transnet_network import HEIGHT, WIDTH, TransNetNetwork, load_network

STEP, CONTEXT = 200, 25
WINDOW = CONTEXT + STEP + CONTEXT


class TransNet:
    """Takes frames one by one and gives scores in blocks, at most `WINDOW` frames later."""

    def __init__(self, network: TransNetNetwork | None = None) -> None:
        """Start on a film's first frame.

        Args:
            network: From `load_network`, to share one between films; loaded if None.
        """
        self._network = load_network() if network is None else network
        self._waiting: list[NDArray[np.uint8]] = []
        self._pushed = 0
        self._single: list[NDArray[np.float32]] = []
        self._many: list[NDArray[np.float32]] = []
        self._scored = 0

    @property
    def scored(self) -> int:
        """How many frames, from the first, have their scores."""
        return self._scored

    def push(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Take the next frame, `(height, width, 3)` RGB of any size.

        Returns:
            What the network sees of it, `(27, 48, 3)`.
        """
        resized = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        small = np.asarray(resized, dtype=np.uint8)
        if self._pushed == 0:
            self._waiting = [small] * CONTEXT
        self._waiting.append(small)
        self._pushed += 1
        if len(self._waiting) == WINDOW:
            self._score(STEP)
        return small

    def finish(self) -> None:
        """Score the frames that still wait, with the last one repeated behind them."""
        left = self._pushed - self._scored
        if left > 0:
            missing = CONTEXT + left + CONTEXT - len(self._waiting)
            self._waiting += [self._waiting[-1]] * missing
            self._score(left)

    def scores(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two scores of every frame that has them, each `(scored,)` in [0, 1].

        The first is high on the one frame before a new shot (or in the middle of a gradual
        transition), the second on every frame that takes part in a transition.
        """
        empty = [np.zeros(0, np.float32)]
        return np.concatenate(empty + self._single), np.concatenate(empty + self._many)

    def _score(self, frames: int) -> None:
        """Score `frames` frames after the first `CONTEXT` of those that wait, and let them go."""
        window = torch.from_numpy(
            np.stack(self._waiting)
        )  # (CONTEXT + frames + CONTEXT, 27, 48, 3)
        with torch.inference_mode():
            single, many = self._network(window)
        self._single.append(single[CONTEXT : CONTEXT + frames].numpy())
        self._many.append(many[CONTEXT : CONTEXT + frames].numpy())
        self._scored += frames
        del self._waiting[:frames]
