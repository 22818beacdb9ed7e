"""Transitions and neighbours, counted by hand; reasons that add up to the score."""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np
import polars as pl
import pytest

from recsys.evaluation import evaluate
from recsys.interactions import Interactions
from recsys.models.model import Recommender
from recsys.models.registry import MODELS, make_model
from recsys.models.transitions import TransitionsConfig
from recsys.simulate import Simulation
from recsys.splits import time_split

LogOf = Callable[[Sequence[tuple[str, str, int]]], pl.DataFrame]


@pytest.fixture
def walks(log_of: LogOf) -> Interactions:
    """u: a b c; v: a c; w: b c a."""
    paths = {"u": "abc", "v": "ac", "w": "bca"}
    return Interactions.from_log(
        log_of(
            [(user, item, hour) for user, path in paths.items() for hour, item in enumerate(path)]
        )
    )


def test_steps_are_counted_with_a_decay_over_places(walks: Interactions) -> None:
    """a → b 1; a → c 1 (v) and ½ (u, two places); b → c 2; c → a 1; plays: a 3, b 2, c 3."""
    model = make_model("transitions", window=2, decay=0.5, forget=0.5, discount=0.0).fit(walks)
    after_a = model.score_histories([np.array([0])])[0]
    assert after_a[1:] == pytest.approx([1 / 3, 1.5 / 3], abs=1e-5)
    after_ab = model.score_histories([np.array([0, 1])])[0]
    assert after_ab[2] == pytest.approx(2 / 2 + 0.5 * 1.5 / 3, abs=1e-5)
    discounted = make_model("transitions", window=2, decay=0.5, forget=0.5, discount=1.0).fit(walks)
    assert discounted.score_histories([np.array([0])])[0, 1] == pytest.approx(1 / 3 / 2, abs=1e-5)


def test_only_the_window_of_a_history_counts(walks: Interactions) -> None:
    model = make_model("transitions", window=1, decay=0.5).fit(walks)
    long, short = model.score_histories([np.array([2, 0, 1]), np.array([1])])
    assert np.array_equal(long, short)


def test_neighbours_are_shrunk_cosines_of_audiences(walks: Interactions) -> None:
    """a and c share u, v, w; a and b share u, w: 3 / (3 + 1) and 2 / (sqrt(3 * 2) + 1)."""
    model = make_model("knn", neighbours=2, shrink=1.0).fit(walks)
    scores = model.score_histories([np.array([0])])[0]
    assert scores == pytest.approx([0, 2 / (sqrt(6) + 1), 3 / 4])
    one = make_model("knn", neighbours=1, shrink=1.0).fit(walks)
    assert one.score_histories([np.array([0])])[0] == pytest.approx([0, 0, 3 / 4])


@pytest.mark.parametrize("wrong", [{"window": 0}, {"decay": 0.0}, {"forget": 1.5}])
def test_a_step_needs_a_window_and_weights(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="need"):
        TransitionsConfig(**wrong)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=[name for name in MODELS if name != "sasrec"])
def fitted(request: pytest.FixtureRequest, simulation: Simulation) -> Recommender:
    past = time_split(simulation.log).train
    return make_model(request.param).fit(Interactions.from_log(past))


def test_exact_contributions_add_up_to_the_score(fitted: Recommender) -> None:
    if not fitted.exact_reasons or fitted.name == "popularity":
        pytest.skip(f"the contributions of {fitted.name} are not parts of its score")
    everything = np.arange(len(fitted.items))
    for user in fitted.users[:20]:
        history = fitted.history(user)
        total = fitted.contributions(history, everything).sum(axis=0)
        assert total == pytest.approx(fitted.score_histories([history])[0], rel=1e-3, abs=2e-4)


def test_reasons_are_watched_titles_that_raise_the_score(fitted: Recommender) -> None:
    user = max(fitted.users, key=lambda user: len(fitted.history(user)))
    history = fitted.history(user)
    listed = np.array([fitted.items.index(r.item) for r in fitted.recommend(user, 5).items])
    watched = {fitted.items[number] for number in history}
    found = fitted.reasons(history, listed)
    assert len(found) == 5
    for reasons in found:
        assert {reason.item for reason in reasons} <= watched
        assert all(0 < reason.share <= 1 for reason in reasons)
        assert sum(reason.share for reason in reasons) <= 1 + 1e-6
    assert any(found) == (fitted.name != "popularity")  # which nothing watched speaks for


