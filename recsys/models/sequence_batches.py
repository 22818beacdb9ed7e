"""Histories cut into pieces, and pieces put into batches, for a network of sequences."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from recsys.interactions import Ints


def pieces(starts: Ints, length: int) -> Iterator[slice]:
    """Rows of at most `length` titles and the one after; each play but a first is a target once.

    The newest piece of a history is whole; what does not fill one is at its beginning.
    """
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        for last in range(end, begin + 1, -length):
            yield slice(max(begin, last - length - 1), last)


def batches(lengths: Sequence[int], size: int, chunk: int = 32) -> Iterator[list[int]]:
    """Rows in random batches of like lengths, so that little of a batch is padding."""
    order = torch.randperm(len(lengths)).tolist()
    batches = []
    for begin in range(0, len(order), size * chunk):
        alike = sorted(order[begin : begin + size * chunk], key=lambda row: lengths[row])
        batches += [alike[first : first + size] for first in range(0, len(alike), size)]
    for number in torch.randperm(len(batches)).tolist():
        yield batches[number]


def padded(rows: Sequence[Tensor], value: int) -> Tensor:
    """`(B, L)`, L the longest row; shorter ones end with `value`."""
    return nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=value)
