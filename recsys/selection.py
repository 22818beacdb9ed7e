"""Which model, and with what settings: chosen on the newest part of train, never on test.

The training log is split once more as test is split from it; each candidate learns from the older
part and is judged on the newer. A second ranking learns from the first half of the newer part and
is judged, against the best of each model, on the second. The winner then learns all.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from recsys.errors import CatalogueTooLarge, NoUsableRows
from recsys.evaluation import Estimate, Score, evaluate
from recsys.interactions import Interactions, first_plays, is_timed
from recsys.models.boosting import StackConfig, StackModel
from recsys.models.model import Progress, Recommender, quiet
from recsys.models.registry import MODELS, canonical_name, make_model
from recsys.splits import Split, default_split
from recsys.stacking import halves, lesson
from recsys.viewing_log import USER

AUTO = "auto"
STACK = "stack"
SEED = "seed"
GRIDS: dict[str, tuple[dict[str, Any], ...]] = {
    "popularity": tuple({"window_days": days} for days in (None, 0.5, 1.0, 3.0, 7.0, 14.0, 28.0)),
    "transitions": tuple(
        {"window": window, "decay": decay, "forget": forget, "discount": discount}
        for window, decay in ((3, 0.7), (5, 0.8), (20, 0.9), (50, 0.95))
        for forget in (0.5, 0.7, 0.9)
        for discount in (0.0, 0.15, 0.3)
    ),
    "knn": tuple(
        {"neighbours": neighbours, "shrink": shrink, "decay": decay}
        for neighbours, shrink in ((100, 5.0), (500, 5.0), (500, 50.0))
        for decay in (1.0, 0.9, 0.6)
    ),
    "ease": tuple(
        {"reg": reg, "decay": decay}
        for reg in (100.0, 500.0, 2000.0)
        for decay in (1.0, 0.95, 0.9, 0.8, 0.6)
    ),
    "als": tuple(
        {"embedding_size": size, "alpha": 4.0, "reg": reg, "decay": decay}
        for size, reg in ((32, 1.0), (128, 10.0))
        for decay in (1.0, 0.9, 0.8, 0.6)
    ),
    "sasrec": ({},),
    STACK: (
        {"ranker": "trees"},
        {"ranker": "logit", "penalty": 0.01},
        {"ranker": "logit", "penalty": 0.1},
    ),
}
"""Settings that are tried, by model; those that share a fit stand together."""
VALIDATION_SHARES = (0.2, 0.1, 0.05)
SIMPLER_SHARE = 0.01
"""A simpler model is taken over the best if it gives up no more than this share of its NDCG."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One setting of one model, and how it did on validation."""

    model: str
    config: dict[str, Any]
    ndcg: Estimate | None
    """NDCG@k over the validation users; None if it was not judged."""
    note: str = ""
    """Why it was not judged."""
    late: Estimate | None = None
    """Of the best of each model, where a stack was judged as well: the same over the later half
    of validation, which then decides."""

    @property
    def decisive(self) -> Estimate:
        """What models are compared by."""
        found = self.late or self.ndcg
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """The setting that was chosen, why, and what else was tried."""

    model: str
    config: dict[str, Any]
    reason: str
    candidates: list[Candidate]
    """Those that were compared at last first; of them, and of the others, the best first."""
    learned: Mapping[str, Recommender] = field(default_factory=dict, compare=False, repr=False)
    """The best setting of each model as it was judged, by name; empty if nothing was."""

    def fitted(self, log: pl.DataFrame, seed: int, on_progress: Progress = quiet) -> Recommender:
        """The chosen model, fitted on all of a log."""
        interactions = Interactions.from_log(log)
        if self.model in self.learned:
            return self.learned[self.model].updated(interactions, on_progress)
        model = make_model(self.model, seed, **self.config)
        return model.fit(interactions, on_progress)


@dataclass(slots=True)
class _Best:
    """The best setting of one model so far, still fitted on the past."""

    candidate: Candidate
    learned: Recommender

    @property
    def ndcg(self) -> Estimate:
        return self.candidate.decisive


