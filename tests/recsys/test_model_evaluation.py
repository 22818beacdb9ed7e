"""What is counted in an evaluation, checked on a log of five rows; intervals; choosing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from recsys.errors import CatalogueTooLarge, NoUsableRows, UnknownModel
from recsys.evaluation import Estimate, bootstrap_interval, compare, evaluate
from recsys.interactions import Interactions
from recsys.models import ease
from recsys.models.registry import MODELS, make_model
from recsys.run import evaluate_models, judge_models
from recsys.selection import GRIDS, Candidate, _Best, _choice, choose, validation_split
from recsys.simulate import Simulation
from recsys.splits import time_split

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]


@pytest.fixture
def past(log_of: LogOf) -> pl.DataFrame:
    """By popularity: a (3 users), then b (2), then c and d (1 each; c sorts first)."""
    users = {"a": "uvw", "b": "uv", "c": "x", "d": "y"}
    return log_of([(user, item, 0) for item, watchers in users.items() for user in watchers])


def test_each_case_is_counted_as_the_rules_say(log_of: LogOf, past: pl.DataFrame) -> None:
    model = make_model("popularity").fit(Interactions.from_log(past))
    test = log_of(
        [
            ("u", "d", 5),  # u has seen a and b; c comes first of the rest, d second
            ("u", "a", 5),  # seen in train
            ("w", "b", 5),  # w has seen a; b comes first
            ("w", "new", 5),  # train has no such title: relevant, and missed
            ("v", "b", 5),  # seen in train, and all v has: v is not judged
            ("stranger", "a", 5),  # a new user, given what is popular
        ]
    )
    figures = evaluate(model, test, k=2)

    assert (figures.users, figures.new_users) == (2, 1)
    assert (figures.seen_before, figures.unknown_titles) == (2, 1)
    of_u, of_w = 1 / log2(3), (1 / log2(2)) / (1 / log2(2) + 1 / log2(3))
    assert figures.metrics["ndcg@2"].value == pytest.approx((of_u + of_w) / 2)
    assert figures.metrics["recall@2"].value == pytest.approx((1 + 1 / 2) / 2)
    assert figures.new_user_metrics["mrr@2"].value == 1


def test_groups_are_judged_apart(log_of: LogOf, past: pl.DataFrame) -> None:
    """w has one title; u two; of w's two titles to find train has one, which comes first."""
    more = log_of([("u", f"i{n}", 1) for n in range(8)])  # so that u has ten titles
    model = make_model("popularity").fit(Interactions.from_log(pl.concat([past, more])))
    figures = evaluate(model, log_of([("w", "b", 5), ("w", "new", 5), ("u", "d", 6)]), k=1)
    sizes = {name: group.users for name, group in figures.by_history.items()}
    assert sizes == {"1-2": 1, "3-9": 0, "10-49": 1, "50+": 0}
    assert figures.by_history["1-2"].metrics["recall@1"].value == 1 / 2
    assert figures.by_history["3-9"].metrics == {}
    assert figures.known_titles.users == 2
    assert figures.known_titles.metrics["recall@1"].value == (1 + 0) / 2


def test_lists_are_described_apart_from_their_hits(log_of: LogOf, past: pl.DataFrame) -> None:
    """Five users; k = 1: w is shown b (2 viewers of 5), x is shown a (3 of 5)."""
    model = make_model("popularity").fit(Interactions.from_log(past))
    lists = evaluate(model, log_of([("w", "d", 5), ("x", "d", 5)]), k=1).lists
    assert lists is not None
    assert lists.coverage == 2 / 4
    assert lists.novelty == pytest.approx(-(log2(2 / 5) + log2(3 / 5)) / 2)
    own = (3 / 5 + 1 / 5) / 2  # w had watched a, x had watched c
    assert lists.popularity_lift == pytest.approx((2 / 5 + 3 / 5) / 2 / own)
    pair = evaluate(model, log_of([("x", "d", 5)]), k=2).lists
    assert pair is not None
    assert pair.diversity == pytest.approx(1 - 2 / (3 * 2) ** 0.5)  # a and b share u and v


