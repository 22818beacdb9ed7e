"""From scored shots and a brief to the slots of a cut: exact length, best value, true reasons.

The value of a cut is the mean score of its frames. A slot's score is its shot's by the ranker, less
what its length loses against the pace, what it loses where its part of the film is crowded, and
what speech over its ends costs. Pure, and the same input gives the same cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from editing.assemble import selection
from editing.assemble.around import holding, kept_slots
from editing.assemble.brief import in_words
from editing.assemble.candidates import Candidates, Flags, clean_cuts
from editing.assemble.footage import Footage, best_window
from editing.assemble.impossible import clash, explain_impossible
from editing.assemble.options import told_options
from editing.assemble.selection import Problem, Selection
from editing.assemble.solving import Arrange, Solved, solve
from editing.assemble.sound import with_sound
from editing.cut import Alternate, Brief, Reason, Slot
from editing.errors import ImpossibleBrief
from ingest.timecode import FrameRange

MAX_ALTERNATES = 5

PACE_REASON = "length off the pace"
COVER_REASON = "its part of the film has more than its share"
SPEECH_REASON = "speech runs over its ends"


@dataclass(frozen=True, slots=True)
class Assembly:
    """The slots of a cut, and how much better they could be at most."""

    slots: tuple[Slot, ...]
    """In film order, unless they were arranged or are locked in another."""
    value: float
    """The mean score of the cut's frames, in the ranker's units."""
    bound: float
    """No cut that keeps the brief has a higher value."""
    gap: float
    """`bound - value` as a share of the bound, both counted from the film's lowest score. Where
    slots join on beats the bound is that of cuts that need not."""


def assemble(footage: Footage, brief: Brief, *, arrange: Arrange | None = None) -> Assembly:
    """The best cut that keeps the brief.

    Args:
        footage: The film.
        brief: What is asked.
        arrange: Puts the slots into another order than the film's.

    Raises:
        ImpossibleBrief: No cut keeps it; names what stands in the way and what would work.
    """
    return assemble_around(footage, brief, (), arrange=arrange)


def assemble_around(
    footage: Footage, brief: Brief, locked: Sequence[Slot], *, arrange: Arrange | None = None
) -> Assembly:
    """The best cut that keeps the brief and holds `locked` as they are, in their order.

    Args:
        footage: Of the film that the rest is taken from.
        brief: Of the whole cut.
        locked: May be of other films too; limits of the brief do not bind them.
        arrange: Puts the slots into another order than the film's.

    Raises:
        ImpossibleBrief: The rest cannot be filled; names what stands in the way.
    """
    refused = clash(footage, brief)
    if refused is not None:
        raise refused
    kept = kept_slots(footage, brief, locked)
    held = holding(footage, kept)
    rest = brief.frames - held.beside
    if rest < 0:
        raise _too_long(footage, brief, kept, locked)
    worth = sum(slot.score * slot.source.frames for slot in kept)
    if rest == 0:
        slots = with_sound(footage, brief, kept)
        return Assembly(slots, worth / brief.frames, worth / brief.frames, 0.0)
    solved = solve(held, brief, kept, arrange)
    if solved is None:
        raise explain_impossible(footage, brief, locked)
    found, floor = solved.found, float(footage.scores.values.min(initial=0.0)) * rest
    choice = _Choice(held, brief, solved, clean_cuts(footage))
    slots = tuple(choice.slot(k) if k >= 0 else kept[-1 - k] for k in solved.order)
    return Assembly(
        slots=with_sound(footage, brief, slots),
        value=(worth + floor + found.total) / brief.frames,
        bound=(worth + floor + found.bound) / brief.frames,
        gap=(found.bound - found.total) / found.bound if found.bound > 0 else 0.0,
    )


def _too_long(
    footage: Footage, brief: Brief, kept: Sequence[Slot], locked: Sequence[Slot]
) -> ImpossibleBrief:
    """What stays lasts longer than the cut."""
    held = sum(slot.source.frames for slot in kept)
    names = ["the locked slots"] * bool(locked) + ["the ranges to include"] * bool(brief.include)
    nearest = replace(brief, frames=held)
    told = f"{in_words(held, footage.rate)} in all ({told_options(footage.rate, brief, nearest)})"
    return ImpossibleBrief(
        f"{' and '.join(names)} last {in_words(held, footage.rate)}, and the cut is to last "
        f"{in_words(brief.frames, footage.rate)}",
        told,
        nearest,
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """A selection and what it was made from."""

    footage: Footage
    brief: Brief
    solved: Solved
    clean: Flags

    @property
    def usable(self) -> Candidates:
        return self.solved.usable

    @property
    def problem(self) -> Problem:
        return self.solved.problem

    @property
    def found(self) -> Selection:
        return self.solved.found

    def slot(self, position: int) -> Slot:
        """The slot of the chosen row `position`."""
        row = int(self.found.chosen[position])
        shot = int(self.usable.shots[row])
        reasons = self.footage.scores.reasons(shot) + tuple(
            reason for reason in self._own_reasons(position, row) if reason.value
        )
        return Slot(
            media=self.footage.media,
            shot=shot,
            source=self._window(position, row),
            score=sum(reason.value for reason in reasons),
            reasons=reasons,
            alternates=self._alternates(position),
        )

    def _alternates(self, position: int) -> tuple[Alternate, ...]:
        """Shots that could stand in for one slot, the rest of the cut as it is; best first."""
        scored = [(self._score(position, row), row) for row in self._fitting(position)]
        best: dict[int, Alternate] = {}
        for score, row in sorted(scored, key=lambda pair: (-pair[0], pair[1])):
            shot = int(self.usable.shots[row])
            if shot not in best and len(best) < MAX_ALTERNATES:
                best[shot] = Alternate(shot, self._window(position, row), score)
        return tuple(best.values())

    def _fitting(self, position: int) -> list[int]:
        """Candidates that keep film order, length, diversity and budgets in place of a slot."""
        problem, chosen = self.problem, self.found.chosen
        frames = self.found.lengths[position]
        before = chosen[position - 1] if position else -1
        after = chosen[position + 1] if position + 1 < len(chosen) else len(problem.value)
        others = np.delete(chosen, position)
        lengths = np.delete(self.found.lengths, position)
        filled = np.bincount(problem.part[others], lengths, minlength=len(problem.quota))
        return [
            row
            for row in range(before + 1, after)
            if self.usable.shots[row] != self.usable.shots[chosen[position]]
            and problem.shortest[row] <= frames <= problem.capacity[row]
            and not problem.conflicts[row, others].any()
            and filled[problem.part[row]] + frames <= problem.caps[problem.part[row]]
        ]

    def _window(self, position: int, row: int) -> FrameRange:
        frames = int(self.found.lengths[position])
        clean = None if self.brief.speech == "ignore" else self.clean
        return best_window(self.footage.interest, self.usable.usable[row], frames, clean)

    def _score(self, position: int, row: int) -> float:
        """The score of a slot if candidate `row` filled it."""
        ranked = float(self.footage.scores.values[self.usable.shots[row]])
        return ranked + sum(reason.value for reason in self._own_reasons(position, row))

    def _own_reasons(self, position: int, row: int) -> tuple[Reason, ...]:
        """What assembly adds to the ranker's score if candidate `row` filled a slot."""
        shots, lengths = self.found.chosen.copy(), self.found.lengths
        shots[position] = row
        paced = selection.pace_worth(self.problem, shots, lengths) / lengths
        covered = selection.cover_worth(self.problem, shots, lengths) / lengths
        return (
            Reason(PACE_REASON, float(paced[position])),
            Reason(COVER_REASON, float(covered[position])),
            Reason(SPEECH_REASON, float(-self.problem.loss[row] / lengths[position])),
        )
