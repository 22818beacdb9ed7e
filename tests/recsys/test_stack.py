"""The second ranking learns from what came after its features, and from nothing else."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recsys.errors import NoUsableRows, UnusableModel
from recsys.evaluation import evaluate
from recsys.interactions import Interactions, first_plays
from recsys.models.boosting import BASES, BOOSTER, StackConfig, StackModel
from recsys.models.candidates import COLUMNS, ItemFacts, feature_names, find_candidates
from recsys.models.registry import load_model, make_model
from recsys.run import judge_models
from recsys.simulate import Simulation
from recsys.splits import shared_plays, time_split

CONFIG = StackConfig(bases={"popularity": {}, "transitions": {}}, candidates=20, fewest_rows=20)


@pytest.fixture(scope="module")
def past(simulation: Simulation) -> Interactions:
    return Interactions.from_log(time_split(simulation.log).train)


@pytest.fixture(scope="module")
def targets(simulation: Simulation, past: Interactions) -> dict[str, np.ndarray]:
    number = {item: place for place, item in enumerate(past.items)}
    plays = first_plays(time_split(simulation.log).test).group_by("user").agg("item")
    return {
        user: np.array([number[item] for item in items if item in number])
        for user, items in plays.iter_rows()
    }


def learned(past: Interactions, targets: dict[str, np.ndarray]) -> StackModel:
    stack = StackModel(CONFIG)
    bases = [make_model(name, **config).fit(past) for name, config in CONFIG.bases.items()]
    stack.learn_ranking(past, targets, bases)
    return stack


def test_facts_count_back_from_the_newest_play(log_of) -> None:  # type: ignore[no-untyped-def]
    """a: 5 days ago and now; b: 2 days ago."""
    log = log_of([("u", "a", 0), ("u", "b", 72), ("v", "a", 120)])
    facts = ItemFacts.of(Interactions.from_log(log))
    assert np.expm1(facts.plays) == pytest.approx([2, 1])
    assert np.expm1(facts.recent) == pytest.approx(np.array([[1, 1, 2, 2], [0, 1, 1, 1]]))
    assert np.expm1(facts.age) == pytest.approx([5, 2])
    assert np.expm1(facts.idle) == pytest.approx([0, 2], abs=1e-6)
    assert facts.columns().shape == (2, len(COLUMNS))


def test_candidates_are_the_best_of_each_base_and_never_watched(past: Interactions) -> None:
    bases = [make_model(name).fit(past) for name in ("popularity", "ease")]
    histories = past.histories()[:5]
    found = find_candidates(bases, ItemFacts.of(past).columns(), histories, 8)
    assert found.features.shape == (5, 8, len(feature_names(bases)))
    for row, history in enumerate(histories):
        assert not set(found.items[row][found.real[row]]) & set(history)
        for base in bases:
            scores = base.score_histories([history])[0]
            scores[history] = -np.inf
            assert scores.argmax() in found.items[row]


def test_features_know_nothing_of_what_came_after(
    past: Interactions, targets: dict[str, np.ndarray]
) -> None:
    """A planted leak would change them: the targets are shuffled, and no feature moves."""
    shuffled = dict(zip(targets, list(targets.values())[::-1], strict=True))
    one, other = learned(past, targets), learned(past, shuffled)
    histories = past.histories()[:30]
    assert np.array_equal(
        one._candidates(histories).features, other._candidates(histories).features
    )
    assert not np.array_equal(one.score_histories(histories), other.score_histories(histories))


def test_out_of_fold_scores_come_from_trees_that_did_not_see_the_user(
    simulation: Simulation, past: Interactions, targets: dict[str, np.ndarray]
) -> None:
    """With targets that are pure chance, trees that saw them look better than they are."""
    chance = np.random.default_rng(0)
    test = time_split(simulation.log).test
    drawn = test.with_columns(
        item=pl.Series([past.items[n] for n in chance.integers(len(past.items), size=test.height)])
    )
    number = {item: place for place, item in enumerate(past.items)}
    plays = first_plays(drawn).group_by("user").agg("item")
    random = {user: np.array([number[i] for i in items]) for user, items in plays.iter_rows()}
    stack = learned(past, random)
    assert set(stack._fold_of.values()) == set(range(CONFIG.folds))
    honest = evaluate(stack, drawn, score=stack.out_of_fold).metrics["ndcg@10"]
    base = evaluate(stack.bases[0], drawn).metrics["ndcg@10"]
    assert honest.low < base.high  # chance cannot be learned


def test_a_stack_is_better_than_its_bases(
    simulation: Simulation, past: Interactions, targets: dict[str, np.ndarray]
) -> None:
    stack = learned(past, targets)
    test = time_split(simulation.log).test
    found = evaluate(stack, test, score=stack.out_of_fold).metrics["ndcg@10"]
    assert all(found.value > evaluate(b, test).metrics["ndcg@10"].value for b in stack.bases)
    assert sum(stack.importances().values()) == pytest.approx(1)


def test_too_few_users_to_learn_from_is_an_error(past: Interactions) -> None:
    with pytest.raises(NoUsableRows, match="it needs 50"):
        learned(past, {past.users[0]: np.array([0])})


@pytest.mark.parametrize("damage", ["text", "gone", "base"])
def test_a_damaged_part_is_refused(
    past: Interactions, targets: dict[str, np.ndarray], tmp_path: Path, damage: str
) -> None:
    learned(past, targets).save(tmp_path)
    if damage == "text":
        (tmp_path / BOOSTER).write_text("tree\nversion=v4\n")
    elif damage == "gone":
        (tmp_path / BOOSTER).unlink()
    else:
        (tmp_path / BASES / "transitions" / "arrays.safetensors").write_bytes(b"no")
    with pytest.raises(UnusableModel):
        load_model(tmp_path)


def test_plays_of_test_that_are_in_train_are_told(simulation: Simulation) -> None:
    """A planted leak: fifty plays of test are added to train."""
    split = time_split(simulation.log)
    stolen = split.test.filter("click").head(50)
    assert shared_plays(split.train, split.test) == 0
    leaky = pl.concat([split.train, stolen])
    distinct = stolen.select("user", "item", "timestamp").n_unique()
    notes = judge_models(leaky, split.test, ["popularity"]).notes
    assert f"{distinct} plays of test are in train as well" in " ".join(notes)
    assert "this is not a global time split" in " ".join(notes)


def test_a_stack_of_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="other than itself"):
        StackConfig(bases={"stack": {}})