def test_a_paired_test_sees_what_two_intervals_do_not(simulation: Simulation) -> None:
    """A model against itself but for one user in ten, who loses its hit: small, and no chance."""
    split = time_split(simulation.log)
    model = make_model("ease").fit(Interactions.from_log(split.train))
    first = evaluate(model, split.test)
    hit = first.values[:, 0] > 0
    values = first.values.copy()
    values[np.flatnonzero(hit)[::10]] = 0
    second = replace(first, values=values)
    found = compare(first, second)
    assert found.mean.low > 0
    assert found.p_value < 0.01
    assert compare(first, first).p_value == 1
    with pytest.raises(ValueError, match="on the same users"):
        compare(first, replace(first, names=first.names[1:]))


def test_impressions_without_a_click_are_not_plays(log_of: LogOf, past: pl.DataFrame) -> None:
    shown = past.with_columns(pl.lit(False).alias("click"))
    with pytest.raises(NoUsableRows, match="nobody played"):
        Interactions.from_log(shown)


def test_a_small_catalogue_has_no_hits_past_its_end(log_of: LogOf, past: pl.DataFrame) -> None:
    model = make_model("popularity").fit(Interactions.from_log(past))
    figures = evaluate(model, log_of([("x", "a", 9)]), k=50)
    assert figures.metrics["hit_rate@50"].value == 1


def test_the_bootstrap_interval_is_that_of_a_normal_mean() -> None:
    """2,000 users, standard deviation 1: the mean's 95 % interval is ± 1.96 / sqrt(2000)."""
    values = np.random.default_rng(0).normal(size=(2000, 1))
    low, high = bootstrap_interval(values, 2000, np.random.default_rng(1))
    half = 1.96 * values.std() / np.sqrt(2000)
    assert low[0] == pytest.approx(values.mean() - half, abs=half / 8)
    assert high[0] == pytest.approx(values.mean() + half, abs=half / 8)


