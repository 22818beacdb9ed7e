"""A kept cut checked and repaired: by what ingest measured, and by decoding it where its films are.

Repair makes a new version and looks again; the films are only ever read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editing.cut import Alternate, Cut, Reason, Slot
from editing.errors import ModelError
from editing.faults.decoded_cut import Progress, measure_cut
from editing.faults.film import Blemish, FilmSeen
from editing.faults.finding import Fault, Kind
from editing.faults.judging import programme_faults
from editing.faults.repair import (
    Reasons,
    Refused,
    Repair,
    as_shown,
    crossfade_clicks,
    possible_repairs,
    repair_faults,
)
from editing.faults.search import find_faults
from editing.faults.stand_ins import FilmStandIns
from editing.faults.two_searches import as_one
from editing.finish.sound import unheard_sounds
from editing.reframe.of_cut import with_windows
from editing.revision import PLACE_REASON, save_slots
from editing.run import score_shots, sources_of
from editing.slot_edits import Slots
from ingest.catalog import Catalog
from ingest.media import MediaId
from ingest.timecode import FrameRange

_ROUNDS = 5
"""A slot that was moved shows frames that nobody has decoded: it is looked at again so often."""
_TRIES = 3
"""Repairs of one slot that are undone before it is left as it is."""
ALTERNATE_REASON = "its score as an alternate; the ranker that gave it is gone"
"""What is told of a slot that was filled when its score can no longer be taken apart."""
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
    remarks: tuple[str, ...] = ()
    """What people should know of what was not listened to."""


@dataclass(frozen=True, slots=True)
class RepairedCut:
    """A cut after its repair."""

    cut: Cut
    repairs: tuple[Repair, ...]
    left: CheckedCut
    new: tuple[Fault, ...] = ()
    """Of what is left, what was not there before, or was less."""
    undone: tuple[Repair, ...] = ()
    """What was tried and undone, for it brought faults that only the decode showed."""


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
    unheard: list[str] = []
    if decode and not missing:
        for film in films:
            unheard += unheard_sounds(catalog.get_media(film).path)
        decoded = _decoded_faults(catalog, cut, films, on_progress)
        films = _known(films, cut, decoded)
        faults = as_one(faults, decoded, cut, films)
    told = possible_repairs(
        *(cut.slots, films, faults),
        least_frames=cut.brief.min_shot,
        keep_length=keeps_length(cut),
        barred=_of_other_rates(cut, films),
        stand_ins=FilmStandIns(catalog, cut),
    )
    return CheckedCut(tuple(told), decode and not missing, tuple(missing), tuple(unheard))


def _of_other_rates(cut: Cut, films: Mapping[MediaId, FilmSeen]) -> frozenset[int]:
    """Slots whose films run at another rate than the cut, which is what a repair counts in."""
    return frozenset(i for i, slot in enumerate(cut.slots) if films[slot.media].rate != cut.rate)


def keeps_length(cut: Cut) -> bool:
    """Whether a repair leaves the cut as long as it is: where it is as long as its brief asks."""
    return cut.frames == cut.brief.frames


def repair_cut(
    catalog: Catalog,
    cut: Cut,
    *,
    author: str,
    decode: bool = True,
    on_progress: Progress = lambda done: None,
    expected_version: int | None = None,
) -> RepairedCut:
    """Repair what faults can be, look again, and keep the next version if anything was done.

    A repair that brings a fault which only the decode shows is undone.

    Args:
        catalog: Holds the cut and its films.
        cut: The version to repair.
        author: Who asks.
        decode: Whether to decode it, if all of its films are where they were.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.
        expected_version: After which version it is kept; after `cut`'s if None.

    Raises:
        StaleCut: The cut has a newer version.
        EditError: As by `check_cut`; and its other errors.
    """
    decode = decode and not _missing(catalog, cut)
    search = _Search(catalog, cut, decode, on_progress)
    before = search.faults(cut.slots)
    barred, undone = _of_other_rates(cut, search.films), list[Repair]()
    refused: Refused = frozenset()
    while True:
        now, done = _repaired(search, barred, refused)
        new = tuple(_new_faults(before, search.faults(now)))
        wrong = [one for one in done if any(_is_by(one, fault) for fault in new)]
        if not new or not done:
            break
        wrong = wrong or done
        wrong = [one for one in wrong if not _is_crossfade(one)] or wrong  # they are made again
        undone += wrong
        refused |= {(one.slot, as_shown(one.after)) for one in wrong}
        for one in wrong:
            tries = sum(place == one.slot for place, _ in refused)
            if tries >= _TRIES or _is_crossfade(one):
                barred |= {one.slot, *one.also}
    if done:
        if decode:  # else its films may be gone; a render shows the middle then
            now = with_windows(catalog, now, cut.brief.aspect)
        note = "; ".join(repair.words for repair in done)
        base = cut if expected_version is None else replace(cut, version=expected_version)
        cut = save_slots(catalog, base, now, author=author, note=note)
    left = possible_repairs(
        *(now, search.films, search.faults(now)),
        least_frames=cut.brief.min_shot,
        keep_length=keeps_length(cut),
        barred=_of_other_rates(cut, search.films),
        stand_ins=search.stand_ins,
    )
    on_progress(1.0)
    checked = CheckedCut(tuple(left), decode, tuple(_missing(catalog, cut)))
    return RepairedCut(cut, tuple(done), checked, new, tuple(undone))


class _Search:
    """Looks for the faults of a cut as it is changed; what a decode showed is kept."""

    def __init__(self, catalog: Catalog, cut: Cut, decode: bool, on_progress: Progress) -> None:
        self.catalog, self.cut, self.decode = catalog, cut, decode
        self.films = _films(catalog, cut)
        self.reasons, self.stand_ins = _reasons(catalog, cut), FilmStandIns(catalog, cut)
        self._on_progress, self._turns = on_progress, 0
        self._decoded: dict[Slots, list[Fault]] = {}

    def decoded(self, slots: Slots) -> list[Fault]:
        """What the decode shows; the films' own faults are known from then on."""
        if not self.decode:
            return []
        if slots not in self._decoded:
            share = 1 - 0.5**self._turns  # nobody knows how often it has to be looked at
            self._turns += 1
            cut = replace(self.cut, slots=slots)
            self._decoded[slots] = _decoded_faults(
                *(self.catalog, cut, self.films),
                lambda done: self._on_progress(share + done * (1 - share) / 2),
            )
            self.films = _known(self.films, cut, self._decoded[slots])
        return self._decoded[slots]

    def faults(self, slots: Slots) -> list[Fault]:
        """All faults."""
        decoded = self.decoded(slots)
        told, cut = find_faults(slots, self.films), replace(self.cut, slots=slots)
        return as_one(told, decoded, cut, self.films) if self.decode else told


