"""A finished timeline looked at: its events found on disk or in the catalogue, and decoded.

What cannot be looked at is told event by event: media that is not there, frames that it has not,
another speed. The rest is checked as a cut is; a film of another rate as the render conforms it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

from editing.cut import Brief, Cut, CutId, Slot
from editing.errors import TimelineError
from editing.faults.decoded_cut import Progress, measure_cut
from editing.faults.disk_media import source_on_disk
from editing.faults.finding import Fault, Kind
from editing.faults.judging import programme_faults
from editing.faults.programme import Clock
from editing.faults.repeated_frames import Shown, repeated_frames
from editing.faults.search import FLASH_FRAMES
from editing.faults.wording import counted
from editing.finish.sound import unheard_sounds
from editing.finish.source import Source
from editing.frame_grid import FrameGrid
from editing.interchange.conform import shown_frame, shown_frames
from editing.interchange.layers import picture_of
from editing.interchange.read_sequence import Edit, ReadSequence
from editing.interchange.reading import format_of, read_timeline
from editing.interchange.sequence import day_frames, printable, reel_names
from editing.interchange.split_sound import sounds_of
from ingest.catalog import Catalog
from ingest.errors import UnreadableMedia
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange, timecode_to_frame

_MOST_EVENTS = 50_000
"""Of a timeline that is looked at; a long film has some thousands."""
_AT_JOINS: tuple[Kind, ...] = (
    *("jump cut", "click", "loudness step", "bars step"),
    *("exposure step", "colour step", "flash"),
)
"""Kinds that a gap, or an event that was not looked at, would make where it is left out."""
_OF_SOUND: tuple[Kind, ...] = ("word", "click", "dropout", "clipping", "silence", "loudness step")


@dataclass(frozen=True, slots=True)
class CheckedTimeline:
    """What a timeline was found to be; slots of its faults count its events from 0."""

    path: Path
    events: int
    looked_at: int
    """Events that were decoded."""
    clock: Clock
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...]
    """What was not looked at, for people."""


@dataclass(frozen=True, slots=True)
class _Event:
    """An event that can be decoded."""

    number: int
    record: FrameRange
    slot: Slot
    heard: bool = True
    """Whether its own sound is heard with it."""


def check_timeline(
    path: Path,
    catalog: Catalog,
    *,
    rate: Fraction | None = None,
    folders: Sequence[Path] = (),
    on_progress: Progress = lambda done: None,
) -> CheckedTimeline:
    """Look for the faults of a timeline's picture, and of the sound that goes with it.

    Args:
        path: An OTIO, EDL, FCP7 XML or FCPXML file.
        catalog: Films are looked for in it first.
        rate: Frames per second, which an EDL does not tell; the catalogue's if all films have one.
        folders: Where else to look for media, by file name; the timeline's own folder always is.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        TimelineError: It cannot be read, holds no picture, or more events than are looked at.
        RenderError: A film has changed since it was ingested.
        UnreadableMedia: A film cannot be opened.
    """
    rate = rate or _catalogue_rate(path, catalog)
    read = read_timeline(path, rate, _rates_of_reels(catalog, rate))
    if not any(edit.track.startswith("V") for edit in read.edits):
        raise TimelineError(f"{path}: the timeline has no picture")
    edits, told = picture_of(read)
    remarks = [*read.remarks, *told]
    if len(edits) > _MOST_EVENTS:
        raise TimelineError(
            f"{path}: {len(edits):,} events of picture; up to {_MOST_EVENTS:,} are looked at. "
            "Give it in parts"
        )
    finder = _Finder(catalog, [path.parent, *folders], read)
    events, faults = list[_Event](), list[Fault]()
    for number, edit in enumerate(edits):
        found = finder.event(number, edit)
        if isinstance(found, Fault):
            faults.append(found)
        elif isinstance(found, str):
            remarks.append(found)
        else:
            events.append(found)
    events, told = _with_handles(events, finder.sources, read.rate)
    remarks += told
    events, told = _with_sound(events, read, edits)
    remarks += told
    for source in finder.sources.values():
        remarks += unheard_sounds(source.media.path)
    faults += _decoded(events, finder.sources, read.rate, on_progress)
    remarks += _on_crossfades(read, edits, faults)
    faults.sort(key=lambda fault: (fault.frame, fault.kind))
    clock = Clock(read.rate, read.start, read.drop)
    looked_at = len(events)
    return CheckedTimeline(path, len(edits), looked_at, clock, tuple(faults), tuple(remarks))


def _catalogue_rate(path: Path, catalog: Catalog) -> Fraction:
    """The rate that all films of the catalogue have; any for a format that tells its own."""
    rates = {media.rate for media in catalog.media()}
    form = format_of(path)
    if form not in (None, "edl") or (form is None and path.suffix.lower() != ".edl"):
        return Fraction(25)
    if len(rates) != 1:
        raise TimelineError(
            f"{path} is an EDL, which does not tell its frame rate, and the films of the catalogue "
            f"have {len(rates)} different ones.\nTell it: reel check --rate 24 FILE"
        )
    return rates.pop()


def _rates_of_reels(catalog: Catalog, rate: Fraction) -> dict[str, Fraction]:
    """The reels that only films of one other rate can have, which an EDL may not tell."""
    rates: dict[str, set[Fraction]] = {}
    for media in catalog.media():
        rates.setdefault(reel_names([media.name])[0], set()).add(media.rate)
    sole = {reel: of_it.pop() for reel, of_it in rates.items() if len(of_it) == 1}
    return {reel: own for reel, own in sole.items() if own != rate}


class _Finder:
    """Finds the media of a timeline's events; each is looked for once."""

    def __init__(self, catalog: Catalog, folders: Sequence[Path], read: ReadSequence) -> None:
        self.catalog, self.folders, self.rate = catalog, folders, read.rate
        self.sources: dict[MediaId, Source] = {}
        media = catalog.media()
        reels = reel_names(one.name for one in media)
        self._named = dict(zip(reels, media, strict=True))
        self._named |= {printable(one.name): one for one in media}
        self._known: dict[tuple[str, str, str], Source | str] = {}

    def event(self, number: int, edit: Edit) -> _Event | Fault | str:
        """An event that can be decoded, a fault why it cannot, or words why it is not."""
        key = (edit.name, edit.reel, edit.path)
        if key not in self._known:
            self._known[key] = self._find(edit)
        source = self._known[key]
        if isinstance(source, str):
            return _told("offline", number, edit, source)
        placed = self._placed(number, edit, source)
        if isinstance(placed, _Event):
            self.sources[source.media.id] = source
        return placed

    def _find(self, edit: Edit) -> Source | str:
        media = self._named.get(edit.name) or self._named.get(edit.reel)
        if media is not None and Path(media.path).is_file():
            grid = FrameGrid.of(self.catalog, media)
            return Source(media, grid, self.catalog.frame_times(media.id))
        for place in self._places(edit):
            if place.is_file():
                try:
                    return source_on_disk(place, MediaId(-1 - len(self._known)))
                except UnreadableMedia as error:
                    return f"{edit.name}: {error.reason}"
        if media is not None:
            return f"{edit.name} is not at {media.path} any more"
        return f"{edit.name} is neither in the catalogue nor in {self.folders[0]}"

    def _places(self, edit: Edit) -> list[Path]:
        name = Path(edit.path or edit.name).name
        told = [Path(edit.path)] if edit.path and Path(edit.path).is_absolute() else []
        return told + [folder / name for folder in self.folders if name]

    def _placed(self, number: int, edit: Edit, source: Source) -> _Event | Fault | str:
        """An event on its film's own frames, of which `Slot.source` tells the first."""
        media, frames, step = source.media, source.grid.frames, source.media.rate / self.rate
        if edit.conform != step:
            words = (
                f"{media.name} runs at {float(media.rate):.3f}, and the timeline takes it for "
                f"{float(edit.conform * self.rate):.3f}"
            )
            return _told("offline", number, edit, words)
        start = edit.source.start - _first_frame(media)
        if start < 0:  # timecode has gone past midnight
            start += day_frames(media.rate, drop=_is_drop(media))
        plain = edit.speed == 1
        last = start + edit.source.frames - 1
        if plain:
            last = shown_frame(start, edit.record.frames - 1, step)
        if last >= frames:
            words = f"asks for frames {start:,} to {last:,} of {media.name}, which has {frames:,}"
            return _told("length", number, edit, words)
        if not plain:
            return (
                f"event {number + 1} {_playing(edit.speed, media.name)}: neither its "
                f"{counted(edit.record.frames, 'frame')} nor its sound and joins were looked at"
            )
        span = FrameRange(start, start + edit.record.frames)
        slot = Slot(media.id, 0, span, 0.0, (), transition=edit.transition)
        return _Event(number, edit.record, slot)


