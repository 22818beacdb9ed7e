"""Changes of a kept cut: an editor's, repairs, and the assembly of the rest around what is locked.

Each makes a new version. `slot_edits`, `faults` and `assemble.around` do the thinking.
"""

from collections.abc import Callable
from dataclasses import replace

from editing.assemble.around import assemble_around
from editing.cut import Alternate, Cut, Reason, Slot
from editing.cut_store import save_version
from editing.errors import EditError
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.repair import Repair, repair_faults
from editing.faults.search import find_faults
from editing.frame_grid import FrameGrid
from editing.rank.store import load_ranker
from editing.run import footage_from_catalog, score_shots
from editing.slot_edits import Slots
from ingest.catalog import Catalog
from ingest.media import MediaId
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


def check_cut(catalog: Catalog, cut: Cut) -> list[Fault]:
    """The faults of a cut, by what ingest measured of its films.

    Raises:
        NotIngested: A film was ingested without something that is needed.
    """
    return find_faults(cut.slots, _films(catalog, cut))


def repair_cut(catalog: Catalog, cut: Cut, *, author: str) -> tuple[Cut, list[Repair], list[Fault]]:
    """Repair what faults can be, and look again; kept as the next version if anything was done.

    Returns:
        The cut as it is then, what was done, and the faults that are left.

    Raises:
        ModelError: An alternate was taken, and the cut's ranker is gone.
        NotIngested: A film was ingested without something that is needed.
        StaleCut: The cut has a newer version.
    """
    films = _films(catalog, cut)
    slots, repairs = repair_faults(cut.slots, films, least_frames=cut.brief.min_shot)
    if repairs:
        slots = tuple(_explained(catalog, cut, slot) for slot in slots)
        note = "; ".join(repair.words for repair in repairs)
        cut = save_slots(catalog, cut, slots, author=author, note=note)
    return cut, repairs, find_faults(slots, films)


def _films(catalog: Catalog, cut: Cut) -> dict[MediaId, FilmSeen]:
    media = dict.fromkeys(slot.media for slot in cut.slots)
    return {one: FilmSeen.of(catalog, catalog.get_media(one)) for one in media}


def _explained(catalog: Catalog, cut: Cut, slot: Slot) -> Slot:
    """A slot that an alternate was put into, with the parts of its score."""
    if slot.reasons or not slot.score:
        return slot
    reasons = reasons_by_ranker(catalog, cut)
    return replace(slot, reasons=reasons(Alternate(slot.shot, slot.source, slot.score)))


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
