"""The search for faults in a cut, from what ingest measured: no file is decoded.

The thresholds are written beside each kind. What needs the samples or pixels themselves (clicks,
dropouts, combing, duplicated frames) is told by `decoded_cut`, and here a blemish of its film.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from editing.cut import Slot
from editing.faults.film import FilmSeen
from editing.faults.finding import Fault
from editing.faults.same_pictures import ALIKE, setups_alike, shown_again
from editing.faults.wording import counted, runs
from ingest.media import MediaId

Films = Mapping[MediaId, FilmSeen]

FLASH_FRAMES = 3
"""A piece of another shot, or a slot, of so many frames or fewer flashes by."""
NEAR_BLACK = 0.02
"""Mean brightness, 0 to 1, below which a frame is near black."""
STILL, FREEZE_SECONDS = 1e-4, 0.5
"""A picture that changes by no more, 0 to 1, for so long is frozen."""
WORD_SECONDS = 0.08
"""A stretch of speech is cut if so much of it is on either side; the ear misses less."""
LOUDNESS_STEP, LOUDNESS_SECONDS, QUIET = 12.0, 0.4, -50.0
"""LU from the last to the first moments of sound at a join; below `QUIET` LUFS is silence."""
EXPOSURE_STEP, EXPOSURE_FRAMES = 0.6, 6
"""Change of mean brightness, 0 to 1, from the last to the first frames at a join."""
EXPOSURE_RATIO = 0.08
"""The same as a share of the brightness, between two films that show one set-up."""
LENGTH_FRAMES, LENGTH_SECONDS = 1, 0.043
"""The sound may be missing for a frame and two blocks of AAC: what a coder fills up."""
BARS_STEP = 0.02
"""Change of a black bar at a join, as a share of the picture's side."""


def find_faults(slots: Sequence[Slot], films: Films) -> list[Fault]:
    """All faults of a cut, in the order of its frames.

    Args:
        slots: In order.
        films: Every film that a slot is of.

    Raises:
        EditError: A slot is of a shot or of frames that its film no longer has.
    """
    for number, slot in enumerate(slots):
        films[slot.media].check(slot, number)
    faults = [fault for i in range(len(slots)) for fault in faults_inside(slots, films, i)]
    faults += [fault for i in range(1, len(slots)) for fault in faults_at_join(slots, films, i)]
    faults += [fault for i in range(len(slots)) for fault in repeats(slots, films, i)]
    faults += [fault for i in {0, len(slots) - 1} if slots for fault in cut_ends(slots, films, i)]
    return sorted(faults, key=lambda fault: (fault.frame, fault.kind))


def faults_inside(slots: Sequence[Slot], films: Films, i: int) -> Iterator[Fault]:
    """Faults within one slot."""
    slot, record = slots[i], _start(slots, i)
    film = films[slot.media]
    yield from _flashes(slot, film, i, record)
    own = list(_blemishes(slot, film, i, record))
    yield from own
    span = slice(slot.source.start, slot.source.end)
    for start, end in runs(film.mixed[span]):
        if start == 0 or end == slot.source.frames:
            words = f"{_frames(end - start)} mixed by a dissolve or fade"
            yield Fault("mixed", i, record + start, end - start, 1, "frames", words, end - start)
    for start, end in runs(film.luma[span] < NEAR_BLACK):
        words = f"{_frames(end - start)} near black"
        yield Fault("black", i, record + start, end - start, 1, "frames", words, end - start)
    still = film.motion[span] <= STILL
    still[0] = False  # its change is from a frame before the slot
    least = max(2, round(FREEZE_SECONDS * film.rate))
    for start, end in runs(still):
        seen = any(f.kind == "freeze" and f.frame < record + end for f in own)
        if end - start >= least and not seen:  # a decode tells it better
            words = f"the picture is frozen for {_frames(end - start)}"
            yield Fault(
                "freeze", i, record + start, end - start, least, "frames", words, end - start
            )
    yield from _without_sound(slot, film, i, record)


