"""What of a cut a format cannot hold, told when it is written: nothing is lost silently."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from editing.interchange.conform import nearest_frame
from editing.interchange.fcp7xml import MAX_GAIN
from editing.interchange.sequence import Event, SourceFile, reel_names
from editing.interchange.sequence import Sequence as CutSequence

TimelineFormat = Literal["otio", "edl", "fcp7", "fcpxml", "ale", "csv"]

_NAMES: dict[TimelineFormat, str] = {
    "otio": "OTIO",
    "edl": "an EDL",
    "fcp7": "FCP7 XML",
    "fcpxml": "FCPXML",
    "ale": "an ALE",
    "csv": "a CSV cut list",
}
_CHANNELS = {"edl": 2, "ale": 4}
_REEL = 8


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a format does not hold as the cut has it."""

    slots: tuple[int, ...]
    """That it is of, counted from 1; empty where it is of the whole cut, or of films."""
    words: str
    """For people, without the slots."""

    @property
    def text(self) -> str:
        """For people, with the slots."""
        return f"{_slots(self.slots)}: {self.words}" if self.slots else self.words


def export_remarks(sequence: CutSequence, target: TimelineFormat) -> list[str]:
    """What `target` does not hold of a sequence, for people; slots are counted from 1."""
    return [remark.text for remark in remarks_of(sequence, target)]


def remarks_of(sequence: CutSequence, target: TimelineFormat) -> list[Remark]:
    """What `target` does not hold of a sequence, with the slots that it is of, for programs."""
    return list(_remarks(sequence, target))


def _of(slots: Sequence[int], words: str) -> Remark:
    return Remark(tuple(slots), words)


def _remarks(sequence: CutSequence, target: TimelineFormat) -> Iterator[Remark]:
    name = _NAMES[target]
    if sequence.cut.brief.music is not None:
        music = sequence.cut.brief.music.path.replace("\\", "/").rsplit("/", 1)[-1]
        words = f"the music {music} is not in the timeline; lay it under from the first frame on"
        yield _of((), words)
    events = list(enumerate(sequence.events, start=1))
    reframed = [n for n, event in events if event.slot.reframe]
    if reframed and target == "otio":
        yield _of(reframed, "the reframing is in OTIO's metadata, which others do not read")
    elif reframed and target != "csv":
        yield _of(reframed, f"{name} does not hold the reframing; the whole picture is shown")
    louder = [n for n, event in events if event.sound and event.sound.gain]
    if louder and target in ("edl", "ale"):
        yield _of(louder, f"{name} does not hold the gain of the sound")
    if louder and target == "otio":
        yield _of(louder, "the gain is in OTIO's metadata, which others do not read")
    loudest = [n for n, e in events if e.sound and e.sound.gain > MAX_GAIN]
    if loudest and target == "fcp7":
        yield _of(loudest, f"FCP7 XML has gains up to {MAX_GAIN:g} dB; that is written")
    yield from _crossfades(sequence, target, name)
    yield from _other_rates(sequence, target)
    if target == "ale":
        mixed = [n for n, e in events if e.transition or (e.sound and not e.in_step)]
        if mixed:
            yield _of(mixed, "an ALE logs the picture's ranges without transitions or splits")
    if sequence.markers and target == "ale":
        noted = [n for n, event in events if event.slot.note]
        yield _of(noted, "an ALE does not hold the notes")
    most = _CHANNELS.get(target, 1000)
    wide = [file.name for file in sequence.files if file.channels > most]
    if wide:
        yield _of((), f"{', '.join(wide)}: {name} holds {most} channels of sound")
    if target == "edl":
        yield from _reels(sequence)
    long = [file.reel for file in sequence.files if len(file.reel) > _REEL]
    if long and target == "edl":
        yield _of(
            (), f"{', '.join(long)}: reels of more than the {_REEL} characters that CMX3600 has"
        )


def _reels(sequence: CutSequence) -> Iterator[Remark]:
    """Films whose reels say less than they should: told by name, where an EDL has only reels."""
    same: dict[str, list[SourceFile]] = {}
    numbered: dict[str, list[SourceFile]] = {}
    for file in sequence.files:
        same.setdefault(file.reel, []).append(file)
        numbered.setdefault(reel_names([file.name])[0], []).append(file)
    for reel, files in same.items():
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            words = (
                f"{names} are all of reel {reel}; where their timecodes overlap, only names tell"
            )
            yield _of((), words)
    for reel, files in numbered.items():
        reels = [file.reel for file in files]
        if len(files) > 1 and len(set(reels)) == len(reels) and reel in reels:
            told = ", ".join(f"{file.name} is {file.reel}" for file in files)
            words = f"reels of {_REEL} characters would be the same for some films: {told}"
            yield _of((), words)


def _other_rates(sequence: CutSequence, target: TimelineFormat) -> Iterator[Remark]:
    """What is not told of films of another rate than the cut's."""
    others = [(n, e) for n, e in enumerate(sequence.events, start=1) if e.conform != 1]
    if not others:
        return
    names = ", ".join(dict.fromkeys(f"{e.file.name} of {_per_second(e)}" for _, e in others))
    if target == "ale":
        yield _of((), f"an ALE tells one rate; the column FPS tells that of {names}")
    if target == "edl":
        yield _of(
            [number for number, _ in others],
            f"source timecode counts at the film's own rate ({names}), which an EDL tells by M2 "
            "lines and a comment only; a system that reads neither has to be told",
        )
    between = [n for n, e in others if nearest_frame(_on_grid(e) * e.step) != e.source.start]
    if target == "fcp7" and between:
        yield _of(
            between,
            "the first frame lies between two frames of the sequence, which only Premiere's "
            "pproTicksIn tells; elsewhere it is the nearest one",
        )


def _on_grid(event: Event) -> int:
    return nearest_frame(event.source.start / event.step)


def _per_second(event: Event) -> str:
    return f"{float(event.file.rate):.3f}".rstrip("0").rstrip(".")


def _crossfades(sequence: CutSequence, target: TimelineFormat, name: str) -> Iterator[Remark]:
    asked = [
        (number, event.sound.fade_ms)
        for number, event in enumerate(sequence.events)
        if event.sound and event.sound.fade_ms and number
    ]
    if target not in ("otio", "fcp7"):
        if asked and target != "csv":
            numbers = [n + 1 for n, _ in asked]
            yield _of(numbers, f"{name} does not hold the crossfades of the sound")
        return
    short = [n + 1 for n, _ in asked if not sequence.crossfade(n)]
    if short:
        kept = " but in its metadata" if target == "otio" else ""
        yield _of(
            short,
            "the crossfade of the sound is under a frame on either side, or the sounds have no "
            f"frames for it; {name} does not hold it{kept}",
        )
    rounded = [
        n + 1
        for n, ms in asked
        if sequence.crossfade(n) and 2000 * sequence.crossfade(n) != ms * sequence.rate
    ]
    if rounded:
        yield _of(rounded, "the crossfade of the sound is rounded to whole frames")


def _slots(numbers: Sequence[int]) -> str:
    told = [f"{number}" for number in numbers]
    if len(told) == 1:
        return f"slot {told[0]}"
    if len(told) > 6:
        return f"slots {', '.join(told[:5])} and {len(told) - 5} more"
    return f"slots {', '.join(told[:-1])} and {told[-1]}"
