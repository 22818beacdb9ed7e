"""The optimisation under assembly: which shots, and how many frames of each.

A mixed-integer program, solved to a proven bound by HiGHS. A frame of a shot is worth the shot's
value; one past the pace is worth less, one short of it is missed more, and one in a part of the
film that is not yet covered is worth more; a part may have a share that it never passes. No word of
shots or briefs here: arrays only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]

RELATIVE_GAP = 1e-5
"""A solution this near to its bound is taken as the best."""
_NODE_LIMIT = 5_000  # not seconds: the same input must give the same cut on a busy machine
_NEAREST_SECONDS = 5.0  # only what is told of an impossible brief depends on it
_OPTIMAL, _INFEASIBLE = 0, 2
"""SciPy's status of a program that was solved, and of one that is proven to have no solution."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Choose shots and lengths: at most one of two in conflict, exactly `frames` in all."""

    value: Doubles
    """`(n,)`, what one frame of each shot is worth."""
    capacity: Ints
    """`(n,)`, frames; the longest slot that each shot can fill, `shortest` or more."""
    shortest: Ints
    """`(n,)`, frames of the shortest slot."""
    pace: Ints
    """`(n,)`, frames that a slot lasts if nothing speaks against it."""
    frames: int
    conflicts: NDArray[np.bool_]
    """`(n, n)`, symmetric, False on its diagonal."""
    part: Ints
    """`(n,)`, which part of the film each shot lies in, from 0."""
    quota: Ints
    """`(parts,)`, frames of each part; they sum to `frames`, or more."""
    bend: float
    """Lost for each frame that a slot is off its pace; 0 or more."""
    cover: float
    """Lost for each frame above its part's quota; 0 or more."""
    loss: Doubles
    """`(n,)`, lost once for each shot that is chosen; 0 or more."""
    most: Doubles
    """`(parts,)`, share of `frames + beside` that each part may fill; 1 or more is no limit."""
    held: Ints
    """`(parts,)`, frames of each part that are taken apart from these."""
    beside: int
    """Frames that are taken apart from these, of any part or none."""

    @property
    def own_pace(self) -> Ints:
        """`(n,)`, the pace, or the nearest length that the shot can fill."""
        return np.clip(self.pace, self.shortest, self.capacity)

    @property
    def caps(self) -> Ints:
        """`(parts,)`, frames that may be chosen of each part."""
        whole = self.frames + self.beside
        left = np.floor(self.most * whole + 1e-9).astype(np.int64) - self.held
        return np.where(self.most < 1, np.clip(left, 0, self.frames), self.frames)


@dataclass(frozen=True, slots=True)
class Selection:
    """The shots chosen and the frames of each."""

    chosen: Ints
    """Rising indices of shots."""
    lengths: Ints
    """Frames of each chosen shot."""
    total: float
    """What it is worth, summed over frames."""
    bound: float
    """No selection is worth more than this."""


def select(problem: Problem) -> Selection | None:
    """The most valuable selection of exactly `problem.frames`; None if there is none."""
    n, parts = len(problem.value), len(problem.quota)
    if n == 0:
        return None
    longer = problem.own_pace - problem.shortest  # frames worth bend more, up to the pace
    spare = problem.capacity - problem.own_pace  # frames worth bend less, past it
    fixed = problem.shortest * problem.value - problem.bend * longer - problem.loss
    worth = np.concatenate(
        [
            fixed,
            problem.value + problem.bend,
            problem.value - problem.bend,
            np.full(parts, problem.cover),
        ]
    )
    upper = np.concatenate([np.ones(n), longer, spare, problem.quota])
    integral = np.concatenate([np.ones(n), np.zeros(2 * n + parts)])
    # Not to lose `cover` above the quota is to win it below: the same but for a constant.
    rows = [_length_rows(longer, spare, parts), _quota_rows(problem), _clique_rows(problem, parts)]
    rows.append(_cap_rows(problem))
    total = _total_row(problem, parts)
    result = milp(
        -worth / problem.frames,
        integrality=integral,
        bounds=Bounds(0, upper),
        constraints=[
            *(rule for rule in rows if rule.A.shape[0]),
            LinearConstraint(total, problem.frames, problem.frames),
        ],
        options={"mip_rel_gap": RELATIVE_GAP, "node_limit": _NODE_LIMIT},
    )
    if result.x is None:
        return None if result.status == _INFEASIBLE else _any_selection(problem)
    chosen = np.flatnonzero(result.x[:n] > 0.5)
    lengths = fill(problem, chosen)
    worth_of_it = total_worth(problem, chosen, lengths)
    bound = (-result.mip_dual_bound - problem.cover) * problem.frames
    bound = max(worth_of_it, bound)
    return Selection(chosen, lengths, worth_of_it, bound)


