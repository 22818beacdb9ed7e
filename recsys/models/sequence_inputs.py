"""When and on what each title of a history was watched, as numbers for a network of sequences.

Four small numbers a title, 0 where unknown: the time since the title before it, the hour and the
weekday (both UTC), and the device.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recsys.context import Context
from recsys.interactions import Interactions, Ints

HOUR = 3_600_000_000
"""Microseconds."""
GAPS = 16
"""1 is a first title; then under an hour, under 2, 4, … hours since the one before."""
SIZES = (1 + GAPS, 1 + 24, 1 + 7)
"""How many numbers each of the first three takes."""


INPUTS = tuple(np.cumsum((0, *SIZES)).tolist())
"""Where the rows of each of the four begin in one table."""


def table_rows(devices: int) -> int:
    """Rows of the table, with so many known devices."""
    return sum(SIZES) + 1 + devices


def inputs_of(context: Context, length: int) -> Ints:
    """`(length, 4)` for the history of a context; all 0 where it does not fit the history."""
    told = np.zeros((length, 4), np.int64)
    if len(context.when) == length and length:
        told[:, :3] = _times(context.when, np.arange(length) == 0)
    if len(context.device) == length:
        told[:, 3] = context.device + 1
    return told


def inputs_of_all(interactions: Interactions) -> Ints:
    """`(rows, 4)`, as `inputs_of` for each user's whole history."""
    told = np.zeros((len(interactions.item), 4), np.int64)
    if interactions.timed and len(told):
        first = np.zeros(len(told), np.bool_)
        begins = interactions.starts[:-1]
        first[begins[begins < interactions.starts[1:]]] = True
        told[:, :3] = _times(interactions.when, first)
    if interactions.devices:
        told[:, 3] = interactions.device + 1
    return told


def kept_rows(old: Sequence[str], new: Sequence[str]) -> tuple[Ints, Ints]:
    """Rows of the table of `old` devices that go on, and where they are in that of `new` ones."""
    begin = sum(SIZES) + 1
    shared = [device for device in new if device in old]
    before = [begin + list(old).index(device) for device in shared]
    after = [begin + list(new).index(device) for device in shared]
    times = list(range(begin))
    return np.array(times + before, np.int64), np.array(times + after, np.int64)


def _times(when: Ints, first: npt.NDArray[np.bool_]) -> Ints:
    """`(rows, 3)`: gap, hour, weekday, from 1."""
    hours = np.diff(when, prepend=when[:1]) / HOUR
    gap = 2 + np.ceil(np.log2(np.maximum(hours, 1))).astype(np.int64)
    gap = np.where(first, 1, np.minimum(gap, GAPS))
    hour = when // HOUR
    weekday = (hour // 24 + 3) % 7  # 1 January 1970 was a Thursday
    return np.stack([gap, 1 + hour % 24, 1 + weekday], axis=1)
