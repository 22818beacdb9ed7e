"""Boosted trees that rank candidates, and the reading of saved ones, which are not trusted.

LambdaRank, C. Burges, From RankNet to LambdaRank to LambdaMART, 2010; fitted by LightGBM, whose
reader believes the numbers in a text: a wrong one can end the process, so all are checked first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.interactions import Floats, Ints
from recsys.metrics import Doubles, Hits

if TYPE_CHECKING:
    import lightgbm

NODE_LISTS = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
"""Of a tree with n leaves, lists of n - 1."""
LARGEST_TEXT = 64 << 20
"""Bytes; 400 trees of 15 leaves take half a million."""


@dataclass(frozen=True, slots=True)
class Trees:
    """A booster, of which the first so many trees count."""

    booster: "lightgbm.Booster"
    count: int

    def values(self, features: Floats) -> Doubles:
        """`(…, features)` to `(…,)`; higher is better."""
        flat = features.reshape(-1, features.shape[-1])
        predicted = self.booster.predict(flat, num_iteration=self.count, num_threads=1)
        return np.asarray(predicted, np.float64).reshape(features.shape[:-1])


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """How trees are grown."""

    trees: int
    leaves: int
    learning_rate: float
    fewest_rows: int
    seed: int

    def parameters(self) -> dict[str, Any]:
        """As LightGBM names them."""
        return {
            "objective": "lambdarank",
            "metric": "ndcg",
            "eval_at": [10],
            "lambdarank_truncation_level": 20,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.fewest_rows,
            "feature_fraction": 0.7,
            "lambda_l2": 1.0,
            "max_bin": 127,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "seed": self.seed,
            "verbosity": -1,
        }


def fit_folds(
    rows: Sequence[Floats], labels: Sequence[Hits], fold: Ints, settings: TreeSettings
) -> list[Trees]:
    """For each fold trees learned from the others, as many as are best on the folds by and large.

    Args:
        rows: For each user `(candidates, features)`.
        labels: For each user `(candidates,)`, True for what the user came to.
        fold: `(users,)`, from 0.
        settings: `trees` is the most.
    """
    import lightgbm

    boosters = []
    for number in range(int(fold.max()) + 1):
        learn = _dataset(rows, labels, np.flatnonzero(fold != number))
        judge = _dataset(rows, labels, np.flatnonzero(fold == number), learn)
        stop = lightgbm.early_stopping(40, verbose=False)
        booster = lightgbm.train(
            settings.parameters(), learn, settings.trees, valid_sets=[judge], callbacks=[stop]
        )
        boosters.append(booster)
    # One number for all folds, so that none is judged with the number that suits it best.
    count = max(1, round(np.mean([booster.best_iteration for booster in boosters])))
    return [Trees(booster, count) for booster in boosters]


def fit_trees(
    rows: Sequence[Floats], labels: Sequence[Hits], count: int, settings: TreeSettings
) -> Trees:
    """So many trees, learned from everyone; arguments as of `fit_folds`."""
    import lightgbm

    everyone = _dataset(rows, labels, np.arange(len(rows)))
    return Trees(lightgbm.train(settings.parameters(), everyone, count), count)


def _dataset(
    rows: Sequence[Floats],
    labels: Sequence[Hits],
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


def read_trees(file: Path, features: int) -> Trees:
    """Read trees that `booster.save_model` wrote.

    Raises:
        ValueError: The text is not that of whole trees over so many features.
    """
    import lightgbm

    if file.stat().st_size > LARGEST_TEXT:
        raise ValueError(f"{file.name} is too large for the trees of a recommender")
    text = file.read_text("utf-8")
    count = check_text(text, features)
    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ValueError(f"{file.name}: {error}") from error
    if (booster.num_feature(), booster.num_trees()) != (features, count):
        raise ValueError(f"{file.name}: the trees do not fit the features")
    return Trees(booster, count)


def check_text(text: str, features: int) -> int:
    """How many trees a LightGBM text holds, each of which is whole.

    Raises:
        ValueError: A length, a child, a feature or a number is not what a tree can have.
    """
    head, *trees = text.split("\nTree=")
    tail = trees[-1].partition("\nend of trees\n") if trees else ("", "", "")
    if not text.startswith("tree\n") or not tail[1]:
        raise ValueError("it is not a whole LightGBM text")
    facts = _facts(head)
    sizes = _numbers(facts, "tree_sizes", len(trees), int)
    # LightGBM finds each tree by these, and does not look whether it is there.
    ends = [*(len(f"Tree={tree}\n".encode()) for tree in trees[:-1])]
    ends.append(len(f"Tree={tail[0]}\n".encode()))
    if sizes.tolist() != ends:
        raise ValueError("the sizes of its trees are not theirs")
    wanted = {"max_feature_idx": str(features - 1), "num_class": "1", "num_tree_per_iteration": "1"}
    if any(facts.get(name) != value for name, value in wanted.items()):
        raise ValueError("its trees are not over the features of this recommender")
    for name in ("feature_names", "feature_infos"):
        if len(facts.get(name, "").split()) != features:
            raise ValueError(f"{name} does not have an entry for each feature")
    for number, tree in enumerate([*trees[:-1], tail[0]]):
        try:
            _check_tree(_facts(tree), features)
        except ValueError as error:
            raise ValueError(f"tree {number}: {error}") from error
    return len(trees)


def _check_tree(facts: dict[str, str], features: int) -> None:
    leaves = int(_numbers(facts, "num_leaves", 1, int)[0])
    if leaves < 1 or facts.get("num_cat") != "0" or facts.get("is_linear", "0") != "0":
        raise ValueError("it has no leaves, or is of a kind that is not used here")
    if not np.isfinite(_numbers(facts, "leaf_value", leaves, float)).all():
        raise ValueError("a leaf has no value")
    if leaves == 1:
        return
    feature, threshold, decision, left, right = (
        _numbers(facts, name, leaves - 1, float if name == "threshold" else int)
        for name in NODE_LISTS
    )
    if feature.min() < 0 or feature.max() >= features:
        raise ValueError("a split is on a feature that is not there")
    if (
        np.isnan(threshold).any()
        or decision.min() < 0
        or decision.max() > 15
        or (decision & 1).any()
    ):
        raise ValueError("a split has no threshold")
    # Every node but the first, and every leaf (-1, -2, …), is the child of one node.
    children = np.sort(np.concatenate([left, right]))
    if not np.array_equal(
        children, np.concatenate([np.arange(-leaves, 0), np.arange(1, leaves - 1)])
    ):
        raise ValueError("its nodes do not make a tree")


def _facts(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, equals, value in pairs if equals}


def _numbers(facts: dict[str, str], name: str, count: int, kind: type) -> Any:
    try:
        values = [kind(value) for value in facts[name].split()]
    except (KeyError, ValueError) as error:
        raise ValueError(f"{name} is missing, or not of numbers") from error
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} values, not {count}")
    return np.array(values)