def choose(
    log: pl.DataFrame,
    name: str,
    *,
    k: int = 10,
    seed: int = 0,
    among: Sequence[str] | None = None,
    minutes: float | None = None,
    on_progress: Progress = quiet,
) -> Choice:
    """Choose settings for a model, or with `auto` the model as well.

    Args:
        log: The training log; its newest part is for validation, see `validation_split`.
        name: `auto`, or one of `MODELS`; a stack's bases are chosen as well.
        k: NDCG@k decides.
        seed: Of the models.
        among: Models that `auto`, and a stack as its bases, may take; all if left out.
        minutes: Of CPU time, after which no further setting is begun; no limit if left out.
        on_progress: Called with the share of candidates done.

    Raises:
        UnknownModel: There is none of that name.
        NoUsableRows: The log is too short to tell models apart.
        CatalogueTooLarge: The one model asked for cannot take so many titles.
    """
    asked = None if name == AUTO else canonical_name(name)
    every = tuple(MODELS if among is None else map(canonical_name, among))
    names = every if asked in (None, STACK) else (asked,)
    timed = is_timed(log)
    settings = [
        (model, config)
        for model in names
        for config in GRIDS[model]
        if model != STACK and (timed or config.get("window_days") is None)
    ]
    if not settings and asked == STACK:
        raise NoUsableRows("a stack", "none of the models that it may take can be tried")
    if len(settings) == 1:
        model, config = settings[0]
        return Choice(model, config, f"{model} has one setting to try", [])
    split = validation_split(log)
    past = Interactions.from_log(split.train)
    candidates: list[Candidate] = []
    best: dict[str, _Best] = {}
    fitted: Recommender | None = None
    begin = time.process_time()
    for done, (model, config) in enumerate(settings):
        if best and minutes is not None and time.process_time() - begin > 60 * minutes:
            candidates.append(Candidate(model, config, None, f"{minutes:g} CPU minutes were spent"))
            continue
        try:
            fitted = _fitted(make_model(model, seed, **config), past, fitted)
        except CatalogueTooLarge as error:
            candidates.append(Candidate(model, config, None, str(error)))
        else:
            candidate = Candidate(model, config, _judged(fitted, split.test, k))
            candidates.append(candidate)
            _keep_best(best, candidate, fitted)
        on_progress((done + 1) / (len(settings) + 1))
    rule = split.rule
    if STACK in names:
        before = {name: found.candidate for name, found in best.items()}
        if timed:
            second, told = _forward(best, split, past, k, seed)
            rule += told
        else:
            second = _out_of_fold(best, split, past, k, seed)
        now = {id(before[name]): best[name].candidate for name in before}
        candidates = [now.get(id(candidate), candidate) for candidate in candidates] + second
    on_progress(1.0)
    return _choice(candidates, best, asked, k, rule)


def validation_split(log: pl.DataFrame) -> Split:
    """The newest part of a log held out: as large as leaves most users to be judged, at most 1/5.

    A log may begin with a long past that is all before most users' first plays; then a smaller
    newest part has more users with a history before it.
    """
    splits = [default_split(log, share) for share in VALIDATION_SHARES]
    judged = [len(set(split.train[USER]) & set(first_plays(split.test)[USER])) for split in splits]
    return splits[int(np.argmax(judged))]


def _fitted(model: Recommender, past: Interactions, last: Recommender | None) -> Recommender:
    """The model fitted on the past, by way of the last one's fit if that is the same."""
    reused = last.rescored(model.config) if isinstance(last, type(model)) else None
    return reused or model.fit(past)


def _judged(
    model: Recommender, validation: pl.DataFrame, k: int, score: Score | None = None
) -> Estimate:
    """NDCG@k over the validation users, by `score` if that is given."""
    figures = evaluate(model, validation, k=k, resamples=200, score=score, describe=False)
    if not figures.users:
        raise NoUsableRows("the validation part", "none of its users has a history before it")
    return figures.metrics[f"ndcg@{k}"]


def _keep_best(best: dict[str, _Best], candidate: Candidate, learned: Recommender) -> None:
    found = _Best(candidate, learned)
    if candidate.model not in best or found.ndcg.value > best[candidate.model].ndcg.value:
        best[candidate.model] = found


def _stacks(best: Mapping[str, _Best], seed: int) -> list[StackModel]:
    """Untaught second rankings over the best setting of each model, one for each of `GRIDS`."""
    bases = {name: _plain(found) for name, found in best.items()}
    configs = [StackConfig(bases=bases, seed=seed, **config) for config in GRIDS[STACK]]
    return [StackModel(config) for config in configs]


def _stack_candidate(stack: StackModel, ndcg: Estimate | None, note: str = "") -> Candidate:
    config = {name: getattr(stack.config, name) for name in ("bases", "ranker", "penalty")}
    return Candidate(STACK, config, ndcg, note, late=ndcg)


