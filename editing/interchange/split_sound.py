"""The sound of a timeline as a cut can hold it: how far each edit's sound leads its picture.

Pure. Sound that is not in step with a picture, and channels that are cut apart, are told.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from editing.cut import SlotSound
from editing.interchange.read_sequence import Edit, ReadSequence


@dataclass(frozen=True, slots=True)
class Sounded:
    """The sound of one edit of the picture."""

    lead: int
    """Frames by which it begins before the picture; see `editing.cut.SlotSound`."""
    gain: float | None
    """Decibels; None where the format does not tell."""
    fade_frames: int | None
    """Of the crossfade at its beginning, both sides; None where the format does not tell."""
    short_fade_ms: int = 0
    """Milliseconds of it where it is too short for frames and the file tells it all the same."""
    in_step: bool = True
    """Whether there is such a sound; without it the rest is what a slot has by itself."""

    def in_slot(self, rate: Fraction) -> SlotSound:
        """As a slot holds it, at `rate` frames per second; what is not told is left out."""
        fade = round(1000 * Fraction(self.fade_frames or 0) / rate) or self.short_fade_ms
        gain = min(max(self.gain or 0.0, -60.0), 20.0)
        return SlotSound(self.lead, min(1000, fade), gain)


def sounds_of(
    read: ReadSequence, pictures: Sequence[Edit]
) -> tuple[list[Sounded] | None, list[str]]:
    """The sound of each edit of the picture.

    Args:
        read: By any reader.
        pictures: The edits of its one track of picture, in order.

    Returns:
        One for each picture, or None if there is no sound at all; and what is not kept of it.
    """
    tracks = dict.fromkeys(edit.track for edit in read.edits if not edit.track.startswith("V"))
    if not tracks:
        return None, []
    told: list[str] = []
    first, *others = tracks
    edits = read.track(first)
    cuts = [_frames(edit) for edit in edits]
    for track in others:
        if [_frames(edit) for edit in read.track(track)] not in ([], cuts):
            told.append(f"{track} is cut elsewhere than {first}; {first} counts")
        elif [edit.gain for edit in read.track(track)] not in ([], [e.gain for e in edits]):
            told.append(f"{track} has other levels than {first}; {first} counts")
    finder = _InStep(edits)
    of_picture = [finder.find(picture) for picture in pictures]
    used = {id(edit) for edit in of_picture if edit is not None}
    alone = [edit for edit in edits if id(edit) not in used]
    if alone:
        count = f"{len(alone)} edit{'s' * (len(alone) != 1)}"
        at = read.timecode(alone[0].record.start)
        told.append(f"{first}: {count} of sound without their picture, at {at}, are not taken over")
    leads = _leads(read, pictures, of_picture, told)
    return [_sounded(read, lead, edit) for lead, edit in zip(leads, of_picture, strict=True)], told


def _sounded(read: ReadSequence, lead: int, edit: Edit | None) -> Sounded:
    if edit is None:
        return Sounded(lead, None, None, in_step=False)
    fades = read.format in ("otio", "fcp7")
    fade = edit.transition.frames if edit.transition else 0
    return Sounded(lead, edit.gain, fade if fades else None, edit.fade_ms)


def _leads(
    read: ReadSequence,
    pictures: Sequence[Edit],
    of_picture: Sequence[Edit | None],
    told: list[str],
) -> list[int]:
    """How far each sound leads; where a cut's sound would begin or end elsewhere, it is told."""
    leads: list[int] = []
    shared = _shared(of_picture)
    for sharing in shared.values():
        if any(pictures[a].record.end != pictures[b].record.start for a, b in pairwise(sharing)):
            told.append(
                f"edits {', '.join(f'{n + 1}' for n in sharing)} go with one piece of sound; what "
                "is heard of it between them is not kept"
            )
    for number, (picture, sound) in enumerate(zip(pictures, of_picture, strict=True), start=1):
        lead = picture.record.start - sound.record.start if sound else 0
        if id(sound) in shared and shared[id(sound)][0] != number - 1:
            lead = 0
        if sound is None:
            told.append(f"edit {number} has no sound in step with it; a cut's slots keep theirs")
        if number == 1 and lead:
            told.append(f"edit 1: its sound begins {_apart(lead)} its picture, which is not kept")
            lead = 0
        leads.append(lead)
    for number, (sound, after) in enumerate(zip(of_picture, [*of_picture[1:], None], strict=True)):
        picture = pictures[number]
        if sound is None or id(sound) in shared:
            continue
        last = number + 1 == len(pictures)
        if last:
            end = picture.record.end
        elif picture.record.end < pictures[number + 1].record.start or after is None:
            continue  # a gap in the picture, or a sound that is told already
        else:
            end = after.record.start
        if sound.record.end != end:
            at = read.timecode(sound.record.end)
            told.append(
                f"edit {number + 1}: its sound ends at {at}, {abs(sound.record.end - end)} frames "
                f"{'early' if sound.record.end < end else 'late'}; a cut's sound has no gaps"
            )
    return leads


def _shared(of_picture: Sequence[Edit | None]) -> dict[int, list[int]]:
    """Edits of the picture, by their number, that share one edit of sound."""
    users: dict[int, list[int]] = {}
    for number, sound in enumerate(of_picture):
        if sound is not None:
            users.setdefault(id(sound), []).append(number)
    return {sound: numbers for sound, numbers in users.items() if len(numbers) > 1}


class _InStep:
    """Finds the sound that goes with a picture; sounds lie in order, none over another."""

    def __init__(self, sounds: Sequence[Edit]) -> None:
        self.sounds = sounds
        self.starts = [sound.record.start for sound in sounds]
        self.ends = [sound.record.end for sound in sounds]

    def find(self, picture: Edit) -> Edit | None:
        """The sound of the same source, frame for frame in step, that is heard most with it."""
        record = picture.record
        near = self.sounds[
            bisect_right(self.ends, record.start) : bisect_left(self.starts, record.end)
        ]
        same = [sound for sound in near if _are_in_step(picture, sound)]

        def heard(sound: Edit) -> int:
            return min(sound.record.end, record.end) - max(sound.record.start, record.start)

        return max(same, key=heard, default=None)


def _are_in_step(picture: Edit, sound: Edit) -> bool:
    if _source(sound) != _source(picture) or sound.conform != picture.conform:
        return False
    if picture.speed != 1 or sound.speed != 1:
        told = (sound.source, sound.record, sound.step)
        return told == (picture.source, picture.record, picture.step)
    later = (sound.record.start - picture.record.start) * picture.step
    apart = abs(sound.source.start - picture.source.start - later)
    return apart <= (picture.conform != 1)  # where rates differ both begin at whole frames


def _source(edit: Edit) -> tuple[str, str]:
    return edit.name, edit.path


def _frames(edit: Edit) -> tuple[object, ...]:
    return edit.name, edit.source, edit.record


def _apart(lead: int) -> str:
    return f"{abs(lead)} frames {'before' if lead > 0 else 'after'}"
