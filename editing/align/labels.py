"""What an alignment says of a film's shots, as labels to learn from: plain arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editing.align.alignment import AlignedEdit, Alignment
from ingest.media import Floats
from ingest.timecode import FrameRange

SLIVER = 3
"""Frames; a shot of which an edit shows no more may have been touched by an error of the in or
out point, and says nothing."""


def labels_from_alignment(
    alignment: Alignment, shots: Sequence[FrameRange], *, binary: bool = False
) -> tuple[Floats, Floats]:
    """How much of each shot the trailer shows, and how far that is to be believed.

    Not known (NaN, weight 0) are shots of which only a sliver is shown; shots that nothing shows
    but that look like what is shown, or lie within the slack of it; and all shots, if the
    trailer has nothing of the film.

    Args:
        alignment: Of a trailer of this film.
        shots: The film's, in order; frames of the same decode.
        binary: Label a shot 1 if any of it is shown beyond a sliver.

    Returns:
        `(shots,)` labels: the share of the shot's frames that is shown, 0 to 1, or 0 and 1.
        `(shots,)` weights, 0 to 1: of a shot that is shown, the confidence of the surest edit of
        it; of one that is not, the share of the trailer that is accounted for: moving pictures
        that no edit claims may be anything.

    Raises:
        ValueError: The shots are not of a film of as many frames.
    """
    if shots and shots[-1].end > alignment.film_frames:
        raise ValueError(
            f"the shots end at frame {shots[-1].end}, and the film that was aligned has "
            f"{alignment.film_frames}"
        )
    if not alignment.edits:
        return np.full(len(shots), np.nan, np.float32), np.zeros(len(shots), np.float32)
    shown = _covered(alignment, [edit.source for edit in alignment.edits])
    doubtful = [place for edit in alignment.edits for place in edit.also_at]
    doubtful += [_loosened(edit, alignment.film_frames) for edit in alignment.edits]
    perhaps = _covered(alignment, doubtful)
    frames = np.array([shown[shot.start : shot.end].sum() for shot in shots])
    nearly = np.array([perhaps[shot.start : shot.end].sum() for shot in shots])
    lengths = np.array([shot.frames for shot in shots])
    used = frames > np.minimum(SLIVER, lengths / 2)
    labels = np.where(used, 1.0 if binary else frames / lengths, 0.0)
    weights = np.where(used, _confidence(alignment, shots), _accounted(alignment))
    unknown = ~used & ((frames > 0) | (nearly > SLIVER))
    labels[unknown], weights[unknown] = np.nan, 0.0
    return labels.astype(np.float32), weights.astype(np.float32)


def shots_of(edit: AlignedEdit, shots: Sequence[FrameRange]) -> list[int]:
    """The indices of the shots that an edit shows, those apart of which it shows a sliver."""
    found = []
    for index, shot in enumerate(shots):
        common = min(edit.source.end, shot.end) - max(edit.source.start, shot.start)
        if common > min(SLIVER, shot.frames / 2, edit.source.frames / 2):
            found.append(index)
    return found


def _covered(alignment: Alignment, places: Sequence[FrameRange]) -> NDArray[np.bool_]:
    """`(film frames,)`: whether any of `places` holds each frame."""
    covered = np.zeros(alignment.film_frames, dtype=bool)
    for place in places:
        covered[place.start : place.end] = True
    return covered


def _loosened(edit: AlignedEdit, frames: int) -> FrameRange:
    return FrameRange(
        max(0, edit.source.start - edit.slack), min(frames, edit.source.end + edit.slack)
    )


def _confidence(alignment: Alignment, shots: Sequence[FrameRange]) -> NDArray[np.float64]:
    """`(shots,)`: of the surest edit of each, 0 where there is none."""
    best = np.zeros(len(shots))
    for edit in alignment.edits:
        for index in shots_of(edit, shots):
            best[index] = max(best[index], edit.confidence)
    return best


def _accounted(alignment: Alignment) -> float:
    """The share of the trailer that is of the film, black or still."""
    unknown = sum(one.last - one.first + 1 for one in alignment.unmatched if one.kind == "other")
    return 1 - unknown / alignment.trailer_frames
