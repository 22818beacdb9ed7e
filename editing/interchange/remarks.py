"""What of a cut a format cannot hold, told when it is written: nothing is lost silently."""

from collections.abc import Iterator, Sequence
from typing import Literal

from editing.interchange.fcp7xml import MAX_GAIN
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


def export_remarks(sequence: CutSequence, target: TimelineFormat) -> list[str]:
    """What `target` does not hold of a sequence, for people; slots are counted from 1."""
    return list(_remarks(sequence, target))


def _remarks(sequence: CutSequence, target: TimelineFormat) -> Iterator[str]:
    name = _NAMES[target]
    if sequence.cut.brief.music is not None:
        music = sequence.cut.brief.music.path.replace("\\", "/").rsplit("/", 1)[-1]
        yield f"the music {music} is not in the timeline; lay it under from the first frame on"
    events = list(enumerate(sequence.events, start=1))
    reframed = [n for n, event in events if event.slot.reframe]
    if reframed and target == "otio":
        yield f"{_slots(reframed)}: the reframing is in OTIO's metadata, which others do not read"
    elif reframed and target != "csv":
        yield f"{_slots(reframed)}: {name} does not hold the reframing; the whole picture is shown"
    louder = [n for n, event in events if event.sound and event.sound.gain]
    if louder and target in ("edl", "ale"):
        yield f"{_slots(louder)}: {name} does not hold the gain of the sound"
    if louder and target == "otio":
        yield f"{_slots(louder)}: the gain is in OTIO's metadata, which others do not read"
    loudest = [n for n, e in events if e.sound and e.sound.gain > MAX_GAIN]
    if loudest and target == "fcp7":
        yield f"{_slots(loudest)}: FCP7 XML has gains up to {MAX_GAIN:g} dB; that is written"
    yield from _crossfades(sequence, target, name)
    if target == "ale":
        mixed = [n for n, e in events if e.transition or (e.sound and not e.in_step)]
        if mixed:
            yield f"{_slots(mixed)}: an ALE logs the picture's ranges without transitions or splits"
    if sequence.markers and target == "ale":
        noted = [n for n, event in events if event.slot.note]
        yield f"{_slots(noted)}: an ALE does not hold the notes"
    most = _CHANNELS.get(target, 1000)
    wide = [file.name for file in sequence.files if file.channels > most]
    if wide:
        yield f"{', '.join(wide)}: {name} holds {most} channels of sound"
    long = [file.reel for file in sequence.files if len(file.reel) > _REEL]
    if long and target == "edl":
        yield f"{', '.join(long)}: reels of more than the {_REEL} characters that CMX3600 has"


def _crossfades(sequence: CutSequence, target: TimelineFormat, name: str) -> Iterator[str]:
    asked = [
        (number, event.sound.fade_ms)
        for number, event in enumerate(sequence.events)
        if event.sound and event.sound.fade_ms and number
    ]
    if target not in ("otio", "fcp7"):
        if asked and target != "csv":
            yield (
                f"{_slots([n + 1 for n, _ in asked])}: {name} does not hold the crossfades of the "
                "sound"
            )
        return
    short = [n + 1 for n, _ in asked if not sequence.crossfade(n)]
    if short:
        kept = " but in its metadata" if target == "otio" else ""
        yield (
            f"{_slots(short)}: the crossfade of the sound is under a frame on either side, or "
            f"the sounds have no frames for it; {name} does not hold it{kept}"
        )
    rounded = [
        n + 1
        for n, ms in asked
        if sequence.crossfade(n) and 2000 * sequence.crossfade(n) != ms * sequence.rate
    ]
    if rounded:
        yield f"{_slots(rounded)}: the crossfade of the sound is rounded to whole frames"


def _slots(numbers: Sequence[int]) -> str:
    told = [f"{number}" for number in numbers]
    if len(told) == 1:
        return f"slot {told[0]}"
    if len(told) > 6:
        return f"slots {', '.join(told[:5])} and {len(told) - 5} more"
    return f"slots {', '.join(told[:-1])} and {told[-1]}"