def _playing(speed: Fraction, name: str) -> str:
    if speed == 0:
        return f"stands still on a frame of {name}"
    times = "" if abs(speed) == 1 else f" at {float(abs(speed)):.3g} times its speed"
    return f"plays {name}{' backwards' * (speed < 0)}{times}"


def _told(kind: Kind, number: int, edit: Edit, words: str) -> Fault:
    frames = edit.record.frames
    return Fault(kind, number, edit.record.start, frames, 1, "frames", words, frames=frames)


def _first_frame(media: Media) -> int:
    if not media.start_timecode:
        return 0
    try:
        return timecode_to_frame(media.start_timecode, media.rate)
    except ValueError:
        return 0


def _is_drop(media: Media) -> bool:
    return bool(media.start_timecode) and any(c in str(media.start_timecode) for c in ";,")


def _with_handles(
    events: Sequence[_Event], sources: dict[MediaId, Source], rate: Fraction
) -> tuple[list[_Event], list[str]]:
    """The events without the dissolves that films have no frames for, and words on those."""
    found, told = list(events), list[str]()
    for place, event in enumerate(events):
        change, slot = event.slot.transition, event.slot
        if change is None or change.kind == "dip" or not _meets(events, place):
            continue
        before = events[place - 1]
        out, into = sources[before.slot.media], sources[slot.media]
        last = out.grid_frame(before.slot, before.record.frames - 1 + change.after, rate)
        if into.grid_frame(slot, -change.before, rate) < 0 or last >= out.grid.frames:
            found[place] = replace(event, slot=replace(slot, transition=None))
            told.append(
                f"the films lack frames for the dissolve into event {event.number + 1}: looked at "
                "as a cut"
            )
    return found, told