def cut_ends(slots: Sequence[Slot], films: Films, i: int) -> Iterator[Fault]:
    """Words cut in half where the cut begins, if slot `i` is its first, and where it ends."""
    slot, record = slots[i], _start(slots, i)
    if i == 0:
        yield from _cut_words(slot.source.start, films[slot.media], i, record, at_end=False)
    if i == len(slots) - 1:
        last = record + slot.source.frames - 1
        yield from _cut_words(slot.source.end, films[slot.media], i, last, at_end=True)


def faults_at_join(slots: Sequence[Slot], films: Films, i: int) -> Iterator[Fault]:
    """Faults where slot `i` follows the one before it."""
    old, new, record = slots[i - 1], slots[i], _start(slots, i)
    before, after = films[old.media], films[new.media]
    if old.media == new.media and old.source.end == new.source.start:
        return  # the film runs on: there is no join to see or hear
    alike = _setup_share(old, before, new, after)
    if alike >= 1 and old.media == new.media:
        words = "the same set-up on both sides"
        yield Fault("jump cut", i, record, alike, 1.0, "of what tells", words)
    lead = new.sound.lead  # where the sound is joined, which may be elsewhere than the picture
    yield from _cut_words(old.source.end - lead, before, i, record - lead, at_end=True)
    yield from _cut_words(new.source.start - lead, after, i, record - lead, at_end=False)
    out, into = before.seconds(old.source.end - lead), after.seconds(new.source.start - lead)
    loud = (
        before.loudness(max(before.seconds(old.source.start), out - LOUDNESS_SECONDS), out)
        + old.sound.gain,
        after.loudness(into, min(after.seconds(new.source.end), into + LOUDNESS_SECONDS))
        + new.sound.gain,
    )
    if all(level > QUIET for level in loud) and abs(loud[1] - loud[0]) >= LOUDNESS_STEP:
        step = loud[1] - loud[0]
        words = f"the sound jumps by {step:+.0f} LU"
        yield Fault("loudness step", i, record, step, LOUDNESS_STEP, "LU", words)
    ends = (
        before.luma[max(old.source.start, old.source.end - EXPOSURE_FRAMES) : old.source.end],
        after.luma[new.source.start : min(new.source.end, new.source.start + EXPOSURE_FRAMES)],
    )
    level, step = float(ends[0].mean()), float(ends[1].mean() - ends[0].mean())
    if abs(step) >= EXPOSURE_STEP:
        words = f"the brightness jumps by {step:+.2f}"
        yield Fault("exposure step", i, record, step, EXPOSURE_STEP, "of 1", words)
    elif alike >= 1 and old.media != new.media and abs(step) >= EXPOSURE_RATIO * max(level, 0.1):
        share = step / max(level, 0.1)
        words = f"one set-up in two films, the second by {share:+.0%} brighter"
        yield Fault("exposure step", i, record, share, EXPOSURE_RATIO, "of itself", words)
    change = np.nan_to_num(np.abs(after.bars[new.shot] - before.bars[old.shot]))
    if change.max() >= BARS_STEP:
        words = f"the black bars change by {change.max():.0%} of the picture"
        yield Fault("bars step", i, record, float(change.max()), BARS_STEP, "of 1", words)


def repeats(slots: Sequence[Slot], films: Films, i: int) -> Iterator[Fault]:
    """Frames of slot `i` that an earlier slot has shown, of its film or of a copy of it.

    Of what was shown elsewhere in the cut so few frames as make a flash are not seen again.
    """
    slot, record = slots[i], _start(slots, i)
    for j, earlier in enumerate(slots[:i]):
        if earlier.media == slot.media:
            start = max(slot.source.start, earlier.source.start)
            shared = min(slot.source.end, earlier.source.end) - start
            words = f"{_frames(shared)} that slot {j + 1} has shown"
        else:
            found = shown_again(slot, films[slot.media], earlier, films[earlier.media])
            start, shared = found
            words = f"about {_frames(shared)} that slot {j + 1} has shown, in another film"
        least = 1 if j == i - 1 else FLASH_FRAMES + 1
        if shared >= least:
            frame = record + start - slot.source.start
            yield Fault("repeat", i, frame, shared, least, "frames", words, shared)


