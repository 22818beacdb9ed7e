"""Ctrl-C and SIGTERM as a question that long work asks, not an exception midway through a step."""

import signal
from types import FrameType
from typing import Any, Self


class Interrupts:
    """While it is entered, the first Ctrl-C or SIGTERM is noted; the second interrupts at once."""

    def __init__(self) -> None:
        self._noted = False
        self._before: dict[int, Any] = {}

    def asked(self) -> bool:
        """Whether somebody has asked to stop."""
        return self._noted

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True
