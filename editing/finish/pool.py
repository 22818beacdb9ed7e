"""Files that are open at once: a few, whatever number a cut takes from."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, Protocol, Self, TypeVar


class Closing(Protocol):
    """What is closed by leaving it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


Key = TypeVar("Key")
Reader = TypeVar("Reader", bound=Closing)


class Pool(Generic[Key, Reader]):
    """Readers that stay open until others have been used more lately."""

    def __init__(self, opened: Callable[[Key], Reader], most: int = 4) -> None:
        """`opened` opens the reader of a key; at most `most` are open at once."""
        self._open, self._most = opened, most
        self._readers: OrderedDict[Key, tuple[Reader, ExitStack]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        while self._readers:
            self._readers.popitem()[1][1].close()

    def get(self, key: Key) -> Reader:
        """The reader of a key, opened if it is not."""
        if key not in self._readers:
            while len(self._readers) >= self._most:
                self._readers.popitem(last=False)[1][1].close()
            stack = ExitStack()
            reader = self._open(key)
            stack.enter_context(reader)
            self._readers[key] = reader, stack
        self._readers.move_to_end(key)
        return self._readers[key][0]
