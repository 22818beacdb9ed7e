"""A brief and the candidates for it as an optimisation over arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editing.assemble.brief import pace
from editing.assemble.candidates import Candidates
from editing.assemble.footage import Footage
from editing.assemble.selection import Problem
from editing.cut import Brief, CutKind
from ingest.timecode import FrameRange

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]

BEND = 1.0
"""Standard deviations of the film's scores: what a frame off the pace loses."""
COVER: dict[CutKind, float] = {
    "trailer": 0.5,
    "teaser": 0.5,
    "tv-spot": 0.5,
    "rough": 4.0,
    "recap": 4.0,
    "highlights": 0.0,
}
"""Standard deviations of the film's scores: what a frame loses above its part's share."""
SPOKEN = 0.5
"""Standard deviations of the film's scores: what a slot of the usual pace loses a frame if speech
runs over one of its ends."""


def problem_of(footage: Footage, usable: Candidates, brief: Brief) -> Problem:
    """The brief as an optimisation; a frame's value counts from the film's lowest score.

    Only what is not taken yet is to be filled.
    """
    scores = footage.scores.values
    spread = float(scores.std()) or 1.0
    part = _parts_of(footage, usable.usable, brief)
    spans = [span for _, span in footage.locked]
    lengths = np.array([span.frames for span in spans], dtype=np.int64)
    shares = _shares(brief)
    held = np.bincount(_parts_of(footage, spans, brief), lengths, minlength=len(shares))
    return Problem(
        value=scores[usable.shots] - scores.min(initial=0.0),
        capacity=usable.longest,
        shortest=usable.shortest,
        pace=_paces(footage, usable, brief),
        frames=brief.frames - footage.beside,
        conflicts=similar(footage, usable, brief.max_similarity),
        part=part,
        quota=_quotas(footage, brief, held.astype(np.int64)),
        bend=BEND * spread,
        cover=COVER[brief.kind] * spread,
        loss=np.where(usable.spoken, SPOKEN * spread * pace(brief), 0.0),
        most=np.array([float(act.most) for act in brief.acts] or [1.0] * len(shares)),
        held=held.astype(np.int64),
        beside=footage.beside,
    )


def similar(footage: Footage, usable: Candidates, limit: float) -> NDArray[np.bool_]:
    """`(n, n)`, which two candidates are of one shot or have a cosine similarity above `limit`.

    None with itself.
    """
    above: NDArray[np.bool_] = usable.shots[:, None] == usable.shots
    if limit < 1:
        vectors = footage.vectors[usable.shots].astype(np.float64)
        alike = vectors @ vectors.T > limit
        above |= alike & alike.T
    np.fill_diagonal(above, False)
    return above


def part_count(brief: Brief) -> int:
    """In how many parts of equal length the film is to be covered: 4, or one for three slots."""
    if brief.kind in ("rough", "recap"):
        return max(1, min(12, round(brief.frames / pace(brief) / 3)))
    return 4


def part_edges(footage: Footage, brief: Brief) -> Doubles:
    """`(parts + 1,)`, where the parts of the film begin and end, in frames.

    Acts are parts of the whole film; without any, it is what may be shown that has equal parts.
    """
    if brief.acts:
        shares = [0.0, *(float(act.end) for act in brief.acts)]
        return np.array(shares) * footage.frames
    parts = part_count(brief)
    shown = max(1, int(footage.frames * brief.spoiler_free))
    return np.arange(parts + 1) * shown / parts


def _shares(brief: Brief) -> Doubles:
    """`(parts,)`, shares of the cut; they sum to 1."""
    if brief.acts:
        return np.array([float(act.share) for act in brief.acts])
    return np.full(part_count(brief), 1 / part_count(brief))


def _quotas(footage: Footage, brief: Brief, held: Ints) -> Ints:
    """Shares of the whole cut, less what is taken of each part already."""
    elsewhere = footage.beside - int(sum(span.frames for _, span in footage.locked))
    frames = brief.frames - elsewhere
    edges = np.floor(np.concatenate([[0.0], np.cumsum(_shares(brief))]) * frames + 1e-9)
    left: Ints = np.maximum(np.diff(edges).astype(np.int64) - held, 0)
    return left


def _paces(footage: Footage, usable: Candidates, brief: Brief) -> Ints:
    """`(n,)`, the length that a slot of each candidate has if nothing speaks against it.

    A cut stands in film order, so its place in the film tells its place in the cut, where the parts
    fill their shares.
    """
    middles = [(span.start + span.end) / 2 for span in usable.usable]
    shares = np.concatenate([[0.0], np.cumsum(_shares(brief))])
    return paces_at(np.interp(middles, part_edges(footage, brief), shares), brief)


def paces_at(places: Doubles, brief: Brief) -> Ints:
    """The pace at places of the cut, `(n,)` from 0 (its beginning) to 1; in frames.

    `pace * pacing ** (1/2 - place)`: the geometric mean over the cut is the pace itself.
    """
    paces = pace(brief) * float(brief.pacing) ** (0.5 - places)
    return np.clip(np.rint(paces), brief.min_shot, brief.max_shot).astype(np.int64)


def _parts_of(footage: Footage, spans: Sequence[FrameRange], brief: Brief) -> Ints:
    """Which part the middle of each span lies in."""
    edges = part_edges(footage, brief)
    middles = np.array([(span.start + span.end) // 2 for span in spans], dtype=np.float64)
    parts = np.searchsorted(edges, middles, side="right") - 1
    return np.clip(parts, 0, len(edges) - 2).astype(np.int64)
