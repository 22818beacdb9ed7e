"""Windows for the slots of a cut whose films are in the catalogue."""

from collections.abc import Callable, Sequence

import numpy as np

from editing.cut import Aspect, Slot
from editing.frame_grid import FrameGrid
from editing.reframe.slots import Footing, reframed
from ingest.catalog import Catalog


def with_windows(
    catalog: Catalog,
    slots: Sequence[Slot],
    aspect: Aspect,
    on_progress: Callable[[float], None] = lambda done: None,
) -> tuple[Slot, ...]:
    """Slots with the part of their picture that a cut of another shape shows; decodes their films.

    Raises:
        RenderError: A film no longer decodes as it was ingested.
        UnreadableMedia: A film is gone.
    """
    if aspect == "source":
        return tuple(slots)
    films = {
        media.id: Footing(
            media, FrameGrid.of(catalog, media), np.asarray(catalog.frame_times(media.id))
        )
        for media in map(catalog.get_media, dict.fromkeys(slot.media for slot in slots))
    }
    return reframed(slots, films, aspect, on_progress)
