"""What an editor does to the slots of a cut: `reel cut lock`, `trim`, `resolve` and more.

Slots are counted from 1, as `reel cut show` counts them. Each command makes a new version.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from dashboard.console import Console, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.cut import Cut
    from editing.slot_edits import Slots
    from ingest.catalog import Catalog

_FRAMES = click.IntRange(-1_000_000, 1_000_000)
_SLOT = click.IntRange(1)


def _edit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument CUT, and the options that every change takes."""
    author = click.option("--author", default="editor", show_default=True, help="Who changes it.")
    return click.argument("cut")(author(shared_options(command)))


def _change(
    workspace: Workspace,
    console: Console,
    cut: str,
    author: str,
    edit: "Callable[[Catalog, Cut], Slots]",
) -> None:
    """Make one change to the latest version of a cut, and say what became of it."""
    from dashboard.cut_edits import told
    from editing.cut_store import find_cut
    from editing.revision import save_slots
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        before = find_cut(catalog, cut)
        slots = edit(catalog, before)
        note = told(catalog, before, slots)
        after = save_slots(catalog, before, slots, author=author, note=note)
    click.echo(f"cut {after.id}@{after.version}: {note}; {after.frames:,} frames")
    _say_length(after, console)


def _say_length(cut: "Cut", console: Console) -> None:
    over = cut.frames - cut.brief.frames
    if over:
        more = f"{abs(over):,} frames {'more' if over > 0 else 'less'} than its brief asks"
        console.say(f"that is {more}; reel cut resolve {cut.id} fills the rest around locked slots")


@click.command("lock")
@_edit_options
@click.argument("slots", nargs=-1, required=True, type=_SLOT)
def lock_command(
    *, cut: str, slots: tuple[int, ...], author: str, workspace: Workspace, console: Console
) -> None:
    """Lock SLOTS of CUT: what is assembled anew goes around them."""
    from editing.slot_edits import lock

    numbers = [slot - 1 for slot in slots]
    _change(workspace, console, cut, author, lambda _, old: lock(old.slots, numbers))


@click.command("unlock")
@_edit_options
@click.argument("slots", nargs=-1, required=True, type=_SLOT)
def unlock_command(
    *, cut: str, slots: tuple[int, ...], author: str, workspace: Workspace, console: Console
) -> None:
    """Unlock SLOTS of CUT."""
    from editing.slot_edits import lock

    numbers = [slot - 1 for slot in slots]
    _change(workspace, console, cut, author, lambda _, old: lock(old.slots, numbers, locked=False))


@click.command("remove")
@_edit_options
@click.argument("slot", type=_SLOT)
def remove_command(
    *, cut: str, slot: int, author: str, workspace: Workspace, console: Console
) -> None:
    """Take SLOT out of CUT."""
    from editing.slot_edits import remove

    _change(workspace, console, cut, author, lambda _, old: remove(old.slots, slot - 1))


@click.command("move")
@_edit_options
@click.argument("slot", type=_SLOT)
@click.argument("place", type=_SLOT)
def move_command(
    *, cut: str, slot: int, place: int, author: str, workspace: Workspace, console: Console
) -> None:
    """Move SLOT of CUT so that it is slot number PLACE."""
    from editing.slot_edits import move

    _change(workspace, console, cut, author, lambda _, old: move(old.slots, slot - 1, place - 1))


@click.command("trim")
@_edit_options
@click.argument("slot", type=_SLOT)
@click.option("--head", default=0, type=_FRAMES, help="Frames more at its beginning; -3 is 3 less.")
@click.option("--tail", default=0, type=_FRAMES, help="Frames more at its end; -3 is 3 less.")
def trim_command(
    *,
    cut: str,
    slot: int,
    head: int,
    tail: int,
    author: str,
    workspace: Workspace,
    console: Console,
) -> None:
    """Move the in and out of SLOT within its shot."""
    from editing.revision import alternate_rooms, shot_span, slot_step
    from editing.slot_edits import trim

    def edit(catalog: "Catalog", old: "Cut") -> "Slots":
        span = shot_span(catalog, old, slot - 1)
        rooms, step = alternate_rooms(catalog, old, slot - 1), slot_step(catalog, old, slot - 1)
        return trim(old.slots, slot - 1, span, head=head, tail=tail, rooms=rooms, step=step)

    _change(workspace, console, cut, author, edit)


@click.command("slip")
@_edit_options
@click.argument("slot", type=_SLOT)
@click.option("--by", "frames", required=True, type=_FRAMES, help="Frames later; -3 is 3 earlier.")
def slip_command(
    *, cut: str, slot: int, frames: int, author: str, workspace: Workspace, console: Console
) -> None:
    """Show later or earlier frames of the same shot in SLOT, and as many."""
    from editing.revision import shot_span, slot_step
    from editing.slot_edits import slip

    def edit(catalog: "Catalog", old: "Cut") -> "Slots":
        span, step = shot_span(catalog, old, slot - 1), slot_step(catalog, old, slot - 1)
        return slip(old.slots, slot - 1, span, frames, step)

    _change(workspace, console, cut, author, edit)


@click.command("replace")
@_edit_options
@click.argument("slot", type=_SLOT)
@click.option(
    "--with", "shot", type=click.IntRange(0), help="An alternate's shot; the best if not."
)
def replace_command(
    *, cut: str, slot: int, shot: int | None, author: str, workspace: Workspace, console: Console
) -> None:
    """Put one of its alternates into SLOT of CUT."""
    from editing.revision import replace_slot

    _change(
        workspace,
        console,
        cut,
        author,
        lambda catalog, old: replace_slot(catalog, old, slot - 1, shot),
    )


@click.command("note")
@_edit_options
@click.argument("slot", type=_SLOT)
@click.argument("text")
def note_command(
    *, cut: str, slot: int, text: str, author: str, workspace: Workspace, console: Console
) -> None:
    """Write TEXT on SLOT of CUT, where formats that have markers show it; "" takes it away."""
    from editing.slot_edits import note

    _change(workspace, console, cut, author, lambda _, old: note(old.slots, slot - 1, text))


@click.command("resolve")
@_edit_options
def resolve_command(cut: str, author: str, workspace: Workspace, console: Console) -> None:
    """Assemble CUT anew around its locked slots, to the length that its brief asks."""
    from editing.cut_changes import changes_between, summary
    from editing.cut_store import find_cut
    from editing.revision import resolve_cut
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog, console.progress("Assembling") as on_progress:
        before = find_cut(catalog, cut)
        after = resolve_cut(catalog, before, author=author)
        on_progress(1.0)
    changes = changes_between(before.slots, after.slots)
    click.echo(f"cut {after.id}@{after.version}: {summary(changes)}; {after.frames:,} frames")


SLOT_COMMANDS = (
    *(lock_command, unlock_command, remove_command, move_command),
    *(trim_command, slip_command, replace_command, note_command, resolve_command),
)
