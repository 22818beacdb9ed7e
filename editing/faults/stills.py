"""Small pictures of a film's shots, read from the catalogue's thumbnails when asked for."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faults.likeness import setup_likeness
from ingest.catalog import Catalog
from ingest.derived_files import thumbnail_name
from ingest.media import Media

Picture = NDArray[np.uint8]

_WIDTH = 256


class Stills(Mapping[int, Picture]):
    """A grey picture of each shot, 256 pixels wide; each is read once.

    A shot whose thumbnail is not there, or cannot be read, has none.
    """

    def __init__(self, paths: Mapping[int, Path]) -> None:
        """Of JPEG files by shot."""
        self._paths, self._read = paths, dict[int, Picture | None]()
        self._likeness: dict[tuple[int, int, int], float] = {}

    @classmethod
    def of(cls, catalog: Catalog, media: Media) -> Self:
        """Those of a film."""
        folder = catalog.thumbnail(media, 0).parent
        shots = catalog.shots(media.id)
        return cls({shot.index: folder / thumbnail_name(shot.index) for shot in shots})

    def likeness(self, shot: int, others: "Stills", other: int) -> float:
        """How like the pictures of two shots are, part by part, -1 to 1; NaN where nobody can tell.

        Told once of each pair.
        """
        key = (shot, id(others), other)
        if key not in self._likeness:
            self._likeness[key] = _likeness(self.get(shot), others.get(other))
        return self._likeness[key]

    def __getitem__(self, shot: int) -> Picture:
        if shot not in self._read:
            self._read[shot] = _read(self._paths[shot])
        picture = self._read[shot]
        if picture is None:
            raise KeyError(shot)
        return picture

    def __iter__(self) -> Iterator[int]:
        return (shot for shot in self._paths if shot in self)

    def __contains__(self, shot: object) -> bool:
        try:
            self[shot]  # type: ignore[index]
        except KeyError:
            return False
        return True

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _likeness(one: Picture | None, other: Picture | None) -> float:
    if one is None or other is None or one.shape != other.shape:
        return float("nan")
    return setup_likeness(one, other)


def _read(path: Path) -> Picture | None:
    if not path.is_file():
        return None
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None or not grey.size:
        return None
    height = max(16, round(grey.shape[0] * _WIDTH / grey.shape[1]))
    return np.asarray(cv2.resize(grey, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
