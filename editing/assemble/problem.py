"""A brief and the candidates for it as an optimisation over arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editing.assemble.brief import pace
from editing.assemble.footage import Candidates, Footage
from editing.assemble.selection import Problem
from editing.cut import Brief, CutKind
from ingest.timecode import FrameRange

BEND = 1.0
"""Standard deviations of the film's scores: what a frame off the pace loses."""
COVER: dict[CutKind, float] = {"trailer": 0.5, "rough": 4.0}
"""Standard deviations of the film's scores: what a frame loses above its part's share."""


def problem_of(footage: Footage, usable: Candidates, brief: Brief) -> Problem:
    """The brief as an optimisation; a frame's value counts from the film's lowest score."""
    scores = footage.scores.values
    spread = float(scores.std()) or 1.0
    return Problem(
        value=scores[usable.shots] - scores.min(initial=0.0),
        capacity=np.minimum(usable.lengths, brief.max_shot),
        shortest=brief.min_shot,
        pace=pace(brief),
        frames=brief.frames,
        conflicts=similar(footage, usable, brief.max_similarity),
        part=_parts(footage, usable, brief),
        quota=_quotas(footage, brief),
        bend=BEND * spread,
        cover=COVER[brief.kind] * spread,
    )


def similar(footage: Footage, usable: Candidates, limit: float) -> NDArray[np.bool_]:
    """`(n, n)`, which two candidates have a cosine similarity above `limit`; none with itself."""
    vectors = footage.vectors[usable.shots].astype(np.float64)
    above: NDArray[np.bool_] = vectors @ vectors.T > limit
    above &= above.T
    np.fill_diagonal(above, False)
    return above


def part_count(brief: Brief) -> int:
    """In how many parts of equal length the film is to be covered: 4, or one for three slots."""
    if brief.kind == "trailer":
        return 4
    return max(1, min(12, round(brief.frames / pace(brief) / 3)))


def _quotas(footage: Footage, brief: Brief) -> NDArray[np.int64]:
    """Equal shares of the whole cut, less what is locked of each part."""
    parts, spans = part_count(brief), [span for _, span in footage.locked]
    frames = brief.frames + sum(span.frames for span in spans)
    quotas = np.diff(np.arange(parts + 1) * frames // parts)
    lengths = np.array([span.frames for span in spans], dtype=np.int64)
    held = np.bincount(_parts_of(footage, spans, brief), lengths, minlength=parts)
    left: NDArray[np.int64] = np.maximum(quotas - held.astype(np.int64), 0)
    return left


def _parts(footage: Footage, usable: Candidates, brief: Brief) -> NDArray[np.int64]:
    return _parts_of(footage, usable.usable, brief)


def _parts_of(footage: Footage, spans: Sequence[FrameRange], brief: Brief) -> NDArray[np.int64]:
    parts = part_count(brief)
    shown = max(1, int(footage.frames * brief.spoiler_free))
    middles = [(span.start + span.end) // 2 for span in spans]
    return np.array([min(parts - 1, m * parts // shown) for m in middles], dtype=np.int64)
