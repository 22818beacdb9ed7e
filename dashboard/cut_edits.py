"""One change that an editor asks for on a page, made to the version of the cut that was looked at.

By the same functions as the commands of `reel cut`. A change to a version that has moved on is
refused by `StaleCut`, and can be made again to the latest, or kept as a version after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from dashboard.people import Person, needs
from editing.cut import Cut, Slot
from editing.cut_changes import changes_between
from editing.cut_store import film_steps, load_cut, save_version
from editing.errors import EditError
from editing.faults.of_cut import repair_cut
from editing.revision import (
    alternate_rooms,
    replace_slot,
    resolve_cut,
    save_slots,
    shot_span,
    slot_step,
)
from editing.slot_edits import Slots, lock, move, note, remove, slip, trim
from ingest.catalog import Catalog

SlotEdit = Literal["lock", "unlock", "remove", "move", "trim", "slip", "replace", "note"]
EditKind = SlotEdit | Literal["resolve", "repair", "restore"]
_KINDS = (*get_args(SlotEdit), "resolve", "repair", "restore")
_MOST = 10_000_000
"""No number that a browser sends is larger: frames, slots, versions."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change, and the version of a cut that it is made to."""

    cut: int
    version: int
    kind: EditKind
    slot: int = 0
    """From 0; of a change that is of one slot."""
    to: int = 0
    """Of `move`: which place, counted from 0 after it was taken out."""
    head: int = 0
    """Of `trim`: frames more at the slot's beginning; below 0, fewer."""
    tail: int = 0
    """Of `trim`: frames more at its end; below 0, fewer."""
    frames: int = 0
    """Of `slip`: how many frames later; below 0, earlier."""
    shot: int | None = None
    """Of `replace`: the alternate's; None for the best."""
    text: str = ""
    """Of `note`."""
    restored: int = 0
    """Of `restore`: the version that is to be the latest again."""

    @property
    def words(self) -> str:
        """For people, before it is made: `trim slot 3`."""
        if self.kind in get_args(SlotEdit):
            more = f" to place {self.to + 1}" if self.kind == "move" else ""
            return f"{self.kind} slot {self.slot + 1}{more}"
        if self.kind == "restore":
            return f"go back to version {self.restored}"
        return {"resolve": "re-solve the rest", "repair": "repair the faults"}[self.kind]


def read_edit(document: object) -> Edit:
    """The change that a browser sends, checked.

    Raises:
        EditError: It is none.
    """
    if not isinstance(document, Mapping) or document.get("kind") not in _KINDS:
        raise EditError("the browser sent no change of a cut; reload the page")
    numbers = ("cut", "version", "slot", "to", "head", "tail", "frames", "restored")
    known: dict[str, Any] = {"kind": document["kind"]}
    for name in numbers:
        value = document.get(name, 0)
        if type(value) is not int or abs(value) > _MOST:
            raise EditError(f"the browser sent no whole number for {name}; reload the page")
        known[name] = value
    return Edit(**known)


@needs("editor")
def make_edit(person: Person, catalog: Catalog, edit: Edit, *, onto: int | None = None) -> Cut:
    """Make a change, and keep it as the next version.

    Args:
        person: Who asked for it.
        catalog: Holds the cut.
        edit: The change.
        onto: The version that it is kept after, instead of the one that it was made to: what was
            done between the two stays in its versions, and is not in the new one.

    Raises:
        EditError: The cut or its footage does not allow it.
        EditingError: The rest cannot be assembled, or the cut's ranker is gone.
        NotAllowed: The person is no editor.
        StaleCut: The cut has a newer version than the one it is kept after.
    """
    author, before = person.name, load_cut(catalog, edit.cut, edit.version)
    base = before if onto is None else replace(before, version=onto)
    if edit.kind == "resolve":
        return resolve_cut(catalog, base, author=author)
    if edit.kind == "repair":
        done = repair_cut(catalog, before, author=author, expected_version=base.version)
        if not done.repairs:
            raise EditError("nothing could be repaired: what is left is locked, or has no remedy")
        return done.cut
    if edit.kind == "restore":
        wanted = load_cut(catalog, edit.cut, edit.restored)
        note = f"version {edit.restored} again"
        return save_version(
            catalog, replace(wanted, author=author, note=note), expected_version=base.version
        )
    slots = edited(catalog, before, edit)
    return save_slots(catalog, base, slots, author=author, note=told(catalog, before, slots))


def edited(catalog: Catalog, cut: Cut, edit: Edit) -> Slots:
    """The slots of a cut after a change of one of them; nothing is kept.

    Raises:
        EditError: The cut or its footage does not allow it.
        ModelError: An alternate was taken, and the cut's ranker is gone.
    """
    slots, number = cut.slots, edit.slot
    match edit.kind:
        case "lock" | "unlock":
            return lock(slots, [number], locked=edit.kind == "lock")
        case "remove":
            return remove(slots, number)
        case "move":
            return move(slots, number, edit.to)
        case "trim":
            span, rooms = shot_span(catalog, cut, number), alternate_rooms(catalog, cut, number)
            step = slot_step(catalog, cut, number)
            return trim(slots, number, span, head=edit.head, tail=edit.tail, rooms=rooms, step=step)
        case "slip":
            step = slot_step(catalog, cut, number)
            return slip(slots, number, shot_span(catalog, cut, number), edit.frames, step)
        case "replace":
            return replace_slot(catalog, cut, number, edit.shot)
        case "note":
            return note(slots, number, edit.text)
    raise EditError(f"{edit.words} is no change of one slot")


def told(catalog: Catalog, cut: Cut, after: Sequence[Slot]) -> str:
    """What a change of a cut's slots did, for the note of its version; commands say it too."""
    before, steps = cut.slots, film_steps(catalog, cut.rate, cut.slots, after)
    changes = [change for change in changes_between(before, after, steps) if change.kind != "kept"]
    if changes:
        return "; ".join(change.words for change in changes)
    locks = [
        f"slot {number} {'locked' if new.locked else 'unlocked'}"
        for number, (old, new) in enumerate(zip(before, after, strict=True), start=1)
        if old.locked != new.locked
    ]
    return ", ".join(locks) or "nothing changed"
