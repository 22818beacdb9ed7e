"""A second ranking over the candidates of the others, by boosted trees or by a few weights.

Trees: LambdaRank, C. Burges, From RankNet to LambdaRank to LambdaMART, 2010, fitted by LightGBM.
Weights: `logit`. Both learn on what users came to after the interactions that the first rankers
and all features come from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recsys.context import Context
from recsys.errors import NoUsableRows
from recsys.interactions import Floats, Interactions, Ints, newest_part
from recsys.metrics import Hits
from recsys.models.candidates import (
    COLUMNS,
    Candidates,
    ItemFacts,
    feature_names,
    find_candidates,
    steady_columns,
)
from recsys.models.logit import Logit, fit_logit
from recsys.models.model import Progress, Recommender, State, quiet
from recsys.models.trees import Trees, TreeSettings, fit_folds, fit_trees, read_trees

Ranker = Trees | Logit
BATCH = 256
BOOSTER = "booster.txt"
BASES = "bases"
RANKERS = ("trees", "logit")
MOST_USERS = 30_000
"""Of one lesson; the candidates of so many take 0.7 GB."""
FEWEST_USERS = 50
"""Users with something to learn from, below which trees would learn chance."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Whose candidates are ranked again, and how."""

    bases: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {"popularity": {"window_days": 7.0}, "transitions": {}, "ease": {}}
    )
    """The first rankers by name, and the config of each."""
    ranker: str = "trees"
    """`trees` (LambdaRank) or `logit`, a few weights that know less and forget less."""
    penalty: float = 0.01
    """Of the logit, on the squares of its weights, > 0."""
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
        from recsys.models.registry import check_settings

        if not self.bases or "stack" in self.bases:
            raise ValueError(f"a stack needs bases other than itself, got {list(self.bases)}")
        for name, config in self.bases.items():
            check_settings(name, config)
        if self.ranker not in RANKERS:
            raise ValueError(f"ranker is one of {', '.join(RANKERS)}, not {self.ranker!r}")
        if self.penalty <= 0:
            raise ValueError(f"need penalty > 0, got {self.penalty}")
        if self.folds < 2:
            raise ValueError(f"need folds >= 2, got {self.folds}")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What users came to after a past, for a second ranking to learn from."""

    past: Interactions
    """All features come from it."""
    targets: Mapping[str, Ints]
    """For users of the past, the numbers of the items they came to after it."""
    bases: Sequence[Recommender]
    """Fitted on `past`."""


class StackModel(Recommender):
    """Ranks the candidates of its bases by what users went on to watch from such candidates."""

    name = "stack"
    config_type = StackConfig
    reads_context = True

    def _learn(self, interactions: Interactions, on_progress: Progress) -> None:
        """Bases on the older part, trees on the newer, then the bases afresh on all."""
        past, future = newest_part(interactions, self.config.share)
        if not len(past.item):
            raise NoUsableRows("the second ranking", "no play comes before another")
        targets = {
            user: watched
            for user, watched in zip(future.users, future.histories(), strict=True)
            if len(watched)
        }
        bases = [base.fit(past) for base in self._new_bases()]
        on_progress(0.4)
        self.learn_ranking(
            [Lesson(past, targets, bases)], lambda done: on_progress(0.4 + 0.3 * done)
        )
        self.take_bases(interactions, [base.updated(interactions) for base in bases])
        on_progress(1.0)

    def learn_ranking(self, lessons: Sequence[Lesson], on_progress: Progress = quiet) -> None:
        """Learn to rank; the last lesson's past and bases are those that are ranked from then on.

        Raises:
            NoUsableRows: Too few users came to one of their candidates.
        """
        rows: list[Floats] = []
        labels: list[Hits] = []
        learned: list[str] = []
        for number, lesson in enumerate(lessons):
            self.take_bases(lesson.past, lesson.bases)
            for users, features, came in self._tables(lesson):
                learned += users
                rows += features
                labels += came
            on_progress(0.5 * (number + 1) / len(lessons))
        if len(learned) < FEWEST_USERS:
            reason = f"{len(learned)} users came to one of their candidates"
            raise NoUsableRows("the second ranking", f"{reason}; it needs {FEWEST_USERS}")
        chance = np.random.default_rng(self.config.seed)
        users = list(dict.fromkeys(learned))  # a user of two lessons is in one fold
        fold = chance.permutation(len(users)) % self.config.folds
        self._fold_of = dict(zip(users, fold.tolist(), strict=True))
        fold_of_row = np.array([self._fold_of[user] for user in learned])
        self._fold_rankers: list[Ranker]
        self.ranker: Ranker
        if self.config.ranker == "logit":
            penalty = self.config.penalty
            kept = [np.flatnonzero(fold_of_row != n).tolist() for n in range(self.config.folds)]
            self._fold_rankers = [
                fit_logit([rows[row] for row in part], [labels[row] for row in part], penalty)
                for part in kept
            ]
            self.ranker = fit_logit(rows, labels, penalty)
        else:
            settings = self._tree_settings()
            folds = fit_folds(rows, labels, fold_of_row, settings)
            self._fold_rankers = list(folds)
            self.ranker = fit_trees(rows, labels, folds[0].count, settings)
        on_progress(1.0)

    def _tables(self, lesson: Lesson) -> Iterator[tuple[list[str], list[Floats], list[Hits]]]:
        """Batches of users who came to some of their candidates: names, features, labels."""
        told = zip(lesson.past.histories(), lesson.past.contexts(), strict=True)
        known = dict(zip(lesson.past.users, told, strict=True))
        users = [user for user in lesson.targets if user in known and len(known[user][0])]
        if len(users) > MOST_USERS:  # more would fill the memory and teach little
            drawn = np.random.default_rng(self.config.seed).permutation(len(users))[:MOST_USERS]
            users = [users[row] for row in np.sort(drawn).tolist()]
        for begin in range(0, len(users), BATCH):
            batch = users[begin : begin + BATCH]
            histories, contexts = zip(*(known[user] for user in batch), strict=True)
            found = self._candidates(histories, contexts)
            features = self._features(found)
            names, rows, labels = [], [], []
            for row, user in enumerate(batch):
                label = np.isin(found.items[row], lesson.targets[user]) & found.real[row]
                if label.any() and not label.all():
                    kept = found.real[row]
                    names.append(user)
                    rows.append(features[row][kept])
                    labels.append(label[kept])
            yield names, rows, labels

    def take_bases(self, interactions: Interactions, bases: Sequence[Recommender]) -> None:
        """Rank from now on the candidates of these bases, fitted on these interactions."""
        self._remember(interactions)
        self.bases = list(bases)
        self.columns = ItemFacts.of(interactions).columns()
        for base in bases:
            if base.name == "popularity":  # its window was chosen; the fallback's was not
                self._popular = base.score_histories([np.empty(0, np.int64)])[0]

    def out_of_fold(self, users: Sequence[str], histories: Sequence[Ints]) -> Floats:
        """Scores by what was learned from others than the user: `(users, items)`.

        Only after `learn_ranking`, for histories of its last past.
        """
        contexts = [self.context(user) for user in users]
        scores = self.score_histories(histories, contexts)
        for number, ranker in enumerate(self._fold_rankers):
            # Users that no fold learned from are given the first fold's.
            rows = [
                row
                for row, user in enumerate(users)
                if len(histories[row]) and self._fold_of.get(user, 0) == number
            ]
            for begin in range(0, len(rows), BATCH):
                batch = rows[begin : begin + BATCH]
                asked = [histories[row] for row in batch], [contexts[row] for row in batch]
                scores[batch] = self._ranked(ranker, *asked)
        return scores

    def updated(self, interactions: Interactions, on_progress: Progress = quiet) -> "StackModel":
        """The same second ranking over bases that know the interactions."""
        other = type(self)(self.config)
        other.ranker = self.ranker
        bases: list[Recommender] = []
        for base in self.bases:
            bases.append(base.updated(interactions))
            on_progress(len(bases) / len(self.bases))
        other.take_bases(interactions, bases)
        return other

    def importances(self) -> dict[str, float]:
        """How much each feature counts, as shares that add up to 1, largest first.

        Of trees, what it gained in them; of a logit, the size of its weight.
        """
        names = feature_names(self.bases)
        if isinstance(self.ranker, Logit):
            names = [names[place] for place in steady_columns(self.bases)[0]]
            gains = np.abs(self.ranker.weights)
        else:
            gains = np.asarray(self.ranker.booster.feature_importance("gain"), np.float64)
        named = zip(names, gains / max(gains.sum(), 1e-12), strict=True)
        return dict(sorted(((n, float(g)) for n, g in named), key=lambda pair: -pair[1]))

    def _new_bases(self) -> list[Recommender]:
        from recsys.models.registry import make_model

        seed = self.config.seed
        return [make_model(name, seed, **config) for name, config in self.config.bases.items()]

    def _candidates(self, histories: Sequence[Ints], contexts: Sequence[Context]) -> Candidates:
        count = self.config.candidates
        return find_candidates(self.bases, self.columns, histories, contexts, count)

    def _features(self, found: Candidates) -> Floats:
        """`(histories, candidates, features)`, those that the second ranking goes by."""
        if self.config.ranker == "trees":
            return found.features
        kept, by_logarithm = steady_columns(self.bases)
        features = found.features[:, :, kept]
        features[:, :, by_logarithm] = np.log1p(features[:, :, by_logarithm])
        return features

    def _score(self, histories: Sequence[Ints]) -> Floats:
        return self._score_within(histories, [Context()] * len(histories))

    def _score_within(self, histories: Sequence[Ints], contexts: Sequence[Context]) -> Floats:
        batches = [slice(begin, begin + BATCH) for begin in range(0, len(histories), BATCH)]
        return np.concatenate(
            [self._ranked(self.ranker, histories[rows], contexts[rows]) for rows in batches]
        )

    def _ranked(
        self, ranker: Ranker, histories: Sequence[Ints], contexts: Sequence[Context]
    ) -> Floats:
        """Candidates by the second ranking, above all others by the place their bases give them."""
        found = self._candidates(histories, contexts)
        values = ranker.values(self._features(found)).astype(np.float32)
        # Trees part candidates into leaves; what ties is parted by the bases.
        values += np.float32(1e-3) * np.take_along_axis(found.order, found.items, axis=1)
        lowest = values.min(axis=1, keepdims=True)
        scores = found.order + (lowest - 1)  # the order is at most 0, so this is below all values
        kept = np.where(found.real, values, np.take_along_axis(scores, found.items, axis=1))
        np.put_along_axis(scores, found.items, kept, axis=1)
        return np.asarray(scores, np.float32)

    def _tree_settings(self) -> TreeSettings:
        asked = self.config
        return TreeSettings(
            asked.trees, asked.leaves, asked.learning_rate, asked.fewest_rows, asked.seed
        )

    def _state(self) -> State:
        if isinstance(self.ranker, Logit):
            return {"columns": self.columns, **asdict(self.ranker)}
        return {"columns": self.columns}

    def _save_parts(self, folder: Path) -> None:
        if isinstance(self.ranker, Trees):
            self.ranker.booster.save_model(folder / BOOSTER)
        for base in self.bases:
            part = folder / BASES / base.name
            part.mkdir(parents=True)
            base.save(part, histories=False)

    def _restore(self, state: State) -> None:
        if state["columns"].shape != (len(self.items), len(COLUMNS)):
            raise ValueError("the facts do not fit the items")
        self.columns = state["columns"]
        if self.config.ranker == "logit":
            self.ranker = Logit(state["weights"], state["mean"], state["spread"])

    def _restore_parts(self, folder: Path) -> None:
        from recsys.models.registry import model_type

        self.bases = [model_type(name).load(folder / BASES / name) for name in self.config.bases]
        if any(base.items != self.items for base in self.bases):
            raise ValueError("a base does not have the items of the whole")
        if self.config.ranker == "trees":
            self.ranker = read_trees(folder / BOOSTER, len(feature_names(self.bases)))
        else:
            assert isinstance(self.ranker, Logit)
            self.ranker.check(len(steady_columns(self.bases)[0]))