def _repaired(
    search: _Search, barred: frozenset[int], refused: Refused
) -> tuple[Slots, list[Repair]]:
    """A cut after its repairs, but for slots that are barred and what was refused."""
    now, done, cut = search.cut.slots, list[Repair](), search.cut
    for _ in range(_ROUNDS if search.decode else 1):
        told = search.decoded(now)
        now, moved = repair_faults(
            *(now, search.films),
            least_frames=cut.brief.min_shot,
            reasons=search.reasons,
            keep_length=keeps_length(cut),
            barred=barred,
            refused=refused,
            stand_ins=search.stand_ins,
        )
        faded: list[Repair] = []
        if not moved:  # else the joins are others now, and are listened to again
            now, faded = crossfade_clicks(now, told, barred)
        done += [*moved, *faded]
        if not moved and not faded:
            break
    return now, done


def _new_faults(before: Sequence[Fault], after: Sequence[Fault]) -> list[Fault]:
    """What was not there before, or not so bad; each old fault stands for one."""
    old, new = list(before), list[Fault]()
    for fault in after:
        same = [o for o in old if (o.kind, o.slot) == (fault.kind, fault.slot)]
        if same:
            old.remove(same[0])
        else:
            new.append(fault)
    return new


def _is_crossfade(repair: Repair) -> bool:
    """Whether a repair took nothing but clicks away, which next to never brings a fault."""
    return all(fault.kind == "click" for fault in repair.faults)