@dataclass(frozen=True, slots=True)
class Nearest:
    """A length that can be filled, as near as was found to the one that was asked."""

    frames: int
    chosen: Ints
    """Rising indices of shots that fill it."""
    proven: bool
    """Whether none is nearer."""


def nearest(problem: Problem) -> Nearest | None:
    """The length nearest to `problem.frames` that can be filled, the shorter of two.

    None if there is no shot. Searches for some seconds at most; what it then has is told as not
    proven.
    """
    n = len(problem.value)
    if n == 0:
        return None
    spare = problem.capacity - problem.shortest
    # Variables: chosen (n), frames above the shortest (n), frames missed, frames too many.
    cost = np.concatenate([np.zeros(2 * n), [1.0, 1.0 + 1e-5]])
    link = sparse.hstack([-sparse.diags(spare.astype(float)), sparse.identity(n)])
    link = sparse.hstack([link, sparse.csr_matrix((n, 2))])
    some = np.concatenate([np.ones(n), np.zeros(n + 2)])[None]
    total = np.concatenate([problem.shortest.astype(float), np.ones(n), [1, -1]])[None]
    rules = [
        LinearConstraint(link.tocsc(), -np.inf, 0),
        LinearConstraint(some, 1, np.inf),
        LinearConstraint(total, problem.frames, problem.frames),
    ]
    cliques = conflict_cliques(problem.conflicts)
    if cliques:
        rules.append(LinearConstraint(_membership(cliques, 2 * n + 2), -np.inf, 1))
    for part in np.flatnonzero(problem.most < 1):  # its share of whatever the length then is
        within = (problem.part == part) - problem.most[part]
        row = np.concatenate([problem.shortest * within, within, [0, 0]])[None]
        room = problem.most[part] * problem.beside - problem.held[part] + 1e-9
        rules.append(LinearConstraint(row, -np.inf, room))
    upper = np.concatenate([np.ones(n), spare, [np.inf, np.inf]])
    # Lengths come out whole by themselves, but not where a share of the length is a limit.
    whole = np.full(n, float((problem.most < 1).any()))
    integral = np.concatenate([np.ones(n), whole, [0, 0]])
    result = milp(
        cost,
        integrality=integral,
        bounds=Bounds(0, upper),
        constraints=rules,
        options={"time_limit": _NEAREST_SECONDS},
    )
    proven = result.status == _OPTIMAL
    if result.x is None:
        if result.status == _INFEASIBLE or (problem.most < 1).any():
            return None
        chosen = np.array([0])
        least, most = int(problem.shortest[0]), int(problem.capacity[0])
        return Nearest(min(max(problem.frames, least), most), chosen, proven=False)
    chosen = np.flatnonzero(result.x[:n] > 0.5)
    extra = np.rint(result.x[n : 2 * n][chosen]).astype(np.int64)
    return Nearest(int((problem.shortest[chosen] + extra).sum()), chosen, proven)


def _any_selection(problem: Problem) -> Selection | None:
    """A selection, where the best could not be found; None if none could."""
    found = nearest(problem)
    if found is None or found.frames != problem.frames:
        return None
    lengths = fill(problem, found.chosen)
    worth = total_worth(problem, found.chosen, lengths)
    best = float(problem.value.max()) * problem.frames
    return Selection(found.chosen, lengths, worth, max(worth, best))


def fill(problem: Problem, chosen: Ints) -> Ints:
    """The best lengths of the chosen shots, `(len(chosen),)`, summing to `problem.frames`.

    Gives each frame in turn to whichever shot gains most by it: with gains that only fall, in
    each shot and in each part, that is exact (Fujishige, Submodular Functions, 2005, §8).
    """
    lengths = problem.shortest[chosen].copy()
    paces, capacity = problem.own_pace[chosen], problem.capacity[chosen]
    part, values = problem.part[chosen], problem.value[chosen]
    if not lengths.sum() <= problem.frames <= capacity.sum():
        raise ValueError(f"{len(chosen)} shots cannot fill {problem.frames} frames")
    filled = np.bincount(part, lengths, minlength=len(problem.quota)).astype(np.int64)
    caps = problem.caps
    for _ in range(problem.frames - int(lengths.sum())):
        gain = values + np.where(lengths < paces, problem.bend, -problem.bend)
        gain += np.where(filled < problem.quota, problem.cover, 0.0)[part]
        open_to_more = (lengths < capacity) & (filled < caps)[part]
        if not open_to_more.any():
            raise ValueError(f"{len(chosen)} shots cannot fill {problem.frames} frames")
        gain = np.where(open_to_more, gain, -np.inf)
        ties = np.flatnonzero(gain >= gain.max() - 1e-12)
        best = int(ties[np.argmin(lengths[ties] / paces[ties])])  # spread what counts the same
        lengths[best] += 1
        filled[part[best]] += 1
    return lengths


