"""How the slots of a cut are played without a render: where pictures mix and sound changes over.

Two video elements play a cut, so at a join at most two films run beside each other: from `pre`
frames before the join to `post` after it. What cannot be played like that is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from editing.cut import Cut, Slot
from editing.reframe.slots import RATIOS


@dataclass(frozen=True, slots=True)
class Join:
    """What happens about the beginning of a slot, in frames of the cut."""

    pre: int = 0
    """For how long before it both sides run."""
    post: int = 0
    """For how long after it."""
    dissolve: tuple[int, int] | None = None
    """Frames of the mix before it, and after it."""
    dip: tuple[int, int] | None = None
    """Frames that darken before it, and that come back after it."""
    lead: int = 0
    """Frames by which the sound changes over before the picture; below 0 it does after it."""


@dataclass(frozen=True, slots=True)
class Playback:
    """A cut as the browser plays it."""

    joins: tuple[Join, ...]
    """One a slot, at its beginning."""
    untrue: tuple[str, ...]
    """What is heard or seen otherwise than the render has it, for people."""


def playback_of(cut: Cut, frames: Mapping[int, int]) -> Playback:
    """How a cut is played.

    Args:
        cut: Any version.
        frames: How many frames each of its films has, by its id.
    """
    joins, untrue = [_opening(cut.slots[0])], []
    for number in range(1, len(cut.slots)):
        room = _room(cut, number, joins[-1], frames)
        join, wanted = _join(cut.slots[number - 1], cut.slots[number], room)
        if join.lead != wanted:
            untrue.append(number + 1)
        joins.append(join)
    return Playback(tuple(joins), tuple(_told(cut, untrue)))


def piece_of(slot: Slot, join: Join = Join()) -> dict[str, Any]:
    """A slot and the join at its beginning, as `reel.js` takes them."""
    gain = slot.sound.gain
    return {
        "media": int(slot.media),
        "start": slot.source.start,
        "end": slot.source.end,
        "pre": join.pre,
        "post": join.post,
        "dissolve": join.dissolve and list(join.dissolve),
        "dip": join.dip and list(join.dip),
        "lead": join.lead,
        "volume": min(1.0, 10 ** (gain / 20)),
        "window": slot.reframe and [list(slot.reframe.start), list(slot.reframe.end)],
    }


def shape_of(cut: Cut) -> float | None:
    """Width of the cut's picture in heights; None where it is that of its films."""
    ratio = RATIOS.get(cut.brief.aspect)
    return None if ratio is None else float(ratio)


def _opening(slot: Slot) -> Join:
    """The join at the cut's beginning, before which there is black."""
    change = slot.transition
    return Join() if change is None else Join(dip=(change.before, change.after))


def _room(cut: Cut, number: int, last: Join, frames: Mapping[int, int]) -> tuple[int, int]:
    """For how many frames both sides of a join can run, before it and after it."""
    old, new = cut.slots[number - 1], cut.slots[number]
    following = cut.slots[number + 1].transition if number + 1 < len(cut.slots) else None
    kept = following.before if following and following.kind == "dissolve" else 0
    before = min(new.source.start, old.source.frames - last.post)
    after = min(frames[int(old.media)] - old.source.end, new.source.frames - kept)
    return max(0, before), max(0, after)


def _join(old: Slot, new: Slot, room: tuple[int, int]) -> tuple[Join, int]:
    """A join within its room, and the lead that it should have."""
    change = new.transition
    mixes = change is not None and change.kind == "dissolve"
    runs_on = old.media == new.media and old.source.end == new.source.start
    wanted = 0 if runs_on else new.sound.lead  # the same sound on both sides
    lead = max(-room[1], min(wanted, room[0]))
    before, after = (change.before, change.after) if change else (0, 0)
    return Join(
        pre=max(before if mixes else 0, lead, 0),
        post=max(after if mixes else 0, -lead, 0),
        dissolve=(before, after) if mixes else None,
        dip=(before, after) if change and not mixes else None,
        lead=lead,
    ), wanted


def _told(cut: Cut, untrue: list[int]) -> list[str]:
    lines = []
    if cut.brief.music is not None:
        lines.append("the music")
    if untrue:
        lines.append(f"the whole split of the sound at {_slots(untrue)}, longer than its neighbour")
    louder = [n for n, slot in enumerate(cut.slots, 1) if slot.sound.gain > 0]
    if louder:
        lines.append(f"the gain of {_slots(louder)}, above what a browser plays")
    return lines


def _slots(numbers: list[int]) -> str:
    told = ", ".join(f"{number}" for number in numbers[:6])
    more = f" and {len(numbers) - 6} more" if len(numbers) > 6 else ""
    return f"slot{'s' * (len(numbers) > 1)} {told}{more}"
