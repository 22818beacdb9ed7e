"""Where the sound of a cut joins: J- and L-cuts that let speech begin or end, and crossfades.

The join of the sound stands where that of the picture is unless somebody would be cut off there;
then it moves by as few frames as leave the most speech whole, within the shots on both sides, and
never through what the brief excludes.
"""

from collections.abc import Sequence
from dataclasses import replace

from editing.assemble.candidates import Flags, clean_cuts, without
from editing.assemble.footage import Footage
from editing.cut import Brief, Slot, SlotSound
from ingest.timecode import FrameRange


def with_sound(footage: Footage, brief: Brief, slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Slots with the joins of their sound; locked ones keep what they have, where it still fits."""
    clean = clean_cuts(footage)
    heard = list(slots)
    for number in range(1, len(heard)):
        before, slot = heard[number - 1], heard[number]
        if not (slot.locked and _keeps_its_own(footage, brief, before, slot)):
            sound = _sound(footage, brief, clean, before, slot)
            heard[number] = replace(slot, sound=replace(sound, gain=slot.sound.gain))
    return tuple(heard)


def _keeps_its_own(footage: Footage, brief: Brief, before: Slot, slot: Slot) -> bool:
    """Whether a slot has a join of its sound, and there is that much to hear on both sides."""
    lead = slot.sound.lead
    if not lead and not slot.sound.fade_ms:
        return False
    if lead <= 0 and before.media == footage.media:
        return before.source.end - lead <= _room(footage, brief, before).end
    return lead < before.source.frames


def _sound(footage: Footage, brief: Brief, clean: Flags, before: Slot, slot: Slot) -> SlotSound:
    own = before.media == slot.media == footage.media
    if not footage.sounding or not own or before.source.end == slot.source.start:
        return SlotSound()  # silent, of a film that is not known here, or the film runs on
    ahead, behind = _room(footage, brief, slot), _room(footage, brief, before)
    most = min(brief.lead, slot.source.start - ahead.start, (before.source.frames - 1) // 2)
    least = min(brief.lead, behind.end - before.source.end, (slot.source.frames - 1) // 2)
    leads = range(-least, most + 1) if brief.speech != "ignore" else range(1)

    def lost(lead: int) -> int:
        """How often speech is cut off by a join there, or not heard because of it."""
        out, into = before.source.end - lead, slot.source.start - lead
        unheard = (
            clean[out + 1 : before.source.end + 1]
            if lead > 0
            else clean[slot.source.start + 1 : into + 1]
        )
        return int(not clean[out]) + int(not clean[into]) + int(not unheard.all())

    lead = min(leads, key=lambda lead: (lost(lead), abs(lead), lead))
    left = min(behind.end - before.source.end + lead, slot.source.start - lead - ahead.start)
    half = min(brief.fade_ms // 2, int(max(0, left) / footage.rate * 1000))
    return SlotSound(lead=lead, fade_ms=2 * half)


def _room(footage: Footage, brief: Brief, slot: Slot) -> FrameRange:
    """The frames of a slot's shot around it, up to what the brief excludes."""
    span = footage.shot_spans[slot.shot] or slot.source
    barred = [one.span for one in brief.exclude]
    for piece in without(span, barred):
        if piece.contains(slot.source):
            return piece
    return slot.source
