"""The second ranking learns from what came after its features, and from nothing else."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file, save_file

from recsys.errors import NoUsableRows, UnusableModel
from recsys.evaluation import evaluate
from recsys.interactions import Interactions, first_plays, newest_part
from recsys.logs.check import check_log
from recsys.logs.store import LogStore
from recsys.models.boosting import BASES, BOOSTER, Lesson, StackConfig, StackModel
from recsys.models.candidates import COLUMNS, ItemFacts, feature_names, find_candidates
from recsys.models.logit import fit_logit
from recsys.models.registry import load_model, make_model
from recsys.models.trees import Trees, check_text
from recsys.run import import_log, judge_models
from recsys.selection import choose, validation_split
from recsys.serving import up_to_date
from recsys.simulate import Simulation
from recsys.splits import shared_plays, time_split
from recsys.stacking import halves

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


def learned(
    past: Interactions, targets: dict[str, np.ndarray], ranker: str = "trees"
) -> StackModel:
    stack = StackModel(replace(CONFIG, ranker=ranker))
    bases = [make_model(name, **config).fit(past) for name, config in CONFIG.bases.items()]
    stack.learn_ranking([Lesson(past, targets, bases)])
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
    histories, contexts = past.histories()[:5], past.contexts()[:5]
    found = find_candidates(bases, ItemFacts.of(past).columns(), histories, contexts, 8)
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
    histories, contexts = past.histories()[:30], past.contexts()[:30]
    assert np.array_equal(
        one._candidates(histories, contexts).features,
        other._candidates(histories, contexts).features,
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


def test_of_many_users_some_are_drawn(
    past: Interactions, targets: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.models.boosting.MOST_USERS", 60)
    drawn = set(learned(past, targets)._fold_of)
    assert 50 <= len(drawn) <= 60
    assert set(learned(past, targets)._fold_of) == drawn  # by the seed


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


@pytest.fixture(scope="module")
def text(past: Interactions, targets: dict[str, np.ndarray]) -> tuple[str, int]:
    """Trees as they are saved, and the number of their features."""
    stack = learned(past, targets)
    assert isinstance(stack.ranker, Trees)
    return stack.ranker.booster.model_to_string(), len(feature_names(stack.bases))


def test_saved_trees_pass_their_check(text: tuple[str, int]) -> None:
    assert check_text(*text) == text[0].count("\nTree=") > 0


@pytest.mark.parametrize(
    ("pattern", "other", "reason"),
    [
        (r"(split_feature=)\d+", r"\g<1>999", "feature that is not there"),
        (r"(left_child=)-?\d+", r"\g<1>77", "do not make a tree"),
        (r"(leaf_value=)\S+", r"\g<1>nan", "a leaf has no value"),
        (r"(threshold=)\S+ ", r"\g<1>", "values, not"),
        (r"(decision_type=)\d+", r"\g<1>1", "no threshold"),
        (r"(num_leaves=)\d+", r"\g<1>5000", "values, not 5000"),
        (r"(num_cat=)\d+", r"\g<1>3", "not used here"),
        (r"end of trees", "", "not a whole LightGBM text"),
        (r"(max_feature_idx=)\d+", r"\g<1>3", "not over the features"),
        (r"(tree_sizes=)\d+", r"\g<1>123456789", "sizes of its trees are not theirs"),
    ],
)
def test_trees_that_would_end_the_process_are_refused(
    text: tuple[str, int], pattern: str, other: str, reason: str
) -> None:
    """Each edit keeps the sizes that the text tells, but for the one that is about them."""
    edited = re.sub(pattern, other, text[0], count=1)
    assert edited != text[0]
    if "tree_sizes" not in pattern:
        blocks = re.findall(r"Tree=.*?\n\n\n(?=Tree=|end of trees)", edited, re.S)
        sizes = " ".join(str(len(block.encode())) for block in blocks)
        edited = re.sub(r"tree_sizes=.*", f"tree_sizes={sizes}", edited)
    with pytest.raises(ValueError, match=reason):
        check_text(edited, text[1])


def test_a_logit_finds_the_weights_that_choices_were_drawn_by() -> None:
    """3,000 choices among five, by chances of weights 1, -2 and 0 on features of variance 1."""
    chance = np.random.default_rng(0)
    features = chance.normal(size=(3000, 5, 3)).astype(np.float32)
    power = np.exp(features @ np.array([1.0, -2.0, 0.0]))
    chances = power / power.sum(axis=1, keepdims=True)
    chosen = (chances.cumsum(axis=1) < chance.random((3000, 1))).sum(axis=1).clip(0, 4)
    labels = list(np.eye(5, dtype=bool)[chosen])
    found = fit_logit(list(features), labels, 1e-6)
    assert found.weights / found.spread == pytest.approx([1, -2, 0], abs=0.12)
    shrunk = fit_logit(list(features), labels, 1.0)
    assert np.abs(shrunk.weights).sum() < np.abs(found.weights).sum() / 2
    constant = np.concatenate([features, np.full((3000, 5, 1), 7.0)], axis=2).astype(np.float32)
    assert fit_logit(list(constant), labels, 1e-6).weights[3] == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="penalty > 0"):
        fit_logit(list(features), labels, 0.0)


@pytest.fixture(scope="module")
def shown_in_vain() -> pl.DataFrame:
    """300 users over 20 days, a play a day from twelve titles; a title that was shown to a user in
    vain is never played by that user, so half of the titles are out of the question for each."""
    chance, rows = np.random.default_rng(3), []
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    for user in range(300):
        order = chance.permutation(24)
        for day, item in enumerate(order[:12]):
            at = begin + timedelta(days=1.5 * day, minutes=user)
            rows.append((f"u{user:03d}", f"t{item:02d}", at, True))
            passed = order[12 + day]
            rows.append((f"u{user:03d}", f"t{passed:02d}", begin + timedelta(minutes=user), False))
    schema = {"user": pl.String, "item": pl.String}
    raw = pl.DataFrame(
        rows, {**schema, "timestamp": pl.Datetime("us", "UTC"), "click": pl.Boolean}, orient="row"
    )
    return check_log(raw, Path("plays")).rows


@pytest.mark.parametrize("ranker", ["trees", "logit"])
def test_a_stack_learns_that_titles_shown_in_vain_are_not_played(
    shown_in_vain: pl.DataFrame, ranker: str, tmp_path: Path
) -> None:
    """Nothing else tells titles apart: without it no ranking is better than chance."""
    split = time_split(shown_in_vain)
    config = StackConfig(bases={"popularity": {}, "transitions": {}}, ranker=ranker, fewest_rows=20)
    stack = StackModel(config).fit(Interactions.from_log(split.train))
    figures = evaluate(stack, split.test, k=5)
    blind = stack.with_histories({user: stack.history(user) for user in stack.users})
    without = evaluate(blind, split.test, k=5)
    assert figures.metrics["ndcg@5"].low > without.metrics["ndcg@5"].high + 0.05
    assert max(stack.importances(), key=stack.importances().__getitem__) == "passed over"
    stack.save(tmp_path)
    loaded = load_model(tmp_path)
    users = stack.users[:20]
    assert np.array_equal(loaded.score(users), stack.score(users))
    later = stack.updated(Interactions.from_log(shown_in_vain))
    assert np.isfinite(later.score(later.users[:5])).all()


def test_impressions_after_the_cut_are_not_in_the_context(shown_in_vain: pl.DataFrame) -> None:
    """A planted leak: a title shown after the cut; the past does not know of it."""
    late = shown_in_vain.filter("click").sort("timestamp").tail(1)
    leak = late.with_columns(click=False, item=pl.lit("t00"), user=pl.lit("u007"))
    whole = Interactions.from_log(pl.concat([shown_in_vain, leak]))
    past, _ = newest_part(whole, 0.2)
    cut = np.sort(whole.when)[int(len(whole.when) * 0.8)]
    assert (past.shown.when < cut).all()
    assert len(past.shown.when) == int((whole.shown.when < cut).sum()) < len(whole.shown.when) + 1


@pytest.mark.parametrize("damage", ["short", "nan", "spread"])
def test_a_damaged_logit_is_refused(
    past: Interactions, targets: dict[str, np.ndarray], tmp_path: Path, damage: str
) -> None:
    learned(past, targets, "logit").save(tmp_path)
    arrays = load_file(tmp_path / "arrays.safetensors")
    if damage == "short":
        arrays["weights"] = arrays["weights"][:-1]
    else:
        arrays["mean" if damage == "nan" else "spread"][0] = {"nan": np.nan, "spread": 0}[damage]
    save_file(arrays, tmp_path / "arrays.safetensors")
    with pytest.raises(UnusableModel):
        load_model(tmp_path)


def test_auto_takes_a_stack_where_it_is_better_on_the_later_half(
    shown_in_vain: pl.DataFrame,
) -> None:
    """The one thing to be learned is what users passed over, which a stack alone can learn."""
    among = ["popularity", "transitions", "stack"]
    choice = choose(shown_in_vain, "auto", among=among)
    assert choice.model == "stack"
    assert "on its later half" in choice.reason
    late = {found.model: found for found in choice.candidates if found.late}
    assert set(late) == set(among)
    assert choice.config["ranker"] in ("trees", "logit")
    fitted = choice.fitted(shown_in_vain, 0)
    assert isinstance(fitted, StackModel)
    assert fitted.config.ranker == choice.config["ranker"]
    assert set(fitted.users) == set(shown_in_vain["user"])


def test_what_was_passed_over_since_the_training_counts_at_once(
    shown_in_vain: pl.DataFrame, tmp_path: Path
) -> None:
    """The title that a user would be shown first is shown to them in vain: it is first no more."""
    config = StackConfig(bases={"popularity": {}, "transitions": {}}, ranker="logit")
    last = shown_in_vain.filter("click").sort("timestamp").tail(1)
    newcomer = last.with_columns(user=pl.lit("newcomer"))
    known = pl.concat([shown_in_vain, newcomer]).drop("row")
    model = StackModel(config).fit(Interactions.from_log(known))
    first = model.recommend("newcomer").items[0].item
    seen = newcomer.drop("row").with_columns(item=pl.lit(first), click=False)
    log = tmp_path / "log.parquet"
    pl.concat([known, seen]).write_parquet(log)
    assert not import_log([log], tmp_path / "logs").failed
    later = up_to_date(model, LogStore(tmp_path / "logs"), ["newcomer"])
    assert later.history("newcomer").tolist() == model.history("newcomer").tolist()
    assert [model.items[number] for number in later.context("newcomer").passed] == [first]
    assert not len(model.context("newcomer").passed)
    assert later.recommend("newcomer", 24).items[-1].item == first


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


def test_the_halves_of_validation_know_nothing_of_what_came_later(simulation: Simulation) -> None:
    """Each lesson's past ends before its targets begin, and the early one ends before the late."""
    split = validation_split(simulation.log)
    past = Interactions.from_log(split.train)
    half = halves(split, past, {"popularity": make_model("popularity").fit(past)})
    middle = half.judged_on["timestamp"].min()
    assert half.early.past.when.max() < half.late.past.when.max()
    assert half.late.past.when.max() < half.judged_on["timestamp"].dt.epoch("us").min()
    plays = split.test.filter("click")
    earlier, later = (
        plays.filter(pl.col("timestamp") < middle),
        plays.filter(pl.col("timestamp") >= middle),
    )
    assert named(half.early) == came(past, earlier)
    assert named(half.late) == came(half.late.past, later)
    assert [base.items for base in half.late.bases] == [half.late.past.items]


def came(past: Interactions, plays: pl.DataFrame) -> set[tuple[str, str]]:
    """Pairs of user and item, of the items that the past has."""
    return set(plays.filter(pl.col("item").is_in(past.items)).select("user", "item").iter_rows())


def named(lesson: Lesson) -> set[tuple[str, str]]:
    return {
        (user, lesson.past.items[item])
        for user, items in lesson.targets.items()
        for item in items.tolist()
    }
