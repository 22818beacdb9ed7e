"""Reframing the slots of a cut: frames of each are decoded, and a window laid over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.cut import Aspect, Reframe, Slot
from editing.finish.conform import seen_size
from editing.finish.pictures import PictureReader
from editing.frame_grid import FrameGrid
from editing.reframe.move import best_move
from editing.reframe.saliency import salience
from ingest.faces import face_boxes
from ingest.media import Media, MediaId

_PICTURES = 12
"""Pictures of a slot that are looked at."""
_FACES_EVERY = 4
"""Faces are searched in one of so many of them, and taken to stay until the next."""
_ROWS = 360
"""Pictures are brought to so many rows for the search."""
_SAME_SHAPE = 0.01

RATIOS: dict[Aspect, Fraction] = {
    "16:9": Fraction(16, 9),
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
}


@dataclass(frozen=True, slots=True)
class Footing:
    """A film whose slots are reframed."""

    media: Media
    grid: FrameGrid
    times: NDArray[np.int64]
    """`(frames,)`, PTS of every frame in decode order."""


def window_of(size: tuple[int, int], aspect: Aspect) -> tuple[int, float] | None:
    """Which side of a picture is cut, 0 its height and 1 its width, and the share that is shown.

    Its `size` is in square pixels.

    None where the picture has that shape already, or it is the source's own that is asked for.
    """
    if aspect == "source":
        return None
    share = float(RATIOS[aspect] / Fraction(*size))
    if abs(share - 1) <= _SAME_SHAPE:
        return None
    return (1, share) if share < 1 else (0, 1 / share)


def reframed(
    slots: Sequence[Slot],
    films: Mapping[MediaId, Footing],
    aspect: Aspect,
    on_progress: Callable[[float], None] = lambda done: None,
) -> tuple[Slot, ...]:
    """Slots with their window on the salient part; those that have one keep it.

    Args:
        slots: Of a cut.
        films: Every film that a slot is of.
        aspect: The shape of the cut; slots are as they were where the film has it.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        RenderError: A film no longer decodes as it was ingested.
        UnreadableMedia: A film is gone.
    """
    found = list(slots)
    todo = [n for n, slot in enumerate(slots) if slot.reframe is None]
    for media in dict.fromkeys(slots[n].media for n in todo):
        film = films[media]
        with PictureReader(Path(film.media.path), film.times) as reader:
            shape = reader.streams.video.sample_aspect_ratio or Fraction(1)
            seen = seen_size(film.media.display_size, film.media.rotation, shape)
            window = window_of(seen, aspect)
            if window is None:
                continue
            of_film = [n for n in todo if slots[n].media == media]
            for n in sorted(of_film, key=lambda n: slots[n].source.start):
                found[n] = replace(slots[n], reframe=_reframe(reader, film, slots[n], *window))
                on_progress(sum(found[m].reframe is not None for m in todo) / len(todo))
    return tuple(found)


def _reframe(reader: PictureReader, film: Footing, slot: Slot, axis: int, share: float) -> Reframe:
    last = slot.source.end - 1
    numbers = np.unique(np.linspace(slot.source.start, last, _PICTURES).round().astype(np.int64))
    pictures, faces = [], []
    for place, number in enumerate(numbers.tolist()):
        colours = _picture(reader, film, number)
        pictures.append(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))
        if place % _FACES_EVERY == 0:
            boxes = face_boxes(colours)
        faces.append(np.zeros((0, 4)) if boxes is None else boxes)
    profile = salience([np.asarray(p, np.uint8) for p in pictures], faces, axis)
    seconds = float((last - slot.source.start) / film.media.rate)
    start, end = best_move(profile, share, seconds)
    if axis == 1:
        return Reframe((start, 0.5), (end, 0.5))
    return Reframe((0.5, start), (0.5, end))


def _picture(reader: PictureReader, film: Footing, number: int) -> NDArray[np.uint8]:
    """A frame of the grid, upright, in RGB, of `_ROWS` rows or fewer."""
    frame = reader.frame(film.grid.to_decoded(number))
    scale = min(1.0, _ROWS / frame.height)
    size = (max(2, round(frame.width * scale)), max(2, round(frame.height * scale)))
    picture = frame.reformat(*size, format="rgb24").to_ndarray()
    turned = np.rot90(picture, -(film.media.rotation // 90))
    return np.ascontiguousarray(turned, dtype=np.uint8)
