"""Large arrays as `.npy` files beside the catalogue, each whole or not there at all.

A file is written under another name and renamed, so a killed program leaves no half array.
No pickle: object arrays are refused both ways.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import CatalogError


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write `array` to `path` atomically, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=".npy")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_array(path: Path) -> NDArray[Any]:
    """Read an array, mapped into memory rather than loaded.

    Raises:
        CatalogError: The file is missing or damaged.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CatalogError(
            f"{path} is missing or damaged ({error}).\nCompute it again: reel ingest --force FILE"
        ) from error
    return array
