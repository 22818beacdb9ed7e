"""Computing on one thread: sums that do not depend on the machine, and no core spent on waiting."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, OpenCV and NumPy's linear algebra compute on one thread.

    What they get to do here is small: more threads mostly spin while they wait for each other,
    which nearly doubled the CPU seconds of an ingest. A film's decoder keeps its threads.
    """
    torch = sys.modules.get("torch")  # not imported here: OpenVINO does without it
    before = torch and torch.get_num_threads(), cv2.getNumThreads()
    if torch:
        torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        if torch:
            torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
