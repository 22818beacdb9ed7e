"""A brief and the candidates for it as an optimisation over arrays."""

import numpy as np
from numpy.typing import NDArray

from editing.assemble.brief import pace
from editing.assemble.footage import Candidates, Footage
from editing.assemble.selection import Problem
from editing.cut import Brief, CutKind

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
        quota=_quotas(brief),
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


def _quotas(brief: Brief) -> NDArray[np.int64]:
    parts = part_count(brief)
    edges = np.arange(parts + 1) * brief.frames // parts
    quotas: NDArray[np.int64] = np.diff(edges)
    return quotas


def _parts(footage: Footage, usable: Candidates, brief: Brief) -> NDArray[np.int64]:
    parts = part_count(brief)
    shown = max(1, int(footage.frames * brief.spoiler_free))
    middles = [(span.start + span.end) // 2 for span in usable.usable]
    return np.array([min(parts - 1, m * parts // shown) for m in middles], dtype=np.int64)
