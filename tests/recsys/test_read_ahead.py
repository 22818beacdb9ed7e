"""Batches that are made in a thread come in order, whole, and with their errors."""

import threading
from collections.abc import Iterator

import pytest

from recsys.logs.ahead import read_ahead


def test_all_batches_come_in_their_order() -> None:
    assert list(read_ahead(iter(range(100)))) == list(range(100))
    assert list(read_ahead(iter([]))) == []
    assert list(read_ahead(iter([None, 0, None]))) == [None, 0, None]


def test_the_next_batch_is_made_while_one_is_worked_on() -> None:
    made = threading.Event()

    def batches() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    coming = read_ahead(batches())
    assert next(coming) == 1
    assert made.wait(10)  # without being asked for
    assert list(coming) == [2]


def test_an_error_comes_in_its_place() -> None:
    def batches() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    coming = read_ahead(batches())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="torn"):
        next(coming)


def test_who_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    coming = read_ahead(iter(range(10)))
    assert next(coming) == 0
    coming.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