def test_auto_chooses_the_best_on_validation_and_says_why(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, grid in GRIDS.items():
        monkeypatch.setitem(GRIDS, name, grid[:2])
    small = {"embedding_size": 16, "layers": 1, "epochs": 4}
    monkeypatch.setitem(GRIDS, "sasrec", (small,))
    split = time_split(simulation.log)
    choice = choose(split.train, "auto", seed=1)

    values = [found.late.value for found in choice.candidates if found.late]
    assert values == sorted(values, reverse=True)
    others = [found.ndcg.value for found in choice.candidates if not found.late and found.ndcg]
    assert others == sorted(others, reverse=True)
    assert {candidate.model for candidate in choice.candidates} == set(MODELS)
    assert f"{choice.model} had " in choice.reason
    assert "on its later half" in choice.reason
    best = {c.model: c.late.value for c in reversed(choice.candidates) if c.late}
    assert best[choice.model] >= 0.99 * values[0]
    simpler = MODELS[: MODELS.index(choice.model)]
    assert all(best[name] < 0.99 * values[0] for name in simpler)


def chosen_of(*candidates: Candidate) -> str:
    best = {c.model: _Best(c, make_model(c.model)) for c in candidates}
    return _choice(candidates, best, None, 10, "a split").reason


def test_a_lead_within_the_interval_is_said_to_be_no_more_than_that() -> None:
    leader = Candidate("ease", {}, Estimate(0.30, 0.25, 0.35))
    near = Candidate("als", {}, Estimate(0.26, 0.21, 0.31))
    far = Candidate("als", {}, Estimate(0.20, 0.15, 0.25))
    assert "may be chance" in chosen_of(leader, near)
    assert "may be chance" not in chosen_of(leader, far)


def test_a_simpler_model_is_taken_only_when_it_gives_up_next_to_nothing() -> None:
    """Of .300: 1 % is .003. A tie within the intervals alone does not make popularity best."""
    leader = Candidate("ease", {}, Estimate(0.300, 0.25, 0.35))
    equal = Candidate("popularity", {}, Estimate(0.298, 0.25, 0.35))
    tied = Candidate("popularity", {}, Estimate(0.290, 0.24, 0.34))
    assert chosen_of(leader, equal).startswith("popularity had validation NDCG@10 0.2980")
    assert chosen_of(leader, tied).startswith("ease had the best")


def test_validation_takes_the_part_that_has_most_users_with_a_past(log_of: LogOf) -> None:
    """Ten users play once an hour, then most of the log is one user's, in the last hours."""
    early = [(f"u{n}", f"i{n}", n) for n in range(90)]
    late = [(f"u{n}", f"i{n + 1}", 95 + n) for n in range(10)]
    new = [(f"w{n}", "i0", 91) for n in range(10)]
    split = validation_split(log_of(early + new + late))
    assert set(split.test["user"]) >= {f"u{n}" for n in range(10)}
    assert split.test.height in (11, 10, 20, 22)


def test_the_settings_of_one_fit_are_judged_with_one_fit(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = []
    learn = ease.EaseModel._learn

    def counted(model: ease.EaseModel, *given: Any) -> None:
        fits.append(model.config.reg)
        learn(model, *given)

    monkeypatch.setattr(ease.EaseModel, "_learn", counted)
    choice = choose(simulation.log, "ease")
    assert len(choice.candidates) == len(GRIDS["ease"]) > len(fits)
    assert len(fits) == len(set(fits))


def test_days_are_not_tried_on_a_log_without_times(simulation: Simulation) -> None:
    untimed = simulation.log.with_columns(
        pl.col("timestamp").rank("ordinal").cast(pl.Int64).alias("order"),
        pl.lit(None, pl.Datetime("us", "UTC")).alias("timestamp"),
    )
    assert choose(untimed, "popularity").config == {"window_days": None}


def test_choosing_never_sees_test(simulation: Simulation) -> None:
    """The same choice, figure for figure, whatever test holds."""
    split = time_split(simulation.log)
    scrambled = split.test.with_columns(pl.col("item").shuffle(seed=0))
    first, second = (
        judge_models(split.train, test, ["ease", "popularity"]).models
        for test in (split.test, scrambled)
    )
    assert [figures.choice for figures in first] == [figures.choice for figures in second]


def test_what_comes_after_the_cut_changes_no_score(simulation: Simulation) -> None:
    """A planted leak: rows of test are handed over with train's, and the split takes them out."""
    split = time_split(simulation.log)
    again = time_split(
        pl.concat([split.train, split.test]).sample(fraction=1.0, shuffle=True, seed=3)
    )
    models = [make_model("ease").fit(Interactions.from_log(s.train)) for s in (split, again)]
    users = models[0].users[:20]
    assert np.array_equal(models[0].score(users), models[1].score(users))


def test_a_model_too_large_for_its_titles_is_passed_over_by_auto_only(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ease, "MOST_ITEMS", 10)
    monkeypatch.setattr("recsys.selection.MODELS", ("popularity", "ease"))
    choice = choose(simulation.log, "auto")
    assert choice.model == "popularity"
    assert "limit of 10" in choice.candidates[-1].note
    with pytest.raises(NoUsableRows, match="limit of 10"):
        choose(simulation.log, "ease")
    with pytest.raises(CatalogueTooLarge):
        make_model("ease").fit(Interactions.from_log(simulation.log))


def test_a_model_that_cannot_learn_is_told_and_the_others_are_judged(log_of: LogOf) -> None:
    """Ten users are too few for a second ranking."""
    train = log_of(
        [(f"u{n}", "abcdef"[(n + hour) % 6], hour) for n in range(10) for hour in range(4)]
    )
    test = log_of([(f"u{n}", "abcdef"[(n + 4) % 6], 9) for n in range(10)])
    report = judge_models(train, test, ["popularity", "stack"])
    assert [figures.asked for figures in report.models] == ["popularity"]
    assert any(note.startswith("stack was left out: ") for note in report.notes)
    with pytest.raises(NoUsableRows):
        judge_models(train, test, ["stack"])


def test_a_spent_budget_ends_the_search_and_is_told(simulation: Simulation) -> None:
    choice = choose(simulation.log, "auto", among=["popularity", "ease"], minutes=0)
    assert choice.model == "popularity"
    tried = [candidate for candidate in choice.candidates if candidate.ndcg]
    assert [candidate.config for candidate in tried] == [GRIDS["popularity"][0]]
    assert {c.note for c in choice.candidates if not c.ndcg} == {"0 CPU minutes were spent"}


def test_an_unknown_model_is_named_with_those_there_are(past: pl.DataFrame) -> None:
    with pytest.raises(UnknownModel, match="choose from popularity, transitions, knn, ease"):
        choose(past, "magic")


def test_evaluation_tells_of_overlap_of_simulation_and_of_rows_left_out(
    simulation: Simulation, tmp_path: Path
) -> None:
    train, test = tmp_path / "train.parquet", tmp_path / "test.csv"
    simulation.log.write_parquet(train)
    bad = "u0001,t001,not a time,true\n"
    latest = simulation.log.filter("click").tail(400)
    good = latest.select("user", "item", "timestamp", "simulated").write_csv()
    test.write_text(good + bad)
    with pytest.raises(NoUsableRows, match="none of its users"):
        evaluate_models(train, test, ["popularity"])  # all of test was seen in train
    simulation.log.head(3000).write_parquet(train)
    report = evaluate_models(train, test, ["popularity"])
    assert [note.removeprefix(f"{test}: ") for note in report.notes] == [
        "1 rows left out, timestamp is not a time",
        "the logs are simulated, not those of an audience",
    ]
    figures = report.models[0].as_json()
    assert figures["model"] == "popularity"
    assert set(figures["metrics"]["ndcg@10"]) == {"value", "low", "high"}


def test_evaluations_of_one_seed_are_equal(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GRIDS, "als", GRIDS["als"][:1] + GRIDS["als"][-1:])
    split = time_split(simulation.log)
    runs = [judge_models(split.train, split.test, ["als"], seed=5).models[0] for _ in range(2)]
    assert replace(runs[0], cpu_seconds=0) == replace(runs[1], cpu_seconds=0)


def test_a_stack_is_not_credited_with_the_fashion_of_the_days_it_is_judged_on(
    log_of: Callable[..., pl.DataFrame],
) -> None:
    """In the last days other titles are watched than before, by chance: nobody can foretell them.

    Trees that saw other users' plays of those days would know each title by its counts.
    """
    chance = np.random.default_rng(0)
    usual = np.arange(30, 0, -1) / 465
    late = np.full(30, 0.3 / 27)
    late[[11, 17, 23]] = 0.7 / 3
    rows = []
    for user in range(300):
        early = chance.choice(30, 8, replace=False, p=usual)
        unseen = np.where(np.isin(np.arange(30), early), 0, late)
        for day, titles in ((0, early), (32, chance.choice(30, 2, False, unseen / unseen.sum()))):
            rows += [
                (f"u{user}", f"t{title:02}", round(24 * day + 90 * place + user / 10))
                for place, title in enumerate(titles)
            ]
    choice = choose(log_of(rows), "auto", among=["popularity", "transitions", "stack"])
    figures = {c.model: c.ndcg.value for c in reversed(choice.candidates) if c.ndcg}
    assert figures["stack"] < 2 * max(figures["popularity"], figures["transitions"])
