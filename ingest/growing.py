"""An array that grows at its end, for what is told of each frame while a film goes by."""

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Item = TypeVar("Item", bound=np.generic)


class GrowingArray(Generic[Item]):
    """One row of numbers; `values` is a view of them and costs nothing."""

    def __init__(self, dtype: type[Item]) -> None:
        self._room: NDArray[Item] = np.zeros(1024, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> NDArray[Item]:
        """All that has been added, `(length,)`."""
        return self._room[: self._length]

    def extend(self, more: ArrayLike | NDArray[Any]) -> None:
        """Add numbers at the end."""
        added = np.asarray(more, self._room.dtype)
        end = self._length + len(added)
        if end > len(self._room):
            room = np.zeros(max(end, 2 * len(self._room)), self._room.dtype)
            room[: self._length] = self.values
            self._room = room
        self._room[self._length : end] = added
        self._length = end
