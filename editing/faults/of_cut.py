"""A kept cut checked and repaired: by what ingest measured, and by decoding it where its films are.

Repair makes a new version and looks again; the films are only ever read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editing.cut import Alternate, Cut, Reason, Slot
from editing.faults.decoded_cut import Progress, measure_cut
from editing.faults.film import Blemish, FilmSeen
from editing.faults.finding import Fault, Kind
from editing.faults.judging import merged, programme_faults
from editing.faults.repair import Repair, crossfade_clicks, possible_repairs, repair_faults
from editing.faults.search import find_faults
from editing.revision import reasons_by_ranker, save_slots
from editing.run import sources_of
from ingest.catalog import Catalog
from ingest.media import MediaId
from ingest.timecode import FrameRange

_ROUNDS = 3
"""A slot that was moved shows frames that nobody has decoded: it is looked at again so often."""
_OF_THE_FILM: tuple[Kind, ...] = (
    *("flash", "black", "freeze", "duplicate", "dropped", "combing"),
    *("dropout", "click", "clipping", "silence"),
)
"""Kinds that a film has by itself, wherever it is cut."""


@dataclass(frozen=True, slots=True)
class CheckedCut:
    """The faults of a cut, and whether it was decoded to find them."""

    faults: tuple[Fault, ...]
    decoded: bool
    missing: tuple[str, ...] = ()
    """Films that are not where they were: then the cut was not decoded."""


@dataclass(frozen=True, slots=True)
class RepairedCut:
    """A cut after its repair."""

    cut: Cut
    repairs: tuple[Repair, ...]
    left: CheckedCut


def check_cut(
    catalog: Catalog,
    cut: Cut,
    *,
    decode: bool = True,
    on_progress: Progress = lambda done: None,
) -> CheckedCut:
    """Look for the faults of a cut.

    Args:
        catalog: Holds its films.
        cut: Any version of any cut.
        decode: Whether to decode it, if all of its films are where they were.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        EditError: A slot is of a shot that its film no longer has.
        NotIngested: A film was ingested without something that is needed.
        RenderError: A film has changed since it was ingested.
        UnreadableMedia: A film cannot be opened.
    """
    films = _films(catalog, cut)
    faults, missing = find_faults(cut.slots, films), _missing(catalog, cut)
    if decode and not missing:
        decoded = _decoded_faults(catalog, cut, on_progress)
        films = _blemished(films, cut, decoded)
        faults = merged(faults, decoded)
    told = possible_repairs(cut.slots, films, faults, least_frames=cut.brief.min_shot)
    return CheckedCut(tuple(told), decode and not missing, tuple(missing))


def repair_cut(
    catalog: Catalog,
    cut: Cut,
    *,
    author: str,
    decode: bool = True,
    on_progress: Progress = lambda done: None,
) -> RepairedCut:
    """Repair what faults can be, look again, and keep the next version if anything was done.

    Raises:
        ModelError: An alternate was taken, and the cut's ranker is gone.
        StaleCut: The cut has a newer version.
        EditError: As by `check_cut`; and its other errors.
    """
    films, now, done = _films(catalog, cut), cut.slots, list[Repair]()
    decode = decode and not _missing(catalog, cut)
    reasons = _reasons(catalog, cut)
    for turn in range(_ROUNDS if decode else 1):
        told: list[Fault] = []
        if decode:
            part = _part(on_progress, turn, _ROUNDS + 1)
            told = _decoded_faults(catalog, replace(cut, slots=now), part)
            films = _blemished(films, replace(cut, slots=now), told)
        now, moved = repair_faults(now, films, least_frames=cut.brief.min_shot, reasons=reasons)
        faded: list[Repair] = []
        if not moved:  # else the joins are others now, and are listened to again
            now, faded = crossfade_clicks(now, told)
        done += [*moved, *faded]
        if not moved and not faded:
            break
    if done:
        note = "; ".join(repair.words for repair in done)
        cut = save_slots(catalog, cut, now, author=author, note=note)
    last = _part(on_progress, _ROUNDS, _ROUNDS + 1)
    return RepairedCut(cut, tuple(done), check_cut(catalog, cut, decode=decode, on_progress=last))


def _decoded_faults(catalog: Catalog, cut: Cut, on_progress: Progress) -> list[Fault]:
    return programme_faults(measure_cut(cut, sources_of(catalog, cut), on_progress))


def _films(catalog: Catalog, cut: Cut) -> dict[MediaId, FilmSeen]:
    media = dict.fromkeys(slot.media for slot in cut.slots)
    return {one: FilmSeen.of(catalog, catalog.get_media(one)) for one in media}


def _missing(catalog: Catalog, cut: Cut) -> list[str]:
    media = [catalog.get_media(one) for one in dict.fromkeys(slot.media for slot in cut.slots)]
    return [one.path for one in media if not Path(one.path).is_file()]


def _part(on_progress: Progress, turn: int, turns: int) -> Progress:
    return lambda done: on_progress((turn + done) / turns)


def _reasons(catalog: Catalog, cut: Cut) -> Callable[[Alternate], tuple[Reason, ...]]:
    """The parts of an alternate's score; the ranker is asked for when the first is taken."""
    known: list[Callable[[Alternate], tuple[Reason, ...]]] = []

    def reasons(alternate: Alternate) -> tuple[Reason, ...]:
        if not known:
            known.append(reasons_by_ranker(catalog, cut))
        return known[0](alternate)

    return reasons


def _blemished(
    films: Mapping[MediaId, FilmSeen], cut: Cut, faults: Sequence[Fault]
) -> dict[MediaId, FilmSeen]:
    """Films with those faults that are their own, at their own frames."""
    found: dict[MediaId, list[Blemish]] = {
        media: list(film.blemishes) for media, film in films.items()
    }
    for slot, record in zip(cut.slots, cut.record_ranges(), strict=True):
        for fault in faults:
            inside = record.start <= fault.frame < record.end
            if inside and _is_own(fault, record, films[slot.media], cut):
                found[slot.media].append(_blemish(fault, slot, record))
    return {
        media: replace(film, blemishes=tuple(dict.fromkeys(found[media])))
        for media, film in films.items()
    }


def _is_own(fault: Fault, record: FrameRange, film: FilmSeen, cut: Cut) -> bool:
    """Whether a fault is one of the film, rather than of how it was cut."""
    at_join = fault.frame == record.start and fault.kind in ("click", "dropped", "flash")
    return fault.kind in _OF_THE_FILM and film.rate == cut.rate and not at_join


def _blemish(fault: Fault, slot: Slot, record: FrameRange) -> Blemish:
    start = slot.source.start + fault.frame - record.start
    end = min(start + fault.frames, slot.source.end)
    span = FrameRange(start, max(end, start + 1))
    return Blemish(fault.kind, span, fault.value, fault.threshold, fault.unit, fault.words)