def _setup_share(old: Slot, before: FilmSeen, new: Slot, after: FilmSeen) -> float:
    """How sure it is that both sides of a join are of one set-up: from 1 on it is."""
    if old.media == new.media and old.shot == new.shot:
        return 1 / ALIKE
    if (old.shot, new.media, new.shot) in before.akin:
        return 1.0
    return setups_alike(before, old.shot, after, new.shot)


def _blemishes(slot: Slot, film: FilmSeen, i: int, record: int) -> Iterator[Fault]:
    """What a decode has shown of the film itself, but for what ingest told too."""
    for flaw in film.blemishes:
        start = max(flaw.frames.start, slot.source.start)
        frames = min(flaw.frames.end, slot.source.end) - start
        known = flaw.kind == "black" and bool(film.luma[start : start + 1] < NEAR_BLACK)
        if frames > 0 and not known:
            frame = record + start - slot.source.start
            yield Fault(
                *(flaw.kind, i, frame, flaw.value, flaw.threshold, flaw.unit, flaw.words, frames)
            )


def _without_sound(slot: Slot, film: FilmSeen, i: int, record: int) -> Iterator[Fault]:
    """Frames of a slot that the sound of its film does not reach."""
    allowed = LENGTH_FRAMES / float(film.rate) + LENGTH_SECONDS
    missing = film.seconds(slot.source.end) - film.sound_end
    if missing > allowed:
        first = max(slot.source.start, int(np.ceil(film.sound_end * float(film.rate) - 1e-6)))
        frames = slot.source.end - first
        words = f"the film's sound ends {_frames(frames)} before the slot does"
        frame = record + first - slot.source.start
        yield Fault("length", i, frame, missing, allowed, "s", words, frames)
    late = min(film.sound_start, film.seconds(slot.source.end)) - film.seconds(slot.source.start)
    if late > allowed and np.isfinite(film.sound_end):
        frames = round(late * float(film.rate))
        words = f"the film's sound begins {_frames(frames)} after the slot does"
        yield Fault("length", i, record, late, allowed, "s", words, frames)


def _flashes(slot: Slot, film: FilmSeen, i: int, record: int) -> Iterator[Fault]:
    """A slot, or a piece of another shot at either end of one, that is too short to be seen."""
    start, end = slot.source.start, slot.source.end

    def flash(frame: int, frames: int, words: str) -> Fault:
        return Fault("flash", i, frame, frames, FLASH_FRAMES, "frames", words, frames)

    if end - start <= FLASH_FRAMES:
        yield flash(record, end - start, f"the slot has only {_frames(end - start)}")
        return
    edges = sorted({span.start for span in film.shots if span and start < span.start < end})
    if edges and edges[0] - start <= FLASH_FRAMES:
        frames = edges[0] - start
        yield flash(record, frames, f"{_frames(frames)} of the shot before")
    if edges and end - edges[-1] <= FLASH_FRAMES:
        frames = end - edges[-1]
        yield flash(record + end - start - frames, frames, f"{_frames(frames)} of the next shot")


def _cut_words(frame: int, film: FilmSeen, i: int, record: int, *, at_end: bool) -> Iterator[Fault]:
    """Speech that goes on where a slot is heard to end before `frame`, or had begun before it."""
    moment = film.seconds(frame)
    for start, end in film.voiced:
        lost = min(moment - start, end - moment)
        if lost >= WORD_SECONDS:
            words = "speech goes on after the cut" if at_end else "speech began before the cut"
            yield Fault("word", i, record, float(lost), WORD_SECONDS, "s", words)


def _start(slots: Sequence[Slot], i: int) -> int:
    """The first frame of slot `i` in the cut."""
    return sum(slot.source.frames for slot in slots[:i])


def _frames(count: int) -> str:
    return counted(count, "frame")