def _is_by(repair: Repair, fault: Fault) -> bool:
    """Whether a fault may have come by a repair: it is in a slot that was changed, or beside."""
    return any(abs(i - fault.slot) <= 1 for i in (repair.slot, *repair.also))


def _decoded_faults(
    catalog: Catalog, cut: Cut, films: Mapping[MediaId, FilmSeen], on_progress: Progress
) -> list[Fault]:
    """What a decode shows, but for what is only how pieces of film meet."""
    seen = programme_faults(measure_cut(cut, sources_of(catalog, cut), on_progress))
    return as_one((), seen, cut, films)


def _films(catalog: Catalog, cut: Cut) -> dict[MediaId, FilmSeen]:
    media = dict.fromkeys(slot.media for slot in cut.slots)
    return {one: FilmSeen.of(catalog, catalog.get_media(one)) for one in media}


def _missing(catalog: Catalog, cut: Cut) -> list[str]:
    media = [catalog.get_media(one) for one in dict.fromkeys(slot.media for slot in cut.slots)]
    return [one.path for one in media if not Path(one.path).is_file()]


def _reasons(catalog: Catalog, cut: Cut) -> Reasons:
    """The parts of an alternate's score; the ranker is asked for when the first is taken."""
    known: dict[MediaId, Callable[[int], tuple[Reason, ...]]] = {}

    def reasons(media: MediaId, alternate: Alternate) -> tuple[Reason, ...]:
        if media not in known:
            scores = score_shots(catalog, catalog.get_media(media), cut.ranker)
            known[media] = scores.reasons
        ranked = known[media](alternate.shot)
        rest = alternate.score - sum(reason.value for reason in ranked)
        return (*ranked, Reason(PLACE_REASON, rest))

    def told(media: MediaId, alternate: Alternate) -> tuple[Reason, ...]:
        try:
            return reasons(media, alternate)
        except ModelError:
            return (Reason(ALTERNATE_REASON, alternate.score),)

    return told


def _known(
    films: Mapping[MediaId, FilmSeen], cut: Cut, faults: Sequence[Fault]
) -> dict[MediaId, FilmSeen]:
    """Films with what a decode of the cut showed of them: their own faults, and shots alike."""
    known = _blemished(films, cut, faults)
    for fault in faults:
        starts = [record.start for record in cut.record_ranges()]
        if fault.kind != "jump cut" or fault.frame not in starts[1:]:
            continue
        number = starts.index(fault.frame)
        old, new = cut.slots[number - 1], cut.slots[number]
        film = known[old.media]
        pair = (old.shot, new.media, new.shot)
        known[old.media] = replace(film, akin=film.akin | {pair})
    return known


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
                flaw = _blemish(fault, slot, record)
                if not any(_same_flaw(flaw, known) for known in found[slot.media]):
                    found[slot.media].append(flaw)
    return {
        media: replace(film, blemishes=tuple(dict.fromkeys(found[media])))
        for media, film in films.items()
    }


def _is_own(fault: Fault, record: FrameRange, film: FilmSeen, cut: Cut) -> bool:
    """Whether a fault is one of the film, rather than of how it was cut."""
    at_join = fault.frame == record.start and fault.kind in ("click", "dropped")
    ends = fault.frame <= record.start or fault.frame + fault.frames >= record.end
    cut_in = fault.kind == "flash" and ends  # of a neighbouring shot, or the slot itself
    cut_in |= fault.kind == "silence" and fault.frame + fault.frames > record.end
    return fault.kind in _OF_THE_FILM and film.rate == cut.rate and not at_join and not cut_in


def _same_flaw(one: Blemish, other: Blemish) -> bool:
    return one.kind == other.kind and one.frames.overlaps(other.frames)


def _blemish(fault: Fault, slot: Slot, record: FrameRange) -> Blemish:
    start = slot.source.start + fault.frame - record.start
    end = min(start + fault.frames, slot.source.end)
    span = FrameRange(start, max(end, start + 1))
    return Blemish(fault.kind, span, fault.value, fault.threshold, fault.unit, fault.words)
