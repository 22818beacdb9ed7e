"""The smallest change of a brief by which a shot would be chosen, or no longer be.

Every change that is told was tried: the cut was assembled anew and the shot was in it, or was not.
One setting is changed at a time, in growing steps away from what it is; of longer changes that
would do as well nothing is said. Exact only as far as the assembly is, and as its steps are fine.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from editing.assemble.around import holding, kept_slots
from editing.assemble.brief import in_words
from editing.assemble.candidates import candidates, spoiler_limit, without
from editing.assemble.footage import Footage
from editing.assemble.problem import problem_of, similar
from editing.assemble.settings import Setting, settings_of, switches_of
from editing.assemble.solving import Arrange, solve
from editing.cut import Brief
from editing.errors import ImpossibleBrief
from editing.rank.film import ShotScores

_REFINEMENTS = 7
_MIDDLE = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Change:
    """One setting of a brief, as it would have to be."""

    setting: str
    """In words for people: `length of the cut`, `share of the film that may be shown`, …"""
    before: str
    after: str
    brief: Brief | None
    """With the change; None where it is not one of the brief: `without` a shot."""
    without: int | None = None
    """A shot that would have to be left out."""
    score: float | None = None
    """What the shot would have to score."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a shot is chosen, why it could not be, and what would change that."""

    shot: int
    chosen: bool
    obstacle: str
    """What keeps it out whatever its score; empty if nothing does."""
    changes: tuple[Change, ...]
    """The smallest of each setting; none if no step tried changes anything."""


def why(footage: Footage, brief: Brief, shot: int, *, arrange: Arrange | None = None) -> Choice:
    """Whether `brief` chooses `shot`, and the smallest changes by which that would turn.

    Args:
        footage: The film.
        brief: What is asked.
        shot: An index of the film's shots.
        arrange: How the cut's slots stand, if not as in the film.

    Raises:
        ImpossibleBrief: No cut of this film keeps the brief.
        ValueError: The film has no such shot.
    """
    if not 0 <= shot < len(footage.fit):
        raise ValueError(f"the film has shots 0 to {len(footage.fit) - 1}, not {shot}")
    cut = chosen_shots(footage, brief, arrange=arrange)
    if cut is None:
        raise ImpossibleBrief("no cut of this film keeps it", "see reel cut")
    turned = _Turned(footage, shot, shot in cut, arrange)
    found = [_nearest(turned, setting) for setting in settings_of(footage, brief, shot)]
    changes = [change for change in found if change is not None]
    changes += [
        Change(switch.name, switch.before, switch.after, switch.brief)
        for switch in switches_of(brief)
        if turned(switch.brief)
    ]
    changes += _another_score(turned, brief)
    chosen = turned.chosen
    if not chosen:
        changes += _without_one(turned, brief, cut)
    obstacle = "" if chosen else _obstacle(footage, brief, shot, cut)
    return Choice(shot, chosen, obstacle, tuple(changes))


def chosen_shots(
    footage: Footage,
    brief: Brief,
    *,
    leave_out: int | None = None,
    arrange: Arrange | None = None,
) -> frozenset[int] | None:
    """The shots of the best cut, or of that without one; None if no cut keeps the brief."""
    kept = kept_slots(footage, brief)
    held = holding(footage, kept)
    included = {slot.shot for slot in kept}
    if held.beside >= brief.frames:
        return frozenset(included) if held.beside == brief.frames else None
    if leave_out is not None:
        fit = list(held.fit)
        fit[leave_out] = None
        held = replace(held, fit=tuple(fit), spans=held.shot_spans)
    solved = solve(held, brief, kept, arrange)
    if solved is None:
        return None
    chosen = solved.usable.shots[solved.found.chosen].tolist()
    return frozenset(included | set(chosen))


@dataclass(frozen=True, slots=True)
class _Turned:
    """Whether a brief chooses the shot where the first one did not, or the other way round."""

    footage: Footage
    shot: int
    chosen: bool
    arrange: Arrange | None

    def __call__(self, brief: Brief) -> bool:
        cut = chosen_shots(self.footage, brief, arrange=self.arrange)
        return cut is not None and (self.shot in cut) != self.chosen


def _nearest(turned: _Turned, setting: Setting) -> Change | None:
    """The smallest change of one setting, in either direction, that turns the choice."""
    found = [
        value
        for direction in (-1, 1)
        if (value := _first_turn(turned, setting, direction)) is not None
    ]
    if not found:
        return None
    best = min(found, key=lambda value: abs(value - setting.value))
    return Change(
        setting.name, setting.words(setting.value), setting.words(best), setting.put(best)
    )


