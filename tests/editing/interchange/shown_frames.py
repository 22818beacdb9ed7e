"""Which frames of which file an edit shows, for tests to compare."""

from editing.interchange.read_sequence import Edit


def shown(edit: Edit) -> list[int]:
    """The source frame of each record frame."""
    return [edit.source_at(k) for k in range(edit.record.start, edit.record.end)]


def seen(edits: list[Edit]) -> dict[int, tuple[str, int]]:
    """The file and the source frame of each record frame that is not black."""
    return {
        record: (edit.name, edit.source_at(record))
        for edit in edits
        for record in range(edit.record.start, edit.record.end)
    }
