"""Why no cut keeps a brief, and the nearest brief that one does keep.

Both come of solving: the nearest length is the optimum of an integer program, a constraint is
named only if the brief is possible without it, and what is told to work was found to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from editing.assemble import selection
from editing.assemble.around import holding, kept_slots
from editing.assemble.brief import in_words
from editing.assemble.candidates import candidates, spoiler_limit
from editing.assemble.footage import Footage
from editing.assemble.options import told_options
from editing.assemble.problem import problem_of
from editing.assemble.solving import solve
from editing.cut import Brief, Slot
from editing.errors import ImpossibleBrief

Locked = Sequence[Slot]


def clash(footage: Footage, brief: Brief) -> ImpossibleBrief | None:
    """What the brief both includes and rules out, with the nearest that works; None if nothing."""
    limit = spoiler_limit(footage.frames, brief)
    for span in brief.include:
        rest = tuple(other for other in brief.include if other != span)
        kept_out = replace(brief, include=rest)
        barred = [one for one in brief.exclude if one.span.overlaps(span)]
        where = f"frames {span.start:,} to {span.end - 1:,}, which the brief includes,"
        if span.end > footage.frames:
            return _instead(footage, brief, f"{where} are not all of the film", kept_out)
        if barred:
            return _instead(footage, brief, f"{where} are left out: {barred[0].reason}", kept_out)
        if span.end > limit:
            share = Fraction(-(-span.end * 1_000_000 // footage.frames), 1_000_000)
            shown = replace(brief, spoiler_free=min(share, Fraction(1)))
            why = f"{where} lie behind the spoiler limit, frame {limit:,}"
            return _instead(footage, brief, why, shown)
    return None


def explain_impossible(footage: Footage, brief: Brief, locked: Locked = ()) -> ImpossibleBrief:
    """What makes a brief impossible, and the nearest that works."""
    works = nearest_brief(footage, brief, locked)
    asked = in_words(brief.frames, footage.rate)
    to_blame = [
        f"{name} ({told_options(footage.rate, brief, without)})"
        for name, without in _relaxed(footage, brief)
        if _possible(footage, without, locked)
    ]
    beside = ""
    if locked:
        beside = f"beside {len(locked)} locked slot{'s' * (len(locked) != 1)}: "
    if to_blame:
        why = f"{asked} cannot be filled, and could be without " + ", or without ".join(to_blame)
    elif works is None:
        why = "the film has no shot that is not black"
    else:
        why = f"{asked} cannot be filled from this film by lifting any one limit"
    why = f"{beside}{why} ({_supply(footage, brief, locked)})"
    if works is None:
        return ImpossibleBrief(why, "none; choose another film", None)
    told, proven = _difference(footage, brief, works[0]), works[1]
    return ImpossibleBrief(why, beside + (told if proven else f"at least {told}"), works[0])


def nearest_brief(footage: Footage, brief: Brief, locked: Locked = ()) -> tuple[Brief, bool] | None:
    """The same brief at the nearest possible length, the shorter of two; and if that is proven.

    Where no shot is long enough for the brief, the shortest slot shrinks to the longest that a
    shot offers; where still nothing can be filled, limits are dropped one after the other: strict
    speech, beats, budgets of acts, handles and spoilers, what is excluded.
    None if the film has no frame to show.
    """
    for kept in _looser(brief):
        for possible in (kept, _with_longest_offered(footage, kept, locked)):
            found = possible and _nearest_length(footage, possible, locked)
            if found:
                return found
    return None


def _looser(brief: Brief) -> Iterator[Brief]:
    """The brief, and with more and more of its limits dropped."""
    yield brief
    looser = brief
    for limits in (
        {"speech": "avoid" if brief.speech == "strict" else brief.speech},
        {"music": None},
        {"acts": tuple(replace(act, most=Fraction(1)) for act in brief.acts)},
        {"handle": 0, "spoiler_free": Fraction(1)},
        {"exclude": ()},
    ):
        before, looser = looser, replace(looser, **limits)
        if looser != before:
            yield looser


def _nearest_length(footage: Footage, brief: Brief, locked: Locked) -> tuple[Brief, bool] | None:
    """The brief at the nearest length at which it works."""
    if brief.music is not None:
        for bounds in _bounds_with_a_beat(brief):
            if _solvable(footage, bounds, locked):
                return bounds, False
    held = holding(footage, kept_slots(footage, brief, locked))
    found = selection.nearest(problem_of(held, candidates(held, brief), brief))
    if found is None:
        return None
    nearest = replace(brief, frames=found.frames + held.beside)
    if brief.music is None:
        return nearest, found.proven
    return (nearest, False) if _solvable(footage, nearest, locked) else None


def _bounds_with_a_beat(brief: Brief) -> Iterator[Brief]:
    """The brief with bounds of a slot wide enough for whole beats: the longest, then both."""
    assert brief.music is not None
    beats = [beat for beat in brief.music.beats if beat < brief.frames]
    if len(beats) < 2:
        return
    steps = np.diff(beats)
    count = max(1, round(brief.max_shot / float(np.median(steps))))
    longest = max(brief.max_shot, int(steps.max()) * count)
    yield replace(brief, max_shot=longest)
    shortest = min(brief.min_shot, int(steps.min()) * count)
    yield replace(brief, min_shot=max(1, shortest))
    yield replace(brief, min_shot=max(1, shortest), max_shot=longest)


def _with_longest_offered(footage: Footage, brief: Brief, locked: Locked) -> Brief | None:
    held = holding(footage, kept_slots(footage, brief, locked))
    lengths = candidates(held, replace(brief, min_shot=1)).longest
    longest = min(brief.min_shot, int(lengths.max(initial=0)))
    return replace(brief, min_shot=longest) if longest else None


def _possible(footage: Footage, brief: Brief, locked: Locked) -> bool:
    """Whether some cut keeps a brief."""
    if brief.music is not None:
        return _solvable(footage, brief, locked)
    held = holding(footage, kept_slots(footage, brief, locked))
    if held.beside >= brief.frames:
        return held.beside == brief.frames
    found = selection.nearest(problem_of(held, candidates(held, brief), brief))
    return found is not None and found.frames + held.beside == brief.frames


def _solvable(footage: Footage, brief: Brief, locked: Locked) -> bool:
    kept = kept_slots(footage, brief, locked)
    held = holding(footage, kept)
    if held.beside >= brief.frames:
        return held.beside == brief.frames
    return solve(held, brief, kept) is not None


def _relaxed(footage: Footage, brief: Brief) -> list[tuple[str, Brief]]:
    """The brief without each of its limits in turn, and what that limit is called."""
    rate = footage.rate
    relaxed = [
        (
            f"the limit of {brief.max_similarity:g} on how similar two shots are",
            replace(brief, max_similarity=max(1.0, brief.max_similarity)),
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
        (
            "the budgets of acts",
            replace(brief, acts=tuple(replace(act, most=Fraction(1)) for act in brief.acts)),
        ),
        ("what it includes", replace(brief, include=())),
        ("what it excludes", replace(brief, exclude=())),
        (
            "the rule that no slot begins or ends within speech",
            replace(brief, speech="avoid" if brief.speech == "strict" else brief.speech),
        ),
        ("the beats of the music", replace(brief, music=None)),
    ]
    return [(name, without) for name, without in relaxed if without != brief]


def _supply(footage: Footage, brief: Brief, locked: Locked) -> str:
    """What the brief leaves of the film."""
    usable = candidates(holding(footage, kept_slots(footage, brief, locked)), brief)
    longest: dict[int, int] = {}
    for shot, frames in zip(usable.shots.tolist(), usable.longest.tolist(), strict=True):
        longest[shot] = max(frames, longest.get(shot, 0))
    told = (
        f"{len(longest)} of {len(footage.fit)} shots hold {brief.min_shot:,} frames or more; "
        f"together they offer at most {in_words(sum(longest.values()), footage.rate)}"
    )
    if brief.music is not None:
        inside = sum(beat < brief.frames for beat in brief.music.beats)
        told += f"; the music has {inside:,} beats within the cut"
    return told


def _instead(footage: Footage, brief: Brief, why: str, nearest: Brief) -> ImpossibleBrief:
    """An error that tells a nearer brief, made to work if it does not by itself."""
    works: Brief | None = nearest
    another = clash(footage, nearest)
    if another is not None:
        works = another.brief
    elif not _possible(footage, nearest, ()):
        found = nearest_brief(footage, nearest)
        works = found and found[0]
    if works is None:
        return ImpossibleBrief(why, "none; choose another film", None)
    return ImpossibleBrief(why, _difference(footage, brief, works), works)


def _difference(footage: Footage, brief: Brief, nearest: Brief) -> str:
    """The nearest brief in words: what differs from the one that was asked, and as options."""
    changes = [f"{in_words(nearest.frames, footage.rate)} in all"]
    if nearest.min_shot != brief.min_shot:
        changes.append(f"shots of {in_words(nearest.min_shot, footage.rate)} or more")
    if nearest.max_shot != brief.max_shot:
        changes.append(f"shots of {in_words(nearest.max_shot, footage.rate)} or less")
    if nearest.handle != brief.handle:
        changes.append("no handles")
    if nearest.spoiler_free != brief.spoiler_free:
        free = nearest.spoiler_free == 1
        changes.append("no limit on spoilers" if free else "a later limit on spoilers")
    if nearest.speech != brief.speech:
        changes.append("cuts within speech where there is no other way")
    if nearest.music != brief.music:
        changes.append("joins beside the beats")
    if nearest.acts != brief.acts:
        changes.append("no budgets of acts")
    if nearest.include != brief.include:
        changes.append("without what cannot be included")
    if nearest.exclude != brief.exclude:
        changes.append("with what was excluded")
    return f"{', '.join(changes)} ({told_options(footage.rate, brief, nearest)})"