def _first_turn(turned: _Turned, setting: Setting, direction: int) -> Fraction | None:
    """The nearest value that turns the choice: by steps, then by halving the last of them."""
    before = setting.value
    for value in setting.away(direction):
        if turned(setting.put(value)):
            return _between(turned, setting, before, value)
        before = value
    return None


def _between(turned: _Turned, setting: Setting, before: Fraction, after: Fraction) -> Fraction:
    """A value nearer to `before`, which does not turn the choice, than `after`, which does."""
    for _ in range(_REFINEMENTS):
        middle = (before + after) * _MIDDLE // setting.grain * setting.grain
        if middle in (before, after):
            break
        if turned(setting.put(middle)):
            after = middle
        else:
            before = middle
    return after


def rescored(footage: Footage, shot: int, score: float) -> Footage:
    """The same footage with another score of one shot."""
    values = footage.scores.values.copy()
    values[shot] = score
    return replace(footage, scores=ShotScores(values, ("score",), values[:, None]))


def _another_score(turned: _Turned, brief: Brief) -> Iterator[Change]:
    """The nearest score of the shot that turns the choice, to a hundredth of the scores' range."""
    footage, shot = turned.footage, turned.shot
    values = footage.scores.values
    spread = float(values.max() - values.min()) or 1.0
    present = float(values[shot])

    def turns(score: float) -> bool:
        return replace(turned, footage=rescored(footage, shot, score))(brief)

    near, far = present, present + (-2 if turned.chosen else 2) * spread
    if not turns(far):
        return
    while abs(far - near) > spread / 100:
        middle = (near + far) / 2
        near, far = (near, middle) if turns(middle) else (middle, far)
    yield Change("its score", f"{present:.2f}", f"{far:.2f}", None, None, far)


def _without_one(turned: _Turned, brief: Brief, cut: frozenset[int]) -> Iterator[Change]:
    """The shot of the cut that would have to go, the most similar first; the first that does."""
    footage, shot = turned.footage, turned.shot
    vectors = footage.vectors.astype(np.float64)
    nearest_first = sorted(cut, key=lambda other: (-float(vectors[other] @ vectors[shot]), other))
    for other in nearest_first:
        left = chosen_shots(footage, brief, leave_out=other, arrange=turned.arrange)
        if left is not None and shot in left:
            yield Change("shots left out", "none", f"shot {other}", None, other)
            return


def _obstacle(footage: Footage, brief: Brief, shot: int, cut: frozenset[int]) -> str:
    """What keeps a shot out whatever its score."""
    fit = footage.fit[shot]
    if fit is None:
        return "none of its frames is fit to show: they are mixed by transitions, or near black"
    barred = [one for one in brief.exclude if one.span.overlaps(fit)]
    pieces = without(fit, [one.span for one in barred])
    limit = spoiler_limit(footage.frames, brief)
    if fit.end > limit and min(fit.end - brief.handle, limit) - fit.start < brief.min_shot:
        return f"it lies behind the spoiler limit, frame {limit:,}"
    room = max((piece.frames for piece in pieces), default=0) - 2 * brief.handle
    if room < brief.min_shot:
        have, need = in_words(max(0, room), footage.rate), in_words(brief.min_shot, footage.rate)
        for one in barred:
            first, last = one.span.start, one.span.end - 1
            told = f"frames {first:,} to {last:,} are left out: {one.reason}"
            return f"{told}; its longest rest has {have}, and the shortest slot lasts {need}"
        return f"it has {have} to show, and the shortest slot lasts {need}"
    held = holding(footage, kept_slots(footage, brief))
    alike = [
        other
        for other, _ in held.locked
        if brief.max_similarity < 1 and _cosine(footage, shot, other) > brief.max_similarity
    ]
    if alike:
        return f"it is too similar to shot {alike[0]}, which the brief includes"
    usable = candidates(held, brief)
    rows = np.flatnonzero(usable.shots == shot)
    if not len(rows):
        return "somebody speaks wherever a slot of it could begin or end"
    found = usable.shots[similar(held, usable, brief.max_similarity)[rows].any(axis=0)]
    rivals = sorted((set(found.tolist()) - {shot}) & cut)
    if rivals:
        return f"it is too similar to shot {rivals[0]}, which is in the cut"
    return _budget(held, brief, int(rows[0]))


def _budget(footage: Footage, brief: Brief, row: int) -> str:
    """Whether the act of a candidate may show nothing at all; else empty."""
    problem = problem_of(footage, candidates(footage, brief), brief)
    part = int(problem.part[row])
    if problem.caps[part] < problem.shortest[row]:
        most = in_words(int(problem.caps[part]), footage.rate)
        return f"act {part + 1} of the film may fill {most} of the cut"
    return ""


def _cosine(footage: Footage, a: int, b: int) -> float:
    vectors = footage.vectors.astype(np.float64)
    return float(vectors[a] @ vectors[b])