def test_leaving_the_first_part_out_is_what_names_it_as_the_reason(simulation: Simulation) -> None:
    """A planted sequel: the stack's reason for it is its first part more often than any other."""
    model = make_model("stack").fit(Interactions.from_log(simulation.log))
    number = {item: place for place, item in enumerate(model.items)}
    named = 0
    pairs = list(simulation.truth.sequel.items())
    for first, sequel in pairs:
        others = [n for n in range(len(model.items)) if n not in (number[first], number[sequel])]
        history = np.array([*others[:4], number[first]])
        (reasons,) = model.reasons(history, np.array([number[sequel]]))
        named += bool(reasons) and reasons[0].item == first
    assert named > len(pairs) / 2


def test_what_is_similar_leaves_the_title_itself_out(walks: Interactions) -> None:
    model = make_model("knn", shrink=1.0).fit(walks)
    assert [entry.item for entry in model.similar("a")] == ["c", "b"]
    with pytest.raises(KeyError):
        model.similar("no such title")


def test_an_updated_model_is_that_of_all_interactions(simulation: Simulation) -> None:
    split = time_split(simulation.log)
    everything = Interactions.from_log(simulation.log)
    for name in ("popularity", "transitions", "knn", "ease"):
        old = make_model(name).fit(Interactions.from_log(split.train))
        again = old.updated(everything)
        afresh = make_model(name).fit(everything)
        users = afresh.users[:9]
        np.testing.assert_allclose(again.score(users), afresh.score(users), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["transitions", "ease"])
def test_an_update_looks_only_at_whoever_changed(
    simulation: Simulation, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two users play on, one of them a new title; one comes and one goes."""
    everything = simulation.log
    names = everything["user"].unique().sort()
    gone, late, new = names[0], names[1], names[2]
    last = everything.filter(pl.col("user") == late).sort("timestamp")["timestamp"][-1]
    first = everything.filter(
        (pl.col("user") != new) & ~((pl.col("user") == late) & (pl.col("timestamp") == last))
    )
    unseen = (
        everything.filter(pl.col("user") == names[3]).head(1).with_columns(item=pl.lit("brand new"))
    )
    second = pl.concat([everything.filter(pl.col("user") != gone), unseen])
    old = make_model(name).fit(Interactions.from_log(first))
    afresh = make_model(name).fit(Interactions.from_log(second))
    monkeypatch.setattr(type(old), "refitted", None)  # it must do without
    again = old.updated(Interactions.from_log(second))
    assert "brand new" in again.items and not again.knows(gone)
    scores = [model.score(afresh.users) for model in (again, afresh)]
    np.testing.assert_allclose(*scores, rtol=1e-3, atol=1e-5)
    kept = again.updated(Interactions.from_log(second))  # nothing changed
    np.testing.assert_allclose(kept.score(afresh.users), scores[0], rtol=1e-5, atol=1e-7)


def test_a_title_that_is_gone_is_gone_after_an_update(simulation: Simulation) -> None:
    first, item = simulation.log, simulation.log["item"][0]
    second = Interactions.from_log(first.filter(pl.col("item") != item))
    for name in ("transitions", "ease"):
        again = make_model(name).fit(Interactions.from_log(first)).updated(second)
        assert item not in again.items
        assert np.array_equal(
            again.score(second.users[:5]), make_model(name).fit(second).score(second.users[:5])
        )


def test_updated_factors_are_as_good_as_new_ones_in_a_third_of_the_epochs(
    simulation: Simulation,
) -> None:
    """Factors differ by a rotation, so what is compared is how well each finds a later test."""
    first = time_split(simulation.log)
    second = time_split(first.train)
    old = make_model("als", embedding_size=16).fit(Interactions.from_log(second.train))
    everything = Interactions.from_log(first.train)
    found = evaluate(old.updated(everything), first.test).metrics["ndcg@10"]
    afresh = evaluate(make_model("als", embedding_size=16).fit(everything), first.test)
    assert found.value > 0.9 * afresh.metrics["ndcg@10"].value
    assert found.value > evaluate(old, first.test).metrics["ndcg@10"].value * 0.95
