"""Briefs: what an editor says in seconds, as exact frames.

Lengths round to the nearest frame, halves up; the bounds of a shot round inwards, so that no shot
is shorter or longer than was said.
"""

import math
from fractions import Fraction

from editing.cut import Brief, CutKind

_SHOT_SECONDS: dict[CutKind, tuple[Fraction, Fraction]] = {
    "trailer": (Fraction(1), Fraction(4)),
    "rough": (Fraction(2), Fraction(12)),
}
_SPOILER_FREE: dict[CutKind, Fraction] = {"trailer": Fraction(9, 10), "rough": Fraction(1)}
_MAX_SIMILARITY: dict[CutKind, float] = {"trailer": 0.9, "rough": 0.95}
_HANDLE_SECONDS = Fraction(1, 12)
"""Two frames at 24 a second: a cut found one frame late leaves no flash of the next shot."""


def default_brief(
    kind: CutKind,
    seconds: Fraction,
    rate: Fraction,
    *,
    min_shot: Fraction | None = None,
    max_shot: Fraction | None = None,
    spoiler_free: Fraction | None = None,
) -> Brief:
    """The brief of a trailer (1 to 4 s a shot) or of a rough cut (2 to 12 s a shot).

    Args:
        kind: What is made.
        seconds: How long it is, above 0.
        rate: Frames per second of the media.
        min_shot: Seconds of the shortest slot, instead of the default.
        max_shot: Seconds of the longest slot, instead of the default.
        spoiler_free: Share of the film that may be shown; 9/10 for a trailer, all for a rough cut.

    Raises:
        ValueError: The numbers make no brief.
    """
    shortest, longest = _SHOT_SECONDS[kind]
    shortest = shortest if min_shot is None else min_shot
    longest = max(longest, shortest) if max_shot is None else max_shot
    if min_shot is None:
        shortest = min(shortest, longest)
    return Brief(
        kind,
        frames=frames_in(seconds, rate),
        min_shot=max(1, math.ceil(shortest * rate)),
        max_shot=math.floor(longest * rate),
        spoiler_free=_SPOILER_FREE[kind] if spoiler_free is None else spoiler_free,
        max_similarity=_MAX_SIMILARITY[kind],
        handle=frames_in(_HANDLE_SECONDS, rate),
    )


def frames_in(seconds: Fraction, rate: Fraction) -> int:
    """The nearest whole number of frames to `seconds` at `rate`; halves round up."""
    return math.floor(seconds * rate + Fraction(1, 2))


def pace(brief: Brief) -> int:
    """Frames that a shot of this brief lasts if nothing speaks against it.

    The geometric mean of the bounds, so that half and twice the pace are equally far:
    2 s between 1 and 4, 4.9 s between 2 and 12.
    """
    return round(math.sqrt(brief.min_shot * brief.max_shot))


def in_words(frames: int, rate: Fraction) -> str:
    """A length for people: `30.0 s (720 frames)`."""
    return f"{float(frames / rate):.2f} s ({frames:,} frame{'s' if frames != 1 else ''})"
