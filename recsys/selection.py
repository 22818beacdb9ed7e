"""Which model, and with what settings: chosen on the newest part of train, never on test.

The training log is split once more as test is split from it; each candidate learns from the older
part and is judged on the newer. The winner is then fitted on all of the training log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from recsys.errors import CatalogueTooLarge, NoUsableRows
from recsys.evaluation import Estimate, evaluate
from recsys.interactions import Interactions, is_timed
from recsys.models.model import Progress, Recommender, quiet
from recsys.models.registry import MODELS, canonical_name, make_model
from recsys.splits import default_split

AUTO = "auto"
GRIDS: dict[str, tuple[dict[str, Any], ...]] = {
    "popularity": tuple({"window_days": days} for days in (None, 1.0, 3.0, 7.0, 28.0)),
    "ease": tuple(
        {"reg": reg, "decay": decay}
        for reg in (50.0, 250.0, 1000.0, 5000.0)
        for decay in (1.0, 0.95, 0.9, 0.8, 0.6)
    ),
    "als": tuple(
        {"embedding_size": size, "alpha": 4.0, "reg": reg, "decay": decay}
        for size, reg in ((16, 1.0), (32, 1.0), (64, 1.0), (128, 10.0))
        for decay in (1.0, 0.9, 0.8, 0.6)
    ),
    "sasrec": ({},),
}
"""Settings that are tried, by model; those that share a fit stand together."""
VALIDATION_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Candidate:
    """One setting of one model, and how it did on validation."""

    model: str
    config: dict[str, Any]
    ndcg: Estimate | None
    """NDCG@k over the validation users; None if it was not judged."""
    note: str = ""
    """Why it was not judged."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The setting that was chosen, why, and what else was tried."""

    model: str
    config: dict[str, Any]
    reason: str
    candidates: list[Candidate]
    """Best first."""

    def fitted(self, log: pl.DataFrame, seed: int, on_progress: Progress = quiet) -> Recommender:
        """The chosen model, fitted on all of a log."""
        model = make_model(self.model, seed, **self.config)
        return model.fit(Interactions.from_log(log), on_progress)


def choose(
    log: pl.DataFrame, name: str, *, k: int = 10, seed: int = 0, on_progress: Progress = quiet
) -> Choice:
    """Choose settings for a model, or with `auto` the model as well.

    Args:
        log: The training log; its newest fifth is the validation part.
        name: `auto`, or one of `MODELS`.
        k: NDCG@k decides.
        seed: Of the models.
        on_progress: Called with the share of candidates done.

    Raises:
        UnknownModel: There is none of that name.
        NoUsableRows: The log is too short to tell models apart.
        CatalogueTooLarge: The one model asked for cannot take so many titles.
    """
    names = MODELS if name == AUTO else (canonical_name(name),)
    timed = is_timed(log)
    settings = [
        (model, config)
        for model in names
        for config in GRIDS[model]
        if timed or config.get("window_days") is None  # days mean nothing without times
    ]
    if len(settings) == 1:
        model, config = settings[0]
        return Choice(model, config, f"{model} has one setting to try", [])
    split = default_split(log, VALIDATION_SHARE)
    past = Interactions.from_log(split.train)
    candidates: list[Candidate] = []
    fitted: Recommender | None = None
    for done, (model, config) in enumerate(settings):
        try:
            fitted = _fitted(make_model(model, seed, **config), past, fitted)
        except CatalogueTooLarge as error:
            candidates.append(Candidate(model, config, None, str(error)))
        else:
            ndcg = _judged(fitted, split.test, k)
            candidates.append(Candidate(model, {**config, **fitted.settled()}, ndcg))
        on_progress((done + 1) / len(settings))
    return _best(candidates, k, split.rule)


def _fitted(model: Recommender, past: Interactions, last: Recommender | None) -> Recommender:
    """The model fitted on the past, by way of the last one's fit if that is the same."""
    reused = last.rescored(model.config) if isinstance(last, type(model)) else None
    return reused or model.fit(past)


def _judged(model: Recommender, validation: pl.DataFrame, k: int) -> Estimate:
    """NDCG@k over the validation users."""
    figures = evaluate(model, validation, k=k, resamples=200)
    if not figures.users:
        raise NoUsableRows("the validation part", "none of its users has a history before it")
    return figures.metrics[f"ndcg@{k}"]


def _best(candidates: Sequence[Candidate], k: int, rule: str) -> Choice:
    judged = [(c.ndcg.value, c.ndcg, c) for c in candidates if c.ndcg is not None]
    if not judged:
        raise NoUsableRows("the choice of a model", candidates[0].note)
    judged.sort(key=lambda entry: -entry[0])  # stable: of equals, the simpler model leads
    value, interval, best = judged[0]
    reason = (
        f"{best.model} had the best validation NDCG@{k}, {value:.4f} "
        f"({interval.low:.4f} to {interval.high:.4f}), of {len(judged)} settings tried"
    )
    others = [(other, c.model) for other, _, c in judged if c.model != best.model]
    if others:
        other, name = others[0]
        reason += f"; the next best model was {name}, {other:.4f}"
        if other >= interval.low:
            reason += ", which is within that interval, so the lead may be chance"
    left_out = [c for c in candidates if c.ndcg is None]
    return Choice(
        model=best.model,
        config=best.config,
        reason=f"{reason}. Validation by {rule}",
        candidates=[*(c for _, _, c in judged), *left_out],
    )
