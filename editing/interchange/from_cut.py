"""A cut made ready for interchange: its files with reels and timecode, its joins checked.

Pure; `editing.run` fetches the films.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from editing.cut import Cut, Transition
from editing.errors import TimelineError
from editing.interchange.conform import nearest_frame, shown_frames, taken
from editing.interchange.sequence import (
    Event,
    Heard,
    Marker,
    Sequence,
    SourceFile,
    printable,
    reel_names,
)
from ingest.media import Media, MediaId
from ingest.timecode import FrameRange, supports_drop_frame, timecode_to_frame


def sequence_from_cut(
    cut: Cut,
    media: Mapping[MediaId, Media],
    grid_frames: Mapping[MediaId, int],
    originals: Mapping[MediaId, tuple[SourceFile, int]] | None = None,
    *,
    check: bool = True,
) -> Sequence:
    """A cut with all that the writers need to know of its files.

    Args:
        cut: Any version of any cut.
        media: Each that a slot is taken from.
        grid_frames: How many frames each has on its grid.
        originals: For films that are relinked: the camera original, and which of its frames is the
            film's first.
        check: Whether joins have to fit. To be looked at, a cut may have sound that leads by more
            than there is; it is then as if it were cut with its picture.

    Raises:
        TimelineError: A file has a timecode that its rate lacks, or lacks frames that the cut asks
            for; or the cut is empty. With `check` also: what `check_sequence` refuses.
    """
    if not cut.slots:
        raise TimelineError(f"cut {cut.id} has no slots, so there is nothing to export")
    used = [media[media_id] for media_id in dict.fromkeys(slot.media for slot in cut.slots)]
    files = {
        m.id: (source_file(m, "", grid_frames[m.id]), 0)
        for m in used
        if not (originals and m.id in originals)
    }
    files |= {m.id: originals[m.id] for m in used if originals and m.id in originals}
    taken = [file.reel for file, _ in files.values() if file.reel]
    unnamed = [m for m in used if not files[m.id][0].reel]
    for one, reel in zip(unnamed, reel_names((m.name for m in unnamed), taken), strict=True):
        files[one.id] = (replace(files[one.id][0], reel=reel), files[one.id][1])
    events = _events(cut, files, check=check)
    name = printable(f"{cut.name} v{cut.version}")
    markers = tuple(
        Marker(event.record.start, printable(event.slot.note))
        for event in events
        if event.slot.note.strip()
    )
    drop = events[0].file.drop and supports_drop_frame(cut.rate)
    sequence = Sequence(name, cut.rate, drop, events, cut, markers)
    if check:
        check_sequence(sequence)
    return sequence


def _events(
    cut: Cut, files: Mapping[MediaId, tuple[SourceFile, int]], *, check: bool
) -> tuple[Event, ...]:
    events = []
    for number, (slot, record) in enumerate(zip(cut.slots, cut.record_ranges(), strict=True)):
        file, shift = files[slot.media]
        transition = slot.transition
        if number == 0 and transition:  # there is nothing before it but black
            after = transition.after
            transition = Transition("dip", 0, after) if after else None
        step = file.rate / cut.rate
        start = slot.source.start + shift
        try:
            shown = shown_frames(start, record.frames, step)
        except ValueError as error:
            raise TimelineError(f"slot {number + 1} cannot be exported: {error}") from None
        if shown.end > file.frames:
            raise TimelineError(
                f"{file.name} has {file.frames:,} frames, and the cut asks for "
                f"{shown.start:,} to {shown.end - 1:,} in slot {number + 1}; make the cut again"
            )
        source = taken(start, record.frames, step)
        try:
            sound = _heard(cut, number, record, start, step) if file.channels else None
        except ValueError as error:
            if check:
                raise TimelineError(f"slot {number + 1} cannot be exported: {error}") from None
            sound = Heard(source, record)
        events.append(Event(file, source, record, slot, transition, sound, step))
    return tuple(events)


def _heard(cut: Cut, number: int, record: FrameRange, start: int, step: Fraction) -> Heard:
    """The sound of a slot; leads are frames of the cut, whatever the rate of the film."""
    slot = cut.slots[number]
    lead = slot.sound.lead if number else 0
    following = cut.slots[number + 1].sound.lead if number + 1 < len(cut.slots) else 0
    heard = FrameRange(record.start - lead, record.end - following)
    return Heard(
        taken(nearest_frame(start - lead * step), heard.frames, step),
        heard,
        slot.sound.gain,
        slot.sound.fade_ms if number else 0,
    )


def check_sequence(sequence: Sequence) -> None:
    """Refuse a sequence whose files lack frames that are asked for, or whose joins do not fit.

    Raises:
        TimelineError: Names the event, counted from 1.
    """
    end = 0
    for number, event in enumerate(sequence.events):
        here = f"slot {number + 1}"
        if event.record.start < end:
            raise TimelineError(f"{here} begins before the one before it ends")
        _check_joins(sequence, number, here, joined=event.record.start == end and number > 0)
        end = event.record.end
        source, record = sequence.shown(number)
        if event.conform != 1:
            source = shown_frames(source.start, record.frames, event.conform)
        heard = event.sound.source if event.sound and event.conform == 1 else source
        first, after = min(source.start, heard.start), max(source.end, heard.end)
        if after > event.file.frames:
            raise TimelineError(
                f"{event.file.name} has {event.file.frames:,} frames, and the cut asks for "
                f"{first:,} to {after - 1:,} in {here} with its transitions and sound; "
                "trim the slot"
            )


def _check_joins(sequence: Sequence, number: int, here: str, *, joined: bool) -> None:
    event = sequence.events[number]
    following = sequence.events[number + 1].transition if sequence.events[number + 1 :] else None
    into = event.transition.after if event.transition else 0
    out = following.before if following else 0
    if into + out > event.record.frames:
        raise TimelineError(
            f"{here} has {event.record.frames} frames, fewer than the {into + out} that the "
            "transitions at its ends take of it"
        )
    if event.transition and event.transition.before and not joined:
        raise TimelineError(f"{here}: there is nothing before it to come from")
    out_of = following.after if following and following.kind == "dissolve" else 0
    back = event.transition.before if event.transition else 0
    if (back * event.speed).denominator != 1 or (out_of * event.speed).denominator != 1:
        raise TimelineError(f"{here}: at its speed a transition does not take whole frames of it")
    if back * event.step > event.source.start and sequence.dissolve_into(number):
        raise TimelineError(
            f"{here} dissolves in over {back} frames before its first, and {event.file.name} has "
            f"{event.source.start} there; shorten the transition or slip the slot"
        )


def source_file(media: Media, reel: str, frames: int) -> SourceFile:
    """A media as sequences name it.

    Args:
        media: The film.
        reel: See `SourceFile.reel`.
        frames: Of the film, on its grid.

    Raises:
        TimelineError: It has a timecode that its rate lacks.
    """
    start, drop = first_timecode(media.name, media.start_timecode, media.rate)
    width, height = media.display_size
    return SourceFile(
        name=printable(media.name),
        reel=reel,
        path=media.path,
        rate=media.rate,
        frames=frames,
        start=start,
        drop=drop,
        width=width,
        height=height,
        channels=media.audio.channels if media.audio else 0,
        sample_rate=media.audio.sample_rate if media.audio else 0,
    )


def first_timecode(name: str, timecode: str | None, rate: Fraction) -> tuple[int, bool]:
    """A file's first timecode as a frame number, and whether it is drop-frame; 0 without one.

    Raises:
        TimelineError: Its rate lacks such a timecode.
    """
    if not timecode:
        return 0, False
    try:
        return timecode_to_frame(timecode, rate), ";" in timecode or "," in timecode
    except ValueError as error:
        raise TimelineError(f"{name} carries a timecode it cannot have: {error}") from None