def _with_sound(
    events: Sequence[_Event], read: ReadSequence, edits: Sequence[Edit]
) -> tuple[list[_Event], list[str]]:
    """The events with the leads, crossfades and gains of their sound, and words on other sound."""
    sounds, others = sounds_of(read, edits)
    told = []
    if others:
        told.append(
            "some of the timeline's sound does not go with its picture, and is not listened to"
        )
    if sounds is None:
        return list(events), told
    found, joins, end = list[_Event](), list[int](), 0
    for place, event in enumerate(events):
        sound = sounds[event.number].in_slot(read.rate)
        if not _meets(events, place):
            sound = replace(sound, lead=0, fade_ms=0)
        slot, heard = replace(event.slot, sound=sound), sounds[event.number].in_step
        found.append(replace(event, slot=slot, heard=heard))
        joins.append(end - sound.lead)
        end += event.record.frames
    if any(one >= other for one, other in pairwise([*joins, end])):
        told.append("sounds lead or lag past others; they are listened to as cut with the picture")
        plain = zip(events, found, strict=True)
        return [replace(event, heard=one.heard) for event, one in plain], told
    return found, told


def _on_crossfades(
    read: ReadSequence, edits: Sequence[Edit], faults: Sequence[Fault]
) -> Iterator[str]:
    """What is to be known of clicks at joins where a format cannot hold what takes them away."""
    joins = {edit.record.start for edit in edits}
    clicks = sum(fault.kind == "click" and fault.frame in joins for fault in faults)
    if clicks and read.format in ("edl", "fcpxml"):
        name = {"edl": "an EDL", "fcpxml": "FCPXML"}[read.format]
        yield (
            f"{name} holds no crossfades of sound, so its joins are listened to as hard cuts: "
            f"{counted(clicks, 'click')} there"
        )


