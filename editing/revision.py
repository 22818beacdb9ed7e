"""Changes of a kept cut: an editor's, and the assembly of the rest around what is locked.

Each makes a new version. `slot_edits` and `assemble.around` do the thinking.
"""

from collections.abc import Callable
from dataclasses import replace

from editing.assemble.around import assemble_around
from editing.cut import Alternate, Cut, Reason
from editing.cut_store import save_version
from editing.errors import EditError
from editing.frame_grid import FrameGrid
from editing.rank.store import load_ranker
from editing.run import footage_from_catalog, score_shots
from editing.slot_edits import Slots
from ingest.catalog import Catalog
from ingest.timecode import FrameRange

PLACE_REASON = "its length, and its part of the film"
"""What is left of an alternate's score without the ranker's parts."""


def save_slots(catalog: Catalog, cut: Cut, slots: Slots, *, author: str, note: str) -> Cut:
    """Keep a cut with other slots as its next version.

    Raises:
        StaleCut: The cut has a newer version.
    """
    changed = replace(cut, slots=slots, author=author, note=note)
    return save_version(catalog, changed, expected_version=cut.version)


def resolve_cut(catalog: Catalog, cut: Cut, *, author: str) -> Cut:
    """Assemble what is not locked anew, by the cut's brief and ranker; kept as the next version.

    Raises:
        ImpossibleBrief: The rest cannot be filled beside what is locked.
        ModelError: The cut's ranker is gone.
        StaleCut: The cut has a newer version.
    """
    media = catalog.get_media(cut.media)
    footage = footage_from_catalog(
        catalog, media, load_ranker(catalog, "@".join(cut.ranker.split()))
    )
    locked = [slot for slot in cut.slots if slot.locked]
    found = assemble_around(footage, cut.brief, locked)
    note = f"assembled anew around {len(locked)} locked slot{'s' * (len(locked) != 1)}"
    return save_slots(catalog, cut, found.slots, author=author, note=note)


def shot_span(catalog: Catalog, cut: Cut, number: int) -> FrameRange:
    """The frames of the shot that slot `number` (from 0) is of, on the film's grid.

    Raises:
        EditError: There is no such slot.
    """
    if not 0 <= number < len(cut.slots):
        raise EditError(f"the cut has slots 1 to {len(cut.slots)}, not {number + 1}")
    slot = cut.slots[number]
    media = catalog.get_media(slot.media)
    span = FrameGrid.of(catalog, media).span(catalog.shots(media.id)[slot.shot].span)
    if span is None:
        raise EditError(f"no frame of shot {slot.shot} of {media.name} is shown at its rate")
    return span


def reasons_by_ranker(catalog: Catalog, cut: Cut) -> Callable[[Alternate], tuple[Reason, ...]]:
    """Tells the parts of an alternate's score: the ranker's, and what assembly added to them.

    Raises:
        ModelError: The cut's ranker is gone.
    """
    scores = score_shots(catalog, catalog.get_media(cut.media), cut.ranker)

    def reasons(alternate: Alternate) -> tuple[Reason, ...]:
        ranked = scores.reasons(alternate.shot)
        rest = alternate.score - sum(reason.value for reason in ranked)
        return (*ranked, Reason(PLACE_REASON, rest))

    return reasons
