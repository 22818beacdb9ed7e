"""Why no cut keeps a brief, and the nearest brief that one does keep.

Both come of solving: the nearest length is the optimum of an integer program, and a constraint is
named only if the brief is possible without it.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from editing.assemble import selection
from editing.assemble.brief import in_words
from editing.assemble.footage import Footage, candidates
from editing.assemble.problem import problem_of
from editing.cut import Brief
from editing.errors import ImpossibleBrief


def explain_impossible(footage: Footage, brief: Brief) -> ImpossibleBrief:
    """What makes a brief impossible, and the nearest that works."""
    works = nearest_brief(footage, brief)
    asked = in_words(brief.frames, footage.rate)
    to_blame = [name for name, without in _relaxed(footage, brief) if _possible(footage, without)]
    if to_blame:
        why = f"{asked} cannot be filled, and could be without " + ", or without ".join(to_blame)
    elif works is None:
        why = "the film has no shot that is not black"
    else:
        why = f"{asked} cannot be filled from this film by lifting any one limit"
    why += f" ({_supply(footage, brief)})"
    if works is None:
        return ImpossibleBrief(why, "none; choose another film", None)
    told, proven = _difference(footage, brief, works[0]), works[1]
    return ImpossibleBrief(why, told if proven else f"at least {told}", works[0])


def nearest_brief(footage: Footage, brief: Brief) -> tuple[Brief, bool] | None:
    """The same brief at the nearest possible length, the shorter of two; and if that is proven.

    Where no shot is long enough for the brief, the shortest slot shrinks to the longest that a
    shot offers; where still none is, handles and the spoiler limit are dropped too.
    None if the film has no frame to show.
    """
    for kept in (brief, replace(brief, handle=0, spoiler_free=Fraction(1))):
        for possible in (kept, _with_longest_offered(footage, kept)):
            found = possible and _nearest(footage, possible)
            if possible and found:
                return replace(possible, frames=found.frames), found.proven
    return None


def _with_longest_offered(footage: Footage, brief: Brief) -> Brief | None:
    lengths = candidates(footage, replace(brief, min_shot=1)).lengths
    longest = min(brief.min_shot, int(lengths.max(initial=0)))
    return replace(brief, min_shot=longest) if longest else None


def _nearest(footage: Footage, brief: Brief) -> selection.Nearest | None:
    return selection.nearest(problem_of(footage, candidates(footage, brief), brief))


def _possible(footage: Footage, brief: Brief) -> bool:
    found = _nearest(footage, brief)
    return found is not None and found.frames == brief.frames


def _relaxed(footage: Footage, brief: Brief) -> list[tuple[str, Brief]]:
    """The brief without each of its limits in turn, and what that limit is called."""
    rate = footage.rate
    relaxed = [
        (
            f"the limit of {brief.max_similarity:g} on how similar two shots are",
            replace(brief, max_similarity=np.inf),
        ),
        (
            f"the limit on spoilers, which keeps the film's last {1 - brief.spoiler_free} back",
            replace(brief, spoiler_free=Fraction(1)),
        ),
        (f"handles of {in_words(brief.handle, rate)}", replace(brief, handle=0)),
        (
            f"the longest shot of {in_words(brief.max_shot, rate)}",
            replace(brief, max_shot=max(brief.max_shot, brief.frames)),
        ),
        (
            f"the shortest shot of {in_words(brief.min_shot, rate)}",
            replace(brief, min_shot=1),
        ),
    ]
    return [(name, without) for name, without in relaxed if without != brief]


def _supply(footage: Footage, brief: Brief) -> str:
    """What the brief leaves of the film."""
    usable = candidates(footage, brief)
    frames = int(np.minimum(usable.lengths, brief.max_shot).sum())
    return (
        f"{len(usable.shots)} of {len(footage.fit)} shots hold {brief.min_shot:,} frames or more; "
        f"together they offer at most {in_words(frames, footage.rate)}"
    )


def _difference(footage: Footage, brief: Brief, nearest: Brief) -> str:
    """The nearest brief in words: what differs from the one that was asked."""
    changes = [f"{in_words(nearest.frames, footage.rate)} in all"]
    if nearest.min_shot != brief.min_shot:
        changes.append(f"shots of {in_words(nearest.min_shot, footage.rate)} or more")
    if nearest.handle != brief.handle:
        changes.append("no handles")
    if nearest.spoiler_free != brief.spoiler_free:
        changes.append("no limit on spoilers")
    return ", ".join(changes)