def _meets(events: Sequence[_Event], place: int) -> bool:
    """Whether an event follows right upon the one before it."""
    return place > 0 and events[place - 1].record.end == events[place].record.start


def _decoded(
    events: Sequence[_Event],
    sources: dict[MediaId, Source],
    rate: Fraction,
    on_progress: Progress,
) -> list[Fault]:
    """The faults of events that are there, at their frames in the timeline."""
    if not events:
        return []
    slots = [event.slot for event in events]
    apart = {place for place in range(len(events)) if not _meets(events, place)}
    slots = [replace(s, transition=None) if i in apart else s for i, s in enumerate(slots)]
    frames = sum(slot.source.frames for slot in slots)
    brief = Brief("rough", frames, 1, frames, Fraction(1), 1.0)
    names = ("timeline", "rough", brief, rate, tuple(slots))
    cut = Cut(CutId(0), 1, slots[0].media, *names, *("", "", "", ""))  # type: ignore[arg-type]
    faults, starts = list[Fault](), [span.start for span in cut.record_ranges()]
    for fault in programme_faults(measure_cut(cut, sources, on_progress)):
        place = bisect_right(starts, fault.frame) - 1
        at_gap = place in apart and fault.frame == starts[place] and place > 0
        if at_gap and fault.kind in _AT_JOINS:
            continue
        beside = events[max(0, place - 1) : place + 1] if fault.frame == starts[place] else []
        if fault.kind in _OF_SOUND and not all(one.heard for one in (events[place], *beside)):
            continue
        frame = events[place].record.start + fault.frame - starts[place]
        faults.append(replace(fault, slot=events[place].number, frame=frame))
    return [*faults, *_repeats(events, sources, rate)]


def _repeats(
    events: Sequence[_Event], sources: dict[MediaId, Source], rate: Fraction
) -> Iterator[Fault]:
    """Frames that an earlier event of the same film has shown.

    So few as make a flash are seen again only at the join of the event that has just shown them.
    """
    by_number = {event.number: event for event in events}
    for repeat in repeated_frames(_shown(event, sources, rate) for event in events):
        least = 1 if repeat.at_join else FLASH_FRAMES + 1
        shared = repeat.frames.frames
        if shared >= least:
            event = by_number[repeat.event]
            step = sources[event.slot.media].media.rate / rate
            later = repeat.frames.start - event.slot.source.start
            frame = event.record.start + max(0, ceil((later - Fraction(1, 2)) / step))
            words = f"{counted(shared, 'frame')} that {repeat.words}"
            place = (event.number, frame, shared, least)
            yield Fault("repeat", *place, "frames", words, frames=shared)


def _shown(event: _Event, sources: dict[MediaId, Source], rate: Fraction) -> Shown:
    media, start = event.slot.media, event.slot.source.start
    step = sources[media].media.rate / rate
    frames = shown_frames(start, event.record.frames, step)
    leaves = _left_behind(event, step)
    return Shown(event.number, media, event.record, frames, leaves)


def _left_behind(event: _Event, step: Fraction) -> FrameRange:
    """What it has shown, but for a frame that it may share with what runs on from it."""
    first, frames = event.slot.source.start, event.record.frames
    goes_on = shown_frame(first, frames, step)
    return FrameRange(first, max(first + 1, min(goes_on, shown_frames(first, frames, step).end)))