def pace_worth(problem: Problem, shots: Ints, lengths: Ints) -> Doubles:
    """What the distance from the pace costs each slot, summed over its frames; 0 or less."""
    worth: Doubles = -problem.bend * np.abs(lengths - problem.own_pace[shots])
    return worth


def cover_worth(problem: Problem, shots: Ints, lengths: Ints) -> Doubles:
    """What each slot loses where its part of the film has more than its quota; 0 or less.

    The frames above the quota lose `cover` each, shared by the slots of the part by length.
    """
    filled = np.bincount(problem.part[shots], lengths, minlength=len(problem.quota))
    above = 1 - np.minimum(1.0, problem.quota / np.maximum(filled, 1))
    worth: Doubles = -problem.cover * above[problem.part[shots]] * lengths
    return worth


def total_worth(problem: Problem, shots: Ints, lengths: Ints) -> float:
    """What a selection is worth, summed over its frames."""
    own = problem.value[shots] * lengths - problem.loss[shots]
    extra = pace_worth(problem, shots, lengths) + cover_worth(problem, shots, lengths)
    return float((own + extra).sum())


def conflict_cliques(conflicts: NDArray[np.bool_]) -> list[list[int]]:
    """Groups of shots that are all in conflict with each other, covering every conflict.

    Fewer and tighter rules than one for each pair; grown greedily, so not the fewest.
    """
    cliques, open_pairs = [], conflicts.copy()
    for shot in range(len(conflicts)):
        while (partners := np.flatnonzero(open_pairs[shot])).size:
            clique, fitting = [shot], conflicts[shot].copy()
            settled = np.flatnonzero(fitting & ~open_pairs[shot])
            for other in np.concatenate([partners, settled]):
                if fitting[other]:
                    clique.append(int(other))
                    fitting &= conflicts[other]
            open_pairs[np.ix_(clique, clique)] = False
            cliques.append(clique)
    return cliques


def _length_rows(longer: Ints, spare: Ints, parts: int) -> LinearConstraint:
    """Only a chosen shot has frames, up to its pace and then up to its capacity."""
    n = len(longer)
    one, none = sparse.identity(n), sparse.csr_matrix((n, n))
    rest = sparse.csr_matrix((2 * n, parts))
    to_pace = sparse.hstack([-sparse.diags(longer.astype(float)), one, none])
    past_it = sparse.hstack([-sparse.diags(spare.astype(float)), none, one])
    rows = sparse.hstack([sparse.vstack([to_pace, past_it]), rest])
    return LinearConstraint(rows.tocsc(), -np.inf, 0)


def _quota_rows(problem: Problem) -> LinearConstraint:
    """A part counts as covered only by frames that lie in it."""
    n, parts = len(problem.value), len(problem.quota)
    lies_in = sparse.csr_matrix((np.ones(n), (problem.part, np.arange(n))), shape=(parts, n))
    frames = [-_shortest_in(problem, lies_in), -lies_in, -lies_in, sparse.identity(parts)]
    return LinearConstraint(sparse.hstack(frames).tocsc(), -np.inf, 0)


def _cap_rows(problem: Problem) -> LinearConstraint:
    """A part never has more than its cap."""
    n, parts = len(problem.value), len(problem.quota)
    capped = np.flatnonzero(problem.most < 1)
    lies_in = sparse.csr_matrix((np.ones(n), (problem.part, np.arange(n))), shape=(parts, n))
    lies_in = lies_in[capped]
    none = sparse.csr_matrix((len(capped), parts))
    rows = sparse.hstack([_shortest_in(problem, lies_in), lies_in, lies_in, none])
    return LinearConstraint(rows.tocsc(), -np.inf, problem.caps[capped])


def _shortest_in(problem: Problem, lies_in: sparse.csr_matrix) -> sparse.csr_matrix:
    return lies_in @ sparse.diags(problem.shortest.astype(float))


def _clique_rows(problem: Problem, parts: int) -> LinearConstraint:
    cliques = conflict_cliques(problem.conflicts)
    return LinearConstraint(_membership(cliques, 3 * len(problem.value) + parts), -np.inf, 1)


def _total_row(problem: Problem, parts: int) -> Doubles:
    n = len(problem.value)
    row = [problem.shortest.astype(float), np.ones(2 * n), np.zeros(parts)]
    return np.concatenate(row)[None]


def _membership(cliques: list[list[int]], columns: int) -> sparse.csc_matrix:
    row = np.repeat(np.arange(len(cliques)), [len(clique) for clique in cliques])
    column = np.array([shot for clique in cliques for shot in clique], dtype=np.int64)
    shape = (len(cliques), columns)
    return sparse.csc_matrix((np.ones(len(column)), (row, column)), shape=shape)
