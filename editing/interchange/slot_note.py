"""Why a slot is in its cut, in one line, for formats that hold text and no more."""

from editing.cut import Slot
from editing.interchange.sequence import printable


def reasons_text(slot: Slot) -> str:
    """The parts of a slot's score, in their order: `motion +2.000; light -0.750`."""
    return "; ".join(f"{printable(reason.name)} {reason.value:+.3f}" for reason in slot.reasons)
