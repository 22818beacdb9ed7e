"""An alignment as a JSON document, and back; what the command prints and the catalogue keeps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from editing.align.alignment import AlignedEdit, Alignment, Unmatched
from editing.align.labels import shots_of
from editing.align.signatures import Window
from editing.errors import AlignmentError
from ingest.timecode import FrameRange

FORMAT = 1


def to_document(alignment: Alignment, shots: Sequence[FrameRange] | None = None) -> dict[str, Any]:
    """An alignment as JSON holds it; with `shots`, each edit names those that it shows.

    Ranges of the film are `[in, out]`, of which out is exclusive; those of the trailer are
    `first` and `last`, both inclusive.
    """
    return {
        "format": FORMAT,
        "film": {"fingerprint": alignment.film, "frames": alignment.film_frames},
        "trailer": {"fingerprint": alignment.trailer, "frames": alignment.trailer_frames},
        "edits": [_edit_document(edit, shots) for edit in alignment.edits],
        "unmatched": [asdict(one) for one in alignment.unmatched],
    }


def to_json(alignment: Alignment) -> str:
    """The document as text, without shots: those may be found anew."""
    return json.dumps(to_document(alignment), sort_keys=True)


def from_json(text: str) -> Alignment:
    """Read what `to_json` wrote.

    Raises:
        AlignmentError: It is something else, or of a later format.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise AlignmentError(f"an alignment of format {document['format']}, not {FORMAT}")
        return Alignment(
            document["film"]["fingerprint"],
            document["trailer"]["fingerprint"],
            document["film"]["frames"],
            document["trailer"]["frames"],
            tuple(_edit_from(one) for one in document["edits"]),
            tuple(Unmatched(**one) for one in document["unmatched"]),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise AlignmentError(
            f"no alignment that can be read: {error!r}.\nAlign again: reel learn align"
        ) from error


def _edit_document(edit: AlignedEdit, shots: Sequence[FrameRange] | None) -> dict[str, Any]:
    values = asdict(edit)
    values["source"] = [edit.source.start, edit.source.end]
    values["also_at"] = [[place.start, place.end] for place in edit.also_at]
    values["crop"] = {name: round(float(side), 4) for name, side in values["crop"].items()}
    return values if shots is None else values | {"shots": shots_of(edit, shots)}


def _edit_from(values: Mapping[str, Any]) -> AlignedEdit:
    ours = {
        "source": FrameRange(*values["source"]),
        "also_at": tuple(FrameRange(*place) for place in values["also_at"]),
        "crop": Window(**values["crop"]),
    }
    return AlignedEdit(**(dict(values) | ours))
