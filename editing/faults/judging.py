"""All faults of a measured programme, each told once. Pure."""

from editing.faults.finding import Fault, Kind
from editing.faults.join_faults import join_faults
from editing.faults.picture_faults import picture_faults
from editing.faults.programme import Programme
from editing.faults.sound_faults import sound_faults

_EXPLAINED: dict[Kind, tuple[Kind, ...]] = {
    "jump cut": (
        *("exposure step", "colour step", "dropped", "freeze"),
        *("duplicate", "flash", "black", "bars step"),
    ),
    "mixed": ("mixed", "black"),
}
"""What a fault of one kind is not told beside, at the same place: they are its cause."""
_LEVELS: tuple[Kind, ...] = ("exposure step", "colour step")
_RELIT = 0.9
"""Likeness of the parts of a picture from which on it is the same one in another light; if they
have moved as well, it is another moment."""
_NEAR = 3
"""Frames between two reports of one fault."""


def programme_faults(programme: Programme) -> list[Fault]:
    """Everything that pictures, joins and sound of a programme show, in the order of its frames."""
    pictures = picture_faults(programme)
    joins = join_faults(programme)
    if not programme.known:
        pictures = [fault for fault in pictures if not _is_moved(fault, joins)]
    joins = [fault for fault in joins if not _explained(fault, pictures)]
    found = [*pictures, *joins, *sound_faults(programme)]
    return sorted(found, key=lambda fault: (fault.frame, fault.kind))


def merged(first: list[Fault], more: list[Fault]) -> list[Fault]:
    """Two reports of one programme as one: of what both tell, the first's words stay."""
    new = [
        fault
        for fault in more
        if not any(
            fault.kind == other.kind
            and fault.frame < other.frame + other.frames + _NEAR
            and other.frame < fault.frame + fault.frames + _NEAR
            for other in first
        )
    ]
    return sorted([*first, *new], key=lambda fault: (fault.frame, fault.kind))


def _is_moved(fault: Fault, joins: list[Fault]) -> bool:
    """Whether a step of light or colour is but how another moment of the set-up looks."""
    return fault.kind in _LEVELS and any(
        jump.kind == "jump cut"
        and abs(jump.frame - fault.frame) <= 1
        and (jump.unit != "likeness" or jump.value < _RELIT)
        for jump in joins
    )


def _explained(fault: Fault, others: list[Fault]) -> bool:
    causes = _EXPLAINED.get(fault.kind, ())
    return any(
        other.kind in causes and other.frame - 1 <= fault.frame <= other.frame + other.frames
        for other in others
    )
