"""Reading ahead: while one batch is worked on, a thread makes the next."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def read_ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same batches, each made while the one before is worked on; one more is held.

    What goes wrong while one is made is raised where it would have come.
    """
    ended = object()
    with ThreadPoolExecutor(1, "read-ahead") as thread:  # at its end what is being made is awaited
        coming = thread.submit(next, batches, ended)
        while (batch := coming.result()) is not ended:
            coming = thread.submit(next, batches, ended)
            yield batch  # type: ignore[misc]  # `ended` is none of them
