"""Histories and contexts of a saved model, checked before they are believed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from recsys.context import CONTEXT, Context, Ints
from recsys.viewing_log import ITEM, USER

LARGEST = 1e12
"""Of what is learned; scores of larger numbers could be infinite."""


def read_histories(known: pl.DataFrame, items: int) -> dict[str, Ints]:
    """By user the numbers of items, each below `items`; a ValueError if one is not."""
    rows = known.select(USER, ITEM).iter_rows()
    histories = {user: np.array(watched, np.int64) for user, watched in rows}
    if any(len(h) and not (h.min() >= 0 and h.max() < items) for h in histories.values()):
        raise ValueError("a history names an item that the model does not have")
    return histories


def read_contexts(
    known: pl.DataFrame, histories: dict[str, Ints], items: int, devices: int
) -> dict[str, Context]:
    """By user the context of the history, none if the model was saved before there were any.

    Raises:
        ValueError: One does not fit its history, or names what the model does not have.
    """
    if not set(CONTEXT) <= set(known.columns):
        return {}
    contexts = {}
    for user, *parts in known.select(USER, *CONTEXT).iter_rows():
        context = Context(*(np.array(part, np.int64) for part in parts))
        if not {len(context.when), len(context.device)} <= {0, len(histories[user])}:
            raise ValueError("a context does not fit its history")
        _check_range(context.passed, 0, items)
        _check_range(context.device, -1, devices)
        contexts[user] = context
    return contexts


def check_numbers(arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """A ValueError if an array holds nan, or a number that no training comes to."""
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not array.size:
            continue
        if not (array.min() >= -LARGEST and array.max() <= LARGEST):  # which is false of nan, too
            raise ValueError(f"{name} holds what is no number, or a far too large one")


def _check_range(numbers: Ints, least: int, end: int) -> None:
    if len(numbers) and not (numbers.min() >= least and numbers.max() < end):
        raise ValueError(f"a context has a number that is not from {least} to {end - 1}")
