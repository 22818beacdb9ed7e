"""Changes of a kept cut: an editor's, and the assembly of the rest around what is locked.

Each makes a new version. `slot_edits` and `assemble.around` do the thinking; `faults` repairs.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from editing.assemble.assembly import assemble_around
from editing.assemble.candidates import spoiler_limit, without
from editing.assemble.explanation import gap_in_words
from editing.cut import Alternate, Cut, Reason, Slot
from editing.cut_order import arrangement, order_in_words
from editing.cut_store import save_version
from editing.errors import EditError
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.search import find_faults
from editing.film_footage import fit_frames, footage_from_catalog
from editing.frame_grid import FrameGrid
from editing.interchange.conform import shown_frames
from editing.reframe.of_cut import with_windows
from editing.run import ranker_named, score_shots
from editing.slot_edits import Slots, swap
from ingest.catalog import Catalog
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange

PLACE_REASON = "its length, and its part of the film"
"""What is left of an alternate's score without the ranker's parts."""


def save_slots(
    catalog: Catalog, cut: Cut, slots: Slots, *, author: str, note: str, gap: float | None = None
) -> Cut:
    """Keep a cut with other slots as its next version; `gap` where an assembly told it.

    Raises:
        StaleCut: The cut has a newer version.
    """
    changed = replace(cut, slots=slots, author=author, note=note, gap=gap)
    return save_version(catalog, changed, expected_version=cut.version)


def resolve_cut(catalog: Catalog, cut: Cut, *, author: str) -> Cut:
    """Assemble what is not locked anew, by the cut's brief and ranker; kept as the next version.

    Raises:
        EditError: The film no longer has the shot of a locked slot.
        ImpossibleBrief: The rest cannot be filled beside what is locked.
        ModelError: The cut's ranker is gone, or the one that told its order.
        StaleCut: The cut has a newer version.
    """
    media = catalog.get_media(cut.media)
    footage = footage_from_catalog(catalog, media, ranker_named(catalog, cut.ranker))
    for number, slot in enumerate(cut.slots, start=1):
        if slot.locked and slot.media == media.id:
            _check_shot(media, len(footage.fit), f"slot {number}", slot.shot)
    locked = [slot for slot in cut.slots if slot.locked]
    arrange = arrangement(catalog, media, cut.brief.order)
    found = assemble_around(footage, cut.brief, locked, arrange=arrange)
    slots = with_windows(catalog, found.slots, cut.brief.aspect)
    note = f"assembled anew around {len(locked)} locked slot{'s' * (len(locked) != 1)}"
    note += f"; {gap_in_words(cut.brief, found)}{order_in_words(cut.brief.order)}"
    return save_slots(catalog, cut, slots, author=author, note=note, gap=found.gap)


def replace_slot(catalog: Catalog, cut: Cut, number: int, shot: int | None) -> Slots:
    """Put an alternate into slot `number` (from 0): the best, or the one of a shot.

    Raises:
        EditError: There is no such slot, it has no such alternate, or the film not its shot.
        ModelError: The cut's ranker is gone.
    """
    slots = swap(cut.slots, number, reasons_by_ranker(catalog, cut), shot)
    return with_windows(catalog, slots, cut.brief.aspect)


def alternate_rooms(catalog: Catalog, cut: Cut, number: int) -> dict[int, FrameRange]:
    """By shot, the frames that an alternate of slot `number` may show as the cut's brief is.

    Raises:
        EditError: There is no such slot.
    """
    slot, brief = _slot(cut, number), cut.brief
    media = catalog.get_media(slot.media)
    fit, grid = fit_frames(catalog, media), FrameGrid.of(catalog, media)
    limit = spoiler_limit(grid.frames, brief)
    barred = [one.span for one in brief.exclude]
    rooms, step = {}, media.rate / cut.rate
    for alternate in slot.alternates:
        shown = shown_frames(alternate.source.start, alternate.source.frames, step)
        span = fit[alternate.shot] if alternate.shot < len(fit) else None
        for piece in without(span, barred) if span else []:
            start, end = piece.start + brief.handle, min(piece.end - brief.handle, limit)
            if start <= shown.start and shown.end <= end:
                rooms[alternate.shot] = FrameRange(start, end)
    return rooms


def check_cut(catalog: Catalog, cut: Cut) -> list[Fault]:
    """The faults of a cut, by what ingest measured of its films.

    Raises:
        NotIngested: A film was ingested without something that is needed.
    """
    return find_faults(cut.slots, _films(catalog, cut))


def _films(catalog: Catalog, cut: Cut) -> dict[MediaId, FilmSeen]:
    media = dict.fromkeys(slot.media for slot in cut.slots)
    return {one: FilmSeen.of(catalog, catalog.get_media(one)) for one in media}


def shot_span(catalog: Catalog, cut: Cut, number: int) -> FrameRange:
    """The frames of the shot that slot `number` (from 0) is of, on the film's grid.

    Raises:
        EditError: There is no such slot.
    """
    slot = _slot(cut, number)
    media = catalog.get_media(slot.media)
    shots = catalog.shots(media.id)
    _check_shot(media, len(shots), f"slot {number + 1}", slot.shot)
    span = FrameGrid.of(catalog, media).span(shots[slot.shot].span)
    if span is None:
        raise EditError(f"no frame of shot {slot.shot} of {media.name} is shown at its rate")
    return span


def slot_step(catalog: Catalog, cut: Cut, number: int) -> Fraction:
    """Frames of the film of slot `number` (from 0) that last as long as a frame of the cut.

    Raises:
        EditError: There is no such slot.
    """
    return catalog.get_media(_slot(cut, number).media).rate / cut.rate


def _slot(cut: Cut, number: int) -> Slot:
    if not 0 <= number < len(cut.slots):
        raise EditError(f"the cut has slots 1 to {len(cut.slots)}, not {number + 1}")
    return cut.slots[number]


def reasons_by_ranker(catalog: Catalog, cut: Cut) -> Callable[[Alternate], tuple[Reason, ...]]:
    """Tells the parts of an alternate's score: the ranker's, and what assembly added to them.

    Raises:
        ModelError: The cut's ranker is gone.
    """
    media = catalog.get_media(cut.media)
    scores = score_shots(catalog, media, cut.ranker)

    def reasons(alternate: Alternate) -> tuple[Reason, ...]:
        _check_shot(media, len(scores.values), "an alternate", alternate.shot)
        ranked = scores.reasons(alternate.shot)
        rest = alternate.score - sum(reason.value for reason in ranked)
        return (*ranked, Reason(PLACE_REASON, rest))

    return reasons


def _check_shot(media: Media, shots: int, what: str, shot: int) -> None:
    """A film that was ingested again may have fewer shots than when a cut was made of it."""
    if shot >= shots:
        raise EditError(
            f"{what} is of shot {shot} of {media.name}, which has shots 0 to {shots - 1} since it "
            "was ingested again.\nMake the cut again: reel cut trailer FILM"
        )
