"""Two versions of a cut, one above the other, with what became of each slot."""

from collections.abc import Sequence
from typing import Any

from dashboard.components import register
from dashboard.media_server import thumbnail_link
from editing.cut import Cut
from editing.cut_changes import Change, summary

_difference = register("difference")


def draw_difference(before: Cut, after: Cut, changes: Sequence[Change], *, key: str) -> None:
    """Draw what changed from one version of a cut to another.

    Args:
        before: The one above.
        after: The one below.
        changes: From the one to the other.
        key: Of the component.
    """
    old = {change.before: change for change in changes if change.before is not None}
    new = {change.after: change for change in changes if change.after is not None}
    words = "; ".join(change.words for change in changes if change.kind != "kept")
    data: dict[str, Any] = {
        "words": f"Versions {before.version} and {after.version}: {words or summary(changes)}",
        "before": _row(before, old, {"removed": "removed", "replaced": "replaced"}),
        "after": _row(after, new, {"added": "added", "replaced": "new shot", "changed": ""}),
        "links": [
            {"before": change.before, "after": change.after, "kind": change.kind}
            for change in changes
            if change.before is not None and change.after is not None
        ],
    }
    _difference(data=data, key=key)


def _row(cut: Cut, changes: dict[int, Change], words: dict[str, str]) -> dict[str, Any]:
    slots = []
    for number, slot in enumerate(cut.slots):
        change = changes[number]
        word = words.get(change.kind, "")
        if change.kind == "changed" and "changed" in words:
            word = change.words.partition(": ")[2]
        slots.append(
            {
                "number": number + 1,
                "frames": slot.source.frames,
                "src": thumbnail_link(slot.media, slot.shot),
                "kind": change.kind,
                "word": word,
                "tip": f"{change.words}: shot {slot.shot}, {slot.source.frames} frames",
            }
        )
    label = f"Version {cut.version} by {cut.author} · {cut.frames:,} frames"
    return {"label": label, "frames": cut.frames, "slots": slots}
