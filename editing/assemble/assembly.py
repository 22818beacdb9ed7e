"""From scored shots and a brief to the slots of a cut: exact length, best value, true reasons.

The value of a cut is the mean score of its frames. A slot's score is its shot's by the ranker, less
what its length loses against the pace, and what it loses where its part of the film is crowded.
Pure, and the same input gives the same cut.
"""

from dataclasses import dataclass

import numpy as np

from editing.assemble import selection
from editing.assemble.footage import Candidates, Footage, best_window, candidates
from editing.assemble.impossible import explain_impossible
from editing.assemble.problem import problem_of
from editing.assemble.selection import Problem, Selection
from editing.cut import Alternate, Brief, Reason, Slot
from ingest.timecode import FrameRange

MAX_ALTERNATES = 5

PACE_REASON = "length off the pace"
COVER_REASON = "its part of the film has more than its share"


@dataclass(frozen=True, slots=True)
class Assembly:
    """The slots of a cut, and how much better they could be at most."""

    slots: tuple[Slot, ...]
    """In film order."""
    value: float
    """The mean score of the cut's frames, in the ranker's units."""
    bound: float
    """No cut that keeps the brief has a higher value."""
    gap: float
    """`bound - value` as a share of the bound, both counted from the film's lowest score."""


def assemble(footage: Footage, brief: Brief) -> Assembly:
    """The best cut that keeps the brief.

    Raises:
        ImpossibleBrief: No cut keeps it; names what stands in the way and what would work.
    """
    usable = candidates(footage, brief)
    problem = problem_of(footage, usable, brief)
    found = selection.select(problem)
    if found is None:
        raise explain_impossible(footage, brief)
    choice = _Choice(footage, usable, problem, found)
    floor = float(footage.scores.values.min(initial=0.0))
    return Assembly(
        slots=tuple(choice.slot(position) for position in range(len(found.chosen))),
        value=floor + found.total / brief.frames,
        bound=floor + found.bound / brief.frames,
        gap=(found.bound - found.total) / found.bound if found.bound > 0 else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """A selection and what it was made from."""

    footage: Footage
    usable: Candidates
    problem: Problem
    found: Selection

    def slot(self, position: int) -> Slot:
        """Slot `position` of the cut."""
        row = int(self.found.chosen[position])
        shot = int(self.usable.shots[row])
        paced, covered = self._own_reasons(position, row)
        reasons = self.footage.scores.reasons(shot) + tuple(
            reason for reason in (paced, covered) if reason.value
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
        best = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:MAX_ALTERNATES]
        return tuple(
            Alternate(int(self.usable.shots[row]), self._window(position, row), score)
            for score, row in best
        )

    def _fitting(self, position: int) -> list[int]:
        """Candidates that keep film order, length and diversity in place of a slot."""
        chosen, frames = self.found.chosen, self.found.lengths[position]
        before = chosen[position - 1] if position else -1
        after = chosen[position + 1] if position + 1 < len(chosen) else len(self.problem.value)
        others = np.delete(chosen, position)
        return [
            row
            for row in range(before + 1, after)
            if row != chosen[position]
            and self.problem.capacity[row] >= frames
            and not self.problem.conflicts[row, others].any()
        ]

    def _window(self, position: int, row: int) -> FrameRange:
        frames = int(self.found.lengths[position])
        return best_window(self.footage.interest, self.usable.usable[row], frames)

    def _score(self, position: int, row: int) -> float:
        """The score of a slot if candidate `row` filled it."""
        ranked = float(self.footage.scores.values[self.usable.shots[row]])
        return ranked + sum(reason.value for reason in self._own_reasons(position, row))

    def _own_reasons(self, position: int, row: int) -> tuple[Reason, Reason]:
        """What assembly adds to the ranker's score if candidate `row` filled a slot."""
        shots, lengths = self.found.chosen.copy(), self.found.lengths
        shots[position] = row
        paced = selection.pace_worth(self.problem, shots, lengths) / lengths
        covered = selection.cover_worth(self.problem, shots, lengths) / lengths
        return (
            Reason(PACE_REASON, float(paced[position])),
            Reason(COVER_REASON, float(covered[position])),
        )
