"""A second ranking over the candidates of the others: LambdaRank by gradient-boosted trees.

C. Burges, From RankNet to LambdaRank to LambdaMART, 2010; fitted by LightGBM. The trees learn on
what users came to after the interactions that the first rankers and all features come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.errors import NoUsableRows
from recsys.interactions import Floats, Interactions, Ints, newest_part
from recsys.models.candidates import (
    COLUMNS,
    Candidates,
    ItemFacts,
    feature_names,
    find_candidates,
)
from recsys.models.model import Progress, Recommender, State, quiet

if TYPE_CHECKING:
    import lightgbm

BATCH = 256
BOOSTER = "booster.txt"
BASES = "bases"
FEWEST_USERS = 50
"""Users with something to learn from, below which trees would learn chance."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Whose candidates are ranked again, and how."""

    bases: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {"popularity": {"window_days": 7.0}, "transitions": {}, "ease": {}}
    )
    """The first rankers by name, and the config of each."""
    candidates: int = 150
    """How many titles are ranked again for a user; the others come after them."""
    trees: int = 400
    """The most; the number is chosen over folds of users."""
    leaves: int = 15
    learning_rate: float = 0.05
    fewest_rows: int = 100
    """Candidates that a leaf needs at least."""
    folds: int = 4
    """Parts of the users; trees are judged on users that they did not learn from."""
    share: float = 0.2
    """Of the interactions: the newest, from which the trees learn."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.bases or "stack" in self.bases:
            raise ValueError(f"a stack needs bases other than itself, got {list(self.bases)}")
        if self.folds < 2:
            raise ValueError(f"need folds >= 2, got {self.folds}")


class StackModel(Recommender):
    """Ranks the candidates of its bases by what users went on to watch from such candidates."""

    name = "stack"
    config_type = StackConfig

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        """Bases on the older part, trees on the newer, then the bases afresh on all."""
        past, future = newest_part(interactions, self.config.share)
        targets = {
            user: watched
            for user, watched in zip(future.users, future.histories(), strict=True)
            if len(watched)
        }
        bases = [base.fit(past) for base in self._new_bases()]
        on_progress(0.4)
        self.learn_ranking(past, targets, bases, lambda done: on_progress(0.4 + 0.3 * done))
        self.take_bases(interactions, [base.updated(interactions) for base in bases])
        on_progress(1.0)

    def learn_ranking(
        self,
        past: Interactions,
        targets: Mapping[str, Ints],
        bases: Sequence[Recommender],
        on_progress: Progress = quiet,
    ) -> None:
        """Learn the trees.

        Args:
            past: What the bases were fitted on; all features come from it.
            targets: For users of the past, the numbers of the items they came to after it.
            bases: Fitted on `past`.
            on_progress: Called with the share done.

        Raises:
            NoUsableRows: Too few users came to one of their candidates.
        """
        self.take_bases(past, bases)
        histories = dict(zip(past.users, past.histories(), strict=True))
        users = [user for user in targets if len(histories.get(user, ()))]
        rows, labels, learned = [], [], []
        for begin in range(0, len(users), BATCH):
            batch = users[begin : begin + BATCH]
            found = self._candidates([histories[user] for user in batch])
            for row, user in enumerate(batch):
                label = np.isin(found.items[row], targets[user]) & found.real[row]
                if label.any() and not label.all():
                    kept = found.real[row]
                    rows.append(found.features[row][kept])
                    labels.append(label[kept])
                    learned.append(user)
            on_progress(0.5 * (begin + len(batch)) / len(users))
        if len(learned) < FEWEST_USERS:
            reason = f"{len(learned)} users came to one of their candidates"
            raise NoUsableRows("the second ranking", f"{reason}; it needs {FEWEST_USERS}")
        chance = np.random.default_rng(self.config.seed)
        fold = chance.permutation(len(learned)) % self.config.folds
        self._fold_of = dict(zip(learned, fold.tolist(), strict=True))
        self._fold_boosters = self._fit_folds(rows, labels, fold)
        # One number for all folds, so that none is judged with the number that suits it best.
        self._fold_trees = round(np.mean([b.best_iteration for b in self._fold_boosters]))
        self.booster = self._fit_trees(rows, labels, max(1, self._fold_trees))
        on_progress(1.0)

    def take_bases(self, interactions: Interactions, bases: Sequence[Recommender]) -> None:
        """Rank from now on the candidates of these bases, fitted on these interactions."""
        self._remember(interactions)
        self.bases = list(bases)
        self.columns = ItemFacts.of(interactions).columns()
        for base in bases:
            if base.name == "popularity":  # its window was chosen; the fallback's was not
                self._popular = base.score_histories([np.empty(0, np.int64)])[0]

    def out_of_fold(self, users: Sequence[str], histories: Sequence[Ints]) -> Floats:
        """Scores by trees that did not learn from the user: `(users, items)`.

        Only after `learn_ranking`, for histories of its past.
        """
        scores = self.score_histories(histories)
        for number, booster in enumerate(self._fold_boosters):
            # Users that no fold learned from are given the first fold's trees.
            rows = [
                row
                for row, user in enumerate(users)
                if len(histories[row]) and self._fold_of.get(user, 0) == number
            ]
            for begin in range(0, len(rows), BATCH):
                batch = rows[begin : begin + BATCH]
                asked = [histories[row] for row in batch]
                scores[batch] = self._ranked(booster, asked, self._fold_trees)
        return scores

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> "StackModel":
        """The same trees over bases that know the interactions."""
        other = type(self)(self.config)
        other.booster = self.booster
        bases: list[Recommender] = []
        for base in self.bases:
            bases.append(base.updated(interactions))
            on_progress(len(bases) / len(self.bases))
        other.take_bases(interactions, bases)
        return other

    def importances(self) -> dict[str, float]:
        """How much each feature gained in the trees, as shares that add up to 1, largest first."""
        gains = np.asarray(self.booster.feature_importance("gain"), np.float64)
        named = zip(feature_names(self.bases), (gains / max(gains.sum(), 1e-12)), strict=True)
        return dict(sorted(((n, float(g)) for n, g in named), key=lambda pair: -pair[1]))

    def _new_bases(self) -> list[Recommender]:
        from recsys.models.registry import make_model

        seed = self.config.seed
        return [make_model(name, seed, **config) for name, config in self.config.bases.items()]

    def _candidates(self, histories: Sequence[Ints]) -> Candidates:
        return find_candidates(self.bases, self.columns, histories, self.config.candidates)

    def _score(self, histories: Sequence[Ints]) -> Floats:
        batches = range(0, len(histories), BATCH)
        return np.concatenate(
            [self._ranked(self.booster, histories[begin : begin + BATCH]) for begin in batches]
        )

    def _ranked(
        self, booster: "lightgbm.Booster", histories: Sequence[Ints], trees: int | None = None
    ) -> Floats:
        """Candidates by the trees, above all others by the place their bases give them."""
        found = self._candidates(histories)
        rows, count, width = found.features.shape
        flat = found.features.reshape(rows * count, width)
        predicted = booster.predict(flat, num_iteration=trees or -1, num_threads=1)
        values = np.asarray(predicted, np.float32).reshape(rows, count)
        # Trees part candidates into leaves; what ties is parted by the bases.
        values += np.float32(1e-3) * np.take_along_axis(found.order, found.items, axis=1)
        lowest = values.min(axis=1, keepdims=True)
        scores = found.order + (lowest - 1)  # the order is at most 0, so this is below all values
        kept = np.where(found.real, values, np.take_along_axis(scores, found.items, axis=1))
        np.put_along_axis(scores, found.items, kept, axis=1)
        return np.asarray(scores, np.float32)

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "lambdarank",
            "metric": "ndcg",
            "eval_at": [10],
            "lambdarank_truncation_level": 20,
            "learning_rate": self.config.learning_rate,
            "num_leaves": self.config.leaves,
            "min_data_in_leaf": self.config.fewest_rows,
            "feature_fraction": 0.7,
            "lambda_l2": 1.0,
            "max_bin": 127,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "seed": self.config.seed,
            "verbosity": -1,
        }

    def _fit_folds(
        self, rows: Sequence[Floats], labels: Sequence[Any], fold: Ints
    ) -> "list[lightgbm.Booster]":
        """One booster for each fold, learned from the others and stopped where it is best on it."""
        import lightgbm

        boosters = []
        for number in range(self.config.folds):
            learn = _dataset(rows, labels, np.flatnonzero(fold != number))
            judge = _dataset(rows, labels, np.flatnonzero(fold == number), learn)
            stop = lightgbm.early_stopping(40, verbose=False)
            booster = lightgbm.train(
                self._parameters(), learn, self.config.trees, valid_sets=[judge], callbacks=[stop]
            )
            boosters.append(booster)
        return boosters

    def _fit_trees(
        self, rows: Sequence[Floats], labels: Sequence[Any], trees: int
    ) -> "lightgbm.Booster":
        import lightgbm

        everyone = np.arange(len(rows))
        return lightgbm.train(self._parameters(), _dataset(rows, labels, everyone), trees)

    def _state(self) -> State:
        return {"columns": self.columns}

    def _save_parts(self, folder: Path) -> None:
        self.booster.save_model(folder / BOOSTER)
        for base in self.bases:
            part = folder / BASES / base.name
            part.mkdir(parents=True)
            base.save(part, histories=False)

    def _restore(self, state: State) -> None:
        if state["columns"].shape != (len(self.items), len(COLUMNS)):
            raise ValueError("the facts do not fit the items")
        self.columns = state["columns"]

    def _restore_parts(self, folder: Path) -> None:
        import lightgbm

        from recsys.models.registry import model_type

        self.bases = [model_type(name).load(folder / BASES / name) for name in self.config.bases]
        if any(base.items != self.items for base in self.bases):
            raise ValueError("a base does not have the items of the whole")
        text = (folder / BOOSTER).read_text("utf-8")
        if not text.startswith("tree\n"):
            raise ValueError(f"{BOOSTER} is not a LightGBM text model")
        try:
            self.booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"{BOOSTER}: {error}") from error
        if self.booster.num_feature() != len(feature_names(self.bases)):
            raise ValueError("the trees do not fit the features")


def _dataset(
    rows: Sequence[Floats],
    labels: Sequence[Any],
    users: Ints,
    reference: "lightgbm.Dataset | None" = None,
) -> "lightgbm.Dataset":
    import lightgbm

    return lightgbm.Dataset(
        np.concatenate([rows[user] for user in users]),
        label=np.concatenate([labels[user] for user in users]).astype(np.int8),
        group=[len(rows[user]) for user in users],
        reference=reference,
        free_raw_data=True,
    )