def _forward(
    best: dict[str, _Best], split: Split, past: Interactions, k: int, seed: int
) -> tuple[list[Candidate], str]:
    """Judge second rankings, and the best of each model again, on the later half of validation.

    Adds the best second ranking to `best`, taught by both halves. Also told is where the half is.
    """
    stacks = _stacks(best, seed)
    learned = {name: found.learned for name, found in best.items()}
    try:
        half = halves(split, past, learned)
        _judged(half.late.bases[0], half.judged_on, k)
    except NoUsableRows as error:
        return [_stack_candidate(stack, None, str(error)) for stack in stacks], ""
    candidates, rankings = [], []
    for stack in stacks:
        try:
            stack.learn_ranking([half.early])
        except NoUsableRows as error:
            candidates.append(_stack_candidate(stack, None, str(error)))
            continue
        stack.take_bases(half.late.past, half.late.bases)
        candidates.append(_stack_candidate(stack, _judged(stack, half.judged_on, k)))
        rankings.append(_Best(candidates[-1], stack))
    if not rankings:
        return candidates, ""
    for name, model in zip(learned, half.late.bases, strict=True):
        late = _judged(model, half.judged_on, k)
        best[name] = _Best(replace(best[name].candidate, late=late), learned[name])
    winner = max(rankings, key=lambda found: found.ndcg.value)
    taught = StackModel(winner.learned.config)
    taught.learn_ranking([half.early, half.late])
    best[STACK] = _Best(winner.candidate, taught)
    return candidates, f"; models were compared on its later half, {half.rule}"


def _out_of_fold(
    best: dict[str, _Best], split: Split, past: Interactions, k: int, seed: int
) -> list[Candidate]:
    """Judge second rankings out of fold over users, and add the best to `best`."""
    candidates = []
    taught = lesson(past, split.test, [found.learned for found in best.values()])
    for stack in _stacks(best, seed):
        try:
            stack.learn_ranking([taught])
        except NoUsableRows as error:
            candidates.append(_stack_candidate(stack, None, str(error)))
            continue
        found = _judged(stack, split.test, k, stack.out_of_fold)
        candidates.append(_stack_candidate(stack, found))
        _keep_best(best, candidates[-1], stack)
    return candidates


def _plain(found: _Best) -> dict[str, Any]:
    return {**found.candidate.config, **found.learned.settled()}


def _choice(
    candidates: Sequence[Candidate], best: dict[str, _Best], asked: str | None, k: int, rule: str
) -> Choice:
    """The best mean; of nearly equal ones the simplest, which `MODELS` has first."""
    order = {name: place for place, name in enumerate(MODELS)}
    open_to_all = [found for name, found in best.items() if asked in (None, name)]
    left_out = [candidate for candidate in candidates if candidate.ndcg is None]
    if not open_to_all:
        note = next((c.note for c in left_out if asked in (None, c.model)), "nothing was judged")
        raise NoUsableRows("the choice of a model", note)
    leader = max(open_to_all, key=lambda found: found.ndcg.value)
    near = leader.ndcg.value * (1 - SIMPLER_SHARE)
    equals = [found for found in open_to_all if found.ndcg.value >= near]
    winner = min(equals, key=lambda found: order[found.candidate.model])
    ranked = sorted(
        (candidate for candidate in candidates if candidate.ndcg is not None),
        key=lambda candidate: (candidate.late is None, -candidate.decisive.value),
    )
    return Choice(
        model=winner.candidate.model,
        config=_plain(winner),
        reason=f"{_reason(winner, leader, open_to_all, len(ranked), k)}. Validation by {rule}",
        candidates=[*ranked, *left_out],
        learned={name: found.learned for name, found in best.items()},
    )


def _reason(winner: _Best, leader: _Best, all_best: Sequence[_Best], tried: int, k: int) -> str:
    name, figure = winner.candidate.model, winner.ndcg
    bounds = f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"
    if winner is leader:
        reason = f"{name} had the best validation NDCG@{k}, {bounds}, of {tried} settings tried"
    else:
        reason = (
            f"{name} had validation NDCG@{k} {bounds}, within {SIMPLER_SHARE:.0%} of the best of "
            f"{tried} settings tried ({leader.candidate.model}, {leader.ndcg.value:.4f}), and is "
            "simpler"
        )
    others = [found for found in all_best if found is not winner and found is not leader]
    if winner is leader and others:
        other = max(others, key=lambda found: found.ndcg.value)
        reason += f"; the next best model was {other.candidate.model}, {other.ndcg.value:.4f}"
        if other.ndcg.value >= figure.low:
            reason += ", which is within that interval, so the lead may be chance"
    return reason
